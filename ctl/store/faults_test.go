package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

// TestFaults lets each step fail, once: the change must fail with the step's code, and nothing may
// have happened; the same change must then succeed.
func TestFaults(t *testing.T) {
	full := errors.New("no space left on device")
	for name, test := range map[string]struct {
		code   string
		broken func(p *path, m *memory)
	}{
		"prepare": {api.CodeDataPathRefused, func(p *path, _ *memory) { p.refuse = func(*rules.Snapshot) error { return errors.New("no memory") } }},
		"save":    {api.CodeStorageFailed, func(_ *path, m *memory) { m.setFail(full) }},
	} {
		t.Run(name, func(t *testing.T) {
			p, m := &path{}, newMemory()
			s := apply(t, Options{Publisher: p, Persistence: m}, good)
			defer s.Close()
			before, inForce := dump(s.st), p.snapshot()
			test.broken(p, m)
			_, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) })
			if codeOf(err) != test.code {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, dump(s.st)); diff != "" || p.snapshot() != inForce || p.preparing != 0 {
				t.Errorf("it left a trace (%d prepared): %s", p.preparing, diff)
			}
			if events, _ := s.Events(1, 0); len(events) != 0 {
				t.Errorf("events %+v", events)
			}
			p.refuse = nil
			m.setFail(nil)
			if r, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }); err != nil || r.Revision != 2 || len(p.snapshot().Sessions) != 2 {
				t.Errorf("afterwards: %+v, %v", r, err)
			}
		})
	}
}

// together makes changes that share one batch: the writer is held up until all are queued.
func together(t *testing.T, s *Store, p *path, changes []func(*Tx) error) []error {
	t.Helper()
	gate := make(chan struct{})
	p.mu.Lock()
	p.gate = gate
	p.mu.Unlock()
	var wait sync.WaitGroup
	wait.Add(1)
	go func() { // holds the writer in its Commit
		defer wait.Done()
		_, _ = change(s, func(tx *Tx) error { return tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: "gate"}}) })
	}()
	for { // until the writer has taken it
		p.mu.Lock()
		held := p.preparing == 1
		p.mu.Unlock()
		if held {
			break
		}
	}
	errs := make([]error, len(changes))
	for i, f := range changes {
		wait.Add(1)
		go func() {
			defer wait.Done()
			_, errs[i] = change(s, f)
		}()
		for len(s.queue) != i+1 { // in this order
		}
	}
	p.mu.Lock()
	p.gate = nil
	p.mu.Unlock()
	close(gate)
	wait.Wait()
	return errs
}

// TestBatch: changes that arrive together share one publication, and each fails alone: by its own
// fault, and by what the data path says of it.
func TestBatch(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Publisher: p, Config: cfg(t, gateway+"[quotas]\nsessions_per_source = 100\n")}, good)
	defer s.Close()
	put := func(name string, number int) func(*Tx) error {
		return func(tx *Tx) error { return tx.PutSession(newSession(name, number)) }
	}
	before := p.commits
	errs := together(t, s, p, []func(*Tx) error{put("a", 2), put("b", 2), put("c", 3), func(*Tx) error { panic("defect") }, put("d", 4)})
	for i, code := range []string{"", api.CodeAlreadyExists, "", api.CodeInternal, ""} {
		if codeOf(errs[i]) != code {
			t.Errorf("change %d: %v", i, errs[i])
		}
	}
	if n := p.commits - before; n != 2 || len(p.snapshot().Sessions) != 4 {
		t.Errorf("%d publications, %d sessions", n, len(p.snapshot().Sessions))
	}
	p.refuse = func(snapshot *rules.Snapshot) error {
		for _, session := range snapshot.Sessions {
			if session.Name == "guilty" {
				return errors.New("no room")
			}
		}
		return nil
	}
	if _, err := change(s, func(tx *Tx) error { r, _ := tx.Interface("", "gate"); return tx.Delete(KindInterface, r.ID) }); err != nil {
		t.Fatal(err)
	}
	errs = together(t, s, p, []func(*Tx) error{put("e", 5), put("guilty", 6), put("f", 7)})
	if errs[0] != nil || codeOf(errs[1]) != api.CodeDataPathRefused || errs[2] != nil || len(p.snapshot().Sessions) != 6 {
		t.Errorf("%v, %d sessions", errs, len(p.snapshot().Sessions))
	}
	if err := errs[1].Error(); err != "the data path does not take the change (no room); nothing changed" {
		t.Error(err)
	}
}

// TestStalled: the change is made, and the caller is told.
func TestStalled(t *testing.T) {
	p, m := &path{}, newMemory()
	s := apply(t, Options{Publisher: p, Persistence: m}, good)
	defer s.Close()
	p.stall = true
	r, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) })
	if !errors.Is(err, ctl.ErrStalled) || r.Revision != 2 || len(r.Events) != 1 || m.revision != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestBeforeStart: changes are kept and judged but not published; Start publishes them.
func TestBeforeStart(t *testing.T) {
	p, m := &path{}, newMemory()
	s, err := Open(Options{Config: cfg(t, gateway), Publisher: p, Persistence: m})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	doc, _ := ctl.ParseDocument("resources.toml", []byte(good))
	if _, err := change(s, func(tx *Tx) error { return tx.Reconcile(doc, false) }); err != nil || p.prepares != 0 || m.revision != 1 {
		t.Fatal(err, p.prepares)
	}
	if err := s.Start(); err != nil || len(p.snapshot().Sessions) != 1 {
		t.Error(err)
	}
}

// TestClose: what waits is done, what comes later is refused, and nobody waits for ever.
func TestClose(t *testing.T) {
	s := apply(t, Options{}, good)
	waiting := make(chan error)
	go func() { waiting <- s.Wait(context.Background(), 1) }()
	var all sync.WaitGroup
	for i := range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := change(s, func(tx *Tx) error {
				return tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: fmt.Sprintf("n%d", i)}})
			})
			if err != nil && codeOf(err) != api.CodeUnavailable {
				t.Error(err)
			}
		}()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if err := <-waiting; err != nil && codeOf(err) != api.CodeUnavailable {
		t.Errorf("Wait: %v", err)
	}
	if _, err := change(s, func(*Tx) error { return nil }); codeOf(err) != api.CodeUnavailable {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Wait(context.Background(), 1000); codeOf(err) != api.CodeUnavailable {
		t.Errorf("Wait after Close: %v", err)
	}
}

// TestGivenUp: a change whose caller has gone is not made if it still waits.
func TestGivenUp(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Publisher: p}, good)
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var given error
	done := make(chan struct{})
	gate := make(chan struct{})
	go func() {
		_, _ = change(s, func(*Tx) error { close(gate); <-done; return nil })
	}()
	<-gate
	answered := make(chan struct{})
	go func() {
		_, given = s.Change(ctx, Request{}, func(tx *Tx) error { return tx.PutSession(newSession("late", 2)) })
		close(answered)
	}()
	for len(s.queue) != 1 {
	}
	cancel()
	<-answered
	close(done)
	if !errors.Is(given, context.Canceled) {
		t.Errorf("got %v", given)
	}
	if _, err := change(s, func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	s.Read(func(v *View) {
		if _, made := v.Session("", "late"); made {
			t.Error("it was made all the same")
		}
	})
}
