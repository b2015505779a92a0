package pipeline

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"testing"

	"mirrorgw/rules"
)

// captureResources mirrors what enters wire0 by three sessions of different taste, and all that
// leaves through it by one.
func captureResources() *rules.Resources {
	w := base()
	source := addInterface(w, rules.Interface{Port: wire0, VLAN: rules.VLANAny})
	rule := func(number, protocol int, source, destination string, ports *rules.PortRange) rules.Rule {
		r := rules.Rule{Direction: rules.Egress, Number: number, Action: rules.Accept, Protocol: protocol, DstPorts: ports}
		if source != "" {
			r.Source = netip.MustParsePrefix(source)
		}
		if destination != "" {
			r.Destination = netip.MustParsePrefix(destination)
		}
		return r
	}
	web := rules.Filter{Rules: []rules.Rule{
		rule(10, rules.ProtocolTCP, "", "", &rules.PortRange{First: 80, Last: 443}),
		rule(20, rules.ProtocolUDP, "", "", &rules.PortRange{First: 443, Last: 443}),
	}}
	internal := rules.Filter{AmazonDNS: true, Rules: []rules.Rule{
		rule(10, rules.ProtocolAny, "10.0.0.0/8", "192.168.0.0/16", nil),
		rule(20, rules.ProtocolTCP, "192.168.0.0/16", "", nil),
		rule(30, rules.ProtocolAny, "fe80::/10", "", nil),
	}}
	addSession(w, source, 0, 1, web).PacketLength = 100
	addSession(w, source, 1, 2, internal)
	addSession(w, source, 0, 3, acceptAll())
	return w
}

// TestCaptures takes every real capture through the stages, in both engines and cut at random
// segment bounds: production unchanged, copies exactly what the reference says.
func TestCaptures(t *testing.T) {
	paths := captures(t)
	h := newHarness(t, DefaultHarnessPools)
	r := rand.New(rand.NewPCG(4789, 7348))
	var frames, copies int
	for _, engine := range []Engine{EngineLinear, EngineACL} {
		w := newWorld(t, h, captureResources(), &Layout{Engine: engine})
		for _, path := range paths {
			all := readCapture(t, path)
			for first := 0; first < len(all); first += Burst {
				in := Input{Port: pick(r, wire0, wire0, wire1), Frames: all[first:min(first+Burst, len(all))]}
				for _, frame := range in.Frames {
					in.Segments = append(in.Segments, cut(r, len(frame)))
				}
				w.check(in, newTally())
				copies += w.decapsulate(in)
				frames += len(in.Frames)
			}
			if t.Failed() {
				t.Fatalf("in %s", filepath.Base(path))
			}
		}
		w.close()
	}
	assertLaws(t, h.Counters())
	if frames == 0 || copies == 0 {
		t.Fatalf("%d frames, %d copies: the captures were not read", frames, copies)
	}
	t.Logf("%d frames, %d copies", frames, copies)
}

// decapsulate runs the burst once more and lets gopacket judge the copies: VNI, addresses, and
// inner bytes equal to the frame's, up to the truncation.
func (w *world) decapsulate(in Input) int {
	w.t.Helper()
	out, err := w.harness.Run(w.program, in)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, made := range out.Copies {
		entry := &w.snapshot.Sessions[made.Session]
		target := &w.snapshot.Targets[entry.Target]
		vni, src, dst, inner := gopacketInner(w.t, made.Bytes)
		want := w.innerOf(made.Session, in.Frames[made.Frame])
		if vni != entry.VNI || src != entry.OuterSource || dst != target.Address || !bytes.Equal(inner, want) {
			w.t.Errorf("copy of frame %d: VNI %d from %v to %v with %d inner bytes; want %d, %v, %v, %d", made.Frame, vni, src, dst, len(inner), entry.VNI, entry.OuterSource, target.Address, len(want))
		}
	}
	return len(out.Copies)
}
