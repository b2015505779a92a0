// Package rules is the filter and session model as the data path sees it.
//
// It is pure Go and knows nothing of DPDK, of wire encapsulation or of where resources are
// stored. The control plane hands it validated Resources; Compile turns them into an immutable
// Snapshot; Evaluate is the naive reference that says, for one frame on one port, what must be
// mirrored; Explain says the same in words. The C data path is judged against Evaluate.
//
// Words: ingress is traffic towards a source, egress is traffic from it (AWS guide, "Traffic mirror
// filters"). All ranges are inclusive. Addresses and ports are in host representation
// (netip.Addr, uint16), never raw network order.
package rules
