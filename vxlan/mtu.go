package vxlan

// Overhead of an outer header in bytes, its Ethernet header included: by so much is the frame on
// the tunnel longer than the inner frame.
const (
	OverheadIPv4 = HeaderLenIPv4 // 50
	OverheadIPv6 = HeaderLenIPv6 // 70
)

// What of the overhead counts towards the MTU: everything but the outer Ethernet header, since an
// MTU bounds the IP packet. The inner frame counts with its Ethernet header.
const (
	ipOverheadIPv4 = OverheadIPv4 - etherLen // 36
	ipOverheadIPv6 = OverheadIPv6 - etherLen // 56
)

// MTUMinIPv4 (RFC 791 section 3.2) and MTUMinIPv6 (RFC 8200 section 5) are the smallest MTUs that
// a link may have. Nothing below is a sensible configuration; the functions here still answer.
const (
	MTUMinIPv4 = 68
	MTUMinIPv6 = 1280
)

// MaxInner is the length in bytes of the longest inner frame that fits the 16-bit length fields
// of the outer headers.
const (
	MaxInnerIPv4 = maxUint16 - ipOverheadIPv4      // total length counts the IPv4 header
	MaxInnerIPv6 = maxUint16 - (udpLen + vxlanLen) // payload length does not count the IPv6 header
)

// InnerLimit returns how many bytes of an inner frame, from its Ethernet header on, fit an outer
// IP packet of mtu bytes: mtu - 36 over IPv4, mtu - 56 over IPv6. It is never negative, and never
// more than the length fields can say (MaxInnerIPv4, MaxInnerIPv6), whatever mtu is.
func InnerLimit(mtu int, v6 bool) int {
	if v6 {
		return min(max(mtu-ipOverheadIPv6, 0), MaxInnerIPv6)
	}
	return min(max(mtu-ipOverheadIPv4, 0), MaxInnerIPv4)
}

// MTUNeeded returns the length in bytes of the outer IP packet that carries an inner frame of
// inner bytes (from its Ethernet header on) uncut: the smallest MTU that does not truncate it.
// For an interface of MTU m the longest untagged frame has m + 14 bytes, so that a target needs
// m + 50 over IPv4 and m + 70 over IPv6; each VLAN tag adds 4.
func MTUNeeded(inner int, v6 bool) int {
	if v6 {
		return inner + ipOverheadIPv6
	}
	return inner + ipOverheadIPv4
}
