package lcore

import (
	"net/netip"
	"testing"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// TestNextHopsChangeWhileTrafficFlows: no change of a next hop or of a balance costs a frame, and
// each is in force within two heartbeats.
func TestNextHopsChangeWhileTrafficFlows(t *testing.T) {
	g := busy(t)
	r := mirrored(g, wire0)
	address, port := r.Targets[0].Address, r.Targets[0].Port
	run(t, g, r)
	endWatch := watchLaws(t, g)
	skipped := func() uint64 { return g.Totals().Skipped }
	for i := range 500 {
		if err := g.SetNextHop(address, port, pipeline.NextHop{MAC: [6]byte{2, byte(i)}, Resolved: i%50 != 49}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 49 {
			before := skipped()
			eventually(t, "copies are skipped", func() bool { return skipped() > before })
		}
	}
	if err := g.SetNextHop(address, port, pipeline.NextHop{Resolved: true}); err != nil {
		t.Fatal(err)
	}
	twoHeartbeats(t, g)
	before := skipped()
	twoHeartbeats(t, g)
	if now := skipped(); now != before {
		t.Errorf("%d copies were skipped with a neighbour", now-before)
	}
	endWatch()
	stop(t, g)
	if totals := g.Totals(); totals.Dropped != 0 {
		t.Errorf("production lost frames: %+v", totals)
	}
	if session := g.View().SessionCounters(0, rules.Egress); session.Skipped["unresolved"].Packets != g.Totals().Skipped {
		t.Errorf("copies were skipped for another reason: %+v", session.Skipped)
	}
}

// TestBalanceChangesWhileTrafficFlows replaces the table of a load balancer, and the load balancer
// itself, under traffic.
func TestBalanceChangesWhileTrafficFlows(t *testing.T) {
	g := busy(t)
	r := mirrored(g, wire0)
	member := rules.Member{Address: r.Targets[0].Address, Port: r.Targets[0].Port, NextHop: macNextHop, Resolved: true, Weight: 1}
	other := member
	other.Address = netip.MustParseAddr("192.0.2.11")
	r.Targets[0].Balancer = &rules.Balancer{ID: "lb-1", Listening: true, Members: []rules.Member{member, other}}
	run(t, g, r)
	endWatch := watchLaws(t, g)
	key := pipeline.BalancerKey{ID: "lb-1"}
	tables := []pipeline.Balance{
		{Members: []netip.Addr{member.Address, other.Address}, Table: make([]uint16, 65537)},
		{Members: []netip.Addr{other.Address}, Table: make([]uint16, 65537)},
		{},
	}
	for i := range 120 {
		if err := g.SetBalance(key, &tables[i%3]); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			publish(t, g, r)
		}
	}
	if err := g.SetBalance(key, &tables[0]); err != nil {
		t.Fatal(err)
	}
	before := g.Totals().Mirrored
	eventually(t, "copies to a member", func() bool { return g.Totals().Mirrored > before })
	publish(t, g, plain(g)) // the load balancer goes, the member's copies too
	endWatch()
	stop(t, g)
	if totals := g.Totals(); totals.Dropped != 0 {
		t.Errorf("production lost frames: %+v", totals)
	}
}

func TestNextHopAfterClose(t *testing.T) {
	g := busy(t)
	run(t, g, plain(g))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.SetNextHop(netip.MustParseAddr("192.0.2.10"), 2, pipeline.NextHop{}); err == nil {
		t.Error("a closed group took a next hop")
	}
	if err := g.SetBalance(pipeline.BalancerKey{}, &pipeline.Balance{}); err == nil {
		t.Error("a closed group took a balance")
	}
}
