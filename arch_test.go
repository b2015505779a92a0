// Package mirrorgw_test holds the tree to its own design: who may import whom, what every package
// and directory must have, and what must never be written in the data path. It reads the sources;
// it runs nothing.
package mirrorgw_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "mirrorgw"

// mayImport says which top-level directories a top-level directory may import besides itself. The
// order is cmd, {ctl, lcore}, pipeline, {rules, vxlan, dpdk}; the last three do not know each
// other, and ctl reaches the data path only through interfaces that it declares itself.
var mayImport = map[string][]string{
	"cmd":      {"ctl", "lcore", "pipeline", "rules", "vxlan", "dpdk"},
	"ctl":      {"rules", "vxlan"},
	"lcore":    {"pipeline", "rules", "vxlan", "dpdk"},
	"pipeline": {"rules", "vxlan", "dpdk"},
	"rules":    {},
	"vxlan":    {},
	"dpdk":     {},
	"testbed":  {"cmd", "ctl", "lcore", "pipeline", "rules", "vxlan", "dpdk"},
}

// mayUseC are the top-level directories with C in them.
var mayUseC = []string{"dpdk", "pipeline", "lcore"}

// testSupport may be imported by tests, and by testbed, only.
var testSupport = []string{module + "/dpdk/dpdktest", module + "/ctl/store/storetest", "pgregory.net/rapid", "github.com/google/go-cmp"}

// modules are the external modules that the design names.
var modules = []string{
	"github.com/BurntSushi/toml",
	"github.com/VictoriaMetrics/metrics",
	"github.com/google/go-cmp",
	"github.com/google/gopacket",
	"github.com/spf13/cobra",
	"go.etcd.io/bbolt",
	"golang.org/x/sys",
	"pgregory.net/rapid",
}

const maxLines = 400

// source is one file, parsed if it is Go. Paths are relative to the root, with slashes.
type source struct {
	path string
	text []byte
	fset *token.FileSet
	ast  *ast.File // nil unless Go
}

func (s *source) top() string          { top, _, _ := strings.Cut(s.path, "/"); return top }
func (s *source) isTest() bool         { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// generated follows the convention of "go help generate".
var generated = regexp.MustCompile(`(?m)^(//|/\*) Code generated .* DO NOT EDIT\.`)

// isModule reports whether a directory is a module of its own, which has other dependencies.
func isModule(name string) bool {
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return name != "." && err == nil
}

// sources returns the files with one of the extensions, outside bin, out, hidden directories and
// other modules.
func sources(t *testing.T, extensions ...string) (found []*source) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if hidden := len(name) > 1 && name[0] == '.'; hidden || name == "bin" || name == "out" || isModule(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(extensions, filepath.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s := &source{path: filepath.ToSlash(name), text: text}
		if filepath.Ext(name) == ".go" {
			s.fset = token.NewFileSet()
			s.ast, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		}
		found = append(found, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no %v file found: the test does not look where the tree is", extensions)
	}
	return found
}

func TestImports(t *testing.T) {
	for _, s := range sources(t, ".go") {
		for _, spec := range s.ast.Imports {
			if fault := importFault(s, strings.Trim(spec.Path.Value, `"`)); fault != "" {
				t.Errorf("%s:%d: %s", s.path, s.line(spec.Pos()), fault)
			}
		}
	}
}

// importFault says what is wrong with an import and what to do, or nothing.
func importFault(s *source, imported string) string {
	from := s.top()
	if hasPrefix(testSupport, imported) && !s.isTest() && from != "testbed" && !isTestSupport(s) {
		return fmt.Sprintf("%s is for tests only: import it from _test.go files", imported)
	}
	switch first, rest, _ := strings.Cut(imported, "/"); {
	case imported == "C":
		if !slices.Contains(mayUseC, from) {
			return fmt.Sprintf("cgo is confined to %s: put the C there and call it from here", strings.Join(mayUseC, ", "))
		}
	case first == module:
		return layerFault(from, rest)
	case strings.Contains(first, ".") && !hasPrefix(modules, imported):
		return fmt.Sprintf("module of %s is not on the list: do without it, or add it to modules in arch_test.go with the design's consent", imported)
	}
	return ""
}

func layerFault(from, rest string) string {
	to, _, _ := strings.Cut(rest, "/")
	allowed, known := mayImport[from]
	switch {
	case from == to || from == "arch_test.go":
		return ""
	case !known:
		return fmt.Sprintf("directory %s has no place in the layers: add it to mayImport in arch_test.go and to the design", from)
	case to == "testbed":
		return "testbed judges the product and nothing imports it: move what is needed out of testbed"
	case !slices.Contains(allowed, to):
		return fmt.Sprintf("%s may not import %s, only %v: declare an interface and let cmd connect the two, or move the code", from, to, allowed)
	}
	return ""
}

// isTestSupport reports whether a file belongs to a package that only tests import.
func isTestSupport(s *source) bool {
	return hasPrefix(testSupport, module+"/"+path.Dir(s.path))
}

// hasPrefix reports whether name is one of the import paths, or below one.
func hasPrefix(paths []string, name string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	first := map[string]string{}
	for _, s := range sources(t, ".go") {
		dir := path.Dir(s.path)
		if s.isTest() && dir != "." {
			continue
		}
		documented[dir] = documented[dir] || s.ast.Doc != nil
		if first[dir] == "" {
			first[dir] = s.path
		}
	}
	for dir, has := range documented {
		if !has {
			t.Errorf("%s:1: package %s has no doc comment: add doc.go that says what it owns", first[dir], dir)
		}
	}
}

func TestDirectoriesHaveReadme(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || name[0] == '.' || name == "bin" || name == "out" {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(name, "README.md")); err != nil || len(bytes.TrimSpace(text)) == 0 {
			t.Errorf("%s/README.md:1: missing or empty: say what the directory owns", name)
		}
	}
}

func TestFileLength(t *testing.T) {
	for _, s := range sources(t, ".go", ".c", ".h", ".sh") {
		if n := bytes.Count(s.text, []byte("\n")); n > maxLines && !generated.Match(s.text) {
			t.Errorf("%s:%d: the file has %d lines, more than %d: split it by meaning", s.path, maxLines+1, n, maxLines)
		}
	}
}

var unfinished = regexp.MustCompile(`\b(` + "TO" + `DO|FIX` + `ME)\b`)

func TestNothingUnfinished(t *testing.T) {
	for _, s := range sources(t, ".go", ".c", ".h", ".sh") {
		eachLine(s.text, func(n int, line string) {
			if word := unfinished.FindString(line); word != "" {
				t.Errorf("%s:%d: %s: finish it, or describe the limit in words", s.path, n, word)
			}
		})
	}
}

// TestNoSleepInTests: a test waits for what it waits for. A comment "sleep: REASON" on the line or
// the one before it allows an exception.
func TestNoSleepInTests(t *testing.T) {
	for _, s := range sources(t, ".go") {
		if !s.isTest() && s.top() != "testbed" {
			continue
		}
		excused := map[int]bool{}
		eachLine(s.text, func(n int, line string) {
			if regexp.MustCompile(`// sleep: \S`).MatchString(line) {
				excused[n], excused[n+1] = true, true
			}
		})
		ast.Inspect(s.ast, func(node ast.Node) bool {
			call, ok := node.(*ast.SelectorExpr)
			if !ok || call.Sel.Name != "Sleep" {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" && !excused[s.line(call.Pos())] {
				t.Errorf("%s:%d: time.Sleep in a test: wait on a counter or a channel, or give the reason in a comment // sleep: REASON",
					s.path, s.line(call.Pos()))
			}
			return true
		})
	}
}

// What must not be called per packet or per burst, and what to do instead.
var forbidden = []struct {
	what   string
	call   *regexp.Regexp
	remedy string
}{
	{"allocation", calls(`malloc|calloc|realloc|free|rte_[mzc]*alloc\w*|rte_free`), "allocate in Go when the configuration changes"},
	{"printing", calls(`\w*printf|puts|perror|rte_log|RTE_LOG\w*`), "count it, and let Go report the counter"},
	{"a clock read", calls(`rte_rdtsc\w*|rte_get_\w*cycles|clock_gettime|gettimeofday|time`), "do it in housekeeping, once for many loops"},
	{"waiting", calls(`rte_delay_\w+|u?sleep|nanosleep|rte_(spin|rw)lock_\w+|pthread_\w+`), "a worker never waits: use RCU or a single-producer ring"},
	{"altering a production frame", calls(`rte_pktmbuf_(prepend|append|adj|trim)`), "production leaves as it came; copies get a header mbuf of their own"},
}

// While production waits, nothing may be taken from a pool: that can fail and take long.
var allocates = calls(`rte_pktmbuf_(alloc|alloc_bulk|clone|copy)|rte_mempool_get\w*|mgw_restock`)

func calls(names string) *regexp.Regexp { return regexp.MustCompile(`\b(` + names + `)\s*\(`) }

// hotFiles is everything that runs per burst; the value says whether it runs before production is
// sent.
var hotFiles = map[string]bool{
	"lcore/loop.c":         false,
	"lcore/consume.h":      true,
	"lcore/bytering.h":     true,
	"lcore/capture.c":      true,
	"lcore/capture.h":      true,
	"lcore/cbpf.h":         true,
	"lcore/originate.h":    false,
	"pipeline/host.h":      true,
	"pipeline/addressee.h": true,
	"pipeline/stages.c":    false,
	"pipeline/encap.h":     false,
	"pipeline/classify.h":  true,
	"pipeline/exclude.h":   true,
	"pipeline/source.h":    true,
	"pipeline/match.h":     true,
	"pipeline/fragment.h":  true,
	"pipeline/repair.h":    true,
	"pipeline/linear.h":    true,
	"pipeline/entropy.h":   true,
	"pipeline/hold.h":      true,
	"pipeline/run.h":       true,
}

func TestForbiddenCallsInDataPath(t *testing.T) {
	seen := 0
	for _, s := range sources(t, ".c", ".h") {
		beforeSend, hot := hotFiles[s.path]
		if !hot {
			continue
		}
		seen++
		eachLine(stripC(s.text), func(n int, line string) {
			for _, f := range forbidden {
				if call := f.call.FindStringSubmatch(line); call != nil {
					t.Errorf("%s:%d: %s in the data path, %s: %s", s.path, n, f.what, call[1], f.remedy)
				}
			}
			if call := allocates.FindStringSubmatch(line); call != nil && beforeSend {
				t.Errorf("%s:%d: %s before production is sent: take an mbuf from the stock, or do it in encap.h", s.path, n, call[1])
			}
		})
	}
	if seen != len(hotFiles) {
		t.Errorf("only %d of %d files of the data path found: correct hotFiles in arch_test.go", seen, len(hotFiles))
	}
}

// With fast free a driver returns mbufs without looking at their reference count, and a held frame
// would be overwritten while its copy is sent. Reading the bit (& FLAG) and clearing it (&= ~FLAG)
// are all that is allowed.
func TestFastFreeIsNeverEnabled(t *testing.T) {
	const flag = "RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE"
	harmless := regexp.MustCompile(`&=?\s*~?\(?(uint64_t\))?\s*` + flag)
	for _, s := range sources(t, ".c", ".h") {
		eachLine(stripC(s.text), func(n int, line string) {
			if strings.Contains(harmless.ReplaceAllString(line, ""), flag) {
				t.Errorf("%s:%d: %s must never be enabled: held frames reach tx with a reference of ours", s.path, n, flag)
			}
		})
	}
}

var cComment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"`)

// stripC blanks comments and strings and keeps the lines.
func stripC(text []byte) []byte {
	return cComment.ReplaceAllFunc(text, func(m []byte) []byte {
		return bytes.Repeat([]byte("\n"), bytes.Count(m, []byte("\n")))
	})
}

func eachLine(text []byte, do func(n int, line string)) {
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<20)
	for n := 1; scanner.Scan(); n++ {
		do(n, scanner.Text())
	}
}
