package underlay

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	outcomeNames = regexp.MustCompile(`(?m)^\trx\w+ += "([a-z_]+)"`)
	eventNames   = regexp.MustCompile(`\.count\("([a-z_]+)"\)|"(sent_[a-z_]+)"`)
)

// TestEventsAreExplained: docs/counters.md has every event that is counted, and none that is not.
func TestEventsAreExplained(t *testing.T) {
	counted := map[string]bool{}
	for _, outcome := range []EchoOutcome{EchoReplied, EchoTimedOut, EchoUnreachable, EchoUnresolved, EchoRefused} {
		counted["probe_"+string(outcome)] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range slices.Concat(outcomeNames.FindAllStringSubmatch(string(text), -1), eventNames.FindAllStringSubmatch(string(text), -1)) {
			counted[strings.Join(found[1:], "")] = true
		}
	}
	page, err := os.ReadFile("../../docs/counters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## The underlay\n")
	section, _, _ = strings.Cut(section, "\n## ")
	explained := map[string]bool{}
	for _, line := range strings.Split(section, "\n") {
		if events, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " |"); isRow && strings.HasPrefix(line, "| `") {
			for event := range strings.SplitSeq(events, ", ") {
				explained[strings.Trim(event, "`")] = true
			}
		}
	}
	for event := range counted {
		if !explained[event] {
			t.Errorf("docs/counters.md does not explain %s", event)
		}
	}
	for event := range explained {
		if !counted[event] {
			t.Errorf("docs/counters.md explains %s, which nothing counts", event)
		}
	}
	if len(counted) < 60 {
		t.Errorf("%d events were found in the code", len(counted))
	}
}
