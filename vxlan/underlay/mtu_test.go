package underlay

import (
	"net/netip"
	"testing"
	"time"
)

// watching is a ready host that watches a target of each family behind a router, and its segment.
func watching(t *testing.T, change func(*Config)) (*sim, *Host) {
	s, h := ready(t, func(c *Config) {
		c.Routes = []Route{{prefix("0.0.0.0/0"), ip("192.0.2.9"), 3}, {prefix("::/0"), ip("2001:db8::9"), 3}}
		if change != nil {
			change(c)
		}
	})
	s.station(9, "192.0.2.9", "2001:db8::9")
	h.Watch(s.now, ip("198.51.100.7"))
	h.Watch(s.now, ip("2001:db8:7::7"))
	s.run(time.Millisecond)
	return s, h
}

func tooBig4(src, dst string, port uint16, length int, mtu uint16) []byte {
	return error4(mac(9), hostMAC, "192.0.2.9", src, 3, 4, mtu, quoted4(src, dst, port, length))
}

func tooBig6(src, dst string, port uint16, mtu uint32) []byte {
	return error6(mac(9), hostMAC, "2001:db8::9", src, 2, 0, mtu, quoted6(src, dst, port, 1500))
}

func TestTooBig(t *testing.T) {
	const d4, d6, s4, s6 = "198.51.100.7", "2001:db8:7::7", "10.1.1.1", "2001:db8:1::1"
	for _, c := range []struct {
		name    string
		frame   []byte
		want    string
		mtu     int // afterwards, of the family's target
		clamped uint64
	}{
		{"IPv4", tooBig4(s4, d4, 4789, 1500, 1400), rxTooBig, 1400, 0},
		{"quotes 8 bytes", error4(mac(9), hostMAC, "192.0.2.9", s4, 3, 4, 1400, quoted4(s4, d4, 4789, 1500)[:28]), rxTooBig, 1400, 0},
		{"quotes 7 bytes", error4(mac(9), hostMAC, "192.0.2.9", s4, 3, 4, 1400, quoted4(s4, d4, 4789, 1500)[:27]), rxTooBigOther, 1500, 0},
		{"passes by, to another MAC", edit(tooBig4(s4, d4, 4789, 1500, 1400), func(b []byte) { b[5] = 99 }), rxTooBig, 1400, 0},
		{"passes by, in a VLAN", tagged(tooBig4(s4, d4, 4789, 1500, 1400), 0x8100, 30), rxTooBig, 1400, 0},
		{"passes by, in two VLANs", tagged(tagged(tooBig4(s4, d4, 4789, 1500, 1400), 0x8100, 30), 0x8100, 7), rxTooBig, 1400, 0},
		{"passes by, in a provider's VLAN", tagged(tooBig4(s4, d4, 4789, 1500, 1400), 0x88a8, 30), rxTooBig, 1400, 0},
		{"passes by, in a VLAN in a provider's", tagged(tagged(tooBig4(s4, d4, 4789, 1500, 1400), 0x8100, 30), 0x88a8, 7), rxTooBig, 1400, 0},
		{"passes by, in a VLAN behind a priority tag", tagged(tagged(tooBig4(s4, d4, 4789, 1500, 1400), 0x8100, 30), 0x8100, 0), rxTooBig, 1400, 0},
		{"about nothing of ours, in a provider's VLAN", tagged(tooBig4(s4, d4, 53, 1500, 1400), 0x88a8, 30), rxOtherVLAN, 1500, 0},
		{"about nothing of ours, in a VLAN", tagged(tooBig4(s4, d4, 53, 1500, 1400), 0x8100, 30), rxOtherVLAN, 1500, 0},
		{"does not say", tooBig4(s4, d4, 4789, 1500, 0), rxTooBig, 1492, 0},
		{"does not say, again", tooBig4(s4, d4, 4789, 1492, 0), rxTooBig, 1006, 0},
		{"does not say, small", tooBig4(s4, d4, 4789, 300, 0), rxTooBig, 576, 0},
		{"least", tooBig4(s4, d4, 4789, 1500, 576), rxTooBig, 576, 0},
		{"below the least", tooBig4(s4, d4, 4789, 1500, 68), rxTooBig, 576, 1},
		{"as the port", tooBig4(s4, d4, 4789, 1500, 1500), rxTooBigNot, 1500, 0},
		{"above the port", tooBig4(s4, d4, 4789, 1500, 9000), rxTooBigNot, 1500, 0},
		{"another port", tooBig4(s4, d4, 53, 1500, 1400), rxTooBigOther, 1500, 0},
		{"another target", tooBig4(s4, "198.51.100.8", 4789, 1500, 1400), rxTooBigOther, 1500, 0},
		{"another source", tooBig4("10.9.9.9", d4, 4789, 1500, 1400), rxTooBigOther, 1500, 0},
		{"not to the source", error4(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", 3, 4, 1400, quoted4(s4, d4, 4789, 1500)), rxTooBigOther, 1500, 0},
		{"later fragment", error4(mac(9), hostMAC, "192.0.2.9", s4, 3, 4, 1400, edit(quoted4(s4, d4, 4789, 1500), func(b []byte) { b[7] = 9 })), rxTooBigOther, 1500, 0},
		{"checksum", edit(tooBig4(s4, d4, 4789, 1500, 1400), func(b []byte) { b[36]++ }), rxChecksum, 1500, 0},
		{"nothing quoted", error4(mac(9), hostMAC, "192.0.2.9", s4, 3, 4, 1400, nil), rxTooBigOther, 1500, 0},
		{"IPv6", tooBig6(s6, d6, 4789, 1400), rxTooBig, 1400, 0},
		{"IPv6 least", tooBig6(s6, d6, 4789, 1280), rxTooBig, 1280, 0},
		{"IPv6 below the least", tooBig6(s6, d6, 4789, 1279), rxTooBig, 1280, 1},
		{"IPv6 0", tooBig6(s6, d6, 4789, 0), rxTooBig, 1280, 1},
		{"IPv6 huge", tooBig6(s6, d6, 4789, 1<<32-1), rxTooBigNot, 1500, 0},
		{"IPv6 another port", tooBig6(s6, d6, 4790, 1400), rxTooBigOther, 1500, 0},
		{"IPv6 another source", tooBig6("2001:db8:9::9", d6, 4789, 1400), rxTooBigOther, 1500, 0},
		{"IPv6 nothing quoted", error6(mac(9), hostMAC, "2001:db8::9", s6, 2, 0, 1400, nil), rxTooBigOther, 1500, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, h := watching(t, func(c *Config) {
				c.OurSource = func(a netip.Addr) bool { return a == ip(s4) || a == ip(s6) }
			})
			s.changes = nil
			if got := outcome(t, h, s, c.frame); got != c.want {
				t.Fatalf("outcome is %s, want %s", got, c.want)
			}
			v4, v6 := h.NextHop(ip(d4)).MTU, h.NextHop(ip(d6)).MTU
			if min(v4, v6) != c.mtu || max(v4, v6) != 1500 {
				t.Fatalf("MTU %d and %d, want %d and 1500", v4, v6, c.mtu)
			}
			if want := map[bool]int{true: 1, false: 0}[c.mtu < 1500]; len(s.changes) != want {
				t.Fatalf("changes %+v", s.changes)
			}
			if got := events(h)["too_big_clamped"]; got != c.clamped {
				t.Fatalf("too_big_clamped is %d", got)
			}
		})
	}
}

func TestPathMTUNeverRisesUntilItExpires(t *testing.T) {
	s, h := watching(t, nil)
	const src, dst = "10.1.1.1", "198.51.100.7"
	mtu := func() int { return h.NextHop(ip(dst)).MTU }
	for _, c := range []struct {
		mtu  uint16
		want string
		is   int
	}{{1400, rxTooBig, 1400}, {1450, rxTooBigNot, 1400}, {1300, rxTooBig, 1300}, {1300, rxTooBig, 1300}} {
		if got := outcome(t, h, s, tooBig4(src, dst, 4789, 1500, c.mtu)); got != c.want || mtu() != c.is {
			t.Fatalf("%d: %s, MTU %d", c.mtu, got, mtu())
		}
		s.run(time.Minute)
	}
	d := h.Status().Destinations[0]
	if d.LearnedMTU != 1300 || d.MTUExpires.Sub(s.now) != 9*time.Minute {
		t.Fatalf("%+v", d)
	}
	s.run(9*time.Minute - time.Second)
	if mtu() != 1300 {
		t.Fatalf("too early: %d", mtu())
	}
	s.run(time.Second)
	if mtu() != 1500 || events(h)["path_mtu_expired"] != 1 {
		t.Fatalf("MTU is %d", mtu())
	}
	if last := s.changes[len(s.changes)-1]; last.hop.MTU != 1500 || !last.hop.Resolved {
		t.Fatalf("%+v", last)
	}
}

// An error about a copy may pass on a wire port that is none of ours, with any tags.
func TestTooBigOnAnotherPort(t *testing.T) {
	for _, wrap := range []func([]byte) []byte{
		func(b []byte) []byte { return b },
		func(b []byte) []byte { return tagged(tagged(b, 0x8100, 7), 0x88a8, 9) },
	} {
		s, h := watching(t, nil)
		h.Input(s.now, 17, wrap(tooBig4("10.1.1.1", "198.51.100.7", 4789, 1500, 1400)))
		h.Input(s.now, 17, wrap(gratuitous(mac(66), "192.0.2.1")))
		h.Input(s.now, 17, wrap(nsFrame(mac(66), netip.IPv6Unspecified(), ip("2001:db8::1"))))
		h.Input(s.now, 17, wrap(echoFrame(mac(66), hostMAC, "192.0.2.9", "192.0.2.1", nil)))
		if got := h.NextHop(ip("198.51.100.7")).MTU; got != 1400 {
			t.Fatalf("MTU is %d", got)
		}
		if in := h.Status().Input; in[rxTooBig] != 1 || in[rxOtherMAC] != 2 || in[rxOtherIP] != 1 || len(in) != 3 {
			t.Fatalf("input %v", in)
		}
	}
}

func TestTooBigIsLimited(t *testing.T) {
	s, h := watching(t, func(c *Config) { c.Limits.TooBig = 5 })
	for i := range 50 {
		h.Input(s.now, 3, tooBig4("10.1.1.1", "198.51.100.7", 4789, 1500, uint16(1400-i)))
	}
	if in := inputs(h); in[rxTooBig] != 5 || in[rxLimited] != 45 || h.NextHop(ip("198.51.100.7")).MTU != 1396 {
		t.Fatalf("%v", in)
	}
}

func TestUnreachableCopiesAreRemembered(t *testing.T) {
	s, h := watching(t, nil)
	quoted := quoted4("10.1.1.1", "198.51.100.7", 4789, 1500)
	if got := outcome(t, h, s, error4(mac(9), hostMAC, "198.51.100.7", "10.1.1.1", 3, 3, 0, quoted)); got != rxUnreachable {
		t.Fatalf("outcome is %s", got)
	}
	if d := h.Status().Destinations[0]; d.Unreachable != 1 || d.UnreachableSaid != "port unreachable" || !d.LastUnreachable.Equal(s.now) {
		t.Fatalf("%+v", d)
	}
	if hop := h.NextHop(ip("198.51.100.7")); !hop.Resolved {
		t.Fatalf("an error took the next hop away: %+v", hop)
	}
}
