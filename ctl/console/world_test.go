package console_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console"
	"mirrorgw/ctl/door"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

const gatewayTOML = `[eal]
lcores = "1"
[[port]]
name = "wire0"
device = "net_null0"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_null1"
peer = "wire0"
[[port]]
name = "tun0"
device = "net_null3"
role = "tunnel"
mtu = 9001
addresses = ["192.0.2.1/24"]
[quotas]
sessions_per_source = 10
rules_per_filter = 10000
`

// keys are access keys that a test changes.
type keys struct {
	mu  sync.Mutex
	all map[string]iam.Key
}

func (k *keys) Key(id string) (iam.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.all[id]
	return key, ok
}

func (k *keys) set(id, secret, account, user string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all[id] = iam.Key{ID: id, Secret: secret, Principal: iam.Principal{Account: account, User: user}}
}

func (k *keys) remove(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.all, id)
}

const directoryTOML = `
[[policy]]
name = "one-target"
document = '''{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "ec2:DescribeTrafficMirrorTargets", "Resource": "*"},
 {"Effect": "Allow", "Action": ["mirrorgw:ModifyTrafficMirrorTarget", "ec2:CreateTags", "ec2:DeleteTags"], "Resource": "arn:aws:ec2:*:*:traffic-mirror-target/tmt-11111111111111111"}]}'''
[[policy]]
name = "sessions-only"
document = '''{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": ["ec2:Describe*", "ec2:CreateTrafficMirrorSession"], "Resource": "*"}]}'''
[[account]]
id = "111111111111"
[[account.user]]
name = "ann"
policies = ["AdministratorAccess"]
[[account.user]]
name = "ian"
policies = ["one-target"]
[[account.user]]
name = "sam"
policies = ["sessions-only"]
[[account.user]]
name = "nobody"
[[account]]
id = "222222222222"
[[account]]
id = "333333333333"
`

// world is a console over an API without a data path.
type world struct {
	t       *testing.T
	console *console.Server
	api     *server.Server
	store   *store.Store
	path    dataPath
	keys    *keys
	auditAt string
	audit   *audit.Log
	handler http.Handler
	client  *client.Client

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T, change ...func(*console.Options)) *world {
	t.Helper()
	directory, err := iam.ParseDirectory("iam.toml", []byte(directoryTOML))
	if err != nil {
		t.Fatal(err)
	}
	return newWorldWith(t, directory, change...)
}

func newWorldWith(t *testing.T, directory *iam.Directory, change ...func(*console.Options)) *world {
	t.Helper()
	cfg, err := config.Parse("gateway.toml", []byte(gatewayTOML))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, keys: &keys{all: map[string]iam.Key{}}, auditAt: filepath.Join(t.TempDir(), "audit.log"), now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	if w.store, err = store.Open(store.Options{Config: cfg, Publisher: &w.path}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	if err := w.store.Start(); err != nil {
		t.Fatal(err)
	}
	if w.audit, err = audit.Open(audit.Options{Path: w.auditAt, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.audit.Close() })
	w.api = server.New(server.Options{Store: w.store, Config: cfg, Version: "1.2.3", Directory: directory, Audit: w.audit, Explainer: &w.path,
		Status: func() ctl.Status {
			return ctl.Status{Ports: make([]ctl.PortStatus, 3), Lcores: []ctl.LcoreStatus{{Lcore: 1, CPU: 1}}}
		}})
	o := console.Options{API: w.api, Gateway: "gw-1", Version: "1.2.3", Listen: netip.MustParseAddrPort("127.0.0.1:8790"), URL: "http://127.0.0.1:8790",
		Names: []string{"gateway.example"}, Keys: w.keys, Audit: w.audit, Now: w.clock}
	for _, f := range change {
		f(&o)
	}
	w.console = console.New(o)
	w.handler = w.console.Handler()
	w.client = client.Over("test", w.api.Transport())
	w.keys.set("AKIAANN", "ann's secret secret", "111111111111", "ann")
	w.keys.set("AKIAIAN", "ian's secret secret", "111111111111", "ian")
	w.keys.set("AKIANOBODY", "nobody's secret secret", "111111111111", "nobody")
	return w
}

// browser is one that keeps a cookie.
type browser struct {
	*world
	cookie  *http.Cookie
	token   string // of the last page
	headers map[string]string
	from    string
}

func (w *world) browser() *browser { return &browser{world: w, from: "127.0.0.1:5000"} }

// send asks, and follows no redirect.
func (b *browser) send(r *http.Request) (*httptest.ResponseRecorder, string) {
	b.t.Helper()
	r.Host, r.RemoteAddr = "127.0.0.1:8790", b.from
	if r.Method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://127.0.0.1:8790")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.headers {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if host, ok := b.headers["Host"]; ok {
		r.Host = host
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	answer := httptest.NewRecorder()
	b.handler.ServeHTTP(answer, r)
	for _, c := range answer.Result().Cookies() {
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	text := answer.Body.String()
	if _, rest, ok := strings.Cut(text, `name="csrf" value="`); ok {
		b.token, _, _ = strings.Cut(rest, `"`)
	}
	return answer, text
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	answer, text := b.send(httptest.NewRequest(http.MethodGet, path, nil))
	if to := answer.Header().Get("Location"); to != "" {
		text = to
	}
	return answer.Code, text
}

// post sends a form with the token of the last page; the text is where to go, of a redirect.
func (b *browser) post(path string, pairs ...string) (int, string) {
	b.t.Helper()
	form := url.Values{"csrf": {b.token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	answer, text := b.send(httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode())))
	if to := answer.Header().Get("Location"); to != "" {
		text = to
	}
	return answer.Code, text
}

// admin is a browser with the log-in of a local administrator.
func (w *world) admin() *browser {
	w.t.Helper()
	return w.as(server.Caller{Role: server.Admin})
}

// as is a browser that a one-time link has logged in.
func (w *world) as(c server.Caller) *browser {
	w.t.Helper()
	link, _, err := w.console.Link(c)
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser()
	u, _ := url.Parse(link)
	b.get(u.RequestURI())
	if status, to := b.post("/enter", "link", u.Query().Get("link")); status != http.StatusSeeOther || to != "/" || b.cookie == nil {
		w.t.Fatalf("a link leads to %d %s", status, to)
	}
	b.get("/")
	return b
}

// user is a browser of a user of account 111111111111.
func (w *world) user(name string) *browser {
	return w.as(server.Caller{Principal: iam.Principal{Account: "111111111111", User: name}})
}

func (w *world) records() (all []audit.Record) {
	w.t.Helper()
	text, err := os.ReadFile(w.auditAt)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	for {
		var r audit.Record
		if err := decoder.Decode(&r); err == io.EOF {
			return all
		} else if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r)
	}
}

var adminCaller = &server.Caller{Role: server.Admin}

// apply makes the resources those of a document.
func (w *world) apply(document string) {
	w.t.Helper()
	if _, err := w.client.Apply(server.WithCaller(w.t.Context(), adminCaller), []byte(document), client.ApplyOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) revision() (revision uint64) {
	w.store.Read(func(v *store.View) { revision = v.Revision() })
	return revision
}

// withTLS has the console think that it listens with TLS.
func withTLS(o *console.Options) { o.Certificate = &door.Certificate{} }
