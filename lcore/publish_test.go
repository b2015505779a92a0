package lcore

import (
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mirrorgw/rules"
)

// busy is a gateway under endless traffic of short frames from web, most of it refused nowhere.
func busy(t testing.TB) *Group {
	t.Helper()
	return openGateway(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
}

// watchLaws reads the totals in a goroutine of its own until the returned function is called, and
// fails the test if a law ever does not hold. The function returns how many readings there were.
func watchLaws(t *testing.T, g *Group) func() uint64 {
	t.Helper()
	var readings atomic.Uint64
	var done atomic.Bool
	var watcher sync.WaitGroup
	watcher.Add(1)
	go func() {
		defer watcher.Done()
		for !done.Load() {
			totals := g.Totals()
			if p, m := totals.ProductionLaw(), totals.MirrorLaw(); p != 0 || m != 0 {
				t.Errorf("reading %d: laws: production %d, mirror %d: %+v", readings.Load(), p, m, totals)
				return
			}
			readings.Add(1)
			runtime.Gosched() // Go has one CPU here
		}
	}()
	return func() uint64 {
		done.Store(true)
		watcher.Wait()
		return readings.Load()
	}
}

// TestPublishWhileTrafficFlows alternates between two snapshots. Both laws hold at any moment,
// and what Publish says to be in force is.
func TestPublishWhileTrafficFlows(t *testing.T) {
	g := busy(t)
	all, none := compile(t, mirrored(g, wire0)), compile(t, plain(g))
	run(t, g, plain(g))
	endWatch := watchLaws(t, g)
	for i := range 250 {
		before := g.Totals()
		if err := g.Publish(all); err != nil {
			t.Fatal(err)
		}
		eventually(t, "matches after publishing a session", func() bool { return g.Totals().Matched > before.Matched })
		if err := g.Publish(none); err != nil {
			t.Fatal(err)
		}
		after := g.Totals()
		twoHeartbeats(t, g)
		switch now := g.Totals(); {
		case now.WireRx == after.WireRx:
			t.Fatalf("publish %d: production stands still", i)
		case now.Seen != after.Seen || now.Matched != after.Matched:
			t.Fatalf("publish %d: the program without sources was not in force: %+v, then %+v", i, after, now)
		}
	}
	if g.Generation() != 501 {
		t.Errorf("generation %d after 501 publishes", g.Generation())
	}
	if n := endWatch(); n < 1000 {
		t.Errorf("the laws were read only %d times", n)
	}
	stop(t, g)
	if totals := g.Totals(); totals.Dropped != 0 || totals.Mirrored != totals.Matched {
		t.Errorf("publishing cost frames: %+v", totals)
	}
	if g.Pending() != 0 || len(g.slots.sources.byID) != 0 {
		t.Errorf("%d old programs and %d slots are left", g.Pending(), len(g.slots.sources.byID))
	}
}

// TestPublishBackToBack does not wait for traffic in between.
func TestPublishBackToBack(t *testing.T) {
	g := busy(t)
	snapshots := [2]*rules.Snapshot{compile(t, mirrored(g, wire0, wire1)), compile(t, mirrored(g, wire0))}
	run(t, g, plain(g))
	endWatch := watchLaws(t, g)
	var publishers sync.WaitGroup
	for p := range 2 {
		publishers.Add(1)
		go func() {
			defer publishers.Done()
			for i := range 250 {
				if err := g.Publish(snapshots[(i+p)%2]); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	publishers.Wait()
	if g.Generation() != 501 {
		t.Errorf("generation %d after 501 publishes", g.Generation())
	}
	received(t, g, g.Received()+1000)
	endWatch()
}

// TestCountersBelongToResources: a session keeps its counters while something else changes, and a
// new one does not inherit those of the one whose place it takes.
func TestCountersBelongToResources(t *testing.T) {
	frames := fromWeb(t, 100, 20)
	g := openGateway(t, reads(t, frames...), reads(t, fromWeb(t, 100, 7)...), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0, wire1)
	run(t, g, r)
	received(t, g, 27)
	twoHeartbeats(t, g)
	sent := countOf(frames)
	if a, b := g.View().SessionCounters(0, rules.Egress), g.View().SessionCounters(1, rules.Ingress); a.Mirrored != sent || b.Mirrored != sent {
		t.Fatalf("%+v, %+v; want %+v each", a, b, sent)
	}
	slot := g.current.Sessions[0]

	addSession(r, "tms-new", 1, 2) // something else
	r.Sessions[0].PacketLength = 64
	publish(t, g, r)
	if a, b := g.View().SessionCounters(0, rules.Egress), g.View().SourceCounters(0, rules.Egress); a.Mirrored != sent || b.Seen != 20 {
		t.Errorf("counters did not survive: session %+v, source %+v", a, b)
	}
	if c := g.View().SessionCounters(2, rules.Ingress); c.Matched.Packets != 0 {
		t.Errorf("a new session begins with %+v", c)
	}

	r.Sessions[0].ID = "tms-other" // another session takes the place of the first
	r.Interfaces[0].ID = "eni-other"
	publish(t, g, r) // the old one goes
	r.Sessions[0].ID, r.Interfaces[0].ID = "tms-third", "eni-third"
	publish(t, g, r) // and its slot is taken again
	if g.current.Sessions[0] != slot {
		t.Errorf("the freed slot %d was not reused but %d: the test proves nothing", slot, g.current.Sessions[0])
	}
	if a, b := g.View().SessionCounters(0, rules.Egress), g.View().SourceCounters(0, rules.Egress); a.Mirrored.Packets != 0 || b.Seen != 0 {
		t.Errorf("inherited counters: session %+v, source %+v", a, b)
	}
	if b := g.View().SessionCounters(1, rules.Ingress); b.Mirrored != sent {
		t.Errorf("the session that stayed has %+v, want %+v", b, sent)
	}
}

// TestRefusedSnapshotChangesNothing: neither what is in force nor the table of slots.
func TestRefusedSnapshotChangesNothing(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	inForce, generation, slots := g.View().Snapshot, g.Generation(), g.current
	for _, c := range []struct {
		name  string
		spoil func(*rules.Resources)
		want  string
	}{
		{"target behind a wire port", func(r *rules.Resources) { r.Ports[wire1].Tunnel, r.Targets[0].Port = true, wire1 },
			"target ids: the port that leads to 192.0.2.10 is not a tunnel port of this gateway"},
		{"more sessions than slots", func(r *rules.Resources) {
			for i := range testCapacity.Sessions {
				addSession(r, "tms-many-"+string(rune('a'+i)), 1, 2+i)
			}
		}, "more than 8 sessions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mirrored(g, wire0, wire1) // a source more, so that slots are asked for
			c.spoil(r)
			s := compile(t, r)
			held := maps.Clone(g.slots.sessions.byID)
			for range 3 * testCapacity.Sessions {
				if err := g.Publish(s); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v, want %q", err, c.want)
				}
			}
			if g.View().Snapshot != inForce || g.Generation() != generation || g.current.Sessions[0] != slots.Sessions[0] {
				t.Error("a refused snapshot changed what is in force")
			}
			if !maps.Equal(g.slots.sessions.byID, held) || len(g.slots.sources.byID) != 1 || len(g.slots.rules.known) != 1 || taken(&g.slots.rules.slotPool) != 2 {
				t.Errorf("slots leaked: %v, %v, %v", g.slots.sources.byID, g.slots.sessions.byID, g.slots.rules)
			}
		})
	}
	matched := g.Totals().Matched
	eventually(t, "the old program goes on matching", func() bool { return g.Totals().Matched > matched+1000 })
}

// taken is how many slots somebody has.
func taken(p *slotPool) int { return int(p.next) - len(p.free) }
