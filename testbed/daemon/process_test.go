package daemon_test

import (
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/daemon"
)

func TestStartAwaitSignalWait(t *testing.T) {
	script(t, `trap 'echo "got TERM" >&2; exit 4' TERM; echo ready >&2; while :; do sleep 0.01; done`)
	p := daemon.Start(t, t.TempDir())
	p.AwaitLog("ready")
	if p.PID() <= 0 || !strings.Contains(p.Stderr(), "ready") {
		t.Errorf("PID %d, stderr %q", p.PID(), p.Stderr())
	}
	p.Signal(syscall.SIGTERM)
	if r := p.Wait(); r.ExitCode != 4 || r.TimedOut || r.Stderr != "ready\ngot TERM\n" {
		t.Errorf("result %+v", r)
	}
}

func TestWaitAfterKill(t *testing.T) {
	script(t, `echo ready >&2; while :; do sleep 0.01; done`)
	p := daemon.Start(t, t.TempDir())
	p.AwaitLog("ready")
	p.Signal(syscall.SIGKILL)
	if r := p.Wait(); r.ExitCode != -1 || r.TimedOut {
		t.Errorf("result %+v, want exit code -1 without time-out", r)
	}
}

func TestStuckTellsWhatGoSaid(t *testing.T) {
	script(t, `trap 'echo "SIGQUIT: quit" >&2; exit 2' QUIT; echo ready >&2; while :; do sleep 0.01; done`)
	p := daemon.Start(t, t.TempDir())
	p.AwaitLog("ready")
	if told := p.Stuck(); told != "ready\nSIGQUIT: quit\n" {
		t.Errorf("told %q", told)
	}
}
