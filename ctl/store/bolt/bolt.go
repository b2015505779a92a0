package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"mirrorgw/ctl/store"
)

// lockWait is how long Open waits for another process to let go of the file.
const lockWait = time.Second

// File is an open state file, locked against other processes.
type File struct {
	path   string
	db     *bbolt.DB
	file   *os.File // of db
	broken error    // why nothing is written any more; nil: it is
	locked bool     // bbolt ended in a panic and may have kept its locks: it is not asked any more
}

// Options say how a file is opened.
type Options struct {
	ReadOnly bool // for export; the file must exist
}

// Open opens or makes the state file (mode 0600); its directory must exist. A file of an older
// schema is migrated, unless it is opened read-only. Errors say what to do: a file that another
// process has locked, one of a newer schema, one that is damaged (wraps store.ErrDamaged), one
// that cannot be written.
func Open(path string, o Options) (*File, error) {
	for {
		f, err := open(path, o)
		if !errors.Is(err, errReplaced) {
			return f, err
		}
	}
}

// errReplaced says that another file took the path while open waited for the lock, as Compact does.
var errReplaced = errors.New("the file was replaced")

func open(path string, o Options) (file *File, err error) {
	if err := checkPlace(path, o.ReadOnly); err != nil {
		return nil, err
	}
	if err := checkSize(path); err != nil {
		return nil, err
	}
	var opened *os.File
	defer func() {
		if err != nil && opened != nil {
			// If damage made bbolt panic, it keeps the file mapped, which keeps the lock.
			_ = syscall.Flock(int(opened.Fd()), syscall.LOCK_UN)
			opened.Close()
		}
	}()
	defer guard(path, &err)()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: o.ReadOnly, FreelistType: bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			opened, err = os.OpenFile(name, flag, mode)
			return opened, err
		}})
	if err != nil {
		return nil, openError(path, err)
	}
	f := &File{path: path, db: db, file: opened}
	if !f.isAtPath() {
		db.Close()
		return nil, errReplaced
	}
	if err := f.prepare(o.ReadOnly); err != nil {
		db.Close()
		return nil, err
	}
	return f, nil
}

// checkPlace finds what is wrong with a path before bbolt makes a file of it.
func checkPlace(path string, mustExist bool) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("state file %s: there is no directory %s; make it, for this user only", path, dir)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mustExist:
		return fmt.Errorf("state file %s: there is no such file; give the path that [state] path has", path)
	case err == nil && info.IsDir():
		return fmt.Errorf("state file %s: this is a directory; give the path of a file in it", path)
	}
	return nil
}

// openError says what to do about an error of bbolt.Open.
func openError(path string, err error) error {
	var pathError *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("state file %s: another process has it locked; stop the other mirrorgw, or name another file in [state] path", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return damaged(path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("state file %s: the file system is read-only; make it writable or name another file in [state] path", path)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("state file %s: the disk is full; make room", path)
	case errors.As(err, &pathError):
		return fmt.Errorf("state file %s: it cannot be opened (%w); make it readable and writable for this user", path, pathError.Err)
	}
	return fmt.Errorf("state file %s: it cannot be opened (%w); see mirrorgw state check", path, err)
}

func damaged(path string, fault any) error {
	return fmt.Errorf("state file %s: %w (%v); see mirrorgw state check, then restore a copy of it, move it away to begin anew, or set [state] on_damage = \"forward-only\"",
		path, store.ErrDamaged, fault)
}

// guard turns what damaged pages do to bbolt (a panic, or a fault on memory that the file does not
// back) into an error. It is deferred as guard(path, &err)().
func guard(path string, err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if fault := recover(); fault != nil {
			*err = damaged(path, fault)
		}
	}
}

// Path is the file's.
func (f *File) Path() string { return f.path }

// isAtPath reports whether the path still leads to the file.
func (f *File) isAtPath() bool {
	own, err := f.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.path)
	return err == nil && os.SameFile(own, there)
}

// Close implements store.Persistence.
func (f *File) Close() error {
	if f.locked {
		_ = syscall.Flock(int(f.file.Fd()), syscall.LOCK_UN) // the memory map would keep it
		return f.file.Close()
	}
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("state file %s: it could not be closed (%w)", f.path, err)
	}
	return nil
}
