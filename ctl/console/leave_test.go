package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// aPage is as much of a browser as live.js takes: a page about a target, whose stream the test feeds.
const aPage = `
const element = () => ({dataset: {}, hidden: true, parts: [], textContent: '', setAttribute() {}, toggleAttribute() {}, hasAttribute: () => false,
  replaceChildren(...parts) { this.parts = parts; }, querySelector(tag) { return this.parts.find((part) => part.tag === tag) ?? null; }});
const notice = element(), place = element(), watch = {dataset: {watch: 'tmt-1'}};
const sources = [];
let answer = 200;
globalThis.document = {hidden: false, addEventListener() {}, createElement: (tag) => ({...element(), tag}),
  body: {dataset: {events: '/events', since: 'abc.5'}, querySelectorAll: (all) => (all === '[data-watch]' ? [watch] : []),
    querySelector: (one) => ({'[data-notice]': notice, '[data-connection]': place})[one] ?? null}};
const heard = {};
globalThis.addEventListener = (name, take) => { heard[name] = take; };
const later = []; // what waits for its time
globalThis.setTimeout = (f) => later.push(f);
globalThis.setInterval = () => 1;
globalThis.CSS = {escape: (text) => text};
globalThis.location = {href: 'http://gw/targets/tmt-1?q=a+b', pathname: '/targets/tmt-1', search: '?q=a+b'};
globalThis.fetch = async () => ({status: answer});
globalThis.EventSource = class {
  static CLOSED = 2;
  constructor(address) { this.address = address; this.on = {}; this.readyState = 1; sources.push(this); }
  addEventListener(name, take) { this.on[name] = take; }
  close() { this.readyState = 2; }
  tell(name, data) { this.on[name]({lastEventId: '', data: JSON.stringify(data)}); }
};
const said = () => ({text: notice.parts.map((part) => part.textContent ?? part).join(''), link: notice.parts.at(-1)?.href ?? '', hidden: notice.hidden, connection: place.textContent});
const settle = () => new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
const told = [];
await import(%LIVE%);
const now = Date.now() + 3600e3; // the gateway's clock is an hour ahead
sources[0].tell('hello', {instance: 'abc', revision: 5, started: 0, now});
told.push(said());
sources[0].tell('change', {revision: 6, changes: [{revision: 6, action: 'modify', kind: 'target', id: 'tmt-2', name: 'other', by: 'eve', time: now}]});
told.push(said());
sources[0].tell('change', {revision: 7, changes: [{revision: 7, action: 'modify', kind: 'target', id: 'tmt-1', name: 'ids', by: 'alice', time: now - 12500}]});
told.push(said());
sources[0].tell('change', {revision: 8, changes: [{revision: 8, action: 'delete', kind: 'target', id: 'tmt-1', name: 'ids', time: now}]});
told.push(said());
answer = 401; // the gateway was restarted: the browser gets a 401 and gives up
sources[0].readyState = 2;
sources[0].on.error();
await settle();
told.push(said());
const tries = sources.length;
document.hidden = false;
answer = 200; // somebody has logged in in another window
later.pop()();
await settle();
later.pop()();
sources.at(-1).tell('hello', {instance: 'abc', revision: 8, started: 0, now});
told.push(said());
sources.at(-1).tell('bye', {reason: 'elsewhere'}); // the browser has too many windows that move
told.push(said());
const open = () => sources.filter((source) => source.readyState === 1).length;
const rested = open();
heard.focus();
sources.at(-1).tell('hello', {instance: 'abc', revision: 8, started: 0, now});
told.push(said());
heard.focus(); // a page that is live stays as it is
const woken = open();
console.log(JSON.stringify({told, tries, rested, woken, addresses: sources.map((source) => source.address)}));
`

type said struct {
	Text, Link, Connection string
	Hidden                 bool
}

// TestPageIsToldAndLeft has node run the script of a page that is open: it says who has changed what it
// shows and when, and after a restart, which ends log-ins, it says so and leads back by the log-in.
func TestPageIsToldAndLeft(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs node, which runs the page's script")
	}
	script, err := filepath.Abs("assets/live.js")
	if err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal("file://" + script)
	out, err := exec.Command(node, "--input-type=module", "-e", strings.Replace(aPage, "%LIVE%", string(quoted), 1)).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var got struct {
		Told      []said
		Tries     int
		Rested    int
		Woken     int
		Addresses []string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const here = "/targets/tmt-1?q=a+b"
	const login = "/login?next=%2Ftargets%2Ftmt-1%3Fq%3Da%2Bb"
	want := []said{
		{"", "", "Live", true},
		{"", "", "Live", true}, // it does not concern this page
		{"ids was changed since this page was loaded (by alice, 12 s ago). Load it again", here, "Live", false},
		{"ids was deleted since this page was loaded. Load it again", here, "Live", false},
		{"You are no longer logged in, and nothing on this page moves any more: the gateway was restarted, or the log-in has ended. Log in", login, "Logged out", false},
		{"You are logged in again, and this page is from before. Load it again", here, "Live", false},
		{"You are logged in again, and this page is from before. Load it again", here, "Paused for newer windows", false},
		{"You are logged in again, and this page is from before. Load it again", here, "Live", false},
	}
	for i := range want {
		if i >= len(got.Told) || got.Told[i] != want[i] {
			t.Fatalf("step %d: %+v, want %+v", i, got.Told, want[i])
		}
	}
	if got.Tries != 1 || got.Addresses[0] != "/events?since=abc.5" {
		t.Errorf("%d streams were opened: %q; nobody who is logged out opens one", got.Tries, got.Addresses)
	}
	if got.Rested != 0 || got.Woken != 1 {
		t.Errorf("a page that rests has %d streams, one that was come back to %d", got.Rested, got.Woken)
	}
	u, err := url.Parse(login)
	if err != nil || u.Query().Get("next") != "/targets/tmt-1?q=a+b" {
		t.Errorf("%v, %v", u, err)
	}
}

// TestRestartEndsLogins: what was logged in before a restart is answered 401 by the stream and led to the
// log-in by pages, from where it gets back to the same page.
func TestRestartEndsLogins(t *testing.T) {
	before, after := newWorld(t), newWorld(t)
	old := before.admin()
	b := after.browser()
	b.cookie = old.cookie
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if answer, _ := b.send(httptest.NewRequest(method, "/events?since=abc.5", nil)); answer.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", method, answer.Code)
		}
	}
	const page = "/targets?q=a+b"
	status, to := b.get(page)
	if status != http.StatusSeeOther || to != "/login?next="+url.QueryEscape(page) {
		t.Fatalf("%d %s", status, to)
	}
	status, text := b.get(to)
	mustHave(t, status, 200, text, `<a href="/targets?q=a&#43;b">go back to where you were</a>`)
	if status, to = b.post("/login", "accessKeyId", "AKIAANN", "secretAccessKey", "ann's secret secret", "next", hiddenOf(t, text, "next")); status != http.StatusSeeOther || to != page {
		t.Errorf("the log-in leads to %d %s", status, to)
	}
	if status, to = b.get("/login?next=" + url.QueryEscape(page)); status != http.StatusSeeOther || to != page {
		t.Errorf("who has logged in meanwhile, by a one-time link perhaps, is led to %d %s", status, to)
	}
}
