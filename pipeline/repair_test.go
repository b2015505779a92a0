package pipeline

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/rules"
)

// repairWorld mirrors all that web sends by wire0, where partial checksums are looked for.
func repairWorld(t *testing.T, target int, change func(*rules.Resources)) *world {
	return webWorld(t, newHarness(t, DefaultHarnessPools), target, &Layout{Repair: []Repair{wire0: RepairAll}}, change)
}

// inner is what a copy carries.
func (m *Made) inner(six bool) []byte {
	if six {
		return m.Bytes[70:]
	}
	return m.Bytes[50:]
}

// Whatever the headers, the length and the segments: partial checksums are completed as gopacket
// completes them, others are left alone, and production is not touched.
func TestPartialChecksumsAreCompleted(t *testing.T) {
	w := repairWorld(t, 1, nil)
	rapid.Check(t, func(t *rapid.T) {
		f := drawL4(t, 8500) // with all headers and padding no copy is cut: those are left alone
		before := w.harness.Counters().Port(wire0).PartialChecksums
		want, count := f.frame, uint64(0)
		switch rapid.SampledFrom([]string{"partial", "complete", "wrong"}).Draw(t, "kind") {
		case "partial":
			f.setPartial()
			want = f.complete(t)
			count = uint64(b2i(!bytes.Equal(want, f.frame))) // 1 but once in 65,536 times
		case "complete":
			want = f.complete(t)
			f.frame = want
		case "wrong":
			f.setPartial()
			f.setChecksum(f.checksum() + 1)
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 1))
		out, err := w.harness.Run(w.program, Input{Port: wire0, Frames: [][]byte{f.frame}, Segments: [][]int{cut(r, len(f.frame))}})
		if err != nil || out.FramesChanged || len(out.Copies) != 1 || w.harness.Leaked() != 0 {
			t.Fatalf("%v, production changed %v, %d copies, %d mbufs leaked", err, out.FramesChanged, len(out.Copies), w.harness.Leaked())
		}
		if got := out.Copies[0].inner(true); !bytes.Equal(got, want) {
			t.Fatalf("got\n%x\nwant\n%x", got, want)
		}
		if got := w.harness.Counters().Port(wire0).PartialChecksums - before; got != count {
			t.Fatalf("counted %d, want %d", got, count)
		}
	})
}

// A giant that its sender left to the network card to cut has one checksum over all of it.
func TestGiantIsCompleted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, six := range []bool{false, true} {
		w := repairWorld(t, 1, func(r *rules.Resources) { r.Targets[1].MTU = 65535 })
		f := newL4(false, six, 0, 0, 32, randomBytes(r, 60001))
		f.setPartial()
		out := w.run(Input{Port: wire0, Frames: [][]byte{f.frame}, Segments: [][]int{cut(r, len(f.frame))}})
		if len(out.Copies) != 1 || !bytes.Equal(out.Copies[0].inner(true), f.complete(t)) {
			t.Errorf("IPv6 %v: %d copies, not as gopacket has it", six, len(out.Copies))
		}
		binary.BigEndian.PutUint16(f.frame[map[bool]int{false: 16, true: 18}[six]:], 0) // in the IP header
		out = w.run(Input{Port: wire0, Frames: [][]byte{f.frame}})
		if len(out.Copies) != 1 || !bytes.Equal(out.Copies[0].inner(true), f.complete(t)) {
			t.Errorf("IPv6 %v without a length: not as gopacket has it", six)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A truncated copy is left as it was received, and counted; the other one of the frame is repaired.
func TestTruncatedCopiesKeepTheirChecksum(t *testing.T) {
	w := repairWorld(t, 0, func(r *rules.Resources) {
		r.Sessions[0].PacketLength = 100
		addSession(r, addInterface(r, rules.Interface{Port: wire1, HasMAC: true, MAC: clientMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
	})
	f := partial(false, 1000)
	out := w.run(Input{Port: wire0, Frames: [][]byte{f.frame}})
	if len(out.Copies) != 2 || !bytes.Equal(out.Copies[0].inner(false), f.frame[:100]) || !bytes.Equal(out.Copies[1].inner(false), f.complete(t)) {
		t.Errorf("%d copies, the first not as received or the second not complete", len(out.Copies))
	}
	if n := w.harness.Counters().Port(wire0).PartialChecksums; n != 1 {
		t.Errorf("one frame, counted %d", n)
	}
}

// What the driver says of a frame counts on every port; what it does not say, only where one looks.
func TestFlaggedFrames(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, nil)
	a, b, odd, none := partial(true, 100), partial(false, 400), partial(false, 60), partial(true, 60)
	odd.setChecksum(0x1234)
	none.setChecksum(0)
	in := Input{Port: wire0, Frames: [][]byte{a.frame, a.frame, b.frame, b.frame, odd.frame, none.frame}, Flagged: []bool{true, false, true, false, true, true}}
	out := w.run(in)
	want := [][]byte{a.complete(t), a.frame, b.complete(t), b.frame, odd.complete(t), none.frame}
	for i := range want {
		if !bytes.Equal(out.Copies[i].inner(false), want[i]) {
			t.Errorf("frame %d: got\n%x\nwant\n%x", i, out.Copies[i].inner(false), want[i])
		}
	}
	if n := w.harness.Counters().Port(wire0).PartialChecksums; n != 3 {
		t.Errorf("counted %d, want 3", n)
	}
}

// Where nothing is to be repaired, the driver's word does not count either.
func TestRepairNone(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{Repair: []Repair{wire0: RepairNone}}, nil)
	f := partial(true, 100)
	if out := w.run(Input{Port: wire0, Frames: [][]byte{f.frame}, Flagged: []bool{true}}); !bytes.Equal(out.Copies[0].inner(false), f.frame) {
		t.Error("altered")
	}
	if n := w.harness.Counters().Port(wire0).PartialChecksums; n != 0 {
		t.Errorf("counted %d", n)
	}
}

// Left as received: a zero UDP checksum, fragments, packets behind a routing header, packets that
// end before their length says.
func TestNotRepaired(t *testing.T) {
	fragment, short, routed := partial(true, 100), partial(false, 100), newL4(true, true, 0, 1, 8, make([]byte, 40))
	fragment.frame[20] |= 0x20
	short.frame = short.frame[:len(short.frame)-1]
	routed.setPartial()
	routed.frame[20], routed.frame[54+2], routed.frame[54+3] = 43, 0, 0
	none := partial(true, 60)
	none.setChecksum(0)
	w := repairWorld(t, 1, nil)
	for name, f := range map[string]*l4{"fragment": fragment, "cut off": short, "routing header": routed, "no checksum": none} {
		if out := w.run(Input{Port: wire0, Frames: [][]byte{f.frame}}); !bytes.Equal(out.Copies[0].inner(true), f.frame) {
			t.Errorf("%s: altered", name)
		}
	}
	if n := w.harness.Counters().Port(wire0).PartialChecksums; n != 0 {
		t.Errorf("counted %d", n)
	}
}

// setSum changes two bytes of the payload so that the segment and the pseudo header, without the
// checksum, add up to sum.
func (f *l4) setSum(t *testing.T, sum uint16) {
	word := f.frame[f.end-2 : f.end]
	copy(word, []byte{0, 0})
	now := ^binary.BigEndian.Uint16(f.complete(t)[f.field():])
	difference := uint32(sum) + uint32(^now)
	binary.BigEndian.PutUint16(word, uint16(difference&0xffff+difference>>16))
}

// A UDP checksum that comes out as 0 is sent as 0xffff (RFC 768); one that is complete and looks
// partial is neither altered nor counted.
func TestChecksumsAtTheEdge(t *testing.T) {
	w := repairWorld(t, 0, nil)
	zero := partial(true, 100)
	zero.setSum(t, 0xffff)
	if got := w.run(Input{Port: wire0, Frames: [][]byte{zero.frame}}).Copies[0].inner(false); binary.BigEndian.Uint16(got[zero.field():]) != 0xffff {
		t.Errorf("checksum %x, want ffff", got[zero.field():zero.field()+2])
	}
	looks := partial(false, 100)
	looks.setSum(t, ^looks.checksum())
	if !bytes.Equal(looks.complete(t), looks.frame) {
		t.Fatal("the test's frame is not complete")
	}
	before := w.harness.Counters().Port(wire0).PartialChecksums
	if got := w.run(Input{Port: wire0, Frames: [][]byte{looks.frame}}).Copies[0].inner(false); !bytes.Equal(got, looks.frame) {
		t.Error("a complete checksum was altered")
	}
	if n := w.harness.Counters().Port(wire0).PartialChecksums; n != before {
		t.Error("a complete checksum was counted")
	}
}

// Without memory for its bytes, or in more pieces than the tunnel port sends, a copy is skipped and
// counted, never sent with a wrong checksum; the others of its burst are not disturbed.
func TestRepairWithoutRoom(t *testing.T) {
	long, short := partial(false, 1300), fromWeb(t, 1000)
	w := webWorld(t, newHarness(t, HarnessPools{Frames: 1023, Headers: 31, Indirects: 255}), 0, &Layout{Repair: []Repair{wire0: RepairAll}}, nil)
	out := w.run(Input{Port: wire0, Frames: append(repeat(long.frame, 8), short)})
	// 31 header mbufs of 320 bytes: 5 a frame
	if len(out.Copies) != 7 || !bytes.Equal(out.Copies[6].inner(false), short) {
		t.Errorf("%d copies, want 6 repaired ones and the last", len(out.Copies))
	}
	w.wantSession(rules.Egress, 7, 0, map[string]uint64{"mempool": 2})
	tunnels := worldTunnels()
	tunnels[0].MaxSegments = 4
	w = webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{Repair: []Repair{wire0: RepairAll}, Tunnels: tunnels}, nil)
	if out := w.run(Input{Port: wire0, Frames: [][]byte{long.frame, short}}); len(out.Copies) != 1 {
		t.Errorf("%d copies, want 1", len(out.Copies))
	}
	w.wantSession(rules.Egress, 1, 0, map[string]uint64{"segments": 1})
}

// Whatever the bytes, flagged or not: production stays, nothing leaks, and a copy differs from its
// frame in one checksum at most.
func TestRepairOfGarbage(t *testing.T) {
	r, pool := rand.New(rand.NewPCG(rand.Uint64(), 1)), newPools()
	w := newWorld(t, newHarness(t, DefaultHarnessPools), captureResources(), &Layout{Repair: []Repair{wire0: RepairAll}})
	t.Cleanup(w.close)
	repaired := 0
	for range 2000 {
		in := randomBurst(r, pool, nil)
		in.Port = wire0
		for range in.Frames {
			in.Flagged = append(in.Flagged, r.IntN(2) == 0)
		}
		for _, made := range w.run(in).Copies {
			inner := made.inner(w.snapshot.Targets[w.snapshot.Sessions[made.Session].Target].Address.Is6())
			differs := []int{}
			for i := range inner {
				if inner[i] != in.Frames[made.Frame][i] {
					differs = append(differs, i)
				}
			}
			if n := len(differs); n > 2 || n == 2 && differs[1] != differs[0]+1 {
				t.Fatalf("a copy differs from its frame in bytes %v", differs)
			}
			repaired += b2i(len(differs) > 0)
		}
	}
	if repaired < 200 {
		t.Errorf("%d copies repaired: too few to prove anything", repaired)
	}
}
