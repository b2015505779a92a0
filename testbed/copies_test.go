package testbed

import (
	"bytes"
	"fmt"
	"testing"

	"mirrorgw/rules"
)

// expectedCopy is what the reference wants of one frame.
type expectedCopy struct {
	copyFrame
	session string
	frame   []byte // as received
}

func expectCopies(s *rules.Snapshot, port int, frames [][]byte) (want []expectedCopy) {
	fragments := &rules.Fragments{} // all frames come within its memory
	for _, frame := range frames {
		for _, v := range rules.Evaluate(s, port, frame, fragments) {
			if v.Outcome != rules.Matched {
				continue
			}
			entry := &s.Sessions[v.Session]
			target := &s.Targets[entry.Target]
			c := copyFrame{src: entry.OuterSource, dst: target.Address, vni: entry.VNI, inner: frame[:copyLength(len(frame), entry, target)]}
			want = append(want, expectedCopy{c, entry.Name, frame})
		}
	}
	return want
}

// copyLength is how many bytes of a frame a copy carries (docs/semantics.md, truncation).
func copyLength(frame int, entry *rules.Session, target *rules.Target) int {
	room := target.MTU - 36
	if target.Address.Is6() {
		room = target.MTU - 56
	}
	if entry.PacketLength != rules.PacketLengthEntire {
		room = min(room, entry.PacketLength)
	}
	return min(frame, room)
}

func compareCopies(t *testing.T, got []copyFrame, want []expectedCopy) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i].copyFrame
		if g.src != w.src || g.dst != w.dst || g.vni != w.vni || !bytes.Equal(g.inner, w.inner) {
			t.Errorf("copy %d: VNI %d from %s to %s, want VNI %d from %s to %s; inner frame:\n%s",
				i+1, g.vni, g.src, g.dst, w.vni, w.src, w.dst, difference(g.inner, w.inner))
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d copies, want %d", len(got), len(want))
	}
}

// compareMerged is compareCopies for captures with frames that are dropped: those are mirrored behind
// the others of their burst, so the two kinds are each in order, merged in some way.
func compareMerged(t *testing.T, got []copyFrame, want []expectedCopy) {
	t.Helper()
	var all, passed, dropped [][]byte
	for _, c := range got {
		all = append(all, c.key())
	}
	for _, c := range want {
		if len(c.frame) > longestSent {
			dropped = append(dropped, c.key())
		} else {
			passed = append(passed, c.key())
		}
	}
	if !interleaves(all, passed, dropped) {
		t.Errorf("%d copies are not the %d of frames sent and the %d of frames dropped, each in order; the first that fits neither is copy %d",
			len(all), len(passed), len(dropped), furthest(all, passed, dropped)+1)
	}
}

// key is the same for equal copies only.
func (c copyFrame) key() []byte {
	return fmt.Appendf(nil, "%s %s %d %x", c.src, c.dst, c.vni, c.inner)
}
