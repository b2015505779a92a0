package vxlan

// Where things are in a frame that this package makes. All lengths are in bytes.
const (
	etherLen = 14
	ipv4Len  = 20 // never options
	ipv6Len  = 40 // never extension headers
	udpLen   = 8
	vxlanLen = 8

	// HeaderLenIPv4 and HeaderLenIPv6 are the lengths of the whole outer header with its Ethernet
	// header: what a copy is prepended with.
	HeaderLenIPv4 = etherLen + ipv4Len + udpLen + vxlanLen // 50
	HeaderLenIPv6 = etherLen + ipv6Len + udpLen + vxlanLen // 70
)

// Offsets of the fields of an outer header that change from copy to copy, from the start of the
// outer Ethernet header. Each field has two bytes.
const (
	OffsetIPv4TotalLength = etherLen + 2
	OffsetIPv4Checksum    = etherLen + 10
	OffsetIPv4SourcePort  = etherLen + ipv4Len
	OffsetIPv4UDPLength   = etherLen + ipv4Len + 4
	OffsetIPv6PayloadLen  = etherLen + 4
	OffsetIPv6SourcePort  = etherLen + ipv6Len
	OffsetIPv6UDPLength   = etherLen + ipv6Len + 4
	OffsetIPv6UDPChecksum = etherLen + ipv6Len + 6
)

// Values and masks of outer headers.
const (
	etherTypeIPv4 = 0x0800
	etherTypeIPv6 = 0x86dd
	protocolUDP   = 17

	ipv4VersionAndLength = 4<<4 | ipv4Len/4
	hopLimit             = 64     // TTL and hop limit of every copy
	flagReserved         = 0x8000 // RFC 791 section 3.1, in the word of flags and fragment offset
	flagDF               = 0x4000
	flagMF               = 0x2000
	fragmentOffsetMask   = 0x1fff

	offsetDestinationPort = 2    // inside the UDP header
	offsetVNI             = 4    // inside the VXLAN header
	flagVNI               = 0x08 // RFC 7348 section 5: the I flag, the others reserved

	sourcePortFirst        = 49152 // RFC 7348 section 5: the dynamic range
	sourcePortEntropyShift = 50    // 64 - 14 bits

	maxUint16 = 65535
)

// Port is the UDP destination port of VXLAN (RFC 7348 section 5, IANA).
const Port = 4789

// VNIMin and VNIMax bound the VNI of an outer header: the field has 24 bits, and 0 is not
// assigned to sessions.
const (
	VNIMin = 1
	VNIMax = 1<<24 - 1
)
