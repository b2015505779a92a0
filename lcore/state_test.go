package lcore

import (
	"errors"
	"sync"
	"testing"
	"time"

	"mirrorgw/rules"
)

// TestReadersOutliveTheGroup: everything that can be read is, while programs change, workers stop
// and start, and the group is closed; afterwards all of it reads as nothing.
func TestReadersOutliveTheGroup(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0, wire1))
	snapshots := [2]*rules.Snapshot{compile(t, mirrored(g, wire0)), compile(t, mirrored(g, wire0, wire1))}
	closed := make(chan struct{})
	var readers, started sync.WaitGroup
	for range 4 {
		readers.Add(1)
		started.Add(1)
		go func() {
			defer readers.Done()
			readAll(t, g)
			started.Done()
			for {
				select {
				case <-closed:
					return
				default:
					readAll(t, g)
				}
			}
		}()
	}
	started.Wait()
	for i := range 40 {
		if err := g.Publish(snapshots[i%2]); err != nil && !errors.Is(err, ErrStalled) { // the readers take the CPU too
			t.Error(err)
		}
		if i%20 == 10 {
			stop(t, g)
			if err := g.Start(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	readAll(t, g)
	close(closed)
	readers.Wait()
	if p, m := g.Laws(); p != 0 || m != 0 || g.Received() != 0 || len(g.Workers()) != 0 || len(g.Links()) != 0 || len(g.MempoolUse()) != 0 {
		t.Error("a closed group has counters")
	}
	if stats, err := g.DriverStats(wire0); err != nil || stats.IPackets != 0 {
		t.Errorf("driver of a closed group: %+v, %v", stats, err)
	}
}

func readAll(t *testing.T, g *Group) {
	v := g.View()
	for i := range v.Snapshot.Sources {
		v.SourceCounters(i, rules.Egress)
		v.MirroredOf(i, rules.Egress)
		v.RuleHits(0, rules.Egress, 0)
	}
	for i := range v.Snapshot.Sessions {
		v.SessionCounters(i, rules.Egress)
	}
	for i, p := range g.Ports() {
		g.PortCounters(i)
		if _, err := g.DriverStats(i); err != nil {
			t.Errorf("port %s: %v", p.Name, err)
		}
	}
	if totals := g.Totals(); totals.MirrorLaw() != 0 || totals.ProductionLaw() != 0 {
		t.Errorf("laws: %+v", totals)
	}
	g.Laws() // of a moment within bursts: any value
	g.Heartbeats()
	g.MeasureGaps()
	g.Workers()
	g.Links()
	g.MempoolUse()
	g.Departed()
	g.Pending()
	g.Generation()
}

// TestLongestGap: a worker that runs has gaps, and forgets them when asked to.
func TestLongestGap(t *testing.T) {
	g := busy(t)
	if w := g.Workers(); len(w) != 1 || w[0].LongestGap != 0 || w[0].CPU != g.spec.Workers[0] {
		t.Errorf("before Start: %+v", w)
	}
	run(t, g, plain(g))
	twoHeartbeats(t, g)
	w := g.Workers()[0]
	if w.LongestGap <= 0 || w.LongestGap > time.Minute || w.Heartbeat == 0 {
		t.Errorf("%+v", w)
	}
	g.workers[0].c.longest_gap = 1 << 62 // decades: no later gap is longer
	if long := g.Workers()[0].LongestGap; long < 1000*time.Hour {
		t.Fatalf("the gap is %v", long)
	}
	g.MeasureGaps()
	twoHeartbeats(t, g)
	if now := g.Workers()[0]; now.LongestGap <= 0 || now.LongestGap > time.Minute || now.FinishedGap < 1000*time.Hour {
		t.Errorf("after asking anew: %+v", now)
	}
	stop(t, g)
	g.MeasureGaps()
	if now := g.Workers()[0]; now.LongestGap != 0 || now.FinishedGap != 0 {
		t.Errorf("a worker that does not run measured %+v", now)
	}
}

func TestLinks(t *testing.T) {
	g := busy(t)
	run(t, g, plain(g))
	links := g.Links()
	if len(links) != 3 {
		t.Fatalf("%+v", links)
	}
	for i, name := range []string{"wire0", "wire1", "tun0"} {
		if l := links[i]; l.Port != name || !l.Up || l.SpeedMbps != 10000 || !l.FullDuplex {
			t.Errorf("%+v; want %s up with 10 Gbit/s, as these devices say", l, name)
		}
	}
}
