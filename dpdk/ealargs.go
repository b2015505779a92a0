package dpdk

/*
#include "shim.h"
*/
import "C"

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Options of EAL. The zero value of a field is its default.
type Options struct {
	Lcores []int // CPUs of the workers, one lcore each; may be empty
	// CPUs of lcores that run on another CPU than that of their number. Two lcores that share one
	// wait for each other, so this is for tests on small machines.
	CPUs map[int]int

	MainLcore  int      // CPU of EAL's main lcore, where no worker runs; it runs no packet code
	MemoryMB   int      // memory of all mempools and ports, MiB; default 256
	Hugepages  string   // HugepagesAuto (default), HugepagesRequire, HugepagesNever
	FilePrefix string   // letters, digits, - and _; default random
	NoPCI      bool     // do not look at the PCI bus
	AllowPCI   []string // PCI devices to use, "0000:00:03.0" or "0000:00:03.0,key=value"; empty: all
	Vdevs      []string // virtual devices, "net_pcap0,rx_pcap=in.pcap"
	ExtraArgs  []string // appended as they are
	LogLevel   string   // EAL's: critical, error, warning (default), notice, info, debug
}

const defaultMemoryMB = 256

var (
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	logLevels     = []string{"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}
)

// withDefaults fills in defaults and refuses what EAL would stumble over, some of it by panic.
func (o Options) withDefaults() (Options, error) {
	if o.MemoryMB == 0 {
		o.MemoryMB = defaultMemoryMB
	}
	if o.MemoryMB < 0 {
		return o, fmt.Errorf("EAL memory %d MiB: must be positive", o.MemoryMB)
	}
	if o.LogLevel == "" {
		o.LogLevel = "warning"
	}
	if !slices.Contains(logLevels, o.LogLevel) {
		return o, fmt.Errorf("EAL log level %q: write one of %s", o.LogLevel, strings.Join(logLevels, ", "))
	}
	if o.FilePrefix == "" {
		o.FilePrefix = randomPrefix()
	}
	if !prefixPattern.MatchString(o.FilePrefix) {
		return o, fmt.Errorf("EAL file prefix %q: 1-64 letters, digits, - or _", o.FilePrefix)
	}
	for _, v := range o.Vdevs {
		if !IsVdev(v) {
			return o, fmt.Errorf("vdev %q: the name of a virtual device starts with net_, such as net_pcap0,rx_pcap=in.pcap", v)
		}
	}
	return o, o.checkLcores()
}

func randomPrefix() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return "gw-" + hex.EncodeToString(b[:])
}

func (o Options) checkLcores() error {
	allowed, err := LcoreCPUs()
	if err != nil {
		return err
	}
	if slices.Contains(o.Lcores, o.MainLcore) {
		return fmt.Errorf("lcore %d is the main lcore and a worker: a worker needs a CPU of its own", o.MainLcore)
	}
	all := o.allLcores()
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		return fmt.Errorf("lcores %v: a CPU is named twice", o.Lcores)
	}
	for _, cpu := range all {
		if limit := int(C.shim_max_lcore()); cpu >= limit {
			return fmt.Errorf("lcore %d: this DPDK is built for CPUs 0-%d", cpu, limit-1)
		}
	}
	return checkAllowed(o.cpusOf(all), allowed)
}

// allLcores returns main lcore and workers, ascending.
func (o Options) allLcores() []int {
	all := append([]int{o.MainLcore}, o.Lcores...)
	slices.Sort(all)
	return all
}

// cpuOf returns the CPU that an lcore runs on.
func (o Options) cpuOf(lcore int) int {
	if cpu, other := o.CPUs[lcore]; other {
		return cpu
	}
	return lcore
}

func (o Options) cpusOf(lcores []int) (cpus []int) {
	for _, lcore := range lcores {
		cpus = append(cpus, o.cpuOf(lcore))
	}
	return cpus
}

// lcoreArgs names the lcores, and their CPUs where these have other numbers.
func (o Options) lcoreArgs() []string {
	if len(o.CPUs) == 0 {
		return []string{"-l", FormatCPUs(o.allLcores())}
	}
	var each []string
	for _, lcore := range o.allLcores() {
		each = append(each, fmt.Sprintf("%d@%d", lcore, o.cpuOf(lcore)))
	}
	return []string{"--lcores", strings.Join(each, ",")}
}

// args builds EAL's command line. hugeDir is a private mount or empty.
func (o Options) args(huge hugePlan, hugeDir string) []string {
	args := append([]string{filepath.Base(os.Args[0])}, o.lcoreArgs()...)
	args = append(args,
		"--main-lcore", strconv.Itoa(o.MainLcore),
		"-m", strconv.Itoa(o.MemoryMB),
		"--file-prefix", o.FilePrefix,
		"--no-telemetry")
	if !huge.use {
		args = append(args, "--no-huge")
	}
	if hugeDir == "" {
		hugeDir = huge.dir
	}
	if hugeDir != "" {
		args = append(args, "--huge-dir", hugeDir)
	}
	if o.NoPCI {
		args = append(args, "--no-pci")
	}
	for _, device := range o.AllowPCI {
		args = append(args, "-a", device)
	}
	for _, v := range o.Vdevs {
		args = append(args, "--vdev", v)
	}
	args = append(args, o.logArgs()...)
	return append(args, o.ExtraArgs...)
}

func (o Options) logArgs() []string {
	args := []string{"--log-level", o.LogLevel}
	if o.LogLevel == "info" || o.LogLevel == "debug" {
		// The global level is only a ceiling: components have levels of their own.
		args = append(args, "--log-level", "lib.*:"+o.LogLevel, "--log-level", "pmd.*:"+o.LogLevel)
	}
	return args
}

// runtimeDir is where EAL will keep the files of a prefix (eal_create_runtime_dir).
func runtimeDir(prefix string) string {
	base := os.Getenv("RUNTIME_DIRECTORY")
	switch {
	case base != "":
	case os.Getuid() == 0:
		base = "/var/run"
	case os.Getenv("XDG_RUNTIME_DIR") != "":
		base = os.Getenv("XDG_RUNTIME_DIR")
	default:
		base = "/tmp"
	}
	return filepath.Join(base, "dpdk", prefix)
}

// checkNoPrimary refuses a prefix that a living process uses: EAL's own message names neither
// the process nor the remedy.
func checkNoPrimary(prefix string) error {
	pid, err := primaryOf(runtimeDir(prefix))
	if err != nil {
		return fmt.Errorf("EAL file prefix %s: %w", prefix, err)
	}
	if pid != 0 {
		return fmt.Errorf("EAL file prefix %s: process %d uses it: stop that process or choose another prefix", prefix, pid)
	}
	return nil
}
