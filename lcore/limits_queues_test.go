package lcore

import (
	"testing"
	"time"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// twoQueues is a gateway of two workers, each with a queue of every port. What arrives on the first wire's
// two queues is the same capture without end, or nothing on the second.
func twoQueues(t *testing.T, both bool) *Group {
	t.Helper()
	capture, second := dpdktest.WritePcap(t, fromWeb(t, 60, 32)...), dpdktest.WritePcap(t, fromOther(t)...)
	if both {
		second = capture
	}
	spec := gatewaySpec(t, device(t, "net_pcap", "infinite_rx=1,rx_pcap="+capture+",rx_pcap="+second),
		device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Workers = append(spec.Workers, dpdktest.SecondWorker(t))
	for i := range spec.Ports {
		spec.Ports[i].Queues, spec.Ports[i].ExtraRxMbufs = 2, 64
	}
	return open(t, spec)
}

// fromOther is one frame of no source.
func fromOther(t *testing.T) [][]byte {
	return [][]byte{frame(t, [6]byte{2, 0, 0, 0, 0, 7}, macRouter, 60, 1)}
}

// byWorker returns how many copies of a session each worker has sent, in both directions.
func byWorker(g *Group, session int) (all []uint64) {
	slot := g.View().slots.Sessions[session]
	for _, w := range g.workers {
		sum := pipeline.SessionSum{}
		w.counters.AddSession(slot, &sum)
		all = append(all, sum.Counters(rules.Egress).Mirrored.Packets+sum.Counters(rules.Ingress).Mirrored.Packets)
	}
	return all
}

// TestRateLimitOfSeveralQueues: a limit is that of the session, or of the target, whatever the number of
// queues: each of n workers has the n-th part, and never more. So a flow, which arrives on one
// queue, gets the n-th part at most.
func TestRateLimitOfSeveralQueues(t *testing.T) {
	const pps, workers = 50_000, 2
	// 10 ms of a share; of bits, the least depth of a bucket is more.
	const share, depth, depthBits = pps / workers, pps / workers / 100, 72_000 / (60 + 50)
	for _, c := range []struct {
		name string
		both bool   // queues receive frames of the source
		hold uint64 // copies that a full bucket has
		set  func(*rules.Resources)
	}{
		{"a session and both queues", true, depth, func(r *rules.Resources) { r.Sessions[0].Limit.PPS = pps }},
		{"a session and one queue", false, depth, func(r *rules.Resources) { r.Sessions[0].Limit.PPS = pps }},
		{"a session in bits", true, depthBits, func(r *rules.Resources) { r.Sessions[0].Limit.BPS = pps * 8 * (60 + 50) }},
		{"a target", true, depth, func(r *rules.Resources) { r.Targets[0].Limit.PPS = pps }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := twoQueues(t, c.both)
			r := mirrored(g, wire0)
			r.Interfaces[0].MAC, r.Interfaces[0].HasMAC = macWeb, true
			c.set(r)
			begin := time.Now()
			run(t, g, r)
			eventually(t, "copies by each worker that has frames", func() bool {
				made := byWorker(g, 0)
				return made[0] > 3*depth && (!c.both || made[1] > 3*depth)
			})
			stop(t, g)
			took := time.Since(begin)
			most := c.hold + uint64(took.Seconds()*share) + 1
			made := byWorker(g, 0)
			for i, n := range made {
				if n > most {
					t.Errorf("worker %d made %d copies in %v; its share allows %d", i, n, took, most)
				}
			}
			if !c.both && made[1] != 0 {
				t.Errorf("worker 1 made %d copies of frames that it did not receive", made[1])
			}
			s := g.View().SessionCounters(0, rules.Egress)
			if s.Mirrored.Packets != made[0]+made[1] || s.Skipped["rate-limit"].Packets != s.Matched.Packets-s.Mirrored.Packets || s.Skipped["rate-limit"].Packets == 0 {
				t.Errorf("all other copies must be skipped for the limit: %+v", s)
			}
			checkProduction(t, g)
		})
	}
}

// TestTargetLimitOfPortsWithDifferentQueues: of a target counts the source whose port has the most queues,
// so the workers together never exceed it.
func TestTargetLimitOfPortsWithDifferentQueues(t *testing.T) {
	const pps = 50_000
	tap := portSpec("tap0", repeats(t, fromWeb(t, 60, 32)...), rules.RoleTap, rules.NoPeer)
	capture := dpdktest.WritePcap(t, fromWeb(t, 60, 32)...)
	spec := gatewaySpec(t, device(t, "net_pcap", "infinite_rx=1,rx_pcap="+capture+",rx_pcap="+capture), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Workers = append(spec.Workers, dpdktest.SecondWorker(t))
	for i := range spec.Ports {
		spec.Ports[i].Queues, spec.Ports[i].ExtraRxMbufs = 2, 64
	}
	spec.Ports = append(spec.Ports, tap)
	g := open(t, spec)
	const tap0 = 3
	r := mirrored(g, wire0, tap0)
	r.Interfaces[1].MAC, r.Interfaces[1].HasMAC = macWeb, true
	r.Targets[0].Limit.PPS = pps
	begin := time.Now()
	run(t, g, r)
	eventually(t, "copies by both workers", func() bool { made := byWorker(g, 0); return made[0] > 0 && made[1] > 500 })
	stop(t, g)
	took := time.Since(begin)
	if most := 2*uint64(pps/2/100) + uint64(took.Seconds()*pps) + 2; g.Totals().Mirrored > most {
		t.Errorf("%d copies in %v, the target's limit allows %d", g.Totals().Mirrored, took, most)
	}
	checkLaws(t, g)
}
