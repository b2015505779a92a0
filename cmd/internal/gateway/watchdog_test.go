package gateway

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/lcore"
)

// watched is a watchdog over two lcores whose time is the test's.
type watched struct {
	*watchdog
	manager *manager
	heard   []string // by the manager, since the last told
	log     *bytes.Buffer
	now     time.Time
	lcores  []lcore.WorkerState
}

func newWatched(t *testing.T, usec string) *watched {
	t.Helper()
	m := newManager(t, filepath.Join(t.TempDir(), "notify"))
	n, text := asked(t, m.name, usec, "")
	w := &watched{manager: m, log: text, now: time.Now(), lcores: []lcore.WorkerState{{Lcore: 2, CPU: 2}, {Lcore: 3, CPU: 3}}}
	read := func() []lcore.WorkerState { return slices.Clone(w.lcores) }
	w.watchdog = newWatchdog(read, n, slog.New(slog.NewTextHandler(text, nil)))
	w.look(w.now)
	return w
}

// pass lets time pass, while which the named lcores move.
func (w *watched) pass(t time.Duration, moving ...int) {
	for end := w.now.Add(t); w.now.Before(end); {
		w.now = w.now.Add(w.stalls.period)
		for _, i := range moving {
			w.lcores[i].Heartbeat++
		}
		w.look(w.now)
		if w.fed.Equal(w.now) { // a socket holds a few messages only
			w.heard = append(w.heard, w.manager.told()...)
		}
	}
}

// told returns the messages since the last call.
func (w *watched) told() []string {
	messages := append(w.heard, w.manager.told()...)
	w.heard = nil
	return messages
}

// feeds counts the signs of life among them.
func (w *watched) feeds() (n int) {
	for _, message := range w.told() {
		if message == "WATCHDOG=1" {
			n++
		}
	}
	return n
}

func TestSignsOfLife(t *testing.T) {
	w := newWatched(t, "5000000")
	w.pass(10*time.Second, 0, 1)
	if got := w.told(); len(got) != 0 {
		t.Errorf("before READY: %q", got)
	}
	w.ready()
	if got := fmt.Sprintf("%q", w.told()); got != `["READY=1\nSTATUS=forwarding, lcores: 2"]` {
		t.Errorf("at the beginning: %s", got)
	}
	w.pass(25*time.Second, 0, 1)
	if n := w.feeds(); n != 10 {
		t.Errorf("%d signs of life in 25 s with both lcores, want 10", n)
	}
	w.pass(25*time.Second, 1)
	if n := w.feeds(); n != 0 {
		t.Errorf("%d signs of life while an lcore stands still", n)
	}
	w.pass(w.stalls.period, 0, 1)
	if n := w.feeds(); n != 1 {
		t.Errorf("%d signs of life when the lcore goes on, want 1 at once", n)
	}
	w.stopping()
	w.pass(25 * time.Second)
	if n := w.feeds(); n != 10 {
		t.Errorf("%d signs of life in 25 s of a stop, want 10", n)
	}
	if strings.Count(w.log.String(), "\n") != 2 {
		t.Errorf("log:\n%s", w.log)
	}
}

func TestStallIsToldOnce(t *testing.T) {
	for usec, limit := range map[string]time.Duration{"": time.Second, "5000000": time.Second, "800000": 400 * time.Millisecond} {
		w := newWatched(t, usec)
		w.ready()
		w.pass(5*time.Second, 0, 1)
		since := w.now
		w.pass(limit-w.stalls.period, 1)
		if w.log.Len() != 0 {
			t.Errorf("watchdog %q: after %v: %s", usec, w.now.Sub(since), w.log)
		}
		w.told()
		w.pass(limit+time.Hour, 1)
		w.pass(w.stalls.period, 0, 1)
		lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "level=ERROR msg=\"an lcore stands still") || !strings.Contains(lines[1], "an lcore goes on") {
			t.Fatalf("watchdog %q: log:\n%s", usec, w.log)
		}
		for _, line := range lines {
			if !strings.Contains(line, "lcore=2 cpu=2 since="+since.Format("2006-01-02T15:04:05.000")) {
				t.Errorf("watchdog %q: want lcore 2 since %v: %s", usec, since, line)
			}
		}
		told := w.told()
		if len(told) < 2 || told[0] != "STATUS=lcore 2 on CPU 2 stands still since "+since.Format(time.RFC3339) || told[1] != "STATUS=forwarding, lcores: 2" {
			t.Errorf("watchdog %q: told %q", usec, told)
		}
	}
}

// TestProcessHeldUp: a long time in which nothing could be seen is no stall.
func TestProcessHeldUp(t *testing.T) {
	w := newWatched(t, "")
	for range 10 {
		w.pass(w.stalls.period, 0, 1)
		w.now = w.now.Add(time.Hour)
		w.look(w.now)
	}
	if w.log.Len() != 0 {
		t.Errorf("log: %s", w.log)
	}
}

// TestWatchdogWithoutLcores is what is left after Close.
func TestWatchdogWithoutLcores(t *testing.T) {
	w := newWatched(t, "5000000")
	w.ready()
	w.lcores = nil
	w.pass(time.Minute)
	if w.log.Len() != 0 {
		t.Errorf("log: %s", w.log)
	}
	var none *watchdog
	none.ready()
	none.stopping()
	none.stop()
}
