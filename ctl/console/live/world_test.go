package live

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

const gateway = `
[eal]
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
device = "net_null2"
role = "tunnel"
addresses = ["192.0.2.1/24"]
`

// other is an account that sees its own only.
const other = "111111111111"

const resources = `
[[interface]]
id = "eni-00000000000000001"
name = "web-1"
port = "wire0"
mac = "02:00:00:00:00:01"
[[interface]]
id = "eni-00000000000000002"
name = "theirs"
port = "wire0"
mac = "02:00:00:00:00:02"
account = "111111111111"
[[target]]
id = "tmt-00000000000000001"
name = "ids"
address = "192.0.2.9"
[[target]]
id = "tmt-00000000000000002"
name = "their-ids"
address = "192.0.2.8"
account = "111111111111"
[[filter]]
id = "tmf-00000000000000001"
name = "all"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
[[filter]]
id = "tmf-00000000000000002"
name = "their-all"
account = "111111111111"
[[session]]
id = "tms-00000000000000001"
name = "one"
source = "web-1"
target = "ids"
filter = "all"
number = 1
[[session]]
id = "tms-00000000000000002"
name = "two"
source = "theirs"
target = "their-ids"
filter = "their-all"
number = 1
account = "111111111111"
`

const (
	sessionOne = "tms-00000000000000001"
	sessionTwo = "tms-00000000000000002"
)

// world is a gateway without a data path, and a clock that the test moves.
type world struct {
	t      *testing.T
	store  *store.Store
	hub    *Hub
	server *httptest.Server

	mu      sync.Mutex
	status  ctl.Status
	frames  int64 // that wire0 has received
	matched int64 // by each session
	skipped report.Counts
	dropped report.Counts
	laws    report.Laws

	clock *clock
}

// clock waits as long as a test wants.
type clock struct {
	mu      sync.Mutex
	wall    time.Time
	running time.Duration
	waits   chan time.Duration
	wake    chan struct{}
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newClock() *clock {
	return &clock{wall: noon, waits: make(chan time.Duration), wake: make(chan struct{})}
}

func (c *clock) Now() (time.Time, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall, c.running
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.running = c.wall.Add(d), c.running+d
}

func (c *clock) Wait(ctx context.Context, d time.Duration) bool {
	select {
	case c.waits <- d:
	case <-ctx.Done():
		return false
	}
	select {
	case <-c.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

func newWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	cfg, err := config.Parse("gateway.toml", []byte(gateway))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(store.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: s, clock: newClock(), skipped: report.Counts{}, dropped: report.Counts{}}
	w.status = ctl.Status{Forwarding: true, Generation: 3, Ports: []ctl.PortStatus{{LinkUp: true}, {LinkUp: true}, {LinkUp: true}},
		Lcores: []ctl.LcoreStatus{{Lcore: 1, CPU: 1, Role: ctl.RoleWorker, Congestion: ctl.Congestion{State: ctl.Calm}}}}
	w.apply(resources)
	o := Options{Store: s, Config: cfg, Status: w.now, Report: w.report, Clock: w.clock, Interval: time.Second}
	if change != nil {
		change(&o)
	}
	w.hub = New(o)
	t.Cleanup(w.hub.Close)
	return w
}

func (w *world) apply(text string) {
	w.t.Helper()
	doc, err := ctl.ParseDocument("resources.toml", []byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.store.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return tx.Reconcile(doc, true) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() ctl.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Lcores = append([]ctl.LcoreStatus(nil), s.Lcores...)
	s.Ports = append([]ctl.PortStatus(nil), s.Ports...)
	return s
}

func clone(c report.Counts) report.Counts {
	n := report.Counts{}
	for k, v := range c {
		n[k] = v
	}
	return n
}

func (w *world) report(kinds report.Kinds) *report.Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := report.New()
	r.Laws = w.laws
	if kinds.Has(report.Ports) {
		r.Ports["wire0"] = report.Port{Role: "wire", Peer: "wire1", RxPackets: w.frames, RxBytes: 100 * w.frames, Dropped: clone(w.dropped)}
		r.Ports["wire1"] = report.Port{Role: "wire", Peer: "wire0", TxPackets: w.frames, TxBytes: 100 * w.frames}
		r.Ports["tun0"] = report.Port{Role: "tunnel", TxPackets: w.matched, CopiesPackets: w.matched, CopiesBytes: 150 * w.matched}
	}
	if kinds.Has(report.Sessions) {
		for name, id := range map[string]string{"one": sessionOne, "two": sessionTwo} {
			s := report.Session{ID: id, Owner: ctl.DefaultAccount, Source: "web-1", Target: "ids", Filter: "all"}
			if name == "two" {
				s.Owner, s.Source, s.Target, s.Filter = other, "theirs", "their-ids", "their-all"
			}
			s.Ingress = report.Direction{MatchedPackets: w.matched, MirroredPackets: w.matched - w.skipped.Sum(), MirroredBytes: 100 * (w.matched - w.skipped.Sum()), Skipped: clone(w.skipped)}
			r.Sessions[name] = s
		}
	}
	if kinds.Has(report.Sources) {
		r.Sources["web-1"] = report.Source{ID: "eni-00000000000000001", Ingress: report.Traffic{Seen: 2 * w.matched, Matched: w.matched, Missed: w.matched}}
	}
	if kinds.Has(report.Rules) {
		r.Rules["all"] = map[string]int64{"ingress 100": w.matched}
	}
	return r
}

// count lets traffic and time pass, and lcores poll.
func (w *world) count(frames, matched int64, d time.Duration) {
	w.mu.Lock()
	w.frames, w.matched = w.frames+frames, w.matched+matched
	for i := range w.status.Lcores {
		w.status.Lcores[i].Heartbeat++
	}
	w.mu.Unlock()
	w.clock.pass(d)
}

// second lets a second with traffic pass, at the end of which the hub looks.
func (w *world) second(frames, matched int64) {
	w.t.Helper()
	select {
	case <-w.clock.waits:
	case <-time.After(10 * time.Second):
		w.t.Fatal("the hub does not look")
	}
	w.count(frames, matched, time.Second)
	w.clock.wake <- struct{}{}
}

// theirScope is what the other account may see.
func theirScope() *Scope {
	return &Scope{Key: other, Account: other, Sees: func(v *store.View, _ store.Kind, account, id string) bool {
		return account == other || v.Access(other, id) >= store.AccessSee
	}}
}

// serve answers on a real connection. Paths: /TOPIC for those who see everything, /theirs/TOPIC.
func (w *world) serve(alive func() bool) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/{topic}", func(rw http.ResponseWriter, r *http.Request) {
		w.hub.Serve(rw, r, Viewer{User: "admin", Scope: Everything(), Topics: []string{r.PathValue("topic")}, Alive: alive})
	})
	mux.HandleFunc("/theirs/{topic}", func(rw http.ResponseWriter, r *http.Request) {
		w.hub.Serve(rw, r, Viewer{User: "tenant", Scope: theirScope(), Topics: []string{r.PathValue("topic")}, Alive: alive})
	})
	w.server = httptest.NewServer(mux)
	w.t.Cleanup(w.server.Close)
	return w.server.URL
}

// open opens a stream, which ends with the test.
func (w *world) open(path string, headers ...string) *reader {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", w.server.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		w.t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
	}
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		w.t.Errorf("the content type is %q", got)
	}
	return newReader(w.t, answer.Body, cancel)
}

// viewers waits until there are so many.
func (w *world) viewers(n int) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); w.hub.Counts().Viewers != n; {
		if time.Now().After(end) {
			w.t.Fatalf("there are %d viewers, not %d", w.hub.Counts().Viewers, n)
		}
		time.Sleep(time.Millisecond) // sleep: connections are closed by the server in its own time
	}
}

func sessionText(name string, number int) string {
	return fmt.Sprintf("[[session]]\nname = %q\nsource = \"web-1\"\ntarget = \"ids\"\nfilter = \"all\"\nnumber = %d\n", name, number)
}
