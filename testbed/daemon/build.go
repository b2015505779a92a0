package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Program is the import path of what is built and run.
const Program = "mirrorgw/cmd/mirrorgw"

var (
	builds   sync.Once
	buildDir string
	buildErr error
)

// Main runs the tests of a package and removes the program that they built. It returns the exit
// code for os.Exit.
func Main(m *testing.M) int {
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	return code
}

// Build returns the path of the built program and fails the test when it does not build. The
// program in MIRRORGW_BIN, if set, is used instead (an ASan build, for instance).
func Build(t testing.TB) string {
	t.Helper()
	if ready := os.Getenv("MIRRORGW_BIN"); ready != "" {
		return ready
	}
	builds.Do(build)
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return filepath.Join(buildDir, "mirrorgw")
}

func build() {
	if buildDir, buildErr = os.MkdirTemp("", "mirrorgw-test-"); buildErr != nil {
		return
	}
	output, err := exec.Command("go", "build", "-o", filepath.Join(buildDir, "mirrorgw"), Program).CombinedOutput()
	if err != nil {
		buildErr = fmt.Errorf("%s does not build: %w\n%s", Program, err, output)
	}
}
