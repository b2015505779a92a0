package metrics

import (
	"bufio"
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
	"mirrorgw/ctl/tally"
)

const resources = `
[[interface]]
id = "eni-00000000000000001"
name = "web-1"
port = "wire0"
instance = "i-1"
image = "ami-1"
instance_type = "m5.large"
autoscaling_group = "web"
monitoring = "detailed"
[[interface]]
id = "eni-00000000000000002"
name = "web-2"
port = "wire1"
instance = "i-2"
image = "ami-2"
[[target]]
id = "tmt-00000000000000001"
name = "ids"
address = "192.0.2.10"
rate_limit_pps = 5000
rate_limit_bps = 1000000000000
[[load_balancer]]
name = "pool"
id = "nlb-00000000000000001"
listeners = [{protocol = "udp", port = 4789}]
[[load_balancer.member]]
address = "192.0.2.20"
[[load_balancer.member]]
address = "192.0.2.21"
zone = "a"
[[target]]
id = "tmt-00000000000000002"
name = "farm"
load_balancer = "pool"
[[filter]]
id = "tmf-00000000000000001"
name = "web"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
[[session]]
id = "tms-00000000000000001"
name = "all"
source = "web-1"
target = "ids"
filter = "web"
number = 1
vni = 7
[[session]]
id = "tms-00000000000000002"
name = "two"
source = "web-2"
target = "farm"
filter = "web"
number = 1
vni = 8
sample_one_in = 10
rate_limit_pps = 100
rate_limit_bps = 64000
`

// world is a gateway without data path: the tests say what it counts.
type world struct {
	options Options
	report  *report.Report
	status  ctl.Status
}

func newWorld(t testing.TB) *world {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(state, make([]byte, 12345), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := storetest.Config(t, "[state]\npath = \""+state+"\"\n")
	s := storetest.Open(t, store.Options{Config: cfg})
	storetest.Apply(t, s, resources)
	auditLog, err := audit.Open(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log"), MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auditLog.Close() })
	w := &world{report: sampleReport(), status: sampleStatus()}
	w.options = Options{Store: s, Config: cfg, Version: "1.2.3", DPDK: "22.11",
		Status: func() ctl.Status { return w.status }, Report: func(report.Kinds) *report.Report { return w.report },
		Reasons: Reasons{Dropped: []string{"tx_full", "too_long"}, Ignored: []string{"not_ours"},
			Unclassified: []string{"not_ip"}, Fragments: []string{"inherited"}},
		Mempools: func() []Mempool { return []Mempool{{"mgw_rx", 100, 30}} },
		Xstats:   func(port int) []Xstat { return []Xstat{{"rx_good_packets", 1}, {"rx_crc_errors", uint64(port + 21)}} },
		History: func() *history.Counts {
			return &history.Counts{Bytes: 1 << 20, Series: 12, Writable: true, Oldest: time.Unix(1795176000, 0), OmittedSeries: 2, DroppedForSpace: 1}
		},
		Control: &tally.Control{}, AWS: &tally.Control{}, Audit: auditLog,
		Captured: func() ctl.CaptureTotals {
			return ctl.CaptureTotals{Begun: 3, Active: 1, Counts: map[ctl.CaptureInterface]ctl.CaptureCounts{{Port: 0, Point: ctl.CaptureEgress}: {Other: 1, Taken: 20, Full: 300, Rate: 4000, Congestion: 50000}}}
		},
		Configuration: func() ctl.Configuration {
			return ctl.Configuration{LoadedAt: time.UnixMilli(1234500), Last: &ctl.Reload{Failures: []string{"no"}}, Reloads: 3, Failed: 1, RestartNeeded: []string{"x"}}
		}}
	w.options.AWS.Answer("ec2", 503)
	w.options.AWS.Connect(1)
	w.options.Control.Answer("getState", 200)
	w.options.Control.Answer("getState", 200)
	w.options.Control.Watch(1)
	w.options.Control.Connect(1)
	return w
}

func sampleReport() *report.Report {
	r := report.New()
	r.Ports["wire0"] = report.Port{Role: "wire", Peer: "wire1", RxPackets: 1<<60 + 1, RxBytes: 2, Dropped: report.Counts{"too_long": 3},
		Driver: report.Counts{"imissed": 4}, Consumed: 5, ConsumedBytes: 6}
	r.Ports["wire1"] = report.Port{Role: "wire", Peer: "wire0", TxPackets: 7, TxBytes: 8}
	r.Ports["tun0"] = report.Port{Role: "tunnel", CopiesPackets: 9, CopiesBytes: 10, OriginatedPackets: 11, OriginatedBytes: 12, OriginateFailed: 13}
	r.Sources["web-1"] = report.Source{ID: "eni-00000000000000001", Owner: "000000000000",
		Ingress: report.Traffic{Seen: 20, Matched: 10, Missed: 8, Excluded: report.Counts{"arp": 2}}}
	r.Sources["web-2"] = report.Source{ID: "eni-00000000000000002", Owner: "000000000000"}
	r.Sessions["all"] = report.Session{ID: "tms-00000000000000001", Owner: "000000000000", Number: 1, VNI: 7, Source: "web-1", Target: "ids", Filter: "web",
		Ingress: report.Direction{MatchedPackets: 10, MatchedBytes: 1000, MirroredPackets: 9, MirroredBytes: 900, TruncatedPackets: 4,
			Skipped: report.Counts{"unresolved": 1}, SkippedBytes: report.Counts{"unresolved": 100}},
		Egress: report.Direction{MirroredBytes: 77, MirroredPackets: 1}}
	r.Sessions["two"] = report.Session{ID: "tms-00000000000000002", Owner: "000000000000", Number: 1, VNI: 8, Source: "web-2", Target: "farm", Filter: "web",
		Egress: report.Direction{MatchedPackets: 12, MirroredPackets: 6, MirroredBytes: 600, Skipped: report.Counts{"congestion": 5, "mempool": 1},
			SkippedBytes: report.Counts{"congestion": 500, "mempool": 60}}}
	r.Rules["web"] = map[string]int64{"ingress 100": 10}
	return r
}

func sampleStatus() ctl.Status {
	return ctl.Status{
		Bypass:     &ctl.Bypass{Now: "inline", Failure: "no", Runs: map[string]uint64{"inline": 3, "heartbeat": 9}, Failures: map[string]uint64{"inline": 1}},
		Forwarding: true, Generation: 3, Pending: 1,
		Lcores: []ctl.LcoreStatus{{Lcore: 1, CPU: 2, Role: ctl.RoleWorker, HandedOver: 50, Heartbeat: 99, Gaps: []time.Duration{time.Millisecond, 250 * time.Microsecond},
			Generation: 2, Loop: sampleLoop(),
			Congestion: ctl.Congestion{State: "limited", Budget: 40, Changed: time.Second, Transitions: 1,
				States: []ctl.CongestionTime{{State: "calm", Time: 3 * time.Second, Loops: 32}, {State: "limited", Time: time.Second, Loops: 16}, {State: "unmatched"}, {State: "blind"}},
				Signs:  []ctl.CongestionSign{{Sign: "receive", Looks: 6}, {Sign: "transmit"}}}},
			{Lcore: 3, CPU: 4, Role: ctl.RoleMirror, Loop: mirrorLoop()}},
		Ports: []ctl.PortStatus{{Driver: "net_null", LinkUp: true, Wire: &ctl.WireLink{Changes: 3}}, {Driver: "net_null", Wire: &ctl.WireLink{TakenDown: true, Taken: 2}}, {Driver: "net_null", LinkUp: true}},
		Underlay: ctl.Underlay{
			Addresses:    []ctl.AddressState{{Port: "tun0", Prefix: netip.MustParsePrefix("192.0.2.1/24"), State: "valid"}},
			Neighbors:    []ctl.NeighborState{{State: "reachable"}, {State: "reachable"}, {State: "static"}},
			Destinations: []ctl.DestinationState{{Address: netip.MustParseAddr("192.0.2.10"), Resolved: true, PathMTU: 1450, Errors: 2}},
			Counters:     map[string]uint64{"arp_request": 5},
		},
		Balancers: []ctl.BalancerState{{ID: "nlb-00000000000000001", Name: "pool",
			Members: []ctl.MemberState{{Address: netip.MustParseAddr("192.0.2.20"), State: ctl.MemberHealthy, RTT: 2 * time.Millisecond},
				{Address: netip.MustParseAddr("192.0.2.21"), Zone: "a", State: ctl.MemberDown}},
			Zones: []ctl.ZoneState{{Members: []netip.Addr{netip.MustParseAddr("192.0.2.20")}}, {Zone: "a", Skip: "target-down"}}}},
	}
}

// mirrorLoop is that of a mirror lcore that got 48 copies.
func mirrorLoop() ctl.Loop {
	l := sampleLoop()
	l.TakenOver = 48
	return l
}

// sampleLoop is of 15 loops that took 4 seconds.
func sampleLoop() ctl.Loop {
	bursts := make([]uint64, 33)
	bursts[0], bursts[1], bursts[2], bursts[3], bursts[4], bursts[31], bursts[32] = 5, 1, 2, 3, 1, 1, 2
	return ctl.Loop{Hz: 2e9, Busy: 6e9, Idle: 2e9, Housekeeping: 1e9, Bursts: bursts, TimedPackets: 64, RulesCached: 12, RulesSearched: 3,
		Gaps:   []ctl.GapBucket{{Below: 250 * time.Nanosecond, Loops: 10}, {Below: 500 * time.Nanosecond, Loops: 4}, {Loops: 1}},
		Stages: []ctl.StageCycles{{Stage: "receive", Cycles: 1e9}, {Stage: "decide", Cycles: 3e9}}}
}

// scrape writes one exposition and parses it.
func (w *world) scrape(t *testing.T, watch *cloudWatch) *parsed {
	t.Helper()
	var text bytes.Buffer
	if err := write(bufio.NewWriter(&text), look(&w.options, watch)); err != nil {
		t.Fatal(err)
	}
	return parse(t, text.String())
}
