package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

// header is what a session's struct was made from, and the struct: building an outer header for
// each of ten thousand sessions would be most of the work of a change.
type header struct {
	source, destination netip.Addr
	vni                 uint32
	mtu, packetLength   int
	made                C.struct_mgw_session
}

func (p *Program) fillSessions(s *rules.Snapshot, slots, targetSlots []uint32) error {
	match, err := newArray[C.struct_mgw_session_match](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	sessions, err := newArray[C.struct_mgw_session](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	limiter, err := p.newLimiter(s, targetSlots)
	if err != nil {
		return err
	}
	p.layout.build.Lock()
	defer p.layout.build.Unlock()
	for i := range s.Sessions {
		session := &s.Sessions[i]
		for d := range rules.Directions {
			match[i].ruleset[d] = C.uint32_t(rules.Directions*session.Filter + d)
		}
		match[i].slot = C.uint32_t(slots[i])
		if s.Filters[session.Filter].AmazonDNS {
			match[i].amazon_dns = 1
		}
		if err := p.fillSession(&sessions[i], slots[i], session, s); err != nil {
			return fmt.Errorf("session %s: %w", session.Name, err)
		}
		limiter.apply(&sessions[i], slots[i], i)
	}
	p.c.match, p.c.sessions = &match[0], &sessions[0]
	return nil
}

// fillSession fills what hold and encap read of a session. Called with the layout's build held.
func (p *Program) fillSession(out *C.struct_mgw_session, slot uint32, session *rules.Session, s *rules.Snapshot) error {
	target := &s.Targets[session.Target]
	if err := p.layout.header(out, slot, session, target); err != nil {
		return err
	}
	if target.Balancer == nil {
		out.destination = p.places.of[session.Target].c
		return nil
	}
	key := BalancerKey{target.Balancer.ID, session.Zone}
	b := p.balancers[key]
	if b == nil {
		var err error
		if b, err = p.layout.acquireBalancer(target.Balancer, session.Zone); err != nil {
			return err
		}
		if p.balancers == nil {
			p.balancers = map[BalancerKey]*balancer{}
		}
		p.balancers[key] = b
	}
	out.balancer = b.c
	return nil
}

// header fills the outer header, from what the session's slot has kept if that still holds. Called
// with build held.
func (l *Layout) header(out *C.struct_mgw_session, slot uint32, s *rules.Session, t *rules.Target) error {
	for int(slot) >= len(l.headers) {
		l.headers = append(l.headers, make([]header, max(64, len(l.headers)))...)
	}
	kept, source, destination := &l.headers[slot], s.OuterSource, t.Address
	if t.Balancer != nil || s.IsLimited(t) {
		destination = unspecified(t.IPv6())
	}
	if !source.IsValid() { // a load balancer without members: nothing is sent
		source = destination
	}
	if kept.vni != s.VNI || kept.source != source || kept.destination != destination ||
		kept.mtu != t.MTU || kept.packetLength != s.PacketLength {
		*kept = header{source: source, destination: destination, vni: s.VNI, mtu: t.MTU, packetLength: s.PacketLength}
		if err := kept.make(t); err != nil {
			kept.vni = 0 // which no session has
			return err
		}
	}
	*out = kept.made
	return nil
}

// unspecified stands for the destination in headers of sessions whose copies find theirs one by one,
// to a load balancer or with limits: each copy gets that of its next hop.
func unspecified(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// maxInnerBalanced is the longest inner frame to a load balancer, bytes (AWS guide, "Quotas": 8,500
// for Network Load Balancers).
const maxInnerBalanced = 8500

// make builds the outer header once. MACs stay zero: the next hop has them.
func (h *header) make(target *rules.Target) error {
	template, err := vxlan.NewTemplate(vxlan.Outer{Src: h.source, Dst: h.destination, VNI: h.vni})
	if err != nil {
		return err
	}
	inner := vxlan.InnerLimit(h.mtu, template.IPv6)
	if inner <= 0 {
		return fmt.Errorf("target %s: mtu %d leaves no room for a frame", target.Name, h.mtu)
	}
	if h.packetLength != rules.PacketLengthEntire {
		inner = min(inner, h.packetLength)
	}
	if target.Balancer != nil {
		inner = min(inner, maxInnerBalanced)
	}
	out := &h.made
	for i, b := range template.Bytes {
		out.header[i] = C.uint8_t(b)
	}
	out.header_length = C.uint16_t(len(template.Bytes))
	out.inner_max = C.uint32_t(inner)
	out.ipv6 = cBool(template.IPv6)
	if !template.IPv6 {
		out.ip_sum = C.uint32_t(wordSum(template.Bytes[14:34]))
	}
	return nil
}

// wordSum adds 16-bit big-endian words (RFC 1071) without folding; 10 words cannot overflow.
func wordSum(header []byte) (sum uint32) {
	for i := 0; i < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	return sum
}
