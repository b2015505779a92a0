package console_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

// follow sends a form and asks for the page that it leads to.
func (b *browser) follow(path string, pairs ...string) (at, text string) {
	b.t.Helper()
	status, at := b.post(path, pairs...)
	if status != http.StatusSeeOther {
		b.t.Fatalf("%s: %d %s", path, status, at)
	}
	if status, text = b.get(at); status != http.StatusOK {
		b.t.Fatalf("%s leads to %s: %d %s", path, at, status, text)
	}
	return at, text
}

// actionOf is where the form of a page of the guide is sent to.
func actionOf(t *testing.T, text string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `<form class="sheet" method="post" action="`)
	if !ok {
		t.Fatalf("there is no form in %s", text)
	}
	action, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(action, "&amp;", "&")
}

// linkOf is where a link of a page leads to, by its text.
func linkOf(t *testing.T, text, label string) string {
	t.Helper()
	before, _, ok := strings.Cut(text, ">"+label+"</a>")
	if !ok {
		t.Fatalf("there is no link %q in %s", label, text)
	}
	before = before[strings.LastIndex(before, `href="`)+len(`href="`):]
	to, _, _ := strings.Cut(before, `"`)
	return strings.ReplaceAll(to, "&amp;", "&")
}

// Forms of the steps.
var (
	theSource = []string{"way", "choose", "choice", "eni-11111111111111111", "do", "save"}
	theTarget = []string{"way", "choose", "choice", "tmt-11111111111111111", "do", "save"}
	theFilter = []string{"way", "choose", "choice", "tmf-11111111111111111", "do", "save"}
	newTarget = []string{"way", "make", "name", "recorder", "type", "address", "target", "192.0.2.50", "mtu", "1500", "tagKey", "team", "tagValue", "blue", "do", "save"}
	newFilter = []string{"way", "make", "name", "dns-and-web", "amazonDns", "true", "ingressFilterRules.ruleNumber", "100", "ingressFilterRules.ruleAction", "accept", "ingressFilterRules.protocol", "tcp",
		"ingressFilterRules.sourcePorts", "", "ingressFilterRules.destinationPorts", "80-443", "ingressFilterRules.sourceCidrBlock", "", "ingressFilterRules.destinationCidrBlock", "10.0.0.0/16", "ingressFilterRules.description", "", "do", "save"}
)

func settings(name, number string, more ...string) []string {
	return append([]string{"name", name, "sessionNumber", number, "do", "save"}, more...)
}

func (w *world) sessionNames() (names []string) {
	w.t.Helper()
	all, err := w.client.Sessions().List(server.WithCaller(context.Background(), adminCaller))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range all {
		names = append(names, all[i].Name)
	}
	return names
}

// onStep checks which step a page is.
func onStep(t *testing.T, text, step string, has ...string) {
	t.Helper()
	checkPage(t, step, text)
	mustHave(t, 200, 200, text, append(has, `<li aria-current="step"`)...)
	if action := actionOf(t, text); !strings.HasSuffix(action, "step="+step) {
		t.Fatalf("the page is of %s, not of %s: %s", action, step, text)
	}
}

// TestGuideMakesAll goes the whole way, making the target and the filter.
func TestGuideMakesAll(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	before := w.revision()
	_, list := b.get("/sessions")
	_, text := b.get(linkOf(t, list, "Create with the guide"))
	onStep(t, text, "source", "Step 1 of 5", `value="eni-11111111111111111"`, "wire0 · 02:00:00:00:00:01", "It is on no port of this gateway")
	_, text = b.follow(actionOf(t, text), theSource...)
	onStep(t, text, "target", "Step 2 of 5", `value="tmt-11111111111111111"`, "IP address 192.0.2.10")
	status, text := b.get(linkOf(t, text, "Make a new target"))
	mustHave(t, status, 200, text, `for="field-mtu"`, "Choose one that is there")
	_, text = b.follow(actionOf(t, text), newTarget...)
	onStep(t, text, "filter", `value="tmf-11111111111111111"`, "1 inbound rule · 0 outbound rules")
	_, text = b.get(linkOf(t, text, "Make a new filter"))
	onStep(t, text, "filter", `name="ingressFilterRules.ruleNumber" type="text" value="100"`, `name="egressFilterRules.ruleNumber" type="text" value="100"`, "amazon-dns", "<h1>Make the filter</h1>")
	_, text = b.follow(actionOf(t, text), newFilter...)
	onStep(t, text, "settings", `name="sessionNumber" type="text" value="2"`, "The source already has: 1.")
	_, text = b.follow(actionOf(t, text), settings("of-the-guide", "2", "virtualNetworkId", "77", "packetLength", "128", "description", "the first", "tagKey", "k", "tagValue", "v")...)
	onStep(t, text, "review", "web-1", "192.0.2.50", "80-443", "10.0.0.0/16", "amazon-dns", "of-the-guide", "team = blue", "k = v", "It is made when you choose Create")
	if w.revision() != before {
		t.Error("something was made before the end")
	}
	review := actionOf(t, text)
	at, text := b.follow(review, "do", "create")
	mustHave(t, 200, 200, text, `role="status"><p class="flash success">Created traffic mirror session of-the-guide.</p>`, "Created traffic mirror target recorder for it.", "What to check now", `href="#status"`, "udp port 4789")
	one, err := w.client.Sessions().Get(server.WithCaller(t.Context(), adminCaller), "of-the-guide")
	if err != nil || one.VirtualNetworkID != 77 || one.PacketLength != 128 || one.SessionNumber != 2 || one.Tags["k"] != "v" || one.Description != "the first" || !strings.Contains(at, one.TrafficMirrorSessionID) {
		t.Errorf("%s: %+v, %v", at, one, err)
	}
	filter, err := w.client.Filters().Get(server.WithCaller(t.Context(), adminCaller), one.TrafficMirrorFilterID)
	if err != nil || filter.Name != "dns-and-web" || len(filter.IngressFilterRules) != 1 || len(filter.EgressFilterRules) != 0 || len(filter.NetworkServices) != 1 {
		t.Errorf("%+v, %v", filter, err)
	}
	after := w.revision()
	for range 2 { // the same form once more, and Back to it
		if status, again := b.post(review, "do", "create"); status != http.StatusSeeOther || again != at {
			t.Errorf("sent again: %d %s", status, again)
		}
		if status, again := b.get(review); status != http.StatusSeeOther || again != at {
			t.Errorf("looked at again: %d %s", status, again)
		}
	}
	if w.revision() != after {
		t.Error("sent again it made something")
	}
}

// walk goes through the steps with forms, and returns the address of the review.
func (b *browser) walk(forms ...[]string) (action, text string) {
	b.t.Helper()
	_, text = b.get("/sessions/guide")
	for _, form := range forms {
		_, text = b.follow(actionOf(b.t, text), form...)
	}
	return actionOf(b.t, text), text
}

// TestGuideWithExisting chooses what is there, by many ways to and fro.
func TestGuideWithExisting(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	review, text := b.walk(theSource, theTarget, theFilter, settings("second", "2"))
	onStep(t, text, "review", `<a href="/targets/tmt-11111111111111111"`, "It is there already")
	at, text := b.follow(review, "do", "back")
	onStep(t, text, "settings", `value="second"`)
	_, text = b.follow(at, "name", "half-typed", "sessionNumber", "", "do", "back")
	onStep(t, text, "filter", `value="tmf-11111111111111111" checked`)
	_, text = b.get(review) // a step is not done any more
	if !strings.HasSuffix(text, "step=settings") {
		t.Fatalf("the review leads to %s", text)
	}
	_, text = b.get(at)
	onStep(t, text, "settings", `value="half-typed"`)
	_, text = b.follow(at, settings("second", "2")...)
	source := linkOf(t, text, "Change the source")
	_, text = b.get(source)
	onStep(t, text, "source", `value="eni-11111111111111111" checked`)
	_, text = b.follow(source, theSource...)
	onStep(t, text, "review")
	b.follow(review, "do", "create")
	if names := w.sessionNames(); fmt.Sprint(names) != "[s1 second]" {
		t.Errorf("sessions %q", names)
	}
}

// TestGuideErrors: what the API refuses is at the field of its step, with what was typed.
func TestGuideErrors(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	before := w.revision()
	_, text := b.get("/sessions/guide")
	refused := func(path string, form []string, has ...string) {
		t.Helper()
		status, text := b.post(path, form...)
		mustHave(t, status, http.StatusUnprocessableEntity, text, append(has, `id="summary" role="alert"`)...)
		checkPage(t, path, text)
	}
	path := actionOf(t, text)
	refused(path, []string{"way", "choose", "do", "save"}, `href="#choice-`, "Choose a network interface.")
	refused(path, []string{"way", "choose", "choice", "eni-99999999999999999", "do", "save"}, `href="#choice-`, "eni-99999999999999999")
	path, _ = b.walk(theSource)
	refused(path, []string{"way", "choose", "do", "save"}, "Choose a target.")
	refused(path, []string{"way", "make", "name", "ids", "type", "address", "target", "192.0.2.50", "do", "save"}, `href="#field-name"`, `value="192.0.2.50"`)
	refused(path, []string{"way", "make", "name", "x", "type", "address", "target", "nowhere", "do", "save"}, `href="#field-target"`, `value="nowhere"`, `aria-invalid="true"`)
	refused(path, []string{"way", "make", "name", "x", "type", "address", "target", "192.0.2.50", "mtu", "fast", "do", "save"}, `href="#field-mtu"`, `value="fast"`)
	refused(path, []string{"way", "make", "name", "x", "type", "address", "target", "192.0.2.50", "tagKey", "a", "tagValue", "1", "tagKey", "a", "tagValue", "2", "do", "save"}, `href="#tags"`)
	refused(path, []string{"way", "make", "name", "x", "description", strings.Repeat("x", 40<<10), "do", "save"}, "longer than the guide keeps")
	path, _ = b.walk(theSource, theTarget)
	wrong := append([]string{}, newFilter...)
	wrong[3], wrong[len(wrong)-5] = "x", "10.0.0.0/99"
	refused(path, wrong, `href="#field-ingressFilterRules-destinationCidrBlock-0">Inbound rules, rule 1: Destination CIDR block &#34;10.0.0.0/99&#34; is not a CIDR block`, `value="10.0.0.0/99"`)
	status, text := b.post(path, append(newFilter[:len(newFilter)-2:len(newFilter)-2], "do", "add-egressFilterRules")...)
	mustHave(t, status, 200, text, `name="egressFilterRules.ruleNumber"`, `value="dns-and-web"`, `value="80-443"`)
	path, _ = b.walk(theSource, theTarget, theFilter)
	refused(path, settings("s1", "2"), `href="#field-name"`, `value="s1"`)
	refused(path, settings("new", "1"), `href="#field-sessionNumber"`)
	refused(path, settings("new", "99999999"), `href="#field-sessionNumber"`, `value="99999999"`)
	if w.revision() != before {
		t.Error("something was made")
	}
}

// TestGuideKeepsWhatWasMade: the target is made, the session refused; the page says so, and another try
// makes no second target.
func TestGuideKeepsWhatWasMade(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	review, _ := b.walk(theSource, newTarget, newFilter, settings("s1", "1"))
	_, text := b.follow(review, "do", "create")
	onStep(t, text, "settings", "The traffic mirror session was not made.", "traffic mirror target <a href=\"/targets/tmt-", ">recorder</a>", ">dns-and-web</a>", `href="#field-`, `value="s1"`)
	_, text = b.follow(actionOf(t, text), settings("better", "5")...)
	onStep(t, text, "review", "It is there already", "These were made on the way and stay")
	b.follow(review, "do", "create")
	if names := w.sessionNames(); fmt.Sprint(names) != "[s1 better]" {
		t.Errorf("sessions %q", names)
	}
	all, err := w.client.Targets().List(server.WithCaller(t.Context(), adminCaller))
	if err != nil || len(all) != 3 {
		t.Errorf("%d targets, %v", len(all), err)
	}

	// Somebody else takes the name of the target between its step and the end.
	review, _ = b.walk(theSource, []string{"way", "make", "name", "late", "type", "address", "target", "192.0.2.51", "do", "save"}, theFilter, settings("third", "7"))
	if _, err := w.client.Targets().Create(server.WithCaller(t.Context(), adminCaller), api.TrafficMirrorTarget{Common: api.Common{Name: "late"}, IPAddress: "192.0.2.52"}); err != nil {
		t.Fatal(err)
	}
	_, text = b.follow(review, "do", "create")
	onStep(t, text, "target", "The traffic mirror target was not made, and neither was the traffic mirror session.", `href="#field-name"`, `value="late"`)
	if strings.Contains(text, "These were made") {
		t.Error("it says that something was made")
	}
}

// TestGuideTwiceAtOnce: two of the same form at the same moment make one session.
func TestGuideTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	review, _ := b.walk(theSource, newTarget, newFilter, settings("once", "9"))
	var both sync.WaitGroup
	led := make([]string, 4)
	for i := range led {
		one := *b
		both.Add(1)
		go func() {
			defer both.Done()
			_, led[i] = one.post(review, "do", "create")
		}()
	}
	both.Wait()
	for _, to := range led {
		if !strings.HasPrefix(to, "/sessions/tms-") || to != led[0] {
			t.Errorf("led to %q", led)
		}
	}
	if names := w.sessionNames(); fmt.Sprint(names) != "[s1 once]" {
		t.Errorf("sessions %q", names)
	}
}

// TestGuideDrafts: drafts are bounded, those of another log-in are not there, and one that is gone is told of.
func TestGuideDrafts(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	first, _ := b.walk(theSource)
	for range 4 {
		b.walk(theSource)
	}
	for _, visitor := range []*browser{b, w.admin()} {
		if status, to := visitor.get(first); status != http.StatusSeeOther || to != "/sessions/guide" {
			t.Errorf("a draft that is gone: %d %s", status, to)
		}
		_, text := visitor.get("/sessions/guide")
		mustHave(t, 200, 200, text, "is not kept any more")
		if status, to := visitor.post(first, theTarget...); status != http.StatusSeeOther || to != "/sessions/guide" {
			t.Errorf("a draft that is gone: %d %s", status, to)
		}
	}
}

// TestGuideWho: making on the way is offered to those who may, and the guide to those who may make a session.
func TestGuideWho(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	if status, _ := w.user("ian").get("/sessions/guide"); status != http.StatusForbidden {
		t.Errorf("who may not: %d", status)
	}
	made, err := w.client.Interfaces().Create(server.WithCaller(t.Context(), adminCaller), api.NetworkInterface{Common: api.Common{Name: "of-sam", OwnerID: "111111111111"}, Port: "wire0", MACAddress: "02:00:00:00:00:09"})
	if err != nil {
		t.Fatal(err)
	}
	b := w.user("sam") // may make sessions, and neither targets nor filters
	_, text := b.get("/sessions/guide")
	onStep(t, text, "source")
	path, text := b.walk([]string{"way", "choose", "choice", made.Resource.NetworkInterfaceID, "do", "save"})
	onStep(t, text, "target")
	if strings.Contains(text, "Make a new target") {
		t.Error("a user who may not make targets is offered to")
	}
	if _, text = b.get(path + "&way=make"); strings.Contains(text, "field-mtu") {
		t.Error("the form is there nevertheless")
	}
	before := w.revision()
	status, text := b.post(path, newTarget...)
	mustHave(t, status, http.StatusUnprocessableEntity, text, "Choose a target.")
	if w.revision() != before {
		t.Error("something was made")
	}
}

// TestGuideSearch finds a source among many.
func TestGuideSearch(t *testing.T) {
	w := newWorld(t)
	var document strings.Builder
	document.WriteString(someTargets)
	for i := range 60 {
		fmt.Fprintf(&document, "[[interface]]\nname = \"host-%d\"\nport = \"wire0\"\nmac = \"02:00:00:00:01:%02x\"\n", i, i)
	}
	w.apply(document.String())
	b := w.admin()
	_, text := b.get("/sessions/guide")
	mustHave(t, 200, 200, text, "1–20 of 62", "Next page")
	_, text = b.get(linkOf(t, text, "Next page"))
	mustHave(t, 200, 200, text, "21–40 of 62", "Previous page")
	_, text = b.get("/sessions/guide?draft=" + strings.Repeat("a", 22) + "&step=source&q=01:2f")
	mustHave(t, 200, 200, text, "host-47", "1–1 of 1", `name="q" type="search" value="01:2f"`)
	action, _ := b.walk(theSource)
	_, text = b.get(strings.Replace(action, "step=target", "step=source", 1) + "&q=host-47")
	mustHave(t, 200, 200, text, `value="eni-11111111111111111" checked`, "host-47") // what was chosen stays on top
	_, text = b.get("/sessions/guide?q=nothing-like-it")
	mustHave(t, 200, 200, text, "No network interfaces have all of these words.")
}

// TestGuideStart: the overview leads to the guide while there is no session.
func TestGuideStart(t *testing.T) {
	w := newWorld(t)
	b := w.admin()
	_, text := b.get("/")
	status, text := b.get(linkOf(t, text, "Create the first session"))
	mustHave(t, status, 200, text, "There are no network interfaces yet.")
	w.apply(someTargets)
	if _, text = b.get("/"); strings.Contains(text, "Create the first session") {
		t.Error("there is a session already")
	}
}

// TestGuideScripts: what is typed into the guide stays text on each of its pages.
func TestGuideScripts(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	for i, text := range scriptAttempts {
		filter := append([]string{"description", text, "tagKey", "k", "tagValue", text}, newFilter...)
		review, page := b.walk(theSource,
			[]string{"way", "make", "name", fmt.Sprint("t", i), "description", text, "type", "address", "target", "192.0.2.50", "tagKey", "k", "tagValue", text, "do", "save"},
			filter, settings(fmt.Sprint("x", i), "99", "description", text))
		stays(t, review, page, text)
		_, page = b.get(review + "&q=" + "x")
		stays(t, review, page, text)
		for _, bad := range [][]string{{"way", "make", "name", text, "type", text, "target", text, "do", "save"}, {"way", text, "choice", text, "do", "save"}} {
			path, _ := b.walk(theSource)
			_, page = b.post(path, bad...)
			stays(t, path, page, text)
		}
	}
}
