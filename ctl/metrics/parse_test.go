package metrics

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parsed is an exposition: values by series as written, and what was said of each family.
type parsed struct {
	values map[string]float64
	kinds  map[string]string
	labels map[string]string // family -> names of the labels, with commas
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
	p := &parsed{map[string]float64{}, map[string]string{}, map[string]string{}}
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
	if part, ok := strings.CutPrefix(m[1], current); !ok || !slices.Contains(partsOf(p.kinds[current]), part) {
		return fmt.Errorf("a sample of %s among those of %s", m[1], current)
	}
	names, rest := []string{}, m[2]
	for rest != "" {
		pair := labelPair.FindStringSubmatch(rest)
		if pair == nil {
			return fmt.Errorf("bad labels at %q", rest)
		}
		rest = rest[len(pair[0]):]
		if p.kinds[current] != "histogram" || pair[1] != "le" {
			names = append(names, pair[1])
		}
	}
	if before, seen := p.labels[current]; seen && before != strings.Join(names, ",") {
		return fmt.Errorf("labels differ from %s", before)
	}
	p.labels[current] = strings.Join(names, ",")
	value, err := strconv.ParseFloat(m[3], 64)
	if err != nil || (value < 0 && p.kinds[current] != "gauge") {
		return fmt.Errorf("bad value")
	}
	series := strings.TrimSuffix(line, " "+m[3])
	if _, again := p.values[series]; again {
		return fmt.Errorf("the series is there twice")
	}
	p.values[series] = value
	return nil
}

// partsOf are what the names of a family's samples may end in.
func partsOf(kind string) []string {
	if kind == "histogram" {
		return []string{"_bucket", "_sum", "_count"}
	}
	return []string{""}
}
