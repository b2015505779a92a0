package pipeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

var (
	webMAC    = [6]byte{2, 0, 0, 0, 0, 1}
	clientMAC = [6]byte{2, 0, 0, 0, 0, 2}
)

// fromWeb is a TCP frame from the web server to its client, of the given length.
func fromWeb(t testing.TB, length int) []byte {
	t.Helper()
	frame, err := rules.BuildFrame(rules.Packet{
		SrcMAC: webMAC, DstMAC: clientMAC, VLAN: rules.VLANNone,
		Src: netip.MustParseAddr("10.0.0.5"), Dst: netip.MustParseAddr("10.0.0.9"),
		Protocol: rules.ProtocolTCP, SrcPort: 443, DstPort: 40000,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(frame); i < length; i++ {
		frame = append(frame, byte(i))
	}
	return frame
}

func repeat(frame []byte, n int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = frame
	}
	return frames
}

// webWorld mirrors everything of the web server on wire0 to one target.
func webWorld(t *testing.T, h *Harness, target int, layout *Layout, change func(*rules.Resources)) *world {
	t.Helper()
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), target, 1, acceptAll())
	if change != nil {
		change(r)
	}
	w := newWorld(t, h, r, layout)
	t.Cleanup(w.close)
	return w
}

func (w *world) run(in Input) *Output {
	w.t.Helper()
	out, err := w.harness.Run(w.program, in)
	if err != nil {
		w.t.Fatal(err)
	}
	if out.FramesChanged {
		w.t.Fatal("a production frame was changed")
	}
	if leaked := w.harness.Leaked(); leaked != 0 {
		w.t.Fatalf("%d mbufs leaked", leaked)
	}
	assertLaws(w.t, w.harness.Counters())
	return out
}

func (w *world) wantSession(d rules.Direction, mirrored, truncated uint64, skipped map[string]uint64) {
	w.t.Helper()
	got := w.harness.Counters().Session(0, d)
	reasons := map[string]uint64{}
	for name, n := range got.Skipped {
		reasons[name] = n.Packets
	}
	if got.Mirrored.Packets != mirrored || got.Truncated != truncated || fmt.Sprint(reasons) != fmt.Sprint(skipped) {
		w.t.Errorf("%v: mirrored %d, truncated %d, skipped %v; want %d, %d, %v", d, got.Mirrored.Packets, got.Truncated, reasons, mirrored, truncated, skipped)
	}
}

// A production frame that never left was sent by its source but never reached the other side.
func TestProductionRefused(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, func(r *rules.Resources) {
		addSession(r, addInterface(r, rules.Interface{Port: wire1, HasMAC: true, MAC: clientMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
	})
	for _, length := range []int{80, 1000} { // copied and referenced
		if out := w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, length), 10), ProductionRefuses: 4}); len(out.Copies) != 10+6 {
			t.Errorf("%d copies; want 10 of the sender's and 6 of the receiver's", len(out.Copies))
		}
	}
	w.wantSession(rules.Egress, 20, 0, map[string]uint64{})
	got := w.harness.Counters().Session(1, rules.Ingress)
	if got.Mirrored.Packets != 12 || got.Skipped["production-dropped"].Packets != 8 {
		t.Errorf("ingress of the receiver: %+v; want 12 mirrored, 8 skipped{production-dropped}", got)
	}
}

func TestTunnelFull(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, nil)
	for _, length := range []int{80, 1000} {
		if out := w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, length), Burst), TunnelTakes: 5}); len(out.Copies) != 5 {
			t.Errorf("%d copies left; the tunnel port takes 5", len(out.Copies))
		}
	}
	w.wantSession(rules.Egress, 10, 0, map[string]uint64{"tunnel-full": 2*Burst - 10})
}

// With no mirror mbuf left copies are skipped, counted, and resume when there are some again.
func TestMempoolExhausted(t *testing.T) {
	for _, c := range []struct {
		name     string
		pools    HarnessPools
		length   int
		mirrored uint64
	}{
		{"short copies need header mbufs", HarnessPools{Frames: 1023, Headers: 31, Indirects: 255}, 80, 31},
		{"references need header mbufs", HarnessPools{Frames: 1023, Headers: 31, Indirects: 255}, 1000, 31},
		{"references need indirect mbufs", HarnessPools{Frames: 1023, Headers: 511, Indirects: 15}, 1000, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := webWorld(t, newHarness(t, c.pools), 0, &Layout{}, nil)
			in := Input{Port: wire0, Frames: repeat(fromWeb(t, c.length), Burst)}
			if out := w.run(in); uint64(len(out.Copies)) != c.mirrored {
				t.Errorf("%d copies; want %d", len(out.Copies), c.mirrored)
			}
			w.wantSession(rules.Egress, c.mirrored, 0, map[string]uint64{"mempool": Burst - c.mirrored})
			in.Frames = in.Frames[:10]
			if out := w.run(in); len(out.Copies) != 10 {
				t.Errorf("%d copies after the pool recovered; want 10", len(out.Copies))
			}
		})
	}
}

func TestUnresolvedTarget(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 2, &Layout{}, nil)
	if out := w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, 100), 7)}); len(out.Copies) != 0 {
		t.Errorf("%d copies to a target without a neighbour", len(out.Copies))
	}
	w.wantSession(rules.Egress, 0, 0, map[string]uint64{"unresolved": 7})
}

// Copies that own their bytes are the same copies, for ports whose peer gets our very mbufs.
func TestOwnCopies(t *testing.T) {
	own := webWorld(t, newHarness(t, DefaultHarnessPools), 1, &Layout{OwnCopies: []bool{wire0: true}}, nil)
	r := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{60, 192, 193, 1514, 8900} {
		frame := fromWeb(t, length)
		in := Input{Port: wire0, Frames: [][]byte{frame}, Segments: [][]int{cut(r, length)}}
		own.check(in, newTally())
	}
}

// A port that cannot send chains gets copies of one segment, and no copy that does not fit.
func TestSingleSegmentCopies(t *testing.T) {
	tunnels := worldTunnels()
	tunnels[0].SingleSegmentCopies = true
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{Tunnels: tunnels}, nil)
	fits := HeaderRoom - 128 - vxlan.HeaderLenIPv4
	out := w.run(Input{Port: wire0, Frames: [][]byte{fromWeb(t, fits), fromWeb(t, fits+1)}})
	if len(out.Copies) != 1 || len(out.Copies[0].Bytes) != fits+vxlan.HeaderLenIPv4 {
		t.Errorf("%d copies; want the one that fits", len(out.Copies))
	}
	w.wantSession(rules.Egress, 1, 0, map[string]uint64{"segments": 1})
}

func TestTooManySegments(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 1, &Layout{}, nil)
	frame := fromWeb(t, 1000)
	in := Input{Port: wire0}
	for range 11 { // 11 x 100 segments are more than a burst can hold
		cuts := make([]int, 100)
		for i := range cuts {
			cuts[i] = 10
		}
		in.Frames, in.Segments = append(in.Frames, frame), append(in.Segments, cuts)
	}
	held := uint64(MaxHeldABurst / 100)
	if out := w.run(in); uint64(len(out.Copies)) != held {
		t.Errorf("%d copies; want %d", len(out.Copies), held)
	}
	w.wantSession(rules.Egress, held, 0, map[string]uint64{"segments": 11 - held})
}

// The lookup costs the same and is right among ten thousand sources with colliding MACs.
func TestTenThousandSources(t *testing.T) {
	r := base()
	filter := acceptAll()
	mac := func(i int) [6]byte { return [6]byte{2, 0, byte(i % 3), 0, byte(i >> 8), byte(i)} }
	for i := range 10000 {
		vlan := rules.VLANAny
		if i%4 == 0 {
			vlan = 1 + i%4094
		}
		source := addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: mac(i), VLAN: vlan})
		if i == 0 {
			addSession(r, source, 0, 1, filter)
			continue
		}
		r.Sessions = append(r.Sessions, rules.Session{ID: fmt.Sprintf("tms-%d", i), Source: source, Number: 1, VNI: 1, OuterSource: outerSources[true]})
	}
	w := newWorld(t, newHarness(t, DefaultHarnessPools), r, &Layout{})
	defer w.close()
	frame := fromWeb(t, 64)
	for i := range 10000 {
		m := mac(i)
		copy(frame[6:], m[:])
		out := w.run(Input{Port: wire0, Frames: [][]byte{frame}})
		found := len(out.Seen) == 1 && out.Seen[0].Verdict.Source == i
		if tagged := i%4 == 0; found == tagged { // the tagged ones do not see untagged frames
			t.Fatalf("source %d (vlan needed: %v): seen %+v", i, tagged, out.Seen)
		}
	}
}

// Nothing of a frame is left for the one that takes its place in the next burst: an ICMP error makes
// no later frame look like one.
func TestKeysAreNew(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, nil)
	unreachable, err := rules.BuildFrame(rules.Packet{SrcMAC: webMAC, DstMAC: clientMAC, VLAN: rules.VLANNone,
		Src: netip.MustParseAddr("10.0.0.5"), Dst: netip.MustParseAddr("10.0.0.9"), Protocol: rules.ProtocolICMP, ICMPType: 3, ICMPCode: 4})
	if err != nil {
		t.Fatal(err)
	}
	key := &w.harness.pipe.c.keys[0]
	if w.run(Input{Port: wire0, Frames: [][]byte{unreachable}}); key.icmp_type != 3 {
		t.Fatalf("ICMP type %d, want 3", key.icmp_type)
	}
	if w.run(Input{Port: wire0, Frames: [][]byte{fromWeb(t, 100)}}); key.icmp_type != 0 || key.unusual != 0 {
		t.Errorf("a TCP frame has ICMP type %d, unusual %d", key.icmp_type, key.unusual)
	}
}

// C and Go must mean the same by a number.
func TestSharedNumbers(t *testing.T) {
	for e := rules.NotExcluded; e < rules.Exclusions; e++ {
		if ExcludedNames[e] != e.String() {
			t.Errorf("exclusion %d is %q in C and %q in rules", e, ExcludedNames[e], e)
		}
	}
	if len(ExcludedNames) != int(rules.Exclusions) {
		t.Errorf("%d exclusions in C, %d in rules", len(ExcludedNames), rules.Exclusions)
	}
}

// Both directions of a flow and all fragments of a datagram leave with one source port.
func TestSourcePortIsSymmetric(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, nil)
	there := fromWeb(t, 100)
	back, err := rules.BuildFrame(rules.Packet{SrcMAC: clientMAC, DstMAC: webMAC, VLAN: rules.VLANNone,
		Src: netip.MustParseAddr("10.0.0.9"), Dst: netip.MustParseAddr("10.0.0.5"), Protocol: rules.ProtocolTCP, SrcPort: 40000, DstPort: 443})
	if err != nil {
		t.Fatal(err)
	}
	a, b := w.run(Input{Port: wire0, Frames: [][]byte{there}}), w.run(Input{Port: wire1, Frames: [][]byte{back}})
	if x, y := a.Copies[0].Bytes[34:36], b.Copies[0].Bytes[34:36]; !bytes.Equal(x, y) {
		t.Errorf("source ports %x and %x of one flow's directions", x, y)
	}
}

// TestSourcesThatAskTheSame: a burst in which every frame is of another source, all of whose sessions have one
// filter, yields copies of each one's own session, whether sources are looked up far apart or near.
func TestSourcesThatAskTheSame(t *testing.T) {
	for _, scattered := range []bool{false, true} {
		r := base()
		in := Input{Port: wire0, Spare: CopyMax}
		for i := range 5 {
			mac := [6]byte{2, 0, 0, 0, 1, byte(i)}
			session := addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: mac, VLAN: rules.VLANAny}), 0, 1, acceptAll())
			session.Filter = 0
			frame := fromWeb(t, 80)
			copy(frame[6:], mac[:])
			in.Frames = append(in.Frames, frame)
		}
		w := newWorld(t, newHarness(t, DefaultHarnessPools), r, &Layout{Scattered: scattered})
		t.Cleanup(w.close)
		y := newTally()
		for range 3 {
			w.check(in, y)
		}
		w.compareCounters(y)
	}
}
