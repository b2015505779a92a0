package console

import (
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// shares let other accounts use targets.
var shares = &resource[api.ResourceShare]{
	path: pathShares, api: api.PathShares, title: "Shares", one: "share", many: "shares",
	collection: (*client.Client).Shares,
	id:         func(w *api.ResourceShare) string { return w.ResourceShareID },
	common:     func(w *api.ResourceShare) *api.Common { return &w.Common },
	columns: []column[api.ResourceShare]{
		{"Name", "name", func(_ *look, w *api.ResourceShare) cell {
			return cell{Text: w.Name, Path: pathShares + "/" + w.ResourceShareID}
		}},
		{"Title", "title", func(_ *look, w *api.ResourceShare) cell { return cell{Text: w.Title} }},
		{"Owner", "ownerId", func(_ *look, w *api.ResourceShare) cell { return cell{Text: w.OwnerID, Code: true} }},
		{"Targets", "", func(_ *look, w *api.ResourceShare) cell { return cell{Text: digitsOf(len(w.TrafficMirrorTargetIDs))} }},
		{"Shared with", "", func(l *look, w *api.ResourceShare) cell { return sharedWith(w) }},
		{"State", "", func(l *look, w *api.ResourceShare) cell { return l.shareState(w) }},
		{"Description", "description", func(_ *look, w *api.ResourceShare) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).shareFields, texts: shareTexts, body: shareBody, sections: shareSections,
}

const pathShares = "/shares"

// sharedWith names the first accounts.
func sharedWith(w *api.ResourceShare) cell {
	const most = 3
	var ids []string
	for _, p := range w.Principals[:min(len(w.Principals), most)] {
		ids = append(ids, p.PrincipalID)
	}
	text := strings.Join(ids, " ")
	if more := len(w.Principals) - most; more > 0 {
		text += " and " + grouped(int64(more)) + " more"
	}
	return cell{Text: text, Code: len(w.Principals) <= most}
}

// shareState is how many of those that it is shared with have access; for one of these, whether it has.
func (v *visit) shareState(w *api.ResourceShare) cell {
	have, waiting := 0, 0
	for i := range w.Principals {
		status := statusOf(w, &w.Principals[i])
		if w.Principals[i].PrincipalID == v.account() {
			return state(status, "")
		}
		switch status {
		case "associated", "accepted":
			have++
		case "pending":
			waiting++
		}
	}
	if waiting > 0 {
		return cell{Text: digitsOf(waiting) + " pending", Badge: "warn"}
	}
	return cell{Text: digitsOf(have) + " of " + digitsOf(len(w.Principals)) + " have access"}
}

// statusOf is what has become of a principal: an invitation may have expired.
func statusOf(w *api.ResourceShare, p *api.SharePrincipal) string {
	if i := invitationOf(w, p); i != nil {
		return i.Status
	}
	return p.Status
}

func invitationOf(w *api.ResourceShare, p *api.SharePrincipal) *api.ShareInvitation {
	for i := range w.Invitations {
		if w.Invitations[i].PrincipalID == p.PrincipalID {
			return &w.Invitations[i]
		}
	}
	return nil
}

func (v *visit) shareFields() ([]field, error) {
	return append(commonFields("Unique among the shares of the account."),
		field{Name: "title", Label: "Title", Autocomplete: "off", Hint: "What AWS RAM calls its name. Empty: the name."},
		field{Name: "trafficMirrorTargetIds", Label: "Targets", Kind: kindList, Autocomplete: "off", Hint: "Names or identifiers of targets of the account, with blanks between them."},
		field{Name: "principals", Label: "Shared with", Kind: kindList, Autocomplete: "off",
			Hint: "Accounts of 12 digits, or the ARN of the organisation, with blanks between them. An account outside the organisation is invited, and has to accept."},
		field{Name: "allowExternalPrincipals", Label: "Accounts outside the organisation", Kind: kindCheck, Value: "true", Hint: "They may be invited."},
	), nil
}

func shareTexts(v *visit, w *api.ResourceShare) map[string]string {
	texts := commonTexts(&w.Common)
	texts["title"] = w.Title
	var targets, principals []string
	for _, id := range w.TrafficMirrorTargetIDs {
		targets = append(targets, v.targetName(id))
	}
	for _, p := range w.Principals {
		principals = append(principals, p.PrincipalID)
	}
	texts["trafficMirrorTargetIds"], texts["principals"] = strings.Join(targets, " "), strings.Join(principals, " ")
	if w.AllowExternalPrincipals == nil || *w.AllowExternalPrincipals {
		texts["allowExternalPrincipals"] = "true"
	}
	return texts
}

// shareBody makes objects of the accounts. What has become of those that are there already stays as it is.
func shareBody(f *form) map[string]any {
	body := f.body()
	if ids, has := body["principals"].([]string); has {
		var principals []any
		for _, id := range ids {
			principals = append(principals, map[string]any{"principalId": id})
		}
		body["principals"] = principals
	}
	return body
}

func shareSections(v *visit, w *api.ResourceShare) ([]section, error) {
	external := "may be invited"
	if w.AllowExternalPrincipals != nil && !*w.AllowExternalPrincipals {
		external = "may not be invited"
	}
	facts := append(commonFacts(w.ResourceShareID, &w.Common), fact{"Title", cell{Text: dash(w.Title)}}, fact{"Accounts outside the organisation", cell{Text: external}},
		fact{"Created", cell{Text: shownTime(w.CreationTime)}}, fact{"Last changed", cell{Text: shownTime(w.LastUpdatedTime)}})
	targets := &table{Caption: "Targets", Empty: "There are no targets in it.", Headings: []heading{{Label: "Target"}}}
	for _, id := range w.TrafficMirrorTargetIDs {
		targets.Rows = append(targets.Rows, []cell{v.targetOfShare(id)})
	}
	return []section{{ID: "details", Heading: "Details", Facts: facts}, {ID: "targets", Heading: "Targets", Table: targets}, v.principalsOf(w)}, nil
}

// targetOfShare links to a target that the user can see: not that of an invitation that is not accepted.
func (v *visit) targetOfShare(id string) cell {
	w, err := v.api.Targets().Get(v.ctx, id)
	if err != nil {
		return cell{Text: id, Code: true}
	}
	return cell{Text: w.Name, Path: "/targets/" + id, Title: id}
}

func (v *visit) principalsOf(w *api.ResourceShare) section {
	s := section{ID: "principals", Heading: "Shared with"}
	if v.isForeign(&w.Common) {
		s.Heading, s.Note = "Shared with you", "It is from account "+w.OwnerID+". With whom else it is shared is for that account to know."
	}
	s.Table = &table{Caption: s.Heading, Empty: "It is shared with nobody.", Headings: []heading{{Label: "Account"}, {Label: "Access"}, {Label: "Invited"}, {Label: "Answered"}}}
	for i := range w.Principals {
		p, invited, answered := &w.Principals[i], "", ""
		if one := invitationOf(w, p); one != nil {
			invited, answered = one.InvitationTime, one.AnswerTime
			if one.Status == "pending" && v.may("POST", api.PathInvitations+"/"+one.InvitationID) {
				s.Action = &action{Label: "Answer the invitation", Path: pathShares + "/" + w.ResourceShareID + "/answer"}
			}
		}
		s.Table.Rows = append(s.Table.Rows, []cell{{Text: p.PrincipalID, Code: true}, state(statusOf(w, p), ""), {Text: shownTime(invited)}, {Text: shownTime(answered)}})
	}
	return s
}

// isForeign tells what belongs to another account than the user's, for users of accounts that see their
// own only.
func (v *visit) isForeign(c *api.Common) bool {
	account := v.scope().Account
	return account != "" && c.OwnerID != account
}

// sharesOf are the shares that a target is in, as far as the user may see them.
func (v *visit) sharesOf(w *api.TrafficMirrorTarget) ([]section, error) {
	if !v.may("GET", api.PathShares) {
		return nil, nil
	}
	page, err := v.api.Shares().Page(v.ctx, pageRows, "", client.Where("trafficMirrorTargetIds", w.TrafficMirrorTargetID), client.Ordered("", "name", 0))
	if err != nil {
		return nil, err
	}
	s := section{ID: "shares", Heading: "Shared with", Table: &table{Caption: "Shares", Empty: "It is shared with no other account.", Headings: []heading{{Label: "Share"}, {Label: "Account"}, {Label: "Access"}}}}
	if v.isForeign(&w.Common) {
		s.Heading, s.Note = "Where it comes from", "The target belongs to account "+w.OwnerID+", which shares it with you."
	} else if v.may("POST", api.PathShares) {
		s.Action = &action{Label: "Share it", Path: pathShares + "/new" + v.forOwner(&w.Common, "trafficMirrorTargetIds", v.nameFor(w.TrafficMirrorTargetID, &w.Common))}
	}
	for i := range page.Items {
		share := &page.Items[i]
		for j := range share.Principals {
			p := &share.Principals[j]
			s.Table.Rows = append(s.Table.Rows, []cell{{Text: share.Name, Path: pathShares + "/" + share.ResourceShareID}, {Text: p.PrincipalID, Code: true}, state(statusOf(share, p), "")})
		}
	}
	if page.Total > len(page.Items) {
		s.Note = strings.TrimSpace(s.Note + " These are the first " + digits(len(page.Items)) + " of " + grouped(int64(page.Total)) + " shares.")
	}
	return []section{s}, nil
}
