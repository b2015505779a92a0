package testbed

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/browser"
)

// revision is that of all resources: it tells whether anything has changed.
func (c *consoleGateway) revision(t *testing.T) uint64 {
	t.Helper()
	state, err := c.State(c.context())
	if err != nil {
		t.Fatal(err)
	}
	return state.Revision
}

// unchanged asserts that what f did changed nothing.
func (c *consoleGateway) unchanged(t *testing.T, what string, f func()) {
	t.Helper()
	before := c.revision(t)
	f()
	if after := c.revision(t); after != before {
		t.Errorf("%s changed something: the revision was %d and is %d", what, before, after)
	}
}

// TestConsoleOneTarget: a user whose policy allows to mirror to one target sees and can do exactly that.
func TestConsoleOneTarget(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	ian := c.loggedIn(t, b, ianKey)
	menu := linksOf(ian)
	for _, path := range []string{"/sessions", "/targets", "/filters", "/interfaces"} {
		if !slices.Contains(menu, path) {
			t.Errorf("ian may look at %s, and the menu has only %q", path, menu)
		}
	}
	// What he may not do he is not offered.
	for _, at := range []string{"/targets", "/targets/" + consoleTarget, "/filters", "/filters/" + consoleFilter, "/interfaces", "/interfaces/" + consoleWeb, "/sessions/" + consoleSession} {
		ian.Goto(at).Sees("ian")
		for _, link := range linksOf(ian) {
			if strings.HasPrefix(link, "/sessions/new") || strings.Contains(link, "session") && strings.HasSuffix(link, "/new") {
				continue
			}
			for _, way := range []string{"/new", "/modify", "/delete", "/tags"} {
				if path, _, _ := strings.Cut(link, "?"); strings.HasSuffix(path, way) {
					t.Errorf("%s offers ian %s", at, link)
				}
			}
		}
	}
	c.ianMakes(t, ian)
	for _, fault := range ian.Faults() {
		t.Error(fault)
	}
	maker := c.loggedIn(t, b, makerKey)
	for _, path := range []string{"/sessions", "/targets", "/filters", "/interfaces", "/load-balancers"} {
		if slices.Contains(linksOf(maker), path) {
			t.Errorf("maker may see nothing, and the menu has %s", path)
		}
		if text := maker.Expect("status of 403").Goto(path).Text(); strings.Contains(text, "web-1") || !strings.Contains(text, "may not") {
			t.Errorf("%s shows maker %q", path, text)
		}
		maker.Goto("/")
	}
}

// ianMakes a session to the one target, and none to another.
func (c *consoleGateway) ianMakes(t *testing.T, ian *browser.Page) {
	t.Helper()
	ian.Expect("status of 403").Expect("status of 422")
	sessions := func() int {
		all, err := c.Sessions().List(c.context())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := sessions()
	c.unchanged(t, "ian's session to another target", func() {
		ian.Goto("/sessions/new")
		fillSession(ian, "to-the-archive", "web-1", "archive", "web", "2")
		ian.Click("Create").Sees("There is a problem")
	})
	ian.Goto("/sessions/new")
	fillSession(ian, "ians-own", "web-1", "ids", "web", "3")
	ian.Click("Create").Sees("ians-own")
	if got := sessions(); got != before+1 {
		t.Errorf("there were %d sessions, and ian has made the %dth", before, got)
	}
}

// fillSession fills the form that creates a session.
func fillSession(p *browser.Page, name, source, target, filter, number string) {
	p.Fill("Name", name).Fill("Mirror source", source).Fill("Mirror target", target).Fill("Session number", number).Fill("Filter", filter)
}

// TestConsoleForgedForms: what a page does not offer is not to be had by posting either, whoever asks.
func TestConsoleForgedForms(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	ian, admin := c.visitor(t, ianKey), c.visitor(t, "")
	token := ian.token("/")
	paths := []string{"/targets/new", "/filters/new", "/interfaces/new"}
	for kind, id := range map[string]string{"targets": consoleTarget, "filters": consoleFilter, "interfaces": consoleWeb, "sessions": consoleSession} {
		for _, way := range []string{"modify", "tags", "delete"} {
			paths = append(paths, "/"+kind+"/"+id+"/"+way)
		}
	}
	values := url.Values{"csrf": {token}, "name": {"forged"}, "do": {"save"}, "confirm": {"delete"}, "type": {"address"}, "target": {"192.0.2.10"},
		"was": {"{}"}, "revision": {fmt.Sprint(c.revision(t))}, "tagKey": {"a"}, "tagValue": {"b"}}
	for _, path := range paths {
		c.unchanged(t, "ian's form to "+path, func() {
			if status, text := ian.post(path, "", values); status != http.StatusForbidden {
				t.Errorf("ian's form to %s is answered by %d: %.200s", path, status, text)
			}
		})
		if status, _ := ian.get(path); status != http.StatusForbidden {
			t.Errorf("ian gets %s with %d", path, status)
		}
	}
	for what, forged := range map[string]func() (int, string){
		"a form of another site": func() (int, string) {
			return admin.post("/targets/new", "http://192.0.2.1", with(values, "csrf", admin.token("/")))
		},
		"a form of another port": func() (int, string) {
			return admin.post("/targets/new", "http://127.0.0.1:1", with(values, "csrf", admin.token("/")))
		},
		"a form of a sandboxed frame": func() (int, string) {
			return admin.post("/targets/new", "null", with(values, "csrf", admin.token("/")))
		},
		"a form with another's token": func() (int, string) { return admin.post("/targets/new", "", values) },
		"a form without a token":      func() (int, string) { return admin.post("/targets/new", "", with(values, "csrf", "")) },
		"a form of nobody":            func() (int, string) { return (&form{t, c.base, http.DefaultClient}).post("/targets/new", "", values) },
		"a one-time link of another": func() (int, string) {
			return admin.post("/logout", "http://192.0.2.1", with(values, "csrf", admin.token("/")))
		},
		"a delete by GET": func() (int, string) {
			return admin.get("/targets/" + consoleOther + "/delete?do=save&confirm=delete&csrf=" + admin.token("/"))
		},
		"a form without a content type": func() (int, string) { return admin.post("/targets/new?name=x&do=save", "", url.Values{}) },
	} {
		c.unchanged(t, what, func() {
			if status, text := forged(); status == http.StatusSeeOther && what != "a form of nobody" || status >= 500 {
				t.Errorf("%s is answered by %d: %.200s", what, status, text)
			}
		})
	}
	if status, _ := admin.get("/targets"); status != http.StatusOK {
		t.Errorf("after all this the administrator gets %d", status)
	}
}

// with is a copy of a form with another value.
func with(values url.Values, name, value string) url.Values {
	other := url.Values{}
	for key, all := range values {
		other[key] = all
	}
	other.Set(name, value)
	return other
}

// TestConsoleForeignSite: a page of another origin on this machine, opened by an administrator who has logged in,
// posts, fetches and embeds; nothing changes, and it learns nothing.
func TestConsoleForeignSite(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	admin := c.admin(t, b)
	delete := c.base + "/targets/" + consoleOther + "/delete"
	page := fmt.Sprintf(`<!doctype html><html lang="en"><title>kittens</title><main><h1>Kittens</h1>
<form id="f" method="post" action="%[1]s"><input name="do" value="save"><input name="confirm" value="delete"><button>See more</button></form>
<iframe src="%[2]s/targets" title="t"></iframe><img alt="" src="%[1]s?do=save">
<script>window.learnt = [];
const tries = [fetch('%[1]s', {method: 'POST', credentials: 'include', mode: 'no-cors', body: new URLSearchParams({do: 'save', confirm: 'delete'})}),
 fetch('%[2]s/targets', {credentials: 'include'}).then(r => r.text()).then(t => learnt.push(t)),
 fetch('%[2]s/logout', {method: 'POST', credentials: 'include', mode: 'no-cors'})];
Promise.allSettled(tries).then(() => { window.tried = true })</script></main></html>`, delete, c.base)
	site := listenAnywhere(t)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	})}
	go func() { _ = server.Serve(site) }()
	t.Cleanup(func() { server.Close() })
	c.unchanged(t, "another site", func() {
		admin.Goto("http://" + site.Addr().String() + "/").Await("window.tried")
		var learnt []string
		if admin.Evaluate("learnt", &learnt); len(learnt) > 0 {
			t.Errorf("another site reads the console's pages: %.200s", learnt[0])
		}
		var framed string
		if admin.Evaluate("(() => { try { return document.querySelector('iframe').contentDocument.body.innerText } catch (e) { return '' } })()", &framed); strings.Contains(framed, "ids") {
			t.Errorf("another site shows the console in a frame: %.200s", framed)
		}
		if text := admin.Click("See more").Text(); !strings.Contains(text, "from another site") {
			t.Errorf("a form of another site is answered by %.200q", text)
		}
	})
	admin.Goto("/targets").Sees("archive")
	request, err := http.NewRequest(http.MethodGet, c.base+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "kittens.example:80"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a name that leads to this machine is answered by %d, want %d", response.StatusCode, http.StatusMisdirectedRequest)
	}
}

// scripts are texts that would run if a page took them for more than text.
var scripts = []string{
	`<script>window.pwned=1</script>`, `"><img src=x onerror=window.pwned=1>`, `'><svg onload=window.pwned=1>`, `</textarea></title></script><script>window.pwned=1</script>`,
	`javascript:window.pwned=1`, `{{.}}${window.pwned=1}`, `" autofocus onfocus=window.pwned=1 x="`, "`-window.pwned=1-`",
}

// TestConsoleScriptsStayText: whatever people write anywhere is text, also without the content-security policy.
func TestConsoleScriptsStayText(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	c.writeScripts(t)
	p := c.admin(t, b).BypassPolicy().Expect("status of 4")
	w := newWalk(t, p, "")
	w.enqueue("the beginning", "/")
	looked := 0
	for ; len(w.queue) > 0; looked++ {
		path := w.queue[0]
		w.queue = w.queue[1:]
		p.Goto(path)
		noScript(t, p, path)
		for _, link := range linksOf(p) {
			w.enqueue(path, link)
		}
	}
	if looked < 20 {
		t.Errorf("only %d pages were looked at", looked)
	}
	for _, script := range scripts {
		q := url.QueryEscape(script)
		for _, path := range []string{"/targets?q=" + q, "/sessions?sort=" + q, "/filters?page=" + q, "/login?next=" + q, "/enter?link=" + q, "/targets/new?name=" + q + "&target=" + q,
			"/targets/" + url.PathEscape(script), "/" + url.PathEscape(script), "/sessions/new?name=" + q, "/explain?frame=" + q + "&source=" + q, "/audit?q=" + q} {
			p.Goto(path)
			noScript(t, p, path)
		}
		p.Goto("/targets/new").Fill("Name", script).Fill("Description", script).Fill("Target", script).Fill("MTU", script).Click("Add tag").Fill("Key", script).Click("Create").Sees("There is a problem")
		noScript(t, p, "the form that comes back with "+script)
		if got := p.Value("Description"); got != script {
			t.Errorf("the form has %q where %q was written", got, script)
		}
	}
	p.Goto("/targets/" + consoleTarget).Sees(scripts[0])
}

// writeScripts puts a script into every text of a resource.
func (c *consoleGateway) writeScripts(t *testing.T) {
	t.Helper()
	ctx := c.context()
	tags := map[string]string{}
	for _, script := range scripts {
		tags[script] = script
	}
	for i, script := range scripts {
		name := fmt.Sprint("scripts-", i)
		if _, err := c.Targets().Create(ctx, api.TrafficMirrorTarget{Common: api.Common{Name: script}, IPAddress: "192.0.2.10"}); err == nil {
			t.Errorf("the name %q is taken", script)
		}
		common := api.Common{Name: name, Description: script, Tags: tags}
		_, err := c.Targets().Create(ctx, api.TrafficMirrorTarget{Common: common, IPAddress: "192.0.2.10"})
		made(t, err)
		rule := api.TrafficMirrorFilterRule{Description: script, TrafficDirection: "egress", RuleNumber: i + 1, RuleAction: "accept"}
		_, err = c.Filters().Create(ctx, api.TrafficMirrorFilter{Common: common, EgressFilterRules: []api.TrafficMirrorFilterRule{rule}})
		made(t, err)
		_, err = c.Interfaces().Create(ctx, api.NetworkInterface{Common: common})
		made(t, err)
	}
	for _, id := range []string{consoleTarget, consoleFilter, consoleWeb, consoleSession} {
		_, err := c.ReplaceTags(ctx, id, tags)
		made(t, err)
	}
}

// noScript asserts that nothing of what people wrote became part of the document.
func noScript(t *testing.T, p *browser.Page, where string) {
	t.Helper()
	var found string
	p.Evaluate(`(() => {
		if (window.pwned) return 'a script ran';
		const bad = document.querySelector('script:not([src]), img[src="x"], [onerror], [onload], [onfocus], [autofocus], a[href^="javascript:"], [src^="javascript:"], [action^="javascript:"]');
		return bad ? bad.outerHTML.slice(0, 200) : '';
	})()`, &found)
	if found != "" {
		t.Errorf("%s: %s", where, found)
	}
}
