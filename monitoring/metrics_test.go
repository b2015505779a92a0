package monitoring_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// metric is a row of docs/metrics.md.
type metric struct {
	kind   string
	labels []string
}

var (
	metricRow = regexp.MustCompile("(?m)^\\| `([a-z][A-Za-z0-9_]*)` \\| (counter|gauge|histogram) \\| (.*?) \\| .+ \\|$")
	// A name of ours in an expression, with the matchers behind it.
	selector = regexp.MustCompile(`\b((?:mirrorgw|process|go)_[A-Za-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"[^"]*"`)
	grouping = regexp.MustCompile(`\b(?:by|on|ignoring|without)\s*\(([^)]*)\)`)
)

// ofPrometheus are the labels that the scrape adds.
var ofPrometheus = []string{"instance", "job"}

func documented(t *testing.T) map[string]metric {
	t.Helper()
	all := map[string]metric{}
	for _, row := range metricRow.FindAllStringSubmatch(read(t, "../docs/metrics.md"), -1) {
		labels := strings.FieldsFunc(row[3], func(c rune) bool { return strings.ContainsRune("`, -", c) })
		if row[2] != "histogram" {
			all[row[1]] = metric{row[2], labels}
			continue
		}
		all[row[1]+"_bucket"] = metric{row[2], append(slices.Clone(labels), "le")}
		all[row[1]+"_sum"], all[row[1]+"_count"] = metric{row[2], labels}, metric{row[2], labels}
	}
	if len(all) < 70 {
		t.Fatalf("only %d metrics are found in docs/metrics.md", len(all))
	}
	return all
}

// checkExpression looks at metrics and labels, and that rates are taken of what counts.
func checkExpression(t *testing.T, where, expression string, known map[string]metric) {
	t.Helper()
	var labels []string
	for _, s := range selector.FindAllStringSubmatchIndex(expression, -1) {
		name, matchers := expression[s[2]:s[3]], ""
		if s[4] >= 0 {
			matchers = expression[s[4]:s[5]]
		}
		m, ok := known[name]
		if !ok {
			t.Errorf("%s: %s is not in docs/metrics.md", where, name)
			continue
		}
		labels = append(append(labels, m.labels...), ofPrometheus...)
		for _, pair := range matcher.FindAllStringSubmatch(matchers, -1) {
			if !slices.Contains(m.labels, pair[1]) && !slices.Contains(ofPrometheus, pair[1]) {
				t.Errorf("%s: %s has no label %s, but %v", where, name, pair[1], m.labels)
			}
		}
		counted := regexp.MustCompile(`\b(i?rate|increase)\($`).MatchString(expression[:s[0]])
		if counted == (m.kind == "gauge") {
			t.Errorf("%s: %s is a %s: counters are asked for their rate or increase, gauges never", where, name, m.kind)
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(g[1], ",") {
			if label = strings.TrimSpace(label); !slices.Contains(labels, label) {
				t.Errorf("%s: no metric in it has the label %s", where, label)
			}
		}
	}
}

// TestRulesAreOfDocumentedMetrics reads expressions off the file as YAML has them there: on the line
// of their key, or folded below it.
func TestRulesAreOfDocumentedMetrics(t *testing.T) {
	known := documented(t)
	rules := regexp.MustCompile(`(?m)^      - alert: `).Split(read(t, rulesFile), -1)[1:]
	expression := regexp.MustCompile(`(?m)^        expr: (?:\|\n((?:          .+\n)+)|(.+)\n)`)
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "\n")
		e := expression.FindStringSubmatch(rule)
		if e == nil {
			t.Errorf("%s has no expression", name)
			continue
		}
		checkExpression(t, name, e[1]+e[2], known)
		for _, key := range []string{"severity: ", "\n          summary: ", "\n          action: "} {
			if !strings.Contains(rule, key) {
				t.Errorf("%s has no %q", name, strings.TrimSpace(key))
			}
		}
	}
}
