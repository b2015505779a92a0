package testbed

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/daemon"
)

// The fault is put into the program from outside, with ptrace(2): there is nothing in it that could be
// switched on by accident.

// freezer is the tracer of one thread of another process. All of ptrace must be asked by one thread.
type freezer struct {
	t     *testing.T
	tid   int
	calls chan func()
}

// freezeWorker prepares to stop the worker of a gateway with one, wherever it is, and nothing else of it.
func freezeWorker(t *testing.T, pid int) *freezer {
	t.Helper()
	f := &freezer{t: t, tid: workerThread(t, pid), calls: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: a tracer that ends lets go of what it traces
		for call := range f.calls {
			call()
		}
	}()
	t.Cleanup(func() { close(f.calls) })
	return f
}

func (f *freezer) do(what string, call func() error) {
	f.t.Helper()
	done := make(chan error)
	f.calls <- func() { done <- call() }
	if err := <-done; errors.Is(err, unix.EPERM) {
		f.t.Skipf("%s is not permitted here: the thread of another process cannot be stopped", what)
	} else if err != nil {
		f.t.Fatalf("%s: %v", what, err)
	}
}

func (f *freezer) freeze() {
	f.t.Helper()
	f.do("PTRACE_SEIZE", func() error { return unix.PtraceSeize(f.tid) })
	f.do("PTRACE_INTERRUPT", func() error { return unix.PtraceInterrupt(f.tid) })
	f.do("waitpid", func() error {
		_, err := unix.Wait4(f.tid, nil, unix.WALL, nil)
		return err
	})
}

func (f *freezer) thaw() {
	f.t.Helper()
	f.do("PTRACE_DETACH", func() error { return unix.PtraceDetach(f.tid) })
}

// workerThread is the only worker of a gateway, as EAL names it.
func workerThread(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		name, err := os.ReadFile(filepath.Join(task, "comm"))
		if err == nil && (strings.HasPrefix(string(name), "rte-worker") || strings.HasPrefix(string(name), "lcore-worker")) {
			tid, err := strconv.Atoi(filepath.Base(task))
			if err != nil {
				t.Fatal(err)
			}
			return tid
		}
	}
	t.Fatalf("process %d has no worker", pid)
	return 0
}

// TestWorkerThatStopsPolling is noticed, named and reported to everybody within the watchdog's time. Go
// runs on and answers. When the worker polls again all is well, and no frame is unaccounted for.
func TestWorkerThatStopsPolling(t *testing.T) {
	const watchdog = 3 * time.Second // a sign of life is due after half of it
	manager := notified(t, filepath.Join(t.TempDir(), "notify"), watchdog)
	dir := lifeDir(t, true)
	socket := withSocket(t, dir)
	p := daemon.Start(t, dir, running...)
	manager.await("READY=1")
	manager.await(signOfLife)
	worker := freezeWorker(t, p.PID())
	worker.freeze()
	begin := time.Now()
	manager.await("STATUS=lcore 1 on CPU 1 stands still since ")
	p.AwaitLog(`msg="an lcore stands still`)
	code, said := ask(t, socket, api.PathHealth)
	if took := time.Since(begin); took > watchdog {
		t.Errorf("it took %v until everybody knew, and the watchdog's time is %v", took, watchdog)
	} else {
		t.Logf("everybody knew after %v", took)
	}
	if code != http.StatusServiceUnavailable || !strings.Contains(said, "lcore 1 on CPU 1") {
		t.Errorf("health is %d: %s", code, said)
	}
	if message := manager.next(watchdog * 2 / 3); message != "" {
		t.Errorf("%q while the worker stands still", message)
	}
	worker.thaw()
	manager.await("STATUS=forwarding, lcores: 1")
	manager.await(signOfLife)
	if code, said := ask(t, socket, api.PathHealth); code != http.StatusOK {
		t.Errorf("afterwards health is %d: %s", code, said)
	}
	p.Signal(syscall.SIGTERM)
	checkCleanEnd(t, p.Wait())
}
