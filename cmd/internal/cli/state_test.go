package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

func healthy() api.State {
	return api.State{
		Version: "1.2.3", StartedAt: start.Add(-26*time.Hour - 3*time.Minute), Revision: 12, Generation: 9, Forwarding: true,
		Lcores: []api.Lcore{{Lcore: 1, CPU: 3, Role: "worker", Heartbeat: 1234567, LongestGapMicroseconds: 42, Generation: 9, Loop: loop(), Congestion: api.Congestion{State: "calm"}}},
		Ports: []api.Port{
			{Name: "wire0", Device: "0000:01:00.0", Driver: "net_ixgbe", Role: "wire", Peer: "wire1", MAC: "02:00:00:00:00:01", MTU: 1500, Queues: 1,
				Link: api.Link{Up: true, SpeedMbps: 10000, FullDuplex: true}},
			{Name: "tun0", Device: "net_af_packet0", Driver: "net_af_packet", Role: "tunnel", MAC: "02:00:00:00:00:03", MTU: 9000, Queues: 1,
				Addresses: []string{"192.0.2.1"}, Link: api.Link{Up: true}, Notes: []string{"the kernel reassembles IPv4 fragments"}},
		},
		Resources: api.Resources{Interfaces: 1, Targets: 1, Filters: 1, Rules: 1200, Sessions: 1},
	}
}

func loop() api.Loop {
	return api.Loop{BusyShare: 0.1234, Packets: 1000, CyclesPerPacket: 51.26, CyclesPerSecond: 2e9,
		RulesCached: 2900, RulesSearched: 100,
		Stages: []api.LoopStage{{Stage: "receive", CyclesPerPacket: 9.96}, {Stage: "decide", CyclesPerPacket: 30}},
		Bursts: []api.LoopBursts{{UpTo: 0, Polls: 1500}, {UpTo: 1, Polls: 400}, {UpTo: 3, Polls: 50}, {UpTo: 31, Polls: 50}, {UpTo: 32}},
		Gaps: []api.LoopGaps{{BelowMicroseconds: 0.25}, {BelowMicroseconds: 0.5, Loops: 1999}, {BelowMicroseconds: 1}, {BelowMicroseconds: 1024},
			{BelowMicroseconds: 2048, Loops: 1}, {}}}
}

func TestStatus(t *testing.T) {
	f := newFake()
	f.state = healthy()
	r := run(t, f, "status --check")
	if r.code != ExitOK || r.errs != "" {
		t.Errorf("exit %d, %s", r.code, r.errs)
	}
	same(t, "status", r.out, `everything is as it should be

version          1.2.3
running for      1d 2h 3m
forwarding       yes
revision         12 of the resources
generation       9 of the program in force
pending          0 changes
unaccounted for  production 0, mirror 0 (must be 0)
resources        1 interface, 1 target, 1 filter, 1,200 rules, 1 session, 0 load balancers
configuration    -

PORT   ROLE           LINK        MAC                 MTU  QUEUES  DRIVER         DEVICE          ADDRESSES
wire0  wire to wire1  up 10 Gb/s  02:00:00:00:00:01  1500       1  net_ixgbe      0000:01:00.0    -
tun0   tunnel         up          02:00:00:00:00:03  9000       1  net_af_packet  net_af_packet0  192.0.2.1

LCORE  CPU  ROLE    GENERATION  BUSY, 60 s  CYCLES/PACKET  LONGEST GAP, 60 s  HEARTBEAT  CONGESTION  CONGESTED FOR
    1    3  worker           9      12.3 %           51.3              42 us  1,234,567  calm        0.000 s
`)
}

func TestUnhealthyStatus(t *testing.T) {
	f := newFake()
	f.state = healthy()
	f.state.Forwarding, f.state.Pending, f.state.Laws = false, 2, api.Laws{Production: 1, Mirror: -3}
	f.state.Ports[0].Link.Up = false
	f.state.Lcores = nil
	f.health = api.Health{Status: "failing", Faults: []string{"the disk is full"}}
	r := run(t, f, "status --check")
	if r.code != ExitRefused {
		t.Errorf("exit %d", r.code)
	}
	warnings, _, _ := strings.Cut(r.out, "\n\n")
	same(t, "warnings", warnings, `WARNING: production traffic is not forwarded
WARNING: 2 changes are not in force everywhere yet: an lcore does not run
WARNING: the link of port wire0 (wire) is down
WARNING: no lcore runs
WARNING: the disk is full`)
	f.health = api.Health{Status: "ok"}
	if r := run(t, f, "status"); !strings.Contains(r.out, "WARNING: packets are unaccounted for: production 1, mirror -3; both must be 0\n") {
		t.Errorf("%+v", r)
	}
	if r := run(t, f, "status"); r.code != ExitOK {
		t.Errorf("without --check: exit %d", r.code)
	}
	if r := run(t, f, "status --check -o json"); r.code != ExitRefused || !json.Valid([]byte(r.out)) {
		t.Errorf("%+v", r)
	}
}

func TestCongestedStatus(t *testing.T) {
	f := newFake()
	f.state = healthy()
	f.state.Lcores = append(f.state.Lcores, api.Lcore{Lcore: 2, CPU: 4, Role: "worker", Heartbeat: 5, Congestion: api.Congestion{
		State: "limited", Budget: 1200, ChangedMillis: 65_000, Transitions: 3, Signs: map[string]uint64{"receive": 7, "tunnel": 9, "mempool": 0},
		States: map[string]api.CongestionTime{"calm": {Loops: 16, Seconds: 100}, "limited": {Loops: 16, Seconds: 2.5}, "blind": {Loops: 16, Seconds: 0.25}}}})
	r := run(t, f, "status --check")
	warnings, _, _ := strings.Cut(r.out, "\n\n")
	same(t, "warnings", warnings, "WARNING: lcore 2 is congested (limited) since 1m: copies are skipped; signs: tunnel, receive")
	if want := "    2    4  worker           0           -              -               0 us          5  limited, 1,200 copies in 50 us  2.750 s\n"; r.code != ExitRefused || !strings.HasSuffix(r.out, want) {
		t.Errorf("exit %d, %s; want %q at the end", r.code, r.out, want)
	}
}

func TestPortsAndLcores(t *testing.T) {
	f := newFake()
	f.state = healthy()
	if r := run(t, f, "ports"); !strings.HasSuffix(r.out, "\ntun0: the kernel reassembles IPv4 fragments\n") {
		t.Errorf("%+v", r)
	}
	var ports []api.Port
	if r := run(t, f, "ports -o json"); json.Unmarshal([]byte(r.out), &ports) != nil || !cmp.Equal(ports, f.state.Ports) {
		t.Errorf("%+v", r)
	}
	same(t, "lcores", run(t, f, "lcores").out, `LCORE  CPU  ROLE    GENERATION  BUSY, 60 s  CYCLES/PACKET  LONGEST GAP, 60 s  HEARTBEAT  CONGESTION  CONGESTED FOR
    1    3  worker           9      12.3 %           51.3              42 us  1,234,567  calm        0.000 s

lcore 1, last 60 s

STAGE    CYCLES/PACKET
receive           10.0
decide            30.0

LARGE RULE SETS    ANSWERS   SHARE
known of the flow    2,900  96.7 %
searched               100   3.3 %

PACKETS RECEIVED  POLLS   SHARE
0                 1,500  75.0 %
1                   400  20.0 %
2-3                  50   2.5 %
4-31                 50   2.5 %
32                    0   0.0 %

TIME BETWEEN POLLS  LOOPS    SHARE
below 0.5 us        1,999  100.0 %
below 1 us              0    0.0 %
below 1,024 us          0    0.0 %
below 2,048 us          1    0.1 %
`)
	if r := run(t, freshLcores(), "lcores"); !strings.HasSuffix(r.out, "    1    3  worker           9           -              -              42 us  1,234,567  calm        0.000 s\n") {
		t.Errorf("%+v", r)
	}
	split := newFake()
	split.state = healthy()
	split.state.Lcores = append(split.state.Lcores, api.Lcore{Lcore: 2, CPU: 4, Role: "mirror", TakenOver: 90, Congestion: api.Congestion{State: "calm"},
		Loop: api.Loop{BusyShare: 0.5, Copies: 80, CyclesPerPacket: 44, CyclesPerSecond: 2e9}})
	if r := run(t, split, "lcores"); !strings.Contains(r.out, "\n    2    4  mirror           0      50.0 %           44.0               0 us          0  calm        0.000 s\n") {
		t.Errorf("%+v", r)
	}
	var lcores []api.Lcore
	if r := run(t, f, "lcores -o json"); json.Unmarshal([]byte(r.out), &lcores) != nil || !cmp.Equal(lcores, f.state.Lcores) {
		t.Errorf("%+v", r)
	}
}

// freshLcores is a daemon that runs for less than a second.
func freshLcores() *fake {
	f := newFake()
	f.state = healthy()
	f.state.Lcores[0].Loop = api.Loop{}
	return f
}

func TestLink(t *testing.T) {
	for want, l := range map[string]api.Link{"down": {SpeedMbps: 10}, "up": {Up: true}, "up 10 Mb/s half duplex": {Up: true, SpeedMbps: 10},
		"up 2500 Mb/s": {Up: true, SpeedMbps: 2500, FullDuplex: true}, "up 25 Gb/s": {Up: true, SpeedMbps: 25000, FullDuplex: true}} {
		same(t, "link", link(l), want)
	}
}

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{"0s": -time.Second, "59s": 59 * time.Second, "1m": time.Minute, "2h 0m": 2 * time.Hour,
		"1d 0h 5m": 24*time.Hour + 5*time.Minute} {
		same(t, "duration", duration(d), want)
	}
}

func TestStats(t *testing.T) {
	f := newFake()
	stats := report.New()
	stats.Rules["web"] = map[string]int64{"ingress 100": 10, "ingress 90": 1234, "egress 7": 0}
	f.stats = []*report.Report{stats}
	r := run(t, f, "stats --kind rules,laws --session s1 --source web-1")
	same(t, "stats", r.out, `Packets unaccounted for (must be 0)
  production 0   mirror 0

Rules
FILTER  RULE         PACKETS DECIDED
web     egress 7                   0
web     ingress 90             1,234
web     ingress 100               10
`)
	var back report.Report
	if r := run(t, f, "stats -o json"); json.Unmarshal([]byte(r.out), &back) != nil || back.Rules["web"]["ingress 90"] != 1234 {
		t.Errorf("%+v", r)
	}
}

func TestApply(t *testing.T) {
	f := newFake()
	f.applied = api.Applied{Revision: 4, Warnings: []string{"copies of s1 will be truncated"}, Events: []api.Event{
		{Action: "create", Kind: "interface", Name: "web-1", ID: "eni-1"},
		{Action: "modify", Kind: "session", Name: "s1", Before: json.RawMessage(`{"sessionNumber":1,"tags":{"a":"1"}}`),
			After: json.RawMessage(`{"sessionNumber":2,"packetLength":128}`)},
		{Action: "delete", Kind: "rule", ID: "tmfr-1", Before: json.RawMessage(`{"trafficDirection":"ingress","ruleNumber":100,"trafficMirrorFilterId":"tmf-1"}`)},
	}}
	want := `+ interface web-1
~ session s1
    number: 1 -> 2
    packet-length: - -> 128
    tags: a=1 -> -
- rule tmfr-1 (ingress 100 of tmf-1)
would be 1 created, 1 modified, 1 deleted; revision 4
`
	r := runWords(f, "[[interface]]\n", "apply", "-f", "-", "--dry-run", "--keep-others", "--if-match", "3")
	same(t, "difference", r.out, want)
	same(t, "warnings", r.errs, "warning: copies of s1 will be truncated\n")
	if diff := cmp.Diff(client.ApplyOptions{ContentType: api.ContentTypeTOML, DryRun: true, KeepOthers: true, IfMatch: 3}, f.apply); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(t.TempDir(), "all.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, f, "apply -f "+file+" -o json"); r.code != ExitOK || f.apply.ContentType != api.ContentType || string(f.got) != "{}" {
		t.Errorf("%+v, %+v", r, f.apply)
	}
	f.applied = api.Applied{Revision: 4}
	same(t, "nothing", runWords(f, "{}", "apply", "-f", "-").out, "nothing to change; revision 4\n")
}

func TestExport(t *testing.T) {
	same(t, "TOML", run(t, newFake(), "export").out, "[[interface]]\nname = \"web-1\"\n")
	same(t, "JSON", run(t, newFake(), "export -o json").out, "{\n  \"interfaces\": []\n}\n")
}

func TestExplain(t *testing.T) {
	f := newFake()
	r := run(t, f, "explain --source web-1 --direction ingress --protocol tcp --src 10.0.0.9:4000 --dst 10.0.0.5:443")
	same(t, "explain", r.out, "session s1 mirrors it\n")
	want := api.ExplainRequest{Source: "web-1", Direction: "ingress", Protocol: &api.Protocol{Text: "tcp"},
		SourceAddr: "10.0.0.9:4000", DestinationAddr: "10.0.0.5:443"}
	if diff := cmp.Diff(want, f.explain); diff != "" {
		t.Error(diff)
	}
	runWords(f, "", "explain", "--source", "web-1", "--direction", "egress", "--frame", "02:00 00")
	if diff := cmp.Diff(api.ExplainRequest{Source: "web-1", Direction: "egress", Frame: "020000"}, f.explain); diff != "" {
		t.Error(diff)
	}
}

func TestWatch(t *testing.T) {
	f := newFake()
	f.events = []api.Event{
		{Revision: 3, Time: start, Action: "create", Kind: "target", ID: "tmt-1", Name: "ids"},
		{Revision: 4, Time: start, Action: "modify", Kind: "target", ID: "tmt-1", Name: "ids", Actor: &api.Actor{Type: "IAMUser", AccountID: "111122223333", UserName: "ann"}, Before: json.RawMessage(`{"mtu":1500}`), After: json.RawMessage(`{"mtu":1400}`)},
	}
	at := start.Local().Format("2006-01-02 15:04:05")
	r := run(t, f, "watch --count 2")
	same(t, "watch", r.out, at+"  3  create target ids tmt-1\n"+at+"  4  modify target ids tmt-1 by ann (account 111122223333): mtu: 1500 -> 1400\n")
	if f.from != client.Now || r.code != ExitOK {
		t.Errorf("from %d, exit %d", f.from, r.code)
	}
	r = run(t, f, "watch --from 0 -o json")
	if lines := strings.Split(r.out, "\n"); len(lines) != 3 || !json.Valid([]byte(lines[1])) {
		t.Errorf("%q", r.out)
	}
	if f.from != 0 || r.code != ExitUnreachable {
		t.Errorf("from %d, exit %d, %s", f.from, r.code, r.errs)
	}
}

func TestVersion(t *testing.T) {
	r := run(t, newFake(), "version")
	if !strings.HasPrefix(r.out, "mirrorctl ") || !strings.HasSuffix(r.out, "\nmirrorgw  1.2.3, API 1, DPDK 22.11\n") {
		t.Errorf("%+v", r)
	}
	f := newFake()
	f.fail = &api.Error{Status: http.StatusForbidden, Code: api.CodeForbidden, Message: "no"}
	if r := run(t, f, "version"); !strings.HasPrefix(r.out, "mirrorctl ") || r.code != ExitRefused {
		t.Errorf("its own version is shown all the same: %+v", r)
	}
}

func TestSocket(t *testing.T) {
	for _, test := range []struct{ env, args, want string }{
		{"", "version", client.DefaultSocket}, {"/tmp/a", "version", "/tmp/a"}, {"/tmp/a", "version --socket /tmp/b", "/tmp/b"},
	} {
		var dialled string
		code := Run(context.Background(), strings.Fields(test.args), Environment{
			In: strings.NewReader(""), Out: new(strings.Builder), Errs: new(strings.Builder), Now: time.Now, After: time.After,
			Getenv: func(name string) string { return map[string]string{SocketVariable: test.env}[name] },
			Dial:   func(socket string) Gateway { dialled = socket; return newFake() },
		})
		if dialled != test.want || code != ExitOK {
			t.Errorf("%+v: dialled %s, exit %d", test, dialled, code)
		}
	}
}
