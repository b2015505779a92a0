package testbed

import (
	"fmt"
	"testing"

	"mirrorgw/ctl/report"
)

// oneNICResources are two sources, all of both sides of the wire: whatever leaves towards host b is host b's side's
// ingress, and it must not be our own copies.
const oneNICResources = `[[interface]]
name = "west"
port = "wire0"
mtu = 1400
[[interface]]
name = "east"
port = "wire1"
mtu = 1400
`

func oneNICSessions() string {
	text := oneNICResources + everyPacket("all") + arriveTarget("ids", "192.0.2.10")
	for i, source := range []string{"west", "east"} {
		text += fmt.Sprintf("[[session]]\nname = %q\nsource = %q\ntarget = \"ids\"\nfilter = \"all\"\nnumber = 1\nvni = %d\n", source, source, 7+i)
	}
	return text
}

// TestOneNICIsEnough sends copies out on the wire itself, to an appliance on host b's network.
// Production passes untouched, host b and the appliance can still talk to the west, and no copy is
// mirrored again.
func TestOneNICIsEnough(t *testing.T) {
	s := newSite(t)
	s.oneNICEast()
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	st := s.stream(arriveFrames(50), appliance{"m", "vx7"})
	east := s.stream(st.make, appliance{"m", "vx8"})
	a := s.start(s.afPacket(0, "wire0", "a", `peer = "wire1"`)+
		s.afPacket(1, "wire1", "s", "peer = \"wire0\"\ntunnel = true\naddresses = [\"192.0.2.1/24\"]"), oneNICSessions())
	st.flow()
	st.follow("m", followAnnounced)
	st.allArrive(followFrames, "m")
	s.do("m", "ping", "-q", "-n", "-c", "3", "-i", "0.05", "-W", "3", "192.0.2.1")
	s.do("a", "ping", "-q", "-n", "-c", "3", "-i", "0.05", "-W", "3", "10.1.0.3")
	st.hold()
	since := st.lastSent()
	st.send(1000)
	for _, seen := range []*stream{st, east} {
		within(arriveWait, func() bool { return seen.lacks(since+1, st.lastSent(), "m") == 0 })
	}
	a.checkBothSides(st, east, since)
	a.finish()
}

// oneNICEast is a switch with host b and the appliance, which also has an address of the hosts'.
func (s *site) oneNICEast() {
	s.bridge("s")
	s.attach("s", "b", macB, liveMTU, "10.1.0.2/24")
	s.attach("s", "m", macM, 1500, "192.0.2.10/24", "10.1.0.3/24")
	for _, vni := range []int{7, 8} {
		s.receives("m", fmt.Sprintf("vx%d", vni), "192.0.2.10", vni)
	}
}

// checkBothSides: each frame was seen by both sources, so it arrived once with each VNI. What else
// the sources saw is not ours.
func (a *arrival) checkBothSides(west, east *stream, since uint64) {
	a.t.Helper()
	last := west.lastSent()
	for name, st := range map[string]*stream{"west": west, "east": east} {
		if missing := st.lacks(since+1, last, "m"); missing != 0 {
			a.t.Errorf("%s: frame %d of %d to %d did not arrive once", name, missing, since+1, last)
		}
	}
	for name, s := range a.stats().Sources {
		for _, traffic := range []report.Traffic{s.Ingress, s.Egress} {
			if traffic.Excluded["own_copy"] != 0 {
				a.t.Errorf("%s: own copies were looked at: %+v; copies that leave on the wire never enter it", name, traffic)
			}
		}
	}
}

// TestCopiesThatComeBackAreNotMirroredAgain has the tunnel port's network lead through the wire: the
// copies go in at wire0, out at wire1, and to the appliance. Whoever mirrors all of the wire sees
// them pass, and must not mirror them again.
func TestCopiesThatComeBackAreNotMirroredAgain(t *testing.T) {
	s := newSite(t)
	s.oneNICEast()
	s.bridge("w")
	s.bridgeLink("w", "eth1", s.link("tun"))
	s.attach("w", "a", macA, liveMTU, "10.1.0.1/24")
	st := s.stream(arriveFrames(50), appliance{"m", "vx7"})
	a := s.start(s.afPacket(0, "wire0", "w", `peer = "wire1"`)+s.afPacket(1, "wire1", "s", `peer = "wire0"`)+
		s.afPacket(2, "tun0", "tun", "role = \"tunnel\"\naddresses = [\"192.0.2.1/24\"]"), oneNICSessions())
	st.flow()
	st.follow("m", followAnnounced)
	st.allArrive(followFrames, "m")
	st.hold()
	stats := a.stats()
	copies := stats.Sessions["west"].Egress.MirroredPackets + stats.Sessions["west"].Ingress.MirroredPackets +
		stats.Sessions["east"].Egress.MirroredPackets + stats.Sessions["east"].Ingress.MirroredPackets
	for name, seen := range map[string]int64{"west": stats.Sources["west"].Egress.Excluded["own_copy"], "east": stats.Sources["east"].Ingress.Excluded["own_copy"]} {
		if seen == 0 || seen > copies {
			t.Errorf("%s: %d own copies recognised, %d were sent", name, seen, copies)
		}
	}
	a.finish()
}
