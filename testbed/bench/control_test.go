package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

func TestPercentile(t *testing.T) {
	hundred := make([]float64, 100) // 100, 99, ..., 1
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for _, c := range []struct {
		values []float64
		p      float64
		want   float64
	}{
		{[]float64{7}, 99, 7}, {[]float64{7}, 1, 7}, {[]float64{3, 1, 2}, 50, 2}, {[]float64{3, 1, 2}, 67, 3},
		{hundred, 99, 99}, {hundred, 100, 100}, {hundred, 1, 1}, {hundred, 0.5, 1}, {hundred, 98.5, 99},
		{append([]float64{1000}, hundred[:59]...), 99, 1000}, // 60 values: nobody can tell 1 in 100 apart
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %g of %d values is %g, want %g", c.p, len(c.values), got, c.want)
		}
	}
	if hundred[0] != 100 {
		t.Error("the order of the values is lost")
	}
}

func TestClock(t *testing.T) {
	start := time.Unix(1000, 0)
	c := clock{start, 1000, 3 * time.Second}
	for k, want := range map[int]time.Duration{0: 0, 1: time.Millisecond, 2999: 2999 * time.Millisecond} {
		if got := c.due(k).Sub(start); got != want {
			t.Errorf("change %d is due after %v, want %v", k, got, want)
		}
	}
	if got := (clock{start, 3, 0}).due(3 * 1e6).Sub(start); got != 1e6*time.Second {
		t.Errorf("thirds of seconds add up to %v", got)
	}
	if c.over(c.due(2999)) || !c.over(c.due(3000)) {
		t.Error("an interval of 3 s at 1,000 a second has not 3,000 changes")
	}
}

// One worker after the other would take every change of an interval that is over, and none of one
// that is to come, so no time has to pass.
func TestWorkGivesUpWhatIsLate(t *testing.T) {
	past := clock{time.Now().Add(-time.Hour), 1000, time.Minute}
	done, err := newChanger("/nonexistent", 0).work(context.Background(), past, 0, 1)
	if err != nil || len(done.latencies) != 0 {
		t.Errorf("%d changes were made after the interval, %v", len(done.latencies), err)
	}
}

func TestWorkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("the daemon is gone")
	cancel(why)
	future := clock{time.Now().Add(time.Hour), 1000, time.Minute}
	if _, err := newChanger("/nonexistent", 0).work(ctx, future, 0, 1); !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
}

func TestAnswersOfSeveralChangers(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, int64(ms)*1e6) }
	var one, two, none, all answers
	one.add(at(0), at(40))
	one.add(at(1000), at(1040))
	two.add(at(500), at(560))
	two.add(at(2000), at(2040))
	for _, a := range []answers{none, one, two, none} {
		all.join(a)
	}
	if got := percentile(all.latencies, 100); len(all.latencies) != 4 || got != 60 {
		t.Errorf("%d answers, the slowest after %g ms", len(all.latencies), got)
	}
	if got := all.perSecond(); got != 1.5 {
		t.Errorf("4 answers from 40 ms to 2,040 ms are %g a second, want 1.5", got)
	}
}

func TestResidentMemory(t *testing.T) {
	const status = "Name:\tmirrorgw\nVmHWM:\t  999999 kB\nVmRSS:\t  123456 kB\nRssAnon:\t 5 kB\n"
	if got, err := residentKiB([]byte(status)); err != nil || got != 123456 {
		t.Errorf("%g, %v", got, err)
	}
	for _, bad := range []string{"", "Name:\tmirrorgw\n", "VmRSS:\t12 MB\n", "VmRSS:\tmuch kB\n"} {
		if got, err := residentKiB([]byte(bad)); err == nil {
			t.Errorf("%q gives %g", bad, got)
		}
	}
	if own, err := os.ReadFile("/proc/self/status"); err == nil {
		if got, err := residentKiB(own); err != nil || got < 1024 {
			t.Errorf("this process has %g KiB, %v", got, err)
		}
	}
}

func TestOnCPU(t *testing.T) {
	if got, err := onCPU([]byte("1500000000 20 3\n")); err != nil || got != 1500*time.Millisecond {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := onCPU(nil); err == nil {
		t.Errorf("an empty file gives %v", got)
	}
}

// TestScaleIsWhatItSays takes the document through parser, store rules and compiler.
func TestScaleIsWhatItSays(t *testing.T) {
	const n = 300
	dir := t.TempDir()
	t.Chdir(dir)
	if err := prepareControl("."); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(gatewayFile)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Ctl.Socket != socketFile || cfg.State.Path != stateFile || cfg.Quotas.SessionsPerAccount < controlSources+changers ||
		cfg.Quotas.FiltersPerAccount < controlSources {
		t.Errorf("the gateway is %+v, %+v, %+v", cfg.Ctl, cfg.State, cfg.Quotas)
	}
	doc, err := ctl.ParseDocument("scale", []byte(scaleTOML(n)))
	if err != nil {
		t.Fatal(err)
	}
	resources, warnings, err := store.Resources(doc, store.Options{Config: cfg})
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	s, err := rules.Compile(resources)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sources) != n || len(s.Filters) != n || len(s.Sessions) != n || ruleCount(s) != n*controlRules {
		t.Errorf("%d sources, %d filters, %d sessions, %d rules", len(s.Sources), len(s.Filters), len(s.Sessions), ruleCount(s))
	}
	for i, frame := range sourceFrames(n)() {
		v := rules.Evaluate(s, cfg.PortIndex("wire0"), frame, nil)
		if len(v) != 1 || v[0].Outcome != rules.Matched || number(s, v[0]) != 10*controlRules {
			t.Fatalf("frame %d: %+v, want a match of the last rule", i, v)
		}
	}
}

func TestNoTwoFiltersAreEqual(t *testing.T) {
	seen := map[string]int{}
	for i := range controlSources {
		for rule := range strings.SplitSeq(scaleRules(i), "[[filter.rule]]\n") {
			_, match, ok := strings.Cut(rule, "protocol")
			if other, twice := seen[match]; ok && twice {
				t.Fatalf("filters %d and %d share %q", other, i, match)
			}
			seen[match] = i
		}
	}
	if len(seen) != 1+controlSources*controlRules { // and the empty text before the first rule
		t.Errorf("%d rules", len(seen)-1)
	}
}

func TestControlRows(t *testing.T) {
	c := newControlRows()
	c.emptyKiB, c.documentKiB = 1000, 2
	c.loaded(3*time.Second, 1000+4*controlSources)
	c.watched(busy, 9, 35)
	c.watched(changing, 9, 130)
	c.watched(quiet, 10, 40)
	for _, r := range c.all() {
		if r.Values == nil {
			r.Values = []float64{9}
		}
		if r.PeerValues == nil {
			r.PeerValues = []float64{10}
		}
	}
	c.refuse("life 1", "")
	rows := map[string]row{}
	for _, r := range c.list() {
		rows[r.Name] = r
		if r.Invalid != "" || r.Runs != 1 {
			t.Errorf("%+v", r)
		}
	}
	if r := rows["control-memory"]; r.Value != 4 || math.Abs(r.Ratio-2) > 1e-12 {
		t.Errorf("%+v", r)
	}
	if r := rows["control-start"]; r.Value != 3 || r.Ratio != 0.3 {
		t.Errorf("%+v", r)
	}
	// 1 - 9/10 of a second, by 9 changes; rates with changes and on the busy machine are the same here.
	if r := rows["control-blocked"]; math.Abs(r.Value-0.1e6/9) > 1e-6 || math.Abs(r.PeerValue-r.Value) > 1e-6 {
		t.Errorf("%+v", r)
	}
	text := tables(c.list(), "")
	for name, want := range map[string]string{
		"control-ack": "<= 10 met", "control-gap": "<= 140 met", "control-rate": "0.900 >= 0.95 not met", "control-start": "0.300 -",
	} {
		if line := lineOf(text, name); !strings.Contains(line, want) {
			t.Errorf("line %q lacks %q", line, want)
		}
	}
	if r := rows["control-rate"]; r.Peer != "busy-machine" || r.Ratio != 1 { // the last row of that name
		t.Errorf("%+v", r)
	}
	if r := rows["control-gap"]; r.Peer != "busy-machine" || r.Limit != 135 || r.Value != 130 {
		t.Errorf("%+v", r)
	}
	c.refuse("life 2", "laws")
	if err := invalid(c.list()); err == nil || !strings.Contains(err.Error(), "control-gap is invalid: life 2: laws") {
		t.Error(err)
	}
}

func TestJudgeForwarding(t *testing.T) {
	if note := judgeForwarding(good()); note != "" {
		t.Error(note)
	}
	for want, spoil := range map[string]func(*report.Report){
		"laws":       func(r *report.Report) { r.Laws.Production = -1 },
		"sent 99":    func(r *report.Report) { r.Ports["wire1"] = report.Port{TxPackets: 99} },
		"received 0": func(r *report.Report) { *r = *report.New() },
	} {
		r := good()
		spoil(r)
		if note := judgeForwarding(r); !strings.Contains(note, want) {
			t.Errorf("%q lacks %q", note, want)
		}
	}
}

func TestConfineMovesEveryThread(t *testing.T) {
	release, err := confine()
	if err != nil {
		t.Skipf("this process may not use CPU %d: %v", controlCPU, err)
	}
	defer func() {
		if err := release(); err != nil {
			t.Error(err)
		}
	}()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil || len(tasks) == 0 {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(filepath.Join("/proc/self/task", task.Name(), "status"))
		if err == nil && !strings.Contains(string(text), "Cpus_allowed_list:\t0\n") {
			t.Errorf("thread %s may run elsewhere", task.Name())
		}
	}
}
