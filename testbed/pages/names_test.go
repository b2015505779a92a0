package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestNamesOfPages: files of the tree and tests that pages for contributors name are there.
func TestNamesOfPages(t *testing.T) {
	file := regexp.MustCompile("`((?:ctl|cmd|rules|vxlan|pipeline|lcore|dpdk|testbed|monitoring|docs|packaging|scripts)/[A-Za-z0-9_./-]+\\.[a-z]+)`")
	test := regexp.MustCompile("`(Test[A-Z][A-Za-z]+)`")
	checked := 0
	for _, page := range []string{"docs/extending.md", "docs/architecture.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join(root(t), page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range file.FindAllStringSubmatch(string(text), -1) {
			checked++
			if _, err := os.Stat(filepath.Join(root(t), m[1])); err != nil {
				t.Errorf("%s names the file %s, which is not there", page, m[1])
			}
		}
		for _, m := range test.FindAllStringSubmatch(string(text), -1) {
			checked++
			if !testExists(t, m[1]) {
				t.Errorf("%s names the test %s, which is not there", page, m[1])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d names were checked", checked)
	}
}
