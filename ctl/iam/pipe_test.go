package iam

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipeDoesNotHang: a reload that waits for a pipe would keep the gateway from ending.
func TestPipeDoesNotHang(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.toml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	go func() {
		_, err := LoadDirectory(path)
		refused <- err
	}()
	select {
	case err := <-refused:
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("a pipe: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("opening a pipe hangs")
	}
}
