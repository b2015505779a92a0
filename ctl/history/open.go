package history

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const damagedSuffix = ".damaged"

// Open opens a history, or begins one. A file that ends in the middle of a record, as after a kill, is
// cut there; one that is damaged is set aside under its name and ".damaged", of which the youngest is
// kept, and goes on with what was good. Both are logged. An error: the directory cannot be used.
func Open(o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.MaxBytes, o.Days = max(o.MaxBytes, MinBytes), max(o.Days, 1)
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("the history %s: %w; make the directory, or name another in [history] path", o.Dir, err)
	}
	s := &Store{options: o, log: o.Log, series: map[Key]*series{}, names: map[nameKey][]*series{}}
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.Close()
		return nil, fmt.Errorf("the history %s cannot be read (%w); see whether the disk works, or name another directory in [history] path", o.Dir, err)
	}
	return s, nil
}

// SetLimits changes how long and how much is kept. What is beyond goes when the next hour is written.
func (s *Store) SetLimits(days int, maxBytes int64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Days, s.options.MaxBytes = max(days, 1), max(maxBytes, MinBytes)
}

func (s *Store) takeLock() error {
	file, err := os.OpenFile(filepath.Join(s.options.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("the history %s: %w; make the directory writable for this user, or name another in [history] path", s.options.Dir, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return fmt.Errorf("the history %s: another process has it locked; stop the other mirrorgw, or name another directory in [history] path", s.options.Dir)
	}
	s.lock = file
	return nil
}

func (s *Store) load() error {
	entries, err := os.ReadDir(s.options.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries { // sorted by name, so by serial
		if name := entry.Name(); strings.HasSuffix(name, partSuffix) {
			if err := s.loadPart(filepath.Join(s.options.Dir, name)); err != nil {
				return err
			}
			var serial int64
			if _, err := fmt.Sscanf(name, "%d-", &serial); err == nil {
				s.serial = max(s.serial, serial+1)
			}
		}
	}
	if err := s.loadHead(); err != nil {
		return err
	}
	return s.keepYoungestDamaged()
}

func (s *Store) loadPart(path string) error {
	names := map[uint32]*series{}
	p, good, err := scanPart(path, func(p *part, id uint32, k Key) error {
		if found := s.find(k); found != nil {
			names[id] = found
			found.places = append(found.places, place{p, id})
		}
		return nil
	}, func(id uint32, hour int64) error {
		if found := names[id]; found != nil {
			found.last = max(found.last, (hour+1)*hourMinutes)
		}
		return nil
	})
	if p == nil {
		return err
	}
	for _, b := range p.blocks {
		if b.sampled != 0 {
			s.until = b.end()
		}
	}
	p.file, p.size, err = s.repair(p.path, p.file, good, err)
	if err == nil && good == 0 {
		p.remove()
		return nil
	}
	s.parts = append(s.parts, p)
	return err
}

// end is when the last sampled minute of a block ends, minutes since 1970.
func (c *cover) end() int64 {
	end := c.hour * hourMinutes
	for minute := range int64(hourMinutes) {
		if c.sampled>>minute&1 == 1 {
			end = c.hour*hourMinutes + minute + 1
		}
	}
	return end
}

func openLog(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, headName), os.O_RDWR|os.O_CREATE, 0o640)
}

func (s *Store) loadHead() error {
	file, err := openLog(s.options.Dir)
	if err != nil {
		return err
	}
	h, good, err := readHead(file, s.find)
	file, size, err := s.repair(filepath.Join(s.options.Dir, headName), file, good, err)
	if err != nil || h == nil || s.taken(h.id) {
		return errors.Join(err, file.Close())
	}
	h.log, h.size, s.logBytes = file, size, size
	s.head = h
	if h.sampled != 0 {
		s.until = h.end()
	}
	for found := range h.rows {
		found.last = max(found.last, h.end())
		for _, k := range rollupsOf(&found.key) {
			if rollup := s.find(k); rollup != nil {
				rollup.last = max(rollup.last, h.end())
			}
		}
	}
	return nil
}

// taken says whether a block was made of a head.
func (s *Store) taken(head uint64) bool {
	for _, p := range s.parts {
		if slices.ContainsFunc(p.blocks, func(b *block) bool { return b.head == head }) {
			return true
		}
	}
	return false
}

// repair makes a file end after what is good of it, after it was read with an error.
func (s *Store) repair(path string, file *os.File, good int64, fault error) (*os.File, int64, error) {
	if fault == nil {
		return file, good, nil
	}
	var system *fs.PathError
	if errors.As(fault, &system) {
		return file, good, fault // the disk, not what is on it
	}
	if errors.Is(fault, errTorn) {
		if info, err := file.Stat(); err == nil && info.Size() > good {
			s.log.Warn("the last record of the history was being written when the gateway ended; it is left out", "file", path, "bytes", info.Size()-good)
		}
		return file, good, file.Truncate(good)
	}
	s.log.Error("a file of the history is damaged: it is set aside, and what comes before the damage is kept", "file", path, "aside", path+damagedSuffix, "good_bytes", good, "error", fault)
	fresh, err := setAside(path, file, good)
	return fresh, good, err
}

// setAside renames a file and puts a copy of its beginning in its place.
func setAside(path string, file *os.File, good int64) (*os.File, error) {
	defer file.Close()
	var beginning bytes.Buffer
	if _, err := io.Copy(&beginning, io.NewSectionReader(file, 0, good)); err != nil {
		return file, err
	}
	if err := os.Rename(path, path+damagedSuffix); err != nil {
		return file, err
	}
	fresh, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return file, err
	}
	if _, err = fresh.Write(beginning.Bytes()); err == nil {
		err = fresh.Sync()
	}
	return fresh, err
}

// keepYoungestDamaged deletes what was set aside, but the last.
func (s *Store) keepYoungestDamaged() error {
	paths, err := filepath.Glob(filepath.Join(s.options.Dir, "*"+damagedSuffix))
	if err != nil {
		return err
	}
	slices.SortFunc(paths, func(a, b string) int { return modified(a).Compare(modified(b)) })
	for i, path := range paths {
		if i < len(paths)-1 {
			os.Remove(path)
		} else if info, err := os.Stat(path); err == nil {
			s.aside = info.Size()
		}
	}
	return nil
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
