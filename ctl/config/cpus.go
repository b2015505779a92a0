package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/problem"
)

// CheckCPUs compares [eal] with the CPUs that lcores may have, which are those of the process (AllowedCPUs) and isolated ones, all
// ascending, and returns the CPU of the main lcore: main_lcore, or the lowest of the process that no worker uses.
func CheckCPUs(c *Config, allowed, lcores []int) (mainCPU int, err error) {
	var problems problem.List
	fail := func(key, format string, args ...any) {
		problems.Add(problem.Problem{Position: c.EAL.src.Position(key), Subject: "[eal]", Key: key,
			Text: fmt.Sprintf(format, args...)})
	}
	used, holder := map[int]bool{}, map[int]int{}
	for _, lcore := range c.EAL.All() {
		if other, taken := holder[lcore.CPU]; taken {
			fail("lcores", "lcores %d and %d both run on CPU %d, and a worker never sleeps; give each a CPU of its own", other, lcore.ID, lcore.CPU)
		}
		used[lcore.CPU], holder[lcore.CPU] = true, lcore.ID
		if !slices.Contains(lcores, lcore.CPU) {
			fail("lcores", "lcore %d needs CPU %d, which this process may not use or the machine does not have; name some of: %s",
				lcore.ID, lcore.CPU, cpuList(lcores))
		}
	}
	mainCPU = c.EAL.MainLcore
	if mainCPU >= 0 && !slices.Contains(lcores, mainCPU) {
		fail("main_lcore", "main_lcore %d is a CPU that this process may not use or the machine does not have; name one of: %s",
			mainCPU, cpuList(lcores))
	}
	if mainCPU < 0 {
		free := slices.IndexFunc(allowed, func(cpu int) bool { return !used[cpu] })
		if free < 0 {
			fail("lcores", "the workers take every CPU of this process (%s) and none is left for the main lcore; take one out of lcores",
				cpuList(allowed))
		} else {
			mainCPU = allowed[free]
		}
	}
	return mainCPU, problems.Err()
}

// cpuList writes ascending CPU numbers the way a person would: 0-3,8.
func cpuList(cpus []int) string {
	var parts []string
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		part := strconv.Itoa(cpus[i])
		if j > i {
			part += "-" + strconv.Itoa(cpus[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}
