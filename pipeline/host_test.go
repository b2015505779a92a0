package pipeline

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

var (
	hostMAC   = net.HardwareAddr{2, 0, 0, 0, 9, 1}
	otherMAC  = net.HardwareAddr{2, 0, 0, 0, 9, 2}
	broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	allNodes  = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}
	solicited = net.HardwareAddr{0x33, 0x33, 0xff, 0, 0, 1}
)

func testHost(vlan int) *Host {
	return &Host{MAC: [6]byte(hostMAC), VLAN: vlan, Addresses: []netip.Addr{
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("fe80::5"),
	}}
}

// packet is a frame with the tags given, outer first, and the layers behind Ethernet; gopacket
// writes it.
func packet(t testing.TB, to net.HardwareAddr, tags []uint16, type_ layers.EthernetType, rest ...gopacket.SerializableLayer) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 7}, DstMAC: to, EthernetType: type_}
	all := []gopacket.SerializableLayer{eth}
	next := &eth.EthernetType
	for _, vid := range tags {
		tag := &layers.Dot1Q{VLANIdentifier: vid, Type: type_}
		*next = layers.EthernetTypeDot1Q
		next = &tag.Type
		all = append(all, tag)
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, append(all, rest...)...); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func ipv4(dst string, protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, SrcIP: net.IP{192, 0, 2, 9}, DstIP: net.ParseIP(dst).To4(), Protocol: protocol}
}

func ipv6(dst string, protocol layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 255, SrcIP: net.ParseIP("2001:db8::9"), DstIP: net.ParseIP(dst), NextHeader: protocol}
}

func arp() gopacket.SerializableLayer {
	return &layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: hostMAC, SourceProtAddress: []byte{192, 0, 2, 9}, DstHwAddress: make([]byte, 6), DstProtAddress: []byte{192, 0, 2, 1}}
}

func icmp4(type_, code uint8) gopacket.SerializableLayer {
	return &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(type_, code)}
}

func icmp6(type_ uint8) gopacket.SerializableLayer {
	return &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(type_, 0)}
}

func body(b ...byte) gopacket.SerializableLayer { return gopacket.Payload(b) }

// quoted is a packet as an ICMP error quotes it: its IP header and 8 bytes.
func quoted(t testing.TB, v6 bool, protocol layers.IPProtocol, port uint16) gopacket.SerializableLayer {
	t.Helper()
	var ip gopacket.SerializableLayer = ipv4("198.51.100.7", protocol)
	if v6 {
		ip = ipv6("2001:db8:7::7", protocol)
	}
	buffer := gopacket.NewSerializeBuffer()
	ports := binary.BigEndian.AppendUint32(nil, 50000<<16|uint32(port))
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, ip, body(append(ports, 0, 40, 0, 0)...)); err != nil {
		t.Fatal(err)
	}
	return gopacket.Payload(buffer.Bytes())
}

type hostCase struct {
	name   string
	frame  []byte
	whose  Addressee
	quotes bool
}

// hostCases are frames with the tags of the host's own traffic in front, and whom they are for.
func hostCases(t testing.TB, own []uint16) []hostCase {
	const v4, v6 = layers.EthernetTypeIPv4, layers.EthernetTypeIPv6
	p := func(to net.HardwareAddr, type_ layers.EthernetType, rest ...gopacket.SerializableLayer) []byte {
		return packet(t, to, own, type_, rest...)
	}
	deeper := append(slices.Clone(own), 9)
	return []hostCase{
		{"ARP to everybody", p(broadcast, layers.EthernetTypeARP, arp()), Everybodys, false},
		{"ARP to us", p(hostMAC, layers.EthernetTypeARP, arp()), Ours, false},
		{"ARP that is cut off", p(hostMAC, layers.EthernetTypeARP, body(0, 1)), Ours, false},
		{"ARP to another", p(otherMAC, layers.EthernetTypeARP, arp()), Others, false},
		{"ARP deeper in", packet(t, hostMAC, deeper, layers.EthernetTypeARP, arp()), Others, false},
		{"echo to us", p(hostMAC, v4, ipv4("192.0.2.1", 1), icmp4(8, 0)), Ours, false},
		{"echo to our other address", p(hostMAC, v4, ipv4("192.0.2.2", 1), icmp4(8, 0)), Ours, false},
		{"ICMP that is garbage", p(hostMAC, v4, ipv4("192.0.2.1", 1), body(0xff)), Ours, false},
		{"UDP to us", p(hostMAC, v4, ipv4("192.0.2.1", 17), body(1, 2, 3, 4)), OursIdle, false},
		{"echo to another's address", p(hostMAC, v4, ipv4("192.0.2.3", 1), icmp4(8, 0)), Others, false},
		{"echo to our address, another's MAC", p(otherMAC, v4, ipv4("192.0.2.1", 1), icmp4(8, 0)), Others, false},
		{"IPv4 broadcast", p(broadcast, v4, ipv4("192.0.2.1", 1), icmp4(8, 0)), Others, false},
		{"IPv4 that ends early", p(hostMAC, v4, body(0x45, 0, 0, 20)), Others, false},
		{"echo to us, IPv6", p(hostMAC, v6, ipv6("2001:db8::1", 58), icmp6(128), body(0, 1)), Ours, false},
		{"solicitation to us", p(hostMAC, v6, ipv6("fe80::5", 58), icmp6(135), body(0, 1)), Ours, false},
		{"TCP to us, IPv6", p(hostMAC, v6, ipv6("2001:db8::1", 6), body(1, 2)), OursIdle, false},
		{"echo to another's address, IPv6", p(hostMAC, v6, ipv6("2001:db8::2", 58), icmp6(128)), Others, false},
		{"solicitation to our group", p(solicited, v6, ipv6("ff02::1:ff00:1", 58), icmp6(135)), Everybodys, false},
		{"solicitation to another group", p(solicited, v6, ipv6("ff02::1:ff00:2", 58), icmp6(135)), Others, false},
		{"advertisement to all nodes", p(allNodes, v6, ipv6("ff02::1", 58), icmp6(136)), Everybodys, false},
		{"echo to all nodes", p(allNodes, v6, ipv6("ff02::1", 58), icmp6(128)), Others, false},
		{"MLD query to all nodes", p(allNodes, v6, ipv6("ff02::1", 0), body(58, 0, 5, 2, 0, 0, 1, 0, 130)), Everybodys, false},
		{"MLD query to our group", p(solicited, v6, ipv6("ff02::1:ff00:1", 0), body(58, 0, 5, 2, 0, 0, 1, 0, 130)), Everybodys, false},
		{"MLD report to all nodes", p(allNodes, v6, ipv6("ff02::1", 0), body(58, 0, 5, 2, 0, 0, 1, 0, 143)), Others, false},
		{"another group", p(allNodes, v6, ipv6("ff02::2", 58), icmp6(133)), Others, false},
		{"UDP to all nodes", p(allNodes, v6, ipv6("ff02::1", 17), body(135)), Others, false},
		{"another EtherType", p(hostMAC, 0x88cc, body(2, 7)), Others, false},
		{"too big, about a copy, to us", p(hostMAC, v4, ipv4("192.0.2.1", 1), icmp4(3, 4), quoted(t, false, 17, 4789)), Ours, true},
		{"too big, about a copy, to a source", p(hostMAC, v4, ipv4("10.0.0.1", 1), icmp4(3, 4), quoted(t, false, 17, 4789)), Others, true},
		{"too big, about a copy, deeper in", packet(t, otherMAC, deeper[len(deeper)-1:], v4, ipv4("10.0.0.1", 1), icmp4(3, 4), quoted(t, false, 17, 4789)), Others, true},
		{"too big, about another port", p(otherMAC, v4, ipv4("10.0.0.1", 1), icmp4(3, 4), quoted(t, false, 17, 4790)), Others, false},
		{"too big, about TCP", p(otherMAC, v4, ipv4("10.0.0.1", 1), icmp4(3, 4), quoted(t, false, 6, 4789)), Others, false},
		{"port unreachable", p(otherMAC, v4, ipv4("10.0.0.1", 1), icmp4(3, 3), quoted(t, false, 17, 4789)), Others, false},
		{"too big, about a copy, IPv6", p(otherMAC, v6, ipv6("2001:db8:7::1", 58), icmp6(2), body(0, 0, 5, 0), quoted(t, true, 17, 4789)), Others, true},
		{"time exceeded, IPv6", p(otherMAC, v6, ipv6("2001:db8:7::1", 58), icmp6(3), body(0, 0, 0, 0), quoted(t, true, 17, 4789)), Others, false},
		{"too big, about TCP, IPv6", p(otherMAC, v6, ipv6("2001:db8:7::1", 58), icmp6(2), body(0, 0, 5, 0), quoted(t, true, 6, 4789)), Others, false},
	}
}

// TestAddressee asks about every frame whole, in two pieces wherever it can be cut, and cut off
// after each byte.
func TestAddressee(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	for _, vlan := range []int{0, 7} {
		host, own := testHost(vlan), []uint16(nil)
		if vlan != 0 {
			own = []uint16{uint16(vlan)}
		}
		for _, c := range hostCases(t, own) {
			t.Run(c.name, func(t *testing.T) { checkAddressee(t, h, host, c) })
		}
	}
}

func checkAddressee(t *testing.T, h *Harness, host *Host, c hostCase) {
	ask := func(frame []byte, segments ...int) (Addressee, bool) {
		t.Helper()
		whose, quotes, err := h.Addressee(host, frame, segments)
		if err != nil {
			t.Fatal(err)
		}
		return whose, quotes
	}
	if whose, quotes := ask(c.frame); whose != c.whose || quotes != c.quotes {
		t.Errorf("for %d, quotes a copy %t; want %d, %t: %x", whose, quotes, c.whose, c.quotes, c.frame)
	}
	for at := range c.frame {
		if whose, quotes := ask(c.frame, at, len(c.frame)-at); whose != c.whose || quotes != c.quotes {
			t.Errorf("in pieces of %d and %d bytes: for %d, quotes %t", at, len(c.frame)-at, whose, quotes)
		}
		if whose, quotes := ask(c.frame[:at], at); whose != c.whose && whose != Others || quotes && !c.quotes {
			t.Errorf("cut off after %d bytes: for %d, quotes %t", at, whose, quotes)
		}
	}
}

// TestAddresseeNeedsTheOwnVLAN: neither without tag where there should be one, nor another, nor the
// other way round.
func TestAddresseeNeedsTheOwnVLAN(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	service := packet(t, hostMAC, []uint16{7}, layers.EthernetTypeARP, arp())
	service[12], service[13] = 0x88, 0xa8
	urgent := packet(t, hostMAC, []uint16{0}, layers.EthernetTypeARP, arp())
	urgent[14] = 7 << 5
	for _, c := range []struct {
		vlan  int
		frame []byte
		whose Addressee
	}{
		{0, packet(t, hostMAC, []uint16{7}, layers.EthernetTypeARP, arp()), Others},
		{0, packet(t, broadcast, []uint16{0}, layers.EthernetTypeARP, arp()), Everybodys}, // a priority tag
		{0, urgent, Ours},
		{0, packet(t, hostMAC, []uint16{0, 7}, layers.EthernetTypeARP, arp()), Others},
		{7, packet(t, hostMAC, []uint16{0}, layers.EthernetTypeARP, arp()), Others},
		{7, packet(t, hostMAC, nil, layers.EthernetTypeARP, arp()), Others},
		{7, packet(t, hostMAC, []uint16{8}, layers.EthernetTypeARP, arp()), Others},
		{7, packet(t, hostMAC, []uint16{8, 7}, layers.EthernetTypeARP, arp()), Others},
		{7, service, Others},
		{7, packet(t, hostMAC, []uint16{7}, layers.EthernetTypeARP, arp()), Ours},
	} {
		if whose, _, err := h.Addressee(testHost(c.vlan), c.frame, nil); err != nil || whose != c.whose {
			t.Errorf("VLAN %d: for %d, %v; want %d: %x", c.vlan, whose, err, c.whose, c.frame)
		}
	}
}

// addresseeOf is Addressee said differently, on a frame in one piece.
func addresseeOf(host *Host, f []byte) Addressee {
	group := len(f) > 0 && f[0]&1 != 0
	if len(f) < 14 || !group && !bytes.Equal(f[:6], host.MAC[:]) {
		return Others
	}
	l3 := f[12:]
	if priority := len(l3) >= 4 && l3[0] == 0x81 && l3[1] == 0 && l3[2]&0xf == 0 && l3[3] == 0; host.VLAN != 0 || priority {
		if len(l3) < 6 || l3[0] != 0x81 || l3[1] != 0 || int(binary.BigEndian.Uint16(l3[2:])&0xfff) != host.VLAN {
			return Others
		}
		l3 = l3[4:]
	}
	type_, ip := binary.BigEndian.Uint16(l3), l3[2:]
	speaks := map[bool]Addressee{true: Ours, false: OursIdle}
	switch {
	case type_ == 0x0806 && group:
		return Everybodys
	case type_ == 0x0806:
		return Ours
	case type_ == 0x0800 && !group && len(ip) >= 20 && slices.Contains(host.Addresses, netip.AddrFrom4([4]byte(ip[16:20]))):
		return speaks[ip[9] == 1]
	case type_ == 0x86dd && !group && len(ip) >= 40 && slices.Contains(host.Addresses, netip.AddrFrom16([16]byte(ip[24:40]))):
		return speaks[ip[6] == 58]
	}
	return Others
}

// TestAddresseeAgainstAnother compares on random frames in random pieces. They are to no group of
// ours: TestAddressee has those.
func TestAddresseeAgainstAnother(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	p, r := newPools(), rand.New(rand.NewPCG(1, 2))
	p.macs = p.macs[:2]
	count := map[Addressee]int{}
	for n := range 50000 {
		host := &Host{MAC: p.macs[0], VLAN: []int{0, 10}[n%2], Addresses: []netip.Addr{p.addresses4[0], p.addresses4[1], p.addresses6[0], p.addresses6[1]}}
		frame := p.randomFrame(r)
		if r.IntN(3) == 0 {
			frame[0] |= 1
		}
		if r.IntN(4) == 0 {
			frame = frame[:r.IntN(len(frame)+1)]
		}
		at := r.IntN(len(frame) + 1)
		whose, _, err := h.Addressee(host, frame, []int{at, len(frame) - at})
		if want := addresseeOf(host, frame); err != nil || whose != want {
			t.Fatalf("VLAN %d, cut at %d: for %d, %v; want %d: %x", host.VLAN, at, whose, err, want, frame)
		}
		count[whose]++
	}
	for _, whose := range []Addressee{Others, Everybodys, Ours, OursIdle} {
		if count[whose] < 30 {
			t.Errorf("only %d frames of kind %d: the test proves little", count[whose], whose)
		}
	}
}
