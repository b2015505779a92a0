package dpdk

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// isolatedFile lists the CPUs of isolcpus= on the kernel's command line.
const isolatedFile = "/sys/devices/system/cpu/isolated"

// lcoreCPUs is asked for once: the kernel's command line does not change.
var lcoreCPUs = sync.OnceValues(func() ([]int, error) {
	allowed, err := AllowedCPUs()
	if err != nil {
		return nil, err
	}
	isolated, _ := os.ReadFile(isolatedFile) // where it is missing, none is
	return withIsolated(allowed, string(isolated), mayHave), nil
})

// LcoreCPUs returns, ascending, the CPUs that lcores may have: AllowedCPUs, and the isolated ones. The kernel leaves these
// out of the affinity that processes begin with, systemd's and ours with it, for those who ask for one by number.
func LcoreCPUs() ([]int, error) {
	cpus, err := lcoreCPUs()
	return slices.Clone(cpus), err
}

// withIsolated adds the CPUs of the kernel's list that may be had, for a cpuset can forbid them.
func withIsolated(allowed []int, isolated string, may func(cpu int) bool) []int {
	cpus := slices.Clone(allowed)
	for item := range strings.SplitSeq(strings.TrimSpace(isolated), ",") {
		first, last, err := parseCPURange(item)
		if err != nil {
			continue // an empty list
		}
		for cpu := first; cpu <= last; cpu++ {
			if !slices.Contains(cpus, cpu) && may(cpu) {
				cpus = append(cpus, cpu)
			}
		}
	}
	slices.Sort(cpus)
	return cpus
}

// mayHave moves a thread to a CPU and back, which is how the kernel says whether it may go there.
func mayHave(cpu int) bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, there unix.CPUSet
	there.Set(cpu)
	if unix.SchedGetaffinity(0, &before) != nil || unix.SchedSetaffinity(0, &there) != nil {
		return false
	}
	return unix.SchedSetaffinity(0, &before) == nil
}
