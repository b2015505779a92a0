package ctl

import (
	"net/netip"

	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// Bytes of the outer headers that count against the target's MTU: IP, UDP and VXLAN
// (RFC 791, RFC 8200, RFC 768, RFC 7348 section 5).
const (
	overheadIPv4   = 20 + 8 + 8
	overheadIPv6   = 40 + 8 + 8
	ethernetHeader = 14
	vlanTag        = 4
)

// link is a session with its references resolved, as indexes of the document's lists.
type link struct {
	*Session
	source, target, filter int
}

func (b *builder) sessions() {
	var links []link
	for i := range b.doc.Sessions {
		if l, ok := b.resolve(&b.doc.Sessions[i]); ok {
			links = append(links, l)
		}
	}
	b.checkNumbers(links)
	b.checkRoles(links)
	b.checkSourcesPerTarget(links)
	for _, l := range links {
		b.session(l)
	}
}

// resolve looks up what a session names, and says so when it is not there.
func (b *builder) resolve(s *Session) (link, bool) {
	l, good := link{Session: s}, true
	for _, ref := range []struct {
		key, kind, name string
		index           *index
		found           *int
	}{
		{"source", "an interface", s.Source, b.interfaceIndex, &l.source},
		{"target", "a target", s.Target, b.targetIndex, &l.target},
		{"filter", "a filter", s.Filter, b.filterIndex, &l.filter},
	} {
		i, ok := ref.index.find(s.Account, ref.name)
		if !ok {
			b.fail(s.src, s.subject(), ref.key, "%s %q is not %s of the document; %s",
				ref.key, ref.name, ref.kind, ref.index.remedy(s.Account, ref.name))
			good = false
		}
		*ref.found = i
	}
	if !good {
		return l, false
	}
	f := &b.doc.Interfaces[l.source]
	if f.Port == "" {
		b.fail(s.src, s.subject(), "source", "interface %q is on no port, so it cannot be a source; add port and mac to it", f.Name)
	}
	// An interface whose port or a target whose address is wrong was reported where it stands.
	return l, b.source[l.source] >= 0 && b.out.Targets[l.target].Address.IsValid()
}

func (b *builder) session(l link) {
	target := &b.out.Targets[l.target]
	b.out.Sessions = append(b.out.Sessions, rules.Session{
		ID: l.ID, Name: l.Name, Source: b.source[l.source], Target: l.target, Filter: l.filter,
		Number: l.Number, VNI: uint32(l.VNI), PacketLength: l.PacketLength,
		OuterSource: b.outerSource(l, target),
	})
	if target.MTU > 0 { // else the target's own problem was reported
		b.warnTruncation(l, target)
	}
}

// outerSource is the address that copies come from (docs/semantics.md): the source interface's primary
// address of the target's family, else the tunnel port's.
func (b *builder) outerSource(l link, target *rules.Target) netip.Addr {
	is4 := target.Address.Is4()
	if b.cfg.OuterSource == config.OuterSourceInterface {
		for _, addr := range b.doc.Interfaces[l.source].Addresses {
			if addr.Is4() == is4 {
				return addr
			}
		}
	}
	port := &b.cfg.Ports[target.Port]
	for _, prefix := range port.Addresses {
		if prefix.Addr().Is4() == is4 {
			return prefix.Addr()
		}
	}
	b.fail(l.src, l.subject(), "target", "target %q is reached over %s but port %q has no %s address to send from; add one to its addresses",
		target.Name, family(target.Address), port.Name, family(target.Address))
	return netip.Addr{}
}

// warnTruncation says once per session that frames of full size do not fit the target.
func (b *builder) warnTruncation(l link, target *rules.Target) {
	source := &b.doc.Interfaces[l.source]
	header := ethernetHeader
	if source.VLAN != rules.VLANAny {
		header += vlanTag
	}
	room := target.MTU - overheadIPv4
	if target.Address.Is6() {
		room = target.MTU - overheadIPv6
	}
	frame := source.mtu() + header
	if frame <= room || (l.PacketLength > 0 && l.PacketLength <= room) {
		return
	}
	b.warn(l.src, l.subject(), "target", "frames of interface %q have up to %d bytes (mtu %d) but copies to target %q have room for %d (mtu %d), so longer ones are truncated; "+
		"give the target and its port mtu %d, lower the source's mtu to %d or set packet_length = %d",
		source.Name, frame, source.mtu(), target.Name, room, target.MTU, target.MTU+frame-room, room-header, room)
}

func (f *Interface) mtu() int {
	if f.MTU == 0 {
		return DefaultInterfaceMTU
	}
	return f.MTU
}
