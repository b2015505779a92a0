package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl/config"
)

// standing is a clock that moves when it is told to.
type standing struct {
	mu    sync.Mutex
	at    time.Time
	after []func()
}

func (s *standing) clock() clock {
	return clock{func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.at }, func(_ time.Duration, f func()) { s.after = append(s.after, f) }}
}

func (s *standing) move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

func newTestLog(t *testing.T) (*Log, *bytes.Buffer, *standing) {
	t.Helper()
	out, time := &bytes.Buffer{}, &standing{at: time.Unix(1000, 0)}
	return newLog(out, time.clock()), out, time
}

func TestFormats(t *testing.T) {
	l, out, _ := newTestLog(t)
	for _, c := range []struct {
		format config.LogFormat
		starts string
		has    string
	}{
		{config.LogText, "time=", `level=WARN msg="a port is\ndown" group.port=wire0`},
		{config.LogJSON, `{"time":`, `"msg":"a port is\ndown","group":{"port":"wire0"}`},
		{config.LogJournal, "<4>msg=", `msg="a port is\ndown" group.port=wire0`},
	} {
		out.Reset()
		l.SetFormat(c.format)
		l.WithGroup("group").With("port", "wire0").Warn("a port is\ndown")
		line := out.String()
		if !strings.HasPrefix(line, c.starts) || !strings.Contains(line, c.has) || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: %q", c.format, line)
		}
		if c.format == config.LogJSON && !json.Valid(out.Bytes()) {
			t.Errorf("%q is not JSON", line)
		}
	}
}

func TestPriorities(t *testing.T) {
	l, out, _ := newTestLog(t)
	l.SetFormat(config.LogJournal)
	l.Level.Set(slog.LevelDebug)
	l.Error("e")
	l.Warn("w")
	l.Info("i")
	l.Debug("d")
	if got := out.String(); got != "<3>msg=e\n<4>msg=w\n<6>msg=i\n<7>msg=d\n" {
		t.Errorf("%q", got)
	}
	out.Reset()
	l.Level.Set(slog.LevelError)
	if l.Warn("w"); out.Len() != 0 {
		t.Errorf("below the level: %q", out.String())
	}
}

// TestRepeats: a flood of one message costs a line at the end, other messages are not held back, and
// afterwards the first one is logged again.
func TestRepeats(t *testing.T) {
	l, out, clock := newTestLog(t)
	for i := range 5000 {
		l.Warn(fmt.Sprintf("http: TLS handshake error from 192.0.2.%d:%d: EOF", i%256, 1024+i))
	}
	if n := strings.Count(out.String(), "\n"); n != mostOfOne {
		t.Fatalf("%d lines of 5000 records", n)
	}
	l.Error("another")
	if !strings.Contains(out.String(), "another") {
		t.Error("another message was held back")
	}
	if len(clock.after) != 1 {
		t.Fatalf("%d timers", len(clock.after))
	}
	out.Reset()
	clock.move(window)
	clock.after[0]()
	line := out.String()
	if want := `level=WARN msg="message repeated 4920 times" message="http: TLS handshake error from 192.0.2.0:1024: EOF" within=10s`; !strings.Contains(line, want) || strings.Count(line, "\n") != 1 {
		t.Errorf("%q", line)
	}
	out.Reset()
	if l.Warn("http: TLS handshake error from 192.0.2.1:1: EOF"); strings.Count(out.String(), "\n") != 1 {
		t.Errorf("after the window: %q", out.String())
	}
}

// TestEveryMessageIsCounted: whatever comes, lines and counts make up all records; and memory is bounded.
func TestEveryMessageIsCounted(t *testing.T) {
	l, out, clock := newTestLog(t)
	const records = 100000
	for i := range records {
		l.Info("message " + strings.Repeat("x", i%1000) + strings.Repeat("y", i/1000))
		if i%30000 == 29999 {
			clock.move(window) // noticed by the next record
		}
	}
	if n := len(l.repeats.kinds); n > mostKinds+1 {
		t.Errorf("%d messages are told apart", n)
	}
	l.Close()
	lines, counted := 0, 0
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if _, rest, found := strings.Cut(line, `msg="message repeated `); found {
			var n int
			if _, err := fmt.Sscanf(rest, "%d times", &n); err != nil {
				t.Fatal(err)
			}
			counted += n
			continue
		}
		lines++
	}
	if lines+counted != records || lines > 4*(mostKinds+1)*mostOfOne {
		t.Errorf("%d lines and %d counted, of %d records", lines, counted, records)
	}
}

// TestConcurrentLogging: lines stay whole while the format changes.
func TestConcurrentLogging(t *testing.T) {
	l, out, _ := newTestLog(t)
	var done sync.WaitGroup
	for g := range 8 {
		done.Add(1)
		go func() {
			defer done.Done()
			for i := range 50 {
				l.SetFormat([]config.LogFormat{config.LogText, config.LogJSON, config.LogJournal}[i%3])
				l.With("goroutine", g).Info(fmt.Sprintf("%c message", 'a'+g))
			}
		}()
	}
	done.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 400 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "<6>msg=") && !json.Valid([]byte(line)) || !strings.Contains(line, " message") || !strings.Contains(line, "goroutine") {
			t.Fatalf("%q", line)
		}
	}
}
