package store

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// DefaultPortMTU is the MTU of a tunnel port for which neither Options nor the configuration has
// one, bytes of an IP packet.
const DefaultPortMTU = 1500

// network is a set of addresses and the way there.
type network struct {
	prefix netip.Prefix
	port   int        // tunnel port that leads there
	via    netip.Addr // router on the way; the zero address: they are reached directly
}

// hop is an address that copies are sent to, and the way there.
type hop struct {
	address netip.Addr
	port    int        // tunnel port, index in the configuration
	via     netip.Addr // as in network
}

// ways is the configuration as records see it: ports, and the ways to targets. It is read-only;
// Reconfigure puts another in its place.
type ways struct {
	cfg       *config.Config
	ports     []rules.Port
	index     map[string]int // port name -> index in cfg.Ports
	mtu       []int          // of each port, bytes of an IP packet
	neighbors map[netip.Addr]*config.Neighbor
	own       map[netip.Addr]string // our addresses -> port
	networks  []network             // connected ones and those behind routers, longest prefix first
	tunnels   []string
	sources   []string // names of wire and tap ports
}

func newWays(cfg *config.Config, mtu map[string]int) *ways {
	w := &ways{cfg: cfg, index: map[string]int{}, neighbors: map[netip.Addr]*config.Neighbor{}, own: map[netip.Addr]string{}}
	for i := range cfg.Ports {
		p := &cfg.Ports[i]
		port := rules.Port{Name: p.Name, Role: p.Role, Peer: rules.NoPeer, Tunnel: p.Tunnel}
		if p.Role == rules.RoleWire {
			port.Peer = cfg.PortIndex(p.Peer)
		}
		w.ports = append(w.ports, port)
		w.index[p.Name] = i
		w.mtu = append(w.mtu, firstPositive(mtu[p.Name], p.MTU, DefaultPortMTU))
		for _, prefix := range p.Addresses {
			w.own[prefix.Addr()] = p.Name
			w.networks = append(w.networks, network{prefix: prefix.Masked(), port: i})
		}
	}
	for i := range cfg.Neighbors {
		w.neighbors[cfg.Neighbors[i].Address] = &cfg.Neighbors[i]
	}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		w.networks = append(w.networks, network{r.Prefix, cfg.PortIndex(r.Port), r.Via})
	}
	slices.SortStableFunc(w.networks, func(a, b network) int { return b.prefix.Bits() - a.prefix.Bits() })
	w.tunnels = cfg.TunnelNames()
	w.sources = append(cfg.PortNames(rules.RoleWire), cfg.PortNames(rules.RoleTap)...)
	return w
}

func firstPositive(numbers ...int) int {
	for _, n := range numbers {
		if n > 0 {
			return n
		}
	}
	return 0
}

// source finds the port that an interface is seen on, or says what is wrong with it.
func (w *ways) source(i *ctl.Interface) (port int, fault string) {
	port, ok := w.index[i.Port]
	switch {
	case !ok:
		return 0, fmt.Sprintf("port %q is not a configured port; %s", i.Port, w.oneOf(w.sources))
	case w.ports[port].Role == rules.RoleTunnel:
		return 0, fmt.Sprintf("port %q is a tunnel port, where no traffic is mirrored; %s", i.Port, w.oneOf(w.sources))
	case w.ports[port].Role == rules.RoleTap && !i.HasMAC:
		return 0, fmt.Sprintf("port %q is a tap, where only the MAC address tells the directions apart; add the interface's mac", i.Port)
	}
	return port, ""
}

func (w *ways) oneOf(names []string) string {
	switch {
	case len(names) == 0:
		return "there is no port yet, so add one"
	case len(names) > maxListed:
		return fmt.Sprintf("name one of: %s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return "name one of: " + strings.Join(names, ", ")
}

// notOneHost finds the port on whose network an IPv4 address is the network's or the broadcast
// address (RFC 1122 section 3.2.1.3).
func (w *ways) notOneHost(addr netip.Addr) (port string, not bool) {
	for i := range w.cfg.Ports {
		for _, own := range w.cfg.Ports[i].Addresses {
			if !addr.Is4() || !own.Contains(addr) || own.Bits() > 30 {
				continue
			}
			host := binary.BigEndian.Uint32(addr.AsSlice()) & (1<<(32-own.Bits()) - 1)
			if host == 0 || host == 1<<(32-own.Bits())-1 {
				return w.cfg.Ports[i].Name, true
			}
		}
	}
	return "", false
}

// to returns the way to an address, or what is wrong: by the port that its neighbour names, else by
// the longest prefix around it, connected or behind a router, else by the only tunnel port there is
// if a neighbour says that the address is reached directly.
func (w *ways) to(addr netip.Addr) (h hop, fault string) {
	if owner, own := w.own[addr]; own {
		return hop{}, fmt.Sprintf("%s is the address of our own port %q; name the address of the monitoring appliance", addr, owner)
	}
	if port, not := w.notOneHost(addr); not {
		return hop{}, fmt.Sprintf("%s is the network's or the broadcast address of port %q; name the address of the monitoring appliance", addr, port)
	}
	neighbor := w.neighbors[addr]
	if neighbor != nil && neighbor.Port != "" {
		return w.roomFor(hop{address: addr, port: w.index[neighbor.Port]})
	}
	for _, n := range w.networks {
		if n.prefix.Contains(addr) && (!n.via.IsValid() || !addr.IsLinkLocalUnicast()) {
			return w.roomFor(hop{addr, n.port, n.via})
		}
	}
	if neighbor != nil && len(w.tunnels) == 1 {
		return w.roomFor(hop{address: addr, port: w.index[w.tunnels[0]]})
	}
	return hop{}, w.noWay(addr, neighbor != nil)
}

func (w *ways) noWay(addr netip.Addr, neighbor bool) string {
	switch {
	case len(w.tunnels) == 0:
		return fmt.Sprintf("there is no tunnel port to send copies to %s; add a [[port]] with role = \"tunnel\" to %s", addr, w.cfg.File)
	case neighbor:
		return fmt.Sprintf("%s is in no tunnel port's network and its neighbor names no port; add port = %q to the [[neighbor]] in %s",
			addr, w.tunnels[0], w.cfg.File)
	case addr.IsLinkLocalUnicast():
		return fmt.Sprintf("%s is link-local and in no tunnel port's network; name another address of the appliance, or add a [[neighbor]] with port to %s",
			addr, w.cfg.File)
	}
	return fmt.Sprintf("no route leads to %s; add a [[route]] whose prefix holds it to %s, or an address of its network to port %q",
		addr, w.cfg.File, w.tunnels[0])
}

// roomFor refuses a way whose port is too narrow for copies.
func (w *ways) roomFor(h hop) (hop, string) {
	name, mtu := w.cfg.Ports[h.port].Name, w.mtu[h.port]
	switch {
	case mtu < rules.MTUMin:
		return hop{}, fmt.Sprintf("port %q has mtu %d and copies need at least %d; raise it", name, mtu, rules.MTUMin)
	case h.address.Is6() && mtu < ctl.MinTargetMTUv6:
		return hop{}, fmt.Sprintf("port %q has mtu %d and IPv6 needs %d; raise it or use an IPv4 address", name, mtu, ctl.MinTargetMTUv6)
	}
	return h, ""
}

// nextHop returns the MAC address that the configuration has for a way: that of the address
// itself, else that of the router. Where it has none the underlay finds it while the gateway runs.
func (w *ways) nextHop(h hop) (mac [6]byte, known bool) {
	neighbor := w.neighbors[h.address]
	if neighbor == nil && h.via.IsValid() {
		neighbor = w.neighbors[h.via]
	}
	if neighbor == nil {
		return mac, false
	}
	return neighbor.MAC, true
}

// outerSource is the address that copies come from (docs/semantics.md): the source interface's
// primary address of the target's family, else that of the tunnel port. It is invalid if there is
// none.
func (w *ways) outerSource(source *ctl.Interface, h hop) netip.Addr {
	is4 := h.address.Is4()
	if w.cfg.OuterSource == config.OuterSourceInterface {
		for _, addr := range source.Addresses {
			if addr.Is4() == is4 {
				return addr
			}
		}
	}
	return w.portAddress(h)
}

// portAddress is our own address that fits a way: the one in the next hop's network, else the first
// that is more than link-local, else the first.
func (w *ways) portAddress(h hop) netip.Addr {
	next := h.address
	if h.via.IsValid() {
		next = h.via
	}
	var first, global netip.Addr
	for _, prefix := range w.cfg.Ports[h.port].Addresses {
		addr := prefix.Addr()
		switch {
		case addr.Is4() != h.address.Is4():
			continue
		case prefix.Contains(next) && addr.IsLinkLocalUnicast() == h.address.IsLinkLocalUnicast():
			return addr
		case !global.IsValid() && !addr.IsLinkLocalUnicast():
			global = addr
		}
		if !first.IsValid() {
			first = addr
		}
	}
	if global.IsValid() {
		return global
	}
	return first
}
