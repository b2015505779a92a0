package logging

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// How much of one message is logged. The most that a gateway says at once by itself is a line for each
// of its 32 ports, or for each key of its configuration.
const (
	window      = 10 * time.Second
	mostOfOne   = 80  // records of one message in a window; what comes on top is counted
	mostKinds   = 256 // messages that are told apart in a window; all others count as one
	maxKindName = 96  // bytes of a message by which it is told apart
)

// clock is the time, which tests make their own.
type clock struct {
	now   func() time.Time
	after func(time.Duration, func())
}

var realTime = clock{time.Now, func(d time.Duration, f func()) { time.AfterFunc(d, f) }}

// repeats counts records by message and holds back those that come too often. At the end of a window
// it logs how many it held back.
type repeats struct {
	write func(context.Context, func(slog.Handler) slog.Handler, slog.Record) error
	clock clock

	mu    sync.Mutex
	began time.Time // of the window
	armed bool      // its end is waited for
	kinds map[kind]*count
}

// kind is what tells messages apart: numbers in them, such as a client's port, do not.
type kind struct {
	level   slog.Level
	message string
}

type count struct {
	seen, held int
	example    string // the message as it was first
}

func newRepeats(write func(context.Context, func(slog.Handler) slog.Handler, slog.Record) error, t clock) *repeats {
	return &repeats{write: write, clock: t, kinds: map[kind]*count{}}
}

// admit counts a record and reports whether it is to be written.
func (r *repeats) admit(record *slog.Record) bool {
	r.mu.Lock()
	now := r.clock.now()
	var told []slog.Record
	if now.Sub(r.began) >= window {
		told = r.end(now)
		r.began = now
	}
	c := r.countOf(kind{record.Level, kindName(record.Message)}, record.Message)
	c.seen++
	held := c.seen > mostOfOne
	if held {
		c.held++
		r.arm(now)
	}
	r.mu.Unlock()
	r.tell(told)
	return !held
}

func (r *repeats) countOf(k kind, message string) *count {
	c := r.kinds[k]
	if c == nil && len(r.kinds) >= mostKinds {
		k, message = kind{level: k.level}, "further messages"
		c = r.kinds[k]
	}
	if c == nil {
		c = &count{example: message}
		r.kinds[k] = c
	}
	return c
}

// arm has the window's end noticed though nobody logs any more. The lock is held.
func (r *repeats) arm(now time.Time) {
	if r.armed {
		return
	}
	r.armed = true
	r.clock.after(r.began.Add(window).Sub(now), r.flush)
}

// flush ends the window.
func (r *repeats) flush() {
	r.mu.Lock()
	now := r.clock.now()
	told := r.end(now)
	r.began = now
	r.mu.Unlock()
	r.tell(told)
}

// end forgets all counts and returns what is to be said of them. The lock is held.
func (r *repeats) end(now time.Time) (told []slog.Record) {
	for k, c := range r.kinds {
		if c.held > 0 {
			record := slog.NewRecord(now, k.level, fmt.Sprintf("message repeated %d times", c.held), 0)
			record.AddAttrs(slog.String("message", c.example), slog.Duration("within", now.Sub(r.began).Round(time.Millisecond)))
			told = append(told, record)
		}
	}
	clear(r.kinds)
	r.armed = false
	return told
}

// tell writes without the lock, for a log may be slow.
func (r *repeats) tell(records []slog.Record) {
	for _, record := range records {
		_ = r.write(context.Background(), nil, record)
	}
}

// kindName is a message without its numbers, and not all of a long one.
func kindName(message string) string {
	name := make([]byte, 0, min(len(message), maxKindName))
	for i := 0; i < len(message) && len(name) < maxKindName; i++ {
		if c := message[i]; c >= '0' && c <= '9' {
			if n := len(name); n == 0 || name[n-1] != '#' {
				name = append(name, '#')
			}
			continue
		}
		name = append(name, message[i])
	}
	return string(name)
}
