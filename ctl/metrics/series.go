package metrics

import (
	"maps"
	"slices"
)

// How many series a metric may have. Labels come from the configuration, from resources and from
// lists of reasons, never from traffic; so the limits of the engine bound them, and these are for
// what would still be too much for whoever stores it. What is omitted is counted.
const (
	maxSeries     = 2 * 65536 // both directions of as many sessions as there may be
	maxRuleSeries = 20_000    // of millions of rules
)

const ruleHits = "mirrorgw_rule_hits_total"

func limitOf(f *family) int {
	if f.name == ruleHits {
		return maxRuleSeries
	}
	return maxSeries
}

// begin makes room for so many series more, if they may be. The metadata goes before the first one:
// the library would repeat it for each.
func (o *out) begin(series int) bool {
	f := o.family
	if o.written+series > limitOf(f) {
		o.omitted += series
		return false
	}
	o.written += series
	if !o.begun {
		o.begun = true
		o.w.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + string(f.kind) + "\n")
	}
	return true
}

// omitted is how many series of each metric were left out of an exposition.
type omitted map[string]int

func (m *omitted) note(o *out) {
	if o.omitted == 0 {
		return
	}
	if *m == nil {
		*m = omitted{}
	}
	(*m)[o.family.name] = o.omitted
}

// omittedFamilies come last: they tell of those before.
var omittedFamilies = []family{
	{"mirrorgw_metrics_omitted_series", gauge, []string{"metric"}, "Series that this exposition leaves out because a metric has too many; only metrics that have, and mirrorgw_rule_hits_total", func(s *scene, o *out) {
		if s.omitted[ruleHits] == 0 {
			o.gauge(0, ruleHits)
		}
		for _, name := range slices.Sorted(maps.Keys(s.omitted)) {
			o.gauge(float64(s.omitted[name]), name)
		}
	}},
}
