package pipeline

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

// bucket is a token bucket as textbooks have it: it fills with time up to its depth, and a copy that
// finds enough tokens takes them. A token is a billionth of a packet or bit, so that nothing is ever
// rounded: a rate of one a second earns one token a nanosecond.
type bucket struct {
	rate, depth, tokens uint64
	when                time.Duration
}

const token = 1_000_000_000 // of one packet or bit

func newBucket(rate, burst int) *bucket {
	depth := max(uint64(rate)*uint64(10*time.Millisecond), uint64(burst)*token)
	return &bucket{rate: uint64(rate), depth: depth, tokens: depth}
}

func (b *bucket) fill(now time.Duration) {
	elapsed := uint64(now - b.when)
	b.when = now
	if b.rate == 0 {
		return
	}
	if missing := b.depth - b.tokens; elapsed > missing/b.rate {
		b.tokens = b.depth
		return
	}
	b.tokens += elapsed * b.rate
}

func (b *bucket) has(n uint64) bool { return b.rate == 0 || b.tokens >= n*token }

func (b *bucket) take(n uint64) {
	if b.rate != 0 {
		b.tokens -= n * token
	}
}

// buckets are those of one limit.
type buckets struct{ packets, bits *bucket }

func newBuckets(l rules.Limit) *buckets {
	return &buckets{newBucket(l.PPS, Burst), newBucket(l.BPS, 8*72_000)}
}

// bear is what limit.h does with the buckets of a session and of its target. A copy that they bear
// and that is not admitted takes nothing.
func bear(now time.Duration, outer int, admitted func() bool, all ...*buckets) bool {
	for _, b := range all {
		b.packets.fill(now)
		b.bits.fill(now)
	}
	for _, b := range all {
		if !b.packets.has(1) || !b.bits.has(uint64(8*outer)) {
			return false
		}
	}
	if !admitted() {
		return false
	}
	for _, b := range all {
		b.packets.take(1)
		b.bits.take(uint64(8 * outer))
	}
	return true
}

// exactRates divide 10^9 << MGW_OWED_SHIFT, and eight times that: the data path rounds nothing.
var exactRates = []int{0, 64_000, 100_000, 1_000_000, 12_500_000, 100_000_000, 1_000_000_000}

func drawLimit(t *rapid.T, label string) (l rules.Limit) {
	l.PPS = rapid.SampledFrom([]int{0, 1, 100, 1000, 64_000, 1_000_000, rules.PPSMax}).Draw(t, label+" packets")
	l.BPS = rapid.SampledFrom(exactRates).Draw(t, label+" bits")
	return l
}

// limitedResources mirrors everything of the web server on wire0 to one target, with limits.
func limitedResources(target int, session, at rules.Limit) *rules.Resources {
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), target, 1, acceptAll())
	r.Sessions[0].Limit, r.Targets[target].Limit = session, at
	return r
}

// TestRateLimitIsATokenBucket compares every decision with the textbook's, at random times, on an
// lcore that is calm or has a budget.
func TestRateLimitIsATokenBucket(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	rapid.Check(t, func(rt *rapid.T) {
		target := rapid.IntRange(0, 1).Draw(rt, "target")
		session, at := drawLimit(rt, "session"), drawLimit(rt, "target")
		layout := &Layout{Tunnels: worldTunnels()}
		layout.Tunnels[0].VLAN = rapid.SampledFrom([]int{0, 7}).Draw(rt, "tag")
		w := newWorld(t, h, limitedResources(target, session, at), layout)
		defer w.close()
		h.counters.ClearSession(0)
		h.counters.ClearTarget(0)
		model, shared := newBuckets(session), newBuckets(at)
		now := time.Duration(rapid.Int64Range(0, 1<<40).Draw(rt, "begin"))
		congested := congest(h, rapid.Uint32Range(0, 3*Burst).Draw(rt, "budget"))
		defer congest(h, 0)
		var had credit
		admitted := func() bool { return congested.c.state == 0 || congested.admits(&had) }
		model.packets.when, model.bits.when, shared.packets.when, shared.bits.when = now, now, now, now
		for range rapid.IntRange(1, 20).Draw(rt, "bursts") {
			now += time.Duration(rapid.Int64Range(0, 1<<rapid.IntRange(0, 36).Draw(rt, "scale")).Draw(rt, "pause"))
			frame := fromWeb(t, rapid.SampledFrom([]int{60, 200, 1000, 1600, 9000}).Draw(rt, "length"))
			in := Input{Port: wire0, Frames: repeat(frame, rapid.IntRange(1, Burst).Draw(rt, "frames")), Now: now}
			verdict := rules.Evaluate(w.snapshot, wire0, frame, nil)[0]
			outer := len(w.copyOf(&verdict, frame))
			if target == 0 && layout.Tunnels[0].VLAN != 0 {
				outer += 4
			}
			want := 0
			for range in.Frames {
				if bear(now, outer, admitted, model, shared) {
					want++
				}
			}
			out := w.run(in)
			if len(out.Copies) != want {
				rt.Fatalf("at %v %d of %d copies of %d bytes were made, the token bucket has %d; session %+v, target %+v",
					now, len(out.Copies), len(in.Frames), outer, want, session, at)
			}
			if want > 0 && len(out.Copies[0].Bytes) != outer {
				rt.Fatalf("a copy has %d bytes, not %d", len(out.Copies[0].Bytes), outer)
			}
			if h.pipe.c.budget != congested.c {
				rt.Fatalf("the budget is %+v, not %+v", h.pipe.c.budget, congested.c)
			}
		}
	})
}

// TestRateLimitOverTime offers far more than the limit for two seconds.
func TestRateLimitOverTime(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	const pps, bps, outer = 5000, 20_000_000, 1000 + 50
	for name, c := range map[string]struct {
		limit   rules.Limit
		sharers int
		most    int // copies in two seconds, less the burst
		burst   int
	}{
		"packets":              {rules.Limit{PPS: pps}, 1, 2 * pps, pps / 100},
		"packets, odd rate":    {rules.Limit{PPS: 3333}, 1, 6666, 33},
		"bits":                 {rules.Limit{BPS: bps}, 1, 2 * bps / 8 / outer, 72_000 / outer},
		"both, bits bind":      {rules.Limit{PPS: pps, BPS: bps}, 1, 2 * bps / 8 / outer, 72_000 / outer},
		"one of four workers":  {rules.Limit{PPS: pps}, 4, 2 * pps / 4, Burst},
		"one of three workers": {rules.Limit{PPS: pps}, 3, 2 * pps / 3, Burst},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, h, limitedResources(1, c.limit, rules.Limit{}), &Layout{Sharers: []int{wire0: c.sharers}})
			defer w.close()
			h.counters.ClearSession(0)
			in := Input{Port: wire0, Frames: repeat(fromWeb(t, outer-70), Burst)}
			for ; in.Now < 2*time.Second; in.Now += 2 * time.Millisecond {
				w.run(in)
			}
			got := h.Counters().Session(0, rules.Egress)
			if made := int(got.Mirrored.Packets); made > c.most+c.burst || made < c.most-c.burst {
				t.Errorf("%d copies in 2 s, should be %d and at most a burst of %d more", made, c.most, c.burst)
			}
			if got.Skipped["rate-limit"].Packets != got.Matched.Packets-got.Mirrored.Packets {
				t.Errorf("skipped %v, matched %d, mirrored %d", got.Skipped, got.Matched.Packets, got.Mirrored.Packets)
			}
		})
	}
}

// TestTargetLimitIsShared: what one session's copies took is not there for another's, and a copy that
// the target cannot bear costs its session nothing.
func TestTargetLimitIsShared(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	r := limitedResources(0, rules.Limit{PPS: 1}, rules.Limit{PPS: 1})
	addSession(r, addInterface(r, rules.Interface{Port: wire1, HasMAC: true, MAC: clientMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
	w := newWorld(t, h, r, &Layout{})
	defer w.close()
	frame := fromWeb(t, 60) // the egress of one source and the ingress of the other
	for range 2 {
		w.run(Input{Port: wire0, Frames: repeat(frame, Burst)})
	}
	first, second := h.Counters().Session(0, rules.Egress), h.Counters().Session(1, rules.Ingress)
	if sum := first.Mirrored.Packets + second.Mirrored.Packets; sum != Burst || second.Mirrored.Packets != Burst/2 {
		t.Errorf("%d and %d copies passed a bucket of %d", first.Mirrored.Packets, second.Mirrored.Packets, Burst)
	}
	h.counters.ClearTarget(0)
	w.run(Input{Port: wire0, Frames: repeat(frame, Burst)})
	if got := h.Counters().Session(0, rules.Egress).Mirrored.Packets; got != Burst {
		t.Errorf("the session's own bucket of %d bore %d copies", Burst, got)
	}
}

// TestOnlyCopiesCostTokens: neither a flow outside the sample nor a target without a way takes any.
func TestOnlyCopiesCostTokens(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	const lost = 2 // target without a next hop
	w := newWorld(t, h, limitedResources(lost, rules.Limit{PPS: 1}, rules.Limit{PPS: 1}), &Layout{})
	defer w.close()
	w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, 60), Burst)})
	w.wantSession(rules.Egress, 0, 0, map[string]uint64{"unresolved": Burst})
	if err := w.layout.SetNextHop(netip.MustParseAddr("192.0.2.99"), tun0, NextHop{MAC: [6]byte{2, 9}, Resolved: true}); err != nil {
		t.Fatal(err)
	}
	w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, 60), Burst)})
	w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, 60), 1)})
	w.wantSession(rules.Egress, Burst, 0, map[string]uint64{"unresolved": Burst, "rate-limit": 1})
}

// TestLimitSurvivesAChange: a new program finds the bucket as it was, and what a slower limit owed
// keeps a faster one waiting no longer than its own burst.
func TestLimitSurvivesAChange(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	run := func(limit rules.Limit, now time.Duration) (made int) {
		w := newWorld(t, h, limitedResources(0, limit, rules.Limit{}), &Layout{})
		defer w.close()
		return len(w.run(Input{Port: wire0, Frames: repeat(fromWeb(t, 60), Burst), Now: now}).Copies)
	}
	slow, fast := rules.Limit{PPS: 1}, rules.Limit{PPS: 100_000}
	for _, step := range []struct {
		limit rules.Limit
		now   time.Duration
		want  int
	}{
		{slow, 0, Burst},
		{slow, 0, 0},
		{slow, 5 * time.Second, 5},
		{fast, 5 * time.Second, 0},
		{fast, 5*time.Second + 50*time.Microsecond, 5},
		{fast, 5*time.Second + 10*time.Millisecond, Burst},
	} {
		if made := run(step.limit, step.now); made != step.want {
			t.Errorf("%+v at %v: %d copies, not %d", step.limit, step.now, made, step.want)
		}
	}
}

// TestSampleSpreads: the flows of a sample use all source ports, and all shares of a load balancer.
func TestSampleSpreads(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var ports, sampled int
	quarters := [4]int{}
	for sampled < 4000 {
		k := rules.Key{Family: 4, Protocol: rules.ProtocolUDP, Src: netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(256))}),
			Dst: netip.MustParseAddr("10.1.0.1"), SrcPort: uint16(r.IntN(65536)), DstPort: 53}
		if uint64(rules.SampleNumber(&k)) >= rules.SampleBelow(100) {
			continue
		}
		sampled++
		flow := vxlan.FlowHash(k.Src, k.Dst, uint8(k.Protocol), k.SrcPort, k.DstPort, false)
		quarters[flow>>18&0xffffffff>>30]++
		if vxlan.SourcePort(flow) >= 49152+8192 {
			ports++
		}
	}
	for _, n := range append(quarters[:], ports/2) {
		if n < 850 || n > 1150 {
			t.Errorf("of %d flows the quarters of a load balancer get %v, and %d have a source port in the upper half", sampled, quarters, ports)
			break
		}
	}
}

// BenchmarkLimits is what sampling and rate limits cost: of the first half of the frames is mirrored,
// of the second all.
func BenchmarkLimits(b *testing.B) {
	for name, limit := range map[string]func(*rules.Session){
		"none":   func(*rules.Session) {},
		"sample": func(s *rules.Session) { s.SampleOneIn = 2 },
		"rate":   func(s *rules.Session) { s.Limit = rules.Limit{PPS: rules.PPSMax, BPS: rules.BPSMax} },
	} {
		b.Run("limit="+name, func(b *testing.B) {
			h := newHarness(b, benchPools)
			r := limitedResources(0, rules.Limit{}, rules.Limit{})
			r.Filters[0] = lastAccepts(10)
			limit(&r.Sessions[0])
			w := newWorld(b, h, r, &Layout{Second: 1}) // what is owed is paid back at once
			defer w.close()
			b.ResetTimer()
			if err := h.Repeat(w.program, Input{Port: wire0, Frames: flows(b, 60)}, b.N); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Burst, "ns/frame")
		})
	}
}
