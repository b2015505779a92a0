package gateway

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/cloudwatch"
	"mirrorgw/ctl/ec2"
	"mirrorgw/ctl/ram"
)

// TestActionsAreDocumented: docs/aws.md lists the actions that there are, and no others.
func TestActionsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Actions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string][]string{}
	name := regexp.MustCompile("`([A-Za-z]+)`")
	for _, line := range strings.Split(section, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			service := strings.TrimSpace(cells[1])
			for _, found := range name.FindAllStringSubmatch(cells[2], -1) {
				told[service] = append(told[service], found[1])
			}
		}
	}
	for service, want := range map[string][]string{
		"ec2": ec2.Actions(), "ram": ram.Actions(), "cloudwatch": cloudwatch.Actions(), "sts": {"GetCallerIdentity"},
	} {
		got := slices.Sorted(slices.Values(told[service]))
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("docs/aws.md has for %s\n%v, the gateway\n%v", service, got, want)
		}
	}
}
