package config

import (
	"net/netip"
	"slices"

	"mirrorgw/ctl/tomldoc"
)

func checkTunnelAddresses(c *Config) {
	owners := map[netip.Addr]string{}
	for i := range c.Ports {
		p := &c.Ports[i]
		for _, prefix := range p.Addresses {
			if owner, taken := owners[prefix.Addr()]; taken && owner != p.Name {
				p.src.Errorf("addresses", "address %s belongs to port %q already; give each port its own", prefix.Addr(), owner)
			}
			owners[prefix.Addr()] = p.Name
		}
	}
}

func checkNeighbors(c *Config) {
	seen := map[netip.Addr]bool{}
	for i := range c.Neighbors {
		n := &c.Neighbors[i]
		if seen[n.Address] {
			n.src.Errorf("address", "the address has a neighbor section already; keep one of the two")
		}
		seen[n.Address] = true
		if owner := ownerOf(c, n.Address); owner != "" {
			n.src.Errorf("address", "the address belongs to our own port %q; name the other host's address", owner)
		}
		if n.Port != "" {
			checkTunnelPort(c, n.src, n.Port)
		}
	}
}

// Reaches reports whether it is known which port leads to a neighbour: it names one, a network or a
// route says so, or there is only one. Targets behind one of which it is not known are refused.
func (c *Config) Reaches(n *Neighbor) bool {
	return n.Port != "" || len(c.TunnelNames()) == 1 || hasWay(c, n.Address)
}

// hasWay reports whether a network or a route says which port leads to an address.
func hasWay(c *Config, addr netip.Addr) bool {
	covers := func(r Route) bool { return r.Prefix.Contains(addr) }
	return nearest(c, addr) != "" || slices.ContainsFunc(c.Routes, covers)
}

// checkTunnelPort reports whether the port that a route or a neighbor names is one that copies
// leave by.
func checkTunnelPort(c *Config, t *tomldoc.Table, name string) bool {
	tunnels := list(c.TunnelNames())
	switch i := c.PortIndex(name); {
	case i < 0:
		t.Errorf("port", "port %q is not a configured port; name a tunnel port, one of: %s", name, tunnels)
	case !c.Ports[i].Tunnel:
		t.Errorf("port", "port %q is a %s port; name a tunnel port, one of: %s", name, c.Ports[i].Role, tunnels)
	default:
		return true
	}
	return false
}

func ownerOf(c *Config, addr netip.Addr) string {
	for i := range c.Ports {
		for _, prefix := range c.Ports[i].Addresses {
			if prefix.Addr() == addr {
				return c.Ports[i].Name
			}
		}
	}
	return ""
}

// checkRoutes judges routes against ports, and settles the port of those that name none.
func checkRoutes(c *Config) {
	seen := map[netip.Prefix]*Route{}
	for i := range c.Routes {
		r := &c.Routes[i]
		if first := seen[r.Prefix]; first != nil {
			r.src.Errorf("prefix", "the route at line %d has this prefix already; keep one of the two", first.src.Position("prefix").Line)
		}
		seen[r.Prefix] = r
		if name := connected(c, r.Prefix); name != "" {
			r.src.Errorf("prefix", "the prefix is the network of our own port %q, where no router is needed; remove the route", name)
		}
		if owner := ownerOf(c, r.Via); owner != "" {
			r.src.Errorf("via", "via %s is the address of our own port %q; name the router's", r.Via, owner)
			continue
		}
		settleRoutePort(c, r)
	}
}

// settleRoutePort finds the port whose network the router is in. A link-local router is in that of
// every port, so that one of several has to be named.
func settleRoutePort(c *Config, r *Route) {
	if r.Port == "" {
		tunnels := c.TunnelNames()
		switch name := nearest(c, r.Via); {
		case name != "":
			r.Port = name
		case len(tunnels) == 0:
			r.src.Errorf("via", "there is no tunnel port to reach %s; add a [[port]] with role = \"tunnel\"", r.Via)
		case r.Via.IsLinkLocalUnicast() && len(tunnels) == 1:
			r.Port = tunnels[0]
		case r.Via.IsLinkLocalUnicast():
			r.src.Errorf("port", "port is missing and the link-local %s may be on any; add port = \"NAME\", one of: %s", r.Via, list(tunnels))
		default:
			r.src.Errorf("via", "via %s is in no tunnel port's network; name a router that one reaches directly, or add an address of its network to a port", r.Via)
		}
		return
	}
	if !checkTunnelPort(c, r.src, r.Port) || r.Via.IsLinkLocalUnicast() {
		return
	}
	for _, prefix := range c.Ports[c.PortIndex(r.Port)].Addresses {
		if prefix.Contains(r.Via) {
			return
		}
	}
	r.src.Errorf("via", "via %s is not in a network of port %q; name a router there, or add an address of its network to the port", r.Via, r.Port)
}

// nearest is the port with the longest network around an address, empty for none.
func nearest(c *Config, addr netip.Addr) string {
	name, bits := "", -1
	for i := range c.Ports {
		for _, prefix := range c.Ports[i].Addresses {
			if prefix.Contains(addr) && prefix.Bits() > bits {
				name, bits = c.Ports[i].Name, prefix.Bits()
			}
		}
	}
	return name
}

// connected is the port whose own network a prefix is, empty for none.
func connected(c *Config, prefix netip.Prefix) string {
	for i := range c.Ports {
		for _, own := range c.Ports[i].Addresses {
			if own.Masked() == prefix {
				return c.Ports[i].Name
			}
		}
	}
	return ""
}
