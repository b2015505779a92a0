package dpdk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A process that is killed leaves EAL's runtime directory behind, 6 MiB of it on a tmpfs, and the
// private hugetlbfs with its pages if it had one. Both are named after its random file prefix, so
// nobody would ever use them again. Whoever starts next removes them.
//
// That a directory is still in use is said by a lock on a file in it, which the kernel drops with
// the process, however it ends. It is not EAL's own lock, which EAL takes late: between that and
// the making of the directory a start would be mistaken for a leftover.

const (
	ownerFile = "owner" // EAL removes fbarray_* and mp_socket* from its directory, this it leaves
	// ownerGrace is how old a directory without an owner must be: an earlier version makes none.
	ownerGrace = time.Minute
)

// randomPrefixPattern is what randomPrefix makes. Prefixes that an operator chose are left alone.
var randomPrefixPattern = regexp.MustCompile(`^gw-[0-9a-f]{12}$`)

// deadSuffix is behind the name of a directory while it is removed, so that nobody takes it up again
// in the middle.
const deadSuffix = ".dead"

// ownRuntimeDir makes EAL's runtime directory of a prefix and marks it as in use until the returned
// file is closed or the process ends.
func ownRuntimeDir(dir string) (*os.File, error) {
	for {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("EAL runtime directory: %w", err)
		}
		owner, err := lockOwner(dir)
		switch {
		case err == nil:
			_, err = fmt.Fprintf(owner, "pid %d\n", os.Getpid())
			return owner, err
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EWOULDBLOCK):
			time.Sleep(time.Millisecond) // somebody is just removing what another one left here
		default:
			return nil, fmt.Errorf("EAL runtime directory: %w", err)
		}
	}
}

// lockOwner locks the owner file of a directory, or fails with EWOULDBLOCK when a process has it
// and with ErrNotExist when the directory went away.
func lockOwner(dir string) (*os.File, error) {
	path := filepath.Join(dir, ownerFile)
	owner, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(owner.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		owner.Close()
		return nil, err
	}
	open, err := owner.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(path); err == nil && !os.SameFile(open, there) {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		owner.Close()
		return nil, err
	}
	return owner, nil
}

// removeLeftovers removes what dead processes left in EAL's base directory and in the one where
// private mounts are made. It returns the prefixes. What cannot be removed stays, for it harms
// nobody but the memory.
func removeLeftovers(base, mounts string) (removed []string) {
	removeMounts(base, mounts)
	entries, err := os.ReadDir(base)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		prefix, half := strings.CutSuffix(entry.Name(), deadSuffix)
		if !entry.IsDir() || !randomPrefixPattern.MatchString(prefix) {
			continue
		}
		if dir := filepath.Join(base, prefix); half {
			_ = os.RemoveAll(dir + deadSuffix)
		} else if removeLeftover(dir, privateMount(mounts, prefix)) {
			removed = append(removed, prefix)
		}
	}
	return removed
}

// removeLeftover removes one directory, and a mount, if their process is dead.
func removeLeftover(dir, mount string) bool {
	if info, err := os.Stat(filepath.Join(dir, ownerFile)); err != nil || !info.Mode().IsRegular() {
		if made, err := os.Stat(dir); err != nil || time.Since(made.ModTime()) < ownerGrace {
			return false
		}
	}
	owner, err := lockOwner(dir)
	if err != nil {
		return false
	}
	defer owner.Close()
	if pid, err := primaryOf(dir); err != nil || pid != 0 {
		return false
	}
	removeMount(mount)
	if os.Rename(dir, dir+deadSuffix) != nil {
		return false
	}
	return os.RemoveAll(dir+deadSuffix) == nil
}

// removeMounts removes private mounts whose runtime directory is gone. Who starts makes that first,
// and who ends removes it last; an earlier version did not, so that a new mount is left alone.
func removeMounts(base, mounts string) {
	found, _ := filepath.Glob(privateMount(mounts, "gw-*"))
	for _, mount := range found {
		prefix := strings.TrimPrefix(filepath.Base(mount), filepath.Base(privateMount("", "")))
		_, err := os.Stat(filepath.Join(base, prefix))
		made, gone := os.Stat(mount)
		if randomPrefixPattern.MatchString(prefix) && errors.Is(err, fs.ErrNotExist) && gone == nil && time.Since(made.ModTime()) > ownerGrace {
			removeMount(mount)
		}
	}
}

// removeMount removes a private mount that nobody uses: EAL keeps a lock on every file that it has
// mapped.
func removeMount(mount string) {
	files, _ := filepath.Glob(filepath.Join(mount, "*"))
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			continue // gone
		}
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		file.Close()
		if err != nil {
			return
		}
	}
	if _, err := os.Stat(mount); err == nil && unmountHugetlbfs(mount) != nil {
		_ = os.Remove(mount) // the mount was in another mount namespace, and went with it
	}
}

// privateMount is where a process with a prefix mounts a hugetlbfs of its own.
func privateMount(mounts, prefix string) string {
	return filepath.Join(mounts, "dpdk-hugepages-"+prefix)
}

// primaryOf returns the process that EAL's own lock says uses a runtime directory; 0: none.
func primaryOf(dir string) (pid int, err error) {
	config := filepath.Join(dir, "config")
	f, err := os.OpenFile(config, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("lock of %s: %w", config, err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	return int(lock.Pid), nil
}

// Leftovers names what Init removed of dead processes, for the log; empty: nothing.
func (e *EAL) Leftovers() string { return strings.Join(e.leftovers, ", ") }
