package wirelink

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWireIsACable: whatever happens to the cables, at most one side is taken down, a side is taken
// down only while the other's link counts as down, and in the end the hosts see what one cable
// would show them: both sides up, or neither.
func TestWireIsACable(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		holds := rapid.SliceOfN(rapid.IntRange(0, 500), 2, 2).Draw(r, "hold-down, ms")
		b := newBench(t,
			Port{Peer: 1, Propagate: true, HoldDown: time.Duration(holds[0]) * time.Millisecond},
			Port{Peer: 0, Propagate: true, HoldDown: time.Duration(holds[1]) * time.Millisecond})
		check := func() {
			if taken := b.wires.TakenDown(); len(taken) > 1 {
				r.Fatal("both sides are taken down")
			}
			for i := range b.cable {
				if b.wires.State(i).TakenDown && b.wires.State(1-i).Level != Down {
					r.Fatalf("side %d is taken down, but the other counts as %v", i, b.wires.State(1-i).Level)
				}
			}
		}
		for range rapid.IntRange(0, 30).Draw(r, "events") {
			switch side := rapid.IntRange(0, 1).Draw(r, "side"); rapid.IntRange(0, 2).Draw(r, "kind") {
			case 0:
				b.cable[side] = !b.cable[side]
			case 1:
				b.hidden[side] = !b.hidden[side]
			}
			for range rapid.IntRange(0, 200).Draw(r, "looks") {
				b.now = b.now.Add(10 * time.Millisecond)
				b.look()
				check()
			}
		}
		b.hidden = [2]bool{}
		b.pass(3 * (SettleTime + time.Second))
		check()
		for i := range b.cable {
			shown := b.cable[i] && !b.wires.State(i).TakenDown
			if want := b.cable[0] && b.cable[1]; shown != want {
				r.Fatalf("cables %v: the host on side %d sees %v, want %v", b.cable, i, shown, want)
			}
		}
	})
}
