package store

import (
	"fmt"
	"net/netip"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// DefaultPortMTU is the MTU of a tunnel port for which neither Options nor the configuration has
// one, bytes of an IP packet.
const DefaultPortMTU = 1500

// ways is the configuration as records see it: ports, and the ways to targets. It is read-only.
type ways struct {
	cfg       *config.Config
	ports     []rules.Port
	index     map[string]int // port name -> index in cfg.Ports
	mtu       []int          // of each port, bytes of an IP packet
	neighbors map[netip.Addr]*config.Neighbor
	own       map[netip.Addr]string // our addresses -> port
	tunnels   []string
	sources   []string // names of wire and tap ports
}

func newWays(cfg *config.Config, mtu map[string]int) *ways {
	w := &ways{cfg: cfg, index: map[string]int{}, neighbors: map[netip.Addr]*config.Neighbor{}, own: map[netip.Addr]string{}}
	for i := range cfg.Ports {
		p := &cfg.Ports[i]
		port := rules.Port{Name: p.Name, Role: p.Role, Peer: rules.NoPeer}
		if p.Role == rules.RoleWire {
			port.Peer = cfg.PortIndex(p.Peer)
		}
		w.ports = append(w.ports, port)
		w.index[p.Name] = i
		w.mtu = append(w.mtu, firstPositive(mtu[p.Name], p.MTU, DefaultPortMTU))
		for _, prefix := range p.Addresses {
			w.own[prefix.Addr()] = p.Name
		}
	}
	for i := range cfg.Neighbors {
		w.neighbors[cfg.Neighbors[i].Address] = &cfg.Neighbors[i]
	}
	w.tunnels = cfg.PortNames(rules.RoleTunnel)
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

// to returns the tunnel port that leads to an address, or what is wrong: the one that its
// neighbour names, else the one with the longest prefix around it, else the only one there is if
// a neighbour says that the address is reached directly.
func (w *ways) to(addr netip.Addr) (port int, fault string) {
	if owner, own := w.own[addr]; own {
		return 0, fmt.Sprintf("%s is the address of our own port %q; name the address of the monitoring appliance", addr, owner)
	}
	neighbor := w.neighbors[addr]
	if neighbor != nil && neighbor.Port != "" {
		return w.index[neighbor.Port], ""
	}
	if port, ok := w.longestPrefix(addr); ok {
		return port, ""
	}
	switch {
	case len(w.tunnels) == 0:
		return 0, fmt.Sprintf("there is no tunnel port to send copies to %s; add a [[port]] with role = \"tunnel\" to %s", addr, w.cfg.File)
	case neighbor != nil && len(w.tunnels) == 1:
		return w.index[w.tunnels[0]], ""
	case neighbor != nil:
		return 0, fmt.Sprintf("%s is in no tunnel port's network and its neighbor names no port; add port = %q to the [[neighbor]] in %s",
			addr, w.tunnels[0], w.cfg.File)
	}
	return 0, fmt.Sprintf("%s is in no tunnel port's network; add an address of that network to port %q or a [[neighbor]] for it to %s",
		addr, w.tunnels[0], w.cfg.File)
}

func (w *ways) longestPrefix(addr netip.Addr) (port int, ok bool) {
	bits := -1
	for i := range w.cfg.Ports {
		for _, prefix := range w.cfg.Ports[i].Addresses {
			if prefix.Contains(addr) && prefix.Bits() > bits {
				port, bits, ok = i, prefix.Bits(), true
			}
		}
	}
	return port, ok
}

// outerSource is the address that copies come from (docs/semantics.md): the source interface's
// primary address of the target's family, else the tunnel port's. It is invalid if there is none.
func (w *ways) outerSource(source *ctl.Interface, target *rules.Target) netip.Addr {
	is4 := target.Address.Is4()
	if w.cfg.OuterSource == config.OuterSourceInterface {
		for _, addr := range source.Addresses {
			if addr.Is4() == is4 {
				return addr
			}
		}
	}
	for _, prefix := range w.cfg.Ports[target.Port].Addresses {
		if prefix.Addr().Is4() == is4 {
			return prefix.Addr()
		}
	}
	return netip.Addr{}
}
