package daemon

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Timeout ends a run that does not end by itself. A run over a small file takes one to two seconds.
var Timeout = 60 * time.Second

// Result is what is left of a run.
type Result struct {
	ExitCode int // -1: ended by a signal or by Timeout
	TimedOut bool
	Stdout   string
	Stderr   string
	Report   *Report // nil when there was no --report or it was not written
}

// Run runs the program in dir with the given arguments and waits for its end. Relative paths, in
// the arguments and in the configuration, start at dir. It fails the test only when the program
// cannot be built or started or its report cannot be read: exit codes are for the test to judge.
func Run(t testing.TB, dir string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	command := exec.CommandContext(ctx, Build(t), args...)
	var stdout, stderr bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = dir, &stdout, &stderr
	ownGroup(command)
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Fatalf("mirrorgw could not be run: %v", err)
	}
	result := Result{
		ExitCode: command.ProcessState.ExitCode(), TimedOut: ctx.Err() != nil,
		Stdout: stdout.String(), Stderr: stderr.String(),
	}
	if path := reportPath(dir, args); path != "" {
		result.Report = readReportIfAny(t, path)
	}
	return result
}

// ownGroup puts the program into a process group of its own and makes the end of the context end
// the whole group.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
}

// reportPath finds the argument of --report.
func reportPath(dir string, args []string) string {
	i := slices.Index(args, "--report")
	if i < 0 || i+1 >= len(args) {
		return ""
	}
	if filepath.IsAbs(args[i+1]) {
		return args[i+1]
	}
	return filepath.Join(dir, args[i+1])
}
