package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The scheduler puts what else runs on a machine of two CPUs onto the worker's when the control CPU
// is busy, and a slice of such a task stops the worker for 2 to 4 ms. On a gateway isolcpus keeps
// the worker's CPU free of them, so the control rows are measured without them too.

// others are the tasks of the machine that were moved off the worker's CPU.
type others map[int]unix.CPUSet // thread id -> the CPUs it had

// setAside moves every task that may run on the worker's CPU and elsewhere off it, except this
// process (confine does that). back undoes it, also for the tasks that were started meanwhile.
func setAside() (back func() error, err error) {
	moved, own := others{}, os.Getpid()
	err = eachTask(func(pid, tid int) error {
		var cpus unix.CPUSet
		if pid == own || unix.SchedGetaffinity(tid, &cpus) != nil || !cpus.IsSet(workerCPU) || cpus.Count() == 1 {
			return nil // what ended meanwhile is not in the way either
		}
		rest := cpus
		rest.Clear(workerCPU)
		if err := move(tid, rest); err != nil {
			return fmt.Errorf("task %d cannot be moved off CPU %d: %w", tid, workerCPU, err)
		}
		moved[tid] = cpus
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, moved.back())
	}
	return moved.back, nil
}

// back gives every task its CPUs again. One that was started meanwhile inherited a reduced set.
func (o others) back() error {
	reduced := map[unix.CPUSet]unix.CPUSet{}
	for _, cpus := range o {
		rest := cpus
		rest.Clear(workerCPU)
		reduced[rest] = cpus
	}
	return eachTask(func(_, tid int) error {
		var now unix.CPUSet
		if unix.SchedGetaffinity(tid, &now) != nil {
			return nil
		}
		before, ok := reduced[now]
		if cpus, known := o[tid]; known {
			before, ok = cpus, true
		}
		if !ok {
			return nil
		}
		return move(tid, before)
	})
}

// move leaves alone what has ended and what the kernel keeps where it is, as one thread per CPU.
func move(tid int, cpus unix.CPUSet) error {
	err := unix.SchedSetaffinity(tid, &cpus)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// eachTask calls do for every thread of every process, the kernel's included.
func eachTask(do func(pid, tid int) error) error {
	paths, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*")
	if err != nil {
		return err
	}
	for _, path := range paths {
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		tid, err2 := strconv.Atoi(filepath.Base(path))
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if err := do(pid, tid); err != nil {
			return err
		}
	}
	return nil
}
