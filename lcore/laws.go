package lcore

import (
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Laws returns what must be 0: frames of production and copies that nobody accounts for. It adds
// to the laws of the totals those of every port, source and session by themselves, in packets
// and bytes, so that a frame counted in the wrong place shows. Counters of one lcore are exact
// between bursts: call it when the workers have stopped.
func (g *Group) Laws() (production, mirror int64) {
	totals := g.Totals()
	production, mirror = totals.ProductionLaw(), totals.MirrorLaw()
	for i, p := range g.ports {
		production += g.portLaw(i, p)
	}
	view := g.View()
	if view.Snapshot == nil {
		return production, mirror
	}
	for _, d := range []rules.Direction{rules.Ingress, rules.Egress} {
		for i := range view.Snapshot.Sources {
			mirror += sourceLaw(view.SourceCounters(i, d))
		}
		for i := range view.Snapshot.Sessions {
			mirror += sessionLaw(view.SessionCounters(i, d))
		}
	}
	return production, mirror
}

// portLaw: what a wire received left through its peer or was dropped with a reason; what a tap
// received was observed; what a tunnel port received was ignored with a reason.
func (g *Group) portLaw(i int, p *Port) int64 {
	c := g.PortCounters(i)
	switch p.Role {
	case rules.RoleWire:
		left := g.PortCounters(p.Peer).Forwarded
		dropped := c.Dropped.Sum()
		return differ(c.Rx.Packets, left.Packets+dropped.Packets) + differ(c.Rx.Bytes, left.Bytes+dropped.Bytes)
	case rules.RoleTap:
		return differ(c.Rx.Packets, c.Observed)
	}
	return differ(c.Rx.Packets, c.Ignored.Sum())
}

func sourceLaw(c pipeline.SourceCounters) int64 {
	return differ(c.Seen, c.Matched+c.Missed+c.Excluded.Sum())
}

func sessionLaw(c pipeline.SessionCounters) int64 {
	skipped := c.Skipped.Sum()
	return differ(c.Matched.Packets, c.Mirrored.Packets+skipped.Packets) +
		differ(c.Matched.Bytes, c.Mirrored.Bytes+skipped.Bytes)
}

func differ(a, b uint64) int64 {
	if a > b {
		return int64(a - b)
	}
	return int64(b - a)
}
