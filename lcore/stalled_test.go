package lcore

import (
	"strings"
	"testing"

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
		g.mu.Lock() // Commit without its wait of a second
		g.prepared = nil
		g.swap(p)
		g.mu.Unlock()
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
