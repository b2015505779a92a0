package console

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// conflict is what somebody else changed while a form was open.
type conflict struct {
	By   string // who did, and when; empty: that is not known
	Rows []conflictRow
}

// conflictRow is a field that was changed.
type conflictRow struct {
	Label           string
	Was, Now, Yours string
	BothHaveChanged bool
}

// tries bounds how often a change is tried again because something else has changed.
const tries = 16

func (r *resource[W]) modifyForm(v *visit) (*reply, error) {
	w, revision, err := r.collection(v.api).Read(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	f, err := r.formOf(v, w)
	if err != nil {
		return nil, err
	}
	f.remember(revision)
	return r.showModify(v, f, w, http.StatusOK), nil
}

// formOf is the form of a resource as it is.
func (r *resource[W]) formOf(v *visit, w *W) (*form, error) {
	fields, err := r.fields(v)
	if err != nil {
		return nil, err
	}
	f := &form{Fields: fields, Submit: "Save changes", Cancel: r.at(w)}
	if r.groups != nil && r.groupsChange {
		f.Groups = r.groups()
	}
	f.take(r.texts(v, w))
	return f, nil
}

// take puts texts into the fields.
func (f *form) take(texts map[string]string) {
	for i := range f.Fields {
		f.Fields[i].Value = texts[f.Fields[i].Name]
	}
	for _, group := range f.Groups {
		group.take(texts[group.Name])
	}
}

func (r *resource[W]) showModify(v *visit, f *form, w *W, status int) *reply {
	if id := r.id(w); r.owner != nil && v.may(http.MethodPut, api.PathTags+"/"+id) {
		f.Also = []action{{Label: "Manage tags", Path: r.path + "/" + id + "/tags"}} // it has no page that leads there
	}
	return &reply{status: status, template: "form", title: "Modify " + r.common(w).Name, crumbs: r.above(v, w), data: f}
}

// modify changes what the user has changed, unless somebody else has changed the resource since the
// form was made: then it shows both.
func (r *resource[W]) modify(v *visit) (*reply, error) {
	was, revision, ok := remembered(v.form)
	if !ok {
		return nil, failed(http.StatusBadRequest, "The form is not whole. Nothing has changed; load the page again.")
	}
	w, _, err := r.collection(v.api).Read(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	f, err := r.formOf(v, w)
	if err != nil {
		return nil, err
	}
	f.fill(v.form)
	if f.edit(v.form.Get(fieldDo)) {
		f.keep(v.form)
		return r.showModify(v, f, w, http.StatusOK), nil
	}
	change := r.difference(f, was)
	if len(change) == 0 {
		v.session.tell(flashSuccess, "Nothing was changed.")
		return &reply{redirect: r.at(w)}, nil
	}
	changed, now, err := r.change(v, change, was, revision)
	switch {
	case now != nil:
		r.explain(f, was, now.texts, now.revision)
		f.Changed.By = v.changedBy(r.id(w), revision)
		return r.showModify(v, f, w, http.StatusConflict), nil
	case err != nil:
		if err = f.refused(err, r.aliases); err != nil {
			return nil, err
		}
		f.keep(v.form)
		return r.showModify(v, f, w, http.StatusUnprocessableEntity), nil
	}
	v.session.tell(flashSuccess, "Changed "+r.one+" "+r.common(&changed.Resource).Name+".")
	v.warn(changed.Warnings)
	return &reply{redirect: r.at(&changed.Resource)}, nil
}

// keep hides again what the form had hidden.
func (f *form) keep(values url.Values) {
	f.hide(hiddenWas, values.Get(hiddenWas))
	f.hide(hiddenRevision, values.Get(hiddenRevision))
}

// difference is the merge patch (RFC 7396) from what the form showed to what it has.
func (r *resource[W]) difference(f *form, was map[string]string) map[string]any {
	before := *f
	before.Fields, before.Groups = slices.Clone(f.Fields), nil
	for _, group := range f.Groups {
		one := *group
		before.Groups = append(before.Groups, &one)
	}
	before.take(was)
	from, to := r.bodyOf(&before), r.bodyOf(f)
	change := map[string]any{}
	for name, value := range to {
		if !reflect.DeepEqual(from[name], value) {
			change[name] = value
		}
	}
	for name := range from {
		if _, has := to[name]; !has {
			change[name] = nil
		}
	}
	return change
}

// current is a resource as somebody else has left it.
type current struct {
	texts    map[string]string
	revision uint64
}

// change makes a change if the resource is still as it was. Revisions are of all resources: one that
// has passed because something else changed does not matter.
func (r *resource[W]) change(v *visit, change map[string]any, was map[string]string, revision uint64) (*api.Changed[W], *current, error) {
	id := v.r.PathValue("id")
	for range tries {
		changed, err := r.collection(v.api).Modify(v.ctx, id, change, client.IfMatch(revision))
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Code != api.CodeRevisionMismatch {
			return changed, nil, err
		}
		w, at, err := r.collection(v.api).Read(v.ctx, id)
		if err != nil {
			return nil, nil, err
		}
		texts := r.texts(v, w)
		for name, text := range was {
			if texts[name] != text {
				return nil, &current{texts, at}, nil
			}
		}
		revision = at
	}
	return nil, nil, errBusy
}

var errBusy = failed(http.StatusServiceUnavailable, "Other resources change so often that this change found no moment for itself. Nothing has changed; try again.")

// explain shows what somebody else has changed. What the user did not touch becomes what it is now, so
// that sending the form again takes nothing back.
func (r *resource[W]) explain(f *form, was, now map[string]string, revision uint64) {
	f.Changed = &conflict{}
	yours := f.texts()
	show := func(name, label string, words func(string) string) {
		then, there, mine := was[name], now[name], yours[name]
		if there == then {
			return
		}
		f.Changed.Rows = append(f.Changed.Rows, conflictRow{Label: label, Was: words(then), Now: words(there), Yours: words(mine), BothHaveChanged: mine != then && mine != there})
		if mine == then {
			yours[name] = there
		}
	}
	for i := range f.Fields {
		show(f.Fields[i].Name, f.Fields[i].Label, strings.Clone)
	}
	for _, group := range f.Groups {
		show(group.Name, group.Legend, group.words)
	}
	f.take(now)
	f.remember(revision)
	f.take(yours)
}
