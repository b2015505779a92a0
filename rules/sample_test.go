package rules

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawPacket is a packet of any flow.
func drawPacket(t *rapid.T) Packet {
	address := func(label string, v6 bool) netip.Addr {
		n := 4
		if v6 {
			n = 16
		}
		a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, label))
		return a
	}
	v6 := rapid.Bool().Draw(t, "IPv6")
	return Packet{VLAN: VLANNone, Src: address("source", v6), Dst: address("destination", v6),
		Protocol: rapid.SampledFrom([]int{ProtocolTCP, ProtocolUDP, ProtocolSCTP, ProtocolICMP, 47}).Draw(t, "protocol"),
		SrcPort:  rapid.Uint16().Draw(t, "source port"), DstPort: rapid.Uint16().Draw(t, "destination port")}
}

func keyOf(t *rapid.T, p Packet) Key {
	t.Helper()
	frame, err := BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(frame)
}

func TestSampleIsTheSameBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		there := drawPacket(t)
		back := there
		back.Src, back.Dst, back.SrcPort, back.DstPort = there.Dst, there.Src, there.DstPort, there.SrcPort
		k, reverse := keyOf(t, there), keyOf(t, back)
		if SampleNumber(&k) != SampleNumber(&reverse) {
			t.Fatalf("%v has number %d, %v has %d", k, SampleNumber(&k), reverse, SampleNumber(&reverse))
		}
	})
}

func TestSampleIsTheSameForAllFragments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPacket(t)
		if p.Src.Is6() {
			p.Src, p.Dst = netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.9")
		}
		frame, err := BuildFrame(p)
		if err != nil {
			t.Fatal(err)
		}
		binary.BigEndian.PutUint16(frame[20:], 0x2000) // more fragments
		first := Parse(frame)
		binary.BigEndian.PutUint16(frame[20:], uint16(rapid.IntRange(1, 0x1fff).Draw(t, "offset")))
		later := Parse(frame)
		if !first.FirstFragment || !later.NonFirst {
			t.Fatalf("not the fragments that were meant: %v, %v", first, later)
		}
		if SampleNumber(&first) != SampleNumber(&later) {
			t.Fatalf("%v has number %d, %v has %d", first, SampleNumber(&first), later, SampleNumber(&later))
		}
	})
}

// TestSampleSize counts how many of many flows between few hosts are in samples of several sizes: as
// many as there should be, and those of a smaller sample are in every larger one.
func TestSampleSize(t *testing.T) {
	const flows = 200_000
	r := rand.New(rand.NewPCG(7, 7))
	sizes := []int{SampleMin, 3, 10, 100, 1000}
	counts := map[int]int{}
	for i := range flows {
		k := Key{Family: 4, Src: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), Dst: netip.AddrFrom4([4]byte{10, 0, 1, byte(r.IntN(4))}),
			Protocol: ProtocolTCP, HasPorts: true, SrcPort: uint16(1024 + i/256), DstPort: uint16(80 + r.IntN(3))}
		for at, n := range sizes {
			session := Session{SampleOneIn: n}
			if session.samplesOut(&k) {
				continue
			}
			counts[n]++
			if smaller := (Session{SampleOneIn: sizes[max(at-1, 0)]}); smaller.samplesOut(&k) {
				t.Fatalf("%v is one in %d but not one in %d", k, n, smaller.SampleOneIn)
			}
		}
	}
	for _, n := range sizes {
		want := flows / n
		if off := counts[n] - want; off*off > 30*want { // 5.5 standard deviations
			t.Errorf("one in %d of %d flows: %d, should be about %d", n, flows, counts[n], want)
		}
	}
}

// TestSampleIsInTheVerdict: a session that samples accepts all frames and owes copies of some; a later
// fragment has the verdict of its first.
func TestSampleIsInTheVerdict(t *testing.T) {
	r := testResources()
	r.Sessions[0].SampleOneIn = 2
	s := mustCompile(t, r)
	answers := map[bool]string{
		true:  `ingress of source "web-1": not mirrored: accepted by session "web-to-ids", which mirrors one flow in 2, and this flow is not one of them`,
		false: `ingress of source "web-1": mirrored by session "web-to-ids" to target "ids" (192.0.2.10, VNI 100)`,
	}
	seen := map[bool]bool{}
	for port := range uint16(20) {
		frame := mustBuild(t, towards(macWeb, packet(ProtocolTCP, "10.9.0.1", 4000+port, "10.0.0.5", 80)))
		k := Parse(frame)
		want := SampleNumber(&k) >= 1<<31
		seen[want] = true
		v := Evaluate(s, portWire1, frame, nil)[0]
		if v.Outcome != Matched || v.SampledOut != want {
			t.Errorf("%v: %+v, sampled out should be %v", k, v, want)
		}
		if text := Explain(s, portWire1, frame).String(); !strings.Contains(text, answers[want]) {
			t.Errorf("explained as\n%s\nwithout\n%s", text, answers[want])
		}
		var fragments Fragments
		binary.BigEndian.PutUint16(frame[20:], 0x2000) // more fragments
		first := Evaluate(s, portWire1, frame, &fragments)[0]
		binary.BigEndian.PutUint16(frame[20:], 100)
		if later := Evaluate(s, portWire1, frame, &fragments)[0]; !later.Inherited || later.SampledOut != first.SampledOut {
			t.Errorf("first fragment %+v, later one %+v", first, later)
		}
	}
	if len(seen) != 2 {
		t.Errorf("20 flows are all in the sample, or none: %v", seen)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Resources)
		want   string
	}{
		"one in one":       {func(r *Resources) { r.Sessions[0].SampleOneIn = 1 }, `session "web-to-ids" mirrors one flow in 1; it must be one in 2 to 1000000, or 0 for all`},
		"negative sample":  {func(r *Resources) { r.Sessions[0].SampleOneIn = -2 }, `session "web-to-ids" mirrors one flow in -2; it must be one in 2 to 1000000, or 0 for all`},
		"session, packets": {func(r *Resources) { r.Sessions[0].Limit.PPS = -1 }, `session "web-to-ids" has a limit of -1 packets a second; it must be 1 to 1000000000, or 0 for none`},
		"target, bits":     {func(r *Resources) { r.Targets[0].Limit.BPS = 63_999 }, `target "ids" has a limit of 63999 bits a second; it must be 64000 to 1000000000000, or 0 for none`},
	} {
		r := testResources()
		c.change(r)
		if _, err := Compile(r); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}
