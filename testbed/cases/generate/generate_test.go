package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCasesAreGenerated fails when a case and its description have drifted apart; then run
// go run ./testbed/cases/generate and read the difference before you commit it.
func TestCasesAreGenerated(t *testing.T) {
	dir := t.TempDir()
	for _, c := range cases() {
		if err := c.write(dir); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	want, got := contents(t, dir), contents(t, "..")
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("testbed/cases/%s is not what the generator writes", name)
		}
	}
	for name := range got {
		if _, generated := want[name]; !generated {
			t.Errorf("testbed/cases/%s comes from no description", name)
		}
	}
}

// contents returns the files of the cases below dir by path.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	found, err := fs.Glob(os.DirFS(dir), "[0-9]*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if all[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestCheckFindsSlips(t *testing.T) {
	good := inboundTCP()
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Case){
		"a wrong count":      func(c *Case) { c.Report[0].Matched++ },
		"a missing counter":  func(c *Case) { c.Report = c.Report[1:] },
		"an unknown session": func(c *Case) { c.Outer = nil },
		"a cut that is none": func(c *Case) { c.Wire1[0].Fates = []Fate{ingress("web-1-to-a").CutTo(9000)} },
	} {
		c := inboundTCP()
		spoil(&c)
		if c.check() == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

func TestSourcePortIsSymmetricAndInRange(t *testing.T) {
	there := flow{source: []byte{10, 0, 0, 5}, dest: []byte{192, 0, 2, 1}, protocol: 6, sourcePort: 40000, destPort: 80}
	back := flow{source: there.dest, dest: there.source, protocol: 6, sourcePort: 80, destPort: 40000}
	if p := sourcePort(there); p != sourcePort(back) || p < 49152 {
		t.Errorf("ports %d and %d, want equal ones from 49152", p, sourcePort(back))
	}
	there.layer3Only = true
	other := there
	other.destPort = 81
	if sourcePort(there) != sourcePort(other) {
		t.Error("the port of a fragment depends on layer 4")
	}
}
