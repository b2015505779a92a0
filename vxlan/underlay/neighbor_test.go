package underlay

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// families runs a test for both families: the target's address, and the station's announcement.
func families(t *testing.T, f func(t *testing.T, target string, announce func(mac [6]byte) []byte)) {
	t.Run("ARP", func(t *testing.T) {
		f(t, "192.0.2.9", func(mac [6]byte) []byte { return gratuitous(mac, "192.0.2.9") })
	})
	t.Run("ND", func(t *testing.T) {
		f(t, "2001:db8::9", func(mac [6]byte) []byte {
			return naFrame(mac, [6]byte{0x33, 0x33, 0, 0, 0, 1}, ip("2001:db8::9"), allNodes, 0x20, true)
		})
	})
}

func neighborState(h *Host, a string) NeighborState {
	for _, n := range h.Status().Neighbors {
		if n.Address == ip(a) {
			return n.State
		}
	}
	return "absent"
}

// history is the changes since a time: milliseconds, MAC's last byte or the reason.
func (s *sim) history(since time.Time) (list []string) {
	for _, c := range s.changes {
		if c.at.Before(since) {
			continue
		}
		what := c.hop.Reason
		if c.hop.Resolved {
			what = fmt.Sprintf("mac %d", c.hop.MAC[5])
		}
		list = append(list, fmt.Sprintf("%d %s", c.at.Sub(since).Milliseconds(), what))
	}
	return list
}

func (s *sim) wantHistory(since time.Time, want ...string) {
	s.t.Helper()
	if d := cmp.Diff(want, s.history(since)); d != "" {
		s.t.Fatalf("changes (-want +got):\n%s", d)
	}
}

func TestResolve(t *testing.T) {
	families(t, func(t *testing.T, target string, _ func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		began := s.now
		hop := h.Watch(s.now, ip(target))
		if hop.Resolved || hop.Reason != ReasonIncomplete || hop.Port != 3 || hop.Via != ip(target) || hop.MTU != 1500 || !hop.Since.Equal(s.now) {
			t.Fatalf("at first: %+v", hop)
		}
		s.run(time.Millisecond)
		s.wantHistory(began, "0 mac 9")
		if got := neighborState(h, target); got != NeighborReachable {
			t.Fatalf("state is %s", got)
		}
		// An hour: confirmed by unicast again and again, and the next hop never goes.
		s.run(time.Hour)
		s.wantHistory(began, "0 mac 9")
		if st.heard < 81 || st.heard > 242 || st.unicast != st.heard-1 {
			t.Fatalf("in an hour asked %d times, %d of them by unicast", st.heard, st.unicast)
		}
	})
}

func TestFailedIsRetriedForEver(t *testing.T) {
	families(t, func(t *testing.T, target string, _ func([6]byte) []byte) {
		s, h := ready(t, nil)
		began := s.now
		h.Watch(s.now, ip(target))
		s.run(200 * time.Second)
		var at []int64
		for _, f := range s.sent {
			if d := f.at.Sub(began); d >= 0 {
				at = append(at, d.Milliseconds()/1000)
			}
		}
		if d := cmp.Diff([]int64{0, 1, 2, 4, 6, 10, 18, 34, 64, 94, 124, 154, 184}, at); d != "" {
			t.Fatal(d)
		}
		s.wantHistory(began, "3000 does not answer")
		s.station(9, target)
		s.run(30 * time.Second)
		s.wantHistory(began, "3000 does not answer", "214000 mac 9")
	})
}

func TestDeadNeighborIsTakenAway(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(time.Second)
		st.dead = true
		began := s.now
		s.run(60 * time.Second)
		last := s.changes[len(s.changes)-1]
		if d := last.at.Sub(began); len(s.changes) != 2 || last.hop.Reason != ReasonFailed || d > 51*time.Second || d < 20*time.Second {
			t.Fatalf("after %v: %+v", d, s.changes)
		}
		// It announces itself: used at once.
		began = s.now
		st.dead = false
		st.send(announce(st.mac))
		s.run(time.Second)
		s.wantHistory(began, "0 mac 9")
		if got := neighborState(h, target); got != NeighborReachable {
			t.Fatalf("state is %s", got)
		}
	})
}

func TestSilentChangeOfMAC(t *testing.T) {
	families(t, func(t *testing.T, target string, _ func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(time.Second)
		began := s.now
		st.mac = mac(10)
		s.run(60 * time.Second)
		last := s.changes[len(s.changes)-1]
		if d := last.at.Sub(began); len(s.changes) != 2 || last.hop.MAC != mac(10) || d > 48*time.Second+time.Millisecond {
			t.Fatalf("after %v: %+v", d, s.changes)
		}
	})
}

func TestAnnouncedChangeOfMAC(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(10 * time.Second)
		began := s.now
		st.mac = mac(10)
		st.send(announce(st.mac))
		s.run(5 * time.Second)
		s.wantHistory(began, "1000 mac 10")
		if got := neighborState(h, target); got != NeighborReachable {
			t.Fatalf("state is %s", got)
		}
	})
}

func TestSpoofedAnnouncementIsRefused(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(10 * time.Second)
		began, heard := s.now, st.heard
		for i := range 1000 { // for 10 s
			s.inject(announce(mac(byte(100 + i%2))))
			s.run(10 * time.Millisecond)
		}
		s.wantHistory(began)
		if d := st.heard - heard; d < 9 || d > 12 {
			t.Fatalf("asked the known MAC %d times in 10 s; want about 1 a second", d)
		}
		if e := events(h); e["announcement_refused"] < 9 || e["announcement_ignored"] == 0 {
			t.Fatalf("events %v", e)
		}
		// In the middle of that the address moves. 2 s, once the hold and the question are over.
		began = s.now
		st.mac = mac(10)
		st.send(announce(st.mac))
		s.run(2100 * time.Millisecond)
		if last := s.changes[len(s.changes)-1]; len(s.history(began)) != 1 || last.hop.MAC != mac(10) {
			t.Fatalf("changes %v", s.history(began))
		}
	})
}

func TestAddressMovesToAnotherHost(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		for _, old := range []string{"gone", "still answers"} {
			s, h := ready(t, nil)
			first := s.station(9, target)
			h.Watch(s.now, ip(target))
			s.run(10 * time.Second)
			began := s.now
			second := s.station(20, target)
			if old == "gone" {
				first.dead = true
			}
			second.send(announce(second.mac))
			s.run(3 * time.Second)
			if old == "gone" {
				s.wantHistory(began, "1000 mac 20")
			} else {
				s.wantHistory(began)
			}
		}
	})
}

// The new owner says nothing of its own but checks, as hosts do, whether the address is free.
func TestDuplicateCheckOfNewOwnerIsAHint(t *testing.T) {
	for target, probe := range map[string][]byte{
		"192.0.2.9":   arpFrame(1, mac(20), netip.IPv4Unspecified(), [6]byte{}, ip("192.0.2.9")),
		"2001:db8::9": nsFrame(mac(20), netip.IPv6Unspecified(), ip("2001:db8::9")),
	} {
		s, h := ready(t, nil)
		first := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(10 * time.Second)
		first.dead = true
		began := s.now
		second := s.station(20, target)
		second.send(probe)
		s.run(3 * time.Second)
		s.wantHistory(began, "1000 mac 20")
	}
}

func TestConflictingReplyIsIgnored(t *testing.T) {
	for target, reply := range map[string][]byte{
		"192.0.2.9":   arpFrame(2, mac(66), ip("192.0.2.9"), hostMAC, ip("192.0.2.1")),
		"2001:db8::9": naFrame(mac(66), hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 0x60, true),
	} {
		s, h := ready(t, nil)
		s.station(9, target)
		began := s.now
		h.Watch(s.now, ip(target))
		s.run(time.Millisecond)
		s.inject(reply)
		s.run(100 * time.Millisecond)
		if n := events(h)["conflicting_reply"]; n != 1 {
			t.Fatalf("%s: conflicting_reply is %d", target, n)
		}
		s.run(2 * time.Second)
		s.inject(reply) // an answer that nobody asked for is an announcement
		s.run(2 * time.Second)
		s.wantHistory(began, "0 mac 9")
		if n := events(h)["announcement_refused"]; n != 1 {
			t.Fatalf("%s: announcement_refused is %d", target, n)
		}
	}
}

func TestNobodyAskedForNoEntry(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		s, h := ready(t, nil)
		s.inject(announce(mac(9)))
		s.inject(arpFrame(1, mac(9), ip("192.0.2.9"), [6]byte{}, ip("192.0.2.1")))
		s.inject(arpFrame(2, mac(9), ip("192.0.2.9"), hostMAC, ip("192.0.2.1")))
		s.inject(nsFrame(mac(9), ip("2001:db8::9"), ip("2001:db8::1")))
		s.run(time.Second)
		if n := h.Status().Neighbors; len(n) != 0 {
			t.Fatalf("entries: %+v", n)
		}
	})
}

func TestLinkDownAndUp(t *testing.T) {
	families(t, func(t *testing.T, target string, _ func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(10 * time.Second)
		began := s.now
		s.link(h, 3, false)
		before := len(s.sent)
		s.run(100 * time.Second)
		if len(s.sent) != before {
			t.Fatal("sent while the link was down")
		}
		s.link(h, 3, true)
		s.run(10 * time.Second)
		s.wantHistory(began, "0 link down", "100000 mac 9")
		if got := neighborState(h, target); got != NeighborReachable {
			t.Fatalf("state is %s", got)
		}
		// The same, and another host is there afterwards.
		began = s.now
		s.link(h, 3, false)
		st.mac = mac(10)
		s.run(time.Second)
		s.link(h, 3, true)
		s.run(10 * time.Second)
		s.wantHistory(began, "0 link down", "1000 mac 9", "2000 mac 10")
		// And one that was failed is asked at once.
		st.dead = true
		s.run(100 * time.Second)
		s.link(h, 3, false)
		st.dead = false
		s.run(time.Second)
		began = s.now
		s.link(h, 3, true)
		s.run(time.Millisecond)
		s.wantHistory(began, "0 asked, no answer yet", "0 mac 10")
	})
}

func TestStaticNeighborNeverChanges(t *testing.T) {
	s, h := ready(t, func(c *Config) { c.Static = []Static{{Address: ip("192.0.2.9"), MAC: mac(77), Port: -1}} })
	s.station(9, "192.0.2.9")
	before := len(s.sent)
	hop := h.Watch(s.now, ip("192.0.2.9"))
	if !hop.Resolved || hop.MAC != mac(77) {
		t.Fatalf("hop %+v", hop)
	}
	s.inject(gratuitous(mac(9), "192.0.2.9"))
	s.inject(arpFrame(2, mac(9), ip("192.0.2.9"), hostMAC, ip("192.0.2.1")))
	s.run(time.Hour)
	if len(s.changes) != 0 || len(s.sent) != before {
		t.Fatalf("changes %+v, %d frames", s.changes, len(s.sent)-before)
	}
	s.link(h, 3, false)
	if hop := h.NextHop(ip("192.0.2.9")); hop.Reason != ReasonLinkDown {
		t.Fatalf("hop %+v", hop)
	}
}

func TestWatchesAreCounted(t *testing.T) {
	s, h := ready(t, nil)
	s.station(9, "192.0.2.9")
	h.Watch(s.now, ip("192.0.2.9"))
	h.Watch(s.now, ip("192.0.2.9"))
	s.run(time.Second)
	h.Unwatch(ip("192.0.2.9"))
	if hop := h.NextHop(ip("192.0.2.9")); !hop.Resolved {
		t.Fatal("one watch is left")
	}
	h.Unwatch(ip("192.0.2.9"))
	h.Unwatch(ip("192.0.2.9")) // once too often does nothing
	st := h.Status()
	if len(st.Neighbors)+len(st.Destinations) != 0 || !st.NextTimeout.IsZero() {
		t.Fatalf("left over: %+v", st)
	}
}

// TestDrownedAnswer: in a flood the known MAC's answer is lost on its way to us. As long as frames
// are lost its silence proves nothing; afterwards it does.
func TestDrownedAnswer(t *testing.T) {
	families(t, func(t *testing.T, target string, announce func([6]byte) []byte) {
		s, h := ready(t, nil)
		st := s.station(9, target)
		h.Watch(s.now, ip(target))
		s.run(10 * time.Second)
		began := s.now
		st.dead = true
		for range 10 {
			s.inject(announce(mac(100)))
			h.Lost(s.now)
			s.run(500 * time.Millisecond)
		}
		s.wantHistory(began)
		if e := events(h); e["silence_doubted"] == 0 || e["neighbor_mac_changed"] != 0 {
			t.Fatalf("events %v", e)
		}
		s.inject(announce(mac(100)))
		s.run(3 * time.Second)
		if last := s.history(began); len(last) != 1 {
			t.Fatalf("changes %v; want that to the announced MAC, once nothing is lost", last)
		}
	})
}
