package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/daemon"
)

// TestThreads reads where the threads of a running gateway may run and which signals they block:
// the worker has its CPU for itself and no signal reaches it; nobody else may run there.
func TestThreads(t *testing.T) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	if set.Count() < 2 || !set.IsSet(1) {
		t.Skip("this needs two CPUs, one of them CPU 1, which the configuration names: run it on a larger machine")
	}
	p := daemon.Start(t, lifeDir(t, true), running...)
	p.AwaitLog(daemon.Forwarding)
	workers := 0
	for _, thread := range threadsOf(t, p.PID()) {
		isWorker := strings.HasPrefix(thread.name, "rte-worker") || strings.HasPrefix(thread.name, "lcore-worker")
		switch {
		case isWorker:
			workers++
			if thread.cpus != "1" || !blocksAsynchronous(thread.blocked) {
				t.Errorf("worker thread %s may run on CPUs %s and blocks signals %016x; want CPU 1 alone and all asynchronous signals", thread.name, thread.cpus, thread.blocked)
			}
		case runsOn(thread.cpus, 1):
			t.Errorf("thread %d (%s) may run on CPUs %s, the worker's among them", thread.id, thread.name, thread.cpus)
		}
	}
	if workers != 1 {
		t.Errorf("%d worker threads, want 1", workers)
	}
	p.Signal(unix.SIGTERM)
	checkCleanEnd(t, p.Wait())
}

type thread struct {
	id      int
	name    string
	cpus    string // Cpus_allowed_list
	blocked uint64 // SigBlk: bit n-1 is signal n
}

func threadsOf(t *testing.T, pid int) (threads []thread) {
	t.Helper()
	found, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(found) == 0 {
		t.Fatalf("process %d has no threads (%v)", pid, err)
	}
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has just ended
		}
		threads = append(threads, parseThread(t, string(text)))
	}
	return threads
}

func parseThread(t *testing.T, status string) (p thread) {
	t.Helper()
	for _, line := range strings.Split(status, "\n") {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		var err error
		switch key {
		case "Name":
			p.name = value
		case "Pid":
			_, err = fmt.Sscan(value, &p.id)
		case "Cpus_allowed_list":
			p.cpus = value
		case "SigBlk":
			_, err = fmt.Sscanf(value, "%x", &p.blocked)
		}
		if err != nil {
			t.Fatalf("status line %q: %v", line, err)
		}
	}
	return p
}

// blocksAsynchronous reports whether all signals are blocked that others can send. A thread's own
// faults (ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS) must not be blocked, KILL and STOP cannot be, and
// 32 and 33 belong to the C library.
func blocksAsynchronous(mask uint64) bool {
	own := uint64(0)
	for _, signal := range []int{4, 5, 6, 7, 8, 9, 11, 19, 31, 32, 33} {
		own |= 1 << (signal - 1)
	}
	return mask|own == ^uint64(0)
}

// runsOn reports whether a CPU is in a list such as 0,2-3.
func runsOn(list string, cpu int) bool {
	for _, item := range strings.Split(list, ",") {
		first, last := 0, 0
		if n, _ := fmt.Sscanf(item, "%d-%d", &first, &last); n == 1 {
			last = first
		}
		if first <= cpu && cpu <= last {
			return true
		}
	}
	return false
}
