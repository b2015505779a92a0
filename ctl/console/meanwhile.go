package console

import (
	"net/http"

	"mirrorgw/ctl/api"
)

// refused is the answer to whoever may not have a page: what it is about is not there, perhaps no more, or
// the user may not do that. Users may do nothing with what is not there, so the API is asked as the user.
func (v *visit) refused(path string) error {
	if v.r.PathValue("id") != "" {
		r, err := http.NewRequestWithContext(v.ctx, http.MethodGet, "http://gateway"+path, http.NoBody)
		if err != nil {
			return err
		}
		answer, err := v.API.Transport().RoundTrip(r)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusNotFound {
			return failed(http.StatusNotFound, "What this page is about is not there. Perhaps somebody has deleted it meanwhile.")
		}
	}
	return failed(http.StatusForbidden, "You are logged in as "+v.session.user()+", who may not use this page. Ask for a policy that allows it.")
}

// late is the answer to a form whose change is made, though an lcore has not reported in time that it has
// it: that is a warning on the page that the form was reached from, not a page of its own. nil: it is not that.
func (v *visit) late(refused *api.Error) *reply {
	if refused.Code != api.CodeLcoreStalled || v.r.Method != http.MethodPost || v.session == nil {
		return nil
	}
	v.session.tell(flashWarning, sentence(refused.Message))
	return &reply{redirect: v.page.nav}
}
