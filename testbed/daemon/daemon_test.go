package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// script makes Run start a shell script instead of the daemon.
func script(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MIRRORGW_BIN", path)
}

func TestRunReturnsWhatTheProgramLeft(t *testing.T) {
	script(t, `echo out; echo err >&2; echo '{"laws":{"production":0,"mirror":2}}' > "$2"; exit 3`)
	r := daemon.Run(t, t.TempDir(), "--report", "report.json")
	if r.ExitCode != 3 || r.TimedOut || r.Stdout != "out\n" || r.Stderr != "err\n" {
		t.Errorf("result %+v", r)
	}
	if r.Report == nil || r.Report.Laws["mirror"] != 2 {
		t.Errorf("report %+v", r.Report)
	}
}

func TestRunEndsTheWholeGroup(t *testing.T) {
	script(t, `echo $$ > pid; cat /dev/zero > /dev/null & wait`)
	old := daemon.Timeout
	daemon.Timeout = 300 * time.Millisecond
	t.Cleanup(func() { daemon.Timeout = old })
	dir := t.TempDir()
	r := daemon.Run(t, dir)
	if !r.TimedOut || r.ExitCode != -1 || r.Report != nil {
		t.Errorf("result %+v", r)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid))); !os.IsNotExist(err) {
		t.Errorf("process %s is still there (%v)", pid, err)
	}
}
