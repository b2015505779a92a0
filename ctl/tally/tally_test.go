package tally

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	if !slices.IsSorted(Bounds[:]) {
		t.Fatalf("the bounds are %v", Bounds)
	}
	var h Histogram
	for _, d := range []time.Duration{0, Bounds[0], Bounds[0] + 1, Bounds[1], Bounds[len(Bounds)-1], Bounds[len(Bounds)-1] + 1, time.Hour} {
		h.Note(d)
	}
	counts, sum := h.Read()
	if want := 2*Bounds[0] + 1 + Bounds[1] + 2*Bounds[len(Bounds)-1] + 1 + time.Hour; sum != want {
		t.Errorf("the sum is %v, want %v", sum, want)
	}
	if n := len(counts); n != len(Bounds)+1 || counts[0] != 2 || counts[1] != 2 || counts[n-2] != 1 || counts[n-1] != 2 {
		t.Errorf("the counts are %v", counts)
	}
}

func TestControl(t *testing.T) {
	var c Control
	var all sync.WaitGroup
	for range 10 {
		all.Add(1)
		go func() {
			defer all.Done()
			c.Connect(1)
			c.Answer("getState", 200)
			c.Answer(NoAction, 404)
			c.Answer("getState", 503)
			c.Watch(1)
			c.Watch(-1)
		}()
	}
	all.Wait()
	want := []Answered{{"getState", 200, 10}, {"getState", 503, 10}, {NoAction, 404, 10}}
	if got := c.Answers(); !slices.Equal(got, want) || c.Watchers() != 0 || c.Connections() != 10 {
		t.Errorf("%v, %d watchers, %d connections; want %v, 0, 10", got, c.Watchers(), c.Connections(), want)
	}
}

func TestNobodyCounts(t *testing.T) {
	var c *Control
	c.Answer("getState", 200)
	c.Watch(1)
	c.Connect(1)
	if c.Answers() != nil || c.Watchers() != 0 || c.Connections() != 0 {
		t.Error("nil counts")
	}
}
