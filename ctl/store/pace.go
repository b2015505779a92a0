package store

import "time"

// A change costs the time of one compile, prepare, save and commit, whether it comes alone or with
// a hundred others, and it hands the lcores a program that is in none of their caches. Batches that
// followed each other without pause would take a whole CPU from everything else that the control
// plane does, and give the lcores a cold program a hundred times a second.
const (
	batchShare   = 4                     // a batch begins no sooner than so many times the duration of the one before after its beginning
	longestPause = 50 * time.Millisecond // between two batches: what took long because it waited is no reason to wait long
)

// clock is the time that pauses are measured in, which is not that of records.
type clock struct {
	now   func() time.Time
	after func(time.Duration) <-chan time.Time
}

var wallClock = clock{time.Now, time.After}

// pace spreads batches by their cost. Only the writer uses it.
type pace struct {
	clock clock
	next  time.Time // no batch begins before
}

// wait returns when a batch may begin, at once after a pause that was long enough, or when ending
// is closed.
func (p *pace) wait(ending <-chan struct{}) {
	pause := p.next.Sub(p.clock.now())
	if pause <= 0 {
		return
	}
	select {
	case <-p.clock.after(pause):
	case <-ending:
	}
}

// measure makes a batch and notes what it cost.
func (p *pace) measure(batch func()) {
	began := p.clock.now()
	batch()
	ended := p.clock.now()
	p.next = ended.Add(min((batchShare-1)*ended.Sub(began), longestPause))
}
