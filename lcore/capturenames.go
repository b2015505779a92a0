package lcore

import (
	"sync"

	"mirrorgw/rules"
)

// keptNames is how many changes a reader may be behind and still learn whose copies it reads.
const keptNames = 16

// sessionNames are the sessions of the programs that frames in the rings may be of.
type sessionNames struct {
	mu     sync.Mutex
	recent []generation // oldest first
}

type generation struct {
	number   uint64
	snapshot *rules.Snapshot
}

// add is called before a program is in force.
func (s *sessionNames) add(number uint64, snapshot *rules.Snapshot) {
	if snapshot == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) == keptNames {
		s.recent = append(s.recent[:0], s.recent[1:]...)
	}
	s.recent = append(s.recent, generation{number, snapshot})
}

// of is the ID of a session by its index in a program, of which the lower half of the generation is
// given; empty: that is too long ago.
func (s *sessionNames) of(number uint32, session int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.recent) - 1; i >= 0; i-- {
		if g := &s.recent[i]; uint32(g.number) == number && session < len(g.snapshot.Sessions) {
			return g.snapshot.Sessions[session].ID
		}
	}
	return ""
}

// forget lets go of the programs before a generation.
func (s *sessionNames) forget(before uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.recent) > 0 && s.recent[0].number < before {
		s.recent = append(s.recent[:0], s.recent[1:]...)
	}
}

// settled is the generation that all workers work by; 0 while one may work by an older one.
func (g *Group) settled() uint64 {
	g.read.RLock()
	defer g.read.RUnlock()
	if len(g.pending) > 0 {
		return 0
	}
	return g.generation
}
