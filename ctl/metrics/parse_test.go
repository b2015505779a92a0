package metrics

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// parsed is an exposition: values by series as written, and what was said of each family.
type parsed struct {
	values map[string]float64
	kinds  map[string]string
	labels map[string]string // family -> names of the labels, with commas; of histograms, without le

	last  map[string]float64 // bucket of a histogram that was read last, and its le
	bound map[string]string
}

var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-zA-Z_][a-zA-Z0-9_]*) (\S.*)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-zA-Z_][a-zA-Z0-9_]*) (counter|gauge|histogram)$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.+)\})? (-?[0-9.e+-]+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)`)
)

// parse is strict where Prometheus is: each family once and in one piece, HELP and TYPE before its
// samples, one sample a series, equal labels, counters not negative.
func parse(t *testing.T, text string) *parsed {
	t.Helper()
	p := &parsed{map[string]float64{}, map[string]string{}, map[string]string{}, map[string]float64{}, map[string]string{}}
	current, helped := "", ""
	if !strings.HasSuffix(text, "\n") {
		t.Errorf("the last line is cut off: %q", text[max(0, len(text)-80):])
	}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if m := helpLine.FindStringSubmatch(line); m != nil {
			helped = m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			if _, again := p.kinds[m[1]]; again || helped != m[1] {
				t.Errorf("line %d: %s has its TYPE twice, or without HELP before", n+1, m[1])
			}
			current, p.kinds[m[1]] = m[1], m[2]
			continue
		}
		if err := p.sample(line, current); err != nil {
			t.Errorf("line %d: %v: %s", n+1, err, line)
		}
	}
	return p
}

func (p *parsed) sample(line, current string) error {
	m := sampleLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("not a sample")
	}
	ending, ok := strings.CutPrefix(m[1], current)
	if ok = ok && (ending == "" || p.kinds[current] == "histogram"); !ok {
		return fmt.Errorf("a sample of %s among those of %s", m[1], current)
	}
	names, rest := []string{}, m[2]
	for rest != "" {
		pair := labelPair.FindStringSubmatch(rest)
		if pair == nil {
			return fmt.Errorf("bad labels at %q", rest)
		}
		names, rest = append(names, pair[1]), rest[len(pair[0]):]
	}
	if p.kinds[current] == "histogram" {
		if names, ok = p.histogram(current, ending, names, m[2], m[3]); !ok {
			return fmt.Errorf("not of a histogram")
		}
	}
	if before, seen := p.labels[current]; seen && before != strings.Join(names, ",") {
		return fmt.Errorf("labels differ from %s", before)
	}
	p.labels[current] = strings.Join(names, ",")
	value, err := strconv.ParseFloat(m[3], 64)
	if err != nil || (value < 0 && p.kinds[current] == "counter") {
		return fmt.Errorf("bad value")
	}
	series := strings.TrimSuffix(line, " "+m[3])
	if _, again := p.values[series]; again {
		return fmt.Errorf("the series is there twice")
	}
	p.values[series] = value
	return nil
}

// histogram checks a series of a histogram: buckets grow, and the count is that of the last, which has
// no bound. It returns the labels without le.
func (p *parsed) histogram(family, ending string, names []string, labels, value string) ([]string, bool) {
	bare, le, bounded := strings.Cut(labels, `,le="`)
	last := family + "_bucket{" + bare + "}"
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return nil, false
	case ending == "_bucket" && bounded && p.last[last] <= n:
		p.last[last], p.bound[last] = n, le
		return names[:len(names)-1], true
	case ending == "_sum" && !bounded:
		return names, true
	}
	return names, ending == "_count" && !bounded && p.last[last] == n && p.bound[last] == `+Inf"`
}
