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

// SourceCounters returns what a source of the snapshot in force saw.
func (g *Group) SourceCounters(source int, d rules.Direction) (sum pipeline.SourceCounters) {
	for _, w := range g.workers {
		sum.Add(w.counters.Source(g.current.Sources[source], d))
	}
	return sum
}

// SessionCounters returns what became of the frames that a session of the snapshot in force
// accepted.
func (g *Group) SessionCounters(session int, d rules.Direction) (sum pipeline.SessionCounters) {
	for _, w := range g.workers {
		sum.Add(w.counters.Session(g.current.Sessions[session], d))
	}
	return sum
}

// RuleHits returns how many frames a rule of the snapshot in force decided about.
func (g *Group) RuleHits(rule int) (sum pipeline.Count) {
	for _, w := range g.workers {
		n := w.counters.Rule(g.current.Rules[rule])
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

// Snapshot returns the snapshot in force.
func (g *Group) Snapshot() *rules.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.snapshot
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
