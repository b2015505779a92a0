package bypass

import (
	"syscall"
	"testing"
	"time"
)

// until waits until something has happened, and else fails with what is there instead.
func until(t *testing.T, happened func() bool, instead func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !happened(); time.Sleep(time.Millisecond) { // sleep: a program that is run tells by a file
		if time.Now().After(end) {
			t.Fatal(instead())
		}
	}
}

// openForAll opens a file as C code does that knows no O_CLOEXEC.
func openForAll(t *testing.T, path string) int {
	t.Helper()
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	return fd
}
