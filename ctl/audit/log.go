package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultQueue    = 4096
	DefaultPatience = 100 * time.Millisecond
	DefaultRetry    = time.Second
)

// Options say where lines go.
type Options struct {
	Path     string
	MaxBytes int64         // of a file before the next is begun
	Files    int           // that are kept besides the one being written: Path.1 is the youngest
	Refuse   bool          // Ready tells when lines cannot be written, so that doors refuse changes
	Queue    int           // lines that wait at most; 0: DefaultQueue
	Patience time.Duration // how long a request waits for its line at most; 0: DefaultPatience
	Retry    time.Duration // between attempts to write after one failed; 0: DefaultRetry
	Log      *slog.Logger  // for what goes wrong; nil: nobody is told

	open   func(path string) (file, error) // nil: openFile
	rename func(from, to string) error     // nil: os.Rename
	limits *atomic.Pointer[Limits]         // in place of the fields of that name
}

// Limits are those of Options that may change while a log is written.
type Limits struct {
	MaxBytes int64
	Files    int
	Refuse   bool
}

// Log writes records. It is safe for concurrent use; a nil Log takes records and writes none.
type Log struct {
	o       Options
	queue   chan *entry
	reopen  chan struct{}
	closing chan struct{} // closed when Close begins
	ended   chan struct{} // closed when everything is written, or given up

	reading sync.Mutex   // one reader at a time
	closed  sync.RWMutex // held for reading while something is put into the queue
	isOver  bool
	written atomic.Int64
	lost    atomic.Int64
	failure atomic.Pointer[string] // why the last attempt failed; nil: it did not
}

// entry is a line on its way.
type entry struct {
	line []byte
	done chan struct{} // closed once it is in the file
}

// Open opens the file, or makes it, so that what is wrong with the place is told at once.
func Open(o Options) (*Log, error) {
	if o.Queue == 0 {
		o.Queue = DefaultQueue
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Retry == 0 {
		o.Retry = DefaultRetry
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.open == nil {
		o.open = openFile
	}
	if o.rename == nil {
		o.rename = os.Rename
	}
	o.limits = &atomic.Pointer[Limits]{}
	o.limits.Store(&Limits{MaxBytes: o.MaxBytes, Files: o.Files, Refuse: o.Refuse})
	w := &writer{o: &o}
	if err := w.ready(); err != nil {
		return nil, fmt.Errorf("audit log %s cannot be opened (%w); make the directory and let this user write there", o.Path, err)
	}
	l := &Log{o: o, queue: make(chan *entry, o.Queue), reopen: make(chan struct{}, 1), closing: make(chan struct{}), ended: make(chan struct{})}
	go l.run(w)
	return l, nil
}

// Write takes a record and returns once it is in the file, or after Options.Patience. Where the
// queue has no room until then the record is lost and counted. It does not wait while the file
// cannot be written.
func (l *Log) Write(r *Record) {
	if l == nil {
		return
	}
	l.closed.RLock()
	defer l.closed.RUnlock()
	if l.isOver {
		l.lose(1)
		return
	}
	e := &entry{line: r.line(), done: make(chan struct{})}
	patience := time.NewTimer(l.patience())
	defer patience.Stop()
	select {
	case l.queue <- e:
	default:
		select {
		case l.queue <- e:
		case <-patience.C:
			l.lose(1)
			return
		}
	}
	select {
	case <-e.done:
	case <-patience.C:
	}
}

func (l *Log) patience() time.Duration {
	if l.failure.Load() != nil {
		return 0
	}
	return l.o.Patience
}

func (l *Log) lose(n int64) {
	if total := l.lost.Add(n); total == n {
		l.o.Log.Error("audit records are being lost: the queue is full; the file tells how many once it can be written", "path", l.o.Path)
	}
}

// Ready is nil where changes may be made. It is an error, in one sentence, while lines cannot be
// written and Options.Refuse is set.
func (l *Log) Ready() error {
	if l == nil || !l.o.limits.Load().Refuse {
		return nil
	}
	return l.Fault()
}

// SetLimits changes the limits. They count from the next line on; files beyond the number that is kept
// go when the next file is begun.
func (l *Log) SetLimits(limits Limits) {
	if l != nil {
		l.o.limits.Store(&limits)
	}
}

// Fault says why lines cannot be written at the moment; nil: they can.
func (l *Log) Fault() error {
	if l == nil {
		return nil
	}
	if reason := l.failure.Load(); reason != nil {
		return errors.New(*reason)
	}
	return nil
}

// Stats are counted since Open.
type Stats struct {
	Written int64 // records in the file
	Lost    int64 // records that found no room in the queue
	Waiting int   // records in the queue
}

// Stats of a nil Log are zero.
func (l *Log) Stats() Stats {
	if l == nil {
		return Stats{}
	}
	return Stats{Written: l.written.Load(), Lost: l.lost.Load(), Waiting: len(l.queue)}
}

// Reopen closes the file and opens it by its path again, after somebody has moved it away. (That
// is noticed without this call too, with the next line.)
func (l *Log) Reopen() {
	if l == nil {
		return
	}
	select {
	case l.reopen <- struct{}{}:
	default: // one is asked for already
	}
}

// Close writes what waits and closes the file. Records that come later are lost.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.closed.Lock()
	if !l.isOver {
		l.isOver = true
		close(l.closing)
		close(l.queue)
	}
	l.closed.Unlock()
	<-l.ended
	if lost := l.lost.Load(); lost > 0 {
		return fmt.Errorf("audit log %s: %d records were lost", l.o.Path, lost)
	}
	return nil
}
