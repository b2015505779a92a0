package lcore

import (
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Laws returns what must be 0: frames of production and copies that nobody accounts for. It adds
// to the laws of the totals those of every port, source and session by themselves, in packets and
// bytes, so that a frame counted in the wrong place shows; and it compares the totals with the
// sums over all sources and sessions, those deleted included. Counters of one lcore agree with
// each other between bursts: call it when the workers have stopped, or when nothing arrives.
func (g *Group) Laws() (production, mirror int64) {
	g.read.RLock()
	defer g.read.RUnlock()
	totals := g.totals()
	production, mirror = totals.ProductionLaw(), totals.MirrorLaw()
	for i := range g.ports {
		production += g.portLaw(i)
	}
	sources, sessions := g.departed.sources, g.departed.sessions
	copies := uint64(0)
	for i := range g.ports {
		copies += g.portCounters(i).Copies.Packets
	}
	mirror += sources.Law() + sessions.Law() + differ(copies, totals.Mirrored)
	g.eachSlot(func(slot uint32) { mirror += g.sourceLaw(slot, &sources) },
		func(slot uint32) { mirror += g.sessionLaw(slot, &sessions) })
	return production, mirror + totals.Differs(&sources, &sessions)
}

// eachSlot calls back for each source and session that counts: those in force, and those of
// programs that a stalled lcore may still be using.
func (g *Group) eachSlot(source, session func(uint32)) {
	for _, slot := range g.current.Sources {
		source(slot)
	}
	for _, slot := range g.current.Sessions {
		session(slot)
	}
	for i := range g.pending {
		for _, slot := range g.pending[i].left.sources {
			source(slot)
		}
		for _, s := range g.pending[i].left.sessions {
			session(s.slot)
		}
	}
}

// sourceLaw returns the law of one source and adds it to the sum.
func (g *Group) sourceLaw(slot uint32, sum *pipeline.SourceSum) int64 {
	var one pipeline.SourceSum
	for _, w := range g.workers {
		w.counters.AddSource(slot, &one)
	}
	sum.Add(&one)
	return one.Law()
}

// sessionLaw returns the law of one session and adds it to the sum.
func (g *Group) sessionLaw(slot uint32, sum *pipeline.SessionSum) int64 {
	var one pipeline.SessionSum
	for _, w := range g.workers {
		w.counters.AddSession(slot, &one)
	}
	sum.Add(&one)
	return one.Law()
}

// portLaw: what a wire received left through its peer, was consumed, or dropped with a reason; what
// a tap received was observed; what a tunnel port received was consumed, or ignored with a reason.
func (g *Group) portLaw(i int) int64 {
	c := g.portCounters(i)
	switch p := g.ports[i]; p.Role {
	case rules.RoleWire:
		left := g.portCounters(p.Peer).Forwarded
		dropped := c.Dropped.Sum()
		return differ(c.Rx.Packets, left.Packets+c.Consumed.Packets+dropped.Packets) +
			differ(c.Rx.Bytes, left.Bytes+c.Consumed.Bytes+dropped.Bytes)
	case rules.RoleTap:
		return differ(c.Rx.Packets, c.Observed)
	}
	return differ(c.Rx.Packets, c.Consumed.Packets+c.Ignored.Sum())
}

func differ(a, b uint64) int64 {
	if a > b {
		return int64(a - b)
	}
	return int64(b - a)
}
