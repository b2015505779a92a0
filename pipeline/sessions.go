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
	source, destination       netip.Addr
	vni                       uint32
	mtu, packetLength, target int
	made                      C.struct_mgw_session
}

func (p *Program) fillSessions(s *rules.Snapshot, slots []uint32) error {
	match, err := newArray[C.struct_mgw_session_match](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	sessions, err := newArray[C.struct_mgw_session](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	p.layout.mu.Lock()
	defer p.layout.mu.Unlock()
	for i := range s.Sessions {
		session := &s.Sessions[i]
		for d := range rules.Directions {
			match[i].ruleset[d] = C.uint32_t(rules.Directions*session.Filter + d)
		}
		match[i].slot = C.uint32_t(slots[i])
		if s.Filters[session.Filter].AmazonDNS {
			match[i].amazon_dns = 1
		}
		if err := p.layout.header(&sessions[i], slots[i], session, &s.Targets[session.Target]); err != nil {
			return fmt.Errorf("session %s: %w", session.Name, err)
		}
	}
	p.c.match, p.c.sessions = &match[0], &sessions[0]
	return nil
}

// header fills what hold and encap read of a session, from what its slot has kept if that still
// holds. Called with mu held.
func (l *Layout) header(out *C.struct_mgw_session, slot uint32, s *rules.Session, t *rules.Target) error {
	for int(slot) >= len(l.headers) {
		l.headers = append(l.headers, make([]header, max(64, len(l.headers)))...)
	}
	kept := &l.headers[slot]
	if kept.vni != s.VNI || kept.source != s.OuterSource || kept.destination != t.Address ||
		kept.mtu != t.MTU || kept.packetLength != s.PacketLength || kept.target != s.Target {
		*kept = header{source: s.OuterSource, destination: t.Address, vni: s.VNI,
			mtu: t.MTU, packetLength: s.PacketLength, target: s.Target}
		if err := fillSession(&kept.made, s, t); err != nil {
			kept.vni = 0 // which no session has
			return err
		}
	}
	*out = kept.made
	return nil
}

// fillSession builds the outer header once. MACs stay zero: the next hop has them.
func fillSession(out *C.struct_mgw_session, session *rules.Session, target *rules.Target) error {
	template, err := vxlan.NewTemplate(vxlan.Outer{Src: session.OuterSource, Dst: target.Address, VNI: session.VNI})
	if err != nil {
		return err
	}
	inner := vxlan.InnerLimit(target.MTU, template.IPv6)
	if inner <= 0 {
		return fmt.Errorf("target %s: mtu %d leaves no room for a frame", target.Name, target.MTU)
	}
	if session.PacketLength != rules.PacketLengthEntire {
		inner = min(inner, session.PacketLength)
	}
	for i, b := range template.Bytes {
		out.header[i] = C.uint8_t(b)
	}
	out.header_length = C.uint16_t(len(template.Bytes))
	out.inner_max = C.uint32_t(inner)
	out.target = C.uint32_t(session.Target)
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
