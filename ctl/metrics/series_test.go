package metrics

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/report"
	"mirrorgw/ctl/tally"
)

// boundBy says for each label what bounds its values. A label that is not here is one that nobody
// has thought about: whose values a packet could choose must never become one.
var boundBy = map[string]string{
	"port": "configuration", "role": "list", "peer": "configuration", "driver": "list", "address": "configuration",
	"lcore": "configuration", "cpu": "configuration", "pool": "list", "counter": "driver, at most 64 a port",
	"id": "resource", "name": "resource", "owner": "resource", "source": "resource", "target": "resource", "filter": "resource",
	"number": "resource", "vni": "resource", "member": "resource", "zone": "resource",
	"InstanceId": "resource", "ImageId": "resource", "InstanceType": "resource", "AutoScalingGroupName": "resource",
	"direction": "list", "point": "list", "type": "list", "reason": "list", "fate": "list", "state": "list", "event": "list", "law": "list", "kind": "list",
	"action": "list", "service": "list", "status": "list", "result": "list", "phase": "list", "stage": "list", "sign": "list", "what": "list", "metric": "list", "version": "build", "dpdk": "build",
}

func TestEveryLabelIsBounded(t *testing.T) {
	for _, f := range families {
		for _, label := range f.labels {
			if boundBy[label] == "" {
				t.Errorf("%s has the label %q: say in boundBy what bounds its values", f.name, label)
			}
			if label == "le" {
				t.Errorf("%s has the label le, which is the format's", f.name)
			}
		}
	}
}

// checkCut writes one metric, and what is said of those that were cut.
func checkCut(t *testing.T, w *world, name string, series, omitted int) {
	t.Helper()
	var text bytes.Buffer
	buffer, scene := bufio.NewWriter(&text), look(&w.options, &cloudWatch{})
	for i := range families {
		if f := &families[i]; f.name == name || f.name == omittedFamilies[0].name {
			o := out{w: buffer, family: f}
			f.each(scene, &o)
			scene.omitted.note(&o)
		}
	}
	buffer.Flush()
	if n := strings.Count(text.String(), "\n"+name+"{"); n != series {
		t.Errorf("%s has %d series, want %d", name, n, series)
	}
	if line := fmt.Sprintf("\nmirrorgw_metrics_omitted_series{metric=%q} %d\n", name, omitted); !strings.Contains(text.String(), line) {
		t.Errorf("there is no line %q", line)
	}
}

// TestRulesAreBounded has more rules than there may be series.
func TestRulesAreBounded(t *testing.T) {
	w := newWorld(t)
	hits := map[string]int64{}
	for i := range 10_000 {
		hits[fmt.Sprintf("ingress %d", i+1)] = int64(i)
	}
	for i := range 3 {
		w.report.Rules[fmt.Sprintf("filter-%d", i)] = hits
	}
	// Three filters of 10,000, and the one of the world.
	checkCut(t, w, ruleHits, maxRuleSeries, 3*10_000+1-maxRuleSeries)
}

func TestReasonsOfSessionsAreBounded(t *testing.T) {
	w := newWorld(t)
	reasons := report.Counts{"unresolved": 1, "mempool": 2, "tunnel-full": 3, "segments": 4, "mtu": 5}
	const sessions = 30_000
	for i := range sessions {
		d := report.Direction{Skipped: reasons}
		w.report.Sessions[fmt.Sprintf("s-%d", i)] = report.Session{ID: fmt.Sprint(i), Ingress: d}
	}
	const ownSeries = 3 // of the world itself
	checkCut(t, w, "mirrorgw_session_skipped_packets_total", maxSeries, 5*sessions+ownSeries-maxSeries)
}

func TestXstatsAreChosen(t *testing.T) {
	all := []Xstat{{"rx_q0_errors", 1}, {"tx_q12_packets", 1}, {"rx_q3bytes", 1}, {"tx_size_64_packets", 2}, {"rx_qos_drops", 3}, {"rx_missed_errors", 4}, {"rx_missed_errors", 9}}
	want := []Xstat{{"rx_missed_errors", 4}, {"rx_qos_drops", 3}, {"tx_size_64_packets", 2}}
	if got := chooseXstats(all); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for i := range 500 {
		all = append(all, Xstat{fmt.Sprintf("rx_priority_%d_packets", i), 1})
	}
	if got := chooseXstats(all); len(got) != maxXstats || !slices.Equal(got[:2], want[:2]) {
		t.Errorf("%d are chosen, the first are %v", len(got), got[:2])
	}
}

func TestHistogramIsWrittenAsPrometheusReadsIt(t *testing.T) {
	w := newWorld(t)
	took := w.options.Store.Took()
	// The world itself has made a change, which took some time.
	before, sum := took.Save.Read()
	if sum != 0 || slices.Max(before) != 0 {
		t.Fatalf("something was saved without a persistence: %v, %v", before, sum)
	}
	for _, d := range []time.Duration{time.Millisecond, 3 * time.Millisecond, time.Minute} {
		took.Save.Note(d)
	}
	got := w.scrape(t, &cloudWatch{}).values
	series := func(part, le string) string { return `mirrorgw_change_seconds` + part + `{phase="save"` + le + `}` }
	for name, want := range map[string]float64{
		series("_bucket", `,le="0.0005"`): 0, series("_bucket", `,le="0.001"`): 1, series("_bucket", `,le="0.002"`): 1,
		series("_bucket", `,le="0.005"`): 2, series("_bucket", `,le="10"`): 2, series("_bucket", `,le="+Inf"`): 3,
		series("_count", ""): 3, series("_sum", ""): 60.004,
	} {
		if n, there := got[name]; !there || n != want {
			t.Errorf("%s is %v (there: %v), want %v", name, n, there, want)
		}
	}
	before, last := []uint64{}, 0.0
	for _, bound := range tally.Bounds {
		n := got[series("_bucket", `,le="`+strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)+`"`)]
		if n < last {
			t.Errorf("the bucket of %v has %v, the one before %v", bound, n, last)
		}
		before, last = append(before, uint64(n)), n
	}
	if len(before) != len(tally.Bounds) {
		t.Errorf("%d buckets", len(before))
	}
}
