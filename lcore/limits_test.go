package lcore

import (
	"testing"
	"time"

	"mirrorgw/rules"
)

// TestRateLimitInTheLoop: a worker that is offered all that it can take sends what the limit allows,
// of which a change of the configuration makes no more.
func TestRateLimitInTheLoop(t *testing.T) {
	const pps, burst, copies = 50_000, 500, 5000
	g := openGateway(t, repeats(t, fromWeb(t, 60, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0)
	r.Sessions[0].Limit.PPS = pps
	begin := time.Now()
	run(t, g, r)
	for g.Totals().Mirrored < copies {
		r.Sessions[0].Name += "x"
		publish(t, g, r)
		twoHeartbeats(t, g)
	}
	stop(t, g)
	took := time.Since(begin)
	c := g.View().SessionCounters(0, rules.Egress)
	if most := burst + uint64(took.Seconds()*pps) + 1; c.Mirrored.Packets > most {
		t.Errorf("%d copies in %v, the limit allows %d", c.Mirrored.Packets, took, most)
	}
	if c.Skipped["rate-limit"].Packets != c.Matched.Packets-c.Mirrored.Packets {
		t.Errorf("all other copies must be skipped for the limit: %+v", c)
	}
	if production := g.PortCounters(wire1).Forwarded; production.Packets != c.Matched.Packets {
		t.Errorf("forwarded %d of %d", production.Packets, c.Matched.Packets)
	}
}

// TestTargetSlots: a target has one while it has a limit.
func TestTargetSlots(t *testing.T) {
	g := openGateway(t, reads(t), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	limited := func(limits ...int) {
		t.Helper()
		r := mirrored(g, wire0)
		only := r.Targets[0]
		r.Targets = nil
		for i, pps := range limits {
			target := only
			target.ID = []string{"tmt-a", "tmt-b", "tmt-c"}[i]
			target.Limit.PPS = pps
			r.Targets = append(r.Targets, target)
		}
		publish(t, g, r)
	}
	taken := func() []string {
		var ids []string
		for id := range g.slots.targets.byID {
			ids = append(ids, id)
		}
		return ids
	}
	limited(5, 0, 7)
	if len(taken()) != 2 || len(g.current.Targets) != 2 {
		t.Errorf("slots of %v, %v", taken(), g.current.Targets)
	}
	kept := g.current.Targets[1]
	limited(0, 9, 8)
	if len(taken()) != 2 || g.current.Targets[1] != kept || g.current.Targets[0] == kept {
		t.Errorf("slots of %v, %v; the second was %d", taken(), g.current.Targets, kept)
	}
	limited(0, 0, 0)
	if len(taken()) != 0 || len(g.slots.targets.free) != int(g.slots.targets.next) {
		t.Errorf("without limits there are slots of %v, free are %v of %d", taken(), g.slots.targets.free, g.slots.targets.next)
	}
}

// TestExplainWithLimits: a frame to be explained finds every bucket full and takes nothing out; what
// is not in the sample is said like the reference says it.
func TestExplainWithLimits(t *testing.T) {
	g := openGateway(t, reads(t), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	r := mirrored(g, wire0)
	r.Sessions[0].Limit.PPS, r.Targets[0].Limit.PPS, r.Sessions[0].SampleOneIn = 1, 1, 2
	s := compile(t, r)
	if err := g.Publish(s); err != nil {
		t.Fatal(err)
	}
	made := 0
	for n := range 4 * 32 {
		f := frame(t, macWeb, macRouter, 100, n)
		e, err := g.Explain(wire0, f)
		if err != nil {
			t.Fatal(err)
		}
		want := rules.Evaluate(s, wire0, f, nil)[0]
		if len(e.Verdicts) != 1 || e.Verdicts[0] != want {
			t.Fatalf("%+v, the reference says %+v", e.Verdicts, want)
		}
		if sampled := len(e.Skipped) == 1 && e.Skipped[0].Reason == "sampled"; sampled != want.SampledOut || sampled == (len(e.Copies) == 1) {
			t.Fatalf("%+v: skipped %+v, %d copies", want, e.Skipped, len(e.Copies))
		}
		made += len(e.Copies)
	}
	if made < 40 {
		t.Errorf("%d of 128 flows are in the sample of one in two", made)
	}
}
