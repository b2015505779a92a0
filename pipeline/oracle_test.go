package pipeline

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

// tally is what the counters must say after everything that was run.
type tally struct {
	sources  map[int]*[rules.Directions]SourceCounters
	sessions map[int]*[rules.Directions]SessionCounters
	accepts  map[uint32]uint64 // by rule slot

	fragments Reasons // on all ports
}

func newTally() *tally {
	return &tally{map[int]*[rules.Directions]SourceCounters{}, map[int]*[rules.Directions]SessionCounters{}, map[uint32]uint64{}, Reasons{}}
}

func (y *tally) source(v *rules.Verdict) *SourceCounters {
	if y.sources[v.Source] == nil {
		y.sources[v.Source] = &[rules.Directions]SourceCounters{}
	}
	return &y.sources[v.Source][v.Direction]
}

func (y *tally) session(v *rules.Verdict) *SessionCounters {
	if y.sessions[v.Session] == nil {
		y.sessions[v.Session] = &[rules.Directions]SessionCounters{}
	}
	return &y.sessions[v.Session][v.Direction]
}

// count adds one verdict of the reference.
func (y *tally) count(w *world, v *rules.Verdict, frame []byte) {
	source := y.source(v)
	source.Seen++
	if v.Inherited {
		y.fragments["inherited"]++
	} else if rules.Parse(frame).NonFirst {
		y.fragments["unknown_first"]++
	}
	switch v.Outcome {
	case rules.Missed:
		source.Missed++
		return
	case rules.Excluded:
		source.Excluded = addReasons(source.Excluded, Reasons{v.Exclusion.String(): 1})
		return
	}
	source.Matched++
	if v.Rule != rules.NoRule {
		y.accepts[w.slots.Filters[w.snapshot.Sessions[v.Session].Filter][v.Direction][v.Rule]]++
	}
	session := y.session(v)
	n := Count{1, uint64(len(frame))}
	session.Matched.add(n)
	if !w.snapshot.Targets[w.snapshot.Sessions[v.Session].Target].Resolved {
		session.Skipped = addCounts(session.Skipped, CountsByReason{"unresolved": n})
		return
	}
	session.Mirrored.add(n)
	if len(w.innerOf(v.Session, frame)) < len(frame) {
		session.Truncated++
	}
}

// innerOf is what of a frame belongs into a copy of a session.
func (w *world) innerOf(session int, frame []byte) []byte {
	entry := &w.snapshot.Sessions[session]
	target := &w.snapshot.Targets[entry.Target]
	limit := vxlan.InnerLimit(target.MTU, target.Address.Is6())
	if entry.PacketLength != rules.PacketLengthEntire {
		limit = min(limit, entry.PacketLength)
	}
	return frame[:min(len(frame), limit)]
}

// copyOf is the whole outer frame that a copy must be.
func (w *world) copyOf(v *rules.Verdict, frame []byte) []byte {
	entry := &w.snapshot.Sessions[v.Session]
	target := &w.snapshot.Targets[entry.Target]
	var mac [6]byte
	for _, tunnel := range w.layout.Tunnels {
		if tunnel.Port == target.Port {
			mac = tunnel.MAC
		}
	}
	template, err := vxlan.NewTemplate(vxlan.Outer{SrcMAC: mac, DstMAC: target.NextHop, Src: entry.OuterSource, Dst: target.Address, VNI: entry.VNI})
	if err != nil {
		w.t.Fatal(err)
	}
	k := rules.Parse(frame)
	hash := vxlan.FlowHash(k.Src, k.Dst, uint8(max(k.Protocol, 0)), k.SrcPort, k.DstPort, k.Fragment || k.Protocol == rules.ProtocolUnknown)
	return template.Encapsulate(nil, w.innerOf(v.Session, frame), vxlan.SourcePort(hash))
}

// fragmentsOf adds up what became of fragments on all ports.
func fragmentsOf(h *Harness) Reasons {
	sum := Reasons{}
	for port := range worldPorts {
		sum = addReasons(sum, h.Counters().Port(port).Fragments)
	}
	return sum
}

// outgrown reports whether the data path has forgotten a first fragment for lack of room, which the
// reference never does: from then on they may disagree, and both be right.
func (w *world) outgrown() bool { return fragmentsOf(w.harness)["evicted"] != w.before["evicted"] }

// check runs one burst and compares every decision and every copy with the reference.
func (w *world) check(in Input, y *tally) {
	w.t.Helper()
	out, err := w.harness.Run(w.program, in)
	if err != nil {
		w.t.Fatal(err)
	}
	if out.FramesChanged {
		w.t.Fatal("the stages changed a production frame")
	}
	if w.outgrown() {
		return
	}
	var made int
	var seen int
	w.fragments.SetTime(in.Now)
	verdicts := make([][]rules.Verdict, len(in.Frames))
	for i, frame := range in.Frames {
		verdicts[i] = rules.Evaluate(w.snapshot, in.Port, frame, w.fragments)
		for _, v := range verdicts[i] {
			if seen == len(out.Seen) {
				w.t.Fatalf("frame %d: the reference says %+v, the data path saw nothing\n%s", i, v, w.story(in, i))
			}
			w.compareVerdict(in, i, v, out.Seen[seen])
			seen++
			y.count(w, &v, frame)
			if v.Outcome == rules.Matched && w.snapshot.Targets[w.snapshot.Sessions[v.Session].Target].Resolved {
				made++
			}
		}
	}
	if seen != len(out.Seen) || made != len(out.Copies) {
		w.t.Fatalf("data path: %d looks, %d copies; reference: %d and %d", len(out.Seen), len(out.Copies), seen, made)
	}
	w.compareCopies(in, out, verdicts)
	if leaked := w.harness.Leaked(); leaked != 0 {
		w.t.Fatalf("%d mbufs leaked", leaked)
	}
}

func (w *world) compareVerdict(in Input, frame int, want rules.Verdict, got Seen) {
	w.t.Helper()
	want.Rule, want.Inherited = 0, false // only the counters tell
	if got.Frame != frame || got.Verdict != want {
		w.t.Fatalf("frame %d: the reference says %+v, the data path frame %d %+v\n%s\n%s", frame, want, got.Frame, got.Verdict, w.story(in, frame), w.story(in, got.Frame))
	}
}

// story is what an engineer needs to see of a difference.
func (w *world) story(in Input, frame int) string {
	return fmt.Sprintf("%x\n%v", in.Frames[frame], rules.Explain(w.snapshot, in.Port, in.Frames[frame]))
}

// compareCopies expects, in each tunnel, the copies in the order of the frames.
func (w *world) compareCopies(in Input, out *Output, verdicts [][]rules.Verdict) {
	w.t.Helper()
	byTunnel := map[int][]Made{}
	for _, made := range out.Copies {
		byTunnel[made.Tunnel] = append(byTunnel[made.Tunnel], made)
	}
	for i, frame := range in.Frames {
		for _, v := range verdicts[i] {
			if v.Outcome != rules.Matched {
				continue
			}
			target := &w.snapshot.Targets[w.snapshot.Sessions[v.Session].Target]
			if !target.Resolved {
				continue
			}
			tunnel := w.program.layout.tunnelOf(target.Port)
			made := byTunnel[tunnel][0]
			byTunnel[tunnel] = byTunnel[tunnel][1:]
			want := w.copyOf(&v, frame)
			if made.Frame != i || made.Session != v.Session || made.Direction != v.Direction || !bytes.Equal(made.Bytes, want) {
				w.t.Fatalf("copy of frame %d for session %d: got frame %d session %d\n%x\nwant\n%x\n%s", i, v.Session, made.Frame, made.Session, made.Bytes, want, w.story(in, i))
			}
		}
	}
}

// compareCounters compares everything counted since the harness was new with the tally.
func (w *world) compareCounters(y *tally) {
	w.t.Helper()
	if w.outgrown() {
		w.t.Log("more fragments than the table holds: not compared")
		return
	}
	counters := w.harness.Counters()
	y.compareFragments(w)
	for source, both := range y.sources {
		for d, want := range both {
			got := counters.Source(uint32(source), rules.Direction(d))
			if fmt.Sprint(got) != fmt.Sprint(SourceCounters{want.Seen, want.Matched, want.Missed, addReasons(want.Excluded, nil), 0}) {
				w.t.Errorf("source %d %v: counted %+v, reference %+v", source, rules.Direction(d), got, want)
			}
		}
	}
	for session, both := range y.sessions {
		for d, want := range both {
			got := counters.Session(uint32(session), rules.Direction(d))
			if fmt.Sprint(got) != fmt.Sprint(SessionCounters{want.Matched, want.Mirrored, want.Truncated, addCounts(want.Skipped, nil)}) {
				w.t.Errorf("session %d %v: counted %+v, reference %+v", session, rules.Direction(d), got, want)
			}
		}
	}
	for i, f := range w.snapshot.Filters {
		for d, list := range f.Rules {
			for at := range list {
				slot := w.slots.Filters[i][d][at]
				if got := counters.Rule(slot).Packets; list[at].Action == rules.Accept && got != y.accepts[slot] {
					w.t.Errorf("filter %d, %v rule #%d accepted %d, reference %d", i, rules.Direction(d), at, got, y.accepts[slot])
				}
			}
		}
	}
	assertLaws(w.t, counters)
}

// compareFragments compares what became of fragments.
func (y *tally) compareFragments(w *world) {
	w.t.Helper()
	got := fragmentsOf(w.harness)
	for _, fate := range FragmentNames {
		if n := got[fate] - w.before[fate]; n != y.fragments[fate] {
			w.t.Errorf("fragments{%s}: counted %d, reference %d", fate, n, y.fragments[fate])
		}
	}
}

func assertLaws(t testing.TB, counters *Counters) {
	t.Helper()
	if totals := counters.Totals(); totals.MirrorLaw() != 0 || totals.ProductionLaw() != 0 {
		t.Errorf("laws are broken: %+v", totals)
	}
}

// gopacketInner decapsulates a copy with gopacket and returns VNI, addresses and the inner bytes.
func gopacketInner(t testing.TB, outer []byte) (vni uint32, src, dst netip.Addr, inner []byte) {
	t.Helper()
	packet := gopacket.NewPacket(outer, layers.LayerTypeEthernet, gopacket.NoCopy)
	tunnel, ok := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok {
		t.Fatalf("gopacket finds no VXLAN in %x", outer)
	}
	source, destination := packet.NetworkLayer().NetworkFlow().Endpoints()
	src, _ = netip.AddrFromSlice(source.Raw())
	dst, _ = netip.AddrFromSlice(destination.Raw())
	return tunnel.VNI, src, dst, tunnel.LayerPayload()
}
