package lcore

import (
	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Reading counters is safe at any time and from any goroutine, whatever is published, stopped or
// closed meanwhile. After Close everything reads as zero. See Group.read.

// PortCounters returns what a port did, summed over workers.
func (g *Group) PortCounters(port int) (sum pipeline.PortCounters) {
	g.read.RLock()
	defer g.read.RUnlock()
	return g.portCounters(port)
}

// portCounters is called with read held. A closed group has no workers.
func (g *Group) portCounters(port int) (sum pipeline.PortCounters) {
	for _, w := range g.workers {
		sum.Add(w.counters.Port(port))
	}
	return sum
}

// View is a snapshot with the places of its counters, taken together: indices mean the same in
// both whatever is published meanwhile. The counters of a resource that has been removed since
// read as zero, or as those of the resource that took its place.
type View struct {
	Snapshot *rules.Snapshot // nil before the first Publish
	group    *Group
	slots    pipeline.Slots
}

// View returns a view of the snapshot in force.
func (g *Group) View() View {
	g.read.RLock()
	defer g.read.RUnlock()
	return View{g.snapshot, g, g.current}
}

// SourceCounters returns what a source saw.
func (v View) SourceCounters(source int, d rules.Direction) pipeline.SourceCounters {
	sum := pipeline.SourceSum{}
	v.group.read.RLock()
	defer v.group.read.RUnlock()
	for _, w := range v.group.workers {
		w.counters.AddSource(v.slots.Sources[source], &sum)
	}
	return sum.Counters(d)
}

// SessionCounters returns what became of the frames that a session accepted.
func (v View) SessionCounters(session int, d rules.Direction) pipeline.SessionCounters {
	sum := pipeline.SessionSum{}
	v.group.read.RLock()
	defer v.group.read.RUnlock()
	for _, w := range v.group.workers {
		w.counters.AddSession(v.slots.Sessions[session], &sum)
	}
	return sum.Counters(d)
}

// MirroredOf returns what became of the frames that all sessions of a source accepted, those
// deleted since included.
func (v View) MirroredOf(source int, d rules.Direction) pipeline.SessionCounters {
	sum := pipeline.SessionSum{}
	v.group.read.RLock()
	defer v.group.read.RUnlock()
	src := &v.Snapshot.Sources[source]
	for _, w := range v.group.workers {
		for session := src.First; session < src.First+src.Count; session++ {
			w.counters.AddSession(v.slots.Sessions[session], &sum)
		}
	}
	if gone := v.group.departed.bySource[v.slots.Sources[source]]; gone != nil {
		sum.Add(gone)
	}
	return sum.Counters(d)
}

// RuleHits returns how many frames a rule decided about, accepting or rejecting. The rule is an
// index in the snapshot's Filters[filter].Rules[d].
func (v View) RuleHits(filter int, d rules.Direction, rule int) pipeline.Count {
	sum := pipeline.RuleSum{}
	v.group.read.RLock()
	defer v.group.read.RUnlock()
	for _, w := range v.group.workers {
		w.counters.AddRule(v.slots.Filters[filter][d][rule], &sum)
	}
	return sum.Count()
}

// Totals returns what the laws are computed from: each worker's as of its last burst.
func (g *Group) Totals() pipeline.Totals {
	g.read.RLock()
	defer g.read.RUnlock()
	return g.totals()
}

// totals is called with read held.
func (g *Group) totals() (sum pipeline.Totals) {
	for _, w := range g.workers {
		sum.Add(w.counters.Totals())
	}
	return sum
}

// Received returns how many frames arrived on all ports together.
func (g *Group) Received() uint64 {
	t := g.Totals()
	return t.WireRx + t.TapRx + t.TunnelRx
}

// DriverStats returns what a port's driver counted.
func (g *Group) DriverStats(port int) (dpdk.Stats, error) {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return dpdk.Stats{}, nil
	}
	return dpdk.GetStats(g.ports[port].ID)
}

// MempoolUse returns mbufs in use by mempool name; the stock of the workers counts as in use.
func (g *Group) MempoolUse() map[string]int {
	g.read.RLock()
	defer g.read.RUnlock()
	use := map[string]int{}
	for _, node := range g.pools {
		for _, pool := range node.all() {
			use[pool.Name()] = pool.InUse()
		}
	}
	if g.origins != nil {
		use[g.origins.Name()] = g.origins.InUse()
	}
	return use
}
