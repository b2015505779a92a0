package pipeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"mirrorgw/rules"
)

// differentialCases is how many packets each run compares, over both engines together:
// a million in CI, a hundred million with MIRRORGW_FULL=1, or MIRRORGW_CASES.
func differentialCases(t *testing.T) int {
	if text := os.Getenv("MIRRORGW_CASES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("MIRRORGW_CASES=%q: must be a number", text)
		}
		return n
	}
	if os.Getenv("MIRRORGW_FULL") != "" {
		return 100_000_000
	}
	return 1_000_000
}

// TestDifferential compares both engines with rules.Evaluate: random resources, random and
// mutated packets, random segment bounds.
func TestDifferential(t *testing.T) {
	const burstsPerWorld = 40
	cases := differentialCases(t)
	corpus := mutationCorpus(t)
	seed := rand.Uint64()
	if text := os.Getenv("MIRRORGW_SEED"); text != "" {
		fmt.Sscan(text, &seed)
	}
	t.Logf("seed %d (MIRRORGW_SEED repeats it), %d cases, %d real packets to mutate", seed, cases, len(corpus))
	r := rand.New(rand.NewPCG(seed, 1))
	pool := newPools()
	for done := 0; done < cases && !t.Failed(); {
		resources := randomResources(r, pool)
		var bursts []Input
		now := time.Duration(0)
		for range burstsPerWorld {
			in := randomBurst(r, pool, corpus)
			now += pick(r, 0, 0, 0, rules.FragmentLife/10, rules.FragmentLife/2, rules.FragmentLife)
			in.Now = now
			bursts = append(bursts, in)
		}
		for _, engine := range []Engine{EngineLinear, EngineACL} {
			done += runDifferential(t, resources, &Layout{Engine: engine, Scattered: r.IntN(2) == 0}, bursts)
		}
	}
}

// runDifferential runs bursts through a world of its own and returns the number of packets.
func runDifferential(t *testing.T, resources *rules.Resources, layout *Layout, bursts []Input) (packets int) {
	h := sharedHarness(t)
	h.clear()
	w := newWorld(t, h.Harness, resources, layout)
	defer w.close()
	y := newTally()
	for _, in := range bursts {
		w.check(in, y)
		packets += len(in.Frames)
	}
	w.compareCounters(y)
	return packets
}

func randomBurst(r *rand.Rand, pool *pools, corpus [][]byte) Input {
	in := Input{Port: pick(r, wire0, wire1, tap0), Spare: pick(r, 0, 100, CopyMax, 2*CopyMax)}
	if r.IntN(4) == 0 {
		return burstOfOneSource(r, pool, in)
	}
	for range 1 + r.IntN(Burst) {
		frame := pool.randomFrame(r)
		if r.IntN(4) == 0 {
			frame = pool.takePiece(r, in.Port)
		} else if len(corpus) > 0 && r.IntN(3) == 0 {
			frame = withMACs(r, pool, pick(r, corpus...))
		}
		if r.IntN(4) == 0 {
			frame = mutate(r, frame)
		}
		in.Frames = append(in.Frames, frame)
		in.Segments = append(in.Segments, cut(r, len(frame)))
	}
	return in
}

// burstOfOneSource is what traffic mostly is: IPv4 between one host and others that no source has,
// which the stages deal with as a row.
func burstOfOneSource(r *rand.Rand, pool *pools, in Input) Input {
	dst, src := [6]byte{2, 0xff}, pick(r, pool.macs...)
	if r.IntN(2) == 0 {
		dst, src = src, dst
	}
	for n := 2 + r.IntN(pick(r, 3, 3, Burst-1)); len(in.Frames) < n; {
		frame := pool.randomFrame(r)
		if len(frame) < 34 || frame[12] != 0x08 || frame[13] != 0x00 {
			continue
		}
		copy(frame, dst[:])
		copy(frame[6:], src[:])
		in.Frames = append(in.Frames, frame)
		in.Segments = append(in.Segments, []int{len(frame)})
	}
	return in
}

// withMACs gives a real packet addresses that sources have.
func withMACs(r *rand.Rand, pool *pools, frame []byte) []byte {
	frame = append([]byte(nil), frame...)
	if len(frame) >= 12 {
		dst, src := pick(r, pool.macs...), pick(r, pool.macs...)
		copy(frame, dst[:])
		copy(frame[6:], src[:])
	}
	return frame
}

// mutationCorpus is a sample of real packets, empty where there are no captures.
func mutationCorpus(t *testing.T) (corpus [][]byte) {
	t.Run("corpus", func(t *testing.T) {
		for _, path := range captures(t) {
			frames := readCapture(t, path)
			corpus = append(corpus, frames[:min(len(frames), 40)]...)
		}
	})
	return corpus
}

// reusable is a harness that many worlds of one test use one after the other.
type reusable struct{ *Harness }

var shared = map[*testing.T]reusable{}

func sharedHarness(t *testing.T) reusable {
	if h, ok := shared[t]; ok {
		return h
	}
	h := reusable{newHarness(t, DefaultHarnessPools)}
	shared[t] = h
	t.Cleanup(func() { delete(shared, t) })
	return h
}

// clear sets all counters that a world can have touched to zero.
func (h reusable) clear() {
	for slot := range uint32(8192) {
		h.counters.ClearRule(slot)
		if slot < 64 {
			h.counters.ClearSession(slot)
		}
		if slot < 16 {
			h.counters.ClearSource(slot)
		}
	}
}
