package gateway

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgw/pipeline"
)

// TestReasonsAreDocumented: docs/counters.md has a row for each reason that something is counted under, and no others.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/counters.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_-]+)` \\|")
	for heading, names := range map[string][]string{
		"### skipped": pipeline.SkipNames, "### dropped": pipeline.DropNames, "### unclassified": pipeline.UnclassifiedNames,
		"### fragments": pipeline.FragmentNames, "### consumed and ignored": pipeline.IgnoreNames,
	} {
		_, section, found := strings.Cut(string(page), "\n"+heading+"\n")
		if !found {
			t.Fatalf("docs/counters.md has no heading %q", heading)
		}
		section, _, _ = strings.Cut(section, "\n##")
		var told []string
		for _, m := range row.FindAllStringSubmatch(section, -1) {
			told = append(told, m[1])
		}
		slices.Sort(told)
		if want := slices.Sorted(slices.Values(names)); !slices.Equal(told, want) {
			t.Errorf("docs/counters.md, %q, has rows for\n%v, the data path counts\n%v", heading, told, want)
		}
	}
}
