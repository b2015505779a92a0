package ctl

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/rules"
)

// ParseDirection reads ingress or egress.
func ParseDirection(text string) (rules.Direction, error) {
	switch text {
	case "ingress":
		return rules.Ingress, nil
	case "egress":
		return rules.Egress, nil
	case "":
		return 0, errors.New("direction is missing; use one of: ingress, egress")
	}
	return 0, fmt.Errorf("direction %q is not known; use one of: ingress, egress", clip(text))
}

// ParseAction reads accept or reject.
func ParseAction(text string) (rules.Action, error) {
	switch text {
	case "accept":
		return rules.Accept, nil
	case "reject":
		return rules.Reject, nil
	case "":
		return 0, errors.New("action is missing; use one of: accept, reject")
	}
	return 0, fmt.Errorf("action %q is not known; use one of: accept, reject", clip(text))
}

// ParsePorts reads an L4 port or an inclusive range: "80", "80-443". That it does not run
// backwards is checked with the rule.
func ParsePorts(text string) (*rules.PortRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("%q is not a port range; write one like \"80\" or \"80-443\", from 0 to 65535", clip(text))
	}
	return &rules.PortRange{First: uint16(from), Last: uint16(to)}, nil
}

// ParseCIDR reads an IPv4 or IPv6 CIDR block without host bits.
func ParseCIDR(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.Prefix{}, fmt.Errorf("%q has no prefix length; write %s/%d for this one address", text, addr, addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return prefix, fmt.Errorf("%q is not a CIDR block; write one like 10.0.0.0/16 or 2001:db8::/32", text)
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is IPv4 in IPv6 notation; write it as an IPv4 CIDR block", text)
	case prefix != prefix.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has bits set behind the prefix; write %s", text, prefix.Masked())
	}
	return prefix, nil
}

// Family names the IP version of an address.
func Family(addr netip.Addr) string {
	if addr.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
