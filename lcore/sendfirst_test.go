package lcore

import (
	"strings"
	"testing"
)

// TestWhoIsSentFirst: only by ports whose driver leaves frames alone that we refer to, and the array
// they are sent from, does a burst leave before it is decided about.
func TestWhoIsSentFirst(t *testing.T) {
	member := func() string { return strings.Split(device(t, "net_null", "no-rx=1"), ",")[0] }
	memif := "role=client,id=7,socket-abstract=no,socket=" + t.TempDir() + "/m"
	for _, c := range []struct {
		name, peer string
		want       bool
	}{
		{"null", device(t, "net_null", "no-rx=1"), true},
		{"memif", device(t, "net_memif", memif), true},
		{"ring", device(t, "net_ring", ""), false},
		{"bond", device(t, "net_bonding", "mode=0,slave="+member()+",slave="+member()), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tunnel, _ := writes(t)
			g := openGateway(t, reads(t, fromWeb(t, 100, 1)...), c.peer, tunnel)
			publish(t, g, mirrored(g, wire0))
			if got := g.workers[0].c.program.ports[wire0].sends_first != 0; got != c.want {
				t.Errorf("%s is sent to first: %v, want %v", g.ports[wire1].Driver.Name, got, c.want)
			}
			if g.workers[0].c.program.ports[wire1].sends_first == 0 {
				t.Error("net_pcap is not sent to first")
			}
		})
	}
}
