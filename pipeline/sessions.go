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

// wayKey is all that the way of a session without limits is made from, in one snapshot.
type wayKey struct {
	target       int        // index in the snapshot
	source       netip.Addr // over IPv6; over IPv4 the session has it
	packetLength int
	zone         string // of the session's interface, if the target is a load balancer; else empty
}

// ways lays out how the copies of a snapshot's sessions are made. It is of no use after fillSessions.
type ways struct {
	program  *Program
	snapshot *rules.Snapshot
	limiter  *limiter
	list     []C.struct_mgw_way
	known    map[wayKey]C.uint32_t
	last     []lastWay // by target
}

// lastWay is what the last session to a target has: the next one mostly has it too.
type lastWay struct {
	valid bool
	key   wayKey
	way   C.uint32_t
}

func (p *Program) fillSessions(s *rules.Snapshot, slots, targetSlots []uint32) error {
	sessions, err := newArray[C.struct_mgw_session](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	asks, err := newArray[C.uint32_t](&p.arena, len(s.Sessions))
	if err != nil {
		return err
	}
	limiter, err := p.newLimiter(s, targetSlots)
	if err != nil {
		return err
	}
	p.layout.build.Lock()
	defer p.layout.build.Unlock()
	w := ways{program: p, snapshot: s, limiter: limiter, known: map[wayKey]C.uint32_t{}, last: make([]lastWay, len(s.Targets))}
	for i := range s.Sessions {
		session := &s.Sessions[i]
		out := &sessions[i]
		out.slot = C.uint32_t(slots[i])
		out.vni = vniWord(session.VNI)
		out.address = addressWord(session.OuterSource)
		asks[i] = C.uint32_t(rules.Directions*session.Filter) << 1
		if s.Filters[session.Filter].AmazonDNS {
			asks[i] |= 1
		}
		if out.way, err = w.of(i, slots[i]); err != nil {
			return fmt.Errorf("session %s: %w", session.Name, err)
		}
	}
	list, err := newArray[C.struct_mgw_way](&p.arena, len(w.list))
	if err != nil {
		return err
	}
	copy(list, w.list)
	p.layout.headers = p.layout.headers.renewed()
	p.c.sessions, p.c.ways, p.c.rules = &sessions[0], &list[0], &asks[0]
	return nil
}

// vniWord is a VNI as the VXLAN header has it, with the byte behind it (RFC 7348 section 5).
func vniWord(vni uint32) C.uint32_t {
	return C.uint32_t(binary.NativeEndian.Uint32(binary.BigEndian.AppendUint32(nil, vni<<8)))
}

// addressWord is an IPv4 address as a header has it; 0 for any other.
func addressWord(address netip.Addr) C.uint32_t {
	if !address.Is4() {
		return 0
	}
	bytes := address.As4()
	return C.uint32_t(binary.NativeEndian.Uint32(bytes[:]))
}

// of returns the way of a session, one of its own if it has limits. Called with the layout's build held.
func (w *ways) of(index int, slot uint32) (C.uint32_t, error) {
	s := &w.snapshot.Sessions[index]
	target := &w.snapshot.Targets[s.Target]
	if s.IsLimited(target) {
		way, err := w.add(s, target)
		if err == nil {
			w.limiter.apply(&w.list[way], slot, index)
		}
		return way, err
	}
	key := wayKey{target: s.Target, packetLength: s.PacketLength}
	if !s.OuterSource.Is4() {
		key.source = s.OuterSource
	}
	if target.Balancer != nil {
		key.zone = s.Zone
	}
	last := &w.last[s.Target]
	if last.valid && last.key == key {
		return last.way, nil
	}
	way, known := w.known[key]
	if !known {
		var err error
		if way, err = w.add(s, target); err != nil {
			return 0, err
		}
		w.known[key] = way
	}
	*last = lastWay{true, key, way}
	return way, nil
}

// add lays out a way.
func (w *ways) add(s *rules.Session, target *rules.Target) (C.uint32_t, error) {
	way, err := w.program.layout.header(s, target)
	if err != nil {
		return 0, err
	}
	if target.Balancer == nil {
		way.destination = w.program.places.of[s.Target].c
	} else if way.balancer, err = w.program.balancerOf(BalancerKey{target.Balancer.ID, s.Zone}, target.Balancer); err != nil {
		return 0, err
	}
	w.list = append(w.list, way)
	return C.uint32_t(len(w.list) - 1), nil
}

// balancerOf returns a load balancer as one zone sees it.
func (p *Program) balancerOf(key BalancerKey, to *rules.Balancer) (*C.struct_mgw_balancer, error) {
	b := p.balancers[key]
	if b == nil {
		var err error
		if b, err = p.layout.acquireBalancer(to, key.Zone); err != nil {
			return nil, err
		}
		if p.balancers == nil {
			p.balancers = map[BalancerKey]*balancer{}
		}
		p.balancers[key] = b
	}
	return b.c, nil
}

// headerKey is what an outer header is made from, and how much fits behind it.
type headerKey struct {
	source, destination netip.Addr
	mtu, packetLength   int
	balanced            bool
}

// outerHeaders keeps what the last program had: building outer headers anew for thousands of targets would be
// most of the work of a change.
type outerHeaders struct {
	made, before map[headerKey]C.struct_mgw_way // by this program, and by the one before
}

// renewed is for the next program.
func (h outerHeaders) renewed() outerHeaders { return outerHeaders{before: h.made} }

// header is a way with its outer header, and not yet where it leads. Called with build held.
func (l *Layout) header(s *rules.Session, t *rules.Target) (C.struct_mgw_way, error) {
	key := headerKey{s.OuterSource, t.Address, t.MTU, s.PacketLength, t.Balancer != nil}
	if key.source.Is4() {
		key.source = netip.IPv4Unspecified() // the session has it
	}
	if t.Balancer != nil || s.IsLimited(t) {
		key.destination = unspecified(t.IPv6())
	}
	if !key.source.IsValid() { // a load balancer without members: nothing is sent
		key.source = key.destination
	}
	made, known := l.headers.made[key]
	if known {
		return made, nil
	}
	if made, known = l.headers.before[key]; !known {
		var err error
		if made, err = key.make(t.Name); err != nil {
			return made, err
		}
	}
	if l.headers.made == nil {
		l.headers.made = map[headerKey]C.struct_mgw_way{}
	}
	l.headers.made[key] = made
	return made, nil
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

// make builds the outer header once. MACs, VNI and IPv4 source stay zero: next hop and session have them.
func (k *headerKey) make(target string) (out C.struct_mgw_way, err error) {
	template, err := vxlan.NewTemplate(vxlan.Outer{Src: k.source, Dst: k.destination, VNI: vxlan.VNIMin})
	if err != nil {
		return out, err
	}
	inner := vxlan.InnerLimit(k.mtu, template.IPv6)
	if inner <= 0 {
		return out, fmt.Errorf("target %s: mtu %d leaves no room for a frame", target, k.mtu)
	}
	if k.packetLength != rules.PacketLengthEntire {
		inner = min(inner, k.packetLength)
	}
	if k.balanced {
		inner = min(inner, maxInnerBalanced)
	}
	clear(template.Bytes[len(template.Bytes)-4:])
	for i, b := range template.Bytes {
		out.header[i] = C.uint8_t(b)
	}
	out.header_length = C.uint16_t(len(template.Bytes))
	out.inner_max = C.uint32_t(inner)
	out.ipv6 = cBool(template.IPv6)
	if !template.IPv6 {
		out.ip_sum = C.uint32_t(wordSum(template.Bytes[14:34]))
	}
	return out, nil
}

// wordSum adds 16-bit big-endian words (RFC 1071) without folding; 10 words cannot overflow.
func wordSum(header []byte) (sum uint32) {
	for i := 0; i < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	return sum
}
