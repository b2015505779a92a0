package testbed

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/traffic"
)

// What net_af_packet alters goes through net_tap ports, whose kernel interfaces are moved into the
// hosts' namespaces once the gateway runs: fragments, tags of 0x88a8, long frames.

// fragmentBytes is a datagram of three fragments at an MTU of 1500.
const fragmentBytes = 4000

// fragmentRules select DNS-like traffic by ports: only first fragments have any.
const fragmentRules = `[[filter]]
name = "all"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
protocol = "udp"
destination_ports = "5000-5999"
[[filter.rule]]
direction = "ingress"
number = 1
action = "accept"
protocol = "udp"
source_ports = "5000-5999"
`

// TestAllFragmentsArriveAtOneAppliance sends datagrams of several fragments both ways, some to ports
// that the rules name and some to others. All fragments of the former arrive, those of one flow at
// one appliance, and none of the latter.
func TestAllFragmentsArriveAtOneAppliance(t *testing.T) {
	a := fragmentStart(t)
	datagrams := 40
	if fullTests() {
		datagrams = 300
	}
	a.healthy(len(balanceMembers))
	atA, atB := a.sniff("a", "eth0"), a.sniff("b", "eth0")
	var members []*sniffer
	for _, host := range balanceMembers {
		members = append(members, a.sniff(host, "vx0"))
	}
	sendA, sendB := a.senderAt("a"), a.senderAt("b")

	var fromA, fromB, wanted [][]byte
	for n := range datagrams {
		for _, frame := range fragmentsOf(n, true) {
			sendA.send(frame)
			fromA = append(fromA, frame)
		}
		for _, frame := range fragmentsOf(n, false) {
			sendB.send(frame)
			fromB = append(fromB, frame)
		}
		if n%4 != 3 {
			wanted = append(append(wanted, fragmentsOf(n, true)...), fragmentsOf(n, false)...)
		}
		a.passed(int64(len(fromA) + len(fromB)))
	}
	compareFrames(t, "host b", fragmentsFrom(macA, atB.frames(len(fromA))), fromA)
	compareFrames(t, "host a", fragmentsFrom(macB, atA.frames(len(fromB))), fromB)
	a.checkFragments(members, wanted)
	a.finish()
}

func fragmentStart(t *testing.T) *arrival {
	t.Helper()
	s := newSite(t)
	s.plain("a")
	s.plain("b")
	s.bridge("s")
	for i, host := range balanceMembers {
		s.attach("s", host, "", 1600, memberAddress(i)+"/24")
		s.receives(host, "vx0", memberAddress(i), 7)
	}
	s.run("ip", "-n", s.namespace("g"), "link", "set", s.link("s"), "mtu", "1600")
	s.in("s", "ip", "link", "set", "eth0", "mtu", "1600")
	resources := strings.Replace(balanceResources(), allRules("all"), fragmentRules, 1)
	a := s.start(s.tap(0, "wire0", "a", "wire1")+s.tap(1, "wire1", "b", "wire0")+
		s.afPacket(2, "tun0", "s", "role = \"tunnel\"\naddresses = [\"192.0.2.1/24\"]"), resources)
	s.takeTap("a", macA, 1500)
	s.takeTap("b", macB, 1500)
	return a
}

// tap is a port whose kernel interface the gateway makes.
func (s *site) tap(number int, name, host, peer string) string {
	return fmt.Sprintf("[[port]]\nname = %q\ndevice = \"net_tap%d,iface=%s\"\npeer = %q\n", name, number, s.link(host), peer)
}

// takeTap moves that interface to a host, as eth0.
func (s *site) takeTap(host, mac string, mtu int) {
	s.t.Helper()
	s.run("ip", "-n", s.namespace("g"), "link", "set", s.link(host), "netns", s.namespace(host))
	s.in(host, "ip", "link", "set", s.link(host), "name", "eth0", "address", mac, "mtu", fmt.Sprint(mtu), "up")
}

// fragmentsOf are the fragments of a datagram; every fourth has no port that the rules name.
func fragmentsOf(n int, outbound bool) [][]byte {
	here := traffic.NewHost("here", macA, fmt.Sprintf("10.1.%d.%d", 100+n/200, n%200+1), fmt.Sprintf("2001:db8:1:100::%x", n+1))
	there := traffic.NewHost("there", macB, fmt.Sprintf("10.1.%d.%d", 200+n/200, n%200+1), fmt.Sprintf("2001:db8:1:200::%x", n+1))
	client, server := uint16(40000), uint16(5000+n%1000)
	if n%4 == 3 {
		server = 7000
	}
	p := traffic.From(here).To(there).UDP(client, server)
	if !outbound {
		p = traffic.From(there).To(here).UDP(server, client)
	}
	if n/2%2 == 1 {
		p = p.OverIPv6()
	}
	return p.ID(uint32(n + 1)).Payload(traffic.Bytes(fmt.Sprintf("datagram %d %v ", n, outbound), fragmentBytes)).Fragments(1440)
}

func fragmentsFrom(mac string, frames [][]byte) (kept [][]byte) {
	from, _ := net.ParseMAC(mac)
	for _, frame := range frames {
		if source, _ := endpoints(frame); bytes.Equal(frame[6:12], from) && ruled(frame) && source.IsValid() {
			kept = append(kept, frame)
		}
	}
	return kept
}

// passed waits until the wires have received so many frames, so that no ring runs over.
func (a *arrival) passed(frames int64) {
	a.t.Helper()
	if frames%120 != 0 {
		return
	}
	sooner(a.t, arriveWait, fmt.Sprintf("%d frames to be received", frames), func() bool {
		stats := a.stats()
		return stats.Ports["wire0"].RxPackets+stats.Ports["wire1"].RxPackets >= frames
	})
}

// checkFragments asserts that what all members received together is what was wanted, and that each
// flow, both directions of it and all its fragments, is at one member.
func (a *arrival) checkFragments(members []*sniffer, wanted [][]byte) {
	a.t.Helper()
	var now report.Direction
	sooner(a.t, arriveWait, "all fragments to be mirrored", func() bool {
		now = a.session("all")
		return now.MirroredPackets >= int64(len(wanted))
	})
	got, owner, split := map[string]int{}, map[string]int{}, 0
	for i, m := range members {
		for _, frame := range m.frames(0) {
			if !ruled(frame) {
				continue
			}
			got[string(frame)]++
			from, to := endpoints(frame)
			if from.Compare(to) > 0 {
				from, to = to, from
			}
			pair := fmt.Sprint(from, to)
			if at, known := owner[pair]; known && at != i {
				split++
			}
			owner[pair] = i
		}
	}
	missing, extra := 0, 0
	for _, frame := range wanted {
		if got[string(frame)]--; got[string(frame)] < 0 {
			missing++
		}
	}
	for _, n := range got {
		extra += max(n, 0)
	}
	if missing+extra+split > 0 || now.Skipped.Sum() != 0 {
		a.t.Errorf("of %d fragments %d are missing, %d too many, %d at another member than their flow; the session says %+v", len(wanted), missing, extra, split, now)
	}
}
