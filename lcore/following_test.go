package lcore

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// TestFollowingFrames: what comes while a short burst leaves goes with it, and is decided about with it. However a
// hundred frames come in pieces, they leave in their order, are mirrored, and each poll is counted.
func TestFollowingFrames(t *testing.T) {
	for _, most := range []int{1, 3, firstMax, firstMax + 1, 31} {
		for _, length := range []int{60, 400, 1400} { // copied, and referenced
			for _, room := range []int{0, 256} { // in one segment, and in several
				t.Run(fmt.Sprintf("%d of %d bytes in %d", most, length, room), func(t *testing.T) {
					following(t, most, fromWeb(t, length, 100), func(s *Spec) { s.DataRoom = room })
				})
			}
		}
	}
}

func TestFollowingFramesSplit(t *testing.T) {
	following(t, 5, fromWeb(t, 400, 100), func(s *Spec) { *s = split(t, *s) })
}

func following(t *testing.T, most int, frames [][]byte, change func(*Spec)) {
	out, sent := writes(t)
	tunnel, copied := writes(t)
	spec := gatewaySpec(t, reads(t, frames...), out, tunnel)
	change(&spec)
	g := open(t, spec)
	end := dpdktest.InPieces(t, g.ports[wire0].ID, 0, most)
	before := g.MempoolUse()
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(frames)))
	stop(t, g)
	end()
	after := g.MempoolUse()
	if c := g.View().SessionCounters(0, rules.Egress); c.Matched != countOf(frames) || c.Mirrored != countOf(frames) || len(c.Skipped) != 0 {
		t.Errorf("%+v, want %+v matched and mirrored", c, countOf(frames))
	}
	if c := g.PortCounters(wire1); c.Forwarded != countOf(frames) {
		t.Errorf("forwarded %+v, want %+v", c.Forwarded, countOf(frames))
	}
	if !maps.Equal(before, after) {
		t.Errorf("mbufs in use were %v and are %v", before, after)
	}
	polls := g.Workers()[0].Telemetry
	if whole := uint64(len(frames) / most); polls.Bursts[most] < whole-3 || polls.Bursts[most] > whole || polls.frames() != 100 {
		t.Errorf("%d polls that gave %d frames, and %d frames in all, want about %d, and 100", polls.Bursts[most], most, polls.frames(), whole)
	}
	followed := sumOf(polls.Bursts) - uint64(g.workers[0].c.n_rx)*sumOf(polls.Gaps)
	if most <= firstMax && followed < polls.Bursts[most]/2 {
		t.Errorf("%d polls behind short bursts, and %d gave %d frames", followed, polls.Bursts[most], most)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "wire1", dpdktest.ReadPcap(t, sent), frames)
	sameFrames(t, "copied", inner(t, dpdktest.ReadPcap(t, copied)), frames)
}

// TestFollowingFrameTooLong: it is dropped and counted, and what the source sent is mirrored all the same, in the order
// in which frames were decided about: what is too long is last of its piece.
func TestFollowingFrameTooLong(t *testing.T) {
	short, long := fromWeb(t, 200, 12), fromWeb(t, 201, 4)
	out, sent := writes(t)
	tunnel, copied := writes(t)
	all := slices.Concat(short[:5], long[:2], short[5:7], long[2:], short[7:])
	g := openGateway(t, reads(t, all...), out, tunnel)
	g.workers[0].c.rx[wire0].peer_frame_max = 200
	end := dpdktest.InPieces(t, g.ports[wire0].ID, 0, 4)
	before := g.MempoolUse()
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(all)))
	stop(t, g)
	end()
	if c := g.PortCounters(wire0); c.Dropped["too_long"] != countOf(long) {
		t.Errorf("dropped %+v, want too_long %+v", c.Dropped, countOf(long))
	}
	if c := g.PortCounters(wire1); c.Forwarded != countOf(short) {
		t.Errorf("forwarded %+v, want %+v", c.Forwarded, countOf(short))
	}
	if after := g.MempoolUse(); !maps.Equal(before, after) {
		t.Errorf("mbufs in use were %v and are %v", before, after)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "wire1", dpdktest.ReadPcap(t, sent), short)
	if n := len(dpdktest.ReadPcap(t, copied)); n != len(all) {
		t.Errorf("%d copies of %d frames that the source sent", n, len(all))
	}
}
