package dpdk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// maxCPU bounds CPU numbers: unix.CPUSet has this many bits.
const maxCPU = 1024

// startCPUs is read before main runs: ConfineThreads narrows the affinity later on.
var startCPUs = sync.OnceValues(func() ([]int, error) { return threadCPUs(0) })

func init() { _, _ = startCPUs() }

// AllowedCPUs returns, ascending, the CPUs that the process was allowed to run on when it
// started (sched_getaffinity). ConfineThreads does not change the answer.
func AllowedCPUs() ([]int, error) {
	cpus, err := startCPUs()
	return slices.Clone(cpus), err
}

// threadCPUs returns the affinity of a thread, ascending; 0 is the calling thread.
func threadCPUs(tid int) ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(tid, &set); err != nil {
		return nil, fmt.Errorf("sched_getaffinity of thread %d: %w", tid, err)
	}
	var cpus []int
	for cpu := range maxCPU {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// ParseLcores reads a list of CPUs such as "1-3,6" and returns them ascending. An empty list,
// a CPU named twice, a descending range, a CPU that lcores may not have (LcoreCPUs), and EAL's "(…)@…"
// syntax are errors.
func ParseLcores(list string) ([]int, error) {
	allowed, err := LcoreCPUs()
	if err != nil {
		return nil, err
	}
	cpus, err := parseCPUList(list)
	if err != nil {
		return nil, err
	}
	return cpus, checkAllowed(cpus, allowed)
}

func parseCPUList(list string) ([]int, error) {
	if strings.ContainsAny(list, "()@") {
		return nil, fmt.Errorf("lcores %q: the (…)@ syntax is not supported: an lcore is the CPU of the same number, write a list such as 1-3,6", list)
	}
	var cpus []int
	for item := range strings.SplitSeq(list, ",") {
		first, last, err := parseCPURange(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("lcores %q: %w", list, err)
		}
		for cpu := first; cpu <= last; cpu++ {
			if slices.Contains(cpus, cpu) {
				return nil, fmt.Errorf("lcores %q: CPU %d is named twice", list, cpu)
			}
			cpus = append(cpus, cpu)
		}
	}
	slices.Sort(cpus)
	return cpus, nil
}

// parseCPURange reads "3" or "1-3"; both ends are included.
func parseCPURange(item string) (first, last int, err error) {
	low, high, isRange := strings.Cut(item, "-")
	if first, err = parseCPU(low); err != nil {
		return 0, 0, err
	}
	if !isRange {
		return first, first, nil
	}
	if last, err = parseCPU(high); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, fmt.Errorf("the range %s descends", item)
	}
	return first, last, nil
}

func parseCPU(text string) (int, error) {
	cpu, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil || cpu >= maxCPU {
		return 0, fmt.Errorf("%q is not a CPU number of 0-%d", text, maxCPU-1)
	}
	return int(cpu), nil
}

func checkAllowed(cpus, allowed []int) error {
	for _, cpu := range cpus {
		if !slices.Contains(allowed, cpu) {
			return fmt.Errorf("lcore %d: the process may run on CPUs %s only", cpu, FormatCPUs(allowed))
		}
	}
	return nil
}

// FormatCPUs writes CPUs as a list that ParseLcores reads, with ranges: "0-2,5". The CPUs must
// be ascending.
func FormatCPUs(cpus []int) string {
	var items []string
	for i := 0; i < len(cpus); {
		last := i
		for last+1 < len(cpus) && cpus[last+1] == cpus[last]+1 {
			last++
		}
		if last == i {
			items = append(items, strconv.Itoa(cpus[i]))
		} else {
			items = append(items, fmt.Sprintf("%d-%d", cpus[i], cpus[last]))
		}
		i = last + 1
	}
	return strings.Join(items, ",")
}

// ConfineThreads moves every thread of the process to the given CPUs and sets GOMAXPROCS to
// their number. Threads that Go starts later inherit the affinity. Call it before Init with
// the control CPUs, so that no Go thread competes with a worker's loop; after Init it would
// move the workers too and is refused.
func ConfineThreads(cpus []int) error {
	if len(cpus) == 0 {
		return errors.New("confine threads: at least one CPU is needed")
	}
	if initialised.Load() {
		return errors.New("confine threads: call it before EAL is initialised, later it would move the workers")
	}
	allowed, err := LcoreCPUs()
	if err != nil {
		return err
	}
	if err := checkAllowed(cpus, allowed); err != nil {
		return fmt.Errorf("confine threads: %w", err)
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	// A thread that was created while the list was read may have been missed: repeat until
	// a pass finds every thread in place. New threads inherit from one already moved.
	for {
		moved, err := confineOnce(&set)
		if err != nil {
			return err
		}
		if moved == 0 {
			break
		}
	}
	runtime.GOMAXPROCS(len(cpus))
	return nil
}

// confineOnce moves the threads that are not yet where they should be and counts them.
func confineOnce(set *unix.CPUSet) (moved int, err error) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0, fmt.Errorf("confine threads: %w", err)
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task.Name()))
		if err != nil {
			return 0, fmt.Errorf("confine threads: %w", err)
		}
		var now unix.CPUSet
		if err = unix.SchedGetaffinity(tid, &now); err == nil && now != *set {
			moved++
			err = unix.SchedSetaffinity(tid, set)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // a thread may end at any time
			return 0, fmt.Errorf("confine threads: affinity of thread %d: %w", tid, err)
		}
	}
	return moved, nil
}
