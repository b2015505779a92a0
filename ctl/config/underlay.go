package config

import (
	"net/netip"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// readPortTunnel reads what a port is to copies: whether they leave here, with which tag, and
// whether checksums are completed in those of its frames.
func readPortTunnel(t *tomldoc.Table, p *Port) {
	p.Tunnel = t.BoolOr("tunnel", p.Role == rules.RoleTunnel)
	switch {
	case p.Role == rules.RoleTunnel && !p.Tunnel:
		t.Errorf("tunnel", "a tunnel port sends copies; remove tunnel = false, or give the port a peer")
		p.Tunnel = true
	case p.Role == rules.RoleTap && p.Tunnel:
		t.Errorf("tunnel", "nothing is sent on a tap port; remove tunnel, or use a wire port or one with role = \"tunnel\"")
		p.Tunnel = false
	}
	vlan, ok := t.Int("vlan", rules.VLANMin, rules.VLANMax)
	if p.VLAN = vlan; ok && !p.Tunnel {
		t.Errorf("vlan", "vlan is the tag of copies and none leave here; remove it, or set tunnel = true on a wire port")
	}
	p.Repair = Repair(t.OneOf("repair_checksums", string(RepairAuto), string(RepairAuto), string(RepairOn), string(RepairOff)))
	if p.Role == rules.RoleTunnel && t.Has("repair_checksums") {
		t.Errorf("repair_checksums", "nothing that arrives on a tunnel port is mirrored; move repair_checksums to the wire or tap port whose frames have partial checksums")
	}
}

// kind is what sentences call a port.
func (p *Port) kind() string {
	if p.Role == rules.RoleWire && p.Tunnel {
		return "a wire port with tunnel = true"
	}
	return "a " + p.Role.String() + " port"
}

func readRoute(t *tomldoc.Table) Route {
	defer t.Done()
	r := Route{src: t}
	if text, ok := t.Required("prefix", "198.51.100.0/24"); ok {
		t.SetSubject("route %s", text)
		r.Prefix = readRoutePrefix(t, text)
	}
	if text, ok := t.Required("via", "192.0.2.254"); ok {
		addr, err := ParseUnicast(text)
		if err != nil {
			t.Errorf("via", "via: %v", err)
		} else if r.Prefix.IsValid() && addr.Is4() != r.Prefix.Addr().Is4() {
			t.Errorf("via", "prefix %s and via %s are of different families; give the router's %s address", r.Prefix, addr, family(r.Prefix.Addr()))
		}
		r.Via = addr
	}
	r.Port, _ = t.String("port")
	return r
}

// readRoutePrefix reads a network; the zero prefix stands for one that was refused.
func readRoutePrefix(t *tomldoc.Table, text string) netip.Prefix {
	refuse := func(format string, args ...any) netip.Prefix {
		t.Errorf("prefix", format, args...)
		return netip.Prefix{}
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		return refuse("prefix %q has no length; write %s/%d for one host, or the network with its length", text, addr, addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return refuse("prefix %q is not a network; write one like 198.51.100.0/24, 2001:db8:1::/48 or 0.0.0.0/0", text)
	case prefix.Addr().Is4In6():
		return refuse("prefix %q is IPv4 in IPv6 notation; write it as IPv4", text)
	case prefix != prefix.Masked():
		return refuse("prefix %q has bits behind its length; write %s", text, prefix.Masked())
	case prefix.Bits() > 0 && (prefix.Addr().IsMulticast() || prefix.Addr().IsLoopback()):
		return refuse("prefix %q holds no address of a host that copies could go to; write a unicast network", text)
	case prefix.Bits() > 0 && prefix.Addr().IsLinkLocalUnicast():
		return refuse("prefix %q is link-local and never behind a router; remove the route", text)
	}
	return prefix
}

func family(addr netip.Addr) string {
	if addr.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func readNeighbor(t *tomldoc.Table) Neighbor {
	defer t.Done()
	n := Neighbor{src: t}
	if text, ok := t.Required("address", "192.0.2.10"); ok {
		addr, err := ParseUnicast(text)
		if err != nil {
			t.Errorf("address", "%v", err)
		}
		n.Address = addr
		t.SetSubject("neighbor %s", text)
	}
	if text, ok := t.Required("mac", "02:00:00:00:02:10"); ok {
		mac, err := ParseMAC(text)
		if err != nil {
			t.Errorf("mac", "%v", err)
		}
		n.MAC = mac
	}
	n.Port, _ = t.String("port")
	return n
}
