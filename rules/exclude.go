package rules

import (
	"net/netip"
	"slices"
)

// Well-known ports of docs/semantics.md, "Never mirrored".
const (
	portDNS          = 53
	portDHCPServer   = 67
	portDHCPClient   = 68
	portNTP          = 123
	portDHCPv6Client = 546
	portDHCPv6Server = 547
	portVXLAN        = 4789
)

// Addresses of docs/semantics.md, "Never mirrored".
var (
	metadataAddresses = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}
	windowsAddresses  = []netip.Addr{netip.MustParseAddr("169.254.169.250"), netip.MustParseAddr("169.254.169.251")}
)

// Of returns the switched-on traffic type that a packet belongs to, NotExcluded if none. A
// packet of several types counts as the first in the order of the constants. ExcludedAmazonDNS
// is never returned: it depends on the filters of the source.
func (e Exclude) Of(k *Key) Exclusion {
	switch {
	case e.ARP && k.HasEthernet && k.EtherType == EtherTypeARP:
		return ExcludedARP
	case e.DHCP && isDHCP(k):
		return ExcludedDHCP
	case e.Metadata && hasAddress(k, metadataAddresses):
		return ExcludedMetadata
	case e.NTP && hasUDPPort(k, portNTP):
		return ExcludedNTP
	case e.WindowsActivation && hasAddress(k, windowsAddresses):
		return ExcludedWindowsActivation
	}
	return NotExcluded
}

func isDHCP(k *Key) bool {
	if k.Family == 4 {
		return hasUDPPort(k, portDHCPServer) || hasUDPPort(k, portDHCPClient)
	}
	return hasUDPPort(k, portDHCPv6Client) || hasUDPPort(k, portDHCPv6Server)
}

func hasUDPPort(k *Key, port uint16) bool {
	return k.Protocol == ProtocolUDP && k.HasPorts && (k.SrcPort == port || k.DstPort == port)
}

// hasAddress reports whether either end of an IP packet is one of the addresses.
func hasAddress(k *Key, addresses []netip.Addr) bool {
	return k.Family != 0 && (slices.Contains(addresses, k.Src) || slices.Contains(addresses, k.Dst))
}

// isResolverTraffic reports whether a packet goes to or comes from port 53 of a resolver.
func isResolverTraffic(resolvers []netip.Addr, k *Key) bool {
	if !comparablePorts(k) {
		return false
	}
	to := k.DstPort == portDNS && slices.Contains(resolvers, k.Dst)
	from := k.SrcPort == portDNS && slices.Contains(resolvers, k.Src)
	return to || from
}

// isOwnCopy reports whether a packet is a copy on its way to one of the targets, ours or another
// gateway's: mirroring it again would never end where copies leave through a mirrored wire.
func isOwnCopy(s *Snapshot, k *Key) bool {
	if k.Protocol != ProtocolUDP || !k.HasPorts || k.DstPort != portVXLAN {
		return false
	}
	for i := range s.Targets {
		t := &s.Targets[i]
		if t.Balancer == nil && t.Address == k.Dst || t.Balancer != nil && t.Balancer.has(k.Dst) {
			return true
		}
	}
	return false
}

func (b *Balancer) has(address netip.Addr) bool {
	return slices.ContainsFunc(b.Members, func(m Member) bool { return m.Address == address })
}
