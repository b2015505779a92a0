package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// CPUs of both programs; lcores have the same numbers.
const (
	controlCPU = 0
	workerCPU  = 1
)

// checkMachine refuses a machine on which nothing can be measured.
func checkMachine(bin string) error {
	if _, err := os.Stat(bin); err != nil {
		return fmt.Errorf("--bin %s: there is no gateway; build it with make build", bin)
	}
	if _, err := exec.LookPath(testpmd); err != nil {
		return fmt.Errorf("%s is missing: install Debian's package dpdk-dev", testpmd)
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return err
	}
	if !allowed.IsSet(controlCPU) || !allowed.IsSet(workerCPU) {
		return fmt.Errorf("CPU %d and CPU %d are needed and not both allowed here: use a machine with 2 CPUs, or widen the CPU set", controlCPU, workerCPU)
	}
	return nil
}

// machineFacts is what a figure means nothing without.
func machineFacts(ctx context.Context, pages, runs int, seconds float64) string {
	return fmt.Sprintf("CPU        %s, worker on CPU %d, control on CPU %d\nkernel     %s\nDPDK       %s\nhugepages  %d of 2 MiB while this runs\nload       %s\nruns       %d of %g s, gateway and testpmd in turn\n\n",
		cpuModel(), workerCPU, controlCPU, kernel(), dpdkVersion(ctx), pages, load(), runs, seconds)
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // empty says enough
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func kernel() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(name.Release[:])
}

func dpdkVersion(ctx context.Context) string {
	version, err := exec.CommandContext(ctx, "pkg-config", "--modversion", "libdpdk").Output()
	if err != nil {
		return "unknown (pkg-config does not know libdpdk)"
	}
	return strings.TrimSpace(string(version))
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	lastMinute, _, _ := strings.Cut(string(text), " ")
	return lastMinute + " before the first run; more than 1 means that others were at work"
}

// limits says what the figures are not. offloads is testpmd's word.
func limits(offloads string) string {
	return fmt.Sprintf(`
What these figures are not:
- There is no network card. net_pcap copies every frame from memory on the measured lcore itself, and
  net_null frees what it is given, so both programs pay for their generator and sink.
- 64 means 60 bytes in the capture and 1500 means 1514 (Ethernet header, no FCS); 512 means 512 bytes there.
- The generator never waits and never drops: this is throughput, not a no-drop rate, nor latency.
- testpmd io looks at no byte of a frame: it is the ceiling of these devices, not a competitor. Its transmit
  offloads here: %s (0x0: no FAST_FREE, net_null does not offer it). The gateway never uses FAST_FREE.
- The gateway's rate covers the whole life of its worker; testpmd's starts after it has settled for 0.2 s.
`, offloads)
}

// checkPeers refuses to start what would end in the middle for want of a program.
func checkPeers(chosen []workload) error {
	for _, w := range chosen {
		if w.ovs != ovsNothing {
			return checkOVS()
		}
	}
	return nil
}
