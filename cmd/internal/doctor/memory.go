package doctor

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/config"
)

const (
	nodeDir = "/sys/devices/system/node"
	hugeDir = "hugepages"
	// controlMB is what the control plane takes with its quotas at their defaults, MiB, rules in force included.
	controlMB = 512
)

// node is the NUMA node of a CPU; 0 where the kernel does not say.
func (e *exam) node(cpu int) int {
	for _, name := range e.names(fmt.Sprintf("%s/cpu%d", cpuDir, cpu), "node[0-9]*") {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "node")); err == nil {
			return n
		}
	}
	return 0
}

// memoryOfNodes is what EAL takes of each node, MiB: memory_mb in proportion to the lcores there.
func (e *exam) memoryOfNodes() map[int]int {
	cpus := append(e.workers(), e.mainCPU())
	lcores, need := map[int]int{}, map[int]int{}
	for _, cpu := range cpus {
		lcores[e.node(cpu)]++
	}
	for node, n := range lcores {
		need[node] = (e.cfg.EAL.MemoryMB*n + len(cpus) - 1) / len(cpus)
	}
	return need
}

// hugeMB is what the best page size has on a node, MiB. What a running gateway took is counted
// as its own.
func (e *exam) hugeMB(node int) (mb int) {
	count := "free_hugepages"
	if e.running {
		count = "nr_hugepages"
	}
	dir := filepath.Join(nodeDir, fmt.Sprintf("node%d", node), hugeDir)
	if !e.exists(dir) {
		dir = "/sys/kernel/mm/hugepages"
	}
	for _, pool := range e.names(dir, "hugepages-*kB") {
		kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(pool, "hugepages-"), "kB"))
		pages, ok := e.number(filepath.Join(dir, pool, count))
		if err == nil && ok {
			mb = max(mb, pages*kb>>10)
		}
	}
	return mb
}

func (e *exam) hugepages() {
	id := "hugepages-few"
	switch e.cfg.EAL.Hugepages {
	case config.HugepagesNever:
		e.find("hugepages-off", "[eal] hugepages is never, which about halves the rate", "reserve hugepages and set it to auto or require")
		return
	case config.HugepagesRequire:
		id = "hugepages-missing"
	}
	need := e.memoryOfNodes()
	for _, node := range slices.Sorted(maps.Keys(need)) {
		if have := e.hugeMB(node); have < need[node] {
			e.findf(id, fmt.Sprintf("reserve them with \"mirrorgw-host hugepages --node %d --mb %d\"", node, need[node]),
				"NUMA node %d has free hugepages of %d MiB, and the lcores there take %d of memory_mb = %d", node, have, need[node], e.cfg.EAL.MemoryMB)
		}
	}
}

// hugeEnough says whether the mempools will lie in hugepages.
func (e *exam) hugeEnough() bool {
	if e.cfg.EAL.Hugepages == config.HugepagesNever {
		return false
	}
	for node, mb := range e.memoryOfNodes() {
		if e.hugeMB(node) < mb {
			return false
		}
	}
	return true
}

// availableMB is the memory that programs may still take, MiB.
func (e *exam) availableMB() (mb int, ok bool) {
	for line := range strings.Lines(e.text("/proc/meminfo")) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			kb, err := strconv.Atoi(f[1])
			return kb >> 10, err == nil
		}
	}
	return 0, false
}

// memory judges what a start would take; a gateway that runs has it.
func (e *exam) memory() {
	have, ok := e.availableMB()
	if !ok || e.running {
		return
	}
	need := controlMB
	if !e.hugeEnough() {
		need += e.cfg.EAL.MemoryMB
	}
	if have < need {
		e.findf("memory", "add memory, end other programs, or lower memory_mb", "%d MiB of memory are available, and mempools without hugepages, state and control plane take %d", have, need)
	}
}

func (e *exam) memlock() {
	limit, err := e.Memlock()
	if err == nil && !e.Machine.Root() && limit < uint64(e.cfg.EAL.MemoryMB)<<20 {
		e.findf("memlock", "run it as root, or set LimitMEMLOCK=infinity in the unit", "the limit of locked memory is %d KiB, and memory_mb = %d", limit>>10, e.cfg.EAL.MemoryMB)
	}
}

func (e *exam) transparent() {
	const file = "/sys/kernel/mm/transparent_hugepage/enabled"
	switch mode := e.text(file); {
	case strings.Contains(mode, "[never]"):
		e.find("thp-never", "transparent huge pages are off, which the rules' memory would use", "echo madvise > "+file)
	case strings.Contains(mode, "[always]"):
		e.find("thp-always", "transparent huge pages are forced on every process, and the kernel compacts memory for them", "echo madvise > "+file)
	}
}
