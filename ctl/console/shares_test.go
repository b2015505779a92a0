package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

// account is a browser of an account itself.
func (w *world) account(id string) *browser {
	return w.as(server.Caller{Principal: iam.Principal{Account: id}})
}

// TestShareLife does what the guide's chapter about sharing does: an owner shares a target, the account
// that is invited accepts and uses it, and loses it again.
func TestShareLife(t *testing.T) {
	w := newWorld(t)
	w.apply(`[[target]]
name = "ids"
id = "tmt-11111111111111111"
account = "222222222222"
address = "192.0.2.10"
[[interface]]
name = "web-1"
account = "111111111111"
port = "wire0"
mac = "02:00:00:00:00:01"
[[filter]]
name = "web"
account = "111111111111"
`)
	owner, ann, stranger := w.account("222222222222"), w.user("ann"), w.account("333333333333")
	const target = "/targets/tmt-11111111111111111"
	status, text := owner.get(target)
	mustHave(t, status, 200, text, "It is shared with no other account.", `href="/shares/new?trafficMirrorTargetIds=ids">Share it</a>`)
	status, text = owner.get("/shares/new?trafficMirrorTargetIds=ids")
	mustHave(t, status, 200, text, `name="trafficMirrorTargetIds" type="text" value="ids"`, "checked")
	form := []string{"name", "gift", "trafficMirrorTargetIds", "ids", "allowExternalPrincipals", "true", "do", "save"}
	status, text = owner.post("/shares/new", append(form, "principals", "222222222222")...)
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-principals"`, "is the owner of the share")
	status, text = owner.post("/shares/new", append(form, "principals", "111111111111 nobody")...)
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-principals"`, "neither an account nor an organisation")
	share := owner.made("/shares/new", append(form, "principals", "111111111111, 333333333333")...)
	status, text = owner.get(share)
	mustHave(t, status, 200, text, "Created share gift.", ">ids</a>", "111111111111", "333333333333", `<span class="badge warn">pending</span>`)
	if strings.Contains(text, "Answer the invitation") {
		t.Error("the owner may answer its own invitation")
	}
	status, text = owner.get(target)
	mustHave(t, status, 200, text, `<a href="`+share+`">gift</a>`, "pending")

	if status, _ = ann.get(target); status != http.StatusNotFound {
		t.Errorf("who has not accepted sees the target: %d", status)
	}
	status, text = ann.get("/shares")
	mustHave(t, status, 200, text, ">gift</a>", "222222222222", "pending")
	status, text = ann.get(share)
	mustHave(t, status, 200, text, "It is from account 222222222222.", `href="`+share+`/answer">Answer the invitation</a>`)
	if strings.Contains(text, "333333333333") || strings.Contains(text, "Delete</a>") || strings.Contains(text, "Modify</a>") {
		t.Errorf("who is invited sees with whom else, or may change it: %s", text)
	}
	status, text = ann.get(share + "/answer")
	mustHave(t, status, 200, text, "account 111111111111", "Accept")
	_, rest, _ := strings.Cut(text, `<select id="field-invitation"`)
	_, rest, _ = strings.Cut(rest, `<option value="`)
	invitation, _, _ := strings.Cut(rest, `"`)
	if status, text = stranger.get(share + "/answer"); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	status, text = stranger.post(share+"/answer", "status", "accepted", "invitation", invitation)
	mustHave(t, status, http.StatusUnprocessableEntity, text, "There is no invitation")
	if status, to := ann.post(share+"/answer", "status", "accepted", "invitation", invitation); status != http.StatusSeeOther || to != share {
		t.Fatalf("%d %s", status, to)
	}
	status, text = ann.get(share)
	mustHave(t, status, 200, text, "The invitation to share gift is accepted.", ">ids</a>", `<span class="badge good">accepted</span>`)
	status, text = ann.get(share + "/answer")
	mustHave(t, status, http.StatusConflict, text, "No invitation of this share waits")
	status, text = ann.get(target)
	mustHave(t, status, 200, text, "Where it comes from", "The target belongs to account 222222222222", `<a href="`+share+`">gift</a>`)
	session := ann.made("/sessions/new", "name", "s1", "networkInterfaceId", "web-1", "trafficMirrorTargetId", "tmt-11111111111111111", "trafficMirrorFilterId", "web", "sessionNumber", "1")

	if status, to := owner.changed(share+"/modify", "name", "gift", "description", "for all", "trafficMirrorTargetIds", "ids", "principals", "333333333333 111111111111", "allowExternalPrincipals", "true"); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, to)
	}
	status, text = owner.get(share)
	mustHave(t, status, 200, text, "for all", "accepted", "pending") // what was answered stays
	if status, to := owner.post(share+"/delete", "confirm", "delete"); status != http.StatusSeeOther || to != "/shares" {
		t.Errorf("%d %s", status, to)
	}
	status, text = ann.get(session)
	mustHave(t, status, 200, text, "inactive")
	if status, _ = ann.get(share); status != http.StatusNotFound {
		t.Errorf("a share that is deleted: %d", status)
	}
}

// TestSharesByPolicy: who may not see shares has no page about them, and no part of one.
func TestSharesByPolicy(t *testing.T) {
	w := newWorld(t)
	w.apply("[[target]]\nname = \"ids\"\nid = \"tmt-11111111111111111\"\naccount = \"111111111111\"\naddress = \"192.0.2.10\"\n")
	ian := w.user("ian")
	status, text := ian.get("/targets/tmt-11111111111111111")
	mustHave(t, status, 200, text, "<h1>ids</h1>")
	if strings.Contains(text, "/shares") {
		t.Errorf("he is offered shares: %s", text)
	}
	for _, path := range []string{"/shares", "/shares/new", "/shares/11111111-1111-4111-8111-111111111111", "/shares/11111111-1111-4111-8111-111111111111/answer"} {
		if status, _ := ian.get(path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
	// Somebody local answers for all.
	w.apply("[[target]]\nname = \"ids\"\n id = \"tmt-11111111111111111\"\naccount = \"111111111111\"\naddress = \"192.0.2.10\"\n[[share]]\nname = \"gift\"\nid = \"11111111-1111-4111-8111-111111111111\"\naccount = \"111111111111\"\ntargets = [\"ids\"]\n[[share.principal]]\nid = \"222222222222\"\n")
	status, text = w.admin().get("/shares/11111111-1111-4111-8111-111111111111/answer")
	mustHave(t, status, 200, text, "account 222222222222")
}
