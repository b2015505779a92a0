package underlay

import (
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// inputIPv4 handles an IPv4 packet, whoever it is for: an ICMP error about a copy goes to the
// copy's source address, which need not be ours.
func (h *Host) inputIPv4(r *received) string {
	d := &h.decoder
	ip := &d.ip4
	// gopacket guesses when the total length is 0.
	if len(r.body) < 20 || r.body[2]|r.body[3] == 0 || ip.DecodeFromBytes(r.body, d) != nil || ip.Version != 4 {
		return rxMalformed
	}
	if !checksumRight(0, ip.Contents) {
		return rxChecksum
	}
	r.srcIP, r.dstIP = netip.AddrFrom4([4]byte(ip.SrcIP)), netip.AddrFrom4([4]byte(ip.DstIP))
	forUs := !r.silent && r.dst == r.port.MAC && r.port.own(r.dstIP) != nil
	switch {
	case ip.Protocol != layers.IPProtocolICMPv4:
		return notICMP(forUs)
	case ip.Flags&layers.IPv4MoreFragments != 0 || ip.FragOffset != 0:
		return rxFragment
	case d.truncated:
		return rxTruncated
	case !isUnicast(r.srcIP) || r.port != nil && r.port.find(r.srcIP) != nil:
		return rxBadAddress
	}
	m := &d.icmp4
	if m.DecodeFromBytes(ip.Payload, d) != nil {
		return rxMalformed
	}
	if !checksumRight(0, ip.Payload) {
		return rxChecksum
	}
	switch kind := m.TypeCode.Type(); {
	case kind == layers.ICMPv4TypeDestinationUnreachable || kind == layers.ICMPv4TypeTimeExceeded:
		return h.inputError4(r, forUs)
	case !forUs:
		return rxOtherIP
	case kind == layers.ICMPv4TypeEchoRequest:
		return h.answerEcho(r, int(ip.Length), layers.EthernetTypeIPv4, ipv4(r.dstIP, r.srcIP),
			&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoReply, 0), Id: m.Id, Seq: m.Seq},
			gopacket.Payload(m.Payload))
	case kind == layers.ICMPv4TypeEchoReply:
		return h.inputEchoReply(r, m.Id, m.Seq, m.Payload)
	}
	return rxICMPType
}

// inputIPv6 is the same for IPv6. Extension headers are not looked into: nothing that we speak has
// them, except Multicast Listener Discovery (RFC 3810), whose queries are recognised.
func (h *Host) inputIPv6(r *received) string {
	d := &h.decoder
	ip := &d.ip6
	if len(r.body) < 40 || r.body[0]>>4 != 6 {
		return rxMalformed
	}
	r.srcIP, r.dstIP = netip.AddrFrom16([16]byte(r.body[8:24])), netip.AddrFrom16([16]byte(r.body[24:40]))
	forUs := !r.silent && r.dst == r.port.MAC && r.port.own(r.dstIP) != nil
	switch next := layers.IPProtocol(r.body[6]); {
	case next == layers.IPProtocolIPv6Fragment:
		return rxFragment
	case next == layers.IPProtocolIPv6HopByHop && !r.silent && isMLDQuery(r.body):
		return h.inputMLDQuery(r)
	case next != layers.IPProtocolICMPv6:
		return notICMP(forUs)
	case ip.DecodeFromBytes(r.body, d) != nil:
		return rxMalformed
	case d.truncated:
		return rxTruncated
	}
	m := &d.icmp6
	if m.DecodeFromBytes(ip.Payload, d) != nil {
		return rxMalformed
	}
	if !checksumRight(pseudo6(ip.SrcIP, ip.DstIP, len(ip.Payload)), ip.Payload) {
		return rxChecksum
	}
	return h.inputICMPv6(r, forUs)
}

func (h *Host) inputICMPv6(r *received, forUs bool) string {
	m := &h.decoder.icmp6
	kind := m.TypeCode.Type()
	switch {
	case r.silent && kind >= layers.ICMPv6TypeEchoRequest: // not an error message
		return rxOtherMAC
	case kind == layers.ICMPv6TypeNeighborSolicitation:
		return h.inputSolicitation(r)
	case kind == layers.ICMPv6TypeNeighborAdvertisement:
		return h.inputAdvertisement(r)
	case !isUnicast(r.srcIP) || r.port != nil && r.port.find(r.srcIP) != nil:
		return rxBadAddress
	case kind >= layers.ICMPv6TypeDestinationUnreachable && kind <= layers.ICMPv6TypeTimeExceeded:
		return h.inputError6(r, forUs)
	case !forUs:
		return rxOtherIP
	case len(m.Payload) < 4:
		return rxMalformed
	case kind == layers.ICMPv6TypeEchoRequest:
		ip := ipv6(r.dstIP, r.srcIP, hopLimit)
		return h.answerEcho(r, 40+int(h.decoder.ip6.Length), layers.EthernetTypeIPv6, ip,
			icmpv6(ip, layers.ICMPv6TypeEchoReply), gopacket.Payload(m.Payload))
	case kind == layers.ICMPv6TypeEchoReply:
		return h.inputEchoReply(r, be16(m.Payload), be16(m.Payload[2:]), m.Payload[4:])
	}
	return rxICMPType
}

func notICMP(forUs bool) string {
	if forUs {
		return rxProtocol
	}
	return rxOtherIP
}

// answerEcho sends the reply to where the request's frame came from.
func (h *Host) answerEcho(r *received, length int, etherType layers.EthernetType, reply ...gopacket.SerializableLayer) string {
	if length > r.port.MTU {
		return rxTooLong
	}
	if !take(r.now, &r.port.echoed, &h.echoed) {
		return rxLimited
	}
	h.transmit(r.port, "sent_echo_reply", r.src, etherType, reply...)
	return rxEchoRequest
}

func be16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
func be32(b []byte) uint32 { return uint32(be16(b))<<16 | uint32(be16(b[2:])) }
