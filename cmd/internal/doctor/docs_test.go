package doctor

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFindingsAreDocumented: docs/host.md lists what doctor can find, level and all, and nothing else.
func TestFindingsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/host.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, kind := range Kinds() {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", kind.ID, kind.Level, kind.When))
	}
	found := regexp.MustCompile("(?m)^\\| `[a-z0-9-]+` \\| (?:note|warning|fault) \\| .*\\|$").FindAllString(string(page), -1)
	if strings.Join(found, "\n") != strings.Join(want, "\n") {
		t.Errorf("the table of findings in docs/host.md is not that of the program; it should be\n%s", strings.Join(want, "\n"))
	}
}
