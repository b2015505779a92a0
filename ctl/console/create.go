package console

import (
	"net/http"

	"mirrorgw/ctl/client"
)

// createForm shows the empty form. What the query has by the names of fields is filled in.
func (r *resource[W]) createForm(v *visit) (*reply, error) {
	f, err := r.newForm(v)
	if err != nil {
		return nil, err
	}
	f.offer(v.r.URL.Query())
	f.hide(hiddenOnce, token()[:32])
	return r.showCreate(v, f, http.StatusOK), nil
}

// newForm is the form of a resource that is not there yet.
func (r *resource[W]) newForm(v *visit) (*form, error) {
	fields, err := r.fields(v)
	if err != nil {
		return nil, err
	}
	if r.owner == nil {
		if fields, err = v.withOwner(fields); err != nil {
			return nil, err
		}
	}
	f := &form{Fields: fields, Tags: &tagEditor{}, Submit: "Create", Cancel: r.path}
	if r.groups != nil {
		f.Groups = r.groups()
	}
	return f, nil
}

func (r *resource[W]) showCreate(v *visit, f *form, status int) *reply {
	crumbs := []crumb{{r.title, r.path}}
	if r.made != nil {
		f.Cancel, crumbs = r.made(v, f)
	}
	return &reply{status: status, template: "form", crumbs: crumbs, data: f}
}

// create makes a resource of the form, or shows the form again with what is wrong.
func (r *resource[W]) create(v *visit) (*reply, error) {
	f, err := r.newForm(v)
	if err != nil {
		return nil, err
	}
	f.fill(v.form)
	f.Tags = readTags(v.form)
	f.hide(hiddenOnce, v.form.Get(hiddenOnce))
	if f.edit(v.form.Get(fieldDo)) {
		return r.showCreate(v, f, http.StatusOK), nil
	}
	body := r.bodyOf(f)
	tags, twice := f.Tags.tags()
	if twice != "" {
		f.fault("tags", twice)
		return r.showCreate(v, f, http.StatusUnprocessableEntity), nil
	}
	if len(tags) > 0 {
		body["tags"] = tags
	}
	changed, err := r.collection(v.api).CreateFrom(v.ctx, body, onceOption(v.form.Get(hiddenOnce))...)
	if err != nil {
		if err = f.refused(err, r.aliases); err != nil {
			return nil, err
		}
		return r.showCreate(v, f, http.StatusUnprocessableEntity), nil
	}
	v.session.tell(flashSuccess, "Created "+r.one+" "+r.common(&changed.Resource).Name+".")
	v.warn(changed.Warnings)
	return &reply{redirect: r.at(&changed.Resource)}, nil
}

// onceOption makes a form that is sent twice make one resource.
func onceOption(once string) []client.Option {
	if len(once) != 32 {
		return nil
	}
	return []client.Option{client.ClientToken(once)}
}

// Kinds of flashes.
const (
	flashSuccess = "success"
	flashWarning = "warning"
)

// warn tells what the API says beside its answer.
func (v *visit) warn(warnings []string) {
	for _, text := range warnings {
		v.session.tell(flashWarning, sentence(text))
	}
}
