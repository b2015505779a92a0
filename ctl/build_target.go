package ctl

import (
	"net/netip"

	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

func (b *builder) targets() {
	for i := range b.doc.Targets {
		t := &b.doc.Targets[i]
		target := rules.Target{ID: t.ID, Name: t.Name}
		via, addr := b.targetAddress(t)
		b.targetInterface = append(b.targetInterface, via)
		if addr.IsValid() {
			b.place(t, addr, &target)
		}
		b.out.Targets = append(b.out.Targets, target)
	}
}

// targetAddress returns the address of a target and the interface that has it, -1 when the
// document names none.
func (b *builder) targetAddress(t *Target) (via int, addr netip.Addr) {
	if t.Interface == "" {
		return b.interfaceWith(t.Address), t.Address
	}
	via, ok := b.interfaceIndex.find(t.Account, t.Interface)
	if !ok {
		b.fail(t.src, t.subject(), "interface", "interface %q is not in the document; %s",
			t.Interface, b.interfaceIndex.remedy(t.Account, t.Interface))
		return -1, addr
	}
	if len(b.doc.Interfaces[via].Addresses) == 0 {
		b.fail(t.src, t.subject(), "interface", "interface %q has no address to send to; add addresses to it", t.Interface)
		return via, addr
	}
	return via, b.doc.Interfaces[via].Addresses[0]
}

// interfaceWith returns the interface that has the address, or -1.
func (b *builder) interfaceWith(addr netip.Addr) int {
	if i, ok := b.interfaceIndex.byAddress[addr]; ok {
		return i
	}
	return -1
}

// place finds the way to a target: tunnel port, next hop and MTU.
func (b *builder) place(t *Target, addr netip.Addr, target *rules.Target) {
	target.Address = addr
	neighbor := b.neighbor(addr)
	port, ok := b.wayTo(t, addr, neighbor)
	if !ok {
		return
	}
	target.Port = port
	target.MTU = b.targetMTU(t, addr, &b.cfg.Ports[port])
	if neighbor != nil {
		target.NextHop, target.Resolved = neighbor.MAC, true
		return
	}
	b.warn(t.src, t.subject(), addressKey(t), "no MAC address is known for %s, so copies are skipped (unresolved); add a [[neighbor]] with address and mac to %s",
		addr, b.cfg.File)
}

func (b *builder) neighbor(addr netip.Addr) *config.Neighbor {
	for i := range b.cfg.Neighbors {
		if b.cfg.Neighbors[i].Address == addr {
			return &b.cfg.Neighbors[i]
		}
	}
	return nil
}

// wayTo returns the tunnel port that leads to an address: the one that its neighbour names, else
// the one with the longest prefix around it, else the only one there is if a neighbour says
// that the address is reached directly.
func (b *builder) wayTo(t *Target, addr netip.Addr, neighbor *config.Neighbor) (int, bool) {
	tunnels := b.cfg.PortNames(rules.RoleTunnel)
	if owner := b.ownAddress(addr); owner != "" {
		b.fail(t.src, t.subject(), addressKey(t), "%s is the address of our own port %q; name the address of the monitoring appliance", addr, owner)
		return 0, false
	}
	if neighbor != nil && neighbor.Port != "" {
		return b.cfg.PortIndex(neighbor.Port), true
	}
	if port, ok := b.longestPrefix(addr); ok {
		return port, true
	}
	switch {
	case len(tunnels) == 0:
		b.fail(t.src, t.subject(), addressKey(t), "there is no tunnel port to send copies to %s; add a [[port]] with role = \"tunnel\" to %s", addr, b.cfg.File)
	case neighbor != nil && len(tunnels) == 1:
		return b.cfg.PortIndex(tunnels[0]), true
	case neighbor != nil:
		b.fail(t.src, t.subject(), addressKey(t), "%s is in no tunnel port's network and its neighbor names no port; add port = %q to the [[neighbor]] in %s",
			addr, tunnels[0], b.cfg.File)
	default:
		b.fail(t.src, t.subject(), addressKey(t), "%s is in no tunnel port's network; add an address of that network to port %q or a [[neighbor]] for it to %s",
			addr, tunnels[0], b.cfg.File)
	}
	return 0, false
}

func (b *builder) ownAddress(addr netip.Addr) string {
	for i := range b.cfg.Ports {
		for _, prefix := range b.cfg.Ports[i].Addresses {
			if prefix.Addr() == addr {
				return b.cfg.Ports[i].Name
			}
		}
	}
	return ""
}

func (b *builder) longestPrefix(addr netip.Addr) (port int, ok bool) {
	bits := -1
	for i := range b.cfg.Ports {
		for _, prefix := range b.cfg.Ports[i].Addresses {
			if prefix.Contains(addr) && prefix.Bits() > bits {
				port, bits, ok = i, prefix.Bits(), true
			}
		}
	}
	return port, ok
}

// targetMTU is min(target.mtu or port.mtu, port.mtu), bytes of the outer IP packet.
func (b *builder) targetMTU(t *Target, addr netip.Addr, port *config.Port) int {
	portMTU := b.portMTU(port)
	switch {
	case addr.Is6() && t.MTU != 0 && t.MTU < minMTUv6:
		b.fail(t.src, t.subject(), "mtu", "mtu = %d is too small for the IPv6 address %s; use a number from %d to %d", t.MTU, addr, minMTUv6, maxMTU)
	case addr.Is6() && portMTU < minMTUv6:
		b.fail(t.src, t.subject(), addressKey(t), "port %q has mtu %d and IPv6 needs %d; raise it or use an IPv4 address", port.Name, portMTU, minMTUv6)
	case t.MTU > portMTU:
		b.warn(t.src, t.subject(), "mtu", "mtu = %d is more than the %d of port %q, so copies are cut at %d; raise the port's mtu or lower the target's",
			t.MTU, portMTU, port.Name, portMTU)
	}
	if t.MTU == 0 {
		return portMTU
	}
	return min(t.MTU, portMTU)
}

func (b *builder) portMTU(port *config.Port) int {
	if mtu := b.opt.PortMTU[port.Name]; mtu > 0 {
		return mtu
	}
	if port.MTU > 0 {
		return port.MTU
	}
	return DefaultPortMTU
}

// addressKey is the key that gives a target its address.
func addressKey(t *Target) string {
	if t.Interface != "" {
		return "interface"
	}
	return "address"
}
