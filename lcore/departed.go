package lcore

import (
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// departed is what resources that no longer exist had counted. A slot is cleared before it is
// used again; what was in it is added here first, so that the sums and the laws go on adding up.
type departed struct {
	sources  pipeline.SourceSum
	sessions pipeline.SessionSum
	rules    pipeline.RuleSum
	bySource map[uint32]*pipeline.SessionSum // of sources that still exist, by slot: their deleted sessions
}

// Departed is what deleted resources had counted, by direction where there is one.
type Departed struct {
	Sources  [rules.Directions]pipeline.SourceCounters
	Sessions [rules.Directions]pipeline.SessionCounters
	Rules    pipeline.Count
}

// leftover is the slots that a change gave up.
type leftover struct {
	sources, rules, targets []uint32
	sessions                []leftSession
}

// leftSession is the slot of a session that is gone, and of the source that it belonged to.
type leftSession struct{ slot, source uint32 }

// leftover turns indices in the snapshot still in force into slots.
func (g *Group) leftover(gone given) leftover {
	left := leftover{rules: gone.rules}
	for _, i := range gone.sources {
		left.sources = append(left.sources, g.current.Sources[i])
	}
	for _, i := range gone.targets {
		left.targets = append(left.targets, g.current.Targets[i])
	}
	for _, i := range gone.sessions {
		source := g.current.Sources[g.snapshot.Sessions[i].Source]
		left.sessions = append(left.sessions, leftSession{g.current.Sessions[i], source})
	}
	return left
}

// fold moves what the slots have counted to departed and makes them free. No lcore may count in
// them any more. Called with read held for writing.
func (g *Group) fold(left *leftover) {
	for _, s := range left.sessions {
		g.foldSession(s)
		g.slots.sessions.release(s.slot)
	}
	for _, slot := range left.sources {
		for _, w := range g.workers {
			w.counters.AddSource(slot, &g.departed.sources)
			w.counters.ClearSource(slot)
		}
		delete(g.departed.bySource, slot)
		g.slots.sources.release(slot)
	}
	for _, slot := range left.targets {
		for _, w := range g.workers {
			w.counters.ClearTarget(slot)
		}
		g.slots.targets.release(slot)
	}
	for _, slot := range left.rules {
		for _, w := range g.workers {
			w.counters.AddRule(slot, &g.departed.rules)
			w.counters.ClearRule(slot)
		}
		g.slots.rules.release(slot)
	}
}

func (g *Group) foldSession(s leftSession) {
	var sum pipeline.SessionSum
	for _, w := range g.workers {
		w.counters.AddSession(s.slot, &sum)
		w.counters.ClearSession(s.slot)
	}
	if sum == (pipeline.SessionSum{}) {
		return // it never matched
	}
	g.departed.sessions.Add(&sum)
	if g.departed.bySource == nil {
		g.departed.bySource = map[uint32]*pipeline.SessionSum{}
	}
	if g.departed.bySource[s.source] == nil {
		g.departed.bySource[s.source] = &pipeline.SessionSum{}
	}
	g.departed.bySource[s.source].Add(&sum)
}

// Departed returns what deleted sources, sessions and rules had counted. It is zero after Close.
func (g *Group) Departed() (d Departed) {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return d
	}
	for direction := range rules.Directions {
		d.Sources[direction] = g.departed.sources.Counters(rules.Direction(direction))
		d.Sessions[direction] = g.departed.sessions.Counters(rules.Direction(direction))
	}
	d.Rules = g.departed.rules.Count()
	return d
}
