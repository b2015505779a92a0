package lcore

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// stallLimit is how long Commit waits for the workers.
const stallLimit = time.Second

// maxPending bounds the programs that are kept for an lcore that does not report: each of them may
// still be in use there. 65,536 sessions take some 10 MiB.
const maxPending = 64

// ErrStalled says that a change is in force on every lcore that runs, but that one lcore has not
// been seen past the old program for stallLimit. The old program is kept until it has.
var ErrStalled = errors.New("lcore-stalled: an lcore has not reported within 1 s; the change stays and will be in force there when it does")

// ErrPrepared says that a change is prepared and neither committed nor discarded yet.
var ErrPrepared = errors.New("another change is prepared: commit or discard it before preparing the next")

// errSpent is what Commit says of a change that was committed or discarded before.
var errSpent = errors.New("this change was committed or discarded before, or the group was closed")

// Prepared is a snapshot laid out in C memory with slots for its counters, ready to be put in
// force. It ends with Commit or Discard, and by Close of its group.
type Prepared struct {
	group    *Group
	snapshot *rules.Snapshot
	slots    pipeline.Slots
	program  *pipeline.Program
}

// Prepare does everything of a change that can fail; what is in force stays so. Until the Prepared
// is committed or discarded any other Prepare or Publish is refused with ErrPrepared: no lock is
// held meanwhile, so that the caller may take its time (writing to a disk, say) while counters
// are read, Explain is called, and the group is stopped or closed. Preparing itself may take seconds, for
// which only other changes and Close wait.
func (g *Group) Prepare(s *rules.Snapshot) (*Prepared, error) {
	g.changes.Lock()
	defer g.changes.Unlock()
	p, err := g.prepare(s)
	if err == nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.prepared = p
	}
	return p, err
}

// Commit puts the change in force on every worker. It returns once no worker can still be using
// the previous program, so that an answer to the operator means "in force". The only error of a
// change that was not committed or discarded before, and whose group is open, is ErrStalled; then
// the change is in force wherever lcores run.
func (p *Prepared) Commit() error {
	p.group.changes.Lock()
	defer p.group.changes.Unlock()
	if !p.spend() {
		return errSpent
	}
	return p.group.commit(p)
}

// Discard gives the change up: nothing has happened. After Commit or Discard it does nothing.
func (p *Prepared) Discard() {
	p.group.changes.Lock()
	defer p.group.changes.Unlock()
	if p.spend() {
		p.group.discard(p)
	}
}

// spend reports whether the change was neither committed nor discarded before; from now on it is.
func (p *Prepared) spend() bool {
	g := p.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.prepared != p {
		return false
	}
	g.prepared = nil
	return true
}

// Publish is Prepare and Commit in one. An error other than ErrStalled means that nothing has
// changed.
func (g *Group) Publish(s *rules.Snapshot) error {
	g.changes.Lock()
	defer g.changes.Unlock()
	p, err := g.prepare(s)
	if err != nil {
		return err
	}
	return g.commit(p)
}

// mayPrepare refuses a change while another one is prepared, or too many wait for an lcore.
func (g *Group) mayPrepare() error {
	g.reap()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch n := len(g.pending); {
	case g.closed:
		return errClosed
	case g.prepared != nil:
		return ErrPrepared
	case n >= maxPending:
		return fmt.Errorf("an lcore has not reported since %d changes, which wait for it: see what keeps its CPU, or restart the gateway", n)
	}
	return nil
}

// prepare is called with changes held and without mu, as are the rest: whoever waits for mu answers
// neighbours too.
func (g *Group) prepare(s *rules.Snapshot) (*Prepared, error) {
	if err := g.mayPrepare(); err != nil {
		return nil, err
	}
	slots, err := g.slots.assign(s)
	if err != nil {
		g.slots.refuse()
		return nil, err
	}
	program, err := pipeline.NewProgram(s, g.layout, slots, g.generation+1)
	if err != nil {
		g.slots.refuse()
		return nil, err
	}
	g.touchCounters()
	return &Prepared{g, s, slots, program}, nil
}

// touchCounters writes to counters that nobody has used before, so that it is not a worker that waits
// for the kernel to find and clear memory for them: 2 MiB at a time.
func (g *Group) touchCounters() {
	touch := func(p *slotPool, clear func(*pipeline.Counters, uint32)) {
		first, end := p.unused()
		for _, w := range g.workers {
			for slot := first; slot < end; slot++ {
				clear(w.counters, slot)
			}
		}
	}
	touch(&g.slots.sources.slotPool, (*pipeline.Counters).ClearSource)
	touch(&g.slots.sessions.slotPool, (*pipeline.Counters).ClearSession)
	touch(&g.slots.targets.slotPool, (*pipeline.Counters).ClearTarget)
	touch(&g.slots.rules.slotPool, (*pipeline.Counters).ClearRule)
}

func (g *Group) discard(p *Prepared) {
	p.program.Free()
	g.slots.refuse()
}

// retired is a program that was replaced, until every lcore has been seen past it.
type retired struct {
	program *pipeline.Program
	token   dpdk.Token
	left    leftover // what it counted in and its successor does not
}

// commit swaps and waits.
func (g *Group) commit(p *Prepared) error {
	g.swap(p)
	g.reap()
	for begin := time.Now(); len(g.pending) > 0; g.reap() { // only changes touch pending
		waited := time.Since(begin)
		if waited > stallLimit {
			return ErrStalled
		}
		pause(waited)
	}
	return nil
}

// pause waits a moment for a worker, which passes by every few microseconds unless its burst is
// large: at first only other goroutines get the CPU, then the thread sleeps.
func pause(waited time.Duration) {
	if waited < 100*time.Microsecond {
		runtime.Gosched()
		return
	}
	time.Sleep(20 * time.Microsecond)
}

// swap stores the new program for every worker and retires the old one.
func (g *Group) swap(p *Prepared) {
	left := g.leftover(g.slots.accept())
	g.mu.Lock() // Explain is no reader that the grace period knows
	defer g.mu.Unlock()
	g.read.Lock()
	defer g.read.Unlock()
	old := g.program
	g.program, g.snapshot, g.current = p.program, p.snapshot, p.slots
	g.generation++
	g.followCaptures(g.generation, p.snapshot)
	for _, w := range g.workers {
		w.setProgram(p.program)
	}
	if old != nil {
		g.pending = append(g.pending, retired{old, g.qsbr.Start(), left})
	}
}

// reap frees retired programs that every lcore has been seen past, oldest first, and gives the
// slots that went with them back.
func (g *Group) reap() {
	for len(g.pending) > 0 && g.qsbr.Check(g.pending[0].token, false) {
		oldest := g.pending[0]
		g.read.Lock()
		g.pending = g.pending[1:]
		g.fold(&oldest.left)
		g.read.Unlock()
		oldest.program.Free()
	}
}

// freePrograms frees everything; the workers must have stopped. Called with mu held too.
func (g *Group) freePrograms() {
	if g.prepared != nil {
		g.discard(g.prepared)
		g.prepared = nil
	}
	for _, r := range g.pending {
		r.program.Free()
	}
	g.pending = nil
	if g.program != nil {
		g.program.Free()
		g.program = nil
	}
}
