package gateway

import (
	"strings"
	"testing"
	"time"

	"mirrorgw/lcore"
)

// congest makes an lcore go through a change of state, as it says itself.
func (w *watched) congest(i int, state lcore.Congested, sign int) {
	c := &w.lcores[i].Congestion
	c.State, c.Transitions = state, c.Transitions+1
	c.Time[state] += time.Millisecond
	c.Signs[sign]++
}

// logged returns the lines since the last call that are about congestion.
func (w *watched) logged() (lines []string) {
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, "congested") {
			lines = append(lines, line)
		}
	}
	w.log.Reset()
	return lines
}

// TestCongestionIsLoggedOnce: a congestion that comes and goes is told of when it begins and when it
// has been over for a while.
func TestCongestionIsLoggedOnce(t *testing.T) {
	w := newWatched(t, "5000000")
	w.pass(time.Second, 0, 1)
	if lines := w.logged(); lines != nil {
		t.Errorf("without congestion: %q", lines)
	}
	w.congest(1, lcore.Limited, 0)
	w.pass(time.Second, 0, 1)
	if lines := w.logged(); len(lines) != 1 || !strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[0], "lcore=3 state=limited signs=receive\n") {
		t.Errorf("at the beginning: %q", lines)
	}
	w.congest(1, lcore.Unmatched, 2)
	w.pass(time.Second, 0, 1)
	for range 3 { // it comes and goes
		w.congest(1, lcore.Calm, 0)
		w.pass(time.Second, 0, 1)
		w.congest(1, lcore.Limited, 0)
		w.congest(1, lcore.Calm, 0)
		w.pass(time.Second, 0, 1)
	}
	if lines := w.logged(); lines != nil {
		t.Errorf("meanwhile: %q", lines)
	}
	w.pass(3*time.Second, 0, 1)
	if lines := w.logged(); len(lines) != 1 || !strings.Contains(lines[0], "level=INFO") || !strings.Contains(lines[0], "lcore=3 worst=unmatched") || !strings.Contains(lines[0], "signs=receive,tunnel\n") {
		t.Errorf("at the end: %q", lines)
	}
	w.congest(1, lcore.Limited, 3) // between two looks
	w.congest(1, lcore.Calm, 3)
	w.pass(10*time.Second, 0, 1)
	if lines := w.logged(); len(lines) != 2 || !strings.Contains(lines[0], "signs=mempool\n") {
		t.Errorf("a short one: %q", lines)
	}
}
