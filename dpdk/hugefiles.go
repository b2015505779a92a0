package dpdk

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// removeHugeFiles removes what killed gateways left in the hugetlbfs that are mounted for all: files by which their pages stay
// in use. EAL does that too, but only where it uses hugepages, and whether there are enough is decided before. own
// is the prefix of this gateway.
func removeHugeFiles(own string) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return
	}
	for _, m := range parseHugeMounts(string(mounts)) {
		removeHugeFilesIn(m.dir, own)
	}
}

// removeOwnHugeFiles gives the pages of a process that ends back at once: EAL leaves its files to the next one.
func removeOwnHugeFiles(own string) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return
	}
	for _, m := range parseHugeMounts(string(mounts)) {
		files, _ := filepath.Glob(filepath.Join(m.dir, own+"map_*"))
		for _, path := range files {
			_ = os.Remove(path)
		}
	}
}

// removeHugeFilesIn removes what killed gateways left in one directory, unless an EAL is making its files there, which holds the directory's lock.
func removeHugeFilesIn(dir, own string) {
	lock, err := os.Open(dir)
	if err != nil {
		return
	}
	defer lock.Close()
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*map_*")) // HUGEFILE_FMT of EAL: prefix, "map_", number
	for _, path := range files {
		name := filepath.Base(path)
		prefix := name[:strings.LastIndex(name, "map_")]
		if prefix == own || randomPrefixPattern.MatchString(prefix) {
			removeUnused(path)
		}
	}
}

// removeUnused removes a file that no process has locked: EAL keeps a lock on every file that it has mapped.
func removeUnused(path string) {
	file, err := os.Open(path)
	if err != nil {
		return // gone, or another user's
	}
	defer file.Close()
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = os.Remove(path)
	}
}
