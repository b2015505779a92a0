package underlay

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFloodsAreBounded(t *testing.T) {
	s, h := ready(t, func(c *Config) {
		c.Limits = Limits{AnswersPerPort: 20, AnswersTotal: 30, EchoPerPort: 10}
	})
	s.station(9, "192.0.2.9")
	h.Watch(s.now, ip("192.0.2.9"))
	s.run(time.Second)
	s.quiet = true
	before, heap := events(h), len(h.timers.heap)
	for i := range 20000 { // 2 s
		src := binary.BigEndian.AppendUint32([]byte{2, 9}, uint32(i))
		from := [6]byte(src)
		a4 := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		h.Input(s.now, 3, arpFrame(1, from, a4, [6]byte{}, ip("192.0.2.1")))
		h.Input(s.now, 3, nsFrame(from, netip.AddrFrom16([16]byte{0: 0x20, 14: byte(i >> 8), 15: byte(i)}), ip("2001:db8::1")))
		h.Input(s.now, 3, echoFrame(from, hostMAC, a4.String(), "192.0.2.1", nil))
		if i%10 == 9 {
			s.run(time.Millisecond)
		}
	}
	after := events(h)
	answers := after["sent_arp_reply"] + after["sent_advertisement"] - before["sent_arp_reply"] - before["sent_advertisement"]
	if answers < 58 || answers > 61 {
		t.Errorf("%d answers to ARP and ND in 2 s; the limit is 20 a second and 20 at first", answers)
	}
	if echoes := after["sent_echo_reply"]; echoes < 28 || echoes > 31 {
		t.Errorf("%d echo replies in 2 s; the limit is 10 a second and 10 at first", echoes)
	}
	if in := inputs(h); in[rxLimited] != 60000-uint64(answers)-after["sent_echo_reply"] {
		t.Errorf("rate_limited is %d", in[rxLimited])
	}
	if n := h.Status(); len(n.Neighbors) != 1 || len(h.timers.heap) != heap || !h.NextHop(ip("192.0.2.9")).Resolved {
		t.Errorf("%d neighbours, %d timers", len(n.Neighbors), len(h.timers.heap))
	}
}

func TestAsksArePaced(t *testing.T) {
	s, h := ready(t, func(c *Config) {
		c.Ports[0].Addresses[0] = prefix("10.0.0.1/8")
		c.Limits.Asks = 100
	})
	s.quiet = true
	before := events(h)["sent_arp_request"]
	for i := range 1000 {
		h.Watch(s.now, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
	}
	s.run(10 * time.Second)
	if n := events(h)["sent_arp_request"] - before; n < 1050 || n > 1101 {
		t.Fatalf("%d requests in 10 s", n)
	}
}

// sealed gives a frame of random bytes right checksums, so that it gets further.
func sealed(b []byte) []byte {
	if len(b) >= 34 && be16(b[12:]) == 0x800 && b[14] == 0x45 {
		resum4(b)
		if end := 14 + int(be16(b[16:])); end <= len(b) && end >= 42 {
			b[36], b[37] = 0, 0
			binary.BigEndian.PutUint16(b[36:], ^uint16(onesSum(0, b[34:end])))
		}
	}
	if len(b) >= 58 && be16(b[12:]) == 0x86dd {
		if end := 54 + int(be16(b[18:])); end <= len(b) && end >= 58 {
			b[56], b[57] = 0, 0
			binary.BigEndian.PutUint16(b[56:], ^uint16(onesSum(pseudo6(b[22:38], b[38:54], end-54), b[54:end])))
		}
	}
	return b
}

func corpus() [][]byte {
	q4, q6 := quoted4("192.0.2.1", "192.0.2.9", 4789, 1500), quoted6("2001:db8::1", "2001:db8::9", 4789, 1500)
	return [][]byte{
		gratuitous(mac(66), "192.0.2.9"),
		gratuitous(mac(66), "192.0.2.1"),
		arpFrame(1, mac(9), ip("192.0.2.9"), [6]byte{}, ip("192.0.2.1")),
		arpFrame(2, mac(66), ip("192.0.2.9"), hostMAC, ip("192.0.2.1")),
		arpFrame(1, mac(66), netip.IPv4Unspecified(), [6]byte{}, ip("192.0.2.9")),
		nsFrame(mac(9), ip("2001:db8::9"), ip("2001:db8::1")),
		nsFrame(mac(66), netip.IPv6Unspecified(), ip("2001:db8::9")),
		naFrame(mac(66), hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 0x60, true),
		naFrame(mac(66), hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 0x40, false),
		naFrame(mac(66), multicastMAC(allNodes), ip("2001:db8::9"), allNodes, 0x20, true),
		naFrame(mac(66), multicastMAC(allNodes), ip("2001:db8::9"), allNodes, 0, true),
		echoFrame(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", []byte("payload")),
		echo6Frame(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", []byte("payload")),
		error4(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", 3, 4, 1400, q4),
		error4(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", 3, 3, 0, q4),
		error6(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", 2, 0, 1400, q6),
		error6(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", 1, 4, 0, q6),
	}
}

// invariants of a host that was given n frames and watches two destinations.
func invariants(t testing.TB, h *Host, n uint64) {
	t.Helper()
	st := h.Status()
	sum := uint64(0)
	for _, v := range st.Ports[0].Input {
		sum += v
	}
	for name := range st.Ports[0].Events {
		if _, is := st.Ports[0].Input[name]; is {
			t.Fatalf("%s is the name of an outcome and of an event", name)
		}
	}
	if sum != n {
		t.Fatalf("%d frames, outcomes %v", n, st.Ports[0].Input)
	}
	if st.Ports[0].Input[rxPanic] != 0 || st.Ports[0].Events["serialize_error"] != 0 {
		t.Fatalf("panics or errors: %+v", st.Ports[0])
	}
	if len(st.Neighbors) != 2 || len(h.timers.heap) > 32 || len(h.queue) != 0 || len(st.Ports[0].Input) > 40 {
		t.Fatalf("grown: %+v", st)
	}
	for _, a := range st.Ports[0].Addresses {
		if a.State != AddressValid {
			t.Fatalf("lost %v", a)
		}
	}
	for _, d := range st.Destinations {
		least := minMTU4
		if d.Destination.Is6() {
			least = minMTU6
		}
		hop := d.NextHop
		if hop.Resolved != (hop.Reason == "") || hop.MTU < least || hop.MTU > 1500 || hop.Resolved && (hop.MAC == [6]byte{} || hop.MAC[0]&1 != 0) {
			t.Fatalf("next hop %+v", hop)
		}
	}
}

func FuzzInput(f *testing.F) {
	for _, frame := range corpus() {
		f.Add(frame, uint16(700))
	}
	f.Fuzz(func(t *testing.T, frame []byte, wait uint16) {
		s, h := ready(t, nil)
		s.station(9, "192.0.2.9", "2001:db8::9")
		h.Watch(s.now, ip("192.0.2.9"))
		h.Watch(s.now, ip("2001:db8::9"))
		s.run(2 * time.Second)
		frames := func() (n uint64) {
			for _, v := range inputs(h) {
				n += v
			}
			return n
		}
		for _, b := range [][]byte{append([]byte{}, frame...), sealed(append([]byte{}, frame...))} {
			before := frames()
			h.Input(s.now, 3, b)
			h.Input(s.now, 8, b)
			invariants(t, h, before+1)
			s.run(time.Duration(wait) * time.Millisecond)
		}
		invariants(t, h, frames())
		// The neighbour is alive, so that no frame takes it away for good.
		s.run(time.Minute)
		if hop := h.NextHop(ip("192.0.2.9")); !hop.Resolved {
			t.Fatalf("lost: %+v", hop)
		}
	})
}

// Any order of hostile frames, silence of the neighbour, link changes and time.
func TestAnySequence(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, h := ready(t, func(c *Config) { c.Seed = rapid.Uint64Range(1, 1<<60).Draw(rt, "seed") })
		s.quiet = true
		st := s.station(9, "192.0.2.9", "2001:db8::9")
		h.Watch(s.now, ip("192.0.2.9"))
		h.Watch(s.now, ip("2001:db8::9"))
		all := corpus()
		rt.Repeat(map[string]func(*rapid.T){
			"frame": func(rt *rapid.T) { s.inject(rapid.SampledFrom(all).Draw(rt, "frame")) },
			"spoil": func(rt *rapid.T) {
				b := append([]byte{}, rapid.SampledFrom(all).Draw(rt, "frame")...)
				b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "value")
				s.inject(sealed(b[:rapid.IntRange(1, len(b)).Draw(rt, "length")]))
			},
			"alive": func(rt *rapid.T) { st.dead = rapid.Bool().Draw(rt, "dead") },
			"link":  func(rt *rapid.T) { s.link(h, 3, rapid.Bool().Draw(rt, "up")) },
			"time":  func(rt *rapid.T) { s.run(time.Duration(rapid.IntRange(0, 5000).Draw(rt, "ms")) * time.Millisecond) },
			"echo":  func(rt *rapid.T) { h.Echo(s.now, ip("192.0.2.9"), time.Second, func(EchoResult) {}) },
			"": func(*rapid.T) {
				n := uint64(0)
				for _, v := range inputs(h) {
					n += v
				}
				invariants(t, h, n)
			},
		})
		// Peace: whatever happened, the living neighbour is found within the longest retry.
		st.dead = false
		s.link(h, 3, true)
		s.run(90 * time.Second)
		for _, dst := range []string{"192.0.2.9", "2001:db8::9"} {
			if hop := h.NextHop(ip(dst)); hop.MAC != mac(9) {
				rt.Fatalf("%s: %+v", dst, hop)
			}
		}
	})
}

// All methods at once, with callbacks that call back; for the race detector. Changes of one
// destination arrive in order.
func TestConcurrentUse(t *testing.T) {
	var h *Host
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	last := NextHop{}
	var wg sync.WaitGroup
	c := Config{
		Ports: []Port{port1()}, Frames: acceptor{}, Seed: 1,
		Changed: func(dst netip.Addr, hop NextHop) {
			hop.Since, last.Since = time.Time{}, time.Time{}
			if hop == last {
				t.Errorf("told twice: %+v", hop)
			}
			last = hop
			h.NextHop(dst)
			h.Watch(start, dst)
			h.Unwatch(dst)
		},
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Start(start)
	h.Tick(start.Add(2 * time.Second))
	h.Watch(start, ip("192.0.2.9"))
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 500 {
				now := start.Add(time.Duration(2000+i*20) * time.Millisecond)
				for _, frame := range corpus() {
					h.Input(now, 3, frame)
				}
				h.Tick(now)
				h.LinkChanged(now, 3, (i+g)%50 != 0)
				h.Echo(now, ip("192.0.2.9"), time.Second, func(EchoResult) { h.Next() })
				h.Status()
			}
		}()
	}
	wg.Wait()
}

type acceptor struct{}

func (acceptor) Send(int, []byte) bool { return true }

// countingFrames counts what is sent.
type countingFrames struct{ n *int }

func (f countingFrames) Send(int, []byte) bool { *f.n++; return true }

// TestManyNeighborsAreAskedInTurn: after a link came up thousands are asked, never so many at once
// that the way to the port has no room for them, and none is left out.
func TestManyNeighborsAreAskedInTurn(t *testing.T) {
	const neighbors = 3000
	sent, now := 0, time.Unix(1, 0)
	p := port1()
	p.Addresses = []netip.Prefix{prefix("10.0.0.1/8")}
	h, err := New(Config{Ports: []Port{p}, Frames: countingFrames{&sent}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	h.Start(now)
	for i := range neighbors {
		h.Watch(now, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
	}
	longest := 0
	for end := now.Add(5 * time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		before := sent
		h.Tick(now)
		longest = max(longest, sent-before)
	}
	if longest > asksAtOnce+announcements {
		t.Errorf("%d frames were sent at once", longest)
	}
	if asked := events(h)["sent_arp_request"]; asked < neighbors {
		t.Errorf("%d requests were sent for %d neighbours", asked, neighbors)
	}
}
