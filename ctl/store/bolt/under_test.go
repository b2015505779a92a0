package bolt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/store"
)

// TestCutWhileOpen: somebody empties the file under a daemon that has it open. Changes are
// refused from then on; the process, which forwards production, goes on.
func TestCutWhileOpen(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "state.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	save := func(id string) error {
		return f.Save(&store.Batch{Revision: 1, Writes: []store.Write{{Kind: store.KindSession, ID: id, Value: make([]byte, 5000)}}})
	}
	if err := save("a"); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Path(), 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := save("b"); err == nil || !strings.Contains(err.Error(), "state file") {
			t.Errorf("got %v", err)
		}
	}
	f.Close()
}

// TestReplacedWhileWaiting: a compaction puts a new file in place while a daemon waits for the
// lock of the old one. The daemon must get the new one: the other has no name any more.
func TestReplacedWhileWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := unix.Flock(int(old.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error)
	go func() {
		var err error
		f, err = Open(path, Options{})
		opened <- err
	}()
	for openTimes(t, path) < 2 { // until it waits
	}
	if err := os.WriteFile(path+".new", whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(old.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if err := f.Save(&store.Batch{Revision: 7}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if f, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if saved, err := f.Load(); err != nil || saved.Revision != 7 {
		t.Errorf("revision %d, %v", saved.Revision, err)
	}
}

// openTimes is how often this process has a file open for writing or reading.
func openTimes(t *testing.T, path string) (n int) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && target == path {
			n++
		}
	}
	return n
}
