package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

// refuseInterface makes the data path refuse whatever has an interface of that name.
func refuseInterface(name string) func(*rules.Snapshot) error {
	return func(s *rules.Snapshot) error {
		for i := range s.Sources {
			if s.Sources[i].Name == name {
				return errors.New("no room")
			}
		}
		return nil
	}
}

// TestJudgedByWhatStays: a change is refused for what another one did only if that one was made.
func TestJudgedByWhatStays(t *testing.T) {
	wire := func(name string, mac byte) func(*Tx) error {
		return func(tx *Tx) error {
			return tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: name}, Port: "wire1", HasMAC: true, MAC: [6]byte{2, 0, 0, 0, 1, mac}})
		}
	}
	p, m := &path{}, newMemory()
	s := apply(t, Options{Publisher: p, Persistence: m}, good)
	defer s.Close()
	p.refuse = refuseInterface("guilty")
	errs := together(t, s, p, []func(*Tx) error{wire("guilty", 1), wire("same-key", 1), wire("other", 2)})
	if codeOf(errs[0]) != api.CodeDataPathRefused || errs[1] != nil || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	s.Read(func(v *View) {
		for name, want := range map[string]bool{"guilty": false, "same-key": true, "other": true} {
			if _, found := v.Interface("", name); found != want {
				t.Errorf("interface %s: %v", name, found)
			}
		}
	})
}

// TestJudgedWithoutDisk: the same when the disk is full for the one and not for the other.
func TestJudgedWithoutDisk(t *testing.T) {
	p, m := &path{}, newMemory()
	s := apply(t, Options{Publisher: p, Persistence: m}, good)
	defer s.Close()
	put := func(number int) func(*Tx) error {
		return func(tx *Tx) error { return tx.PutSession(newSession("twice", number)) }
	}
	s.persistence = &fullOnce{memory: m}
	errs := together(t, s, p, []func(*Tx) error{put(2), put(3)})
	if codeOf(errs[0]) != api.CodeStorageFailed || errs[1] != nil {
		t.Errorf("got %v", errs)
	}
	s.Read(func(v *View) {
		if r, ok := v.Session("", "twice"); !ok || r.Number != 3 || len(m.records[KindSession]) != 2 {
			t.Errorf("got %+v, %d on disk", r, len(m.records[KindSession]))
		}
	})
}

// fullOnce fails the first batch that has a session.
type fullOnce struct {
	*memory
	done bool
}

func (f *fullOnce) Save(b *Batch) error {
	for _, w := range b.Writes {
		if w.Kind == KindSession && !f.done {
			f.done = true
			return errors.New("no space left on device")
		}
	}
	return f.memory.Save(b)
}

// TestWatchWhatIsSeen: a revision that a reader has seen is one that a watcher may go on from, also
// while the change is still being put in force. Its events come when it is.
func TestWatchWhatIsSeen(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Publisher: p, Persistence: newMemory()}, good)
	defer s.Close()
	gate := make(chan struct{})
	p.mu.Lock()
	p.gate = gate
	p.mu.Unlock()
	answered := make(chan error)
	go func() {
		_, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) })
		answered <- err
	}()
	var seen uint64
	for seen < 2 {
		s.Read(func(v *View) { seen = v.Revision() })
	}
	if events, err := s.Events(seen, 0); err != nil || len(events) != 0 {
		t.Errorf("after %d: %v, %v", seen, events, err)
	}
	if events, err := s.Events(1, 0); err != nil || len(events) != 0 {
		t.Errorf("after 1, before it is in force: %v, %v", events, err)
	}
	if _, err := s.Events(seen+1, 0); codeOf(err) != api.CodeRevisionGone {
		t.Errorf("after a revision that nobody has seen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	close(gate)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if events, err := s.Events(1, 0); err != nil || len(events) != 1 {
		t.Errorf("after 1: %v, %v", events, err)
	}
}

// TestNothingBadWhileUnserved: a target without a way is judged like any other, since it must
// still be right when the configuration has a way to it.
func TestNothingBadWhileUnserved(t *testing.T) {
	m := newMemory()
	s := apply(t, Options{Persistence: m}, edited(t, good, "address = \"192.0.2.10\"\nmtu = 1600", "address = \"2001:db8::9\"\nmtu = 1600"))
	s.Close()
	s = open(t, Options{Persistence: m, Config: cfg(t, edited(t, gateway, `, "2001:db8::1/64"`, ""))})
	_, err := change(s, func(tx *Tx) error {
		return tx.PutTarget(edit(tx.Target, "ids", func(r *ctl.Target) { r.MTU = 600 }))
	})
	if codeOf(err) != api.CodeInvalidValue {
		t.Errorf("mtu 600 for IPv6: %v", err)
	}
	s.Close()
	s, err = Open(Options{Persistence: m, Config: cfg(t, gateway)})
	if err != nil {
		t.Fatalf("what was taken does not load: %v", err)
	}
	s.Close()
}

// TestTinyPort: a port that says it takes less than any copy needs is no reason to refuse the
// whole state.
func TestTinyPort(t *testing.T) {
	m := newMemory()
	apply(t, Options{Persistence: m}, good).Close()
	s, err := Open(Options{Persistence: m, Config: cfg(t, gateway), PortMTU: map[string]int{"tun0": 68}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := `target "ids": port "tun0" has mtu 68 and copies need at least 100; raise it`
	if w := s.Warnings(); len(w) == 0 || w[0].Error() != want {
		t.Errorf("warnings %v", w)
	}
}

// TestManyMisspelt: a document full of references to nothing is refused without holding up
// everybody else while a remedy is sought for each of them.
func TestManyMisspelt(t *testing.T) {
	s := apply(t, Options{}, good)
	defer s.Close()
	_, err := change(s, func(tx *Tx) error {
		for i := range 2000 {
			if err := tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: fmt.Sprintf("interface-%d", i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = change(s, func(tx *Tx) error {
		for i := range 3000 {
			r := newSession(fmt.Sprintf("s%d", i), 1)
			r.Source = fmt.Sprintf("enterface-%d", i)
			if err := tx.PutSession(r); err != nil {
				return err
			}
		}
		return nil
	})
	if codeOf(err) != api.CodeNotFound {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestTokensAreBounded: what tokens remember is bounded by what it holds, not by their number.
func TestTokensAreBounded(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	u := &tokens{byKey: map[string]*usedToken{}}
	for i := range 10 {
		u.add(&usedToken{key: fmt.Sprint(i), time: now, events: make([]Event, maxTokenEvents/5)})
	}
	keys, entries := u.expired(now, 1000)
	if entries != 5 || len(keys) != 5 {
		t.Fatalf("%d of 10 are forgotten", entries)
	}
	u.drop(entries)
	if _, entries := u.expired(now, 1000); entries != 0 {
		t.Errorf("%d more are forgotten", entries)
	}
	forget := u.add(&usedToken{key: "one more", time: now, events: make([]Event, maxTokenEvents/5)})
	if _, entries := u.expired(now, 1000); entries != 1 {
		t.Errorf("%d are forgotten for one more", entries)
	}
	forget()
	if _, entries := u.expired(now, 1000); entries != 0 {
		t.Errorf("%d are forgotten for none", entries)
	}
}
