package daemon_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// TestInterruptedProgramCleansUp runs itself as a program of its own and interrupts it.
func TestInterruptedProgramCleansUp(t *testing.T) {
	const variable = "MIRRORGW_TEST_WAITS_IN"
	if dir := os.Getenv(variable); dir != "" {
		waitToBeInterrupted(t, dir)
		return
	}
	dir := t.TempDir()
	program := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	program.Env = append(os.Environ(), variable+"="+dir)
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { program.Process.Kill() })
	defer late.Stop()
	if line, err := stdout.Read(make([]byte, 6)); err != nil || line != 6 {
		t.Fatalf("the program does not begin: %v", err)
	}
	if err := program.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	program.Wait()
	if code := program.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

func waitToBeInterrupted(t *testing.T, dir string) {
	path := filepath.Join(dir, "left")
	taken := daemon.OnInterrupt(func() { os.RemoveAll(dir) })
	taken() // a hook that is taken back is not called
	daemon.OnInterrupt(func() { os.Remove(path) })
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	os.Stdout.Write(bytes.Repeat([]byte("x"), 6))
	select {}
}
