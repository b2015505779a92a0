package lcore

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

func sameFrames(t testing.TB, what string, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d frames, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s: frame %d is\n%x, want\n%x", what, i, got[i], want[i])
			return
		}
	}
}

// inner takes the outer headers off copies.
func inner(t testing.TB, copies [][]byte) (frames [][]byte) {
	t.Helper()
	for i, c := range copies {
		p, err := vxlan.Decode(c)
		if err != nil {
			t.Fatalf("copy %d: %v", i, err)
		}
		frames = append(frames, p.Inner)
	}
	return frames
}

func bytesOf(frames [][]byte) (n uint64) {
	for _, f := range frames {
		n += uint64(len(f))
	}
	return n
}

func countOf(frames [][]byte) pipeline.Count {
	return pipeline.Count{Packets: uint64(len(frames)), Bytes: bytesOf(frames)}
}

func lengths(t testing.TB, src, dst [6]byte) (frames [][]byte) {
	t.Helper()
	for n, length := range []int{60, 64, 191, 192, 193, 1000, 1514, 2049, 9000} {
		frames = append(frames, frame(t, src, dst, length, n))
	}
	return frames
}

func TestForward(t *testing.T) { forwards(t, func(*Spec) {}) }

// TestForwardInSmallDataRooms: nearly every frame lies in several mbufs.
func TestForwardInSmallDataRooms(t *testing.T) { forwards(t, func(s *Spec) { s.DataRoom = 256 }) }

// forwards sends frames both ways, three bursts and more, and looks at every byte.
func forwards(t *testing.T, change func(*Spec)) {
	there := slices.Concat(lengths(t, macWeb, macRouter), fromWeb(t, 100, 150))
	back := lengths(t, macRouter, macWeb)
	out0, out1 := filepath.Join(t.TempDir(), "0.pcap"), filepath.Join(t.TempDir(), "1.pcap")
	tunnel, copied := writes(t)
	spec := gatewaySpec(t,
		device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, there...)+",tx_pcap="+out0),
		device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, back...)+",tx_pcap="+out1), tunnel)
	change(&spec)
	g := open(t, spec)
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(there)+len(back)))
	stop(t, g)

	c0, c1, c2 := g.PortCounters(wire0), g.PortCounters(wire1), g.PortCounters(tun0)
	if c0.Rx != countOf(there) || c1.Forwarded != countOf(there) || c1.Rx != countOf(back) || c0.Forwarded != countOf(back) {
		t.Errorf("wire0 %+v, wire1 %+v; want %+v there, %+v back", c0, c1, countOf(there), countOf(back))
	}
	in, out := g.View().SessionCounters(0, rules.Ingress), g.View().SessionCounters(0, rules.Egress)
	if out.Mirrored != countOf(there) || in.Mirrored != countOf(back) || in.Truncated != 1 || out.Truncated != 1 {
		t.Errorf("egress %+v, ingress %+v; want %+v, %+v, and the one of 9,000 bytes truncated", out, in, countOf(there), countOf(back))
	}
	if hits := g.View().RuleHits(0, rules.Ingress, 0).Packets + g.View().RuleHits(0, rules.Egress, 0).Packets; hits != uint64(len(there)+len(back)) {
		t.Errorf("rules decided about %d frames, want %d", hits, len(there)+len(back))
	}
	if all := uint64(len(there) + len(back)); c2.Copies.Packets != all || g.View().SourceCounters(0, rules.Egress).Seen != uint64(len(there)) {
		t.Errorf("tunnel %+v, source %+v; want %d copies", c2, g.View().SourceCounters(0, rules.Egress), all)
	}
	checkLaws(t, g)
	checkQuiet(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "wire1", dpdktest.ReadPcap(t, out1), there)
	sameFrames(t, "wire0", dpdktest.ReadPcap(t, out0), back)
	checkCopies(t, dpdktest.ReadPcap(t, copied), there, back)
}

// checkCopies compares copies of 9,000-byte outer packets with what was sent in both directions;
// the two directions may be interleaved by bursts.
func checkCopies(t testing.TB, copies, there, back [][]byte) {
	t.Helper()
	var gotThere, gotBack [][]byte
	for _, f := range inner(t, copies) {
		if [6]byte(f[6:12]) == macWeb {
			gotThere = append(gotThere, f)
		} else {
			gotBack = append(gotBack, f)
		}
	}
	cut := func(frames [][]byte) (out [][]byte) {
		for _, f := range frames {
			out = append(out, f[:min(len(f), vxlan.InnerLimit(9000, false))])
		}
		return out
	}
	sameFrames(t, "egress copies", gotThere, cut(there))
	sameFrames(t, "ingress copies", gotBack, cut(back))
}

// checkQuiet: with no frame under way, mbufs are missing only from the pool that the stock is of.
func checkQuiet(t testing.TB, g *Group) {
	t.Helper()
	want := map[string]int{"mgw_rx": 0, "mgw_header": len(g.workers) * pipeline.Stock, "mgw_indirect": 0}
	for pool, n := range want {
		if used := inUse(g, pool); used != n {
			t.Errorf("mempools %s: %d mbufs in use, want %d", pool, used, n)
		}
	}
	for i := range g.Ports() {
		s, err := g.DriverStats(i)
		if err != nil || s.OErrors+s.IMissed+s.IErrors+s.RxNombuf != 0 {
			t.Errorf("port %d: driver lost frames: %+v, %v", i, s, err)
		}
	}
}

// inUse is how many mbufs of the mempools with a prefix are not free; there may be one a node.
func inUse(g *Group, prefix string) (n int) {
	for name, used := range g.MempoolUse() {
		if strings.HasPrefix(name, prefix) {
			n += used
		}
	}
	return n
}

func TestTapIsObservedInBothDirections(t *testing.T) {
	var frames [][]byte
	for n := range 10 {
		frames = append(frames, frame(t, macWeb, macRouter, 100, n), frame(t, macRouter, macWeb, 300, n))
	}
	frames = append(frames, frame(t, macRouter, macNextHop, 100, 0)) // nobody's
	tunnel, copied := writes(t)
	spec := Spec{
		Ports: []PortSpec{
			portSpec("tap0", reads(t, frames...), rules.RoleTap, rules.NoPeer),
			portSpec("tun0", tunnel, rules.RoleTunnel, rules.NoPeer),
		},
		Workers: []int{dpdktest.Worker(t)}, Capacity: testCapacity,
	}
	g := open(t, spec)
	r := plain(g)
	r.Interfaces = []rules.Interface{{ID: "eni-1", MAC: macWeb, HasMAC: true, VLAN: rules.VLANAny}}
	addSession(r, "tms-1", 0, 1)
	run(t, g, r)
	received(t, g, uint64(len(frames)))
	stop(t, g)

	if c := g.PortCounters(0); c.Observed != 21 || c.Forwarded.Packets != 0 || len(c.Dropped) != 0 {
		t.Errorf("%+v, want 21 frames observed and nothing else", c)
	}
	in, out := g.View().SessionCounters(0, rules.Ingress), g.View().SessionCounters(0, rules.Egress)
	if in.Mirrored.Packets != 10 || out.Mirrored.Packets != 10 {
		t.Errorf("ingress %+v, egress %+v; want 10 copies each", in, out)
	}
	checkLaws(t, g)
	checkQuiet(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "copies", inner(t, dpdktest.ReadPcap(t, copied)), frames[:20])
}

func TestTunnelIgnoresWhatIsNotOurs(t *testing.T) {
	frames := fromWeb(t, 100, 5)
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), reads(t, frames...))
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(frames)))
	stop(t, g)
	c := g.PortCounters(tun0)
	if c.Rx != countOf(frames) || len(c.Ignored) != 1 || c.Ignored["not_ours"] != 5 {
		t.Errorf("%+v, want 5 frames ignored as not ours", c)
	}
	checkQuiet(t, g)
}

// TestTooLong: the peer cannot send more than 200 bytes.
func TestTooLong(t *testing.T) {
	short, long := fromWeb(t, 200, 40), fromWeb(t, 201, 20)
	var mixed [][]byte
	for i := range long {
		mixed = append(mixed, short[2*i], long[i], short[2*i+1])
	}
	out, sent := writes(t)
	tunnel, copied := writes(t)
	g := openGateway(t, reads(t, mixed...), out, tunnel)
	g.workers[0].c.rx[wire0].peer_frame_max = 200
	run(t, g, mirrored(g, wire0, wire1))
	received(t, g, uint64(len(mixed)))
	stop(t, g)

	if c := g.PortCounters(wire0); len(c.Dropped) != 1 || c.Dropped["too_long"] != countOf(long) {
		t.Errorf("dropped %+v, want too_long %+v", c.Dropped, countOf(long))
	}
	if c := g.View().SessionCounters(0, rules.Egress); c.Mirrored != countOf(mixed) {
		t.Errorf("egress of the sender: %+v, want all mirrored: it did send them", c)
	}
	if c := g.View().SessionCounters(1, rules.Ingress); c.Mirrored != countOf(short) || c.Skipped["production-dropped"] != countOf(long) {
		t.Errorf("ingress of the receiver: %+v, want the long ones skipped as production-dropped", c)
	}
	checkLaws(t, g)
	checkQuiet(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "wire1", dpdktest.ReadPcap(t, sent), short)
	if n := len(dpdktest.ReadPcap(t, copied)); n != len(mixed)+len(short) {
		t.Errorf("%d copies, want %d", n, len(mixed)+len(short))
	}
}

// TestPeerFrameMaxReachesTheLoop needs no kernel interface: it is what the loop is told that counts.
func TestPeerFrameMaxReachesTheLoop(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	g.ports[wire1].FrameMax = 1518
	w := &worker{c: g.workers[0].c}
	w.c.n_rx = 0
	w.fillQueues(0, g)
	if a, b := w.c.rx[wire0].peer_frame_max, w.c.rx[wire1].peer_frame_max; a != 1518 || b != 0 {
		t.Errorf("wire0 may send %d bytes to its peer, wire1 %d; want 1518 and no limit", a, b)
	}
}
