package reference_test

import (
	"os"
	"strings"
	"testing"

	"mirrorgw/ctl/reference"
)

// TestPage: docs/configuration.md is what the tables would write.
func TestPage(t *testing.T) {
	const page = "../../docs/configuration.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	filled, err := reference.Fill(string(text))
	if err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	if filled != string(text) {
		t.Errorf("%s differs from the tables of ctl/reference; write it with make docs", page)
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct{ page, want string }{
		{"", "the page has no line <!-- generated: "},
		{"<!-- generated: gateway.toml [eel] -->\n<!-- end -->\n", "the page has no line <!-- generated: "},
	} {
		if _, err := reference.Fill(c.page); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.page, err, c.want)
		}
	}
}
