package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// fakeTime stands still unless it is moved. Whoever waits is in waits, and goes on by release.
type fakeTime struct {
	mu      sync.Mutex
	t       time.Time
	reads   int
	waits   chan time.Duration
	release chan time.Time
}

func newFakeTime() *fakeTime {
	return &fakeTime{t: time.Unix(1000, 0), waits: make(chan time.Duration, 1), release: make(chan time.Time)}
}

func (f *fakeTime) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	return f.t
}

// read is how often somebody has looked.
func (f *fakeTime) read() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *fakeTime) move(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = f.t.Add(d)
}

func (f *fakeTime) after(d time.Duration) <-chan time.Time {
	f.waits <- d
	return f.release
}

func (f *fakeTime) clock() *clock { return &clock{f.now, f.after} }

// costlyPath is a path whose preparation takes time.
type costlyPath struct {
	path
	time *fakeTime
	cost time.Duration
}

func (p *costlyPath) Prepare(s *rules.Snapshot) (ctl.Prepared, error) {
	p.time.move(p.cost)
	return p.path.Prepare(s)
}

func (p *costlyPath) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.commits
}

func paced(t *testing.T, cost time.Duration) (*Store, *costlyPath) {
	f := newFakeTime()
	p := &costlyPath{time: f}
	s := open(t, Options{Config: cfg(t, gateway), Publisher: p, clock: f.clock()})
	t.Cleanup(func() { s.Close() })
	p.cost = cost
	return s, p
}

// put begins a change and returns its answer.
func put(ctx context.Context, s *Store, name string) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := s.Change(ctx, Request{}, func(tx *Tx) error { return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: name}}) })
		done <- err
	}()
	return done
}

// await waits until n jobs are queued behind the one that the writer holds.
func await(t *testing.T, s *Store, n int) {
	t.Helper()
	for begin := time.Now(); len(s.queue) < n; {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("%d changes are queued, want %d", len(s.queue), n)
		}
	}
}

func TestChangesJoinWhileABatchIsPaced(t *testing.T) {
	s, p := paced(t, 4*time.Millisecond)
	ctx := context.Background()
	if err := <-put(ctx, s, "first"); err != nil { // at once: nothing came before
		t.Fatal(err)
	}
	answers := []chan error{put(ctx, s, "second")}
	if pause := <-p.time.waits; pause != 12*time.Millisecond {
		t.Errorf("a batch begins %v after one of 4 ms has ended, want 12 ms", pause)
	}
	for _, name := range []string{"a", "b", "c"} {
		answers = append(answers, put(ctx, s, name))
	}
	await(t, s, 3)
	before := p.count()
	p.time.release <- time.Time{}
	for _, answer := range answers {
		if err := <-answer; err != nil {
			t.Error(err)
		}
	}
	if n := p.count() - before; n != 1 {
		t.Errorf("4 changes were published %d times, want once", n)
	}
}

// TestChangeAfterAPauseIsImmediate moves the clock only when the writer has noted the end of a batch, which it
// does after the answer: by then it has read the clock as often as for the batch before.
func TestChangeAfterAPauseIsImmediate(t *testing.T) {
	s, p := paced(t, 4*time.Millisecond)
	ctx := context.Background()
	if err := <-put(ctx, s, "first"); err != nil {
		t.Fatal(err)
	}
	var before, batch int // how often the clock was read when a pause began, and from one pause to the next
	for _, name := range []string{"second", "third"} {
		answer := put(ctx, s, name)
		<-p.time.waits
		batch, before = p.time.read()-before, p.time.read()
		p.time.release <- time.Time{}
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
	}
	noted := before + batch - 1
	for _, name := range []string{"a", "b", "c"} {
		for begin := time.Now(); p.time.read() < noted; {
			if time.Since(begin) > 10*time.Second {
				t.Fatalf("the clock was read %d times, want %d", p.time.read(), noted)
			}
		}
		p.time.move(12 * time.Millisecond)
		if err := <-put(ctx, s, name); err != nil { // would wait for ever
			t.Fatal(err)
		}
		noted += batch
	}
}

func TestPauseHasALimit(t *testing.T) {
	s, p := paced(t, time.Hour)
	ctx := context.Background()
	if err := <-put(ctx, s, "slow"); err != nil {
		t.Fatal(err)
	}
	answer := put(ctx, s, "next")
	if pause := <-p.time.waits; pause != longestPause {
		t.Errorf("a batch waits %v after one of an hour, want %v", pause, longestPause)
	}
	p.time.release <- time.Time{}
	if err := <-answer; err != nil {
		t.Error(err)
	}
}

func TestEndsOfAPause(t *testing.T) {
	s, p := paced(t, 4*time.Millisecond)
	if err := <-put(context.Background(), s, "first"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancelled := put(ctx, s, "cancelled")
	<-p.time.waits
	queued := put(context.Background(), s, "queued")
	await(t, s, 1)
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled change says %v", err)
	}
	if err := s.Close(); err != nil { // ends the pause: nobody releases it
		t.Fatal(err)
	}
	if err := <-queued; err != nil {
		t.Errorf("a change that was queued before the end says %v", err)
	}
	s.Read(func(v *View) {
		if n := v.Counts().Filters; n != 2 {
			t.Errorf("there are %d filters, want the first and the queued one", n)
		}
	})
}
