package underlay

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// This file makes frames with gopacket, as other hosts would send them.

func bytesOf(ls ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		panic(err)
	}
	return append([]byte(nil), b.Bytes()...)
}

func ether(src, dst [6]byte, t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: src[:], DstMAC: dst[:], EthernetType: t}
}

// arpFrame is sent to target's MAC, or to everybody when that is zero.
func arpFrame(op uint16, srcMAC [6]byte, src netip.Addr, targetMAC [6]byte, target netip.Addr) []byte {
	dst := targetMAC
	if dst == ([6]byte{}) {
		dst = broadcastMAC
	}
	return bytesOf(ether(srcMAC, dst, layers.EthernetTypeARP), &layers.ARP{
		AddrType: 1, Protocol: 0x800, Operation: op,
		SourceHwAddress: srcMAC[:], SourceProtAddress: src.AsSlice(), DstHwAddress: targetMAC[:], DstProtAddress: target.AsSlice(),
	})
}

func gratuitous(srcMAC [6]byte, a string) []byte {
	return arpFrame(1, srcMAC, netip.MustParseAddr(a), [6]byte{}, netip.MustParseAddr(a))
}

func icmp6Frame(src, dst [6]byte, from, to netip.Addr, hops, kind, code uint8, body ...gopacket.SerializableLayer) []byte {
	ip := &layers.IPv6{Version: 6, HopLimit: hops, NextHeader: 58, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	m := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, code)}
	_ = m.SetNetworkLayerForChecksum(ip)
	return bytesOf(append([]gopacket.SerializableLayer{ether(src, dst, layers.EthernetTypeIPv6), ip, m}, body...)...)
}

func naFrame(srcMAC, dstMAC [6]byte, target, dst netip.Addr, flags uint8, withMAC bool) []byte {
	na := &layers.ICMPv6NeighborAdvertisement{Flags: flags, TargetAddress: target.AsSlice()}
	if withMAC {
		na.Options = layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: srcMAC[:]}}
	}
	return icmp6Frame(srcMAC, dstMAC, target, dst, 255, 136, 0, na)
}

// nsFrame asks by multicast, with the source link-layer address unless src is unspecified.
func nsFrame(srcMAC [6]byte, src, target netip.Addr) []byte {
	ns := &layers.ICMPv6NeighborSolicitation{TargetAddress: target.AsSlice()}
	if !src.IsUnspecified() {
		ns.Options = layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: srcMAC[:]}}
	}
	group := solicitedNode(target)
	return icmp6Frame(srcMAC, multicastMAC(group), src, group, 255, 135, 0, ns)
}

func ip4Header(src, dst string) *layers.IPv4 {
	return &layers.IPv4{
		Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4,
		SrcIP: netip.MustParseAddr(src).AsSlice(), DstIP: netip.MustParseAddr(dst).AsSlice(),
	}
}

func echoFrame(srcMAC, dstMAC [6]byte, src, dst string, payload []byte) []byte {
	return bytesOf(ether(srcMAC, dstMAC, layers.EthernetTypeIPv4), ip4Header(src, dst),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 9}, gopacket.Payload(payload))
}

func echo6Frame(srcMAC, dstMAC [6]byte, src, dst string, payload []byte) []byte {
	return icmp6Frame(srcMAC, dstMAC, netip.MustParseAddr(src), netip.MustParseAddr(dst), 64, 128, 0,
		&layers.ICMPv6Echo{Identifier: 7, SeqNumber: 9}, gopacket.Payload(payload))
}

// quoted4 is the beginning of a copy, or of any UDP packet.
func quoted4(src, dst string, dstPort uint16, length int) []byte {
	ip := ip4Header(src, dst)
	ip.Protocol = layers.IPProtocolUDP
	b := bytesOf(ip, &layers.UDP{SrcPort: 55555, DstPort: layers.UDPPort(dstPort)})
	b[2], b[3] = byte(length>>8), byte(length)
	return b
}

func quoted6(src, dst string, dstPort uint16, length int) []byte {
	ip := &layers.IPv6{
		Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP,
		SrcIP: netip.MustParseAddr(src).AsSlice(), DstIP: netip.MustParseAddr(dst).AsSlice(),
	}
	b := bytesOf(ip, &layers.UDP{SrcPort: 55555, DstPort: layers.UDPPort(dstPort)})
	b[4], b[5] = byte((length-40)>>8), byte(length-40)
	return b
}

// error4 is an ICMP error; mtu goes into the last two bytes of its header.
func error4(srcMAC, dstMAC [6]byte, from, to string, kind, code uint8, mtu uint16, quoted []byte) []byte {
	return bytesOf(ether(srcMAC, dstMAC, layers.EthernetTypeIPv4), ip4Header(from, to),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, code), Seq: mtu}, gopacket.Payload(quoted))
}

func error6(srcMAC, dstMAC [6]byte, from, to string, kind, code uint8, mtu uint32, quoted []byte) []byte {
	head := []byte{byte(mtu >> 24), byte(mtu >> 16), byte(mtu >> 8), byte(mtu)}
	return icmp6Frame(srcMAC, dstMAC, netip.MustParseAddr(from), netip.MustParseAddr(to), 64, kind, code,
		gopacket.Payload(append(head, quoted...)))
}

var (
	hostMAC = mac(1)
	ip      = netip.MustParseAddr
	prefix  = netip.MustParsePrefix
)

func port1() Port {
	return Port{Index: 3, Name: "tun", MAC: hostMAC, MTU: 1500, Addresses: []netip.Prefix{prefix("192.0.2.1/24"), prefix("2001:db8::1/64")}}
}

// ready is a host with port1 whose addresses are valid, on a segment of its own.
func ready(t testing.TB, change func(*Config)) (*sim, *Host) {
	t.Helper()
	s := newSim(t)
	c := Config{Ports: []Port{port1()}}
	if change != nil {
		change(&c)
	}
	h := s.host(c)
	h.Start(s.now)
	s.run(5e9)
	return s, h
}

// inputs and events are the counters of all ports.
func inputs(h *Host) map[string]uint64 {
	sum := map[string]uint64{}
	for _, p := range h.Status().Ports {
		for k, v := range p.Input {
			sum[k] += v
		}
	}
	return sum
}

func events(h *Host) map[string]uint64 {
	sum := map[string]uint64{}
	for _, p := range h.Status().Ports {
		for k, v := range p.Events {
			sum[k] += v
		}
	}
	return sum
}

// outcome hands one frame in and returns the name under which it was counted.
func outcome(t testing.TB, h *Host, s *sim, frame []byte) string {
	t.Helper()
	before := inputs(h)
	h.Input(s.now, 3, frame)
	for k, v := range inputs(h) {
		if v == before[k]+1 {
			return k
		}
	}
	t.Fatal("the frame was not counted")
	return ""
}
