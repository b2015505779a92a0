package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/tally"
)

// noted is how many durations a histogram has, and their sum.
func noted(h *tally.Histogram) (n uint64, sum time.Duration) {
	counts, sum := h.Read()
	for _, c := range counts {
		n += c
	}
	return n, sum
}

// slowDisk is a disk that takes time by the clock of the store.
type slowDisk struct {
	*memory
	time *fakeTime
	cost time.Duration
}

func (d *slowDisk) Save(b *Batch) error {
	d.time.move(d.cost)
	return d.memory.Save(b)
}

// atOnce ends each pause when it begins.
func atOnce(time.Duration) <-chan time.Time {
	over := make(chan time.Time)
	close(over)
	return over
}

// TestTook makes a change whose steps take known times, one that the disk refuses, and one that
// itself is at fault.
func TestTook(t *testing.T) {
	f := newFakeTime()
	p, disk := &costlyPath{time: f}, &slowDisk{newMemory(), f, 3 * time.Millisecond}
	s := open(t, Options{Config: cfg(t, gateway), Publisher: p, Persistence: disk, clock: &clock{f.now, atOnce}})
	defer s.Close()
	started, _ := noted(&s.Took().Publish)
	p.cost = 4 * time.Millisecond
	if err := <-put(context.Background(), s, "made"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		h    *tally.Histogram
		want time.Duration
	}{{"apply", &s.Took().Apply, 7 * time.Millisecond}, {"prepare", &s.Took().Prepare, 4 * time.Millisecond}, {"save", &s.Took().Save, 3 * time.Millisecond}} {
		if _, sum := noted(step.h); sum != step.want {
			t.Errorf("%s took %v, want %v", step.name, sum, step.want)
		}
	}
	if n, _ := noted(&s.Took().Publish); n != started+1 || s.Took().Unsaved() {
		t.Errorf("published %d times after %d at the start, unsaved %v", n, started, s.Took().Unsaved())
	}
	disk.mu.Lock()
	disk.fail = errors.New("no space left on device")
	disk.mu.Unlock()
	if err := <-put(context.Background(), s, "lost"); err == nil || !s.Took().Unsaved() {
		t.Errorf("%v, unsaved %v", err, s.Took().Unsaved())
	}
	disk.mu.Lock()
	disk.fail = nil
	disk.mu.Unlock()
	bad := errors.New("bad")
	if _, err := change(s, func(*Tx) error { return bad }); err != bad || !s.Took().Unsaved() {
		t.Errorf("%v; a change that never reached the disk says nothing of it: unsaved %v", err, s.Took().Unsaved())
	}
	if _, err := change(s, func(tx *Tx) error { return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: "again"}}) }); err != nil || s.Took().Unsaved() {
		t.Errorf("%v, unsaved %v", err, s.Took().Unsaved())
	}
}
