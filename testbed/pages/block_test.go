package pages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "# Page\n\n" +
	"Text.\n\n    mirrorctl status\n\n    $ ls\n\n<!-- run: gateway; before: a b -->\n\n    $ api -d '{\n       }' x\n    {}\n    $ api y \\\n      z\n\n" +
	"1. A list\n   goes on:\n\n   ```text\n   output\n   ```\n\n2. Deeper:\n\n       make help\n\nOver.\n\n" +
	"<!-- file: gateway.toml -->\n```toml\n[eal]\n```\n\n<!-- needs: cards -->\n```sh\nx\n```\nText.\n\n    a drawing\n"

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	blocks, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	type found struct {
		Line     int
		Script   string
		Commands bool
		Mark     Mark
	}
	var got []found
	for _, b := range blocks {
		got = append(got, found{b.Line, b.Script(), b.Commands(), b.Mark})
	}
	want := []found{
		{5, "ls\n", true, Mark{}},
		{11, "api -d '{\n   }' x\napi y \\\n  z\n", true, Mark{Run: "gateway", Before: "a b"}},
		{21, "output\n", false, Mark{}},
		{26, "make help\n", true, Mark{}},
		{32, "[eal]\n", false, Mark{File: "gateway.toml"}},
		{37, "x\n", true, Mark{Needs: "cards"}},
		{41, "a drawing\n", false, Mark{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInline(t *testing.T) {
	got := Inline("See `mirrorctl status` and `mirrorgw state check|export`, `mirrorctl KIND list`.")
	if diff := cmp.Diff([]string{"mirrorctl status"}, got); diff != "" {
		t.Error(diff)
	}
}
