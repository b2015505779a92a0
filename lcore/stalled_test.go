package lcore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

// TestLongStall: an lcore that stays away does not let changes pile up in memory without end. When
// it is back they are taken again.
func TestLongStall(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	publish(t, g, mirrored(g, wire0))
	reader := g.qsbr.Pointer()
	dpdktest.ReaderOnline(t, reader, 0)
	next := compile(t, mirrored(g, wire0, wire1))
	for range maxPending {
		p, err := g.Prepare(next)
		if err != nil {
			t.Fatalf("with %d pending: %v", g.Pending(), err)
		}
		g.prepared = nil // Commit without its wait of a second
		g.swap(p)
	}
	if _, err := g.Prepare(next); err == nil || !strings.Contains(err.Error(), "an lcore has not reported since 64 changes") {
		t.Fatalf("with %d pending: %v", g.Pending(), err)
	}
	if g.Pending() != maxPending || g.Generation() != maxPending+1 {
		t.Errorf("%d pending, generation %d", g.Pending(), g.Generation())
	}
	dpdktest.ReaderQuiescent(reader, 0)
	dpdktest.ReaderOffline(reader, 0)
	if err := g.Publish(next); err != nil || g.Pending() != 0 {
		t.Errorf("afterwards: %v, %d pending", err, g.Pending())
	}
}

// TestStopWithStalledLcore: a loop that nobody stops takes the place of the worker's. Stop and
// Close say which lcore it is, leave the counters and all memory, and do it once the lcore is back.
func TestStopWithStalledLcore(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	publish(t, g, mirrored(g, wire0))
	w, loop := g.workers[0], dpdktest.NewLoop(t, 0)
	if err := dpdk.RemoteLaunch(loop.Function(), loop.Arg(), w.cpu); err != nil {
		t.Fatal(err)
	}
	defer loop.Stop()
	w.launched, g.limit = true, 20*time.Millisecond
	for what, end := range map[string]func() error{"Stop": g.Stop, "Close": g.Close} {
		if err := end(); !errors.Is(err, ErrRunning) || !strings.Contains(err.Error(), fmt.Sprintf("lcore %d has not ended within 20ms", w.cpu)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(g.Workers()) != 1 || len(g.MempoolUse()) == 0 || g.program == nil || w.c == nil {
		t.Error("something was freed that the lcore may use")
	}
	loop.Stop()
	eventually(t, "the lcore is back", func() bool { return !dpdk.LcoreRunning(w.cpu) })
	if err := g.Stop(); err != nil {
		t.Errorf("Stop once the lcore is back: %v", err)
	}
}
