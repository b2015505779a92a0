package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	pageMB   = 2
	memoryMB = 512 // for either program
	// DPDK's own tables and the fragments that other programs leave take some pages more.
	spareMB = 64
	poolDir = "/sys/kernel/mm/hugepages/hugepages-2048kB"
)

// hugepages are the machine's 2 MiB pages while the benchmark runs, and a hugetlbfs of our own:
// what a killed program leaves in it goes with the mount.
type hugepages struct {
	pool   string // directory in sysfs
	before int    // pages the machine had
	dir    string // mount point
}

const remedy = "4 KiB pages would halve every figure, so nothing was measured; run as root on a machine with free memory"

// openHugepages mounts dir and notes how many pages there are.
func openHugepages(dir string) (*hugepages, error) {
	h := &hugepages{pool: poolDir, dir: dir}
	before, err := h.read("nr_hugepages")
	if err != nil {
		return nil, fmt.Errorf("huge pages of 2 MiB are not available (%w): %s", err, remedy)
	}
	h.before = before
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := unix.Mount("nodev", dir, "hugetlbfs", 0, "pagesize=2M,mode=0700"); err != nil {
		return nil, fmt.Errorf("hugetlbfs cannot be mounted (%w): %s", err, remedy)
	}
	if err := h.ensure(memoryMB); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// ensure reserves what is missing until so many MiB are free. It is called before every run, for
// other programs of the machine may take pages meanwhile.
func (h *hugepages) ensure(mb int) error {
	need := (mb + spareMB) / pageMB
	free, err := h.read("free_hugepages")
	if err != nil || free >= need {
		return err
	}
	total, err := h.read("nr_hugepages")
	if err != nil {
		return err
	}
	if err := h.write(total + need - free); err != nil {
		return fmt.Errorf("huge pages cannot be reserved (%w): %s", err, remedy)
	}
	if free, err = h.read("free_hugepages"); err == nil && free < need {
		err = fmt.Errorf("only %d of %d huge pages of 2 MiB can be reserved: %s", free, need, remedy)
	}
	return err
}

// total is how many pages the machine has now.
func (h *hugepages) total() int {
	n, err := h.read("nr_hugepages")
	if err != nil {
		return 0
	}
	return n
}

// close unmounts and gives the machine the number of pages that it had.
func (h *hugepages) close() error {
	err := unix.Unmount(h.dir, unix.MNT_DETACH)
	if err != nil {
		err = fmt.Errorf("unmount %s: %w", h.dir, err)
	}
	if h.total() != h.before {
		err = errors.Join(err, h.write(h.before))
	}
	return err
}

func (h *hugepages) read(name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(h.pool, name))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (h *hugepages) write(pages int) error {
	return os.WriteFile(filepath.Join(h.pool, "nr_hugepages"), []byte(strconv.Itoa(pages)), 0o644)
}
