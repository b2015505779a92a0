package underlay

import (
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

const (
	ndHopLimit    = 255  // RFC 4861 section 7.1: proves that no router forwarded it
	flagSolicited = 0x40 // of a Neighbor Advertisement
	flagOverride  = 0x20
)

// inputSolicitation handles a Neighbor Solicitation, already known to be an ICMPv6 message with a
// right checksum.
func (h *Host) inputSolicitation(r *received) string {
	ns := &h.decoder.ns
	if !h.validND(ns) {
		return rxInvalidND
	}
	target := netip.AddrFrom16([16]byte(ns.TargetAddress))
	mac, hasMAC, ok := linkAddress(ns.Options, layers.ICMPv6OptSourceAddress)
	probe := r.srcIP.IsUnspecified()
	group := r.dstIP == solicitedNode(target)
	if !ok || mac == r.port.MAC || !isUnicast(target) || probe && (!group || hasMAC) || !probe && !isUnicast(r.srcIP) || !group && r.dstIP != target {
		return rxInvalidND
	}
	if probe {
		return h.solicitationProbe(r, target)
	}
	if own := r.port.find(r.srcIP); own != nil {
		h.conflict(own, r.src, true, r.now)
		return rxNeighbor
	}
	outcome := rxUnheard
	if n := h.lookupNeighbor(neighborKey{r.port.Index, r.srcIP}); n != nil && hasMAC {
		outcome = rxNeighbor
		h.announcedBy(n, mac, r.now)
	}
	if r.port.own(target) == nil {
		return outcome
	}
	if !hasMAC {
		mac = r.src
	}
	if !take(r.now, &r.port.answers, &h.answers) {
		return rxLimited
	}
	h.sendAdvertisement(r.port, "sent_advertisement", target, r.srcIP, mac, true)
	return rxSolicitation
}

// solicitationProbe handles another host's duplicate address detection (RFC 4862 section 5.4.3).
func (h *Host) solicitationProbe(r *received, target netip.Addr) string {
	own := r.port.find(target)
	if own == nil {
		if n := h.lookupNeighbor(neighborKey{r.port.Index, target}); n != nil {
			h.wantedBy(n, r.src, r.now)
			return rxNeighbor
		}
		return rxUnheard
	}
	h.conflict(own, r.src, false, r.now)
	if own.state != AddressValid {
		return rxNeighbor
	}
	if !take(r.now, &r.port.answers, &h.answers) {
		return rxLimited
	}
	h.sendAdvertisement(r.port, "sent_advertisement", target, allNodes, multicastMAC(allNodes), false)
	return rxSolicitation
}

// inputAdvertisement handles a Neighbor Advertisement (RFC 4861 section 7.2.5). Without Override
// another MAC than the known one is only a hint.
func (h *Host) inputAdvertisement(r *received) string {
	na := &h.decoder.na
	if !h.validND(na) {
		return rxInvalidND
	}
	target := netip.AddrFrom16([16]byte(na.TargetAddress))
	mac, hasMAC, ok := linkAddress(na.Options, layers.ICMPv6OptTargetAddress)
	if !ok || !isUnicast(target) || !isUnicast(r.srcIP) || na.Solicited() && r.dstIP.IsMulticast() {
		return rxInvalidND
	}
	if own := r.port.find(target); own != nil {
		h.conflict(own, r.src, true, r.now)
		return rxNeighbor
	}
	n := h.lookupNeighbor(neighborKey{r.port.Index, target})
	switch {
	case n == nil:
		return rxUnheard
	case !hasMAC && !n.usable():
		return rxUnheard // nothing to learn
	case !hasMAC:
		mac = n.mac
	}
	if mac == r.port.MAC {
		return rxInvalidND
	}
	switch {
	case na.Solicited() && r.dst == r.port.MAC && r.port.own(r.dstIP) != nil:
		h.answeredBy(n, mac, r.now)
	case n.usable() && mac != n.mac && !na.Override():
		h.wantedBy(n, mac, r.now)
	default:
		h.announcedBy(n, mac, r.now)
	}
	return rxNeighbor
}

// validND decodes a message and makes the checks that solicitations and advertisements share.
// gopacket refuses options of length 0.
func (h *Host) validND(message gopacket.DecodingLayer) bool {
	d := &h.decoder
	return d.ip6.HopLimit == ndHopLimit && d.icmp6.TypeCode.Code() == 0 && message.DecodeFromBytes(d.icmp6.Payload, d) == nil
}

// linkAddress finds the Ethernet address in an option; ok is false if it cannot be a host's.
func linkAddress(options layers.ICMPv6Options, kind layers.ICMPv6Opt) (mac [6]byte, found, ok bool) {
	for _, o := range options {
		if o.Type == kind {
			if len(o.Data) != 6 || o.Data[0]&1 != 0 || [6]byte(o.Data) == ([6]byte{}) {
				return mac, false, false
			}
			return [6]byte(o.Data), true, true
		}
	}
	return mac, false, true
}

func (h *Host) sendAdvertisement(p *port, event string, target, dst netip.Addr, mac [6]byte, solicited bool) {
	ip := ipv6(target, dst, ndHopLimit)
	na := &layers.ICMPv6NeighborAdvertisement{
		Flags: flagOverride, TargetAddress: target.AsSlice(),
		Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: p.MAC[:]}},
	}
	if solicited {
		na.Flags |= flagSolicited
	}
	h.transmit(p, event, mac, layers.EthernetTypeIPv6, ip, icmpv6(ip, layers.ICMPv6TypeNeighborAdvertisement), na)
}

func (h *Host) sendSolicitation(n *neighbor, src netip.Addr, unicast bool) {
	dst, mac := solicitedNode(n.key.addr), multicastMAC(solicitedNode(n.key.addr))
	if unicast {
		dst, mac = n.key.addr, n.mac
	}
	ip := ipv6(src, dst, ndHopLimit)
	h.transmit(n.port, "sent_solicitation", mac, layers.EthernetTypeIPv6, ip, icmpv6(ip, layers.ICMPv6TypeNeighborSolicitation),
		&layers.ICMPv6NeighborSolicitation{
			TargetAddress: n.key.addr.AsSlice(),
			Options:       layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: n.port.MAC[:]}},
		})
}

// sendNDProbe asks whether somebody has an address that we want (RFC 4862 section 5.4.2).
func (h *Host) sendNDProbe(a *address) {
	h.sendMLDReport(a.port, mldChange, a)
	group := solicitedNode(a.addr)
	ip := ipv6(netip.IPv6Unspecified(), group, ndHopLimit)
	h.transmit(a.port, "sent_nd_probe", multicastMAC(group), layers.EthernetTypeIPv6, ip,
		icmpv6(ip, layers.ICMPv6TypeNeighborSolicitation), &layers.ICMPv6NeighborSolicitation{TargetAddress: a.addr.AsSlice()})
}
