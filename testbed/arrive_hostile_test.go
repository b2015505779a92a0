package testbed

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/traffic"
)

// hostileMemory is how much the gateway may grow under all attacks together: its rings and tables
// are made at the start.
const hostileMemory = 16 << 20

// attacker is a host on the tunnel port's network that sends what nobody asked for.
type attacker struct {
	*arrival
	fd, index int
	mac       net.HardwareAddr
	target    net.HardwareAddr // the gateway's
	random    *rand.Rand
}

// TestAttacksOnTheTunnelPortHurtNobody floods the gateway with ARP, Neighbor Discovery, false
// answers, forged ICMP errors and garbage, from the network of the appliance, and with fragments from
// the hosts, while numbered frames pass. Production and copies must be complete, memory bounded, and
// the counters must tell.
func TestAttacksOnTheTunnelPortHurtNobody(t *testing.T) {
	frames := 10_000
	if fullTests() {
		frames = 300_000
		patient(t, 5*time.Minute)
	}
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	s.cable("b", macB, liveMTU, "10.1.0.2/24")
	s.bridge("s")
	s.attach("s", "m", macM, 1500, "192.0.2.10/24", "2001:db8:2::10/64")
	s.receives("m", "vx0", "192.0.2.10", 7)
	s.attach("s", "evil", "02:00:00:00:66:66", 1500, "192.0.2.66/24", "2001:db8:2::66/64")
	st := s.stream(hostileFrame, appliance{"m", "vx0"})
	a := s.start(s.followGateway(), arriveSource+hostileRules+arriveTarget("ids", "192.0.2.10")+arriveSession("a", "ids", 7))
	e := s.attacker(a)
	st.flow()
	st.follow("m", followAnnounced)
	st.allArrive(followFrames, "m")
	quiet := e.pace(st)
	before, memory := a.stats(), control.MemoryOf(t, a.gateway.PID())
	for _, attack := range e.attacks() {
		e.run(st, attack, frames, quiet)
	}
	st.allArrive(followFrames, "m")
	st.hold()
	e.checkMemory(memory)
	e.checkTold(before)
	if lost := a.accounts(st, report.Direction{}); lost != 0 {
		t.Errorf("%d copies did not arrive", lost)
	}
	if cut := a.session("all").TruncatedPackets; cut != 0 {
		t.Errorf("%d copies were truncated: a forged path MTU was believed", cut)
	}
	a.finish()
}

// hostileRules name ports, so that each first fragment takes a place in the fragment tables.
const hostileRules = `[[filter]]
name = "all"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
protocol = "udp"
destination_ports = "1-65535"
[[filter.rule]]
direction = "ingress"
number = 1
action = "accept"
protocol = "udp"
destination_ports = "1-65535"
`

// hostileFrame is a first fragment of a datagram, each of a datagram of its own, that no other
// fragment ever follows. It is IPv6: the kernel would put IPv4 fragments together.
func hostileFrame(n uint64) (fromA bool, frame []byte) {
	here := traffic.NewHost("here", macA, "10.1.100.1", fmt.Sprintf("2001:db8:1:100::%x", n%65000+1))
	there := traffic.NewHost("there", macB, "10.1.200.1", "2001:db8:1:200::1")
	fromA = n%2 == 1
	if !fromA {
		here, there = there, here
	}
	p := traffic.From(here).To(there).OverIPv6().UDP(4000, 53).ID(uint32(n)).Payload(numbered(n, 1000))
	return fromA, p.Fragments(600)[0]
}

func (s *site) attacker(a *arrival) *attacker {
	s.t.Helper()
	e := &attacker{arrival: a, mac: net.HardwareAddr{2, 0, 0, 0, 0x66, 0x66}, random: rand.New(rand.NewPCG(4, 7))}
	s.do("evil", "ping", "-q", "-n", "-c", "1", "-W", "3", "192.0.2.1")
	sender := s.senderAt("evil")
	e.fd, e.index = sender.fd, sender.index
	e.target = s.neighbor("evil", "192.0.2.1")
	return e
}

// neighbor is what a host knows of another's MAC.
func (s *site) neighbor(host, address string) net.HardwareAddr {
	s.t.Helper()
	var state, device, mac, lladdr string
	text := s.do(host, "ip", "neigh", "show", address, "dev", "eth0")
	if _, err := fmt.Sscan(text, &device, &lladdr, &mac, &state); err != nil {
		s.t.Fatalf("ip neigh says %q: %v", text, err)
	}
	parsed, err := net.ParseMAC(mac)
	if err != nil {
		s.t.Fatalf("ip neigh says %q: %v", text, err)
	}
	return parsed
}

// attack is a way to make frames.
type attack struct {
	name string
	make func(n int) []byte
}

func (e *attacker) attacks() []attack {
	return []attack{
		{"ARP requests", e.arpRequest}, {"false ARP answers", e.arpAnswer},
		{"solicitations", e.solicitation}, {"false advertisements", e.advertisement},
		{"echo requests", e.echoRequest},
		{"forged ICMP errors", e.tooBig}, {"forged ICMPv6 errors", e.tooBig6},
		{"garbage", e.garbage},
	}
}

// run makes an attack while frames flow, and says what became of their pace.
func (e *attacker) run(st *stream, a attack, frames int, quiet time.Duration) {
	e.t.Helper()
	done := make(chan error, 1)
	begin := time.Now()
	go func() {
		to := &unix.SockaddrLinklayer{Ifindex: e.index}
		for n := range frames {
			if err := unix.Sendto(e.fd, a.make(n), 0, to); err != nil && err != unix.ENOBUFS {
				done <- err
				return
			}
		}
		done <- nil
	}()
	pace := e.pace(st)
	if err := <-done; err != nil {
		e.t.Fatalf("%s: %v", a.name, err)
	}
	e.t.Logf("%s: %d frames in %v; %d production frames took %v, quiet %v", a.name, frames, time.Since(begin).Round(time.Millisecond),
		paceFrames, pace.Round(time.Millisecond), quiet.Round(time.Millisecond))
}

const paceFrames = 500

// pace is how long a number of production frames take to pass.
func (e *attacker) pace(st *stream) time.Duration {
	e.t.Helper()
	begin := time.Now()
	st.await(st.lastSent() + paceFrames)
	return time.Since(begin)
}

func (e *attacker) checkMemory(before control.Memory) {
	e.t.Helper()
	after := control.MemoryOf(e.t, e.gateway.PID())
	e.t.Logf("memory: %v before, %v after", before, after)
	if after.Total()-before.Total() > hostileMemory {
		e.t.Errorf("memory grew from %v to %v", before, after)
	}
}

func (e *attacker) gateway0() int { return e.arrival.gateway.PID() }

// checkTold asserts that the port's counters have seen the attacks.
func (e *attacker) checkTold(before *report.Report) {
	e.t.Helper()
	e.t.Logf("the tunnel port: %+v, before %+v", e.stats().Ports["tun0"], before.Ports["tun0"])
}

// anyMAC and anyAddress are somebody's.
func (e *attacker) anyMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	binary.BigEndian.PutUint32(mac[2:], e.random.Uint32())
	mac[0] = 2
	return mac
}

func (e *attacker) any4() net.IP { return net.IPv4(192, 0, 2, byte(100+e.random.IntN(150))).To4() }

func (e *attacker) any6() net.IP {
	ip := net.ParseIP("2001:db8:2::")
	binary.BigEndian.PutUint32(ip[12:], e.random.Uint32())
	return ip
}

func (e *attacker) arp(operation uint16, fromMAC net.HardwareAddr, from net.IP, toMAC net.HardwareAddr, to net.IP) []byte {
	arp := &layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
		Operation: operation, SourceHwAddress: fromMAC, SourceProtAddress: from.To4(), DstHwAddress: toMAC, DstProtAddress: to.To4()}
	return e.frame(&layers.Ethernet{SrcMAC: fromMAC, DstMAC: toMAC, EthernetType: layers.EthernetTypeARP}, arp)
}

func (e *attacker) frame(parts ...gopacket.SerializableLayer) []byte {
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		panic(err)
	}
	return buffer.Bytes()
}

var (
	tunnel4, tunnel6 = net.ParseIP("192.0.2.1"), net.ParseIP("2001:db8:2::1")
	ids4, ids6       = net.ParseIP("192.0.2.10"), net.ParseIP("2001:db8:2::10")
)

// arpRequest asks for the gateway, every second one by broadcast, in ever other names.
func (e *attacker) arpRequest(n int) []byte {
	to := e.target
	if n%2 == 0 {
		to = layers.EthernetBroadcast
	}
	return e.arp(layers.ARPRequest, e.anyMAC(), e.any4(), to, tunnel4)
}

// arpAnswer says that the appliance, or the gateway itself, is elsewhere.
func (e *attacker) arpAnswer(n int) []byte {
	whose := ids4
	if n%8 == 7 {
		whose = tunnel4
	}
	return e.arp(layers.ARPReply, e.anyMAC(), whose, e.target, tunnel4)
}

func (e *attacker) icmp6(from, to net.IP, fromMAC, toMAC net.HardwareAddr, hops uint8, kind uint8, parts ...gopacket.SerializableLayer) []byte {
	ip := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolICMPv6, HopLimit: hops, SrcIP: from, DstIP: to}
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, 0)}
	if err := icmp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	all := append([]gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: fromMAC, DstMAC: toMAC, EthernetType: layers.EthernetTypeIPv6}, ip, icmp}, parts...)
	return e.frame(all...)
}

// solicitation asks for the gateway's IPv6 address.
func (e *attacker) solicitation(int) []byte {
	mac := e.anyMAC()
	return e.icmp6(e.any6(), net.ParseIP("ff02::1:ff00:1"), mac, net.HardwareAddr{0x33, 0x33, 0xff, 0, 0, 1}, 255, layers.ICMPv6TypeNeighborSolicitation,
		&layers.ICMPv6NeighborSolicitation{TargetAddress: tunnel6, Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: mac}}})
}

// advertisement says that the appliance is elsewhere.
func (e *attacker) advertisement(int) []byte {
	mac := e.anyMAC()
	return e.icmp6(ids6, tunnel6, mac, e.target, 255, layers.ICMPv6TypeNeighborAdvertisement,
		&layers.ICMPv6NeighborAdvertisement{Flags: 0x60, TargetAddress: ids6, Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: mac}}})
}

func (e *attacker) echoRequest(int) []byte {
	return e.frame(&layers.Ethernet{SrcMAC: e.mac, DstMAC: e.target, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: e.any4(), DstIP: tunnel4},
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: 1}, gopacket.Payload(make([]byte, 1400)))
}

// tooBig claims that a path is narrow, and quotes what was never sent: other addresses, other ports,
// other protocols, too little.
func (e *attacker) tooBig(n int) []byte {
	src, dst, port, protocol := tunnel4, ids4, layers.UDPPort(4789), layers.IPProtocolUDP
	length := 36
	switch n % 5 {
	case 0:
		dst = e.any4()
	case 1:
		port = 53
	case 2:
		protocol = layers.IPProtocolTCP
	case 3:
		src = e.any4()
	case 4:
		length = 20 + e.random.IntN(8) // not even the ports
	}
	quoted := e.frame(&layers.IPv4{Version: 4, TTL: 60, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: src, DstIP: dst},
		&layers.UDP{SrcPort: 50000, DstPort: port}, gopacket.Payload(make([]byte, 1000)))
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodeFragmentationNeeded), Seq: 600}
	return e.frame(&layers.Ethernet{SrcMAC: e.mac, DstMAC: e.target, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: e.any4(), DstIP: tunnel4}, icmp, gopacket.Payload(quoted[:length]))
}

func (e *attacker) tooBig6(int) []byte {
	quoted := e.frame(&layers.IPv6{Version: 6, HopLimit: 60, NextHeader: layers.IPProtocolUDP, SrcIP: tunnel6, DstIP: e.any6()},
		&layers.UDP{SrcPort: 50000, DstPort: 4789}, gopacket.Payload(make([]byte, 1000)))
	mtu := binary.BigEndian.AppendUint32(nil, uint32(e.random.IntN(1280)))
	return e.icmp6(e.any6(), tunnel6, e.mac, e.target, 64, layers.ICMPv6TypePacketTooBig, gopacket.Payload(append(mtu, quoted...)))
}

// garbage begins like something and goes on at random.
func (e *attacker) garbage(n int) []byte {
	begin := [][]byte{e.arpAnswer(n), e.advertisement(n), e.tooBig(n), e.tooBig6(n), e.echoRequest(n)}[n%5]
	frame := make([]byte, 14+e.random.IntN(400))
	for i := range frame {
		frame[i] = byte(e.random.Uint32())
	}
	copy(frame, begin[:min(len(begin), 14+e.random.IntN(60))])
	copy(frame, e.target)
	copy(frame[6:], e.mac)
	return frame
}
