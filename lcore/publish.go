package lcore

import (
	"errors"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// stallLimit is how long Publish waits for the workers.
const stallLimit = time.Second

// ErrStalled says that a change is in force on every lcore that runs, but that one lcore has not
// been seen past the old program for stallLimit. The old program is kept until it has.
var ErrStalled = errors.New("lcore-stalled: an lcore has not reported within 1 s; the change stays and will be in force there when it does")

// retired is a program that was replaced while an lcore was stalled.
type retired struct {
	program *pipeline.Program
	token   dpdk.Token
}

// Publish puts a snapshot in force on every worker. It returns once no worker can still be using
// the previous one, so that an answer to the operator means "in force". An error other than
// ErrStalled means that nothing has changed.
func (g *Group) Publish(s *rules.Snapshot) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reapPending()
	slots, err := g.slots.assign(s)
	if err != nil {
		g.forgetAllBut(g.snapshotOrEmpty())
		return err
	}
	program, err := pipeline.NewProgram(s, g.layout, slots, g.generation+1)
	if err != nil {
		g.forgetAllBut(g.snapshotOrEmpty())
		return err
	}
	old := g.program
	g.program, g.snapshot, g.current = program, s, slots
	g.generation++
	for _, w := range g.workers {
		w.setProgram(program)
	}
	if err := g.retire(old); err != nil {
		return err
	}
	g.forgetAllBut(s)
	return nil
}

// forgetAllBut gives up the counters of resources that are no longer there. While a stalled lcore
// may still count in them they are kept; the next change comes back to them.
func (g *Group) forgetAllBut(s *rules.Snapshot) {
	if len(g.pending) > 0 {
		return
	}
	gone := g.slots.keepOnly(s)
	for _, w := range g.workers {
		w.counters.Clear(gone)
	}
}

func (g *Group) snapshotOrEmpty() *rules.Snapshot {
	if g.snapshot == nil {
		return &rules.Snapshot{}
	}
	return g.snapshot
}

// retire frees a program once every worker has been seen past it.
func (g *Group) retire(old *pipeline.Program) error {
	if old == nil {
		return nil
	}
	token := g.qsbr.Start()
	for deadline := time.Now().Add(stallLimit); !g.qsbr.Check(token, false); {
		if time.Now().After(deadline) {
			g.pending = append(g.pending, retired{old, token})
			return ErrStalled
		}
		time.Sleep(20 * time.Microsecond)
	}
	old.Free()
	return nil
}

// reapPending frees retired programs whose lcores have come back.
func (g *Group) reapPending() {
	kept := g.pending[:0]
	for _, r := range g.pending {
		if g.qsbr.Check(r.token, false) {
			r.program.Free()
			continue
		}
		kept = append(kept, r)
	}
	g.pending = kept
}

// Generation returns the number of the program in force; it grows by one a Publish.
func (g *Group) Generation() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.generation
}

// freePrograms frees everything; the workers must have stopped.
func (g *Group) freePrograms() {
	for _, r := range g.pending {
		r.program.Free()
	}
	g.pending = nil
	if g.program != nil {
		g.program.Free()
		g.program = nil
	}
}
