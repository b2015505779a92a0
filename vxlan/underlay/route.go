package underlay

import (
	"fmt"
	"net/netip"
	"slices"
)

// route is a configured route or a connected prefix. via is invalid when the prefix is on link.
type route struct {
	prefix    netip.Prefix
	via       netip.Addr
	port      *port
	connected bool
}

// addRoutes makes the table: longest prefix first, connected before configured, then as given. The
// link-local addresses that nobody gave come last: all of them have the same prefix.
func (h *Host) addRoutes(configured []Route) error {
	for _, given := range []bool{true, false} {
		for _, p := range h.inOrder {
			for i, a := range p.addresses {
				if given == (i < len(p.Addresses)) {
					h.routes = append(h.routes, route{prefix: a.prefix, port: p, connected: true})
				}
			}
		}
	}
	h.sortRoutes()
	connected := slices.Clone(h.routes)
	seen := map[netip.Prefix]bool{}
	for _, r := range configured {
		p, err := h.routePort(r, connected)
		if err != nil {
			return err
		}
		if seen[r.Prefix.Masked()] {
			return fmt.Errorf("route %s is given twice; each prefix has one router", r.Prefix)
		}
		seen[r.Prefix.Masked()] = true
		h.routes = append(h.routes, route{prefix: r.Prefix.Masked(), via: r.Via, port: p})
	}
	h.sortRoutes()
	return nil
}

func (h *Host) sortRoutes() {
	slices.SortStableFunc(h.routes, func(a, b route) int { return b.prefix.Bits() - a.prefix.Bits() })
}

// routePort checks a configured route and finds its port.
func (h *Host) routePort(r Route, connected []route) (*port, error) {
	if !r.Prefix.IsValid() || r.Prefix.Addr().Is4In6() {
		return nil, fmt.Errorf("route %s: the prefix is not one of IPv4 or IPv6", r.Prefix)
	}
	if r.Via.IsValid() && (r.Via.Is6() != r.Prefix.Addr().Is6() || !isUnicast(r.Via) || r.Via.Zone() != "") {
		return nil, fmt.Errorf("route %s: via %s must be a unicast address of the prefix's family, without zone", r.Prefix, r.Via)
	}
	if r.Via.IsValid() && h.isOwn(r.Via) {
		return nil, fmt.Errorf("route %s: via %s is an address of this host; it must be the router's", r.Prefix, r.Via)
	}
	if r.Port >= 0 {
		if p := h.ports[r.Port]; p != nil {
			return p, nil
		}
		return nil, fmt.Errorf("route %s: port %d is not one of the tunnel ports", r.Prefix, r.Port)
	}
	for _, c := range connected {
		if r.Via.IsValid() && c.prefix.Contains(r.Via) {
			return c.port, nil
		}
	}
	return nil, fmt.Errorf("route %s: via %s is on no connected network; name the port", r.Prefix, r.Via)
}

func (h *Host) isOwn(a netip.Addr) bool {
	return slices.ContainsFunc(h.inOrder, func(p *port) bool { return p.find(a) != nil })
}

// lookup finds the port and the neighbour for a destination, or says why there is none. A static
// neighbour goes before prefixes and routes. Link state does not matter: a route whose link is down
// still wins.
func (h *Host) lookup(dst netip.Addr) (p *port, via netip.Addr, reason string) {
	if !isUnicast(dst) || dst.Is4In6() || dst.Zone() != "" {
		return nil, netip.Addr{}, ReasonNotUnicast
	}
	if h.isOwn(dst) {
		return nil, netip.Addr{}, ReasonOwn
	}
	if p := h.static[dst]; p != nil {
		return p, dst, ""
	}
	for _, r := range h.routes {
		if !r.prefix.Contains(dst) {
			continue
		}
		if r.connected && isBroadcastOf(r.prefix, dst) {
			return nil, netip.Addr{}, ReasonNotUnicast
		}
		if r.via.IsValid() {
			return r.port, r.via, ""
		}
		return r.port, dst, ""
	}
	return nil, netip.Addr{}, ReasonNoRoute
}

// isBroadcastOf reports whether the IPv4 address is the first or the last of its network, which no
// host has. Networks of 31 and 32 bits have neither (RFC 3021).
func isBroadcastOf(network netip.Prefix, a netip.Addr) bool {
	if !a.Is4() || network.Bits() > 30 {
		return false
	}
	ones := ^uint32(0) >> network.Bits()
	b := a.As4()
	host := (uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])) & ones
	return host == 0 || host == ones
}
