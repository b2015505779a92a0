package rules

import "net/netip"

// Class says how far Parse understood a frame.
type Class uint8

// What stopped the parse; the values are shared with the C data path.
const (
	ClassIP        Class = iota // IP, protocol known
	ClassNotIP                  // the EtherType is not IP (three or more tags count as that)
	ClassShort                  // cut inside the Ethernet header, a tag or the fixed IP header
	ClassMalformed              // wrong IP version, IHL below 5, or IPv4 options reaching beyond the frame
	ClassBadChain               // IPv6 whose extension headers are cut off or too many: addresses known, protocol not
	Classes
)

func (c Class) String() string {
	return [Classes]string{"ip", "not_ip", "short", "malformed", "bad_chain"}[c]
}

// EtherTypes that the engine tells apart (IEEE 802 numbers).
const (
	EtherTypeIPv4 = 0x0800
	EtherTypeARP  = 0x0806
	EtherTypeIPv6 = 0x86dd
)

// Protocols that the engine tells apart besides TCP and UDP (IANA numbers).
const (
	ProtocolUnknown = -1 // of a Key: not IP, or the IPv6 chain could not be followed
	ProtocolICMP    = 1
	ProtocolICMPv6  = 58
	ProtocolSCTP    = 132
)

// VLANNone is the VLAN of a frame without a (whole) tag.
const VLANNone = -1

// Key is everything that rules, sources and exclusions look at in a frame. It owns its memory and
// is comparable. Fields whose Has flag is false, and addresses of Family 0, are zero.
type Key struct {
	Class       Class
	HasEthernet bool // the frame has at least 14 bytes, so that the next four fields are its own
	SrcMAC      [6]byte
	DstMAC      [6]byte
	VLAN        int    // VID of the outer tag, 0-4095, or VLANNone
	EtherType   uint16 // behind at most two tags; the TPID itself where the parse stopped at a tag

	Family   int        // 4, 6, or 0: not (well-formed) IP
	Src, Dst netip.Addr // valid iff Family is not 0; IPv6 addresses are never unmapped
	Protocol int        // last next-header value, 0-255, or ProtocolUnknown

	Fragment      bool // any fragment; an IPv6 atomic fragment (RFC 6946) is none
	FirstFragment bool // Fragment with offset 0
	NonFirst      bool // Fragment with another offset: there is no L4 header in it

	Identification uint32 // what a datagram's fragments share, host order; 16 bits over IPv4; 0 without Fragment

	HasPorts         bool // TCP, UDP or SCTP whose ports are inside the frame
	SrcPort, DstPort uint16

	HasICMP            bool // ICMP on IPv4 or ICMPv6 on IPv6 whose type and code are inside the frame
	ICMPType, ICMPCode uint8
}
