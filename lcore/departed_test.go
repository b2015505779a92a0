package lcore

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// TestLawsHoldAfterAnyChanges deletes, moves, renames and creates everything under traffic. What
// deleted resources had counted is not lost: the totals are the sums over those that are left and
// those that went.
func TestLawsHoldAfterAnyChanges(t *testing.T) {
	spec := gatewaySpec(t, device(t, "net_null", "size=100"), repeats(t, fromWeb(t, 300, 32)...), device(t, "net_null", "no-rx=1"))
	spec.Capacity = pipeline.Capacity{Sources: 8, Sessions: 16, Rules: 32}
	g := open(t, spec)
	run(t, g, plain(g))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		publish(t, g, randomChange(g, r, i))
		if i%8 == 0 {
			received(t, g, g.Received()+500)
		}
		if i%100 == 99 { // and while it stands still
			stop(t, g)
			checkLaws(t, g)
			if err := g.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(t, g, plain(g))
	stop(t, g)
	checkLaws(t, g)
	totals, gone := g.Totals(), g.Departed()
	if seen := gone.Sources[0].Seen + gone.Sources[1].Seen; seen == 0 || seen != totals.Seen {
		t.Errorf("departed sources saw %d frames, want all %d", seen, totals.Seen)
	}
	if mirrored := gone.Sessions[0].Mirrored.Packets + gone.Sessions[1].Mirrored.Packets; mirrored == 0 || mirrored != g.PortCounters(tun0).Copies.Packets {
		t.Errorf("departed sessions mirrored %d frames, the tunnel port sent %d", mirrored, g.PortCounters(tun0).Copies.Packets)
	}
	if n := taken(&g.slots.sources.slotPool) + taken(&g.slots.sessions.slotPool); n != 0 || len(g.departed.bySource) != 0 {
		t.Errorf("%d slots are taken and %d sums kept without a source", n, len(g.departed.bySource))
	}
	if gone.Rules.Packets == 0 {
		t.Error("no rule that went had a hit")
	}
}

// randomChange is up to two sources with up to three sessions, some of them new, and a filter
// whose rules come and go.
func randomChange(g *Group, r *rand.Rand, n int) *rules.Resources {
	c := plain(g)
	for port := range r.IntN(3) {
		id := fmt.Sprintf("eni-%d", r.IntN(3)+3*port)
		c.Interfaces = append(c.Interfaces, rules.Interface{ID: id, Port: port, VLAN: rules.VLANAny})
		for number := range r.IntN(4) {
			session := fmt.Sprintf("tms-%d-%d", port, r.IntN(3)+3*number)
			if r.IntN(4) == 0 {
				session = fmt.Sprintf("tms-%d-new%d", port, n*3+number)
			}
			addSession(c, session, port, number+1)
		}
	}
	for i := range r.IntN(3) {
		c.Filters[0].Rules = append(c.Filters[0].Rules, rules.Rule{ID: fmt.Sprintf("tmfr-%d", r.IntN(3)+3*i),
			Direction: rules.Direction(i % 2), Number: 10 + i, Action: rules.Accept, Protocol: rules.ProtocolAny})
	}
	c.Filters[0].Rules = c.Filters[0].Rules[r.IntN(2):]
	return c
}

// TestDeletedSessionsStayWithTheirSource: its sum goes on, also when the slot belongs to another.
func TestDeletedSessionsStayWithTheirSource(t *testing.T) {
	frames := fromWeb(t, 100, 20)
	g := openGateway(t, reads(t, frames...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0)
	run(t, g, r)
	received(t, g, 20)
	twoHeartbeats(t, g)
	r.Sessions[0].ID = "tms-other"
	publish(t, g, r)
	r.Sessions[0].ID = "tms-third" // in the slot of the first
	publish(t, g, r)
	v := g.View()
	if now := v.SessionCounters(0, rules.Egress); now.Matched.Packets != 0 {
		t.Errorf("a new session begins with %+v", now)
	}
	if all := v.MirroredOf(0, rules.Egress); all.Mirrored != countOf(frames) {
		t.Errorf("the source's sessions mirrored %+v, want %+v", all.Mirrored, countOf(frames))
	}
	if gone := g.Departed().Sessions[rules.Egress]; gone.Mirrored != countOf(frames) {
		t.Errorf("departed: %+v", gone)
	}
	stop(t, g)
	checkLaws(t, g)
}

// TestRuleKeepsItsHits: another version of the filter has the same rule at another place.
func TestRuleKeepsItsHits(t *testing.T) {
	g := openGateway(t, reads(t, fromWeb(t, 100, 20)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0)
	r.Filters[0].Rules[1].ID, r.Filters[0].Rules[1].Number = "tmfr-1", 50
	run(t, g, r)
	received(t, g, 20)
	twoHeartbeats(t, g)
	r.Filters[0].Rules = append(r.Filters[0].Rules, rules.Rule{ID: "tmfr-2", Direction: rules.Egress, Number: 1, Protocol: 6})
	publish(t, g, r)
	if a, b := g.View().RuleHits(0, rules.Egress, 0), g.View().RuleHits(0, rules.Egress, 1); a.Packets != 0 || b.Packets != 20 {
		t.Errorf("hits %+v and %+v, want 0 of the new rule and 20 of the one that moved", a, b)
	}
}
