package console

import (
	"net/http"
	"net/url"
)

// deleteForm asks whether that is meant.
func (r *resource[W]) deleteForm(v *visit) (*reply, error) {
	w, err := r.collection(v.api).Get(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return r.showDelete(v, r.confirmation(w), w, http.StatusOK), nil
}

// confirmation is typed before something is deleted.
const confirmation = "delete"

func (r *resource[W]) confirmation(w *W) *form {
	return &form{Submit: "Delete", Danger: true, Cancel: r.at(w), Fields: []field{
		{Name: "confirm", Label: "To confirm, enter “" + confirmation + "”", Required: true, Autocomplete: "off"}}}
}

func (r *resource[W]) showDelete(v *visit, f *form, w *W, status int) *reply {
	return &reply{status: status, template: "form", title: "Delete " + r.common(w).Name, crumbs: r.above(v, w), data: f}
}

func (r *resource[W]) remove(v *visit) (*reply, error) {
	w, err := r.collection(v.api).Get(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	f := r.confirmation(w)
	f.fill(url.Values{"confirm": v.form["confirm"]})
	if f.Fields[0].Value != confirmation {
		f.fault("confirm", "Enter the word "+confirmation+" to delete "+r.common(w).Name)
		return r.showDelete(v, f, w, http.StatusUnprocessableEntity), nil
	}
	changed, err := r.collection(v.api).Delete(v.ctx, r.id(w))
	if err != nil {
		if err = f.refused(err, nil); err != nil {
			return nil, err
		}
		return r.showDelete(v, f, w, http.StatusUnprocessableEntity), nil
	}
	v.session.tell(flashSuccess, "Deleted "+r.one+" "+r.common(w).Name+".")
	v.warn(changed.Warnings)
	return &reply{redirect: r.below(w)}, nil
}
