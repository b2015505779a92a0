package console

import (
	"net/http"
	"net/url"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// fieldOwner is the API's name of the account that a resource is made for.
const fieldOwner = "ownerId"

// withOwner adds the choice of the account that a resource is made for, where the user looks after
// several: the user's own unless another one is chosen.
func (v *visit) withOwner(fields []field) ([]field, error) {
	if v.scope().Account != "" || !v.may(http.MethodGet, api.PathAccounts) {
		return fields, nil
	}
	known, err := v.api.Accounts(v.ctx)
	if err != nil {
		return nil, err
	}
	options := []option{{"", v.account() + accountNote(v.account())}}
	for _, one := range known.Items {
		if one.AccountID != v.account() {
			options = append(options, option{one.AccountID, one.AccountID + accountNote(one.AccountID)})
		}
	}
	if len(options) == 1 {
		return fields, nil
	}
	owner := field{Name: fieldOwner, Label: "Account", Kind: kindChoice, Required: true, Options: options, Hint: "Whom it belongs to. Names in this form are those of that account; identifiers are of any."}
	return slices.Insert(fields, 1, owner), nil
}

func accountNote(account string) string {
	if account == ctl.DefaultAccount {
		return " (the gateway’s own)"
	}
	return ""
}

// ownerOf is the account that is to be named in a request about what belongs to it: empty where that is
// the user's own, or the user may name no other.
func (v *visit) ownerOf(c *api.Common) string {
	if c.OwnerID == v.account() || v.scope().Account != "" {
		return ""
	}
	return c.OwnerID
}

// forOwner is the query of a form that makes something for the owner of a resource.
func (v *visit) forOwner(c *api.Common, name, value string) string {
	query := url.Values{name: {value}}
	if owner := v.ownerOf(c); owner != "" {
		query.Set(fieldOwner, owner)
	}
	return "?" + query.Encode()
}

// guideOwner is the account that the guide makes things for: that of the source, which is chosen first.
func (v *visit) guideOwner(d *draft) string {
	w, err := v.api.Interfaces().Get(v.ctx, d.typed[stepSource].Get(fieldChoice))
	if err != nil {
		return "" // it is refused as what it is
	}
	return v.ownerOf(&w.Common)
}

// owned is the body of a request of the guide that makes something.
func (v *visit) owned(d *draft, body map[string]any) map[string]any {
	if owner := v.guideOwner(d); owner != "" {
		body[fieldOwner] = owner
	}
	return body
}
