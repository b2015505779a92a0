package config

import (
	"net/netip"
	"strings"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

const (
	maxQueues      = maxLcores
	minDescriptors = 64
	maxDescriptors = 32768
	minMTU         = 576   // RFC 791 section 3.1: every host takes 576 bytes
	minMTUv6       = 1280  // RFC 8200 section 5
	maxMTU         = 65535 // the largest IPv4 packet
)

func readPort(t *tomldoc.Table) Port {
	defer t.Done()
	p := Port{src: t}
	if name, ok := t.Required("name", "wire0"); ok {
		p.Name = name
		t.SetSubject("port %q", name)
		checkName(t, "name", name)
	}
	if text, ok := t.Required("device", "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap"); ok {
		device, err := ParseDevice(text)
		if err != nil {
			t.Errorf("device", "%v", err)
		}
		p.Device = device
	}
	peer, typed := t.String("peer")
	role, known := readRole(t, peer, typed)
	p.Peer, p.Role = peer, role
	p.Queues = t.IntOr("queues", 0, 1, maxQueues) // 0: settled once all ports are known
	p.MTU = t.IntOr("mtu", 0, 0, maxMTU)
	if p.MTU != 0 && p.MTU < minMTU {
		t.Errorf("mtu", "mtu = %d is too small; use a number from %d to %d, or 0 for the driver's", p.MTU, minMTU, maxMTU)
	}
	p.RxDescriptors = t.IntOr("rx_descriptors", DefaultDescriptors, minDescriptors, maxDescriptors)
	p.TxDescriptors = t.IntOr("tx_descriptors", DefaultDescriptors, minDescriptors, maxDescriptors)
	if known {
		readPortTunnel(t, &p)
		p.Addresses = readPortAddresses(t, &p)
		readPortLink(t, &p)
	} else {
		t.Known("addresses", "tunnel", "vlan", "repair_checksums", "link_propagation", "hold_down")
	}
	return p
}

// readRole settles role and peer, which imply each other. It returns false when the role is not
// known, so that what depends on it cannot be judged.
func readRole(t *tomldoc.Table, peer string, typed bool) (rules.Role, bool) {
	name := t.OneOf("role", "", "wire", "tap", "tunnel")
	switch {
	case name == "" && t.Has("role"):
		return rules.RoleWire, false
	case name == "wire" && !t.Has("peer"):
		t.Missing("peer", `a wire port needs a peer; add peer = "NAME" of the port on the other side`)
	case name == "" && !t.Has("peer"):
		t.Missing("peer", `the port has neither peer nor role; add peer = "NAME", role = "tap" or role = "tunnel"`)
		return rules.RoleWire, false
	case name == "tap" || name == "tunnel":
		if peer != "" {
			t.Errorf("peer", "a %s port has no peer; remove peer or remove role to make it a wire port", name)
		}
	case peer == "" && typed:
		t.Errorf("peer", `peer is empty; write the name of the port on the other side`)
	}
	return map[string]rules.Role{"": rules.RoleWire, "wire": rules.RoleWire, "tap": rules.RoleTap, "tunnel": rules.RoleTunnel}[name], true
}

func readPortAddresses(t *tomldoc.Table, p *Port) []netip.Prefix {
	texts, ok := t.Strings("addresses")
	switch {
	case p.Tunnel && !t.Has("addresses"):
		t.Missing("addresses", `%s needs an address; add addresses = ["192.0.2.1/24"]`, p.kind())
	case p.Tunnel && ok && len(texts) == 0:
		t.Errorf("addresses", `%s needs an address; add addresses = ["192.0.2.1/24"]`, p.kind())
	case p.Role == rules.RoleWire && !p.Tunnel && ok:
		t.Errorf("addresses", `a wire port without tunnel has no addresses; remove them, or set tunnel = true to send copies here too`)
		return nil
	case !p.Tunnel && ok:
		t.Errorf("addresses", `a %s port has no addresses; remove them or set role = "tunnel"`, p.Role)
		return nil
	}
	seen := map[netip.Addr]bool{}
	var prefixes []netip.Prefix
	for _, text := range texts {
		prefix, ok := readPortAddress(t, text)
		if !ok {
			continue
		}
		if seen[prefix.Addr()] {
			t.Errorf("addresses", "address %s is named twice; keep one of the two", prefix.Addr())
		}
		seen[prefix.Addr()] = true
		prefixes = append(prefixes, prefix)
		if prefix.Addr().Is6() && p.MTU != 0 && p.MTU < minMTUv6 {
			t.Errorf("mtu", "mtu = %d is too small for the IPv6 address %s; use %d or more", p.MTU, prefix.Addr(), minMTUv6)
		}
	}
	return prefixes
}

func readPortAddress(t *tomldoc.Table, text string) (netip.Prefix, bool) {
	host, _, hasLength := strings.Cut(text, "/")
	addr, err := ParseUnicast(host)
	if err != nil {
		t.Errorf("addresses", "%v", err)
		return netip.Prefix{}, false
	}
	if !hasLength {
		t.Errorf("addresses", "address %q has no prefix length; write it with the network's, like %s/%d", text, text, usualLength(addr))
		return netip.Prefix{}, false
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Bits() == 0 {
		t.Errorf("addresses", "address %q has a wrong prefix length; use 1 to %d", text, addr.BitLen())
		return netip.Prefix{}, false
	}
	return prefix, true
}

// usualLength is the prefix length that a remedy shows.
func usualLength(addr netip.Addr) int {
	if addr.Is4() {
		return 24
	}
	return 64
}
