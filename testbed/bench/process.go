package main

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"mirrorgw/testbed/printed"
)

// patience is how long a program may take to start or to end. Ten thousand rules compile in
// seconds on a busy machine.
const patience = 60 * time.Second

// newCommand is a program in dir that ends, with all it started, when ctx does or when this
// process dies.
func newCommand(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	return command
}

// output is what a program prints, and the text by which it says that it is ready.
type output struct {
	*printed.Output
	seen <-chan struct{} // closed once that was printed
}

func newOutput(marker string) *output {
	o := printed.New(0)
	return &output{o, o.Seen(marker)}
}

// ending is the end of a program; err may be read once gone is closed.
type ending struct {
	gone chan struct{}
	err  error
}

// waitFor reaps a started program in the background.
func waitFor(command *exec.Cmd) *ending {
	e := &ending{gone: make(chan struct{})}
	go func() {
		e.err = command.Wait()
		close(e.gone)
	}()
	return e
}

// awaitMarker waits until the program has printed its marker.
func awaitMarker(ctx context.Context, name string, o *output, end *ending) error {
	select {
	case <-o.seen:
		return nil
	case <-end.gone:
		return fmt.Errorf("%s ended before it was ready (%v):\n%s", name, end.err, o.Tail())
	case <-ctx.Done():
		return fmt.Errorf("%s was not ready: %w; its output ends:\n%s", name, context.Cause(ctx), o.Tail())
	}
}

// pause waits unless the program or the context ends first.
func pause(ctx context.Context, d time.Duration, name string, o *output, end *ending) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-end.gone:
		return fmt.Errorf("%s ended in the middle of a run (%v):\n%s", name, end.err, o.Tail())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// awaitEnd waits for a program that was told to end.
func awaitEnd(name string, o *output, end *ending) error {
	select {
	case <-end.gone:
		if end.err != nil {
			return fmt.Errorf("%s failed (%w):\n%s", name, end.err, o.Tail())
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s did not end within %v:\n%s", name, patience, o.Tail())
	}
}

// cancelAndWait makes sure that the program is gone; its memory is then free for the next.
func cancelAndWait(cancel func(), end *ending) {
	cancel()
	<-end.gone
}
