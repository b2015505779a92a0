package underlay

import (
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Multicast Listener Discovery version 2 (RFC 3810), the listener's side in its shortest form: a
// switch that snoops would keep Neighbor Solicitations from us otherwise. Reports are sent with
// each probe and announcement of an address, and on each query, without the random delay.

const (
	mldQuery      = 130
	mldReport     = 143
	mldIsExclude  = 2 // record: listens to all sources, as an answer
	mldChange     = 4 // record: begins to
	mldHopLimit   = 1
	mldQueryLen   = 24 // bytes, at least
	hopByHopLen   = 8
	mldRecordLen  = 20
	mldReportHead = 8
)

// hopByHop is an extension header with a router alert (RFC 2711) in front of ICMPv6.
var hopByHop = [hopByHopLen]byte{byte(layers.IPProtocolICMPv6), 0, 5, 2, 0, 0, 1, 0}

var allMLDv2Routers = netip.MustParseAddr("ff02::16")

// isMLDQuery reports whether an IPv6 packet with a hop-by-hop header looks like a query.
func isMLDQuery(packet []byte) bool {
	const message = 40 + hopByHopLen
	return len(packet) >= message+mldQueryLen && packet[40] == byte(layers.IPProtocolICMPv6) &&
		packet[41] == 0 && packet[message] == mldQuery
}

func (h *Host) inputMLDQuery(r *received) string {
	end := 40 + int(be16(r.body[4:]))
	if end > len(r.body) {
		return rxTruncated
	}
	if end < 40+hopByHopLen+mldQueryLen || r.body[7] != mldHopLimit || !r.srcIP.IsLinkLocalUnicast() {
		return rxMalformed
	}
	message := r.body[40+hopByHopLen : end]
	if !checksumRight(pseudo6(r.body[8:24], r.body[24:40], len(message)), message) {
		return rxChecksum
	}
	var mine []*address
	for _, a := range r.port.addresses {
		if a.addr.Is6() && a.started {
			mine = append(mine, a)
		}
	}
	if len(mine) == 0 {
		return rxUnheard
	}
	if !take(r.now, &r.port.answers, &h.answers) {
		return rxLimited
	}
	h.sendMLDReport(r.port, mldIsExclude, mine...)
	return rxMLDQuery
}

// sendMLDReport tells snooping switches which solicited-node groups the port listens to.
func (h *Host) sendMLDReport(p *port, kind byte, addresses ...*address) {
	src := netip.IPv6Unspecified() // RFC 3810 section 5.2.13: while there is no link-local address
	for _, a := range p.addresses {
		if a.addr.Is6() && a.addr.IsLinkLocalUnicast() && a.state == AddressValid {
			src = a.addr
		}
	}
	report := make([]byte, mldReportHead, mldReportHead+mldRecordLen*len(addresses))
	report[0], report[7] = mldReport, byte(len(addresses))
	for _, a := range addresses {
		group := solicitedNode(a.addr).As16()
		report = append(append(report, kind, 0, 0, 0), group[:]...)
	}
	ip := ipv6(src, allMLDv2Routers, mldHopLimit)
	ip.NextHeader = layers.IPProtocolIPv6HopByHop
	sum := ^uint16(onesSum(pseudo6(ip.SrcIP, ip.DstIP, len(report)), report))
	report[2], report[3] = byte(sum>>8), byte(sum)
	h.transmit(p, "sent_mld_report", multicastMAC(allMLDv2Routers), layers.EthernetTypeIPv6, ip,
		gopacket.Payload(append(hopByHop[:], report...)))
}
