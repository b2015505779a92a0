package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The scheduler puts what else runs on a machine of two CPUs onto the worker's when the control CPU
// is busy, and a slice of such a task stops the worker for 2 to 4 ms. On a gateway isolcpus keeps
// the worker's CPU free of them, so the control rows are measured without them too.

// asideArgument makes this program the guardian of other tasks' CPUs instead of the benchmark.
const asideArgument = "guard-other-tasks"

// setAside moves every task that may run on the worker's CPU and elsewhere off it, except this
// process (confine does that). back undoes it, also for the tasks that were started meanwhile. A
// guardian does both: it outlives this process, so that the machine is itself again also when this
// process is killed.
func setAside() (back func() error, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	guardian := exec.Command(exe, asideArgument)
	guardian.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is sent to this group ends this process, not its guardian
	guardian.Stderr = os.Stderr
	stdin, err1 := guardian.StdinPipe()
	stdout, err2 := guardian.StdoutPipe()
	if err := errors.Join(err1, err2, guardian.Start()); err != nil {
		return nil, err
	}
	back = func() error { return errors.Join(stdin.Close(), guardian.Wait()) }
	if _, err := io.ReadFull(stdout, make([]byte, len(asideDone))); err != nil {
		return nil, errors.Join(errors.New("other tasks were not moved off the worker's CPU"), back())
	}
	return back, nil
}

// asideDone is what the guardian writes once the tasks are moved.
const asideDone = "done"

// guardOtherTasks is the guardian: it keeps other tasks off the worker's CPU until its input ends.
func guardOtherTasks() (err error) {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	moved, err := moveOthers(os.Getpid(), os.Getppid())
	defer func() { err = errors.Join(err, moved.back()) }()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(os.Stdout, asideDone); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// others are the tasks of the machine that were moved off the worker's CPU.
type others map[int]unix.CPUSet // thread id -> the CPUs it had

// moveOthers moves all tasks but those of some processes. With an error, it returns what it moved.
func moveOthers(except ...int) (others, error) {
	moved := others{}
	return moved, eachTask(func(pid, tid int) error {
		var cpus unix.CPUSet
		if slices.Contains(except, pid) || unix.SchedGetaffinity(tid, &cpus) != nil || !cpus.IsSet(workerCPU) || cpus.Count() == 1 {
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

// undisturbed keeps this process off the worker's CPU and sets aside what else runs there, until the returned
// function is called.
func undisturbed() (end func() error, err error) {
	release, err := confine()
	if err != nil {
		return nil, err
	}
	back, err := setAside()
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return func() error { return errors.Join(back(), release()) }, nil
}
