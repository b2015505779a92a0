package lcore

import (
	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// PortCounters returns what a port did, summed over workers.
func (g *Group) PortCounters(port int) (sum pipeline.PortCounters) {
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
	slots    pipeline.Slots
	workers  []*worker
}

// View returns a view of the snapshot in force. It is of no use after Close.
func (g *Group) View() View {
	g.mu.Lock()
	defer g.mu.Unlock()
	return View{g.snapshot, g.current, g.workers}
}

// SourceCounters returns what a source saw.
func (v View) SourceCounters(source int, d rules.Direction) (sum pipeline.SourceCounters) {
	for _, w := range v.workers {
		sum.Add(w.counters.Source(v.slots.Sources[source], d))
	}
	return sum
}

// SessionCounters returns what became of the frames that a session accepted.
func (v View) SessionCounters(session int, d rules.Direction) (sum pipeline.SessionCounters) {
	for _, w := range v.workers {
		sum.Add(w.counters.Session(v.slots.Sessions[session], d))
	}
	return sum
}

// RuleHits returns how many frames a rule decided about.
func (v View) RuleHits(rule int) (sum pipeline.Count) {
	for _, w := range v.workers {
		n := w.counters.Rule(v.slots.Rules[rule])
		sum.Packets += n.Packets
		sum.Bytes += n.Bytes
	}
	return sum
}

// Totals returns what the laws are computed from: each worker's as of its last burst.
func (g *Group) Totals() (sum pipeline.Totals) {
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

// Heartbeats returns each worker's count of housekeeping intervals; one that stands still is a
// worker that does not run.
func (g *Group) Heartbeats() []uint64 {
	beats := make([]uint64, len(g.workers))
	for i, w := range g.workers {
		beats[i] = w.heartbeat()
	}
	return beats
}

// DriverStats returns what a port's driver counted.
func (g *Group) DriverStats(port int) (dpdk.Stats, error) { return dpdk.GetStats(g.ports[port].ID) }

// MempoolUse returns mbufs in use by mempool name; the stock of the workers counts as in use.
func (g *Group) MempoolUse() map[string]int {
	use := map[string]int{}
	for _, node := range g.pools {
		for _, pool := range node.all() {
			use[pool.Name()] = pool.InUse()
		}
	}
	return use
}
