package rules

import "net/netip"

// Mismatch names the first part of a rule that a packet does not satisfy.
type Mismatch uint8

// The parts of a rule in the order in which they are compared.
const (
	MismatchNone Mismatch = iota // the rule matches
	MismatchNotIP
	MismatchFamily
	MismatchProtocol
	MismatchSource
	MismatchDestination
	MismatchNoPorts // the rule has ports and the packet shows none (fragment, cut off)
	MismatchSrcPort
	MismatchDstPort
	Mismatches
)

func (m Mismatch) String() string {
	return [Mismatches]string{"matches", "not IP", "other IP family", "other protocol", "source outside",
		"destination outside", "no ports in the packet", "source port outside", "destination port outside"}[m]
}

// Matches reports whether the rule says anything about a packet. Direction and action are the
// caller's business. Only IP packets match.
func (r *Rule) Matches(k *Key) bool { return r.Mismatch(k) == MismatchNone }

// Mismatch returns the first part of the rule that k does not satisfy, MismatchNone if it
// satisfies them all.
func (r *Rule) Mismatch(k *Key) Mismatch {
	switch {
	case k.Family == 0:
		return MismatchNotIP
	case r.Family() != 0 && r.Family() != k.Family:
		return MismatchFamily
	case r.Protocol >= 0 && r.Protocol != k.Protocol:
		return MismatchProtocol
	case !inPrefix(r.Source, k.Src):
		return MismatchSource
	case !inPrefix(r.Destination, k.Dst):
		return MismatchDestination
	case r.HasPorts() && !comparablePorts(k):
		return MismatchNoPorts
	case r.SrcPorts != nil && !r.SrcPorts.Contains(k.SrcPort):
		return MismatchSrcPort
	case r.DstPorts != nil && !r.DstPorts.Contains(k.DstPort):
		return MismatchDstPort
	}
	return MismatchNone
}

// Family returns 4 or 6 if a CIDR of the rule says so, 0 if the rule takes both.
func (r *Rule) Family() int {
	for _, p := range []netip.Prefix{r.Source, r.Destination} {
		if p.IsValid() && p.Addr().Is4() {
			return 4
		}
		if p.IsValid() {
			return 6
		}
	}
	return 0
}

// inPrefix treats the zero prefix as "any".
func inPrefix(p netip.Prefix, a netip.Addr) bool { return !p.IsValid() || p.Contains(a) }

// comparablePorts reports whether rules with ports can look at the packet: only TCP and UDP have
// ports in the sense of the service, though SCTP ports are parsed too.
func comparablePorts(k *Key) bool {
	return k.HasPorts && (k.Protocol == ProtocolTCP || k.Protocol == ProtocolUDP)
}
