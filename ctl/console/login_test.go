package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/console"
	"mirrorgw/ctl/server"
)

// login logs in with a key.
func (b *browser) login(id, secret string) (int, string) {
	b.get("/login")
	return b.post("/login", "accessKeyId", id, "secretAccessKey", secret, "next", "/targets?q=a")
}

func TestLoginWithKey(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for _, wrong := range [][2]string{{"AKIAANN", "wrong"}, {"AKIAANN", ""}, {"AKIANONE", "ann's secret secret"}, {"", ""}} {
		status, text := b.login(wrong[0], wrong[1])
		mustHave(t, status, http.StatusUnauthorized, text, "The access key ID or the secret access key is wrong.")
		if b.cookie != nil || strings.Contains(text, "ann&#39;s secret") {
			t.Errorf("%q: a cookie %v, or the secret in the page", wrong, b.cookie)
		}
	}
	if status, to := b.login("AKIAANN", " ann's secret secret "); status != http.StatusSeeOther || to != "/targets?q=a" {
		t.Fatalf("%d %s", status, to)
	}
	if c := b.cookie; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) < 43 {
		t.Errorf("cookie %+v", c)
	}
	status, text := b.get("/targets")
	mustHave(t, status, 200, text, "ann (account 111111111111)")
	first := b.cookie
	status, to := b.post("/logout")
	if status != http.StatusSeeOther || to != "/login" || b.cookie != nil {
		t.Errorf("log-out: %d %s", status, to)
	}
	b.cookie = first
	if status, _ := b.get("/targets"); status != http.StatusSeeOther {
		t.Errorf("the old cookie still works: %d", status)
	}
	var told []string
	for _, r := range w.records() {
		if r.Door != "console" || r.SourceIP != "127.0.0.1" {
			t.Errorf("%+v", r)
		}
		told = append(told, fmt.Sprint(r.Action, " ", r.Identity.Type, " ", r.Identity.AccessKey, " ", r.Status))
	}
	want := "consoleLogin Unknown AKIAANN 401|consoleLogin Unknown AKIAANN 401|consoleLogin Unknown AKIANONE 401|consoleLogin Unknown  401|consoleLogin IAMUser AKIAANN 200|consoleLogout IAMUser AKIAANN 200"
	if got := strings.Join(told, "|"); got != want {
		t.Errorf("the audit log has %s", got)
	}
}

// TestNext: a link to the log-in leads nowhere else.
func TestNext(t *testing.T) {
	w := newWorld(t)
	for next, want := range map[string]string{"/targets": "/targets", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "": "/",
		"javascript:alert(1)": "/", "targets": "/", "/targets?q=%22%3E": "/targets?q=%22%3E"} {
		b := w.browser()
		b.get("/login?" + url.Values{"next": {next}}.Encode())
		if status, to := b.post("/login", "accessKeyId", "AKIAANN", "secretAccessKey", "ann's secret secret", "next", next); status != http.StatusSeeOther || to != want {
			t.Errorf("%q leads to %d %s", next, status, to)
		}
	}
}

// TestKeyGoes: a log-in lasts as long as its key is there and has the same secret and user.
func TestKeyGoes(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(){
		"removed":      func() { w.keys.remove("AKIAANN") },
		"a new secret": func() { w.keys.set("AKIAANN", "another secret secret", "111111111111", "ann") },
		"another user": func() { w.keys.set("AKIAANN", "ann's secret secret", "111111111111", "ian") },
	} {
		w.keys.set("AKIAANN", "ann's secret secret", "111111111111", "ann")
		b := w.browser()
		b.login("AKIAANN", "ann's secret secret")
		if status, _ := b.get("/targets"); status != 200 {
			t.Fatalf("%s: %d", name, status)
		}
		change()
		if status, _ := b.get("/targets"); status != http.StatusSeeOther {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	w := newWorld(t, func(o *console.Options) { o.Idle, o.Life = 10*time.Minute, time.Hour })
	b := w.admin()
	for range 6 {
		w.pass(9 * time.Minute)
		if status, _ := b.get("/"); status != 200 {
			t.Fatalf("while it is used: %d", status)
		}
	}
	w.pass(7 * time.Minute)
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Errorf("after an hour: %d", status)
	}
	b = w.admin()
	w.pass(11 * time.Minute)
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Errorf("without use: %d", status)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	w := newWorld(t, func(o *console.Options) { o.Limits.Sessions, o.Limits.PerUser = 4, 2 })
	first := w.user("ann")
	w.pass(time.Second)
	second := w.user("ann")
	w.pass(time.Second)
	w.user("ann") // ends the first
	for i, b := range []*browser{first, second} {
		if status, _ := b.get("/"); (status == 200) != (i == 1) {
			t.Errorf("log-in %d: %d", i, status)
		}
	}
	w.pass(time.Second)
	other := w.admin()
	w.as(server.Caller{Role: server.Reader})
	w.user("ian") // ends the one that was not used for longest
	if status, _ := other.get("/"); status != 200 {
		t.Errorf("the young one: %d", status)
	}
}

func TestOneTimeLinks(t *testing.T) {
	w := newWorld(t)
	link, until, err := w.console.Link(server.Caller{Role: server.Reader, UID: 1000})
	if err != nil || !until.Equal(w.clock().Add(time.Minute)) || !strings.HasPrefix(link, "http://127.0.0.1:8790/enter?link=") {
		t.Fatalf("%s until %v, %v", link, until, err)
	}
	path := strings.TrimPrefix(link, "http://127.0.0.1:8790")
	text := strings.TrimPrefix(path, "/enter?link=")
	b := w.browser()
	status, page := b.get(path)
	mustHave(t, status, 200, page, "local reader (uid 1000)")
	if b.cookie != nil {
		t.Error("looking at a link logs in")
	}
	if status, _ := b.post("/enter", "link", text); status != http.StatusSeeOther || b.cookie == nil {
		t.Fatalf("%d", status)
	}
	if status, page = w.browser().post("/enter", "link", text); status != http.StatusGone {
		t.Errorf("a second time: %d %s", status, page)
	}
	status, page = b.get("/targets")
	mustHave(t, status, 200, page, "local reader (uid 1000)")
	if strings.Contains(page, "Create traffic") {
		t.Error("a reader is offered to create")
	}
	if status, _ = b.get("/targets/new"); status != http.StatusForbidden {
		t.Errorf("a reader creates: %d", status)
	}
	link, _, _ = w.console.Link(server.Caller{Role: server.Admin})
	w.pass(61 * time.Second)
	path = strings.TrimPrefix(link, "http://127.0.0.1:8790")
	if status, page = w.browser().get(path); status != http.StatusGone {
		t.Errorf("after a minute: %d %s", status, page)
	}
	if status, _ = w.browser().post("/enter", "link", strings.TrimPrefix(path, "/enter?link=")); status != http.StatusGone {
		t.Errorf("after a minute: %d", status)
	}
	for i := range 100 {
		if _, _, err = w.console.Link(server.Caller{}); err != nil {
			if i != 64 {
				t.Errorf("%d links", i)
			}
			break
		}
	}
	if err == nil {
		t.Error("links without end")
	}
}

// TestFailedLoginsAreLimited: by address and key, by address, and not for others more than needed.
func TestFailedLoginsAreLimited(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	tried := func(b *browser, id string) (failed int) {
		for ; failed < 200; failed++ {
			if status, _ := b.login(id, "wrong"); status == http.StatusTooManyRequests {
				return failed
			}
		}
		return failed
	}
	if n := tried(b, "AKIAANN"); n != 5 {
		t.Errorf("%d tries of one key from one address", n)
	}
	if status, _ := b.login("AKIAANN", "ann's secret secret"); status != http.StatusTooManyRequests {
		t.Errorf("the right secret then: %d", status)
	}
	if status, _ := b.login("AKIAIAN", "ian's secret secret"); status != http.StatusSeeOther {
		t.Errorf("another key from there: %d", status)
	}
	elsewhere := w.browser()
	elsewhere.from = "192.0.2.9:1"
	if status, _ := elsewhere.login("AKIAANN", "ann's secret secret"); status != http.StatusSeeOther {
		t.Errorf("the key from elsewhere: %d", status)
	}
	w.pass(time.Minute)
	if status, _ := w.browser().login("AKIAANN", "ann's secret secret"); status != http.StatusSeeOther {
		t.Errorf("after a minute: %d", status)
	}
	total := 0
	b = w.browser()
	for i := range 300 {
		if status, _ := b.login(fmt.Sprint("AKIA", i), "wrong"); status == http.StatusTooManyRequests {
			break
		}
		total++
	}
	if total != 100 {
		t.Errorf("%d tries of many keys from one address", total)
	}
}

// TestCookieUnderTLS: browsers themselves see to it that it is of this host.
func TestCookieUnderTLS(t *testing.T) {
	w := newWorld(t, withTLS)
	b := w.browser()
	if status, _ := b.login("AKIAANN", "ann's secret secret"); status != http.StatusSeeOther || b.cookie.Name != "__Host-mirrorgw" || !b.cookie.Secure {
		t.Errorf("%d, %+v", status, b.cookie)
	}
}

func TestNoKeys(t *testing.T) {
	w := newWorld(t, func(o *console.Options) { o.Keys = nil })
	status, text := w.browser().get("/login")
	mustHave(t, status, 200, text, "mirrorctl console", "no access keys")
	if status, _ := w.browser().post("/login", "accessKeyId", "a", "secretAccessKey", "b"); status != http.StatusForbidden {
		t.Errorf("%d", status)
	}
}

// TestEventsSlot: whoever feeds the pages that move is asked for those who are logged in, and told who
// they are; the stream ends with the log-in.
func TestEventsSlot(t *testing.T) {
	asked := make(chan *server.Caller, 1)
	ended := make(chan struct{})
	w := newWorld(t, func(o *console.Options) {
		o.Events = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- server.CallerOf(r.Context())
			<-r.Context().Done()
			close(ended)
		})
	})
	b := w.user("ann")
	r := httptest.NewRequest(http.MethodGet, "/events", nil)
	r.Host = "127.0.0.1:8790"
	r.AddCookie(b.cookie)
	go w.handler.ServeHTTP(httptest.NewRecorder(), r)
	if c := <-asked; c == nil || c.Principal.User != "ann" || c.Door != "console" {
		t.Errorf("%+v", c)
	}
	b.get("/")
	b.post("/logout")
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the stream goes on after the log-out")
	}
}
