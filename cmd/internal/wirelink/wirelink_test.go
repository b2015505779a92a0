package wirelink

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const hold = 100 * time.Millisecond

// bench is one wire whose cables and time are the test's. A port that is taken down reads as down.
type bench struct {
	t      *testing.T
	wires  *Wires
	now    time.Time
	cable  [2]bool
	hidden [2]bool // nobody knows the link
	did    []string
}

func newBench(t *testing.T, ports ...Port) *bench {
	t.Helper()
	if len(ports) == 0 {
		ports = []Port{{Peer: 1, Propagate: true, HoldDown: hold}, {Peer: 0, Propagate: true, HoldDown: hold}}
	}
	b := &bench{t: t, now: time.Unix(1e9, 0), cable: [2]bool{true, true}}
	b.wires = New(b.now, ports)
	return b
}

// pass lets time pass, with a look every 10 ms.
func (b *bench) pass(d time.Duration) {
	for end := b.now.Add(d); b.now.Before(end); {
		b.now = b.now.Add(10 * time.Millisecond)
		b.look()
	}
}

func (b *bench) look() {
	var readings []Reading
	for i := range b.cable {
		readings = append(readings, Reading{Known: !b.hidden[i], Up: b.cable[i] && !b.wires.State(i).TakenDown})
	}
	_, switches := b.wires.Look(b.now, readings)
	for _, s := range switches {
		b.did = append(b.did, fmt.Sprintf("%d %v", s.Port, map[bool]string{true: "up", false: "down"}[s.Up]))
	}
}

// want compares what was switched since the last call.
func (b *bench) want(did ...string) {
	b.t.Helper()
	if got, want := strings.Join(b.did, ", "), strings.Join(did, ", "); got != want {
		b.t.Errorf("at %v: switched %q, want %q", b.now.Sub(time.Unix(1e9, 0)), got, want)
	}
	b.did = nil
}

func TestDownIsPassedOnAndUpAgain(t *testing.T) {
	for side := range 2 {
		b := newBench(t)
		b.pass(time.Minute)
		b.want()
		b.cable[side] = false
		b.pass(hold)
		b.want() // not before it was down for that long
		b.pass(10 * time.Millisecond)
		b.want(fmt.Sprintf("%d down", 1-side))
		if s := b.wires.State(1 - side); !s.TakenDown || s.Taken != 1 || s.TakenAt.IsZero() || s.Changes != 0 {
			t.Errorf("taken down: %+v", s)
		}
		b.pass(time.Hour)
		b.cable[side] = true
		b.pass(hold)
		b.want()
		b.pass(10 * time.Millisecond)
		b.want(fmt.Sprintf("%d up", 1-side))
		b.pass(time.Hour)
		b.want()
		if s := b.wires.State(side); s.Level != Up || s.Changes != 2 {
			t.Errorf("afterwards: %+v", s)
		}
	}
}

// TestFlapsAreNotPassedOn: of either kind, as often as they may come.
func TestFlapsAreNotPassedOn(t *testing.T) {
	b := newBench(t)
	b.pass(time.Minute)
	for range 1000 {
		b.cable[0] = !b.cable[0]
		b.pass(hold - 10*time.Millisecond)
	}
	b.want()
	b.cable[0] = false
	b.pass(time.Second)
	b.want("1 down")
	for range 1000 {
		b.cable[0] = !b.cable[0]
		b.pass(hold - 10*time.Millisecond)
	}
	b.want()
	if s := b.wires.State(0); s.Level != Down || s.Changes != 2001 {
		t.Errorf("a flap is not passed on, but counted: %+v", s)
	}
}

func TestWithoutHoldDown(t *testing.T) {
	b := newBench(t, Port{Peer: 1, Propagate: true}, Port{Peer: 0})
	b.look()
	b.cable[0] = false
	b.look()
	b.cable[0] = true
	b.look()
	b.want("1 down", "1 up")
	b.cable[1] = false // does not propagate
	b.pass(time.Hour)
	b.want()
}

// TestSettling: a link that is not up yet, after the start or because it was let go only now, is not down.
func TestSettling(t *testing.T) {
	b := newBench(t)
	b.cable[1] = false
	b.pass(SettleTime - time.Second)
	b.cable[1] = true
	b.pass(time.Second)
	b.want()
	b.cable[0] = false
	b.pass(time.Second)
	b.want("1 down")
	b.cable[0], b.cable[1] = true, false // comes up late
	b.pass(time.Second)
	b.want("1 up")
	b.pass(SettleTime - 2*time.Second)
	b.cable[1] = true
	b.pass(time.Hour)
	b.want()
	b.cable[0] = false
	b.pass(time.Second)
	b.cable[0], b.cable[1] = true, false // does not come up
	b.pass(SettleTime + 2*time.Second)
	b.want("1 down", "1 up", "0 down")
}

// TestNeverPlugged: a side that has no cable at the start takes the other down once that is certain.
func TestNeverPlugged(t *testing.T) {
	b := newBench(t)
	b.cable[0] = false
	b.pass(SettleTime + hold + 10*time.Millisecond)
	b.want("1 down")
}

// TestBothSidesDown: they do not hold each other down, whichever comes back first.
func TestBothSidesDown(t *testing.T) {
	for first := range 2 {
		b := newBench(t)
		b.pass(time.Minute)
		b.cable = [2]bool{}
		b.pass(time.Hour)
		b.cable[first] = true
		b.pass(time.Hour)
		b.cable[1-first] = true
		b.pass(SettleTime + time.Minute)
		if taken := b.wires.TakenDown(); taken != nil || b.wires.State(0).Level != Up || b.wires.State(1).Level != Up {
			t.Errorf("side %d came first: taken down %v, %+v, %+v", first, taken, b.wires.State(0), b.wires.State(1))
		}
	}
}

// TestUnknownIsNotDown: nothing is taken down for it, and what was is let go.
func TestUnknownIsNotDown(t *testing.T) {
	b := newBench(t)
	b.pass(time.Minute)
	b.hidden[0] = true
	b.pass(time.Hour)
	b.want()
	b.hidden[0], b.cable[0] = false, false
	b.pass(time.Second)
	b.want("1 down")
	b.hidden[0] = true
	b.look()
	b.want("1 up")
}

func TestFailures(t *testing.T) {
	b := newBench(t)
	b.pass(time.Minute)
	b.cable[0] = false
	b.pass(hold + 10*time.Millisecond)
	b.want("1 down")
	b.wires.Failed(b.now, Switch{Port: 1}, false)
	if s := b.wires.State(1); s.TakenDown || s.Level != Up || s.Taken != 0 {
		t.Errorf("what failed has happened: %+v", s)
	}
	b.pass(RetryTime - 10*time.Millisecond)
	b.want()
	b.pass(10 * time.Millisecond)
	b.want("1 down") // tried again
	b.cable[0] = true
	b.pass(hold + 10*time.Millisecond)
	b.want("1 up")
	b.wires.Failed(b.now, Switch{Port: 1, Up: true}, false)
	b.pass(RetryTime)
	b.want("1 up") // until it succeeds
	b.pass(time.Minute)
	b.cable[0] = false
	b.pass(hold + 10*time.Millisecond)
	b.want("1 down")
	b.wires.Failed(b.now, Switch{Port: 1}, true)
	b.pass(time.Hour)
	b.want() // never again
	if !b.wires.State(1).Refused {
		t.Error("nobody can tell that the driver refuses")
	}
}
