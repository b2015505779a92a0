package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSentencesOfTroubleshooting: what the page says that programs print has words that a program has. A message that was changed
// is found by this; what stands in it for names and numbers is left out.
func TestSentencesOfTroubleshooting(t *testing.T) {
	blocks, err := Read(filepath.Join(root(t), "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	code := sources(t)
	printed := regexp.MustCompile(`^(?:mirrorgw: |mirrorctl: |level=|WARNING: |there is |this user |session ")`)
	checked := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Commands() || b.Fenced {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(b.Text), "\n") {
			if !printed.MatchString(line) {
				continue
			}
			checked++
			if clauses := clausesOf(line); len(clauses) > 0 && !slices.ContainsFunc(clauses, func(c string) bool { return strings.Contains(code, c) }) {
				t.Errorf("%s: no program has one of the clauses %q of the line\n%s", b, clauses, line)
			}
		}
	}
	if checked < 25 {
		t.Errorf("only %d sentences were checked", checked)
	}
}

// variable is what differs from one run to the next: in quotes, numbers, paths, names with a dot or an underscore.
var variable = regexp.MustCompile(`\S*["'0-9/_=…<>()\[\]]\S*|\S+\.\S+|\S+:( |$)`)

// clausesOf are the parts of a line that do not vary, of 15 letters and more.
func clausesOf(line string) (clauses []string) {
	for _, part := range variable.Split(strings.TrimPrefix(strings.TrimPrefix(line, "mirrorgw: "), "mirrorctl: "), -1) {
		for _, clause := range regexp.MustCompile(`[,;] `).Split(part, -1) {
			if clause = strings.Trim(clause, " ,;"); len(clause) >= 15 {
				clauses = append(clauses, clause)
			}
		}
	}
	return clauses
}

// sources is the text of the programs, with escaped quotes as they are printed.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"cmd", "ctl", "dpdk", "lcore", "vxlan", "pipeline", "rules"} {
		err := filepath.WalkDir(filepath.Join(root(t), dir), func(path string, d os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			b.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(b.String(), `\"`, `"`)
}
