package logging

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// journal writes text without the time, which journald adds, and in front of it the priority that
// journald reads (sd-daemon(3)).
type journal struct {
	slog.Handler // writes to line
	shared       *journalLine
}

// journalLine is what all journals of one output write through.
type journalLine struct {
	mu   sync.Mutex // held from the beginning of a record to its Write
	out  io.Writer
	line bytes.Buffer
}

func newJournal(out io.Writer, options *slog.HandlerOptions) slog.Handler {
	shared := &journalLine{out: out}
	untimed := *options
	untimed.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	return &journal{slog.NewTextHandler(&shared.line, &untimed), shared}
}

// Handle implements slog.Handler.
func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	s := j.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line.Reset()
	s.line.WriteString(priority(r.Level))
	if err := j.Handler.Handle(ctx, r); err != nil {
		return err
	}
	_, err := s.out.Write(s.line.Bytes())
	return err
}

// WithAttrs implements slog.Handler.
func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journal{j.Handler.WithAttrs(attrs), j.shared}
}

// WithGroup implements slog.Handler.
func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{j.Handler.WithGroup(name), j.shared}
}

// priority is that of syslog (RFC 5424 section 6.2.1).
func priority(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "<3>"
	case level >= slog.LevelWarn:
		return "<4>"
	case level >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
