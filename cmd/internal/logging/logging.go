package logging

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"mirrorgw/ctl/config"
)

// Log is where the daemon logs. Any goroutine may use it.
type Log struct {
	*slog.Logger
	Level *slog.LevelVar

	out     io.Writer
	current atomic.Pointer[sink]
	repeats *repeats
}

// locked keeps the records of handlers of several formats apart: each locks for itself only.
type locked struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// sink is how records are written at the moment.
type sink struct{ slog.Handler }

// New returns a log that writes text from level info on. A record is one Write of out.
func New(out io.Writer) *Log { return newLog(out, realTime) }

func newLog(out io.Writer, t clock) *Log {
	l := &Log{Level: new(slog.LevelVar), out: &locked{out: out}}
	l.SetFormat(config.LogText)
	l.repeats = newRepeats(l.write, t)
	l.Logger = slog.New(&handler{log: l})
	return l
}

// SetFormat changes how records are written from now on.
func (l *Log) SetFormat(format config.LogFormat) {
	options := &slog.HandlerOptions{Level: l.Level}
	var h slog.Handler
	switch format {
	case config.LogJSON:
		h = slog.NewJSONHandler(l.out, options)
	case config.LogJournal:
		h = newJournal(l.out, options)
	default:
		h = slog.NewTextHandler(l.out, options)
	}
	l.current.Store(&sink{h})
}

// Close logs what is still to be told of messages that were held back.
func (l *Log) Close() { l.repeats.flush() }

// write is called by repeats.
func (l *Log) write(ctx context.Context, wrap func(slog.Handler) slog.Handler, r slog.Record) error {
	var h slog.Handler = l.current.Load()
	if wrap != nil {
		h = wrap(h)
	}
	return h.Handle(ctx, r)
}

// handler is slog.Handler of a Log, with the attributes and groups that loggers made of it have.
type handler struct {
	log  *Log
	wrap func(slog.Handler) slog.Handler // nil: there are none
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.log.Level.Level()
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if !h.log.repeats.admit(&r) {
		return nil
	}
	return h.log.write(ctx, h.wrap, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(s slog.Handler) slog.Handler { return s.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(s slog.Handler) slog.Handler { return s.WithGroup(name) })
}

func (h *handler) with(more func(slog.Handler) slog.Handler) slog.Handler {
	before := h.wrap
	return &handler{log: h.log, wrap: func(s slog.Handler) slog.Handler {
		if before != nil {
			s = before(s)
		}
		return more(s)
	}}
}
