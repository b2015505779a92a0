package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

const maxLcores = 128 // RTE_MAX_LCORE of Debian's DPDK 22.11

// ParseLcores reads EAL's list syntax: "1", "1-3", "1,3,5-7". "2@1" runs lcore 2 on CPU 1, as
// in EAL's --lcores. The order is kept; an lcore twice is an error.
func ParseLcores(text string) ([]Lcore, error) {
	var lcores []Lcore
	seen := map[int]bool{}
	for _, item := range strings.Split(text, ",") {
		part, err := parseLcoreItem(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		for _, lcore := range part {
			if seen[lcore.ID] {
				return nil, fmt.Errorf("lcore %d is named twice; name it once", lcore.ID)
			}
			seen[lcore.ID] = true
		}
		lcores = append(lcores, part...)
	}
	return lcores, nil
}

func parseLcoreItem(item string) ([]Lcore, error) {
	if id, cpu, at := strings.Cut(item, "@"); at {
		i, err1 := lcoreNumber(id)
		c, err2 := lcoreNumber(cpu)
		if err := errors.Join(err1, err2); err != nil {
			return nil, errLcoreSyntax(item)
		}
		return []Lcore{{ID: i, CPU: c}}, inRange(i)
	}
	first, last, isRange := strings.Cut(item, "-")
	if !isRange {
		last = first
	}
	from, err1 := lcoreNumber(first)
	to, err2 := lcoreNumber(last)
	if err := errors.Join(err1, err2); err != nil {
		return nil, errLcoreSyntax(item)
	}
	if from > to {
		return nil, fmt.Errorf("range %s runs backwards; write %d-%d", item, to, from)
	}
	if err := inRange(to); err != nil {
		return nil, err
	}
	var lcores []Lcore
	for i := from; i <= to; i++ {
		lcores = append(lcores, Lcore{ID: i, CPU: i})
	}
	return lcores, nil
}

func lcoreNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

func inRange(lcore int) error {
	if lcore < maxLcores {
		return nil
	}
	return fmt.Errorf("lcore %d does not exist; DPDK numbers them from 0 to %d", lcore, maxLcores-1)
}

func errLcoreSyntax(item string) error {
	return fmt.Errorf("%q is not an lcore; write numbers and ranges like 1 or 1,3 or 2-5", item)
}

// AllowedCPUs returns the CPUs that this process may run on, ascending (Linux).
func AllowedCPUs() ([]int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("the allowed CPUs cannot be found out (%w); mount /proc", err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		if text, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseCPUList(strings.TrimSpace(text))
		}
	}
	return nil, errors.New("the allowed CPUs cannot be found out: /proc/self/status has no Cpus_allowed_list; use a Linux kernel")
}

// parseCPUList reads the kernel's list format, which knows no upper limit such as maxLcores.
func parseCPUList(text string) ([]int, error) {
	var cpus []int
	for _, item := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, err1 := lcoreNumber(first)
		to, err2 := lcoreNumber(last)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("the kernel's Cpus_allowed_list %q is not a CPU list; use a Linux kernel", text)
		}
		for cpu := from; cpu <= to; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
