package cli

import (
	"strings"

	"mirrorgw/ctl/api"
)

var shareKind = &kind{
	word: "share", path: api.PathShares, idKey: "resourceShareId",
	short:   "shares: let other accounts use targets",
	example: "mirrorctl share create tools --target ids --principal 222233334444",
	fields: []*field{
		{flag: "target", json: "trafficMirrorTargetIds", value: words("TARGET"), refers: "target", column: "TARGETS",
			usage: "a target of the account, name or ID"},
		{flag: "principal", json: "principals", value: principals(), column: "PRINCIPALS",
			usage: "an account, or the ARN of the organisation; an account outside of it is invited, +accepted behind it answers for it"},
		{flag: "allow-external", json: "allowExternalPrincipals", value: yesNo(), column: "EXTERNAL",
			usage: "accounts outside the organisation may be invited; absent: true"},
		{flag: "title", json: "title", value: word("TEXT"), usage: "its name in AWS RAM; absent: NAME"},
		{flag: "created", json: "creationTime", shown: true},
		{flag: "updated", json: "lastUpdatedTime", shown: true},
	},
}

// principals are PRINCIPAL[+STATUS].
func principals() value {
	return value{hint: "PRINCIPAL[+STATUS]", many: true, parse: func(text string) (any, error) {
		id, status, told := strings.Cut(text, "+")
		p := map[string]any{"principalId": id}
		if told {
			p["status"] = status
		}
		return p, nil
	}, format: func(v any) string {
		m, _ := v.(map[string]any)
		text := plain(m["principalId"])
		if status := plain(m["status"]); status != "" && status != "associated" {
			text += "+" + status
		}
		return text
	}}
}

// invitationsOf is the table of a share's invitations.
func invitationsOf(share record) []string {
	var now api.ResourceShare
	if (record{"invitations": share["invitations"]}).into(&now) != nil || len(now.Invitations) == 0 {
		return nil
	}
	t := newTable("ACCOUNT", "STATUS", "INVITED", "ANSWERED", "INVITATION")
	for _, i := range now.Invitations {
		t.row(i.PrincipalID, i.Status, i.InvitationTime, orDash(i.AnswerTime), i.InvitationID)
	}
	lines := []string{"", "invitations"}
	for _, line := range t.lines() {
		lines = append(lines, strings.TrimRight("  "+line, " "))
	}
	return lines
}
