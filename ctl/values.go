package ctl

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/rules"
)

// ParsePorts reads an L4 port or an inclusive range: "80", "80-443".
func ParsePorts(text string) (*rules.PortRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	switch {
	case err1 != nil || err2 != nil:
		return nil, fmt.Errorf("%q is not a port range; write one like \"80\" or \"80-443\", from 0 to 65535", text)
	case from > to:
		return nil, fmt.Errorf("range %q runs backwards; write \"%d-%d\"", text, to, from)
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

// family names the IP version of an address.
func family(addr netip.Addr) string {
	if addr.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

const maxListed = 8 // names in the remedy of one sentence

// oneOf lists what could have been meant: "name one of: a, b".
func oneOf(kind string, names []string) string {
	switch {
	case len(names) == 0:
		return fmt.Sprintf("there is no %s yet, so add one", kind)
	case len(names) > maxListed:
		return fmt.Sprintf("name one of: %s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return "name one of: " + strings.Join(names, ", ")
}
