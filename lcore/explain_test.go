package lcore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// asked is a gateway with two sources that see each other and several sessions.
func asked(t *testing.T) (*Group, *rules.Resources) {
	t.Helper()
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0, wire1)
	r.Resolvers = []netip.Addr{netip.MustParseAddr("10.0.0.53")}
	udp := func(n int, a rules.Action, ports *rules.PortRange) rules.Rule {
		return rules.Rule{ID: fmt.Sprintf("tmfr-%d", n), Direction: rules.Egress, Number: n, Action: a, Protocol: 17, DstPorts: ports}
	}
	r.Filters = append(r.Filters, rules.Filter{ID: "tmf-2", AmazonDNS: true, Rules: []rules.Rule{
		udp(1, rules.Reject, &rules.PortRange{First: 1, Last: 10}), udp(2, rules.Accept, &rules.PortRange{First: 5, Last: 20}),
	}})
	for i := range r.Sessions {
		r.Sessions[i].Filter, r.Sessions[i].Number = 1, 1
	}
	addSession(r, "tms-last", 0, 2) // everything that the filter of the first does not accept
	return g, r
}

func udpFrame(t *testing.T, dst string, port uint16) []byte {
	t.Helper()
	f, err := rules.BuildFrame(rules.Packet{SrcMAC: macWeb, DstMAC: macRouter, Protocol: 17, SrcPort: 40000, DstPort: port,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr(dst)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestExplainAgreesWithTheReference: verdicts with sessions and rules, and a copy for each match.
func TestExplainAgreesWithTheReference(t *testing.T) {
	g, r := asked(t)
	if _, err := g.Explain(wire0, udpFrame(t, "10.0.0.2", 1)); err == nil {
		t.Error("explain without a program was not refused")
	}
	run(t, g, r)
	random := rand.New(rand.NewPCG(1, 2))
	decided := map[int]int{}
	for range 500 {
		frame := udpFrame(t, []string{"10.0.0.2", "10.0.0.53", "169.254.169.254"}[random.IntN(3)], []uint16{3, 7, 15, 53, 99}[random.IntN(5)])
		frame = append(frame, make([]byte, random.IntN(3)*random.IntN(5000))...)
		port := random.IntN(2)
		e, err := g.Explain(port, frame)
		if err != nil {
			t.Fatal(err)
		}
		want := rules.Evaluate(e.Snapshot, port, frame, nil)
		if !slices.Equal(e.Verdicts, want) || len(e.Skipped) != 0 {
			t.Fatalf("%x on port %d: %+v, skipped %+v; the reference says %+v", frame[:42], port, e.Verdicts, e.Skipped, want)
		}
		checkExplained(t, e, frame)
		for _, v := range e.Verdicts {
			decided[v.Rule]++
		}
	}
	if len(decided) < 3 {
		t.Errorf("decided by %v: too few to prove anything", decided)
	}
	if totals := g.Totals(); totals.Seen != 0 || g.explain.Leaked() != 0 {
		t.Errorf("explaining counted %+v and leaked %d mbufs", totals, g.explain.Leaked())
	}
}

// checkExplained judges the copies by gopacket: one for each match, with the frame in it.
func checkExplained(t *testing.T, e *Explanation, frame []byte) {
	t.Helper()
	n := 0
	for _, v := range e.Verdicts {
		if v.Outcome != rules.Matched {
			continue
		}
		n++
		at := slices.IndexFunc(e.Copies, func(c Copy) bool { return c.Session == v.Session && c.Direction == v.Direction })
		if at < 0 || e.Copies[at].Port != tun0 {
			t.Fatalf("copies %+v, none for %+v", e.Copies, v)
		}
		packet := gopacket.NewPacket(e.Copies[at].Frame, layers.LayerTypeEthernet, gopacket.NoCopy)
		tunnel, ok := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
		if !ok || tunnel.VNI != e.Snapshot.Sessions[v.Session].VNI || !bytes.Equal(tunnel.LayerPayload(), frame[:min(len(frame), 9000-36)]) {
			t.Fatalf("a copy of %d bytes of a frame of %d", len(e.Copies[at].Frame), len(frame))
		}
	}
	if n != len(e.Copies) {
		t.Fatalf("%d copies of %d matches", len(e.Copies), n)
	}
}

// TestExplainLongestFrame: it needs every mbuf that the harness was given, again and again.
func TestExplainLongestFrame(t *testing.T) {
	g, r := asked(t)
	run(t, g, r)
	for length := MaxFrame; length > MaxFrame-3; length-- {
		frame := append(udpFrame(t, "10.0.0.2", 15), make([]byte, MaxFrame)...)[:length]
		e, err := g.Explain(wire0, frame)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Copies) != 1 || len(e.Copies[0].Frame) != 9000+ethernetHeader {
			t.Errorf("%d bytes: copies %d, skipped %+v", length, len(e.Copies), e.Skipped)
		}
	}
	if _, err := g.Explain(wire0, make([]byte, MaxFrame+1)); err == nil {
		t.Error("a frame longer than the longest was not refused")
	}
	if e, err := g.Explain(wire0, nil); err != nil || len(e.Copies) != 0 {
		t.Errorf("no frame at all: %+v, %v", e, err)
	}
	if _, err := g.Explain(3, nil); err == nil {
		t.Error("a port that is not there was not refused")
	}
	if e, err := g.Explain(tun0, udpFrame(t, "10.0.0.2", 15)); err != nil || len(e.Verdicts) != 0 {
		t.Errorf("on a tunnel port: %+v, %v", e, err)
	}
}

// TestExplainSaysWhatIsSkipped: a target without neighbour, and a frame that the peer cannot send.
func TestExplainSaysWhatIsSkipped(t *testing.T) {
	g, r := asked(t)
	r.Targets[0].Resolved = false
	run(t, g, r)
	frame := udpFrame(t, "10.0.0.2", 15)
	e, err := g.Explain(wire0, frame)
	if err != nil || len(e.Copies) != 0 || !slices.Equal(e.Skipped, []Skip{{0, rules.Egress, "unresolved"}}) {
		t.Errorf("unresolved: %+v, %v", e, err)
	}
	r.Sessions[1].Filter = 0
	publish(t, g, r)
	if err := g.SetNextHop(r.Targets[0].Address, r.Targets[0].Port, pipeline.NextHop{MAC: macNextHop, Resolved: true}); err != nil {
		t.Fatal(err)
	}
	g.ports[wire1].FrameMax = len(frame) - 1
	e, err = g.Explain(wire0, frame)
	if err != nil || len(e.Copies) != 1 || e.Copies[0].Direction != rules.Egress ||
		!slices.Equal(e.Skipped, []Skip{{2, rules.Ingress, "production-dropped"}}) {
		t.Errorf("too long for the peer: %+v, %v", e, err)
	}
}

// TestExplainWhileChanging: the snapshot that comes with an answer is the one it was decided by,
// and workers go on.
func TestExplainWhileChanging(t *testing.T) {
	g := busy(t)
	snapshots := [2]*rules.Snapshot{compile(t, mirrored(g, wire0, wire1)), compile(t, mirrored(g, wire1))}
	run(t, g, plain(g))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			if err := g.Publish(snapshots[i%2]); err != nil {
				t.Error(err)
			}
		}
	}()
	frame := frame(t, macWeb, macRouter, 300, 1)
	for range 200 {
		e, err := g.Explain(wire0, frame)
		if err != nil {
			t.Fatal(err)
		}
		if want := rules.Evaluate(e.Snapshot, wire0, frame, nil); !slices.Equal(e.Verdicts, want) || len(e.Copies) != len(want) {
			t.Fatalf("%+v and %d copies; the reference says %+v", e.Verdicts, len(e.Copies), want)
		}
	}
	<-done
	received(t, g, g.Received()+1000)
}
