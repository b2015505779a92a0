package underlay

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func states(h *Host) map[string]AddressState {
	m := map[string]AddressState{}
	for _, p := range h.Status().Ports {
		for _, a := range p.Addresses {
			m[a.Address.String()] = a.State
		}
	}
	return m
}

const hostLinkLocal = "fe80::ff:fe00:1"

func TestStartProbesThenAnnounces(t *testing.T) {
	s := newSim(t)
	h := s.host(Config{Ports: []Port{port1()}})
	h.Start(s.now)
	s.run(999 * time.Millisecond)
	want := map[string]AddressState{"192.0.2.1/24": "tentative", "2001:db8::1/64": "tentative", hostLinkLocal + "/64": "tentative"}
	if d := cmp.Diff(want, states(h)); d != "" {
		t.Fatal(d)
	}
	s.run(10 * time.Second)
	for a := range want {
		want[a] = "valid"
	}
	if d := cmp.Diff(want, states(h)); d != "" {
		t.Fatal(d)
	}
	sent := []string{
		"0 arp 1 0.0.0.0 is 192.0.2.1 to all",
		"0 ns :: is 2001:db8::1 to 33:33:ff:00:00:01",
		"0 ns :: is fe80::ff:fe00:1 to 33:33:ff:00:00:01",
		"300 arp 1 0.0.0.0 is 192.0.2.1 to all",
		"600 arp 1 0.0.0.0 is 192.0.2.1 to all",
		"1000 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01",
		"1000 na fe80::ff:fe00:1 flags 0x20 to 33:33:00:00:00:01",
		"1000 arp 1 192.0.2.1 is 192.0.2.1 to all",
		"3000 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01",
		"3000 na fe80::ff:fe00:1 flags 0x20 to 33:33:00:00:00:01",
		"3000 arp 1 192.0.2.1 is 192.0.2.1 to all",
	}
	if d := cmp.Diff(sent, s.sentSince(s.start)); d != "" {
		t.Fatal(d)
	}
}

func TestDuplicateAddressIsNotUsedAndTriedAgain(t *testing.T) {
	for _, c := range []struct{ own, target, rivalHas string }{
		{"192.0.2.1/24", "192.0.2.9", "192.0.2.1"},
		{"2001:db8::1/64", "2001:db8::9", "2001:db8::1"},
	} {
		t.Run(c.own, func(t *testing.T) {
			s := newSim(t)
			rival := s.station(66, c.rivalHas)
			s.station(9, c.target)
			p := port1()
			p.Addresses = []netip.Prefix{prefix(c.own)}
			h := s.host(Config{Ports: []Port{p}})
			h.Start(s.now)
			if hop := h.Watch(s.now, ip(c.target)); hop.Reason != ReasonTentative {
				t.Fatalf("before: %+v", hop)
			}
			s.run(20 * time.Second)
			if got := states(h)[c.own]; got != AddressDuplicate {
				t.Fatalf("state is %s", got)
			}
			if hop := h.NextHop(ip(c.target)); hop.Resolved || hop.Reason != ReasonDuplicate {
				t.Fatalf("while duplicate: %+v", hop)
			}
			if got := h.Status().Ports[0].Addresses[0].Rival; got != mac(66) {
				t.Fatalf("rival is %x", got)
			}
			before := len(s.sent)
			s.inject(arpFrame(1, mac(8), ip("192.0.2.8"), [6]byte{}, ip("192.0.2.1")))
			s.inject(nsFrame(mac(8), ip("2001:db8::8"), ip("2001:db8::1")))
			s.run(time.Second)
			if len(s.sent) != before {
				t.Fatalf("answered for a duplicate address: %v", describe(s.sent[before].frame))
			}
			rival.dead = true
			s.run(15 * time.Second)
			if got := states(h)[c.own]; got != AddressValid {
				t.Fatalf("31 s after the conflict, the rival being gone: %s", got)
			}
			if hop := h.NextHop(ip(c.target)); !hop.Resolved || hop.MAC != mac(9) {
				t.Fatalf("afterwards: %+v", hop)
			}
			if n := len(s.changes); n != 3 {
				t.Fatalf("%d changes, want duplicate, incomplete, resolved: %+v", n, s.changes)
			}
		})
	}
}

// Two hosts that come up at once with the same address both see the other's probe.
func TestSimultaneousProbes(t *testing.T) {
	for _, a := range []string{"192.0.2.1/24", "2001:db8::1/64"} {
		s := newSim(t)
		var hosts []*Host
		for i := range 2 {
			h := s.host(Config{Seed: uint64(i + 1), Ports: []Port{{Index: 0, MAC: mac(byte(i + 1)), MTU: 1500, Addresses: []netip.Prefix{prefix(a)}}}})
			hosts = append(hosts, h)
			h.Start(s.now)
		}
		s.run(2 * time.Second)
		for i, h := range hosts {
			if got := states(h)[a]; got != AddressDuplicate {
				t.Errorf("host %d: %s is %s", i, a, got)
			}
		}
		s.run(10 * time.Minute) // they do not try again at the same moment for ever
		if one, two := states(hosts[0])[a], states(hosts[1])[a]; one == two || one != AddressValid && two != AddressValid {
			t.Errorf("%s is %s and %s; one of the hosts should have it", a, one, two)
		}
	}
}

func TestValidAddressIsDefendedAndKept(t *testing.T) {
	s, h := ready(t, nil)
	began := s.now
	for range 50 { // 25 s
		s.inject(gratuitous(mac(66), "192.0.2.1"))
		s.inject(naFrame(mac(66), [6]byte{0x33, 0x33, 0, 0, 0, 1}, ip("2001:db8::1"), allNodes, 0x20, true))
		s.run(500 * time.Millisecond)
	}
	want := []string{
		"0 arp 1 192.0.2.1 is 192.0.2.1 to all", "0 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01",
		"10000 arp 1 192.0.2.1 is 192.0.2.1 to all", "10000 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01",
		"20000 arp 1 192.0.2.1 is 192.0.2.1 to all", "20000 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01",
	}
	if d := cmp.Diff(want, s.sentSince(began)); d != "" {
		t.Fatal(d)
	}
	if e := events(h); e["address_conflict"] != 100 || e["address_defended"] != 6 {
		t.Fatalf("events %v", e)
	}
	if d := cmp.Diff(AddressValid, states(h)["192.0.2.1/24"]); d != "" {
		t.Fatal(d)
	}
	if a := h.Status().Ports[0].Addresses[0]; a.Rival != mac(66) || s.now.Sub(a.Disputed) > time.Second {
		t.Errorf("the status says %x at %v, want %x at the last claim", a.Rival, a.Disputed, mac(66))
	}
}

func TestAnotherHostsProbeOfOurAddressIsAnswered(t *testing.T) {
	s, _ := ready(t, nil)
	began := s.now
	s.inject(arpFrame(1, mac(66), netip.IPv4Unspecified(), [6]byte{}, ip("192.0.2.1")))
	s.inject(nsFrame(mac(66), netip.IPv6Unspecified(), ip("2001:db8::1")))
	s.run(time.Second)
	want := []string{"0 arp 2 192.0.2.1 is 0.0.0.0 to 02:00:00:00:00:42", "0 na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01"}
	if d := cmp.Diff(want, s.sentSince(began)); d != "" {
		t.Fatal(d)
	}
}

func TestLinkDownDuringDetectionBeginsAgain(t *testing.T) {
	s := newSim(t)
	s.station(66, "192.0.2.1")
	h := s.host(Config{Ports: []Port{port1()}})
	s.link(h, 3, false)
	h.Start(s.now)
	s.run(time.Minute)
	if got := states(h)["192.0.2.1/24"]; got != AddressTentative {
		t.Fatalf("with the link down: %s", got)
	}
	s.link(h, 3, true)
	s.run(2 * time.Second)
	if got := states(h)["192.0.2.1/24"]; got != AddressDuplicate {
		t.Fatalf("with the link up: %s", got)
	}
	if got := states(h)["2001:db8::1/64"]; got != AddressValid {
		t.Fatalf("the other address: %s", got)
	}
}
