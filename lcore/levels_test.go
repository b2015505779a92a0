package lcore

import (
	"slices"
	"testing"

	"mirrorgw/dpdk"
)

// TestLevels reads mempools and drivers' counters before, while and after a worker uses them.
func TestLevels(t *testing.T) {
	g := openGateway(t, repeats(t, fromWeb(t, 60, 8)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	run(t, g, mirrored(g, wire0))
	received(t, g, 1000)
	use, names := g.MempoolUse(), []string{}
	for _, p := range g.Mempools() {
		names = append(names, p.Name)
		if _, known := use[p.Name]; !known || p.Size < 1 || p.InUse < 0 || p.InUse > p.Size {
			t.Errorf("%+v (known: %v)", p, known)
		}
	}
	if len(names) != len(use) || !slices.IsSorted(names) {
		t.Errorf("the mempools are %v, and %v", names, use)
	}
	stats, err := g.Xstats(wire0)
	good := slices.IndexFunc(stats, func(x dpdk.Xstat) bool { return x.Name == "rx_good_packets" })
	if err != nil || good < 0 || stats[good].Value < 1000 {
		t.Errorf("%v: %v", stats, err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if stats, err := g.Xstats(wire0); len(stats) != 0 || err != nil || len(g.Mempools()) != 0 {
		t.Errorf("after Close: %v, %v, %v", stats, err, g.Mempools())
	}
}
