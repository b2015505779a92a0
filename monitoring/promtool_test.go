package monitoring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const rulesFile, rulesTestFile = "mirrorgw.rules.yml", "mirrorgw.rules.test.yml"

// promtool runs it and fails the test with what it says.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: scripts/install-deps.sh does it, with Debian's package prometheus")
	}
	if output, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

func TestRulesPassPromtool(t *testing.T) {
	promtool(t, "check", "rules", rulesFile)
	promtool(t, "test", "rules", rulesTestFile)
}

func TestScrapeConfigPassesPromtool(t *testing.T) { promtool(t, "check", "config", "prometheus.yml") }

// TestDashboardIsPromQL hands every expression of the dashboard to promtool, as rules that record,
// with its variables replaced as Grafana would.
func TestDashboardIsPromQL(t *testing.T) {
	variables := strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*")
	text := "groups:\n  - name: dashboard\n    rules:\n"
	for i, e := range loadDashboard(t).expressions() {
		text += "      - record: dashboard:" + strconv.Itoa(i) + "\n        expr: " + strconv.Quote(variables.Replace(e)) + "\n"
	}
	if strings.Contains(text, "$") {
		t.Errorf("a variable is left:\n%s", text)
	}
	path := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}

var alertLine = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)

// TestEveryAlertIsTested: each fires in a test, and in the test of a healthy gateway it does not.
func TestEveryAlertIsTested(t *testing.T) {
	alerts, tests := alertLine.FindAllStringSubmatch(read(t, rulesFile), -1), read(t, rulesTestFile)
	if len(alerts) < 15 {
		t.Fatalf("%d alerts found: %v", len(alerts), alerts)
	}
	_, healthy, found := strings.Cut(tests, "name: a gateway that is well\n")
	if !found {
		t.Fatalf("%s has no gateway that is well", rulesTestFile)
	}
	for _, a := range alerts {
		fires := regexp.MustCompile(`alertname: ` + a[1] + `\n +exp_alerts:\n +- exp_labels:`)
		if !fires.MatchString(tests) {
			t.Errorf("%s fires in no test", a[1])
		}
		if !strings.Contains(healthy, "alertname: "+a[1]+"}") {
			t.Errorf("%s is not asked for where the gateway is well", a[1])
		}
	}
}

// TestAlertsAreDocumented compares names and severities with the page.
func TestAlertsAreDocumented(t *testing.T) {
	collect := func(row, text string) map[string]string {
		found := map[string]string{}
		for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(text, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	page := collect("(?m)^\\| `(Mirrorgw\\w+)` \\| (\\w+) \\| ", read(t, "../docs/monitoring.md"))
	rules := collect(`(?s)- alert: (\w+)\n.*?labels: \{severity: (\w+)\}`, read(t, rulesFile))
	if diff := cmp.Diff(page, rules); diff != "" {
		t.Errorf("docs/monitoring.md (-) and %s (+) differ:\n%s", rulesFile, diff)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
