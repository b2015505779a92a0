package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Program is the import path of what is built and run, Control that of the tool that steers it.
const (
	Program = "mirrorgw/cmd/mirrorgw"
	Control = "mirrorgw/cmd/mirrorctl"
)

// built is a program that is built once, into a directory of its own.
type built struct {
	path string // import path
	once sync.Once
	dir  string
	err  error
}

var (
	gateway = built{path: Program}
	control = built{path: Control}
)

// Main runs the tests of a package and removes the programs that they built, also when it is
// interrupted. It returns the exit code for os.Exit.
func Main(m *testing.M) int {
	handleInterrupts()
	code := m.Run()
	removeBuilt()
	return code
}

func removeBuilt() {
	for _, b := range []*built{&gateway, &control} {
		if b.dir != "" {
			os.RemoveAll(b.dir)
		}
	}
}

// Build returns the path of the built program and fails the test when it does not build. The
// program in MIRRORGW_BIN, if set, is used instead (an ASan build, for instance).
func Build(t testing.TB) string {
	t.Helper()
	if ready := os.Getenv("MIRRORGW_BIN"); ready != "" {
		return ready
	}
	return gateway.file(t)
}

// BuildControl is Build for mirrorctl.
func BuildControl(t testing.TB) string {
	t.Helper()
	return control.file(t)
}

func (b *built) file(t testing.TB) string {
	t.Helper()
	b.once.Do(b.build)
	if b.err != nil {
		t.Fatal(b.err)
	}
	return filepath.Join(b.dir, filepath.Base(b.path))
}

func (b *built) build() {
	if b.dir, b.err = os.MkdirTemp("", "mirrorgw-test-"); b.err != nil {
		return
	}
	output, err := exec.Command("go", "build", "-o", b.dir, b.path).CombinedOutput()
	if err != nil {
		b.err = fmt.Errorf("%s does not build: %w\n%s", b.path, err, output)
	}
}
