package control

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
)

// Watch is "mirrorctl watch" at work.
type Watch struct {
	t       testing.TB
	command *exec.Cmd
	ended   chan error // what the program ended with

	mu     sync.Mutex
	events []api.Event
	fault  error         // of a line that is no event
	more   chan struct{} // closed and replaced by every event
}

// Watch starts to watch all changes after a revision. It ends with the test.
func (c *Tool) Watch(from string) *Watch {
	c.t.Helper()
	w := &Watch{t: c.t, more: make(chan struct{}), ended: make(chan error, 1)}
	w.command = exec.Command(c.program, "--socket", c.socket, "watch", "--from", from, "-o", "json")
	w.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go w.live(started)
	if err := <-started; err != nil {
		c.t.Fatalf("mirrorctl watch: %v", err)
	}
	c.t.Cleanup(func() { w.command.Process.Kill() })
	return w
}

// live reads lines until the program ends, on the thread that started it (Pdeathsig).
func (w *Watch) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stdout, err := w.command.StdoutPipe()
	if err == nil {
		err = w.command.Start()
	}
	started <- err
	if err != nil {
		return
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		w.line(lines.Bytes())
	}
	w.ended <- w.command.Wait()
}

func (w *Watch) line(text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var event api.Event
	if err := json.Unmarshal(text, &event); err != nil {
		w.fault = err
	}
	if event.Action == api.ActionState {
		return // of a link or a target: it comes whenever that changes
	}
	w.events = append(w.events, event)
	close(w.more)
	w.more = make(chan struct{})
}

// Changes waits, at most ten seconds, until at least n events of changes have come, and returns all
// of them. States are left out.
func (w *Watch) Changes(n int) []api.Event {
	w.t.Helper()
	late := time.After(10 * time.Second)
	for {
		w.mu.Lock()
		events, fault, more := w.events, w.fault, w.more
		w.mu.Unlock()
		if fault != nil {
			w.t.Fatalf("mirrorctl watch printed a line that is no event: %v", fault)
		}
		if len(events) >= n {
			return events
		}
		select {
		case <-more:
		case <-late:
			w.t.Errorf("mirrorctl watch printed %d events, want %d", len(events), n)
			return events
		}
	}
}

// Interrupt ends the program as a person does, and returns its exit code.
func (w *Watch) Interrupt() int {
	w.t.Helper()
	if err := w.command.Process.Signal(syscall.SIGINT); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-w.ended:
	case <-time.After(10 * time.Second):
		w.t.Error("mirrorctl watch does not end when it is interrupted")
		return -1
	}
	return w.command.ProcessState.ExitCode()
}
