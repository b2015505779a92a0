package ram

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// TestStory is the AWS guide's: share a target, accept the share, delete it.
func TestStory(t *testing.T) {
	w := newWorld(t)
	made := w.ok(alice, "CreateResourceShare", object{"name": "My tools", "resourceArns": []string{w.target(0)}, "principals": []string{bob},
		"tags": []object{{"key": "team", "value": "net"}}, "clientToken": "abc"})
	share := made.object("resourceShare")
	arn := share.text("resourceShareArn")
	delete(share, "resourceShareArn")
	noon := float64(w.now.Unix())
	want := object{"name": "My tools", "owningAccountId": alice, "allowExternalPrincipals": true, "status": "ACTIVE", "featureSet": "STANDARD",
		"creationTime": noon, "lastUpdatedTime": noon, "tags": []any{map[string]any{"key": "team", "value": "net"}}}
	if diff := cmp.Diff(want, share); diff != "" || made.text("clientToken") != "abc" || !strings.HasPrefix(arn, "arn:aws:ram:"+region+":"+alice+":resource-share/") {
		t.Errorf("%s %s", arn, diff)
	}
	if w.uses(bob) || len(w.ok(bob, "ListResources", object{"resourceOwner": "OTHER-ACCOUNTS"}).list("resources")) != 0 {
		t.Error("bob has access before he has accepted")
	}
	invitation := w.ok(bob, "GetResourceShareInvitations", object{}).list("resourceShareInvitations")[0]
	if invitation.text("status") != "PENDING" || invitation.text("resourceShareArn") != arn || invitation.text("senderAccountId") != alice ||
		invitation.text("receiverAccountId") != bob || invitation["invitationTimestamp"] != noon || invitation.text("resourceShareName") != "My tools" {
		t.Errorf("%v", invitation)
	}
	i := object{"resourceShareInvitationArn": invitation.text("resourceShareInvitationArn")}
	if pending := w.ok(bob, "ListPendingInvitationResources", i).list("resources"); len(pending) != 1 || pending[0].text("arn") != w.target(0) {
		t.Errorf("%v", pending)
	}
	if got := w.ok(bob, "AcceptResourceShareInvitation", i).object("resourceShareInvitation").text("status"); got != "ACCEPTED" || !w.uses(bob) {
		t.Errorf("%s, uses %v", got, w.uses(bob))
	}
	if list := w.ok(bob, "GetResourceShares", object{"resourceOwner": "OTHER-ACCOUNTS"}).list("resourceShares"); len(list) != 1 || list[0].text("owningAccountId") != alice || list[0]["tags"] != nil {
		t.Errorf("%v", list)
	}
	w.refused(bob, "OperationNotPermittedException", "DeleteResourceShare", object{"resourceShareArn": arn})
	if got := w.ok(alice, "DeleteResourceShare", object{"resourceShareArn": arn}); got["returnValue"] != true || w.uses(bob) {
		t.Errorf("%v, uses %v", got, w.uses(bob))
	}
	w.refused(alice, unknownResource, "DeleteResourceShare", object{"resourceShareArn": arn})
	w.refused(bob, unknownResource, "DeleteResourceShare", object{"resourceShareArn": arn})
}

// TestAssociations: targets and principals come and go, and each is told.
func TestAssociations(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools", organ)
	added := w.ok(alice, "AssociateResourceShare", object{"resourceShareArn": arn, "resourceArns": []string{w.target(1), w.target(0)}, "principals": []string{bob, ally}}).list("resourceShareAssociations")
	var told []string
	for _, a := range added {
		told = append(told, a.text("associationType")+" "+a.text("associatedEntity")+" "+a.text("status"))
		if a["external"] != (a.text("associatedEntity") == bob) {
			t.Errorf("%v", a)
		}
	}
	want := []string{"RESOURCE " + w.target(1) + " ASSOCIATED", "RESOURCE " + w.target(0) + " ASSOCIATED", "PRINCIPAL " + bob + " ASSOCIATING", "PRINCIPAL " + ally + " ASSOCIATED"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	all := func(kind string, more object) int {
		in := object{"associationType": kind}
		for key, value := range more {
			in[key] = value
		}
		return len(w.ok(alice, "GetResourceShareAssociations", in).list("resourceShareAssociations"))
	}
	for _, test := range []struct {
		kind string
		more object
		want int
	}{
		{"RESOURCE", nil, 2}, {"PRINCIPAL", nil, 3}, {"PRINCIPAL", object{"associationStatus": "ASSOCIATED"}, 2}, {"PRINCIPAL", object{"principal": bob}, 1},
		{"RESOURCE", object{"resourceArn": w.target(1)}, 1}, {"RESOURCE", object{"resourceShareArns": []string{arn}}, 2}, {"PRINCIPAL", object{"associationStatus": "FAILED"}, 0},
	} {
		if got := all(test.kind, test.more); got != test.want {
			t.Errorf("%s %v: %d, want %d", test.kind, test.more, got, test.want)
		}
	}
	gone := w.ok(alice, "DisassociateResourceShare", object{"resourceShareArn": arn, "resourceArns": []string{w.target(0)}, "principals": []string{organ, ally}}).list("resourceShareAssociations")
	if len(gone) != 3 || gone[0].text("status") != "DISASSOCIATED" || w.uses(ally) || all("RESOURCE", nil) != 1 || all("PRINCIPAL", nil) != 1 {
		t.Errorf("%v", gone)
	}
	w.refused(alice, unknownResource, "DisassociateResourceShare", object{"resourceShareArn": arn, "principals": []string{ally}})
	w.refused(alice, unknownResource, "DisassociateResourceShare", object{"resourceShareArn": arn, "resourceArns": []string{w.target(0)}})
}

// TestInvitationEnds: rejected, expired and withdrawn invitations cannot be accepted; another can
// be sent.
func TestInvitationEnds(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools", bob)
	i := object{"resourceShareInvitationArn": w.invited(bob)}
	w.refused(eve, "ResourceShareInvitationArnNotFoundException", "AcceptResourceShareInvitation", i)
	w.refused(alice, "ResourceShareInvitationArnNotFoundException", "AcceptResourceShareInvitation", i)
	w.ok(bob, "RejectResourceShareInvitation", i)
	w.refused(bob, "ResourceShareInvitationAlreadyRejectedException", "AcceptResourceShareInvitation", i)
	again := object{"resourceShareArn": arn, "principals": []string{bob}}
	w.ok(alice, "AssociateResourceShare", again)
	second := object{"resourceShareInvitationArn": w.invited(bob)}
	w.refused(bob, "ResourceShareInvitationArnNotFoundException", "AcceptResourceShareInvitation", i)
	w.now = w.now.Add(ctl.InvitationLife)
	w.refused(bob, "ResourceShareInvitationExpiredException", "AcceptResourceShareInvitation", second)
	if list := w.ok(bob, "GetResourceShareInvitations", object{}).list("resourceShareInvitations"); list[0].text("status") != "EXPIRED" {
		t.Errorf("%v", list)
	}
	if list := w.ok(alice, "GetResourceShareAssociations", object{"associationType": "PRINCIPAL"}).list("resourceShareAssociations"); list[0].text("status") != "FAILED" {
		t.Errorf("%v", list)
	}
	w.ok(alice, "AssociateResourceShare", again)
	third := object{"resourceShareInvitationArn": w.invited(bob)}
	w.ok(bob, "AcceptResourceShareInvitation", third)
	w.refused(bob, "ResourceShareInvitationAlreadyAcceptedException", "AcceptResourceShareInvitation", third)
	w.refused(bob, "ResourceShareInvitationAlreadyAcceptedException", "RejectResourceShareInvitation", third)
	w.ok(alice, "AssociateResourceShare", again) // nothing to do
	if !w.uses(bob) {
		t.Error("what was accepted is asked again")
	}
	w.refused(bob, "OperationNotPermittedException", "DisassociateResourceShare", object{"resourceShareArn": arn, "resourceArns": []string{w.target(0)}})
	w.ok(bob, "DisassociateResourceShare", again) // bob leaves
	if w.uses(bob) {
		t.Error("who has left has access")
	}
	w.refused(bob, unknownResource, "DisassociateResourceShare", again)
	w.ok(alice, "AssociateResourceShare", again)
	w.ok(alice, "DisassociateResourceShare", again)
	w.refused(bob, "ResourceShareInvitationArnNotFoundException", "AcceptResourceShareInvitation", third)
}

// TestNames: RAM has no rules for names, and two shares may have the same.
func TestNames(t *testing.T) {
	w := newWorld(t)
	first, second, third := w.share("tools"), w.share("tools"), w.share("tools & more")
	list := w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "name": "tools"}).list("resourceShares")
	if len(list) != 2 {
		t.Errorf("%v", list)
	}
	got := w.ok(alice, "UpdateResourceShare", object{"resourceShareArn": third, "name": "tools", "allowExternalPrincipals": false, "clientToken": "t"}).object("resourceShare")
	if got.text("name") != "tools" || got["allowExternalPrincipals"] != false {
		t.Errorf("%v", got)
	}
	w.refused(alice, "OperationNotPermittedException", "AssociateResourceShare", object{"resourceShareArn": third, "principals": []string{bob}})
	w.ok(alice, "AssociateResourceShare", object{"resourceShareArn": third, "principals": []string{ally}})
	w.ok(alice, "DeleteResourceShare", object{"resourceShareArn": first})
	if got := w.ok(alice, "UpdateResourceShare", object{"resourceShareArn": second, "name": "tools"}).object("resourceShare").text("name"); got != "tools" {
		t.Errorf("%s", got)
	}
	var names []string
	w.store.Read(func(v *store.View) { names = v.Names(store.KindShare, alice) })
	if !slices.Contains(names, "tools") || len(names) != 2 {
		t.Errorf("%q", names)
	}
}

// TestTokens: the same token with the same parameters changes nothing, and answers the same.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	create := object{"name": "tools", "resourceArns": []string{w.target(0)}, "principals": []string{ally}, "clientToken": "1"}
	arn := w.ok(alice, "CreateResourceShare", create).object("resourceShare").text("resourceShareArn")
	if again := w.ok(alice, "CreateResourceShare", create).object("resourceShare").text("resourceShareArn"); again != arn {
		t.Errorf("%s and %s", arn, again)
	}
	w.refused(alice, "IdempotentParameterMismatchException", "CreateResourceShare", object{"name": "other", "clientToken": "1"})
	w.refused(alice, "InvalidClientTokenException", "CreateResourceShare", object{"name": "other", "clientToken": strings.Repeat("x", 65)})
	w.ok(bob, "CreateResourceShare", object{"name": "other", "clientToken": "1"})
	out := object{"resourceShareArn": arn, "principals": []string{ally}, "clientToken": "1"}
	w.ok(alice, "DisassociateResourceShare", out)
	w.ok(alice, "DisassociateResourceShare", out)
	w.ok(alice, "AssociateResourceShare", out)
	remove := object{"resourceShareArn": arn, "clientToken": "1"}
	w.ok(alice, "DeleteResourceShare", remove)
	if got := w.ok(alice, "DeleteResourceShare", remove); got["returnValue"] != true || got.text("clientToken") != "1" {
		t.Errorf("%v", got)
	}
	if got := w.ok(alice, "CreateResourceShare", create).object("resourceShare").text("resourceShareArn"); got != arn {
		t.Errorf("%s", got)
	}
	w.share("guests", bob)
	accept := object{"resourceShareInvitationArn": w.invited(bob), "clientToken": "2"}
	w.ok(bob, "AcceptResourceShareInvitation", accept)
	w.ok(bob, "AcceptResourceShareInvitation", accept)
}

// TestTags: tags are set one by one, and have limits.
func TestTags(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools", ally)
	w.ok(alice, "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "a", "value": "1"}, {"key": "b", "value": ""}}})
	w.ok(alice, "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "a", "value": "2"}}})
	w.ok(alice, "UntagResource", object{"resourceShareArn": arn, "tagKeys": []string{"b", "c"}})
	list := w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "tagFilters": []object{{"tagKey": "a", "tagValues": []string{"1", "2"}}}}).list("resourceShares")
	if len(list) != 1 || len(list[0].list("tags")) != 1 || list[0].list("tags")[0].text("value") != "2" {
		t.Errorf("%v", list)
	}
	if list := w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "tagFilters": []object{{"tagKey": "a", "tagValues": []string{"1"}}}}).list("resourceShares"); len(list) != 0 {
		t.Errorf("%v", list)
	}
	many := []object{}
	for i := range 50 {
		many = append(many, object{"key": strings.Repeat("k", i+2), "value": "x"})
	}
	w.refused(alice, "TagLimitExceededException", "TagResource", object{"resourceShareArn": arn, "tags": many})
	w.refused(alice, "InvalidParameterException", "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "AWS:x", "value": "x"}}})
	w.refused(alice, "InvalidParameterException", "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "x", "value": "1"}, {"key": "x", "value": "2"}}})
	w.refused(alice, "InvalidParameterException", "UntagResource", object{"resourceShareArn": arn, "tagKeys": []string{""}})
	w.refused(ally, "OperationNotPermittedException", "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "x", "value": "1"}}})
	if list := w.ok(ally, "GetResourceShares", object{"resourceOwner": "OTHER-ACCOUNTS", "tagFilters": []object{{"tagKey": "a"}}}).list("resourceShares"); len(list) != 0 {
		t.Errorf("the owner's tags are told to others: %v", list)
	}
}

// TestPages: all rows come once and in their order, whatever goes meanwhile.
func TestPages(t *testing.T) {
	w := newWorld(t)
	const total = 1203
	w.change(func(tx *store.Tx) error {
		for range total {
			id, _ := ctl.NewUUID(&counter)
			r := &ctl.Share{Common: ctl.Common{ID: id, Name: "s." + id, Account: alice}, Targets: []string{"t0"}, Principals: []*ctl.SharePrincipal{{ID: organ}}}
			if err := tx.PutShare(r); err != nil {
				return err
			}
		}
		return nil
	})
	for action, member := range map[string]string{"GetResourceShares": "resourceShares", "ListResources": "resources", "ListPrincipals": "principals"} {
		seen, in, pages := map[string]bool{}, object{"resourceOwner": "SELF"}, 0
		for {
			answer := w.ok(alice, action, in)
			pages++
			for _, row := range answer.list(member) {
				arn := row.text("resourceShareArn")
				if seen[arn] {
					t.Fatalf("%s: %s twice", action, arn)
				}
				seen[arn] = true
			}
			if answer["nextToken"] == nil {
				break
			}
			in = object{"resourceOwner": "SELF", "nextToken": answer["nextToken"]}
		}
		if len(seen) != total || pages != 3 {
			t.Errorf("%s: %d rows on %d pages", action, len(seen), pages)
		}
	}
	one := w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "maxResults": 1})
	token := one["nextToken"]
	w.ok(alice, "DeleteResourceShare", object{"resourceShareArn": one.list("resourceShares")[0].text("resourceShareArn")})
	if rest := w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "nextToken": token, "maxResults": 500}).list("resourceShares"); len(rest) != 500 {
		t.Errorf("%d rows after the one that is gone", len(rest))
	}
	for _, in := range []object{{"resourceOwner": "SELF", "name": "x", "nextToken": token}, {"resourceOwner": "OTHER-ACCOUNTS", "nextToken": token}, {"resourceOwner": "SELF", "nextToken": "x"}} {
		w.refused(alice, "InvalidNextTokenException", "GetResourceShares", in)
	}
	w.refused(ally, "InvalidNextTokenException", "GetResourceShares", object{"resourceOwner": "SELF", "nextToken": token})
	w.refused(alice, "InvalidNextTokenException", "ListResources", object{"resourceOwner": "SELF", "nextToken": token})
	for _, most := range []int{0, 501, -1} {
		w.refused(alice, "InvalidParameterException", "GetResourceShares", object{"resourceOwner": "SELF", "maxResults": most})
		w.refused(alice, "InvalidMaxResultsException", "GetResourceShareInvitations", object{"maxResults": most})
	}
}

// counter is a source of bytes that never repeats.
var counter countingReader

type countingReader uint64

func (c *countingReader) Read(b []byte) (int, error) {
	*c++
	for i := range b {
		b[i] = byte(uint64(*c) >> (8 * (i % 4)))
	}
	return len(b), nil
}

// TestConstants: what there is one of.
func TestConstants(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools")
	if list := w.ok(bob, "ListResourceTypes", object{}).list("resourceTypes"); len(list) != 1 || list[0].text("resourceType") != "ec2:TrafficMirrorTarget" {
		t.Errorf("%v", list)
	}
	for action, in := range map[string]object{"ListPermissions": {"resourceType": targetType}, "ListResourceSharePermissions": {"resourceShareArn": arn}} {
		if list := w.ok(alice, action, in).list("permissions"); len(list) != 1 || list[0].text("arn") != permissionARN {
			t.Errorf("%s: %v", action, list)
		}
	}
	if p := w.ok(bob, "GetPermission", object{"permissionArn": permissionARN, "permissionVersion": 1}).object("permission"); !strings.Contains(p.text("permission"), "ec2:CreateTrafficMirrorSession") {
		t.Errorf("%v", p)
	}
	w.refused(bob, unknownResource, "ListResourceSharePermissions", object{"resourceShareArn": arn})
	if list := w.ok(alice, "ListResources", object{"resourceOwner": "SELF", "resourceRegionScope": "GLOBAL"}).list("resources"); len(list) != 0 {
		t.Errorf("%v", list)
	}
}
