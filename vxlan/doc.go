// Package vxlan is the wire format of copies: outer headers (Ethernet, IPv4 or IPv6, UDP, VXLAN)
// built once per target as templates, the entropy source port, the MTU arithmetic, a decoder, and
// a reference encapsulation for tests and the slow path.
//
// It is pure Go, imports the standard library only and knows nothing of rules or of DPDK. The C
// data path copies Template.Bytes in front of each copy and patches it; what it must write is
// what Template.Encapsulate writes. VXLAN is RFC 7348; byte order on the wire is big-endian, all
// fields of Go structs are in host representation.
package vxlan
