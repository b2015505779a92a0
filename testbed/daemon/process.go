package daemon

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/printed"
)

// Forwarding is what the program logs once production passes and sessions are in force.
const Forwarding = "msg=forwarding"

// Process is a running program. Its methods are for the goroutine of its test only.
type Process struct {
	t              testing.TB
	command        *exec.Cmd
	ctx            context.Context // ends with Timeout
	stdout, stderr *printed.Output
	reportPath     string
	ended          chan struct{} // closed once the program has ended and err is set
	err            error         // what exec.Cmd.Wait returned
}

// Start starts the program in dir with the given arguments. Relative paths start at dir, as in
// Run. The process is killed, with everything that it started, after Timeout and at the end of
// the test, whichever comes first.
func Start(t testing.TB, dir string, args ...string) *Process {
	t.Helper()
	return start(t, dir, nil, args)
}

// StartIn is Start in a network namespace that ip-netns(8) knows by name. It needs root.
func StartIn(t testing.TB, namespace, dir string, args ...string) *Process {
	t.Helper()
	return start(t, dir, []string{"ip", "netns", "exec", namespace}, args)
}

func start(t testing.TB, dir string, prefix, args []string) *Process {
	t.Helper()
	line := append(append(slices.Clone(prefix), Build(t)), args...)
	ctx, cancel := context.WithTimeout(context.Background(), Timeout) // the build is over
	p := &Process{
		t: t, ctx: ctx, command: exec.CommandContext(ctx, line[0], line[1:]...),
		stdout: printed.New(0), stderr: printed.New(0), reportPath: reportPath(dir, args), ended: make(chan struct{}),
	}
	p.command.Dir, p.command.Stdout, p.command.Stderr = dir, p.stdout, p.stderr
	ownGroup(p.command)
	started := make(chan error)
	go p.live(started)
	if err := <-started; err != nil {
		cancel()
		t.Fatalf("mirrorgw could not be run: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		<-p.ended
	})
	return p
}

// live starts the program and waits for its end, on one thread: Linux kills a child that asked for
// it (Pdeathsig) with the thread that started it, and another goroutine may end its thread.
func (p *Process) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.command.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.command.Wait()
	close(p.ended)
}

// PID returns the process ID of the program.
func (p *Process) PID() int { return p.command.Process.Pid }

// Stderr returns what the program has written to stderr so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// AwaitLog waits until stderr has the text, and fails the test when the program ends without it.
func (p *Process) AwaitLog(text string) {
	p.t.Helper()
	seen := p.stderr.Seen(text)
	select {
	case <-seen:
	case <-p.ended:
		if !strings.Contains(p.stderr.String(), text) {
			p.t.Fatalf("mirrorgw ended (%v) without saying %q; stderr:\n%s", p.err, text, p.stderr)
		}
	}
}

// Signal sends a signal to the program itself, not to its group.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v: %v", s, err)
	}
}

// Stuck ends a program that no longer answers, and returns what Go tells of its goroutines then (SIGQUIT): the
// only witness of what it waits for.
func (p *Process) Stuck() string {
	p.t.Helper()
	p.Signal(syscall.SIGQUIT)
	<-p.ended
	return p.stderr.String()
}

// Wait waits for the end, at most until Timeout has passed since Start. It fails the test only
// when the report cannot be read: exit codes are for the test to judge.
func (p *Process) Wait() Result {
	p.t.Helper()
	<-p.ended
	var exit *exec.ExitError
	timedOut := p.ctx.Err() != nil
	if p.err != nil && !errors.As(p.err, &exit) && !timedOut {
		p.t.Fatalf("mirrorgw could not be run: %v", p.err)
	}
	result := Result{
		ExitCode: p.command.ProcessState.ExitCode(), TimedOut: timedOut,
		Stdout: p.stdout.String(), Stderr: p.stderr.String(),
	}
	if p.reportPath != "" {
		result.Report = readReportIfAny(p.t, p.reportPath)
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
