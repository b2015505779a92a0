package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

const theirSource = `[[interface]]
name = "theirs"
id = "eni-22222222222222222"
account = "111111111111"
port = "wire0"
mac = "02:00:00:00:00:07"
`

// TestOwnerOfNew: who looks after all accounts chooses whose a new resource is; others make their own,
// whatever they send.
func TestOwnerOfNew(t *testing.T) {
	w := newWorld(t)
	w.apply(theirSource)
	ctx := server.WithCaller(t.Context(), adminCaller)
	for name, b := range map[string]*browser{"local": w.admin(), "operator": w.as(server.Caller{Principal: iam.Principal{Account: "000000000000"}})} {
		for _, path := range []string{"/targets", "/filters", "/sessions", "/interfaces", "/load-balancers", "/shares"} {
			status, text := b.get(path + "/new?ownerId=111111111111")
			mustHave(t, status, 200, text, `id="field-ownerId"`, `<option value="">000000000000 (the gateway’s own)</option>`, `<option value="111111111111" selected>`, `<option value="333333333333">`)
		}
		form := []string{"type", "address", "target", "192.0.2.11", "do", "save"}
		b.made("/targets/new", append(form, "name", name, "ownerId", "111111111111")...)
		b.made("/targets/new", append(form, "name", name, "ownerId", "")...) // the same name, of another account
		status, text := b.post("/targets/new", append(form, "name", name, "ownerId", "111111111111")...)
		mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-name"`, `<option value="111111111111" selected>`)
		status, text = b.post("/targets/new", append(form, "name", name+"-2", "ownerId", "12")...)
		mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-ownerId"`)
		all, err := w.client.Targets().List(ctx)
		if n := len(all); err != nil || n < 2 || all[n-2].OwnerID != "111111111111" || all[n-1].OwnerID != "000000000000" {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
		status, text = b.get("/interfaces/eni-22222222222222222")
		mustHave(t, status, 200, text, `href="/sessions/new?networkInterfaceId=eni-22222222222222222&amp;ownerId=111111111111"`)
		if status, text = b.get("/rules/new"); strings.Contains(text, "field-ownerId") {
			t.Errorf("a rule is its filter's: %d", status)
		}
	}
	ann := w.user("ann")
	if _, text := ann.get("/targets/new?ownerId=222222222222"); strings.Contains(text, "ownerId") {
		t.Error("a user of an account chooses among others")
	}
	at := ann.made("/targets/new", "name", "anns", "ownerId", "222222222222", "type", "address", "target", "192.0.2.12")
	if one, err := w.client.Targets().Get(ctx, strings.TrimPrefix(at, "/targets/")); err != nil || one.OwnerID != "111111111111" {
		t.Errorf("%+v, %v", one, err)
	}
}

// TestOneAccount: where there is one account, there is nothing to choose.
func TestOneAccount(t *testing.T) {
	directory, err := iam.ParseDirectory("iam.toml", []byte("[[account]]\nid = \"000000000000\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldWith(t, directory)
	if status, text := w.admin().get("/targets/new"); status != 200 || strings.Contains(text, "ownerId") {
		t.Errorf("%d %s", status, text)
	}
}

// TestGuideForAnotherAccount makes a session where its source is, with a target and a filter of the same
// account.
func TestGuideForAnotherAccount(t *testing.T) {
	w := newWorld(t)
	w.apply(theirSource)
	b := w.admin()
	review, text := b.walk([]string{"way", "choose", "choice", "eni-22222222222222222", "do", "save"}, newTarget, newFilter, settings("s1", "1"))
	onStep(t, text, "review", "Account, of all that is made", "111111111111")
	b.follow(review, "do", "create")
	ctx := server.WithCaller(t.Context(), adminCaller)
	all, err := w.client.Sessions().List(ctx)
	if err != nil || len(all) != 1 || all[0].OwnerID != "111111111111" {
		t.Fatalf("%+v, %v", all, err)
	}
	target, err := w.client.Targets().Get(ctx, all[0].TrafficMirrorTargetID)
	if err != nil || target.OwnerID != "111111111111" {
		t.Errorf("%+v, %v", target, err)
	}
}
