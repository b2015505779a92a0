package rules

import (
	"fmt"
	"net/netip"
)

// checkFilters looks for holes only: whoever compiled a filter checked it.
func checkFilters(r *Parts) error {
	for i, f := range r.Filters {
		if f == nil {
			return fmt.Errorf("filter #%d is missing; every filter must have been compiled", i)
		}
	}
	return nil
}

func ruleLabel(r *Rule) string {
	if r.ID == "" {
		return fmt.Sprintf("%s rule %d", r.Direction, r.Number)
	}
	return fmt.Sprintf("%s rule %d (%s)", r.Direction, r.Number, r.ID)
}

// checkRule's error continues a sentence that began with the rule.
func checkRule(r *Rule) error {
	if r.Direction >= Directions {
		return fmt.Errorf("has direction %d; it must be %d (ingress) or %d (egress)", r.Direction, Ingress, Egress)
	}
	if r.Action > Accept {
		return fmt.Errorf("has action %d; it must be %d (reject) or %d (accept)", r.Action, Reject, Accept)
	}
	if r.Number < SessionNumberMin || r.Number > SessionNumberMax {
		return fmt.Errorf("must have a number from %d to %d", SessionNumberMin, SessionNumberMax)
	}
	if r.Protocol < ProtocolAny || r.Protocol > 255 {
		return fmt.Errorf("has protocol %d; it must be 0 to 255, or %d for all", r.Protocol, ProtocolAny)
	}
	if r.HasPorts() && r.Protocol != ProtocolTCP && r.Protocol != ProtocolUDP {
		return fmt.Errorf("has ports and protocol %d; ports need protocol %d (TCP) or %d (UDP)", r.Protocol, ProtocolTCP, ProtocolUDP)
	}
	if err := checkRange("source", r.SrcPorts); err != nil {
		return err
	}
	if err := checkRange("destination", r.DstPorts); err != nil {
		return err
	}
	return checkCIDRs(r)
}

func checkRange(which string, p *PortRange) error {
	if p != nil && p.First > p.Last {
		return fmt.Errorf("has %s ports %d-%d; the first must not be above the last", which, p.First, p.Last)
	}
	return nil
}

func checkCIDRs(r *Rule) error {
	zero := netip.Prefix{}
	if r.Source != zero && !r.Source.IsValid() {
		return fmt.Errorf("has an invalid source CIDR; it must be an IPv4 or IPv6 prefix, or absent for any")
	}
	if r.Destination != zero && !r.Destination.IsValid() {
		return fmt.Errorf("has an invalid destination CIDR; it must be an IPv4 or IPv6 prefix, or absent for any")
	}
	if r.Source == zero || r.Destination == zero {
		return nil
	}
	if r.Source.Addr().Is4() != r.Destination.Addr().Is4() {
		return fmt.Errorf("has source CIDR %s and destination CIDR %s; both must be IPv4 or both IPv6", r.Source, r.Destination)
	}
	return nil
}
