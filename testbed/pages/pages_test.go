package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// root is the root of the tree, absolute.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// all returns the pages that are tested, relative to the root, and their blocks.
func all(t testing.TB) (names []string, blocks map[string][]Block) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil || len(names) < 20 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	blocks = map[string][]Block{}
	for i, path := range append(names, filepath.Join(root(t), "README.md"), filepath.Join(root(t), "CONTRIBUTING.md"), filepath.Join(root(t), "SECURITY.md")) {
		found, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root(t), path)
		if err != nil {
			t.Fatal(err)
		}
		for j := range found {
			found[j].Page = name
		}
		if blocks[name] = found; i < len(names) {
			names[i] = name
		} else {
			names = append(names, name)
		}
	}
	return names, blocks
}

// TestEveryCommandIsMarked: a block with commands says what runs them, or what they need.
func TestEveryCommandIsMarked(t *testing.T) {
	names, blocks := all(t)
	marked := 0
	for _, name := range names {
		for i := range blocks[name] {
			b := &blocks[name][i]
			switch {
			case !b.Commands():
			case b.Mark == Mark{}:
				t.Errorf("%s: these commands have no mark: put <!-- run: gateway -->, <!-- run: TEST -->, or <!-- needs: WHAT --> and an empty line in front (see testbed/pages), "+
					"or ```text if it is none:\n%s", b, b.Text)
			default:
				marked++
				checkMark(t, b)
			}
		}
	}
	if marked < 50 {
		t.Errorf("only %d blocks of commands were found", marked)
	}
}

// checkMark judges that what a mark names is there.
func checkMark(t *testing.T, b *Block) {
	t.Helper()
	switch run := b.Mark.Run; {
	case run == "" || run == "gateway" || run == "start" || run == "hosts":
	case strings.HasPrefix(run, "Test"):
		if !testExists(t, run) {
			t.Errorf("%s: there is no test %s", b, run)
		}
	default:
		text, err := os.ReadFile(filepath.Join(root(t), run))
		if err != nil || !strings.Contains(string(text), b.Page) && !strings.HasPrefix(run, ".ci") {
			t.Errorf("%s: %s is not there, or does not name %s: %v", b, run, b.Page, err)
		}
	}
}

// testExists looks for a test in the sources.
func testExists(t *testing.T, name string) (found bool) {
	t.Helper()
	form := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(`)
	err := filepath.WalkDir(root(t), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "out" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, "_test.go") && !found {
			text, err := os.ReadFile(path)
			found = form.Match(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
