package main

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSetAside starts a process before and one while others are set aside.
func TestSetAside(t *testing.T) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 || !all.IsSet(controlCPU) || !all.IsSet(workerCPU) {
		t.Skip("only root may move other tasks, and CPU 0 and 1 must be allowed")
	}
	sleeper := func() *exec.Cmd {
		command := exec.Command("sleep", "60")
		if err := startEverywhere(command); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = command.Process.Kill(), command.Wait() })
		return command
	}
	has := func(command *exec.Cmd) bool {
		var cpus unix.CPUSet
		if err := unix.SchedGetaffinity(command.Process.Pid, &cpus); err != nil {
			t.Fatal(err)
		}
		return cpus.IsSet(workerCPU)
	}
	before := sleeper()
	back, err := setAside()
	if err != nil {
		t.Fatal(err)
	}
	if has(before) {
		t.Error("a task kept the worker's CPU")
	}
	meanwhile := sleeper()
	rest := all
	rest.Clear(workerCPU)
	if err := unix.SchedSetaffinity(meanwhile.Process.Pid, &rest); err != nil { // what it would have inherited
		t.Fatal(err)
	}
	if err := back(); err != nil {
		t.Fatal(err)
	}
	if !has(before) || !has(meanwhile) {
		t.Errorf("has its CPUs again: before %v, meanwhile %v", has(before), has(meanwhile))
	}
}
