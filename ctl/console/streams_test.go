package console

import (
	"slices"
	"testing"
)

// TestStreamsRest: of too many streams of a log-in the oldest rests that may; a capture never does, and what has
// ended makes room.
func TestStreamsRest(t *testing.T) {
	var s streams
	var rested []int
	event := func(i int) func() { return s.begin(func() { rested = append(rested, i) }) }
	endCapture := s.begin(nil)
	var ends []func()
	for i := range mostStreams - 1 {
		ends = append(ends, event(i))
	}
	if len(rested) != 0 {
		t.Fatalf("%v rest while there is room", rested)
	}
	event(10)
	s.begin(nil)
	if want := []int{0, 1}; !slices.Equal(rested, want) {
		t.Fatalf("%v rest, want %v", rested, want)
	}
	ends[0]() // it rests already
	ends[3]()
	event(11)
	endCapture()
	event(12)
	if len(rested) != 2 {
		t.Errorf("%v rest although as many have ended as began", rested)
	}
	for range mostStreams {
		s.begin(nil)
	}
	event(13)
	if last := rested[len(rested)-1]; last != 13 {
		t.Errorf("%d rests where captures have every place, want the new one", last)
	}
}
