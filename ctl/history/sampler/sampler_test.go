package sampler

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
)

const resources = `
[[interface]]
id = "eni-00000000000000001"
name = "web-1"
port = "wire0"
mac = "02:00:00:00:00:01"
instance = "i-1"
image = "ami-1"
instance_type = "m5.large"
autoscaling_group = "web"
monitoring = "detailed"
[[interface]]
id = "eni-00000000000000002"
name = "db-1"
port = "wire0"
mac = "02:00:00:00:00:02"
instance = "i-2"
image = "ami-2"
account = "111111111111"
[[interface]]
id = "eni-00000000000000003"
name = "db-1b"
port = "wire0"
mac = "02:00:00:00:00:03"
instance = "i-2"
account = "111111111111"
[[interface]]
id = "eni-00000000000000004"
name = "no-instance"
port = "wire0"
mac = "02:00:00:00:00:04"
`

var (
	web = history.Key{Kind: history.Instance, Step: 1, Account: "000000000000", Name: "i-1", Group: "web", Image: "ami-1", Type: "m5.large"}
	db  = history.Key{Kind: history.Instance, Step: 5, Account: "111111111111", Name: "i-2"}
)

// world is a gateway without data path, and a clock that the test moves.
type world struct {
	t       *testing.T
	dir     string
	store   *store.Store
	history *history.Store
	sampler *Sampler
	report  *report.Report
	hz      uint64
	busy    uint64
	idle    uint64

	wall    time.Time
	running time.Duration
	waits   chan time.Duration // what Run waits for
	wake    chan bool          // ends a wait
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	s := storetest.Open(t, store.Options{})
	storetest.Apply(t, s, resources)
	w := &world{t: t, dir: t.TempDir(), store: s, wall: noon, hz: 1e9, waits: make(chan time.Duration), wake: make(chan bool)}
	w.start()
	return w
}

// start is what a start of the daemon does: the counters begin at 0.
func (w *world) start() {
	h, err := history.Open(history.Options{Dir: w.dir, Days: 15})
	if err != nil {
		w.t.Fatal(err)
	}
	w.history = h
	w.t.Cleanup(func() { h.Close() })
	w.report, w.busy, w.idle = report.New(), 0, 0
	for id, name := range map[string]string{"1": "web-1", "2": "db-1", "3": "db-1b", "4": "no-instance"} {
		w.report.Sources[name] = report.Source{ID: "eni-0000000000000000" + id}
		w.report.Sessions["s"+id] = report.Session{ID: "tms-" + id, Source: name}
	}
	w.sampler = New(Options{History: h, Store: w.store, Clock: w,
		Report: func(report.Kinds) *report.Report {
			r := report.New()
			for name, p := range w.report.Ports {
				r.Ports[name] = p
			}
			for name, s := range w.report.Sessions {
				r.Sessions[name] = s
			}
			r.Sources = w.report.Sources
			return r
		},
		Lcores: func() []ctl.LcoreStatus {
			return []ctl.LcoreStatus{{Lcore: 1, Loop: ctl.Loop{Hz: w.hz, Busy: w.busy, Idle: w.idle}}}
		}})
}

// Now implements Clock.
func (w *world) Now() (time.Time, time.Duration) { return w.wall, w.running }

// Wait implements Clock.
func (w *world) Wait(_ context.Context, d time.Duration) bool {
	w.waits <- d
	return <-w.wake
}

func (w *world) pass(d time.Duration) { w.wall, w.running = w.wall.Add(d), w.running+d }

// traffic is what one session counts of ingress.
func (w *world) traffic(session string, mirrored, skipped int64) {
	s := w.report.Sessions[session]
	s.Ingress.MatchedPackets += mirrored + skipped
	s.Ingress.MirroredPackets += mirrored
	s.Ingress.MirroredBytes += 100 * mirrored
	s.Ingress.Skipped = report.Counts{"congestion": s.Ingress.Skipped["congestion"] + skipped, "mempool": 1}
	s.Ingress.SkippedBytes = report.Counts{"congestion": s.Ingress.SkippedBytes["congestion"] + 100*skipped, "mempool": 60}
	w.report.Sessions[session] = s
}

type point struct {
	value   int64
	partial bool
}

// points are those of a column by minute after noon.
func (w *world) points(k history.Key, column string) map[int]point {
	w.t.Helper()
	list, err := w.history.Points(k, []int{k.Kind.Column(column)}, noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 2))
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[int]point{}
	for _, p := range list {
		got[int(p.Time.Sub(noon)/time.Minute)] = point{p.Values[0], p.Partial}
	}
	return got
}

func (w *world) same(what string, got, want any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(point{})); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWhatIsSampled(t *testing.T) {
	w := newWorld(t)
	w.pass(time.Minute)
	w.sampler.sample()
	w.traffic("s1", 10, 1)
	w.traffic("s2", 5, 2)
	w.traffic("s3", 7, 0)
	w.traffic("s4", 1, 0)
	w.report.Ports["wire0"] = report.Port{RxPackets: 30, RxBytes: 3000, TxPackets: 2, Dropped: report.Counts{"tx_full": 3, "too_long": 4}}
	w.busy, w.idle = 15e9, 45e9
	w.pass(time.Minute)
	w.sampler.sample()
	second := func(v int64) map[int]point { return map[int]point{0: {0, true}, 1: {v, false}} }
	w.same("bytes", w.points(web, "NetworkMirrorIn"), second(1000))
	w.same("skipped bytes, of congestion only", w.points(web, "NetworkSkipMirrorIn"), second(100))
	w.same("no packets with detailed monitoring", w.points(web, "NetworkPacketsMirrorIn"), second(0))
	w.same("both interfaces of an instance", w.points(db, "NetworkPacketsMirrorIn"), map[int]point{0: {12, true}})
	w.same("skipped packets", w.points(db, "NetworkPacketsSkipMirrorIn"), map[int]point{0: {2, true}})
	w.same("all mirrored packets", w.points(simple(history.Gateway, ""), "mirrored_packets"), second(23))
	w.same("skips by reason", w.points(simple(history.Skips, "mempool"), "bytes"), map[int]point{1: {240, false}})
	w.same("drops by reason", w.points(simple(history.Drops, "too_long"), "packets"), map[int]point{1: {4, false}})
	w.same("a port", w.points(simple(history.Port, "wire0"), "dropped_packets"), map[int]point{1: {7, false}})
	w.same("a worker that was busy", w.points(simple(history.Lcore, "1"), "busy_us"), second(15e6))
	w.same("of all its time", w.points(simple(history.Lcore, "1"), "polled_us"), second(60e6))
	w.same("instances", len(w.history.Series(history.Filter{Kind: history.Instance})), 2)
}

// TestRestart: what was skipped before a restart is there after it, nothing is counted twice and
// nothing is negative.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	w.pass(time.Minute)
	w.sampler.sample()
	w.traffic("s1", 0, 50)
	w.pass(time.Minute)
	w.sampler.sample()
	w.traffic("s1", 0, 4)
	w.pass(20 * time.Second)
	w.sampler.last()
	w.history.Close()
	w.start()
	w.pass(15 * time.Second)
	w.traffic("s1", 0, 3)
	w.pass(25 * time.Second)
	w.sampler.sample()
	w.same("the minute of the restart has both parts", w.points(web, "NetworkSkipMirrorIn"),
		map[int]point{0: {0, true}, 1: {5000, false}, 2: {700, true}})
	w.history.Close() // a kill: no last sample
	w.pass(24 * time.Hour)
	w.start()
	w.pass(time.Minute)
	w.sampler.sample()
	w.same("yesterday", w.points(web, "NetworkSkipMirrorIn"),
		map[int]point{0: {0, true}, 1: {5000, false}, 2: {700, true}, 3 + 24*60: {0, true}})
	gaps := w.history.Gaps(noon, noon.AddDate(0, 0, 2))
	w.same("gaps", len(gaps), 4)
	w.same("the night", gaps[2], history.Gap{From: noon.Add(3 * time.Minute), To: noon.Add(24*time.Hour + 3*time.Minute)})
}

func TestCountersThatBeginAnew(t *testing.T) {
	w := newWorld(t)
	w.traffic("s1", 100, 0)
	w.pass(time.Minute)
	w.sampler.sample()
	w.report.Sessions["s1"] = report.Session{ID: "tms-1", Source: "web-1"}
	w.traffic("s1", 3, 0)
	w.pass(time.Minute)
	w.sampler.sample()
	delete(w.report.Sessions, "s1")
	w.pass(time.Minute)
	w.sampler.sample()
	w.same("bytes", w.points(web, "NetworkMirrorIn"), map[int]point{0: {10000, true}, 1: {300, false}, 2: {0, false}})
}

func TestClockThatIsSet(t *testing.T) {
	w := newWorld(t)
	step := func(jump time.Duration, packets int64) {
		w.traffic("s1", packets, 0)
		w.pass(time.Minute)
		w.wall = w.wall.Add(jump)
		w.sampler.sample()
	}
	step(0, 1)
	step(0, 2)
	step(10*time.Minute, 3) // minutes 2 to 11 have no sample
	step(0, 4)
	step(-11*time.Minute, 5) // to minute 3, which nobody had yet
	step(0, 6)
	want := map[int]point{0: {100, true}, 1: {200, false}, 12: {300, true}, 13: {400, false}, 3: {500, true}, 4: {600, false}}
	w.same("bytes", w.points(web, "NetworkMirrorIn"), want)
}

func TestLateSample(t *testing.T) {
	w := newWorld(t)
	w.pass(time.Minute)
	w.sampler.sample()
	w.traffic("s1", 1, 0)
	w.pass(95 * time.Second)
	w.sampler.sample()
	w.pass(25 * time.Second)
	w.sampler.sample()
	w.same("bytes", w.points(web, "NetworkMirrorIn"), map[int]point{0: {0, true}, 2: {100, true}})
	w.same("gaps", w.history.Gaps(noon.Add(time.Minute), noon.Add(time.Hour)), []history.Gap{
		{From: noon.Add(time.Minute), To: noon.Add(2 * time.Minute)},
		{From: noon.Add(2 * time.Minute), To: noon.Add(3 * time.Minute), Partial: true}})
}

// TestRun: samples come at the ends of minutes, and once more at the end.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.pass(20 * time.Second)
	ended := make(chan bool)
	go func() {
		w.sampler.Run(context.Background())
		close(ended)
	}()
	for _, want := range []time.Duration{40 * time.Second, 60 * time.Second, 60 * time.Second} {
		if got := <-w.waits; got != want {
			t.Errorf("waits for %v, not %v", got, want)
		}
		w.traffic("s1", 1, 0)
		w.pass(want)
		w.wake <- true
	}
	<-w.waits
	w.traffic("s1", 9, 0)
	w.pass(10 * time.Second)
	w.wake <- false
	<-ended
	w.same("bytes", w.points(web, "NetworkMirrorIn"), map[int]point{0: {100, true}, 1: {100, false}, 2: {100, false}, 3: {900, true}})
}
