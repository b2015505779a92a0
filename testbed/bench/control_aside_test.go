package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// setsAsideArgument makes the test binary a benchmark that has set tasks aside and waits.
const setsAsideArgument = "sets-others-aside"

// TestMain is the programs that tests start, too.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == asideArgument:
		endWith(guardOtherTasks())
	case len(os.Args) == 2 && os.Args[1] == setsAsideArgument:
		_, err := setAside()
		if err == nil {
			fmt.Print(asideDone)
			_, err = io.Copy(io.Discard, os.Stdin)
		}
		endWith(err)
	}
	os.Exit(m.Run())
}

// sleeper is a task that may run anywhere.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	command := exec.Command("sleep", "60")
	if err := startEverywhere(command); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = command.Process.Kill(), command.Wait() })
	return command
}

// hasWorkerCPU reports whether a task may run on the worker's CPU.
func hasWorkerCPU(t *testing.T, command *exec.Cmd) bool {
	t.Helper()
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(command.Process.Pid, &cpus); err != nil {
		t.Fatal(err)
	}
	return cpus.IsSet(workerCPU)
}

// needsBothCPUs skips a test that cannot move tasks, and returns the CPUs of this process.
func needsBothCPUs(t *testing.T) unix.CPUSet {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 || !all.IsSet(controlCPU) || !all.IsSet(workerCPU) {
		t.Skip("only root may move other tasks, and CPU 0 and 1 must be allowed")
	}
	return all
}

// TestSetAside starts a process before and one while others are set aside.
func TestSetAside(t *testing.T) {
	all := needsBothCPUs(t)
	before := sleeper(t)
	back, err := setAside()
	if err != nil {
		t.Fatal(err)
	}
	if hasWorkerCPU(t, before) {
		t.Error("a task kept the worker's CPU")
	}
	meanwhile := sleeper(t)
	rest := all
	rest.Clear(workerCPU)
	if err := unix.SchedSetaffinity(meanwhile.Process.Pid, &rest); err != nil { // what it would have inherited
		t.Fatal(err)
	}
	if err := back(); err != nil {
		t.Fatal(err)
	}
	if !hasWorkerCPU(t, before) || !hasWorkerCPU(t, meanwhile) {
		t.Errorf("has its CPUs again: before %v, meanwhile %v", hasWorkerCPU(t, before), hasWorkerCPU(t, meanwhile))
	}
}

// TestSetAsideAndKilled kills a process that has set others aside.
func TestSetAsideAndKilled(t *testing.T) {
	needsBothCPUs(t)
	task := sleeper(t)
	killed := exec.Command(os.Args[0], setsAsideArgument)
	_, err1 := killed.StdinPipe() // open: it waits
	stdout, err2 := killed.StdoutPipe()
	guardianEnds, err3 := killed.StderrPipe() // the guardian has it too
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if err := startEverywhere(killed); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len(asideDone))); err != nil {
		t.Fatal(err)
	}
	if hasWorkerCPU(t, task) {
		t.Error("a task kept the worker's CPU")
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(guardianEnds); err != nil || len(said) > 0 {
		t.Errorf("the guardian: %v, %s", err, said)
	}
	_ = killed.Wait()
	if !hasWorkerCPU(t, task) {
		t.Error("a task does not have its CPUs again")
	}
}
