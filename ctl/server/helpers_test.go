package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/tally"
	"mirrorgw/rules"
	"mirrorgw/vxlan"
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
name = "tap0"
device = "net_null2"
role = "tap"
[[port]]
name = "tun0"
device = "net_null3"
role = "tunnel"
mtu = 9001
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"
[quotas]
rules_per_filter = 100
sessions_per_source = 10
`

// dataPath stands in for the lcores: the last committed snapshot, judged by the reference.
type dataPath struct {
	snapshot   atomic.Pointer[rules.Snapshot]
	generation atomic.Uint64
	stuck      atomic.Bool // heartbeats stand still
	stalled    atomic.Bool // Commit returns ErrStalled
	lie        atomic.Bool // verdicts are wrong
	panics     atomic.Bool // report does
	beat       atomic.Uint64
	asked      atomic.Uint32 // kinds of the last report
	mirrorLaw  atomic.Int64
	reporting  atomic.Int64               // reports being made
	seen       atomic.Pointer[ctl.Status] // its underlay and balancers
	states     ctl.StateEvents
	hold       atomic.Pointer[chan struct{}] // reports wait until it is closed; nil: they do not
}

type prepared struct {
	d *dataPath
	s *rules.Snapshot
}

func (d *dataPath) Prepare(s *rules.Snapshot) (ctl.Prepared, error) { return &prepared{d, s}, nil }
func (p *prepared) Discard()                                        {}
func (p *prepared) Commit() error {
	p.d.snapshot.Store(p.s)
	p.d.generation.Add(1)
	if p.d.stalled.Load() {
		return ctl.ErrStalled
	}
	return nil
}

func (d *dataPath) Explain(port int, frame []byte) (*ctl.Decided, error) {
	s := d.snapshot.Load()
	if s == nil {
		return nil, errors.New("nothing is in force")
	}
	decided := &ctl.Decided{Snapshot: s, Verdicts: rules.Evaluate(s, port, frame, nil)}
	for i := range decided.Verdicts {
		v := &decided.Verdicts[i]
		if v.Outcome == rules.Matched {
			session := &s.Sessions[v.Session]
			target := &s.Targets[session.Target]
			outer, err := vxlan.NewTemplate(vxlan.Outer{SrcMAC: [6]byte{2}, DstMAC: target.NextHop, Src: session.OuterSource, Dst: target.Address, VNI: session.VNI})
			if err != nil {
				return nil, err
			}
			decided.Copies = append(decided.Copies, ctl.Copy{Session: v.Session, Direction: v.Direction, Port: target.Port, Frame: outer.Encapsulate(nil, frame, 50000)})
		}
		if d.lie.Load() {
			v.Outcome, v.Session, v.Rule = rules.Missed, rules.NoSession, rules.NoRule
		}
	}
	return decided, nil
}

func (d *dataPath) status() ctl.Status {
	if !d.stuck.Load() {
		d.beat.Add(1)
	}
	seen := &ctl.Status{}
	if some := d.seen.Load(); some != nil {
		seen = some
	}
	return ctl.Status{Underlay: seen.Underlay, Balancers: seen.Balancers, Forwarding: true, Generation: d.generation.Load(),
		Lcores: []ctl.LcoreStatus{{Lcore: 1, CPU: 1, Heartbeat: d.beat.Load(), Gaps: d.gaps(), Generation: 4, Past: d.loops()}},
		Ports:  []ctl.PortStatus{{Driver: "net_null", MTU: 1500, LinkUp: true, Notes: []string{"a note"}, Wire: &wireLink}, {}, {}, {}}}
}

// wireLink is of the first port.
var wireLink = ctl.WireLink{Propagation: ctl.PropagationOn, TakenDown: true, TakenAt: noon, Taken: 2, Changes: 3}

// gaps are those of 60 seconds: 90 us in the oldest, 40 us 9 seconds ago, else 5 us.
func (d *dataPath) gaps() []time.Duration {
	gaps := slices.Repeat([]time.Duration{5 * time.Microsecond}, ctl.GapSeconds)
	gaps[0], gaps[50] = 90*time.Microsecond, 40*time.Microsecond
	return gaps
}

// loops are those of 60 seconds of a worker of 1 GHz that is busy half of the time with one packet a
// microsecond, and all of the time in the last second.
func (d *dataPath) loops() (past []ctl.Loop) {
	for second := range uint64(ctl.GapSeconds + 1) {
		last := second / ctl.GapSeconds
		past = append(past, ctl.Loop{Hz: 1e9, Busy: (second + last) * 5e8, Idle: (second - last) * 5e8, Housekeeping: 1000 * second,
			Bursts: []uint64{1000 * second, 1e6 * second}, RulesCached: 5 * second, RulesSearched: 2 * second, TimedPackets: 4000 * second, Stages: []ctl.StageCycles{{Stage: "decide", Cycles: 50000 * second}},
			Gaps: []ctl.GapBucket{{Below: 250, Loops: 7 * second}, {Loops: second}}})
	}
	return past
}

func (d *dataPath) report(kinds report.Kinds) *report.Report {
	d.asked.Store(uint32(kinds))
	if d.panics.Load() {
		panic("a broken counter")
	}
	d.reporting.Add(1)
	defer d.reporting.Add(-1)
	if hold := d.hold.Load(); hold != nil {
		<-*hold
	}
	r := report.New()
	r.Ports["wire0"] = report.Port{Role: "wire", RxPackets: 7}
	for _, name := range []string{"s1", "s2"} {
		r.Sessions[name] = report.Session{Number: 1, Source: "web-" + name, Target: "ids", Filter: "f-" + name}
		r.Sources["web-"+name] = report.Source{Ingress: report.Traffic{Seen: 5}}
		r.Rules["f-"+name] = map[string]int64{"ingress 100": 3}
	}
	r.Laws.Mirror = d.mirrorLaw.Load()
	d.identify(r)
	return r
}

// identify adds what is in force. The default account has the names, others identifiers as keys.
func (d *dataPath) identify(r *report.Report) {
	s := d.snapshot.Load()
	if s == nil {
		return
	}
	for i := range s.Sources {
		e, key := &s.Sources[i], s.Sources[i].Name
		if e.Account != ctl.DefaultAccount {
			key = e.ID
		}
		r.Sources[key] = report.Source{ID: e.ID, Owner: e.Account, Ingress: report.Traffic{Seen: 5}}
	}
	for i := range s.Sessions {
		e, key := &s.Sessions[i], s.Sessions[i].Name
		source, filter := s.Sources[e.Source].Name, s.Filters[e.Filter].Name
		if e.Account != ctl.DefaultAccount {
			key, source, filter = e.ID, s.Sources[e.Source].ID, s.Filters[e.Filter].ID
		}
		r.Sessions[key] = report.Session{ID: e.ID, Owner: e.Account, Number: 1, Source: source, Filter: filter}
		r.Rules[filter] = map[string]int64{"ingress 100": 3}
	}
}

// world is a daemon without its data path.
type world struct {
	t        *testing.T
	path     *dataPath
	store    *store.Store
	server   *server.Server
	socket   string
	client   *client.Client
	log      *syncBuffer
	served   chan error
	tally    tally.Control
	captures fakeCapturer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}
func (b *syncBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// socketDirectory is short: a socket's path has at most 107 bytes.
func socketDirectory(t *testing.T) string {
	directory, err := os.MkdirTemp("", "mgw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return directory
}

func newWorld(t *testing.T, limits server.Limits) *world {
	return newWorldWith(t, limits, server.SocketOptions{})
}

func newWorldWith(t *testing.T, limits server.Limits, socket server.SocketOptions, more ...func(*server.Options)) *world {
	t.Helper()
	cfg, err := config.Parse("gateway.toml", []byte(gatewayTOML))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, path: &dataPath{}, log: &syncBuffer{}, served: make(chan error, 1)}
	if w.store, err = store.Open(store.Options{Config: cfg, Publisher: w.path}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Start(); err != nil {
		t.Fatal(err)
	}
	roles, err := server.LookupRoles(socket.AdminGroup, socket.ReaderGroup)
	if err != nil {
		t.Fatal(err)
	}
	o := server.Options{Store: w.store, Config: cfg, Status: w.path.status, Report: w.path.report, Explainer: w.path, Capturer: &w.captures, States: &w.path.states,
		Version: "1.2.3", DPDK: "22.11", Roles: roles, Limits: limits, Tally: &w.tally, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		ConsoleLink: func(c server.Caller) (string, time.Time, error) {
			return "http://x/" + c.Principal.User + c.Role.String(), noon, nil
		}}
	for _, change := range more {
		change(&o)
	}
	w.server = server.New(o)
	w.socket = filepath.Join(socketDirectory(t), "ctl.sock")
	socket.Path = w.socket
	w.listen(socket)
	w.client = client.New(w.socket)
	t.Cleanup(w.stop)
	return w
}

func (w *world) listen(socket server.SocketOptions) {
	listener, err := server.Listen(socket)
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { w.served <- w.server.Serve(listener) }()
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w.client.Close()
	if err := w.server.Shutdown(ctx); err != nil {
		w.t.Errorf("shutdown: %v", err)
	}
	if err := <-w.served; err != nil {
		w.t.Errorf("serve: %v", err)
	}
	if err := w.store.Close(); err != nil {
		w.t.Errorf("close: %v", err)
	}
}

// curl sends a request as curl would and returns status and body.
func (w *world) curl(method, path, body string, headers ...string) (int, string, http.Header) {
	w.t.Helper()
	request, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := w.raw().Do(request)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, string(text), response.Header
}

func (w *world) raw() *http.Client {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", w.socket)
	}}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// refused checks that a request is answered with a code, a field and a sentence.
func (w *world) refused(method, path, body, code, field string, headers ...string) api.Error {
	w.t.Helper()
	status, text, header := w.curl(method, path, body, headers...)
	var e api.ErrorBody
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		w.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if e.Error.Code != code || e.Error.Field != field || status != api.StatusOf(code) || e.Error.Message == "" {
		w.t.Errorf("%s %s %.80s: %d %s; want %d %s, field %q", method, path, body, status, text, api.StatusOf(code), code, field)
	}
	if header.Get("Content-Type") != api.ContentType {
		w.t.Errorf("%s %s: Content-Type %q", method, path, header.Get("Content-Type"))
	}
	return e.Error
}

var background = context.Background()

// must returns a value, or ends the test.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// build creates one of each, as the first steps of the guide do.
func (w *world) build() (source api.NetworkInterface, session api.TrafficMirrorSession) {
	w.t.Helper()
	t, c := w.t, w.client
	made := must(c.Interfaces().Create(background, api.NetworkInterface{Common: api.Common{Name: "web-1"}, Port: "wire0",
		MACAddress: "02:00:00:00:00:01", IPAddresses: []string{"10.0.0.5"}}))(t)
	must(c.Targets().Create(background, api.TrafficMirrorTarget{Common: api.Common{Name: "ids"}, IPAddress: "192.0.2.10"}))(t)
	must(c.Filters().Create(background, api.TrafficMirrorFilter{Common: api.Common{Name: "web"}}))(t)
	must(c.Rules().Create(background, api.TrafficMirrorFilterRule{TrafficMirrorFilterID: "web", TrafficDirection: "ingress", RuleNumber: 100,
		RuleAction: "accept", Protocol: &api.Protocol{Text: "tcp"}, SourceCIDRBlock: "0.0.0.0/0", DestinationCIDRBlock: "10.0.0.0/16",
		DestinationPortRange: &api.PortRange{FromPort: 80, ToPort: 443}}))(t)
	s := must(c.Sessions().Create(background, api.TrafficMirrorSession{Common: api.Common{Name: "s1"}, NetworkInterfaceID: "web-1",
		TrafficMirrorTargetID: "ids", TrafficMirrorFilterID: "web", SessionNumber: 1, VirtualNetworkID: 100}))(t)
	return made.Resource, s.Resource
}
