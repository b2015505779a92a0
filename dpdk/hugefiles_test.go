package dpdk

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHugeFilesOfKilledGateways: the pages of a gateway that was killed are free before the next one looks for some.
func TestHugeFilesOfKilledGateways(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"gw-40472f828083map_0", "gw-40472f828083map_17", "gw-0123456789abmap_0", "eastmap_0", "westmap_0", "rtemap_0", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alive, err := os.Open(filepath.Join(dir, "gw-0123456789abmap_0"))
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	if err := unix.Flock(int(alive.Fd()), unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	left := func() (names []string) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	starting, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(starting.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	removeHugeFilesIn(dir, "east")
	if got := left(); len(got) != 7 {
		t.Errorf("while an EAL starts there: %v are left", got)
	}
	starting.Close()
	removeHugeFilesIn(dir, "east")
	if got, want := left(), []string{"gw-0123456789abmap_0", "other", "rtemap_0", "westmap_0"}; !slices.Equal(got, want) {
		t.Errorf("%v are left, want %v", got, want)
	}
}
