package ram

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// TestRefusals has one row per refusal: exception and a piece of its message.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools", ally)
	others := w.ok(bob, "CreateResourceShare", object{"name": "bobs"}).object("resourceShare").text("resourceShareArn")
	create := func(key string, value ...string) object { return object{"name": "x", key: value} }
	elsewhere := strings.Replace(arn, region, "us-east-1", 1)
	for _, test := range []struct {
		action, code, want string
		in                 object
	}{
		{"CreateResourceShare", "InvalidParameterException", "cannot be shared with individual IAM users and roles", create("principals", "arn:aws:iam::333333333333:user/x")},
		{"CreateResourceShare", "InvalidParameterException", "cannot be shared with individual IAM users and roles", create("principals", "arn:aws:iam::333333333333:role/x")},
		{"CreateResourceShare", "InvalidParameterException", "Organizational units are not available", create("principals", "arn:aws:organizations::111111111111:ou/o-exampleorgid/ou-1")},
		{"CreateResourceShare", "InvalidParameterException", "12 digits", create("principals", "33333333333")},
		{"CreateResourceShare", "InvalidParameterException", "12 digits", create("principals", "")},
		{"CreateResourceShare", "InvalidParameterException", "is the owner", create("principals", alice)},
		{"CreateResourceShare", "OperationNotPermittedException", "does not allow that", object{"name": "x", "principals": []string{bob}, "allowExternalPrincipals": false}},
		{"CreateResourceShare", "MalformedArnException", "is not valid", create("resourceArns", "x")},
		{"CreateResourceShare", "InvalidParameterException", "cannot be shared", create("resourceArns", "arn:aws:ec2:"+region+":"+alice+":subnet/subnet-1")},
		{"CreateResourceShare", "OperationNotPermittedException", "belongs to another account", create("resourceArns", strings.Replace(w.target(0), alice, bob, 1))},
		{"CreateResourceShare", unknownResource, "could not be found", create("resourceArns", strings.Replace(w.target(0), region, "us-east-1", 1))},
		{"CreateResourceShare", unknownResource, "could not be found", create("resourceArns", w.service.targetARN(alice, "t0"))},
		{"CreateResourceShare", unknownResource, "could not be found", create("permissionArns", "arn:aws:ram::aws:permission/Other")},
		{"CreateResourceShare", "MalformedArnException", "is not valid", create("permissionArns", "Other")},
		{"CreateResourceShare", "InvalidParameterException", "1 to 255 characters", object{"name": strings.Repeat("x", 256)}},
		{"CreateResourceShare", "InvalidParameterException", "1 to 255 characters", object{"name": "a\nb"}},
		{"CreateResourceShare", "InvalidParameterException", "tag key", object{"name": "x", "tags": []object{{"key": "aws:a", "value": "1"}}}},
		{"CreateResourceShare", "InvalidParameterException", "256", object{"name": "x", "tags": []object{{"key": "a", "value": strings.Repeat("v", 257)}}}},
		{"CreateResourceShare", "InvalidParameterException", "name", object{"name": 7}},
		{"CreateResourceShare", "InvalidParameterException", "sources", object{"name": "x", "sources": []string{}}},
		{"UpdateResourceShare", unknownResource, "could not be found", object{"resourceShareArn": others, "name": "x"}},
		{"UpdateResourceShare", unknownResource, "could not be found", object{"resourceShareArn": elsewhere, "name": "x"}},
		{"UpdateResourceShare", unknownResource, "could not be found", object{"resourceShareArn": strings.Replace(arn, alice, bob, 1), "name": "x"}},
		{"UpdateResourceShare", "MalformedArnException", "", object{"resourceShareArn": "arn:x", "name": "x"}},
		{"UpdateResourceShare", "MalformedArnException", "resource share", object{"resourceShareArn": w.target(0), "name": "x"}},
		{"AssociateResourceShare", "InvalidParameterException", "resources or principals", object{"resourceShareArn": arn}},
		{"AssociateResourceShare", "InvalidParameterException", "is the owner", object{"resourceShareArn": arn, "principals": []string{alice}}},
		{"DisassociateResourceShare", unknownResource, "is not associated", object{"resourceShareArn": arn, "principals": []string{alice}}},
		{"GetResourceShares", "InvalidParameterException", "SELF, OTHER-ACCOUNTS", object{"resourceOwner": "self"}},
		{"GetResourceShares", unknownResource, "could not be found", object{"resourceOwner": "SELF", "resourceShareArns": []string{others}}},
		{"GetResourceShares", "InvalidParameterException", "resourceShareStatus", object{"resourceOwner": "SELF", "resourceShareStatus": "GONE"}},
		{"GetResourceShareAssociations", "InvalidParameterException", "associationType", object{"associationType": "BOTH"}},
		{"GetResourceShareAssociations", "InvalidParameterException", "does not go with", object{"associationType": "PRINCIPAL", "resourceArn": w.target(0)}},
		{"GetResourceShareAssociations", "InvalidParameterException", "does not go with", object{"associationType": "RESOURCE", "principal": bob}},
		{"GetResourceShareInvitations", "MalformedArnException", "invitation", object{"resourceShareInvitationArns": []string{arn}}},
		{"ListResources", "InvalidResourceTypeException", targetType, object{"resourceOwner": "SELF", "resourceType": "ec2:Subnet"}},
		{"ListResources", "MalformedArnException", "", object{"resourceOwner": "SELF", "resourceArns": []string{"x"}}},
		{"ListPrincipals", "MalformedArnException", "", object{"resourceOwner": "SELF", "resourceArn": "x"}},
		{"GetPermission", unknownResource, "no version 2", object{"permissionArn": permissionARN, "permissionVersion": 2}},
	} {
		reply, answer := w.call(alice, test.action, test.in)
		if reply.Code != test.code || !strings.Contains(answer.text("message"), test.want) || reply.Status != 400 {
			t.Errorf("%s %v: %d %s %s, want %s %q", test.action, test.in, reply.Status, reply.Code, reply.Body, test.code, test.want)
		}
	}
}

// TestForms: what is no request of the API.
func TestForms(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		method, path, body, code string
	}{
		{"POST", "/nothing", "{}", "UnknownOperationException"}, {"GET", "/getresourceshares", "", "UnknownOperationException"},
		{"POST", "/getresourceshares", "[]", "InvalidParameterException"}, {"POST", "/getresourceshares", "{", "InvalidParameterException"},
		{"POST", "/getresourceshares", `{"resourceOwner":"SELF"} x`, "InvalidParameterException"}, {"POST", "/getresourceshares", `{"resourceOwner":"SELF","resourceOwner":"SELF"}`, "InvalidParameterException"},
		{"POST", "/getresourceshares?x=1", `{"resourceOwner":"SELF"}`, "InvalidParameterException"}, {"POST", "/getresourceshareinvitations", "", ""},
		{"DELETE", "/deleteresourceshare?resourceShareArn=arn&x=1", "", "InvalidParameterException"}, {"DELETE", "/deleteresourceshare?resourceShareArn=a&resourceShareArn=b", "", "InvalidParameterException"},
		{"DELETE", "/deleteresourceshare?resourceShareArn=arn%3Ax", "", "MalformedArnException"}, {"DELETE", "/deleteresourceshare?resourceShareArn=a", "{}", "InvalidParameterException"},
		{"DELETE", "/deleteresourceshare?%zz", "", "InvalidParameterException"}, {"DELETE", "/deleteresourceshare", "", "MissingRequiredParameterException"},
	} {
		reply, _ := w.send(alice, httptest.NewRequest(test.method, test.path, nil), []byte(test.body))
		if reply.Code != test.code {
			t.Errorf("%s %s %s: %d %s %s", test.method, test.path, test.body, reply.Status, reply.Code, reply.Body)
		}
	}
	if r := w.service.Refuse(&aws.Call{}, &aws.Fault{Status: 429, Code: "ThrottlingException", Message: "Rate exceeded"}); r.Status != 429 || string(r.Body) != `{"message":"Rate exceeded"}` {
		t.Errorf("%+v", r)
	}
}

// ways are requests of every action that change or tell something of a share, by its ARN and that
// of an invitation.
func (w *world) ways(arn, invitation string) map[string]object {
	return map[string]object{
		"CreateResourceShare":            {"name": "new", "resourceArns": []string{w.target(0)}, "tags": []object{{"key": "a", "value": "b"}}},
		"UpdateResourceShare":            {"resourceShareArn": arn, "name": "renamed"},
		"AssociateResourceShare":         {"resourceShareArn": arn, "principals": []string{ally}},
		"DisassociateResourceShare":      {"resourceShareArn": arn, "resourceArns": []string{w.target(0)}},
		"TagResource":                    {"resourceShareArn": arn, "tags": []object{{"key": "a", "value": "b"}}},
		"UntagResource":                  {"resourceShareArn": arn, "tagKeys": []string{"a"}},
		"DeleteResourceShare":            {"resourceShareArn": arn},
		"GetResourceShares":              {"resourceOwner": "OTHER-ACCOUNTS", "resourceShareArns": []string{arn}},
		"GetResourceShareAssociations":   {"associationType": "PRINCIPAL", "resourceShareArns": []string{arn}},
		"GetResourceShareInvitations":    {"resourceShareInvitationArns": []string{invitation}},
		"AcceptResourceShareInvitation":  {"resourceShareInvitationArn": invitation},
		"RejectResourceShareInvitation":  {"resourceShareInvitationArn": invitation},
		"ListPendingInvitationResources": {"resourceShareInvitationArn": invitation},
		"ListResources":                  {"resourceOwner": "OTHER-ACCOUNTS", "resourceShareArns": []string{arn}},
		"ListPrincipals":                 {"resourceOwner": "OTHER-ACCOUNTS", "resourceShareArns": []string{arn}},
		"ListResourceSharePermissions":   {"resourceShareArn": arn},
		"ListResourceTypes":              {},
		"ListPermissions":                {},
		"GetPermission":                  {"permissionArn": permissionARN},
	}
}

// changes are the actions that only the owner may do.
var changes = []string{"UpdateResourceShare", "AssociateResourceShare", "DisassociateResourceShare", "TagResource", "UntagResource", "DeleteResourceShare"}

// TestMatrix: every action by the owner, by one who has accepted, one who is invited, and a
// stranger. To a stranger the share is as one that there never was.
func TestMatrix(t *testing.T) {
	const never = "00000000-0000-4000-8000-000000000000"
	answered := []string{"AcceptResourceShareInvitation", "RejectResourceShareInvitation", "ListPendingInvitationResources"}
	for _, relation := range []struct{ name, account string }{{"owner", alice}, {"accepted", bob}, {"pending", bob}, {"stranger", eve}} {
		for _, name := range Actions() {
			w := newWorld(t)
			arn := w.share("tools", bob)
			invitation := w.invited(bob)
			if relation.name == "accepted" {
				w.ok(bob, "AcceptResourceShareInvitation", object{"resourceShareInvitationArn": invitation})
			}
			want := ""
			switch {
			case name == "CreateResourceShare" && relation.account != alice:
				want = "OperationNotPermittedException" // the target is another's
			case slices.Contains(changes, name) && relation.name == "stranger":
				want = unknownResource
			case slices.Contains(changes, name) && relation.account == bob:
				want = "OperationNotPermittedException"
			case slices.Contains(answered, name) && relation.name == "accepted":
				want = "ResourceShareInvitationAlreadyAcceptedException"
			case strings.Contains(name, "Invitation") && relation.account != bob:
				want = "ResourceShareInvitationArnNotFoundException"
			case relation.name == "stranger" && w.ways(arn, "")[name]["resourceShareArn"] != nil, relation.name == "stranger" && w.ways(arn, "")[name]["resourceShareArns"] != nil:
				want = unknownResource
			}
			before := w.revision()
			w.refusedOr(relation.account, want, name, w.ways(arn, invitation)[name])
			if want != "" && w.revision() != before {
				t.Errorf("%s by %s was refused and changed something", name, relation.name)
			}
			if relation.name != "stranger" {
				continue
			}
			there, _ := w.call(eve, name, w.ways(arn, invitation)[name])
			nowhere := w.ways(w.service.ramARN(alice, shareWord, never), w.service.ramARN(alice, invitationWord, never))[name]
			gone, _ := w.call(eve, name, nowhere)
			if there.Code != gone.Code || there.Status != gone.Status {
				t.Errorf("%s tells what is there from what is not: %s and %s", name, there.Code, gone.Code)
			}
		}
	}
}

func (w *world) revision() (r uint64) {
	w.store.Read(func(v *store.View) { r = v.Revision() })
	return r
}

func (w *world) refusedOr(account, code, action string, in object) {
	w.Helper()
	if code != "" {
		w.refused(account, code, action, in)
		return
	}
	w.ok(account, action, in)
}

// TestPermissions: every action asks first, of the share's ARN with its tags where there is one; one
// that is denied changes nothing.
func TestPermissions(t *testing.T) {
	for _, name := range Actions() {
		w := newWorld(t)
		arn := w.share("tools", bob)
		w.ok(alice, "TagResource", object{"resourceShareArn": arn, "tags": []object{{"key": "team", "value": "net"}}})
		in := w.ways(arn, w.invited(bob))[name]
		account := alice
		if strings.Contains(name, "Invitation") {
			account = bob
		}
		w.deny, w.asked = "ram:"+name, nil
		before := w.revision()
		reply, answer := w.call(account, name, in)
		if reply.Status != http.StatusForbidden || reply.Code != "AccessDeniedException" || w.revision() != before ||
			!strings.HasPrefix(answer.text("message"), "User: arn:aws:iam::"+account+":root is not authorized to perform: ram:"+name) {
			t.Errorf("%s: %d %s %s", name, reply.Status, reply.Code, reply.Body)
		}
		if len(w.asked) != 1 {
			t.Fatalf("%s asks %d times", name, len(w.asked))
		}
		checkQuestion(t, name, &w.asked[0], in)
	}
}

// TestPermissionBeforeExistence: who may not do an action is not told by it what there is, nor what
// others of the account have done with a client token.
func TestPermissionBeforeExistence(t *testing.T) {
	const never = "00000000-0000-4000-8000-000000000000"
	w := newWorld(t)
	arn := w.share("tools", bob)
	invitation := w.invited(bob)
	nowhere := w.ways(w.service.ramARN(alice, shareWord, never), w.service.ramARN(alice, invitationWord, never))
	for name, in := range nowhere {
		w.deny = "ram:" + name
		w.refused(bob, "AccessDeniedException", name, in)
	}
	w.deny = ""
	accept := object{"resourceShareInvitationArn": invitation, "clientToken": "once"}
	w.ok(bob, "AcceptResourceShareInvitation", accept)
	w.ok(bob, "AcceptResourceShareInvitation", accept)
	remove := object{"resourceShareArn": arn, "clientToken": "once"}
	w.ok(alice, "DeleteResourceShare", remove)
	w.ok(alice, "DeleteResourceShare", remove)
	w.deny = "ram:AcceptResourceShareInvitation"
	w.refused(bob, "AccessDeniedException", "AcceptResourceShareInvitation", accept)
	w.deny = "ram:DeleteResourceShare"
	w.refused(alice, "AccessDeniedException", "DeleteResourceShare", remove)
}

func checkQuestion(t *testing.T, name string, q *iam.Question, in object) {
	arn, _ := in["resourceShareArn"].(string)
	tags := map[string]string{"team": "net"}
	if invitation, ok := in["resourceShareInvitationArn"].(string); ok {
		arn, tags = invitation, nil
	}
	if arn == "" || name == "ListResourceSharePermissions" {
		if len(q.Resources) != 0 {
			t.Errorf("%s asks of %v", name, q.Resources)
		}
	} else if len(q.Resources) != 1 || q.Resources[0].ARN != arn || len(q.Resources[0].Tags) != len(tags) {
		t.Errorf("%s asks of %v, want %s %v", name, q.Resources, arn, tags)
	}
	if in["tags"] != nil && (q.Context["aws:RequestTag/a"] == nil || !slices.Equal(q.Context["aws:TagKeys"], []string{"a"})) {
		t.Errorf("%s: %v", name, q.Context)
	}
	if name == "UntagResource" && !slices.Equal(q.Context["aws:TagKeys"], []string{"a"}) {
		t.Errorf("%s: %v", name, q.Context)
	}
	for _, key := range []string{"aws:CurrentTime", "aws:SecureTransport", "aws:RequestedRegion"} {
		if q.Context[key] == nil {
			t.Errorf("%s does not tell %s", name, key)
		}
	}
}

// FuzzServe: no body makes an answer that is none, or changes anything without permission.
func FuzzServe(f *testing.F) {
	f.Add(0, `{"name":"x","resourceArns":["arn:aws:ec2:eu-central-1:111111111111:traffic-mirror-target/t"],"principals":["333333333333"]}`)
	f.Add(7, `{"resourceOwner":"SELF","maxResults":5,"tagFilters":[{"tagKey":"a","tagValues":["b"]}],"nextToken":"AAAA"}`)
	f.Add(9, `{"resourceShareInvitationArn":"arn:aws:ram:eu-central-1:111111111111:resource-share-invitation/0"}`)
	w := newWorld(&testing.T{})
	f.Fuzz(func(t *testing.T, which int, body string) {
		a := &actions[uint(which)%uint(len(actions))]
		w.T = t
		r := httptest.NewRequest(a.method, a.path, nil)
		if a.method == http.MethodDelete {
			r.URL.RawQuery, body = body, ""
		}
		reply, _ := w.send(alice, r, []byte(body))
		if reply.Status == 500 {
			t.Errorf("%s %q: %s", a.name, body, reply.Body)
		}
	})
}
