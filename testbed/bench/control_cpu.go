package main

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The clients of the control rows run in this process and must never take the worker's CPU: then
// they, and not the changes they ask for, would be what stops it.

// confine moves every thread of this process, and those that they start, to the control CPU.
// release gives them all CPUs back.
func confine() (release func() error, err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, err
	}
	one.Set(controlCPU)
	if err := moveThreads(&one); err != nil {
		return nil, errors.Join(err, moveThreads(&all))
	}
	return func() error { return moveThreads(&all) }, nil
}

// moveThreads looks until it has seen no new thread: one may start another that inherits the old
// set while the list is read.
func moveThreads(set *unix.CPUSet) error {
	moved := map[string]bool{}
	for {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		before := len(moved)
		for _, task := range tasks {
			if moved[task.Name()] {
				continue
			}
			moved[task.Name()] = true
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(tid, set); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
		if len(moved) == before {
			return nil
		}
	}
}

// startEverywhere starts a program that may use both CPUs, whatever this process is confined to.
func startEverywhere(command *exec.Cmd) error {
	runtime.LockOSThread() // a child inherits the set of the thread that forks it
	defer runtime.UnlockOSThread()
	var own, both unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return err
	}
	both.Set(controlCPU)
	both.Set(workerCPU)
	if err := unix.SchedSetaffinity(0, &both); err != nil {
		return err
	}
	return errors.Join(command.Start(), unix.SchedSetaffinity(0, &own))
}
