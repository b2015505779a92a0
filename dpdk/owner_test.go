package dpdk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// leftoverDir makes a runtime directory as EAL leaves it, so old that nobody can be making it.
func leftoverDir(t *testing.T, base, prefix string) string {
	t.Helper()
	dir := filepath.Join(base, prefix)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config", "fbarray_memseg-2048k-0-0", "mp_socket"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * ownerGrace)
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLeftoversAreRemoved: of dead processes, and of nobody else.
func TestLeftoversAreRemoved(t *testing.T) {
	base, mounts := t.TempDir(), t.TempDir()
	leftoverDir(t, base, "gw-000000000001") // of a version without owners
	dead, err := ownRuntimeDir(leftoverDir(t, base, "gw-000000000002"))
	if err != nil {
		t.Fatal(err)
	}
	dead.Close() // the kernel does so when the process ends
	alive, err := ownRuntimeDir(filepath.Join(base, "gw-000000000003"))
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	leftoverDir(t, base, "gw-000000000005.dead") // its remover was killed
	leftoverDir(t, base, "production")
	leftoverDir(t, base, "gw-00000000000")
	if err := os.Mkdir(filepath.Join(base, "gw-000000000004"), 0o700); err != nil { // being made
		t.Fatal(err)
	}
	mount := privateMount(mounts, "gw-000000000001")
	if err := mountHugetlbfs(mount, defaultPage(t)); err != nil {
		t.Logf("a directory stands for a mount: %v", err) // no root, or no hugepages
		if err := os.Mkdir(mount, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = unix.Unmount(mount, unix.MNT_DETACH) })
	lone := privateMount(mounts, "gw-00000000000a") // nobody's any more
	used := privateMount(mounts, "gw-00000000000b") // somebody else's, who has mapped a file of it
	for _, dir := range []string{lone, used, privateMount(mounts, "chosen")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mapped, err := os.Create(filepath.Join(used, "map_0"))
	if err != nil {
		t.Fatal(err)
	}
	defer mapped.Close()
	if err := unix.Flock(int(mapped.Fd()), unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * ownerGrace)
	for _, dir := range []string{lone, used, privateMount(mounts, "chosen")} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if got := removeLeftovers(base, mounts); !slices.Equal(got, []string{"gw-000000000001", "gw-000000000002"}) {
		t.Errorf("removed %v", got)
	}
	if _, err := os.Stat(mount); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the mount of a dead process is there (%v)", err)
	}
	for dir, want := range map[string]bool{lone: false, used: true, privateMount(mounts, "chosen"): true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", dir, err == nil, want)
		}
	}
	for name, want := range map[string]bool{
		"gw-000000000001": false, "gw-000000000002": false, "gw-000000000003": true, "gw-000000000004": true,
		"gw-000000000005.dead": false, "production": true, "gw-00000000000": true,
	} {
		if _, err := os.Stat(filepath.Join(base, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
	if got := removeLeftovers(filepath.Join(base, "none"), mounts); got != nil {
		t.Errorf("of no directory: %v", got)
	}
}

func defaultPage(t *testing.T) (kB int) {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	return defaultHugeKB(string(text))
}

// TestLeftoverOfALivingProcess: EAL's lock counts where there is no owner. The lock of another process
// is made by another open file here, as F_OFD_SETLK does.
func TestLeftoverOfALivingProcess(t *testing.T) {
	base := t.TempDir()
	dir := leftoverDir(t, base, "gw-0000000000ab")
	config, err := os.OpenFile(filepath.Join(dir, "config"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer config.Close()
	if err := unix.FcntlFlock(config.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	if got := removeLeftovers(base, base); got != nil {
		t.Errorf("removed %v", got)
	}
}

// TestOwnersAndRemoversAtOnce: whoever has made a directory its own keeps it, whatever others remove
// at the same moment.
func TestOwnersAndRemoversAtOnce(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "gw-0123456789ab")
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ending:
				return
			default:
				removeLeftovers(base, base)
			}
		}
	}()
	for range 500 {
		owner, err := ownRuntimeDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, ownerFile)); err != nil {
			t.Fatalf("the owner's directory is gone: %v", err)
		}
		if _, err := lockOwner(dir); !errors.Is(err, unix.EWOULDBLOCK) {
			t.Fatalf("a second owner: %v", err)
		}
		owner.Close()
	}
	close(ending)
	<-ended
}
