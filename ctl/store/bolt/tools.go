package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"

	"mirrorgw/ctl/store"
)

// Report is what Check found.
type Report struct {
	Path     string
	Bytes    int64
	Schema   int
	Revision uint64
	Records  map[store.Kind]int
	Events   int
	Tokens   int
	Problems []string // empty: the file is sound
}

// Check examines the file of a stopped daemon without changing it: its pages, the checksum of
// every value, and that every record can be read. An error means that it could not be examined at
// all (locked, no such file, newer schema); damage is among the Problems.
func Check(path string) (*Report, error) {
	r := &Report{Path: path, Records: map[store.Kind]int{}}
	if info, err := os.Stat(path); err == nil {
		r.Bytes = info.Size()
	}
	f, err := Open(path, Options{ReadOnly: true})
	if errors.Is(err, store.ErrDamaged) {
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r.Schema, _, _ = f.schema()
	saved, err := f.Load()
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	r.Revision, r.Events, r.Tokens = saved.Revision, len(saved.Events), len(saved.Tokens)
	for kind, records := range saved.Records {
		r.Records[kind] = len(records)
	}
	r.Problems = append(f.checkPages(), store.Inspect(saved)...)
	return r, nil
}

const maxProblems = 20

// checkPages lets bbolt check its page structure. Load has walked all of it before, so that
// nothing is left that bbolt would stumble over.
func (f *File) checkPages() (problems []string) {
	_ = f.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			if len(problems) < maxProblems {
				problems = append(problems, err.Error())
			}
		}
		return nil
	})
	return problems
}

// Compact rewrites the file of a stopped daemon without its free pages: into a temporary file
// beside it, which then takes its place. It returns the sizes in bytes.
func Compact(path string) (before, after int64, err error) {
	f, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	defer guard(path, &err)()
	temporary := path + ".compact"
	defer os.Remove(temporary)
	if err := f.copyTo(temporary); err != nil {
		return 0, 0, fmt.Errorf("state file %s: it could not be compacted (%w); make sure that the disk has room for a second copy", path, err)
	}
	return replace(path, temporary)
}

// copyTo writes all buckets to a new file, on disk when it returns.
func (f *File) copyTo(path string) error {
	_ = os.Remove(path) // left by a compaction that was interrupted
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	const bytesAtOnce = 4 << 20
	if err := bbolt.Compact(to, f.db, bytesAtOnce); err != nil {
		to.Close()
		return err
	}
	return firstError(to.Sync(), to.Close())
}

// replace puts a file in the place of another, with the owner of that.
func replace(path, by string) (before, after int64, err error) {
	old, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	compacted, err := os.Stat(by)
	if err != nil {
		return 0, 0, err
	}
	if owner, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(by, int(owner.Uid), int(owner.Gid)) // refused to those to whom it does not matter
	}
	if err := os.Rename(by, path); err != nil {
		return 0, 0, fmt.Errorf("state file %s: the compacted file could not take its place (%w); make the directory writable", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return 0, 0, err
	}
	defer dir.Close()
	return old.Size(), compacted.Size(), dir.Sync()
}
