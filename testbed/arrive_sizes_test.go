package testbed

import (
	"testing"

	"mirrorgw/testbed/traffic"
)

// TestTagsAndLengthsArriveWhole sends frames with one tag and two, of 0x8100, 0x88a8 and 0x9100, up
// to the longest that a net_tap port takes: an IP packet of 1500 bytes behind two tags. All must pass
// and arrive byte for byte. The driver gives its interface an MTU of 1500 and no more; longer frames
// are the matter of golden case 014_jumbo.
func TestTagsAndLengthsArriveWhole(t *testing.T) {
	s := newSite(t)
	s.plain("a")
	s.plain("b")
	s.cable("s", macM, 1600, "192.0.2.10/24")
	s.run("ip", "-n", s.namespace("g"), "link", "set", s.link("s"), "mtu", "1600")
	s.receives("s", "vx0", "192.0.2.10", 7)
	a := s.start(s.tap(0, "wire0", "a", "wire1")+s.tap(1, "wire1", "b", "wire0")+
		s.afPacket(2, "tun0", "s", "role = \"tunnel\"\naddresses = [\"192.0.2.1/24\"]"),
		arriveSource+everyPacket("all")+arriveTarget("ids", "192.0.2.10")+arriveSession("a", "ids", 7))
	s.takeTap("a", macA, 1510) // room for a second tag
	s.takeTap("b", macB, 1510)

	atB, atDevice, sendA := s.sniff("b", "eth0"), s.sniff("s", "vx0"), s.senderAt("a")
	a.reachable("ids")
	frames := sizedFrames()
	for _, frame := range frames {
		sendA.send(frame)
	}
	counted := func(frame []byte) bool { n, ok := numberOf(frame); return ok && n > 0 }
	compareFrames(t, "host b", atB.whole(len(frames), counted), frames)
	compareFrames(t, "the appliance", atDevice.whole(len(frames), counted), frames)
	if cut := a.session("all").TruncatedPackets; cut != 0 {
		t.Errorf("%d copies were truncated", cut)
	}
	a.finish()
}

func plainHosts() traffic.Packet {
	return traffic.From(traffic.NewHost("a", macA, "10.1.100.1", "2001:db8:1:100::1")).
		To(traffic.NewHost("b", macB, "10.1.200.1", "2001:db8:1:200::1"))
}

func sizedFrames() (frames [][]byte) {
	for i, p := range []traffic.Packet{
		plainHosts(), plainHosts().VLAN(5), plainHosts().QinQ(6, 7), plainHosts().Tagged(0x88a8, 8), plainHosts().Tagged(0x9100, 9),
		plainHosts().OverIPv6(), plainHosts().OverIPv6().QinQ(10, 11),
	} {
		for j, length := range []int{16, 100, 1000, 1500 - 48, 1500 - 28} {
			if i >= 5 && j == 4 {
				continue // an IPv6 header is longer
			}
			frames = append(frames, p.UDP(4000, 5000).Payload(numbered(uint64(100*i+j+1), length)).Frame())
		}
	}
	return frames
}
