package console

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// tagsSection shows the tags of a resource.
func (v *visit) tagsSection(at, id string, tags map[string]string) section {
	s := section{ID: "tags", Heading: "Tags"}
	if len(tags) == 0 {
		s.Note = "There are no tags."
	}
	for _, row := range newTagEditor(tags).Rows {
		s.Facts = append(s.Facts, fact{row.Key, cell{Text: row.Value}})
	}
	if v.may(http.MethodPut, api.PathTags+"/"+id) {
		s.Action = &action{Label: "Manage tags", Path: at + "/tags"}
	}
	return s
}

func (r *resource[W]) tagsForm(v *visit) (*reply, error) {
	w, revision, err := r.collection(v.api).Read(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	f := &form{Tags: newTagEditor(r.common(w).Tags)}
	f.rememberTags(r.common(w).Tags, revision)
	return r.showTags(v, f, w, http.StatusOK), nil
}

func (f *form) rememberTags(tags map[string]string, revision uint64) {
	if tags == nil {
		tags = map[string]string{}
	}
	text, _ := json.Marshal(tags) // texts always can
	f.Hidden = []hidden{{hiddenWas, string(text)}, {hiddenRevision, strconv.FormatUint(revision, 10)}}
}

func (r *resource[W]) showTags(v *visit, f *form, w *W, status int) *reply {
	f.Submit, f.Cancel = "Save changes", r.at(w)
	return &reply{status: status, template: "form", title: "Tags of " + r.common(w).Name, crumbs: r.above(v, w), data: f}
}

// setTags replaces the tags by those of the form, unless somebody else has changed them meanwhile.
func (r *resource[W]) setTags(v *visit) (*reply, error) {
	was, revision, ok := remembered(v.form)
	if !ok {
		return nil, failed(http.StatusBadRequest, "The form is not whole. Nothing has changed; load the page again.")
	}
	w, _, err := r.collection(v.api).Read(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	f := &form{Tags: readTags(v.form)}
	f.keep(v.form)
	if f.Tags.edit(v.form.Get(fieldDo)) {
		return r.showTags(v, f, w, http.StatusOK), nil
	}
	tags, twice := f.Tags.tags()
	if twice != "" {
		f.fault("tags", twice)
		return r.showTags(v, f, w, http.StatusUnprocessableEntity), nil
	}
	now, err := r.replaceTags(v, r.id(w), tags, was, revision)
	switch {
	case now != nil:
		f.explainTags(was, now.texts, tags)
		f.Changed.By = v.changedBy(r.id(w), revision)
		f.rememberTags(now.texts, now.revision)
		return r.showTags(v, f, w, http.StatusConflict), nil
	case err != nil:
		if err = f.refused(err, nil); err != nil {
			return nil, err
		}
		return r.showTags(v, f, w, http.StatusUnprocessableEntity), nil
	}
	v.session.tell(flashSuccess, "Changed the tags of "+r.common(w).Name+".")
	return &reply{redirect: r.at(w)}, nil
}

func (r *resource[W]) replaceTags(v *visit, id string, tags, was map[string]string, revision uint64) (*current, error) {
	for range tries {
		_, err := v.api.ReplaceTags(v.ctx, id, tags, client.IfMatch(revision))
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Code != api.CodeRevisionMismatch {
			return nil, err
		}
		w, at, err := r.collection(v.api).Read(v.ctx, id)
		if err != nil {
			return nil, err
		}
		if now := r.common(w).Tags; !maps.Equal(now, was) {
			return &current{now, at}, nil
		}
		revision = at
	}
	return nil, errBusy
}

// explainTags shows what somebody else has changed, and brings it into the rows that the user has not
// touched.
func (f *form) explainTags(was, now, yours map[string]string) {
	f.Changed = &conflict{}
	merged := maps.Clone(yours)
	for _, row := range newTagEditor(union(was, now)).Rows {
		before, had := was[row.Key]
		after, has := now[row.Key]
		if before == after && had == has {
			continue
		}
		mine, mineHas := yours[row.Key]
		f.Changed.Rows = append(f.Changed.Rows, conflictRow{Label: row.Key, Was: before, Now: after, Yours: mine, BothHaveChanged: mine != before && mine != after})
		switch untouched := mine == before && mineHas == had; {
		case untouched && has:
			merged[row.Key] = after
		case untouched:
			delete(merged, row.Key)
		}
	}
	f.Tags = newTagEditor(merged)
}

func union(a, b map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
