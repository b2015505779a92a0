package pipeline

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// TestPipeIsThere: all memory of a pipe is there before its lcore starts, or frames would wait while the kernel finds
// and clears it.
func TestPipeIsThere(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	page := uintptr(os.Getpagesize())
	first := uintptr(h.pipe.Pointer()) &^ (page - 1)
	end := uintptr(h.pipe.Pointer()) + unsafe.Sizeof(*h.pipe.c)
	there := make([]byte, (end-first+page-1)/page)
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, first, end-first, uintptr(unsafe.Pointer(&there[0]))); errno != 0 {
		t.Fatal(errno)
	}
	missing := 0
	for _, state := range there {
		if state&1 == 0 {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d pages are not there", missing, len(there))
	}
}
