package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/server"
)

const someTargets = `[[interface]]
name = "web-1"
id = "eni-11111111111111111"
port = "wire0"
mac = "02:00:00:00:00:01"
[[interface]]
name = "ids-1"
addresses = ["192.0.2.30"]
[[target]]
name = "ids"
id = "tmt-11111111111111111"
address = "192.0.2.10"
tags = { team = "red" }
[[filter]]
name = "web"
id = "tmf-11111111111111111"
[[filter.rule]]
id = "tmfr-11111111111111111"
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
destination_ports = "80-443"
[[load_balancer]]
name = "sensors"
id = "nlb-11111111111111111"
listeners = [{ protocol = "udp", port = 4789 }]
health = { protocol = "icmp" }
[[load_balancer.member]]
address = "192.0.2.21"
weight = 0
[[target]]
name = "pool"
load_balancer = "sensors"
[[share]]
name = "gift"
id = "11111111-1111-4111-8111-111111111111"
targets = ["ids"]
[[share.principal]]
id = "222222222222"
[[session]]
name = "s1"
id = "tms-11111111111111111"
source = "web-1"
target = "ids"
filter = "web"
number = 1
`

// mustHave checks the status of an answer and texts in it.
func mustHave(t *testing.T, status, want int, text string, all ...string) {
	t.Helper()
	if status != want {
		t.Errorf("status %d, want %d: %s", status, want, text)
	}
	for _, one := range all {
		if !strings.Contains(text, one) {
			t.Errorf("there is no %q in %s", one, text)
		}
	}
}

// hiddenOf reads a hidden input of a page.
func hiddenOf(t *testing.T, text, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("there is no hidden %s", name)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return strings.NewReplacer("&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#39;", "'", "&#43;", "+").Replace(value)
}

// TestTargetLife does what the guide's chapters about targets do.
func TestTargetLife(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	status, text := b.get("/targets/new")
	mustHave(t, status, 200, text, "<h1>Create traffic mirror target</h1>", `<label for="field-target">Target</label>`, `<option value="ids-1">`)
	once := hiddenOf(t, text, "once")

	status, text = b.post("/targets/new", "once", once, "name", "ids", "type", "address", "target", "nowhere", "mtu", "fast", "tagKey", "k", "tagValue", "v<b>", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `id="summary" role="alert"`, `href="#field-mtu"`, `aria-invalid="true"`, `value="fast"`, `value="nowhere"`, `value="v&lt;b&gt;"`)
	status, text = b.post("/targets/new", "once", once, "name", "ids", "type", "address", "target", "nowhere", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-target"`, `value="nowhere"`)
	status, text = b.post("/targets/new", "once", once, "name", "ids", "type", "address", "target", "192.0.2.77", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-name"`)
	status, text = b.post("/targets/new", "once", once, "name", "a", "type", "address", "target", "192.0.2.11", "do", "add-tag")
	mustHave(t, status, 200, text, `id="tag-key-0"`, `value="192.0.2.11"`)
	status, text = b.post("/targets/new", "once", once, "name", "a", "type", "address", "target", "192.0.2.11", "tagKey", "x", "tagValue", "1", "tagKey", "x", "tagValue", "2", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, "is there twice", `href="#tags"`)

	form := []string{"once", once, "name", "new", "description", "for me", "type", "network-interface", "target", "ids-1", "tagKey", "team", "tagValue", "blue", "do", "save"}
	status, to := b.post("/targets/new", form...)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/targets/tmt-") {
		t.Fatalf("created: %d %s", status, to)
	}
	if _, again := b.post("/targets/new", form...); again != to {
		t.Errorf("the same form made another one: %s", again)
	}
	status, text = b.get(to)
	mustHave(t, status, 200, text, "Created traffic mirror target new.", "<h1>new</h1>", "for me", `>ids-1</a>`, "<dt>team</dt><dd><span>blue</span>", "Modify</a>", "Manage tags</a>", "Delete</a>")
	if _, text = b.get(to); strings.Contains(text, "Created traffic") {
		t.Error("the message is told twice")
	}

	_, text = b.get(to + "/modify")
	status, after := b.post(to+"/modify", "was", hiddenOf(t, text, "was"), "revision", hiddenOf(t, text, "revision"), "name", "new", "description", "", "type", "network-interface", "target", "ids-1", "mtu", "1400", "do", "save")
	if status != http.StatusSeeOther || after != to {
		t.Fatalf("modified: %d %s", status, after)
	}
	status, text = b.get(to)
	mustHave(t, status, 200, text, "1,400 bytes")
	if strings.Contains(text, "for me") {
		t.Error("the description is still there")
	}

	_, text = b.get(to + "/tags")
	status, after = b.post(to+"/tags", "was", hiddenOf(t, text, "was"), "revision", hiddenOf(t, text, "revision"), "tagKey", "team", "tagValue", "green", "tagKey", "", "tagValue", "", "do", "save")
	if status != http.StatusSeeOther {
		t.Fatalf("tags: %d %s", status, after)
	}
	_, text = b.get(to)
	mustHave(t, 200, 200, text, "<dd><span>green</span>")

	_, text = b.get(to + "/delete")
	mustHave(t, 200, 200, text, "To confirm, enter")
	status, text = b.post(to+"/delete", "confirm", "yes")
	mustHave(t, status, http.StatusUnprocessableEntity, text, "Enter the word delete")
	if status, after = b.post(to+"/delete", "confirm", "delete"); status != http.StatusSeeOther || after != "/targets" {
		t.Errorf("deleted: %d %s", status, after)
	}
	if status, _ = b.get(to); status != http.StatusNotFound {
		t.Errorf("it is still there: %d", status)
	}
	status, text = b.post("/targets/tmt-11111111111111111/delete", "confirm", "delete")
	mustHave(t, status, http.StatusUnprocessableEntity, text, "s1") // it is in use
}

func TestTargetList(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	status, text := b.get("/targets")
	mustHave(t, status, 200, text, `<a href="/targets/tmt-11111111111111111">ids</a>`, "1–2 of 2", "Create traffic mirror target</a>", `href="/targets?sort=name"`)
	status, text = b.get("/targets?q=zebra&sort=-name")
	mustHave(t, status, 200, text, "No traffic mirror targets have all of these words.", `value="zebra"`, `aria-current="page"`)
	status, text = b.get("/targets?sort=nonsense")
	mustHave(t, status, 400, text, "cannot be sorted")
	status, text = b.get("/targets/tmt-11111111111111111")
	mustHave(t, status, 200, text, `<a href="/sessions/tms-`, ">s1</a>", ">web-1</a>")
}

// TestConflict: what somebody else has changed is shown and not overwritten; what has nothing to do
// with it does not matter.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	ann, bob := w.admin(), w.admin()
	const path = "/targets/tmt-11111111111111111"
	ctx := server.WithCaller(t.Context(), adminCaller)
	_, text := ann.get(path + "/modify")
	was, revision := hiddenOf(t, text, "was"), hiddenOf(t, text, "revision")
	if _, err := w.client.Interfaces().Modify(ctx, "web-1", map[string]any{"description": "something else"}); err != nil {
		t.Fatal(err)
	}
	form := func(was, revision, description, mtu string) []string {
		return []string{"was", was, "revision", revision, "name", "ids", "description", description, "type", "address", "target", "192.0.2.10", "mtu", mtu, "do", "save"}
	}
	if status, to := ann.post(path+"/modify", form(was, revision, "ann's", "")...); status != http.StatusSeeOther {
		t.Fatalf("a change of something else is in the way: %d %s", status, to)
	}
	_, text = bob.get(path + "/modify")
	was, revision = hiddenOf(t, text, "was"), hiddenOf(t, text, "revision")
	_, text = ann.get(path + "/modify")
	if status, to := ann.post(path+"/modify", form(hiddenOf(t, text, "was"), hiddenOf(t, text, "revision"), "ann's second", "1500")...); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, to)
	}
	status, text := bob.post(path+"/modify", form(was, revision, "bob's", "")...)
	mustHave(t, status, http.StatusConflict, text, "Somebody else has changed this meanwhile", "It was changed by local uid 0, ", " s ago.", "ann&#39;s second", "both changed it", `value="bob&#39;s"`, `name="mtu" type="text" value="1500"`)
	target, err := w.client.Targets().Get(ctx, "ids")
	if err != nil || target.Description != "ann's second" {
		t.Fatalf("%+v, %v", target, err)
	}
	if status, to := bob.post(path+"/modify", form(hiddenOf(t, text, "was"), hiddenOf(t, text, "revision"), "bob's", "1500")...); status != http.StatusSeeOther {
		t.Fatalf("the second time: %d %s", status, to)
	}
	if target, _ = w.client.Targets().Get(ctx, "ids"); target.Description != "bob's" || target.MTU != 1500 {
		t.Errorf("%+v", target)
	}
	status, text = bob.get(path)
	mustHave(t, status, 200, text, `id="changes"`, "local uid 0", "<span>console</span>", "<span>changed: description</span>", "<span>changed: description, mtu</span>", "<span>created</span>")
}

func TestTagConflict(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	const path = "/targets/tmt-11111111111111111/tags"
	_, text := b.get(path)
	was, revision := hiddenOf(t, text, "was"), hiddenOf(t, text, "revision")
	ctx := server.WithCaller(t.Context(), adminCaller)
	if _, err := w.client.ReplaceTags(ctx, "tmt-11111111111111111", map[string]string{"team": "blue", "cost": "7"}); err != nil {
		t.Fatal(err)
	}
	status, text := b.post(path, "was", was, "revision", revision, "tagKey", "team", "tagValue", "red", "tagKey", "mine", "tagValue", "1", "do", "save")
	mustHave(t, status, http.StatusConflict, text, "Somebody else", `value="blue"`, `value="cost"`, `value="mine"`)
	tags, err := w.client.Tags(ctx, "tmt-11111111111111111")
	if err != nil || len(tags) != 2 || tags["team"] != "blue" {
		t.Errorf("%v, %v", tags, err)
	}
}

// TestOneTarget: a user whose policy allows one target sees and can do exactly that.
func TestOneTarget(t *testing.T) {
	w := newWorld(t)
	w.apply(`[[target]]
name = "ids"
account = "111111111111"
id = "tmt-11111111111111111"
address = "192.0.2.10"
[[target]]
name = "other"
account = "111111111111"
id = "tmt-22222222222222222"
address = "192.0.2.11"
[[target]]
name = "foreign"
id = "tmt-33333333333333333"
address = "192.0.2.12"
`)
	b := w.user("ian")
	status, text := b.get("/targets")
	mustHave(t, status, 200, text, ">ids</a>", ">other</a>")
	for _, absent := range []string{"foreign", "Create traffic mirror target", `href="/filters"`, `href="/sessions"`} {
		if strings.Contains(text, absent) {
			t.Errorf("there is %q", absent)
		}
	}
	status, text = b.get("/targets/tmt-11111111111111111")
	mustHave(t, status, 200, text, "Modify</a>", "Manage tags</a>")
	if strings.Contains(text, "Delete</a>") {
		t.Error("Delete is offered")
	}
	status, text = b.get("/targets/tmt-22222222222222222")
	mustHave(t, status, 200, text, "other")
	if strings.Contains(text, "Modify</a>") || strings.Contains(text, "Manage tags</a>") {
		t.Error("changes of another target are offered")
	}
	for path, want := range map[string]int{"/targets/tmt-33333333333333333": 404, "/targets/new": 403, "/targets/tmt-22222222222222222/modify": 403,
		"/targets/tmt-22222222222222222/tags": 403, "/targets/tmt-11111111111111111/delete": 403, "/targets/tmt-11111111111111111/modify": 200} {
		if status, text := b.get(path); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	_, text = b.get("/targets/tmt-11111111111111111/modify")
	form := []string{"was", hiddenOf(t, text, "was"), "revision", hiddenOf(t, text, "revision"), "name", "ids", "description", "ian's", "type", "address", "target", "192.0.2.10"}
	if status, to := b.post("/targets/tmt-11111111111111111/modify", form...); status != http.StatusSeeOther {
		t.Errorf("his own: %d %s", status, to)
	}
	for path, want := range map[string]int{"/targets/tmt-22222222222222222/modify": 403, "/targets/tmt-22222222222222222/delete": 403, "/targets/tmt-33333333333333333/modify": 404} {
		if status, text := b.post(path, append(form, "confirm", "delete")...); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	records := w.records()
	last := records[len(records)-1]
	if last.Door != "console" || last.Identity.User != "ian" || last.Action != "patchTargetsRef" || last.SourceIP != "127.0.0.1" {
		t.Errorf("the audit log has %+v", last)
	}
}
