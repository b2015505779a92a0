package underlay

import (
	"net/netip"
	"time"

	"github.com/google/gopacket/layers"
)

// Outcomes of a received frame. Each frame has exactly one; Status counts them by these names.
const (
	rxMalformed  = "malformed"          // a header is cut, or its fields contradict each other
	rxTruncated  = "truncated"          // the packet is longer than the frame that was handed in
	rxOtherVLAN  = "other_vlan"         // not tagged as the port is
	rxBadSource  = "bad_source_mac"     // zero or multicast
	rxOwnFrame   = "own_frame"          // has our MAC as its source: a loop
	rxOtherMAC   = "other_mac"          // sent to another host's MAC
	rxEtherType  = "ether_type"         // neither ARP nor IPv4 nor IPv6
	rxOtherIP    = "other_address"      // IP packet that is not for an address of ours
	rxProtocol   = "protocol"           // IP packet for us with another protocol than ICMP
	rxFragment   = "fragment"           // ICMP in a fragment
	rxChecksum   = "bad_checksum"       // of the IPv4 header or the ICMP message
	rxBadAddress = "bad_source_address" // no host has the source address, or we have
	rxICMPType   = "icmp_type"          // an ICMP message that we do not speak
	rxLimited    = "rate_limited"       // a request that was not answered for want of tokens
	rxTooLong    = "too_long"           // an echo request whose reply exceeds the port's MTU
	rxUnheard    = "not_wanted"         // about neighbours that nobody asked for

	rxARPRequest   = "arp_request"   // answered
	rxARPProbe     = "arp_probe"     // answered; from a host without an address
	rxNeighbor     = "neighbor"      // told something of a neighbour, or of a rival for our address
	rxInvalidARP   = "invalid_arp"   // not Ethernet and IPv4, or with impossible addresses
	rxInvalidND    = "invalid_nd"    // fails RFC 4861 section 7.1
	rxSolicitation = "solicitation"  // answered
	rxEchoRequest  = "echo_request"  // answered
	rxEchoReply    = "echo_reply"    // to a probe of ours
	rxEchoUnknown  = "echo_unknown"  // an echo reply without a probe
	rxTooBig       = "too_big"       // accepted: a path MTU became lower, or was confirmed
	rxTooBigNot    = "too_big_above" // not lower than what we use
	rxTooBigOther  = "too_big_unknown"
	rxUnreachable  = "unreachable" // about a copy or a probe of ours
	rxErrorOther   = "icmp_error_unknown"
	rxMLDQuery     = "mld_query"
	rxPanic        = "decode_panic"
)

// decoder holds the layers of the frame that is being handled. They point into the frame.
type decoder struct {
	eth       layers.Ethernet
	tag       layers.Dot1Q
	arp       layers.ARP
	ip4       layers.IPv4
	ip6       layers.IPv6
	icmp4     layers.ICMPv4
	icmp6     layers.ICMPv6
	ns        layers.ICMPv6NeighborSolicitation
	na        layers.ICMPv6NeighborAdvertisement
	truncated bool
}

// SetTruncated is gopacket.DecodeFeedback.
func (d *decoder) SetTruncated() { d.truncated = true }

// received is a frame on its way through the host.
type received struct {
	now    time.Time
	port   *port // nil: a port that is not ours, only ICMP errors count
	src    [6]byte
	dst    [6]byte
	vlan   int
	body   []byte
	srcIP  netip.Addr
	dstIP  netip.Addr
	silent bool // sent to another host: only ICMP errors count
}

// Input handles a frame that was received on a port, cut to 2048 bytes at will, tag included,
// without FCS. frame is not kept. A frame of a port that is not configured here, or of another VLAN
// than ours, may still be an ICMP error about a copy, and is looked at for that alone.
func (h *Host) Input(now time.Time, index int, frame []byte) {
	h.mu.Lock()
	defer h.unlock()
	p := h.ports[index]
	t := &h.elsewhere
	if p != nil {
		t = &p.tallies
	}
	t.input[h.receive(received{now: now, port: p}, frame)]++
}

// receive returns the frame's outcome. gopacket is not proof against every frame; a panic in it
// costs that frame only.
func (h *Host) receive(r received, frame []byte) (outcome string) {
	defer func() {
		if recover() != nil {
			outcome = rxPanic
		}
	}()
	d := &h.decoder
	d.truncated = false
	if outcome := d.ethernet(&r, frame); outcome != "" {
		return outcome
	}
	if p := r.port; p == nil {
		r.silent = true
	} else {
		if r.vlan != p.VLAN || isTag(d.eth.EthernetType, true) {
			return h.receiveOtherVLAN(r.now, frame)
		}
		if r.src == p.MAC {
			return rxOwnFrame
		}
		r.silent = r.dst != p.MAC && r.dst[0]&1 == 0
	}
	if r.src == ([6]byte{}) || r.src[0]&1 != 0 {
		return rxBadSource
	}
	switch d.eth.EthernetType {
	case layers.EthernetTypeIPv4:
		return h.inputIPv4(&r)
	case layers.EthernetTypeIPv6:
		return h.inputIPv6(&r)
	case layers.EthernetTypeARP:
		if r.silent {
			return rxOtherMAC
		}
		return h.inputARP(&r)
	}
	return rxEtherType
}

// receiveOtherVLAN handles a frame of a port of ours that is not of our VLAN there, or in one more. On a wire that is
// a tunnel port too, errors about copies go to their sources in production's VLANs.
func (h *Host) receiveOtherVLAN(now time.Time, frame []byte) string {
	switch outcome := h.receive(received{now: now}, frame); outcome {
	case rxTooBig, rxTooBigNot, rxUnreachable, rxLimited:
		return outcome
	}
	return rxOtherVLAN
}

// ethernet decodes the Ethernet header and the 802.1Q tags: none or one on a port of ours, up to
// two elsewhere. A priority tag (VLAN 0) is like none. eth.EthernetType ends up as what r.body is.
func (d *decoder) ethernet(r *received, frame []byte) (outcome string) {
	if d.eth.DecodeFromBytes(frame, d) != nil {
		return rxMalformed
	}
	r.dst, r.src, r.body = [6]byte(d.eth.DstMAC), [6]byte(d.eth.SrcMAC), d.eth.Payload
	tags := 1
	if r.port == nil {
		tags = 2
	}
	for ; tags > 0 && isTag(d.eth.EthernetType, r.port == nil); tags-- {
		if d.tag.DecodeFromBytes(r.body, d) != nil {
			return rxMalformed
		}
		r.vlan, r.body, d.eth.EthernetType = int(d.tag.VLANIdentifier), d.tag.Payload, d.tag.Type
	}
	return ""
}

func isTag(t layers.EthernetType, anyTag bool) bool {
	return t == layers.EthernetTypeDot1Q || anyTag && (t == layers.EthernetTypeQinQ || t == 0x9100)
}
