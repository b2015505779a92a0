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

// TestAPIPage: docs/api-reference.md is what the OpenAPI document says.
func TestAPIPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/api-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := reference.APIPage("..")
	if err != nil {
		t.Fatal(err)
	}
	if page != string(text) {
		t.Error("docs/api-reference.md differs from the OpenAPI document; write it with make docs")
	}
	for _, want := range []string{"### GET /v1/sessions/{ref}\n", "| `virtualNetworkId` | integer |  | 1-16777215; drawn when absent |", "409 `in-use`", "`tag:…`"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
