package lcore

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestWorkerTakesNoPageFault: what a worker touches first was touched by the control plane before,
// so that it never waits for the kernel. A few faults may be the kernel's own doing: it moves pages.
func TestWorkerTakesNoPageFault(t *testing.T) {
	const changes = 1000
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	received(t, g, 10000)
	before := workerFaults(t)
	for i := range changes {
		r := mirrored(g, wire0)
		r.Interfaces[0].ID = fmt.Sprintf("eni-%d", i)
		r.Sessions[0].ID = fmt.Sprintf("tms-%d", i)
		r.Filters[0].ID = fmt.Sprintf("tmf-%d", i)
		publish(t, g, r)
		received(t, g, g.Received()+100)
	}
	if faults := workerFaults(t) - before; faults > 10 {
		t.Errorf("the worker took %d page faults in %d changes", faults, changes)
	}
}

// TestNewSlotsAreTouched: refused changes leave slots behind that nobody has touched.
func TestNewSlotsAreTouched(t *testing.T) {
	var p slotPool
	for _, step := range []struct{ next, first, end uint32 }{{3, 0, 3}, {3, 3, 3}, {9, 3, 9}} {
		p.next = step.next
		if first, end := p.unused(); first != step.first || end != step.end {
			t.Errorf("slots %d to %d were unused, want %d to %d", first, end, step.first, step.end)
		}
	}
	g := busy(t)
	publish(t, g, mirrored(g, wire0, wire1))
	for _, p := range []*slotPool{&g.slots.sources.slotPool, &g.slots.sessions.slotPool, &g.slots.rules.slotPool} {
		if p.next == 0 || p.touched != p.next {
			t.Errorf("%s: %d of %d slots were touched", p.kind, p.touched, p.next)
		}
	}
}

// workerFaults is how many minor page faults the only worker of this process has taken: field 10 of
// proc_pid_stat(5).
func workerFaults(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), "(rte-worker") && !strings.Contains(string(text), "(lcore-worker") {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		faults, err := strconv.Atoi(strings.Fields(rest)[7])
		if err != nil {
			t.Fatal(err)
		}
		return faults
	}
	t.Fatal("no thread of this process is a worker")
	return 0
}
