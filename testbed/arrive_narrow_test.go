package testbed

import (
	"testing"
	"time"

	"mirrorgw/ctl/report"
)

// narrowMTU is that of the link behind the router.
const narrowMTU = 1300

// TestCopiesFitANarrowPath has a router with a link of a smaller MTU between the gateway and the
// appliance. The router says so (RFC 1191, RFC 8201), and from then on long copies arrive truncated
// to what the path takes, where they were lost at first.
func TestCopiesFitANarrowPath(t *testing.T) {
	for _, c := range []struct {
		underlay, address string
		room              int // bytes of an inner frame
	}{
		{"IPv4", "198.51.100.10", narrowMTU - 36},
		{"IPv6", "2001:db8:3::10", narrowMTU - 56},
	} {
		t.Run("over "+c.underlay, func(t *testing.T) { narrowPath(t, c.address, c.room) })
	}
}

func narrowPath(t *testing.T, address string, room int) {
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	s.cable("b", macB, liveMTU, "10.1.0.2/24")
	s.cable("s", "02:00:00:00:02:02", 1500, "192.0.2.2/24", "2001:db8:2::2/64")
	s.plain("far")
	s.join("s", "eth1", "far", "eth0", "", narrowMTU, "198.51.100.10/24", "2001:db8:3::10/64")
	s.address("s", "eth1", "198.51.100.1/24", "2001:db8:3::1/64")
	s.routes("s")
	s.receives("far", "vx0", address, 7)
	st := s.stream(narrowFrames, appliance{"far", "vx0"})
	a := s.start(s.followGateway()+narrowRoutes, arriveSource+allRules("all")+arriveTarget("ids", address)+arriveSession("a", "ids", 7))

	st.flow()
	st.follow("far", followAnnounced)
	a.narrowed(st, room)
	st.hold()
	a.accounts(st, report.Direction{})
	if _, known := a.session("all").Skipped["mtu"]; known {
		t.Errorf("copies were skipped as mtu, though they can be cut")
	}
	a.finish()
}

const narrowRoutes = `
[[route]]
prefix = "198.51.100.0/24"
via = "192.0.2.2"
[[route]]
prefix = "2001:db8:3::/64"
via = "2001:db8:2::2"
`

// narrowFrames are short, long, short, long.
func narrowFrames(n uint64) (fromA bool, frame []byte) {
	fromA, frame = arriveFrame(n, n%7)
	if n%2 == 0 {
		return fromA, frame
	}
	p := lengthPacket().UDP(9, uint16(5000+n%500)).Payload(numbered(n, 1350))
	return true, p.Frame()
}

// narrowed waits until long copies arrive cut, and asserts that all do from then on.
func (a *arrival) narrowed(st *stream, room int) {
	a.t.Helper()
	took := sooner(a.t, arriveWait, "long copies to arrive, cut", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		for n := st.sent; n > 0 && n+200 > st.sent; n-- {
			if c := st.copies[n]; len(c) == 1 && c[0].length == room {
				return true
			}
		}
		return false
	})
	since := st.lastSent()
	st.allArrive(followFrames, "far")
	st.mu.Lock()
	defer st.mu.Unlock()
	for n := since + 1; n <= since+followFrames; n++ {
		_, frame := narrowFrames(n)
		if got, want := st.copies[n][0].length, min(len(frame), room); got != want {
			a.t.Fatalf("the copy of frame %d, %d bytes, has %d bytes, want %d", n, len(frame), got, want)
		}
	}
	a.t.Logf("cut to %d bytes after %v", room, took.Round(time.Millisecond))
}
