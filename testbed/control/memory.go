package control

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Memory is the resident memory of a process, bytes (proc(5), status).
type Memory struct {
	Anonymous int64 // heaps and the like
	File      int64 // mapped files, the state file among them
	Shared    int64 // shared memory
}

// Total is what ps(1) calls RSS.
func (m Memory) Total() int64 { return m.Anonymous + m.File + m.Shared }

func (m Memory) String() string {
	return fmt.Sprintf("%.1f MiB (anonymous %.1f, files %.1f)", MiB(m.Total()), MiB(m.Anonymous), MiB(m.File))
}

// MiB are bytes in mebibytes.
func MiB(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// MemoryOf reads the memory of a process.
func MemoryOf(t testing.TB, pid int) Memory {
	t.Helper()
	return Memory{statusLine(t, pid, "RssAnon:"), statusLine(t, pid, "RssFile:"), statusLine(t, pid, "RssShmem:")}
}

// statusLine is one number of proc(5) status, bytes.
func statusLine(t testing.TB, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+name)
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		t.Fatalf("/proc/%d/status has no %s", pid, name)
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// ResetPeak makes Peak begin anew (proc(5), clear_refs).
func ResetPeak(t testing.TB, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// Peak is the largest resident memory since ResetPeak, bytes.
func Peak(t testing.TB, pid int) int64 {
	t.Helper()
	return statusLine(t, pid, "VmHWM:")
}
