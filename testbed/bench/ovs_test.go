package main

import (
	"strings"
	"testing"
	"time"
)

// shown is what ovs-appctl dpctl/show -s of 3.1 prints, shortened.
const shown = `netdev@ovs-netdev:
  lookups: hit:19140672 missed:0 lost:0
  flows: 1
  port 0: ovs-netdev (tap)
    RX packets:0 errors:0 dropped:0 overruns:0 frame:0
    TX packets:0 errors:0 dropped:0 aborted:0 carrier:0
    collisions:0
    RX bytes:0  TX bytes:0
  port 2: in (dpdk: configured_rx_queues=1, mtu=1500, tx_tso_offload=false)
    RX packets:40000544 errors:0 dropped:0 overruns:? frame:?
    TX packets:0 errors:0 dropped:0 aborted:? carrier:?
    collisions:?
    RX bytes:2400032640 (2.2 GiB)  TX bytes:0
  port 3: out (dpdk: configured_rx_queues=1, mtu=1500, tx_tso_offload=false)
    RX packets:0 errors:0 dropped:0 overruns:? frame:?
    TX packets:39009632 errors:1 dropped:2 aborted:? carrier:?
    collisions:?
    RX bytes:0  TX bytes:0
`

func TestParseOVS(t *testing.T) {
	ports, err := parseOVS(shown)
	if err != nil || len(ports) != 2 || ports["in"] != (ovsPort{rx: 40000544}) || ports["out"] != (ovsPort{tx: 39009632, lost: 3}) {
		t.Errorf("%+v, %v", ports, err)
	}
	if _, err := parseOVS(strings.Replace(shown, ": in (", ": other (", 1)); err == nil {
		t.Error("counters without those of the port in are accepted")
	}
}

func TestJudgeOVS(t *testing.T) {
	begin := time.Unix(0, 0)
	first := ovsCounts{at: begin, ports: map[string]ovsPort{"in": {rx: 1000}, "out": {tx: 900}, "tun": {tx: 800}}}
	for name, c := range map[string]struct {
		job  ovsJob
		last map[string]ovsPort
		want string // of the note; empty: valid
	}{
		"forwards":         {ovsForward, map[string]ovsPort{"in": {rx: 2001000}, "out": {tx: 2000900}, "tun": {}}, ""},
		"mirrors":          {ovsMirror, map[string]ovsPort{"in": {rx: 2001000}, "out": {tx: 2000900}, "tun": {tx: 1999900}}, ""},
		"forwards only":    {ovsMirror, map[string]ovsPort{"in": {rx: 2001000}, "out": {tx: 2000900}, "tun": {tx: 810}}, "through tun"},
		"half is not sent": {ovsForward, map[string]ovsPort{"in": {rx: 2001000}, "out": {tx: 1000900}}, "through out"},
		"drops":            {ovsForward, map[string]ovsPort{"in": {rx: 2001000, lost: 7}, "out": {tx: 2000900}}, "lost 7"},
		"nothing":          {ovsForward, first.ports, "nothing"},
	} {
		last := ovsCounts{at: begin.Add(2 * time.Second), ports: c.last}
		note := judgeOVS(first, last, c.job)
		if (note == "") != (c.want == "") || !strings.Contains(note, c.want) {
			t.Errorf("%s: %q, want %q", name, note, c.want)
		}
		if rate := rateOf(first, last); name == "forwards" && rate != 1 {
			t.Errorf("rate %v Mpps, want 1", rate)
		}
	}
}

// TestWantedFigures: what the project set itself, by row.
func TestWantedFigures(t *testing.T) {
	wanted := map[string]float64{
		"forward-64 testpmd-io": 0.85, "forward-64 ovs-dpdk": 3, "mirror-64 testpmd-io": 0.33, "mirror-64 ovs-dpdk": 5,
		"mirror-1500 testpmd-io": 0.5, "flows-1M testpmd-io": 0.33, "flows-1M ovs-dpdk": 5,
		"sources-10000 mirror-64": 0.7, "rules-10000 mirror-64": 0.6,
	}
	b := &bench{}
	for _, w := range workloads() {
		peers, err := b.peersOf(w, t.TempDir(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range peers {
			if row := w.name + " " + p.name; p.threshold != wanted[row] {
				t.Errorf("%s: threshold %v, want %v", row, p.threshold, wanted[row])
			}
			delete(wanted, w.name+" "+p.name)
		}
	}
	if len(wanted) != 0 {
		t.Errorf("no row for %v", wanted)
	}
}
