package history

import (
	"errors"
	"log/slog"
	"os"
	sync "sync"
	"time"
)

// MaxSeries is how many series there may be, those of the past included while something of them is
// kept. Of what comes on top nothing is kept, and it is counted.
const MaxSeries = 1 << 17

// Options say where a history is and how large it may become.
type Options struct {
	Dir      string // made where it is missing, with mode 0750
	Days     int    // of 24 hours; older blocks go
	MaxBytes int64  // of all files together, at least MinBytes
	Log      *slog.Logger
}

// MinBytes is the least that a history may be limited to.
const MinBytes = 16 << 20

// Store is an open history. One goroutine adds and closes, any number read.
type Store struct {
	options Options // Days and MaxBytes: written with writing and mu, read with either
	log     *slog.Logger
	lock    *os.File

	writing sync.Mutex // held by whoever adds or closes; goes before mu
	closed  bool       // with writing

	mu     sync.RWMutex // everything below, and what series, parts and the head hold
	series map[Key]*series
	names  map[nameKey][]*series // the same, by name
	parts  []*part               // oldest first; the last one is added to
	head   *head                 // nil before the first minute
	until  int64                 // minutes since 1970: the end of the minute that was added last
	counts Counts
	hours  [2]int64 // the last two hours that became blocks, for retention; 0: there was none
	serial int64    // of the next part
	aside  int64    // bytes of what was set aside as damaged
	writes error    // of the last minute; nil: it is on disk

	logBytes int64 // of the head's log
}

// series is all that is kept of a key.
type series struct {
	key    Key
	places []place // oldest first
	last   int64   // minutes since 1970 of its youngest slot's end, or the end of that hour
}

// place is where blocks have a series: under a number in a part.
type place struct {
	part *part
	id   uint32
}

// Counts say what a store has and what it could not keep, since it was opened.
type Counts struct {
	Bytes  int64 // of all files
	Series int   // those of the past included
	Oldest time.Time

	Writable        bool  // the last minute is on disk
	OmittedSeries   int64 // rows of series of which there are too many, one a minute
	OmittedChunks   int64 // hours of series for which there was no space
	DamagedChunks   int64 // hours of series that were damaged when they were read
	FailedMinutes   int64 // that could not be written; they are in memory until the hour is over
	FailedHours     int64 // that could not be written and are lost
	DroppedForSpace int64 // parts that went before their time
}

// Row is what one series counted in one minute. Values are those of the kind's columns, none of
// them negative.
type Row struct {
	Key    Key
	Values []int64
}

// Minute is what was counted in one minute. Rows of a minute that is there already are added to it.
type Minute struct {
	Time    time.Time // any moment of it
	Partial bool      // the sample does not cover exactly this minute
	Rows    []Row     // each key once
}

type seriesRow struct {
	series *series
	values []int64
}

// Add takes a minute in and returns when it is on disk. After an error it is in memory, where it is
// read and becomes part of its hour's block; after one of an hour that could not be written, that
// hour is lost. Time before 1970 is refused.
func (s *Store) Add(m Minute) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	at := m.Time.Unix() / 60
	if at < 0 || at/hourMinutes > maxHour {
		return errors.New("the clock is far from anything that a history can hold; set it")
	}
	hour, minute := at/hourMinutes, int(at%hourMinutes)
	rows := s.resolve(m.Rows, at)
	err := s.turn(hour)
	s.mu.Lock()
	s.head.add(minute, m.Partial, rows)
	s.until = at + 1
	s.mu.Unlock()
	saveErr := s.saveMinute(minute, m.Partial, rows)
	return errors.Join(err, saveErr, s.shorten(minute))
}

// shorten makes a block of part of an hour when the log has become too long; if it can wait, not in
// the middle of a slot of five minutes.
func (s *Store) shorten(minute int) error {
	limit := s.options.MaxBytes / 16
	if s.head.size <= limit || s.head.size <= 2*limit && minute%5 != 4 {
		return nil
	}
	if err := s.flush(newHead(s.head.hour, s.head.log)); err != nil {
		return err
	}
	err := s.head.begin()
	s.mu.Lock()
	s.logBytes = s.head.size
	s.mu.Unlock()
	return err
}

// resolve finds the series of rows, and makes those that are missing.
func (s *Store) resolve(rows []Row, at int64) []seriesRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]seriesRow, 0, len(rows))
	for _, row := range rows {
		found := s.find(row.Key)
		if found == nil {
			s.counts.OmittedSeries++
			continue
		}
		found.last = max(found.last, at+1)
		for _, k := range rollupsOf(&found.key) {
			if rollup := s.find(k); rollup != nil {
				rollup.last = max(rollup.last, at+1)
			}
		}
		list = append(list, seriesRow{found, row.Values})
	}
	return list
}

// find returns the series of a key; nil: there are too many, or the key is none. The lock is held.
func (s *Store) find(k Key) *series {
	found := s.series[k]
	if found == nil && len(s.series) < s.maxSeries() && k.valid() {
		found = &series{key: k}
		s.series[k] = found
		s.names[k.nameKey()] = append(s.names[k.nameKey()], found)
	}
	return found
}

// maxSeries is MaxSeries, or what small files can take.
func (s *Store) maxSeries() int { return int(min(MaxSeries, s.options.MaxBytes/1024)) }

// turn sees to it that the head is that of an hour.
func (s *Store) turn(hour int64) error {
	if s.head != nil && s.head.hour == hour {
		return nil
	}
	if s.head == nil {
		s.setHead(newHead(hour, nil))
		return nil
	}
	next := newHead(hour, s.head.log)
	err := s.flush(next)
	if err != nil {
		s.mu.Lock()
		s.head = next
		s.counts.FailedHours++
		s.mu.Unlock()
	}
	return err
}

func (s *Store) setHead(h *head) {
	s.mu.Lock()
	s.head = h
	s.mu.Unlock()
}

// saveMinute appends a minute to the log.
func (s *Store) saveMinute(minute int, partial bool, rows []seriesRow) (err error) {
	h := s.head
	if h.log == nil {
		h.log, err = openLog(s.options.Dir)
	}
	if err == nil && h.fresh {
		err = h.begin()
	}
	if err == nil {
		err = h.save(minute, partial, rows)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes, s.logBytes = err, h.size
	if err != nil {
		s.counts.FailedMinutes++
	}
	return err
}

// Close writes nothing more: the log has all of the head. It waits for an Add under way.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.parts {
		errs = append(errs, p.file.Close())
	}
	if s.head != nil && s.head.log != nil {
		errs = append(errs, s.head.log.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// Counts are those of this moment.
func (s *Store) Counts() Counts {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.counts
	c.Bytes, c.Series, c.Writable = s.bytes(), len(s.series), s.writes == nil
	for _, p := range s.parts {
		for _, b := range p.blocks {
			if at := time.Unix(b.hour*3600, 0).UTC(); c.Oldest.IsZero() || at.Before(c.Oldest) {
				c.Oldest = at
			}
		}
	}
	if c.Oldest.IsZero() && s.head != nil {
		c.Oldest = time.Unix(s.head.hour*3600, 0).UTC()
	}
	return c
}

// bytes is the size of all files. The lock is held.
func (s *Store) bytes() int64 {
	n := s.aside + s.logBytes
	for _, p := range s.parts {
		n += p.size
	}
	return n
}
