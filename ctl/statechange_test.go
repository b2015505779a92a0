package ctl

import (
	"sync"
	"testing"
)

func change(balancer string) StateChange { return StateChange{Balancer: balancer} }

func TestStateEvents(t *testing.T) {
	e := &StateEvents{}
	e.Publish(change("a"))
	from := e.Last()
	grown := e.Grown(from)
	select {
	case <-grown:
		t.Error("there is nothing new yet")
	default:
	}
	if changes, last, lost := e.After(from); len(changes) != 0 || last != from || lost != 0 {
		t.Errorf("after the last: %v %d %d", changes, last, lost)
	}
	e.Publish(change("b"))
	e.Publish(change("c"))
	<-grown
	<-e.Grown(from)
	if changes, last, lost := e.After(from); len(changes) != 2 || changes[0].Balancer != "b" || changes[1].Balancer != "c" || last != 3 || lost != 0 {
		t.Errorf("got %v %d %d", changes, last, lost)
	}
}

// TestSlowReader: a reader is never waited for; it learns what it lost.
func TestSlowReader(t *testing.T) {
	for _, test := range []struct{ published, read, lost, kept uint64 }{
		{KeptStateChanges, 0, 0, KeptStateChanges},
		{KeptStateChanges + 1, 0, 1, KeptStateChanges},
		{KeptStateChanges + 1, 1, 0, KeptStateChanges},
		{3 * KeptStateChanges, 0, 2 * KeptStateChanges, KeptStateChanges},
		{3 * KeptStateChanges, 3*KeptStateChanges - 1, 0, 1},
	} {
		e := &StateEvents{}
		for range test.published {
			e.Publish(change("x"))
		}
		if changes, last, lost := e.After(test.read); uint64(len(changes)) != test.kept || last != test.published || lost != test.lost {
			t.Errorf("%+v: %d changes, last %d, lost %d", test, len(changes), last, lost)
		}
	}
}

func TestNoStateEvents(t *testing.T) {
	var e *StateEvents
	e.Publish(change("a"))
	if changes, last, lost := e.After(7); e.Last() != 0 || changes != nil || last != 7 || lost != 0 || e.Grown(0) != nil {
		t.Error("nil has changes")
	}
}

// TestManyReaders: every reader sees every change, or that it lost some.
func TestManyReaders(t *testing.T) {
	e, readers := &StateEvents{}, sync.WaitGroup{}
	const n = 5000
	for range 4 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for seen := uint64(0); seen < n; {
				<-e.Grown(seen)
				changes, last, lost := e.After(seen)
				if uint64(len(changes))+lost != last-seen {
					t.Errorf("%d changes and %d lost between %d and %d", len(changes), lost, seen, last)
				}
				seen = last
			}
		}()
	}
	for range n {
		e.Publish(change("x"))
	}
	readers.Wait()
}
