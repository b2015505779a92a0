package dpdk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Hugepage modes of Options.
const (
	HugepagesAuto    = "auto"    // use them when enough are free
	HugepagesRequire = "require" // fail without them
	HugepagesNever   = "never"   // --no-huge
)

// hugePool is the kernel's pool of one page size.
type hugePool struct {
	pageKB int
	free   int // pages
}

// hugeMount is a mounted hugetlbfs.
type hugeMount struct {
	dir    string
	pageKB int // 0: the kernel's default size
}

// hugePlan is what was decided, and why.
type hugePlan struct {
	use    bool
	pageKB int    // valid iff use
	mount  bool   // no hugetlbfs of that size is mounted: mount a private one
	dir    string // a mounted one that EAL must be pointed at; empty: any, for root may use all
	reason string // one clause for the log
}

// decideHugepages picks the largest page size whose free pages hold needMB.
func decideHugepages(mode string, needMB int, pools []hugePool, mounts []hugeMount, defaultKB int, root bool) (hugePlan, error) {
	switch mode {
	case HugepagesNever:
		return hugePlan{reason: "hugepages: never"}, nil
	case HugepagesAuto, HugepagesRequire, "":
	default:
		return hugePlan{}, fmt.Errorf("hugepages %q: write auto, require or never", mode)
	}
	plan := planHugepages(needMB, pools, mounts, defaultKB, root)
	if mode == HugepagesRequire && !plan.use {
		return plan, fmt.Errorf("hugepages are required but not usable: %s", plan.reason)
	}
	return plan, nil
}

func planHugepages(needMB int, pools []hugePool, mounts []hugeMount, defaultKB int, root bool) hugePlan {
	pools = slices.Clone(pools)
	slices.SortFunc(pools, func(a, b hugePool) int { return b.pageKB - a.pageKB })
	var found []string
	for _, p := range pools {
		found = append(found, fmt.Sprintf("%d of %d kB", p.free, p.pageKB))
		if p.free*p.pageKB < needMB*1024 {
			continue
		}
		at := slices.IndexFunc(mounts, func(m hugeMount) bool {
			return m.pageKB == p.pageKB || m.pageKB == 0 && p.pageKB == defaultKB
		})
		if at < 0 && !root {
			return hugePlan{reason: fmt.Sprintf("no hugetlbfs of %d kB pages that this user can write is mounted and only root may mount one", p.pageKB)}
		}
		reason := fmt.Sprintf("%d pages of %d kB are free, %d MB are needed", p.free, p.pageKB, needMB)
		plan := hugePlan{use: true, pageKB: p.pageKB, mount: at < 0, reason: reason}
		if !root {
			plan.dir = mounts[at].dir
		}
		return plan
	}
	if len(found) == 0 {
		return hugePlan{reason: "the kernel has no hugepages"}
	}
	return hugePlan{reason: fmt.Sprintf("%d MB are needed, free pages: %s", needMB, strings.Join(found, ", "))}
}

// hugepagesNow reads the machine's state and decides.
func hugepagesNow(mode string, needMB int) (hugePlan, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return hugePlan{}, fmt.Errorf("hugepages: %w", err)
	}
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return hugePlan{}, fmt.Errorf("hugepages: %w", err)
	}
	root := os.Geteuid() == 0
	found := parseHugeMounts(string(mounts))
	if !root { // the one that systemd mounts is root's
		found = slices.DeleteFunc(found, func(m hugeMount) bool { return unix.Access(m.dir, unix.W_OK|unix.X_OK) != nil })
	}
	return decideHugepages(mode, needMB, readHugePools("/sys/kernel/mm/hugepages"), found, defaultHugeKB(string(meminfo)), root)
}

// readHugePools reads sysfs; a pool that cannot be read does not count.
func readHugePools(dir string) []hugePool {
	names, _ := filepath.Glob(filepath.Join(dir, "hugepages-*kB"))
	var pools []hugePool
	for _, name := range names {
		size := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "hugepages-"), "kB")
		pageKB, err := strconv.Atoi(size)
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join(name, "free_hugepages"))
		if err != nil {
			continue
		}
		free, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil {
			pools = append(pools, hugePool{pageKB: pageKB, free: free})
		}
	}
	return pools
}

// parseHugeMounts reads the lines of /proc/mounts.
func parseHugeMounts(mounts string) []hugeMount {
	var found []hugeMount
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "hugetlbfs" || strings.HasPrefix(f[1], privateMount(mountDir, "")) {
			continue // another gateway's own mount goes with it
		}
		m := hugeMount{dir: f[1]}
		for option := range strings.SplitSeq(f[3], ",") {
			if size, ok := strings.CutPrefix(option, "pagesize="); ok {
				m.pageKB = sizeKB(size)
			}
		}
		found = append(found, m)
	}
	return found
}

// sizeKB reads a page size as the kernel writes it: 2M, 1024M, 1G, 64K.
func sizeKB(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil {
		return 0
	}
	switch text[len(text)-1] {
	case 'K', 'k':
		return n
	case 'M', 'm':
		return n << 10
	case 'G', 'g':
		return n << 20
	}
	return 0
}

// defaultHugeKB reads Hugepagesize of /proc/meminfo, in kB; 0 when there is none.
func defaultHugeKB(meminfo string) int {
	for line := range strings.Lines(meminfo) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "Hugepagesize:" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

// mountHugetlbfs mounts a hugetlbfs that belongs to this process; unmountHugetlbfs undoes it.
func mountHugetlbfs(dir string, pageKB int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("hugepages: %w", err)
	}
	err := unix.Mount("nodev", dir, "hugetlbfs", 0, fmt.Sprintf("pagesize=%dK,mode=0700", pageKB))
	if err != nil {
		_ = os.Remove(dir)
		return fmt.Errorf("hugepages: mount hugetlbfs on %s: %w", dir, err)
	}
	return nil
}

func unmountHugetlbfs(dir string) error {
	// Lazily: the memory of a process that is about to end may still be mapped.
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("hugepages: unmount %s: %w", dir, err)
	}
	return os.Remove(dir)
}
