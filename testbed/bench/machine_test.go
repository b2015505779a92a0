package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pool is a directory like the kernel's, with the given pages.
func pool(t *testing.T, total, free string) *hugepages {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"nr_hugepages": total, "free_hugepages": free} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &hugepages{pool: dir}
}

func TestEnsureTakesWhatIsThere(t *testing.T) {
	h := pool(t, "400", "300")
	if err := h.ensure(512); err != nil || h.total() != 400 {
		t.Errorf("%v, %d pages", err, h.total())
	}
}

func TestEnsureReservesWhatIsMissing(t *testing.T) {
	h := pool(t, "100", "40")
	err := h.ensure(512) // the free pages of this kernel never grow, so it must say that they are too few
	if h.total() != 100+288-40 {
		t.Errorf("%d pages asked for", h.total())
	}
	if err == nil || !strings.Contains(err.Error(), "only 40 of 288") {
		t.Error(err)
	}
}

func TestAProgramThatEndsTooEarlyIsAnError(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command, log := newCommand(ctx, t.TempDir(), "sh", "-c", "echo what went wrong; exit 3"), newOutput("ready")
	command.Stdout = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	err := awaitMarker(ctx, "it", log, waitFor(command))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "what went wrong") {
		t.Error(err)
	}
}

func TestCancelEndsTheProgramWithItsChildren(t *testing.T) {
	held, hold, err := os.Pipe() // the child keeps the writing end for as long as it lives
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancel(context.Background())
	command, log := newCommand(ctx, t.TempDir(), "sh", "-c", "cat /dev/zero >/dev/null & echo ready; wait"), newOutput("ready")
	command.Stdout, command.ExtraFiles = log, []*os.File{hold}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	hold.Close()
	end := waitFor(command)
	if err := awaitMarker(ctx, "it", log, end); err != nil {
		t.Fatal(err)
	}
	cancelAndWait(cancel, end)
	if end.err == nil {
		t.Error("the program ended well")
	}
	if err := held.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the child is still there: %v", err)
	}
}
