package rules

import (
	"net/netip"
	"time"
)

// FragmentLife is how long the outcome of a datagram's first fragment is remembered for the later
// ones. RFC 791 section 3.2 suggests 15 s for reassembly and RFC 8200 section 4.5 demands 60 s, both
// for a receiver that waits for what is lost; identifications of a busy pair of hosts come round in
// less than that, so a gateway must forget sooner. Fragments of one datagram follow each other
// within milliseconds.
const FragmentLife = 2 * time.Second

// Fragments is what is known of datagrams whose first fragment was seen: for each mirror source and
// direction the outcome, which later fragments inherit (docs/semantics.md, "Fragments"). It is the
// naive reference of the data path's table: it has room for everything, so nothing is evicted. The
// zero value is an empty table at time 0. Not for concurrent use.
type Fragments struct {
	snapshot *Snapshot // by which the outcomes were decided: by another they might be others
	now      time.Duration
	known    map[datagram]remembered
}

// datagram is one mirror source's sight of a fragmented datagram.
type datagram struct {
	source         int
	direction      Direction
	src, dst       netip.Addr
	identification uint32
	protocol       int // IPv4 only: RFC 8200 section 4.5 leaves it out
}

type remembered struct {
	verdict Verdict
	when    time.Duration
}

// SetTime says what time it is, counted from any moment; it never goes back.
func (f *Fragments) SetTime(now time.Duration) { f.now = now }

// judge is the package's judge with a memory: first fragments are judged like any packet and
// remembered, later ones inherit, and are judged like any packet if nothing is known. A nil table
// neither knows nor remembers anything.
func (f *Fragments) judge(s *Snapshot, seen sighting, k *Key) Verdict {
	if f == nil || !k.Fragment {
		return judge(s, seen, k, nil)
	}
	if f.snapshot != s {
		f.snapshot, f.known = s, map[datagram]remembered{}
	}
	id := datagramOf(seen, k)
	if k.NonFirst {
		if first, ok := f.known[id]; ok && f.now-first.when < FragmentLife {
			v := first.verdict
			v.Rule, v.Inherited = NoRule, true
			return v
		}
		return judge(s, seen, k, nil)
	}
	v := judge(s, seen, k, nil)
	f.known[id] = remembered{v, f.now}
	return v
}

func datagramOf(seen sighting, k *Key) datagram {
	d := datagram{source: seen.source, direction: seen.direction, src: k.Src, dst: k.Dst, identification: k.Identification}
	if k.Family == 4 {
		d.protocol = k.Protocol
	}
	return d
}
