package underlay

import (
	"net/netip"

	"github.com/google/gopacket/layers"
)

const arpLen = 28 // bytes of an ARP packet for Ethernet and IPv4

// inputARP handles an ARP packet (RFC 826) that was sent to us or to everybody.
func (h *Host) inputARP(r *received) string {
	// gopacket computes the length in 8 bits: other sizes than ours must not reach it.
	if len(r.body) < arpLen || r.body[4] != 6 || r.body[5] != 4 {
		return rxInvalidARP
	}
	a := &h.decoder.arp
	if a.DecodeFromBytes(r.body, &h.decoder) != nil || a.AddrType != layers.LinkTypeEthernet ||
		a.Protocol != layers.EthernetTypeIPv4 || a.Operation != layers.ARPRequest && a.Operation != layers.ARPReply {
		return rxInvalidARP
	}
	sender, target := netip.AddrFrom4([4]byte(a.SourceProtAddress)), netip.AddrFrom4([4]byte(a.DstProtAddress))
	mac := [6]byte(a.SourceHwAddress)
	probe := sender.IsUnspecified()
	if mac == ([6]byte{}) || mac[0]&1 != 0 || !probe && !isUnicast(sender) {
		return rxInvalidARP
	}
	if mac == r.port.MAC {
		return rxOwnFrame
	}
	outcome := rxUnheard
	if own := r.port.find(sender); own != nil {
		h.conflict(own, mac, true, r.now)
		return rxNeighbor
	}
	if probe {
		outcome = h.arpProbe(r, target, mac)
	} else if n := h.lookupNeighbor(neighborKey{r.port.Index, sender}); n != nil {
		outcome = rxNeighbor
		if a.Operation == layers.ARPReply && r.dst == r.port.MAC && r.port.own(target) != nil {
			h.answeredBy(n, mac, r.now)
		} else {
			h.announcedBy(n, mac, r.now)
		}
	}
	if a.Operation == layers.ARPRequest && r.port.own(target) != nil {
		outcome = h.answerARP(r, sender, target, mac)
	}
	return outcome
}

// arpProbe handles the wish of another host to have an address (RFC 5227 section 2.1.1).
func (h *Host) arpProbe(r *received, target netip.Addr, mac [6]byte) string {
	if own := r.port.find(target); own != nil {
		h.conflict(own, mac, false, r.now)
		return rxNeighbor
	}
	if n := h.lookupNeighbor(neighborKey{r.port.Index, target}); n != nil {
		h.wantedBy(n, mac, r.now)
		return rxNeighbor
	}
	return rxUnheard
}

func (h *Host) answerARP(r *received, sender, target netip.Addr, mac [6]byte) string {
	if !take(r.now, &r.port.answers, &h.answers) {
		return rxLimited
	}
	h.sendARP(r.port, "sent_arp_reply", mac, layers.ARPReply, target, mac, sender)
	if sender.IsUnspecified() {
		return rxARPProbe
	}
	return rxARPRequest
}

// sendARP sends from our MAC and address to dst about target.
func (h *Host) sendARP(p *port, event string, dst [6]byte, operation uint16, src netip.Addr, targetMAC [6]byte, target netip.Addr) {
	h.transmit(p, event, dst, layers.EthernetTypeARP, &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4,
		HwAddressSize: 6, ProtAddressSize: 4, Operation: operation,
		SourceHwAddress: p.MAC[:], SourceProtAddress: src.AsSlice(),
		DstHwAddress: targetMAC[:], DstProtAddress: target.AsSlice(),
	})
}

// sendARPProbe asks whether somebody has an address that we want (RFC 5227 section 2.1.1).
func (h *Host) sendARPProbe(a *address) {
	h.sendARP(a.port, "sent_arp_probe", broadcastMAC, layers.ARPRequest, netip.IPv4Unspecified(), [6]byte{}, a.addr)
}

// sendAnnouncement tells everybody about an address of ours: an ARP announcement (RFC 5227 section
// 2.3) or an unsolicited Neighbor Advertisement (RFC 4861 section 7.2.6).
func (h *Host) sendAnnouncement(a *address) {
	if a.addr.Is6() {
		h.sendMLDReport(a.port, mldChange, a)
		h.sendAdvertisement(a.port, "sent_announcement", a.addr, allNodes, multicastMAC(allNodes), false)
		return
	}
	h.sendARP(a.port, "sent_announcement", broadcastMAC, layers.ARPRequest, a.addr, [6]byte{}, a.addr)
}

// sendAsk asks for a neighbour's MAC: the known one only, or everybody.
func (h *Host) sendAsk(n *neighbor, src netip.Addr, unicast bool) {
	if n.key.addr.Is6() {
		h.sendSolicitation(n, src, unicast)
		return
	}
	if unicast {
		h.sendARP(n.port, "sent_arp_request", n.mac, layers.ARPRequest, src, [6]byte{}, n.key.addr)
		return
	}
	h.sendARP(n.port, "sent_arp_request", broadcastMAC, layers.ARPRequest, src, [6]byte{}, n.key.addr)
}
