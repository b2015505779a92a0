package pipeline

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"mirrorgw/rules"
)

// asked is how often the match cache knew and rte_acl was asked since last.
func asked(h *Harness, last MatchCounters) (cached, searched uint64) {
	now := h.Counters().Match()
	return now.Cached - last.Cached, now.Searched - last.Searched
}

// frameOfFlow is a frame of the web server's flow number n, UDP over the family.
func frameOfFlow(t testing.TB, family, n int) []byte {
	t.Helper()
	p := rules.Packet{SrcMAC: webMAC, DstMAC: clientMAC, VLAN: rules.VLANNone, Protocol: rules.ProtocolUDP,
		Src: netip.MustParseAddr("10.0.0.5"), Dst: netip.AddrFrom4([4]byte{10, 9, byte(n >> 16), byte(n >> 8)}), SrcPort: uint16(5000 + n&0xff), DstPort: 6000}
	if family == 6 {
		var to [16]byte
		copy(to[:], []byte{0x20, 1, 0xd, 0xb8})
		binary.BigEndian.PutUint32(to[12:], uint32(n>>8))
		p.Src, p.Dst = netip.MustParseAddr("2001:db8::5"), netip.AddrFrom16(to)
	}
	frame, err := rules.BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// portsAccepted is a filter that accepts UDP from some of the ports 5000 to 5255, a rule each.
func portsAccepted(accepts func(port int) bool) (f rules.Filter) {
	for port := 5000; port < 5256; port++ {
		rule := rules.Rule{Direction: rules.Egress, Number: port, Action: rules.Reject, Protocol: rules.ProtocolUDP,
			SrcPorts: &rules.PortRange{First: uint16(port), Last: uint16(port)}}
		if accepts(port) {
			rule.Action = rules.Accept
		}
		f.Rules = append(f.Rules, rule)
	}
	return f
}

func evenPort(port int) bool { return port%2 == 0 }
func oddPort(port int) bool  { return port%2 == 1 }

// portsWorld mirrors what of the web server's flows the filter accepts.
func portsWorld(t *testing.T, h *Harness, layout *Layout, f rules.Filter) *world {
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, f)
	w := newWorld(t, h, r, layout)
	t.Cleanup(w.close)
	return w
}

// burstOf is one frame of each flow.
func burstOf(t testing.TB, family int, flows ...int) Input {
	in := Input{Port: wire0}
	for _, n := range flows {
		in.Frames = append(in.Frames, frameOfFlow(t, family, n))
	}
	return in
}

// TestFlowsAreSearchedForOnce: what rte_acl said of a flow is remembered, for either family, whether a rule
// accepts, rejects or none matches, and all is counted as if it had been searched for.
func TestFlowsAreSearchedForOnce(t *testing.T) {
	for _, family := range []int{4, 6} {
		h := newHarness(t, DefaultHarnessPools)
		w := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
		y, in := newTally(), burstOf(t, family, 0, 1, 2, 3, 256, 257, 0xffff)
		other := frameOfFlow(t, family, 0)
		binary.BigEndian.PutUint16(other[len(other)-8:], 999) // no rule matches this source port
		in.Frames = append(in.Frames, other)
		for round := range 3 {
			last := h.Counters().Match()
			w.check(in, y)
			cached, searched := asked(h, last)
			if n := uint64(len(in.Frames)); round == 0 && searched != n || round > 0 && cached != n {
				t.Errorf("IPv%d, round %d: %d cached, %d searched of %d", family, round, cached, searched, n)
			}
		}
		w.compareCounters(y)
		if hits := h.Counters().Rule(0).Packets; hits != 6 {
			t.Errorf("IPv%d: the first rule has %d hits; want 6, two of each burst", family, hits)
		}
	}
}

// TestCacheKnowsWhoWasAsked: two filters that say the opposite of the same flows are asked in turns, as if one
// took the other's place again and again; then one whose memory was freed before.
func TestCacheKnowsWhoWasAsked(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	even := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
	odd := portsWorld(t, h, &Layout{}, portsAccepted(oddPort))
	y, z := newTally(), newTally()
	for range 3 {
		for _, family := range []int{4, 6} {
			in := burstOf(t, family, 0, 1, 2, 3, 256, 257)
			even.check(in, y)
			odd.check(in, z)
		}
	}
	for i := range 20 { // each likely where the one before was
		accepts := oddPort
		if i%2 == 0 {
			accepts = evenPort
		}
		r := base()
		addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, portsAccepted(accepts))
		w := newWorld(t, h, r, &Layout{})
		for range 2 {
			w.check(burstOf(t, 4, 0, 1, 2, 3), newTally())
		}
		w.close()
	}
}

// TestBothDirectionsOfAFlow: what is asked of a flow's frames there and back, by two sources at once, is kept
// apart though they are one flow.
func TestBothDirectionsOfAFlow(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	r := base()
	for _, mac := range [][6]byte{webMAC, clientMAC} {
		source := addInterface(r, rules.Interface{Port: tap0, HasMAC: true, MAC: mac, VLAN: rules.VLANAny})
		f := portsAccepted(evenPort)
		for i := range f.Rules { // and back: to the ports that are accepted there, rejected here
			back := f.Rules[i]
			back.Direction, back.Action = rules.Ingress, rules.Accept-back.Action
			f.Rules = append(f.Rules, back)
		}
		addSession(r, source, 0, 1, f)
	}
	w := newWorld(t, h, r, &Layout{})
	t.Cleanup(w.close)
	y, in := newTally(), burstOf(t, 4, 0, 1, 2, 3)
	in.Port = tap0
	for _, there := range in.Frames[:4] {
		back := append([]byte(nil), there...)
		copy(back, there[6:12])
		copy(back[6:], there[:6])
		copy(back[26:], there[30:34])
		copy(back[30:], there[26:30])
		copy(back[34:], there[36:38])
		copy(back[36:], there[34:36])
		in.Frames = append(in.Frames, back)
	}
	for range 3 {
		w.check(in, y)
	}
	w.compareCounters(y)
}

// TestManyFlowsShareTheCache: flows of both families, more than there is room for, in a random order with
// many a return: whatever was pushed out, what is said is right.
func TestManyFlowsShareTheCache(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	w := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
	r, y := rand.New(rand.NewPCG(5, 1)), newTally()
	for range 6000 {
		in := Input{Port: wire0}
		for range Burst {
			// half of them among a hundred
			in.Frames = append(in.Frames, frameOfFlow(t, pick(r, 4, 4, 6), r.IntN(pick(r, 100, 200000))))
		}
		w.check(in, y)
	}
	w.compareCounters(y)
	if got := h.Counters().Match(); got.Cached < 30000 || got.Searched < 60000 {
		t.Errorf("%+v; want many of each", got)
	}
}

// TestCacheThatDoesNotPay: after a trial in which no flow came back the cache is left alone for as long as a
// trial, and asked again after that.
func TestCacheThatDoesNotPay(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	w := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
	for n := 0; n < CacheTrial; n += Burst {
		in := Input{Port: wire0}
		for i := range Burst {
			in.Frames = append(in.Frames, frameOfFlow(t, 4, n+i))
		}
		w.run(in)
	}
	flow := burstOf(t, 4, 1<<20, 1<<20, 1<<20+1, 1<<20+1, 1<<20+2, 1<<20+2, 1<<20+3, 1<<20+3)
	last := h.Counters().Match()
	for range CacheTrial / len(flow.Frames) {
		w.run(flow)
	}
	if cached, searched := asked(h, last); cached != 0 || searched < CacheTrial-Burst {
		t.Errorf("in the pause: %d cached, %d searched", cached, searched)
	}
	for round := 0; ; round++ { // a flow takes the place of another by chance
		last = h.Counters().Match()
		w.run(flow)
		cached, searched := asked(h, last)
		if searched == 0 {
			break
		}
		if round == 200 {
			t.Fatalf("long after the pause: %d cached, %d searched", cached, searched)
		}
	}
}

// TestCacheIsNotPushedOut: what is remembered stays though many flows of one packet each pass by, whatever the
// family of either.
func TestCacheIsNotPushedOut(t *testing.T) {
	const flows, crowd = 40 * Burst, 600 * Burst
	for _, family := range []int{4, 6} {
		for _, passing := range []int{4, 6} {
			h := newHarness(t, DefaultHarnessPools)
			w := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
			ask := func(family, first, n int) (cached uint64) {
				last := h.Counters().Match()
				for end := first + n; first < end; first += Burst {
					in := Input{Port: wire0}
					for i := range Burst {
						in.Frames = append(in.Frames, frameOfFlow(t, family, first+i))
					}
					w.run(in)
				}
				cached, _ = asked(h, last)
				return cached
			}
			ask(family, 0, flows)
			ask(passing, 1<<20, crowd) // a place in two is asked for by one of them
			if cached := ask(family, 0, flows); cached < flows*3/4 {
				t.Errorf("IPv%d: %d of %d flows are known after a crowd of IPv%d", family, cached, flows, passing)
			}
		}
	}
}

// TestFlowsThatComeInBursts: of a flow that has a burst to itself one key is remembered, so that it pushes out nobody.
func TestFlowsThatComeInBursts(t *testing.T) {
	const flows = 4000
	h := newHarness(t, DefaultHarnessPools)
	w := portsWorld(t, h, &Layout{}, portsAccepted(evenPort))
	for round := range 2 {
		last := h.Counters().Match()
		for n := range flows {
			frame := frameOfFlow(t, 4, n)
			w.run(Input{Port: wire0, Frames: [][]byte{frame, frame, frame, frame, frame, frame, frame, frame}})
		}
		if _, searched := asked(h, last); round > 0 && searched > 8*flows/50 {
			t.Errorf("%d of %d frames were searched for though their flows are few", searched, 8*flows)
		}
	}
}
