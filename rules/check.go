package rules

import (
	"fmt"
	"net/netip"
)

// check reports the first violated invariant of the engine. Order matters only in that whatever
// is indexed was checked before.
func check(r *Parts) error {
	for _, step := range []func(*Parts) error{
		checkPorts, checkResolvers, checkInterfaces, checkTargets, checkFilters, checkSessions,
	} {
		if err := step(r); err != nil {
			return err
		}
	}
	return nil
}

// label names a resource for an error: by name, else by ID, else by its place.
func label(kind, name, id string, index int) string {
	switch {
	case name != "":
		return fmt.Sprintf("%s %q", kind, name)
	case id != "":
		return fmt.Sprintf("%s %q", kind, id)
	}
	return fmt.Sprintf("%s #%d", kind, index)
}

func (r *Parts) portLabel(i int) string { return label("port", r.Ports[i].Name, "", i) }

func checkPorts(r *Parts) error {
	for i, p := range r.Ports {
		if p.Role > RoleTunnel {
			return fmt.Errorf("%s has role %d; the roles are %d (wire), %d (tap) and %d (tunnel)",
				r.portLabel(i), p.Role, RoleWire, RoleTap, RoleTunnel)
		}
		if err := checkPeer(r, i); err != nil {
			return err
		}
	}
	return nil
}

func checkPeer(r *Parts, i int) error {
	p := r.Ports[i]
	if p.Role != RoleWire {
		if p.Peer != NoPeer {
			return fmt.Errorf("%s is a %s port with peer %d; only wire ports have a peer, others need %d", r.portLabel(i), p.Role, p.Peer, NoPeer)
		}
		return nil
	}
	if p.Peer < 0 || p.Peer >= len(r.Ports) || p.Peer == i {
		return fmt.Errorf("%s has peer %d; a wire port needs the index of another port, 0 to %d", r.portLabel(i), p.Peer, len(r.Ports)-1)
	}
	if other := r.Ports[p.Peer]; other.Role != RoleWire || other.Peer != i {
		return fmt.Errorf("%s has peer %s, which is not a wire port whose peer is %s; the two sides of a wire must name each other",
			r.portLabel(i), r.portLabel(p.Peer), r.portLabel(i))
	}
	return nil
}

func checkResolvers(r *Parts) error {
	for i, a := range r.Resolvers {
		if !plainAddress(a) {
			return fmt.Errorf("DNS resolver #%d is %s; it must be an IPv4 or IPv6 address without zone", i, a)
		}
	}
	return nil
}

// plainAddress reports whether a is what stands in a packet: no zone, not IPv4 in IPv6 clothes.
func plainAddress(a netip.Addr) bool { return a.IsValid() && a.Zone() == "" && !a.Is4In6() }

func checkInterfaces(r *Parts) error {
	keys := newKeySet(r.Interfaces)
	for i := range r.Interfaces {
		if err := checkInterface(r, i); err != nil {
			return err
		}
		if other, twice := keys.add(i); twice {
			return fmt.Errorf("%s has the same port, MAC and VLAN as %s; each source needs its own combination",
				r.interfaceLabel(i), r.interfaceLabel(other))
		}
	}
	return nil
}

func (r *Parts) interfaceLabel(i int) string {
	return label("interface", r.Interfaces[i].Name, r.Interfaces[i].ID, i)
}

func checkInterface(r *Parts, i int) error {
	f := &r.Interfaces[i]
	if f.Port < 0 || f.Port >= len(r.Ports) {
		return fmt.Errorf("%s is on port index %d; there are %d ports", r.interfaceLabel(i), f.Port, len(r.Ports))
	}
	role := r.Ports[f.Port].Role
	if role != RoleWire && role != RoleTap {
		return fmt.Errorf("%s is on %s, a %s port; a source needs a wire or tap port", r.interfaceLabel(i), r.portLabel(f.Port), role)
	}
	if role == RoleTap && !f.HasMAC {
		return fmt.Errorf("%s is on tap %s without a MAC; on a tap only the MAC tells the directions apart, so it is required",
			r.interfaceLabel(i), r.portLabel(f.Port))
	}
	if f.VLAN != VLANAny && (f.VLAN < VLANMin || f.VLAN > VLANMax) {
		return fmt.Errorf("%s has VLAN %d; it must be %d to %d, or %d for any", r.interfaceLabel(i), f.VLAN, VLANMin, VLANMax, VLANAny)
	}
	return nil
}

func (r *Parts) targetLabel(i int) string {
	return label("target", r.Targets[i].Name, r.Targets[i].ID, i)
}

func checkTargets(r *Parts) error {
	for i := range r.Targets {
		t := &r.Targets[i]
		if t.MTU < MTUMin || t.MTU > MTUMax {
			return fmt.Errorf("%s has MTU %d; it must be %d to %d bytes", r.targetLabel(i), t.MTU, MTUMin, MTUMax)
		}
		if err := t.Limit.check(); err != nil {
			return fmt.Errorf("%s %w", r.targetLabel(i), err)
		}
		if t.Balancer != nil {
			if err := checkBalancer(r, t.Balancer); err != nil {
				return err
			}
			continue
		}
		if err := checkWay(r, r.targetLabel(i), t.Address, t.Port); err != nil {
			return err
		}
	}
	return nil
}

func checkBalancer(r *Parts, b *Balancer) error {
	for i := range b.Members {
		m := &b.Members[i]
		subject := fmt.Sprintf("%s member #%d", label("load balancer", b.Name, b.ID, 0), i)
		if err := checkWay(r, subject, m.Address, m.Port); err != nil {
			return err
		}
		if m.Weight < 0 || m.Weight > WeightMax {
			return fmt.Errorf("%s has weight %d; it must be 0 to %d", subject, m.Weight, WeightMax)
		}
		if m.Address.Is4() != b.Members[0].Address.Is4() {
			return fmt.Errorf("%s has address %s and member #0 %s; all must be IPv4 or all IPv6", subject, m.Address, b.Members[0].Address)
		}
	}
	return nil
}

// checkWay checks an address that copies are sent to, and the port that leads there.
func checkWay(r *Parts, subject string, address netip.Addr, port int) error {
	if !plainAddress(address) {
		return fmt.Errorf("%s has address %s; it must be an IPv4 or IPv6 address without zone", subject, address)
	}
	if port < 0 || port >= len(r.Ports) {
		return fmt.Errorf("%s is behind port index %d; there are %d ports", subject, port, len(r.Ports))
	}
	if p := &r.Ports[port]; !p.SendsCopies() {
		return fmt.Errorf("%s is behind %s, a %s port; copies need a tunnel port or a wire port that serves as one",
			subject, r.portLabel(port), p.Role)
	}
	return nil
}
