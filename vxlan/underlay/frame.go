package underlay

import (
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

const (
	minFrame = 60 // bytes of an Ethernet frame without FCS (IEEE 802.3 section 3.2.8)
	hopLimit = 64
)

var broadcastMAC = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

var serialize = gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}

// transmit queues a frame from the port's MAC, with its tag, and counts it as event.
func (h *Host) transmit(p *port, event string, dst [6]byte, etherType layers.EthernetType, body ...gopacket.SerializableLayer) {
	if h.frames >= h.cfg.Limits.Queue {
		p.count("queue_full")
		return
	}
	eth := &layers.Ethernet{DstMAC: dst[:], SrcMAC: p.MAC[:], EthernetType: etherType}
	all := []gopacket.SerializableLayer{eth}
	if p.VLAN != 0 {
		eth.EthernetType = layers.EthernetTypeDot1Q
		all = append(all, &layers.Dot1Q{VLANIdentifier: uint16(p.VLAN), Type: etherType})
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, serialize, append(all, body...)...); err != nil {
		p.count("serialize_error")
		return
	}
	p.count(event)
	h.send(p, pad(buffer.Bytes()))
}

// send queues a whole frame.
func (h *Host) send(p *port, frame []byte) {
	h.frames++
	h.later(func() {
		if !h.cfg.Frames.Send(p.Index, frame) {
			h.mu.Lock()
			p.count("send_refused")
			h.mu.Unlock()
		}
	})
}

// pad fills a short frame with zeros.
func pad(frame []byte) []byte {
	if len(frame) >= minFrame {
		return frame
	}
	return append(frame, make([]byte, minFrame-len(frame))...)
}

// ipv4 is the header of what we send: DF set, id 0 (RFC 6864 section 4.1 lets an atomic datagram
// have any), TTL 64.
func ipv4(src, dst netip.Addr) *layers.IPv4 {
	return &layers.IPv4{
		Version: 4, TTL: hopLimit, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolICMPv4,
		SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
	}
}

func ipv6(src, dst netip.Addr, hops uint8) *layers.IPv6 {
	return &layers.IPv6{
		Version: 6, HopLimit: hops, NextHeader: layers.IPProtocolICMPv6, SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
	}
}

// icmpv6 is the first four bytes of a message whose checksum covers the header ip.
func icmpv6(ip *layers.IPv6, kind uint8) *layers.ICMPv6 {
	m := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, 0)}
	_ = m.SetNetworkLayerForChecksum(ip) // fails for other types than IPv4 and IPv6 only
	return m
}

// multicastMAC is where IPv6 multicast goes on Ethernet (RFC 2464 section 7).
func multicastMAC(group netip.Addr) [6]byte {
	b := group.As16()
	return [6]byte{0x33, 0x33, b[12], b[13], b[14], b[15]}
}

// solicitedNode is the multicast group of hosts with an address like this (RFC 4291 section 2.7.1).
func solicitedNode(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

var allNodes = netip.MustParseAddr("ff02::1")

// onesSum is the one's complement sum of data as big-endian words (RFC 1071), not inverted.
func onesSum(sum uint32, data []byte) uint32 {
	for len(data) >= 2 {
		sum += uint32(data[0])<<8 | uint32(data[1])
		data = data[2:]
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return sum
}

// checksumRight reports whether data, with its checksum, and the pseudo header sum to all ones.
func checksumRight(pseudo uint32, data []byte) bool { return onesSum(pseudo, data) == 0xffff }

// pseudo6 is the sum of the IPv6 pseudo header (RFC 8200 section 8.1) of an ICMPv6 message.
func pseudo6(src, dst []byte, length int) uint32 {
	return onesSum(onesSum(onesSum(uint32(layers.IPProtocolICMPv6), src), dst), []byte{byte(length >> 8), byte(length)})
}
