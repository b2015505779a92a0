package testbed

import (
	"encoding/binary"
	"net"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// The frames of an attacker on the tunnel port's network.

// anyMAC, any4 and any6 are somebody's.
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

// ports is the header of a copy's datagram, or of something like it.
func ports(ip gopacket.NetworkLayer, to layers.UDPPort) *layers.UDP {
	udp := &layers.UDP{SrcPort: 50000, DstPort: to}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	return udp
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
	ip := &layers.IPv4{Version: 4, TTL: 60, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: src, DstIP: dst}
	quoted := e.frame(ip, ports(ip, port), gopacket.Payload(make([]byte, 1000)))
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodeFragmentationNeeded), Seq: 600}
	return e.frame(&layers.Ethernet{SrcMAC: e.mac, DstMAC: e.target, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: e.any4(), DstIP: tunnel4}, icmp, gopacket.Payload(quoted[:length]))
}

func (e *attacker) tooBig6(int) []byte {
	ip := &layers.IPv6{Version: 6, HopLimit: 60, NextHeader: layers.IPProtocolUDP, SrcIP: tunnel6, DstIP: e.any6()}
	quoted := e.frame(ip, ports(ip, 4789), gopacket.Payload(make([]byte, 1000)))
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
