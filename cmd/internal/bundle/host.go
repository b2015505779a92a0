package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// hostPieces are the facts about the host that a packet's life depends on.
func (g *gatherer) hostPieces() []piece {
	return []piece{
		{"host/kernel.txt", "kernel, its command line and the system", g.read("proc/version", "proc/cmdline", "etc/os-release", "proc/uptime", "proc/loadavg", "proc/modules")},
		{"host/cpu.txt", "CPUs, their nodes, and which are isolated", g.read("proc/cpuinfo", "sys/devices/system/cpu/online", "sys/devices/system/cpu/isolated",
			"sys/devices/system/cpu/nohz_full", "sys/devices/system/cpu/vulnerabilities/*", "sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")},
		{"host/memory.txt", "memory and hugepages, by node", g.read("proc/meminfo", "sys/kernel/mm/hugepages/*/*", "sys/devices/system/node/node*/cpulist",
			"sys/devices/system/node/node*/meminfo", "sys/devices/system/node/node*/hugepages/*/*_hugepages", "proc/mounts")},
		{"host/interrupts.txt", "interrupts by CPU", g.read("proc/interrupts", "proc/softirqs")},
		{"host/network.txt", "kernel interfaces and their counters", g.read("proc/net/dev", "sys/class/net/*/operstate", "sys/class/net/*/mtu", "sys/class/net/*/speed")},
		{"host/limits.txt", "limits that a gateway meets", g.read("proc/sys/kernel/sched_rt_runtime_us", "proc/sys/kernel/numa_balancing", "proc/sys/vm/nr_hugepages",
			"proc/sys/kernel/nmi_watchdog", "proc/pressure/*")},
		{"host/pci.txt", "PCI devices and their drivers", g.program("lspci", "-nnk")},
		{"host/addresses.txt", "addresses of kernel interfaces", g.program("ip", "-details", "address")},
		{"host/routes.txt", "routes of the kernel", g.program("ip", "route", "show", "table", "all")},
		{"host/packages.txt", "versions of what a gateway is built on", g.program("dpkg-query", "--show", "mirrorgw", "libdpdk-dev", "dpdk", "librte-*", "linux-image-*", "systemd", "libc6")},
		{"host/kernel-log.txt", "the end of the kernel's log", g.program("journalctl", "--no-pager", "--dmesg", "--output=short-iso-precise", "--lines=2000")},
	}
}

// maxFile is how much of one file of the kernel is read, bytes.
const maxFile = 1 << 20

// read is a piece of files, each under its name. Names may be patterns; files that are not there are not
// told of, unless none is.
func (g *gatherer) read(patterns ...string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		var b strings.Builder
		for _, pattern := range patterns {
			paths, err := filepath.Glob(filepath.Join(g.Root, pattern))
			if err != nil {
				return nil, err
			}
			slices.Sort(paths)
			for _, path := range paths {
				if ctx.Err() != nil {
					return []byte(b.String()), ctx.Err()
				}
				g.appendFile(&b, path)
			}
		}
		if b.Len() == 0 {
			return nil, fmt.Errorf("there is none of %s", strings.Join(patterns, ", "))
		}
		return []byte(b.String()), nil
	}
}

func (g *gatherer) appendFile(b *strings.Builder, path string) {
	text, err := os.ReadFile(path)
	name := "/" + strings.TrimPrefix(strings.TrimPrefix(path, g.Root), "/")
	switch {
	case err != nil:
		return
	case len(text) > maxFile:
		text = append(text[:maxFile:maxFile], " ... cut"...)
	}
	if one := strings.TrimRight(string(text), "\n"); !strings.Contains(one, "\n") && len(one) < 200 {
		fmt.Fprintf(b, "%s: %s\n", name, one)
		return
	}
	fmt.Fprintf(b, "==> %s\n%s\n", name, strings.TrimRight(string(text), "\n"))
}

// ownerOf is the user and group of a file, by number.
func ownerOf(info os.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", s.Uid, s.Gid)
	}
	return "?"
}
