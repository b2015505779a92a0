package underlay

import (
	"container/heap"
	"time"
)

// timer is a deadline of one part of the host. It is embedded in what it belongs to and guarded by
// the host's lock.
type timer struct {
	at    time.Time
	order uint64 // of timers with the same deadline: first set, first fired
	place int    // in the heap, plus 1; 0: not set
	fire  func(now time.Time)
}

// timers is a heap of the set timers, the earliest first.
type timers struct {
	heap  []*timer
	order uint64
}

// set (re)arms t.
func (s *timers) set(t *timer, at time.Time) {
	s.order++
	t.at, t.order = at, s.order
	if t.place > 0 {
		heap.Fix(s, t.place-1)
		return
	}
	heap.Push(s, t)
}

func (s *timers) stop(t *timer) {
	if t.place > 0 {
		heap.Remove(s, t.place-1)
	}
}

// run fires what is due. A timer that is set again while it fires must be set later than now.
func (s *timers) run(now time.Time) {
	for len(s.heap) > 0 && !s.heap[0].at.After(now) {
		t := s.heap[0]
		heap.Pop(s)
		t.fire(now)
	}
}

// next is the earliest deadline; the zero time if there is none.
func (s *timers) next() time.Time {
	if len(s.heap) == 0 {
		return time.Time{}
	}
	return s.heap[0].at
}

// Len, Less, Swap, Push and Pop are heap.Interface.
func (s *timers) Len() int { return len(s.heap) }

func (s *timers) Less(i, j int) bool {
	a, b := s.heap[i], s.heap[j]
	if a.at.Equal(b.at) {
		return a.order < b.order
	}
	return a.at.Before(b.at)
}

func (s *timers) Swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.heap[i].place, s.heap[j].place = i+1, j+1
}

func (s *timers) Push(x any) {
	t := x.(*timer)
	s.heap = append(s.heap, t)
	t.place = len(s.heap)
}

func (s *timers) Pop() any {
	last := len(s.heap) - 1
	t := s.heap[last]
	s.heap[last] = nil
	s.heap = s.heap[:last]
	t.place = 0
	return t
}
