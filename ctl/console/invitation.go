package console

import (
	"net/http"

	"mirrorgw/ctl/api"
)

// pending are the invitations of a share that the user may answer.
func (v *visit) pending(w *api.ResourceShare) (options []option) {
	for i := range w.Invitations {
		one := &w.Invitations[i]
		if one.Status == "pending" && v.may(http.MethodPost, api.PathInvitations+"/"+one.InvitationID) {
			options = append(options, option{one.InvitationID, "account " + one.PrincipalID})
		}
	}
	return options
}

// invitationForm asks for the answer to an invitation; who looks after the gateway says for whom.
func (v *visit) invitationForm() (*reply, error) {
	w, f, err := v.answerOf()
	if err != nil {
		return nil, err
	}
	return v.showAnswer(w, f, http.StatusOK), nil
}

func (v *visit) answerOf() (*api.ResourceShare, *form, error) {
	w, err := v.api.Shares().Get(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, nil, err
	}
	f := &form{Submit: "Answer", Cancel: shares.at(w), Fields: []field{
		{Name: "status", Label: "Answer", Kind: kindChoice, Required: true, Hint: "It is given once. Accepted, the targets of the share can be used by sessions; rejected, nothing is shared.",
			Options: []option{{"accepted", "Accept"}, {"rejected", "Reject"}}},
		{Name: "invitation", Label: "Invitation of", Kind: kindChoice, Required: true, Options: v.pending(w)},
	}}
	if len(f.Fields[1].Options) == 0 {
		return nil, nil, failed(http.StatusConflict, "No invitation of this share waits for an answer of yours. Perhaps it has been given already.")
	}
	return w, f, nil
}

func (v *visit) showAnswer(w *api.ResourceShare, f *form, status int) *reply {
	return &reply{status: status, template: "form", title: "Answer the invitation of " + w.OwnerID, crumbs: shares.above(v, w), data: f}
}

func (v *visit) answerInvitation() (*reply, error) {
	w, f, err := v.answerOf()
	if err != nil {
		return nil, err
	}
	f.fill(v.form)
	answer := v.form.Get("status")
	changed, err := v.api.AnswerInvitation(v.ctx, v.form.Get("invitation"), answer)
	if err != nil {
		if err = f.refused(err, nil); err != nil {
			return nil, err
		}
		return v.showAnswer(w, f, http.StatusUnprocessableEntity), nil
	}
	v.session.tell(flashSuccess, "The invitation to share "+w.Name+" is "+answer+".")
	v.warn(changed.Warnings)
	return &reply{redirect: shares.at(w)}, nil
}
