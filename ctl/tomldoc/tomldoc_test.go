package tomldoc

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/ctl/problem"
)

const sample = `top = 1 # line 1
[section] # [[not]] a table
text = "a # b [ ] = \" c"
lines = """
fake = 1
[[fake]]
"""
literal = '''x = 'y' '''
list = [
  "one", # comment ] with bracket
  "two",
]
after = { a = 1, b = [2] }

[[filter]]
name = "f0"
[[filter.rule]]
number = 1
[[filter.rule]]
number = 2
[filter.tags]
"Quoted key" = "v"
[[filter]]
name = "f1"
[[filter.rule]]
dotted.key = 3
`

func TestLines(t *testing.T) {
	lines := indexLines(sample)
	for path, want := range map[string]int{
		"top": 1, "section": 2, "section.text": 3, "section.lines": 4, "section.literal": 8, "section.list": 9,
		"section.after": 13, "section.after.a": 13, "filter[0]": 15, "filter[0].name": 16, "filter[0].rule[0].number": 18,
		"filter[0].rule[1].number": 20, "filter[0].tags.Quoted key": 22, "filter[1].name": 24,
		"filter[1].rule[0].dotted.key": 26, "filter[1].rule[0].absent": 25, "absent": 0, "fake": 0,
	} {
		if got := lines.find(path); got != want {
			t.Errorf("%s is on line %d, found on %d", path, want, got)
		}
	}
}

// TestLinesOfGeneratedDocuments builds documents whose lines are known and looks for them.
func TestLinesOfGeneratedDocuments(t *testing.T) {
	values := []string{`1`, `"text # [ { = "`, `'\'`, `"\\"`, `[1, 2]`, "[\n1,\n# ]\n2]", `{x = "}"}`,
		"\"\"\"\nk1 = 2\n\"\"\"", "'''\n[[t]]\n'''", `true # "`, "\"\"\"a\"\"\"\"\""}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		want := map[string]int{}
		line := func() int { return strings.Count(text.String(), "\n") + 1 }
		for i := range rapid.IntRange(1, 4).Draw(t, "tables") {
			fmt.Fprintf(&text, "%s[[t]]\n", rapid.SampledFrom([]string{"", "\n", "# [[t]]\n"}).Draw(t, "before"))
			for j := range rapid.IntRange(0, 4).Draw(t, "keys") {
				want[fmt.Sprintf("t[%d].k%d", i, j)] = line()
				fmt.Fprintf(&text, "k%d = %s\n", j, rapid.SampledFrom(values).Draw(t, "value"))
			}
		}
		var problems problem.List
		root := Parse("x.toml", []byte(text.String()), &problems)
		if problems.Len() > 0 {
			t.Fatalf("generated a bad document: %v\n%s", problems.Err(), text.String())
		}
		for path, line := range want {
			if got := root.src.lines.find(path); got != line {
				t.Fatalf("%s is on line %d, found on %d\n%s", path, line, got, text.String())
			}
		}
	})
}

func TestInlineTables(t *testing.T) {
	var problems problem.List
	root := Parse("x.toml", []byte("\nrule = [{n = 1}, {n = 2}]\nbad = [1]\n"), &problems)
	rules := root.Tables("rule")
	if len(rules) != 2 {
		t.Fatalf("%d inline tables", len(rules))
	}
	if n, ok := rules[1].Int("n", 0, 9); !ok || n != 2 {
		t.Errorf("n = %d, %v", n, ok)
	}
	if p := rules[1].Position("n"); p.Line != 2 {
		t.Errorf("an inline table's key is on line %d", p.Line)
	}
	if root.Tables("bad"); problems.Len() != 1 {
		t.Error("a list of numbers passed for a list of tables")
	}
}

// TestMissingAndMisspelt asserts that one slip makes one sentence, and that a missing key is
// never forgotten.
func TestMissingAndMisspelt(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "x.toml: device is missing; add a line like device = \"d\"",
		"devise = 1":                `x.toml:1: unknown key "devise"; did you mean "device"?`,
		"colour = 1":                "x.toml: device is missing; add a line like device = \"d\"\nx.toml:1: unknown key \"colour\"; remove it or use one of: device",
		`device = "d"`:              "",
		`device = ""`:               `x.toml:1: device is empty; write a value like device = "d"`,
		"device = 1.5":              `x.toml:1: device is a fraction, not text; write device = "1.5"`,
		"device = [1]":              `x.toml:1: device is a list, not text; write device = "..."`,
		"device = \"d\"\ndevic = 1": `x.toml:2: unknown key "devic"; remove it or use one of: device`,
		"device = 2000-01-01":       `x.toml:1: device is a date, not text; write device = "..."`,
	} {
		var problems problem.List
		root := Parse("x.toml", []byte(text), &problems)
		root.Required("device", "d")
		root.Done()
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"device", "peer", "queues", "sessions_per_account"}
	for word, want := range map[string]string{
		"devcie": "device", "pear": "peer", "queue": "queues", "session_per_acount": "sessions_per_account",
		"colour": "", "": "", "q": "",
	} {
		if got := Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// FuzzParse feeds the scanner arbitrary text; whatever TOML accepts must be indexed.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("a.b.c = 1\n[x.y]\n[[x.z]]\n")
	f.Add("\"a=b\" = ']'\n")
	f.Fuzz(func(t *testing.T, text string) {
		var problems problem.List
		root := Parse("x.toml", []byte(text), &problems)
		for _, key := range root.Keys() {
			root.Position(key)
			root.Tables(key)
		}
	})
}
