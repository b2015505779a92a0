package testbed

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// needTool skips the test, with what to do about it, when a program is not installed.
func needTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: run scripts/install-deps.sh", name)
	}
}

// tshark runs it over a capture and returns its lines.
func tshark(t *testing.T, path string, args ...string) []string {
	t.Helper()
	// -n: no names are looked up. Preferences of the user are not read with HOME elsewhere.
	command := exec.Command("tshark", append([]string{"-n", "-r", path}, args...)...)
	return toolLines(t, command)
}

// toolLines runs a program and returns the lines of its standard output.
func toolLines(t *testing.T, command *exec.Cmd) []string {
	t.Helper()
	var errs bytes.Buffer
	command.Stderr = &errs
	command.Env = append(command.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, errs.String())
	}
	text := strings.TrimRight(string(output), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// counted is how many frames of a capture a display filter selects.
func counted(t *testing.T, path, filter string, args ...string) int {
	t.Helper()
	return len(tshark(t, path, append(args, "-Y", filter, "-T", "fields", "-e", "frame.number")...))
}
