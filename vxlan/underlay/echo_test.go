package underlay

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/layers"
)

// pair is two hosts on one segment, in VLAN 7, ready.
func pair(t *testing.T) (s *sim, a, b *Host) {
	s = newSim(t)
	config := func(last byte) Config {
		n := fmt.Sprint(last)
		return Config{Ports: []Port{{Index: int(last), MAC: mac(last), VLAN: 7, MTU: 1500, Addresses: []netip.Prefix{
			prefix("192.0.2." + n + "/24"), prefix("2001:db8::" + n + "/64"),
		}}}, Seed: uint64(last)}
	}
	a, b = s.host(config(1)), s.host(config(2))
	a.Start(s.now)
	b.Start(s.now)
	s.run(5 * time.Second)
	return s, a, b
}

// probe sends one echo probe and returns its result and when that came.
func (s *sim) probe(h *Host, dst string, timeout time.Duration, within time.Duration) (results []EchoResult, after time.Duration) {
	began := s.now
	h.Echo(s.now, ip(dst), timeout, func(r EchoResult) {
		results = append(results, r)
		after = s.now.Sub(began)
	})
	s.run(within)
	return results, after
}

func TestTwoHostsBackToBack(t *testing.T) {
	s, a, b := pair(t)
	for _, dst := range []string{"192.0.2.2", "2001:db8::2", "fe80::ff:fe00:2"} {
		hop := a.Watch(s.now, ip(dst))
		s.run(time.Millisecond)
		if hop = a.NextHop(ip(dst)); !hop.Resolved || hop.MAC != mac(2) || hop.Port != 1 {
			t.Fatalf("%s: %+v", dst, hop)
		}
		results, after := s.probe(a, dst, time.Second, 2*time.Second)
		want := []EchoResult{{Dst: ip(dst), Outcome: EchoReplied, RTT: 2 * airTime}}
		if d := cmp.Diff(want, results, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); d != "" || after != 2*airTime {
			t.Fatalf("%s after %v: %s", dst, after, d)
		}
	}
	// Not watched: resolved for the probe, and forgotten a while afterwards.
	if results, _ := s.probe(b, "192.0.2.1", time.Second, time.Second); results[0].Outcome != EchoReplied || results[0].RTT != 2*airTime {
		t.Fatalf("%+v", results)
	}
	if got := neighborState(b, "192.0.2.1"); got != NeighborReachable {
		t.Fatalf("state is %s", got)
	}
	s.run(50 * time.Second)
	if got := neighborState(b, "192.0.2.1"); got != NeighborStale {
		t.Fatalf("state is %s", got)
	}
	if results, _ := s.probe(b, "192.0.2.1", time.Second, time.Second); results[0].Outcome != EchoReplied {
		t.Fatalf("%+v", results)
	}
	if got := neighborState(b, "192.0.2.1"); got != NeighborReachable {
		t.Fatalf("state is %s", got)
	}
	s.run(200 * time.Second)
	if got := neighborState(b, "192.0.2.1"); got != "absent" {
		t.Fatalf("state is %s", got)
	}
	for _, h := range []*Host{a, b} {
		e := events(h)
		if e["serialize_error"]+e["send_refused"]+e["queue_full"] != 0 {
			t.Fatalf("events %v", e)
		}
		for name := range inputs(h) {
			if e[name] != 0 { // they are told in one list
				t.Errorf("%s is the name of an outcome and of an event", name)
			}
		}
	}
	if n := events(a)["probe_reply"]; n != 3 {
		t.Errorf("%d probes were answered, want 3: %v", n, events(a))
	}
}

func TestEchoResults(t *testing.T) {
	for _, c := range []struct {
		name, dst string
		outcome   EchoOutcome
		reason    string
		after     time.Duration
	}{
		{"no route", "203.0.113.1", EchoUnresolved, ReasonNoRoute, 0},
		{"own", "192.0.2.1", EchoUnresolved, ReasonOwn, 0},
		{"multicast", "224.0.0.1", EchoUnresolved, ReasonNotUnicast, 0},
		{"nobody there", "192.0.2.200", EchoUnresolved, ReasonIncomplete, 2 * time.Second},
		{"nobody there, IPv6", "2001:db8::200", EchoUnresolved, ReasonIncomplete, 2 * time.Second},
		{"silent", "192.0.2.9", EchoTimedOut, "no reply", 2 * time.Second},
		{"silent, IPv6", "2001:db8::9", EchoTimedOut, "no reply", 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, h := ready(t, nil)
			s.station(9, "192.0.2.9", "2001:db8::9") // answers ARP and ND only
			results, after := s.probe(h, c.dst, 2*time.Second, 10*time.Second)
			if len(results) != 1 || results[0].Outcome != c.outcome || results[0].Reason != c.reason || after != c.after {
				t.Fatalf("after %v: %+v", after, results)
			}
			if n := h.Status().EchoProbes; n != 0 {
				t.Fatalf("%d probes are left", n)
			}
		})
	}
}

func TestEchoWaitsNoLongerThanTheNeighborIsAsked(t *testing.T) {
	s, h := ready(t, nil)
	results, after := s.probe(h, "192.0.2.200", time.Minute, 10*time.Second)
	if len(results) != 1 || results[0].Reason != ReasonFailed || after != 3*time.Second {
		t.Fatalf("after %v: %+v", after, results)
	}
	if n := h.Status().Neighbors; len(n) != 0 {
		t.Fatalf("left: %+v", n)
	}
	s.link(h, 3, false)
	if results, _ = s.probe(h, "192.0.2.200", time.Minute, time.Second); results[0].Reason != ReasonLinkDown {
		t.Fatalf("%+v", results)
	}
}

func TestEchoUnreachable(t *testing.T) {
	for _, c := range []struct {
		dst    string
		answer func(quoted []byte) []byte
		reason string
	}{
		{"198.51.100.7", func(q []byte) []byte {
			return error4(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", 3, 1, 0, q[:28])
		}, "host unreachable"},
		{"198.51.100.7", func(q []byte) []byte {
			return error4(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", 3, 3, 0, q)
		}, "port unreachable"},
		{"2001:db8:7::7", func(q []byte) []byte {
			return error6(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", 1, 3, 0, q)
		}, "host unreachable"},
		{"2001:db8:7::7", func(q []byte) []byte {
			return error6(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", 3, 0, 0, q)
		}, "time exceeded"},
	} {
		s, h := ready(t, func(c *Config) {
			c.Routes = []Route{{prefix("0.0.0.0/0"), ip("192.0.2.9"), 3}, {prefix("::/0"), ip("2001:db8::9"), -1}}
		})
		s.station(9, "192.0.2.9", "2001:db8::9")
		var results []EchoResult
		h.Echo(s.now, ip(c.dst), time.Minute, func(r EchoResult) { results = append(results, r) })
		s.run(time.Millisecond)
		request := s.sent[len(s.sent)-1].frame[14:]
		if be16(s.sent[len(s.sent)-1].frame[12:]) == 0x800 {
			request = request[:be16(request[2:])]
		}
		forged := edit(request, func(b []byte) { b[len(b)-9]++ }) // another sequence number
		if got := outcome(t, h, s, c.answer(forged)); got != rxErrorOther || len(results) != 0 {
			t.Fatalf("forged: %s %+v", got, results)
		}
		if got := outcome(t, h, s, c.answer(request)); got != rxUnreachable {
			t.Fatalf("outcome is %s", got)
		}
		if len(results) != 1 || results[0].Outcome != EchoUnreachable || results[0].Reason != c.reason {
			t.Fatalf("%+v", results)
		}
	}
}

func TestEchoReplyMustMatch(t *testing.T) {
	s, h := ready(t, nil)
	s.station(9, "192.0.2.9")
	results := 0
	h.Echo(s.now, ip("192.0.2.9"), time.Minute, func(EchoResult) { results++ })
	s.run(time.Millisecond)
	request := s.sent[len(s.sent)-1].frame
	id, seq, payload := be16(request[38:]), be16(request[40:]), request[42:50]
	reply := func(from, to string, id, seq uint16, payload []byte) []byte {
		return bytesOf(ether(mac(9), hostMAC, layers.EthernetTypeIPv4), ip4Header(from, to),
			&layers.ICMPv4{Id: id, Seq: seq}, payloadLayer(payload))
	}
	for name, bad := range map[string][]byte{
		"source":  reply("192.0.2.8", "192.0.2.1", id, seq, payload),
		"id":      reply("192.0.2.9", "192.0.2.1", id+1, seq, payload),
		"seq":     reply("192.0.2.9", "192.0.2.1", id, seq+1, payload),
		"payload": reply("192.0.2.9", "192.0.2.1", id, seq, make([]byte, 8)),
		"longer":  reply("192.0.2.9", "192.0.2.1", id, seq, append([]byte{}, append(payload, 0)...)),
	} {
		if got := outcome(t, h, s, bad); got != rxEchoUnknown || results != 0 {
			t.Errorf("another %s: %s", name, got)
		}
	}
	good := reply("192.0.2.9", "192.0.2.1", id, seq, payload)
	for _, want := range []string{rxEchoReply, rxEchoUnknown} {
		if got := outcome(t, h, s, good); got != want || results != 1 {
			t.Errorf("outcome is %s, want %s; %d results", got, want, results)
		}
	}
}

func TestEchoesAreBounded(t *testing.T) {
	s, h := ready(t, func(c *Config) { c.Limits.EchoProbes, c.Limits.EchoPeers = 20, 5 })
	count := map[string]int{}
	echo := func(n, to int) {
		for i := range n {
			dst := netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i%to)})
			h.Echo(s.now, dst, time.Second, func(r EchoResult) { count[string(r.Outcome)+" "+r.Reason]++ })
		}
	}
	echo(7, 7)
	echo(30, 5)
	s.run(2 * time.Second)
	want := map[string]int{"refused " + ReasonManyPeers: 2, "refused " + ReasonManyProbes: 15, "unresolved asked, no answer yet": 20}
	if d := cmp.Diff(want, count); d != "" {
		t.Fatal(d)
	}
	// Idle peers make room.
	for i := range 50 {
		st := s.station(byte(100+i), fmt.Sprintf("192.0.2.%d", 100+i))
		if results, _ := s.probe(h, st.addresses[0].String(), time.Second, 2*time.Second); results[0].Outcome != EchoTimedOut {
			t.Fatalf("%+v", results)
		}
		if n := len(h.Status().Neighbors); n > 5 {
			t.Fatalf("%d neighbours", n)
		}
	}
}

// A neighbour that fails and is no longer watched while a probe is under way goes with the probe.
func TestFailedPeerIsForgotten(t *testing.T) {
	s, h := ready(t, nil)
	st := s.station(9, "192.0.2.9")
	h.Watch(s.now, ip("192.0.2.9"))
	s.run(time.Second)
	h.Echo(s.now, ip("192.0.2.9"), 2*time.Minute, func(EchoResult) {})
	st.dead = true
	s.run(time.Minute)
	h.Unwatch(ip("192.0.2.9"))
	if got := neighborState(h, "192.0.2.9"); got != NeighborFailed {
		t.Fatalf("state is %s", got)
	}
	s.run(2 * time.Minute)
	if st := h.Status(); len(st.Neighbors) != 0 || !st.NextTimeout.IsZero() {
		t.Fatalf("left: %+v", st)
	}
}
