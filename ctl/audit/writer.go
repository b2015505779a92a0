package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// maxBatch is how many bytes are written at once, about.
const maxBatch = 256 << 10

// file is what a writer needs of an *os.File.
type file interface {
	Write([]byte) (int, error)
	ReadAt(p []byte, offset int64) (int, error)
	Truncate(size int64) error
	Stat() (os.FileInfo, error)
	Sync() error
	Close() error
}

// openFile opens for appending, and for a look at how the file ends. The group may read, as with other logs.
func openFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return nil, rootCause(err)
	}
	return f, nil
}

func rootCause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// writer owns the file. Only one goroutine uses it.
type writer struct {
	o    *Options
	file file // nil: it has to be opened
	info os.FileInfo
	size int64
	torn bool  // the file ends within a line, which a crash or a disk has cut off
	told int64 // lost records that the file tells of
}

// ready opens the file if it is not open, or not the one at the path any more.
func (w *writer) ready() error {
	if w.file != nil {
		if now, err := os.Stat(w.o.Path); err == nil && os.SameFile(now, w.info) {
			if w.size != now.Size() { // somebody has cut it
				w.sees(now.Size())
			}
			return nil
		}
		w.close()
	}
	f, err := w.o.open(w.o.Path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		f.Close()
		return err
	}
	w.file, w.info = f, info
	w.sees(info.Size())
	return nil
}

// sees looks at how a file of a size ends. One that cannot be read is taken for torn: an empty line does
// no harm.
func (w *writer) sees(size int64) {
	w.size, w.torn = size, false
	if size > 0 {
		var last [1]byte
		_, err := w.file.ReadAt(last[:], size-1)
		w.torn = err != nil || last[0] != '\n'
	}
}

func (w *writer) close() {
	if w.file == nil {
		return
	}
	if err := errors.Join(w.file.Sync(), w.file.Close()); err != nil {
		w.o.Log.Warn("the audit log was not closed cleanly", "path", w.o.Path, "error", err)
	}
	w.file = nil
}

// write appends lines, in a new file if the old one has no room. After an error none of them is in
// the file.
func (w *writer) write(lines []byte) error {
	if err := w.ready(); err != nil {
		return err
	}
	if w.size > 0 && w.size+int64(len(lines)) > w.o.limits.Load().MaxBytes {
		if err := w.rotate(); err != nil {
			w.o.Log.Warn("the audit log was not rotated and goes on growing", "path", w.o.Path, "error", err)
		}
		if err := w.ready(); err != nil {
			return err
		}
	}
	if w.torn { // the half line must not take the next one with it
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := w.file.Write(lines)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, w.file.Truncate(w.size)) // no half line
		}
		return rootCause(err)
	}
	w.size, w.torn = w.size+int64(n), false
	return nil
}

// rotate moves every file one number up; the oldest goes, and so do those beyond the limit. Where the
// file being written cannot be moved (it may be append-only) the others come back to where they were.
func (w *writer) rotate() error {
	w.close()
	files := w.o.limits.Load().Files
	name := func(i int) string {
		if i == 0 {
			return w.o.Path
		}
		return fmt.Sprintf("%s.%d", w.o.Path, i)
	}
	for i := files + 1; ; i++ { // there are some where the limit was higher once
		if err := os.Remove(name(i)); err != nil {
			break
		}
	}
	for i := files; i >= 0; i-- {
		err := w.o.rename(name(i), name(i+1))
		if err == nil || i > 0 && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for i++; i <= files; i++ {
			if back := w.o.rename(name(i+1), name(i)); back != nil && !errors.Is(back, fs.ErrNotExist) {
				err = errors.Join(err, back)
			}
		}
		return err
	}
	if err := os.Remove(name(files + 1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// run writes until the queue is closed.
func (l *Log) run(w *writer) {
	defer close(l.ended)
	defer w.close()
	w.o = &l.o
	for {
		select {
		case <-l.reopen:
			w.close()
		case e, more := <-l.queue:
			if !more {
				return
			}
			l.writeBatch(w, l.batch(e))
		}
	}
}

// batch takes what waits besides the first line.
func (l *Log) batch(first *entry) []*entry {
	batch, size := []*entry{first}, len(first.line)
	for size < maxBatch {
		select {
		case e, more := <-l.queue:
			if !more {
				return batch
			}
			batch, size = append(batch, e), size+len(e.line)
		default:
			return batch
		}
	}
	return batch
}

// writeBatch tries until the lines are in the file or the log is closed.
func (l *Log) writeBatch(w *writer, batch []*entry) {
	for {
		lost := l.lost.Load()
		err := w.write(l.join(w, batch, lost))
		if err == nil {
			w.told = lost
			l.recovered(len(batch))
			for _, e := range batch {
				close(e.done)
			}
			return
		}
		l.failed(w, err)
		select {
		case <-time.After(l.o.Retry):
		case <-l.reopen:
			w.close()
		case <-l.closing:
			lost = l.lost.Load()
			if err := w.write(l.join(w, batch, lost)); err != nil {
				l.lose(int64(len(batch)))
				return
			}
			w.told = lost
			l.recovered(len(batch))
			return
		}
	}
}

// join puts a line in front that tells of records that are missing.
func (l *Log) join(w *writer, batch []*entry, lost int64) (lines []byte) {
	if missing := lost - w.told; missing > 0 {
		r := &Record{Time: time.Now(), Service: "mirrorgw", Action: EventLost, Identity: Identity{Type: TypeUnknown}, Lost: missing}
		lines = r.line()
	}
	for _, e := range batch {
		lines = append(lines, e.line...)
	}
	return lines
}

func (l *Log) failed(w *writer, err error) {
	w.close()
	reason := fmt.Sprintf("the audit log %s cannot be written (%v); make room, or let this user write there", l.o.Path, err)
	if l.failure.Swap(&reason) == nil {
		l.o.Log.Error("audit records wait: " + reason)
	}
}

func (l *Log) recovered(records int) {
	l.written.Add(int64(records))
	if l.failure.Swap(nil) != nil {
		l.o.Log.Info("the audit log is written again", "path", l.o.Path, "lost", l.lost.Load())
	}
}

// CheckPlace says what keeps a log from being written at a path, in words for the configuration.
func CheckPlace(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		info, err = os.Stat(filepath.Dir(path))
		if err != nil || !info.IsDir() {
			return fmt.Errorf("the directory %s does not exist; make it, for example with \"install -d -m 0750 %s\"", filepath.Dir(path), filepath.Dir(path))
		}
	case err != nil:
		return fmt.Errorf("%s cannot be looked at (%w); make it accessible for this user", path, rootCause(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; move it away or choose another path", path)
	}
	return nil
}
