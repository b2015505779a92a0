package pipeline

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mirrorgw/rules"
)

// takePiece returns a frame that is part of a datagram, one after the other, in each port's order.
func (p *pools) takePiece(r *rand.Rand, port int) []byte {
	if p.pieces == nil {
		p.pieces = map[int][][]byte{}
	}
	if len(p.pieces[port]) == 0 {
		p.pieces[port] = p.randomDatagrams(r)
	}
	piece := p.pieces[port][0]
	p.pieces[port] = p.pieces[port][1:]
	return piece
}

// randomDatagrams are the pieces of one to three datagrams, most of them in order; some are missing,
// some come twice.
func (p *pools) randomDatagrams(r *rand.Rand) (pieces [][]byte) {
	for range 1 + r.IntN(3) {
		for _, piece := range p.randomDatagram(r) {
			for range pick(r, 0, 1, 1, 1, 1, 1, 1, 2) {
				pieces = append(pieces, piece)
			}
		}
	}
	if r.IntN(3) == 0 {
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	}
	return append(pieces, p.randomFrame(r))
}

// randomDatagram is a datagram in pieces, which share few identifications with others.
func (p *pools) randomDatagram(r *rand.Rand) (pieces [][]byte) {
	dst, src := pick(r, p.macs...), pick(r, p.macs...)
	ethernet := append(append([]byte(nil), dst[:]...), src[:]...)
	if r.IntN(3) == 0 {
		ethernet = append(ethernet, 0x81, 0, 0, pick(r, byte(10), 20, 100))
	}
	payload := appendL4(r, nil)
	for len(payload) < 100 {
		payload = append(payload, randomBytes(r, 50)...)
	}
	id, protocol := uint32(1+r.IntN(3))*0x01010101, pick(r, byte(6), 17, 17, 132)
	from4, to4 := pick(r, p.addresses4...).As4(), pick(r, p.addresses4...).As4()
	from6, to6 := pick(r, p.addresses6...).As16(), pick(r, p.addresses6...).As16()
	six, extended := r.IntN(2) == 0, r.IntN(2) == 0
	for at := 0; at < len(payload); {
		n := min(8*pick(r, 1, 2, 5, 20), len(payload)-at)
		if at+n+8 > len(payload) {
			n = len(payload) - at
		}
		more := at+n < len(payload)
		if six {
			pieces = append(pieces, piece6(ethernet, from6, to6, protocol, id, at, more, extended, payload[at:at+n]))
		} else {
			pieces = append(pieces, piece4(ethernet, from4, to4, protocol, uint16(id), at, more, payload[at:at+n]))
		}
		at += n
	}
	return pieces
}

func piece4(ethernet []byte, from, to [4]byte, protocol byte, id uint16, at int, more bool, payload []byte) []byte {
	h := make([]byte, 20)
	h[0], h[8], h[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(h[4:], id)
	binary.BigEndian.PutUint16(h[6:], uint16(at/8))
	if more {
		h[6] |= 0x20
	}
	copy(h[12:], from[:])
	copy(h[16:], to[:])
	frame := append(append([]byte(nil), ethernet...), 8, 0)
	return append(append(frame, h...), payload...)
}

// piece6 has, if extended, destination options in front of the first piece's payload, so that the
// next headers of fragment headers differ.
func piece6(ethernet []byte, from, to [16]byte, protocol byte, id uint32, at int, more, extended bool, payload []byte) []byte {
	options := []byte{protocol, 0, 1, 4, 0, 0, 0, 0}
	fragment := make([]byte, 8)
	if fragment[0] = protocol; extended && at == 0 {
		fragment[0], payload = 60, append(options, payload...)
	} else if extended {
		at += len(options)
	}
	binary.BigEndian.PutUint16(fragment[2:], uint16(at))
	if more {
		fragment[3] |= 1
	}
	binary.BigEndian.PutUint32(fragment[4:], id)
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, 44, 64
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(payload)))
	copy(h[8:], from[:])
	copy(h[24:], to[:])
	frame := append(append([]byte(nil), ethernet...), 0x86, 0xdd)
	return append(append(append(frame, h...), fragment...), payload...)
}

// port80 accepts UDP from web to port 80 in its first session; all other UDP goes to a second one.
func port80(r *rules.Resources) {
	r.Filters[0].Rules = []rules.Rule{{Direction: rules.Egress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolUDP, DstPorts: &rules.PortRange{First: 80, Last: 80}}}
	addSession(r, 0, 0, 2, rules.Filter{Rules: []rules.Rule{{Direction: rules.Egress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolUDP}}})
}

// ofWeb are fragments of datagrams from web; the first one says which port.
func ofWeb(id uint16, at int, port uint16) []byte {
	payload := binary.BigEndian.AppendUint16([]byte{0x12, 0x34}, port)
	return piece4(append(clientMAC[:], webMAC[:]...), [4]byte{10, 0, 0, 5}, [4]byte{10, 0, 0, 9}, rules.ProtocolUDP, id, at, true, append(payload, make([]byte, 36)...))
}

// sessionsOf is the session of each frame's copy.
func sessionsOf(out *Output) (sessions []int) {
	for _, made := range out.Copies {
		sessions = append(sessions, made.Session)
	}
	return sessions
}

// In one burst and over several, in both engines, all fragments behind their first go where it
// goes, with one UDP source port; a new program and time end it.
func TestLaterFragmentsFollowTheFirst(t *testing.T) {
	for _, engine := range []Engine{EngineLinear, EngineACL} {
		h := newHarness(t, DefaultHarnessPools)
		w := webWorld(t, h, 0, &Layout{Engine: engine}, port80)
		burst := Input{Port: wire0, Frames: [][]byte{ofWeb(1, 0, 80), ofWeb(1, 8, 9), ofWeb(2, 8, 80), ofWeb(2, 0, 81), ofWeb(3, 0, 80), ofWeb(2, 16, 80), ofWeb(3, 8, 9)}}
		out := w.run(burst)
		if got := fmt.Sprint(sessionsOf(out)); got != "[0 0 1 1 0 1 0]" {
			t.Errorf("engine %d: one burst went to sessions %s", engine, got)
		}
		for _, made := range out.Copies[1:] {
			if a, b := string(made.Bytes[34:36]), string(out.Copies[0].Bytes[34:36]); a != b {
				t.Errorf("engine %d: frame %d leaves with source port %x, the first with %x", engine, made.Frame, a, b)
			}
		}
		later := Input{Port: wire0, Frames: [][]byte{ofWeb(1, 24, 9), ofWeb(2, 24, 80), ofWeb(4, 24, 80)}, Now: rules.FragmentLife - 1}
		if got := fmt.Sprint(sessionsOf(w.run(later))); got != "[0 1 1]" {
			t.Errorf("engine %d: a later burst went to sessions %s", engine, got)
		}
		later.Now++
		if got := fmt.Sprint(sessionsOf(w.run(later))); got != "[1 1 1]" {
			t.Errorf("engine %d: a burst too late went to sessions %s", engine, got)
		}
		if got := fmt.Sprint(h.Counters().Port(wire0).Fragments); got != "map[inherited:5 unknown_first:5]" {
			t.Errorf("engine %d: counted %s", engine, got)
		}
		later.Now = 0
		w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(1, 0, 80)}})
		changed := webWorld(t, h, 0, &Layout{Engine: engine}, port80)
		if got := fmt.Sprint(sessionsOf(changed.run(later))); got != "[1 1 1]" {
			t.Errorf("engine %d: behind a change a burst went to sessions %s", engine, got)
		}
	}
}

// A datagram whose first fragment is never mirrored is not mirrored.
func TestFragmentsOfExcludedTraffic(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, nil)
	out := w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(1, 0, 123), ofWeb(1, 8, 9), ofWeb(1, 16, 9), ofWeb(2, 8, 123)}})
	if got := w.harness.Counters().Source(0, rules.Egress); len(out.Copies) != 1 || got.Excluded["ntp"] != 3 {
		t.Errorf("%d copies, counted %+v; want one copy, three ntp", len(out.Copies), got)
	}
}

// Two sources on a wire see one datagram: each has an outcome of its own.
func TestEachSourceInheritsItsOwn(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, func(r *rules.Resources) {
		port80(r)
		r.Sessions = r.Sessions[:1]
		other := addInterface(r, rules.Interface{Port: wire1, HasMAC: true, MAC: clientMAC, VLAN: rules.VLANAny})
		addSession(r, other, 0, 1, rules.Filter{Rules: []rules.Rule{{Direction: rules.Ingress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolUDP, DstPorts: &rules.PortRange{First: 81, Last: 81}}}})
	})
	for port, want := range map[uint16]string{80: "[0 0]", 81: "[1 1]", 82: "[]"} {
		if got := fmt.Sprint(sessionsOf(w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(port, 0, port), ofWeb(port, 8, 9)}}))); got != want {
			t.Errorf("a datagram to port %d went to sessions %s, want %s", port, got, want)
		}
	}
}

// A flood of first fragments takes the places of others, counted, and nothing else happens; what
// has a place inherits. The oldest goes first, and none that has expired counts as evicted.
func TestFragmentFloodEvicts(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 2, &Layout{}, port80)
	flood := func(ids int, now time.Duration) {
		for first := 0; first < ids; first += Burst {
			in := Input{Port: wire0, Now: now}
			for i := first; i < min(first+Burst, ids); i++ {
				in.Frames = append(in.Frames, ofWeb(uint16(i), 0, 80))
			}
			w.run(in)
		}
	}
	const ids = 4 * Datagrams
	flood(ids, 0)
	evicted := w.harness.Counters().Port(wire0).Fragments["evicted"]
	if least := uint64(ids - Datagrams); evicted < least || evicted > least+Datagrams/10 {
		t.Errorf("%d first fragments in %d places: %d evicted, want about %d", ids, Datagrams, evicted, least)
	}
	w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(ids-1, 8, 9), ofWeb(0, 8, 9)}})
	if got := w.harness.Counters().Port(wire0).Fragments; got["inherited"] != 1 || got["unknown_first"] != 1 {
		t.Errorf("the youngest and the oldest: %v; want the one remembered and the other not", got)
	}
	flood(Datagrams/64, rules.FragmentLife)
	if got := w.harness.Counters().Port(wire0).Fragments["evicted"]; got != evicted {
		t.Errorf("%d more evicted when all had expired", got-evicted)
	}
}

// Nobody outside can tell which datagrams compete for a place.
func TestFragmentPlacesAreSecret(t *testing.T) {
	if secret&1 == 0 || secret == 1 {
		t.Errorf("secret %#x", secret)
	}
}

// Behind ForgetFragments a later fragment is judged by itself.
func TestForgetFragments(t *testing.T) {
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, port80)
	w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(1, 0, 80)}})
	w.harness.ForgetFragments()
	if got := fmt.Sprint(sessionsOf(w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(1, 8, 9)}}))); got != "[1]" {
		t.Errorf("went to sessions %s", got)
	}
}

// Fragments of resolver traffic go the way of their first: by the service, not by rules.
func TestFragmentsOfResolverTraffic(t *testing.T) {
	for service, want := range map[bool]string{true: "[0 0]", false: "[]"} {
		w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, func(r *rules.Resources) {
			r.Filters[0].AmazonDNS = service
			r.Resolvers = []netip.Addr{netip.MustParseAddr("10.0.0.9")}
		})
		if got := fmt.Sprint(sessionsOf(w.run(Input{Port: wire0, Frames: [][]byte{ofWeb(1, 0, 53), ofWeb(1, 8, 9)}}))); got != want {
			t.Errorf("amazon-dns %v: sessions %s, want %s", service, got, want)
		}
	}
}
