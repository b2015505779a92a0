package ctl

import (
	"sync"
	"time"
)

// StateChange is news of one destination, one member, one zone or one link: exactly one of
// Destination, Member, Zone and Link is set. What they point at is never modified again.
type StateChange struct {
	Time        time.Time
	Destination *DestinationState
	Balancer    string // ID of the load balancer that Member or Zone is of
	Member      *MemberState
	Zone        *ZoneState
	Link        *LinkState
}

// KeptStateChanges is how far a reader of StateEvents may fall behind.
const KeptStateChanges = 1024

// StateEvents hands changes of state from the data path's side to any number of readers. Publish
// never waits for them: who falls behind is told how many changes are gone. Any goroutine may call
// the methods, those of a nil *StateEvents too, which has no changes.
type StateEvents struct {
	mu    sync.Mutex
	kept  [KeptStateChanges]StateChange
	last  uint64        // number of the last change; they are numbered from 1
	grown chan struct{} // closed by the next Publish; nil: nobody waits
}

// Publish adds a change. It takes well below a microsecond.
func (e *StateEvents) Publish(c StateChange) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	e.kept[e.last%KeptStateChanges] = c
	if e.grown != nil {
		close(e.grown)
		e.grown = nil
	}
}

// Last is the number of the last change; a reader that asks for what comes After it begins now.
func (e *StateEvents) Last() uint64 {
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// After returns the changes after a number, the oldest first, the number of the last of them, and
// how many between were lost because the reader was slow.
func (e *StateEvents) After(number uint64) (changes []StateChange, last, lost uint64) {
	if e == nil {
		return nil, number, 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	first := number + 1
	if e.last >= KeptStateChanges && first <= e.last-KeptStateChanges {
		lost = e.last - KeptStateChanges + 1 - first
		first += lost
	}
	for i := first; i <= e.last; i++ {
		changes = append(changes, e.kept[i%KeptStateChanges])
	}
	return changes, e.last, lost
}

// Grown returns a channel that is closed once there is a change after a number.
func (e *StateEvents) Grown(number uint64) <-chan struct{} {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last > number {
		grown := make(chan struct{})
		close(grown)
		return grown
	}
	if e.grown == nil {
		e.grown = make(chan struct{})
	}
	return e.grown
}
