package lcore

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// firstMax is MGW_FIRST_MAX: a burst of more frames is decided about before it is sent. A net_pcap
// device gives whole bursts, and what is left of its file as the last one.
const firstMax = 16

// TestBurstsOfAnyLength: whether a burst is sent before it is decided about or afterwards, the same
// frames and copies leave, the same is counted, and no mbuf stays behind.
func TestBurstsOfAnyLength(t *testing.T) {
	for _, n := range []int{1, 2, firstMax, firstMax + 1, 32, 32 + firstMax} {
		for _, length := range []int{60, 190, 400, 1400} { // copied, and referenced
			for _, room := range []int{0, 256} { // in one segment, and in several
				t.Run(fmt.Sprintf("%d of %d bytes in %d", n, length, room), func(t *testing.T) {
					burstsOf(t, fromWeb(t, length, n), func(s *Spec) { s.DataRoom = room })
				})
			}
		}
	}
}

func TestBurstsOfAnyLengthSplit(t *testing.T) {
	for _, n := range []int{firstMax, firstMax + 1} {
		burstsOf(t, fromWeb(t, 400, n), func(s *Spec) { *s = split(t, *s) })
	}
}

// burstsOf sends frames from wire0 to wire1, with a session of the sender.
func burstsOf(t *testing.T, frames [][]byte, change func(*Spec)) {
	out, sent := writes(t)
	tunnel, copied := writes(t)
	spec := gatewaySpec(t, reads(t, frames...), out, tunnel)
	change(&spec)
	g := open(t, spec)
	before := g.MempoolUse()
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(frames)))
	stop(t, g)
	after := g.MempoolUse()
	c := g.View().SessionCounters(0, rules.Egress)
	if c.Matched != countOf(frames) || c.Mirrored != countOf(frames) || len(c.Skipped) != 0 {
		t.Errorf("%+v, want %+v matched and mirrored", c, countOf(frames))
	}
	if !maps.Equal(before, after) {
		t.Errorf("mbufs in use were %v and are %v", before, after)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "wire1", dpdktest.ReadPcap(t, sent), frames)
	sameFrames(t, "copied", inner(t, dpdktest.ReadPcap(t, copied)), frames)
}

// TestShortBurstIsRefused: a port that nobody listens to takes nothing, and what is decided
// afterwards knows that.
func TestShortBurstIsRefused(t *testing.T) {
	frames := fromWeb(t, 100, firstMax)
	tunnel, copied := writes(t)
	g := openGateway(t, reads(t, frames...), device(t, "net_memif", "role=server,socket-abstract=no,socket="+t.TempDir()+"/m"), tunnel)
	before := g.MempoolUse()
	run(t, g, mirrored(g, wire0, wire1))
	received(t, g, uint64(len(frames)))
	stop(t, g)
	if c := g.PortCounters(wire0); len(c.Dropped) != 1 || c.Dropped["tx_full"] != countOf(frames) {
		t.Errorf("dropped %+v, want all as tx_full", c.Dropped)
	}
	if c := g.View().SessionCounters(0, rules.Egress); c.Mirrored != countOf(frames) {
		t.Errorf("egress of the sender: %+v, want all mirrored: it did send them", c)
	}
	if c := g.View().SessionCounters(1, rules.Ingress); c.Mirrored.Packets != 0 || c.Skipped["production-dropped"] != countOf(frames) {
		t.Errorf("ingress of the receiver: %+v, want all skipped as production-dropped", c)
	}
	if after := g.MempoolUse(); !maps.Equal(before, after) {
		t.Errorf("mbufs in use were %v and are %v", before, after)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "copied", inner(t, dpdktest.ReadPcap(t, copied)), frames)
}

// TestShortBurstTooLong: frames that the peer cannot send, before and among others, in a burst that
// goes first.
func TestShortBurstTooLong(t *testing.T) {
	short, long := fromWeb(t, 200, 8), fromWeb(t, 201, 4)
	out, sent := writes(t)
	tunnel, copied := writes(t)
	all := slices.Concat(long[:2], short[:4], long[2:], short[4:])
	g := openGateway(t, reads(t, all...), out, tunnel)
	g.workers[0].c.rx[wire0].peer_frame_max = 200
	seen := capture(t, g, CaptureSpec{Ports: []int{wire0, wire1}})
	before := g.MempoolUse()
	run(t, g, mirrored(g, wire0))
	received(t, g, uint64(len(all)))
	stop(t, g)
	frames := takeAll(seen)
	sameFrames(t, "seen as sent", at(frames, wire1, CaptureEgress), short)
	if seen := at(frames, wire0, CaptureIngress); !slices.EqualFunc(seen, all, bytes.Equal) {
		t.Errorf("%d frames were seen as received, want the %d that came, in their order", len(seen), len(all))
	}
	if c := g.PortCounters(wire0); c.Dropped["too_long"] != countOf(long) {
		t.Errorf("dropped %+v, want too_long %+v", c.Dropped, countOf(long))
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
