package pipeline

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"mirrorgw/rules"
)

// egressRule is a rule for TCP from the web server's port.
func egressRule(action rules.Action, port uint16) rules.Rule {
	return rules.Rule{Direction: rules.Egress, Number: 1, Action: action, Protocol: rules.ProtocolTCP,
		SrcPorts: &rules.PortRange{First: port, Last: port}}
}

func filterOf(list ...rules.Rule) (f rules.Filter) {
	for i, rule := range list {
		rule.Number = i + 1
		f.Rules = append(f.Rules, rule)
	}
	return f
}

// TestSessionsAskedTogether: whether the rules of all sessions of a source are one list or not, the first
// session of which a rule accepts mirrors the frame, and each rule that decided for a session is counted.
func TestSessionsAskedTogether(t *testing.T) {
	hit, other := uint16(443), uint16(80)
	accept, reject := egressRule(rules.Accept, hit), egressRule(rules.Reject, hit)
	none := egressRule(rules.Accept, other)
	long := lastAccepts(LinearMax)
	for _, c := range []struct {
		name    string
		filters []rules.Filter
		chains  int
		session int      // that mirrors; -1: none
		hits    []uint64 // of the rules of all filters, one filter behind the other
	}{
		{"the first accepts", []rules.Filter{filterOf(accept), filterOf(accept)}, 1, 0, []uint64{1, 0}},
		{"the last accepts", []rules.Filter{filterOf(none), filterOf(none), filterOf(none, accept)}, 1, 2, []uint64{0, 0, 0, 1}},
		{"none accepts", []rules.Filter{filterOf(none), filterOf(none)}, 1, -1, []uint64{0, 0}},
		{"one without rules", []rules.Filter{filterOf(), filterOf(accept)}, 1, 1, []uint64{1}},
		{"the first rejects", []rules.Filter{filterOf(reject, accept), filterOf(accept)}, 1, 1, []uint64{1, 0, 1}},
		{"all reject", []rules.Filter{filterOf(none, reject), filterOf(reject)}, 1, -1, []uint64{0, 1, 1}},
		{"one in the middle rejects", []rules.Filter{filterOf(none), filterOf(reject), filterOf(none), filterOf(accept)}, 1, 3, []uint64{0, 1, 0, 1}},
		{"too many rules for one list", []rules.Filter{filterOf(none), long}, 0, 1, append(make([]uint64, LinearMax), 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := base()
			source := addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny})
			for i, filter := range c.filters {
				addSession(r, source, 0, i+1, filter)
			}
			layout := &Layout{}
			w := newWorld(t, newHarness(t, DefaultHarnessPools), r, layout)
			t.Cleanup(w.close)
			if got := layout.Shared().Chains; got != c.chains {
				t.Errorf("%d chains; want %d", got, c.chains)
			}
			out := w.run(Input{Port: wire0, Frames: [][]byte{fromWeb(t, 80)}})
			session := -1
			if len(out.Copies) == 1 {
				session = out.Copies[0].Session
			}
			if session != c.session {
				t.Errorf("session %d mirrors the frame; want %d", session, c.session)
			}
			for slot, want := range c.hits {
				if got := w.harness.Counters().Rule(uint32(slot)).Packets; got != want {
					t.Errorf("rule %d has %d hits; want %d", slot, got, want)
				}
			}
		})
	}
}

// TestManyChains: sources beyond the bound have their sessions asked one after the other.
func TestManyChains(t *testing.T) {
	r := base()
	for i := range maxChains + 2 {
		source := addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: [6]byte{2, 0, 0, 1, byte(i >> 8), byte(i)}, VLAN: rules.VLANAny})
		addSession(r, source, 0, 1, filterOf(egressRule(rules.Accept, 80)))
		addSession(r, source, 0, 2, acceptAll())
	}
	layout := &Layout{}
	w := newWorld(t, newHarness(t, DefaultHarnessPools), r, layout)
	t.Cleanup(w.close)
	if got := layout.Shared().Chains; got != maxChains {
		t.Errorf("%d chains; want %d", got, maxChains)
	}
	for _, source := range []int{0, maxChains - 1, maxChains, maxChains + 1} {
		frame := fromWeb(t, 80)
		frame[9], frame[10], frame[11] = 1, byte(source>>8), byte(source)
		out := w.run(Input{Port: wire0, Frames: [][]byte{frame}})
		if len(out.Copies) != 1 || out.Copies[0].Session != 2*source+1 {
			t.Errorf("source %d: copies %+v; want one of session %d", source, out.Copies, 2*source+1)
		}
	}
}

// TestFramesOfOneSourceGoDifferentWays: in a burst of one source a frame that a session rejects asks the
// next one, whatever becomes of its neighbours.
func TestFramesOfOneSourceGoDifferentWays(t *testing.T) {
	const hit = 443
	r := base()
	source := addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny})
	addSession(r, source, 0, 1, filterOf(egressRule(rules.Reject, hit)))
	addSession(r, source, 0, 2, filterOf(egressRule(rules.Accept, hit)))
	layout := &Layout{}
	w := newWorld(t, newHarness(t, DefaultHarnessPools), r, layout)
	t.Cleanup(w.close)
	if got := layout.Shared().Chains; got != 1 {
		t.Fatalf("%d chains; want 1", got)
	}
	missed := fromWeb(t, 80)
	missed[34], missed[35] = 0x12, 0x34 // the port, behind Ethernet and IPv4
	out := w.run(Input{Port: wire0, Frames: [][]byte{missed, fromWeb(t, 80), missed, fromWeb(t, 80)}})
	if len(out.Copies) != 2 || out.Copies[0].Session != 1 || out.Copies[1].Session != 1 {
		t.Errorf("copies %+v; want two of session 1", out.Copies)
	}
	for slot := range uint32(2) {
		if got := w.harness.Counters().Rule(slot).Packets; got != 2 {
			t.Errorf("rule %d has %d hits; want 2", slot, got)
		}
	}
}

// TestRowsOfOneSource compares bursts of one source with rules.Evaluate: short random filters, some of several
// sessions, of which each frame may be any one's or nobody's.
func TestRowsOfOneSource(t *testing.T) {
	h := sharedHarness(t)
	for world := range uint64(300) {
		r := rand.New(rand.NewPCG(world, 2))
		resources := base()
		source := addInterface(resources, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny})
		for number := range 2 + r.IntN(4) {
			var list []rules.Rule
			for range r.IntN(4) {
				list = append(list, egressRule(pick(r, rules.Accept, rules.Reject), pick[uint16](r, 80, 443, 8443)))
			}
			session := addSession(resources, source, 0, number+1, filterOf(list...))
			session.Filter -= r.IntN(pick(r, 1, number+1))
		}
		h.clear()
		w := newWorld(t, h.Harness, resources, &Layout{Engine: pick(r, EngineAuto, EngineLinear, EngineACL), Scattered: r.IntN(4) == 0})
		y := newTally()
		for range 20 {
			in := Input{Port: wire0, Spare: pick(r, 0, CopyMax)}
			for range 1 + r.IntN(pick(r, 4, Burst)) {
				frame := fromWeb(t, 80)
				binary.BigEndian.PutUint16(frame[34:], pick[uint16](r, 80, 443, 8443, 22)) // behind Ethernet and IPv4
				in.Frames = append(in.Frames, frame)
				in.Segments = append(in.Segments, []int{len(frame)})
			}
			w.check(in, y)
		}
		w.compareCounters(y)
		w.close()
		if t.Failed() {
			t.Fatalf("world %d", world)
		}
	}
}
