package bypass

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a bypass that writes down what it is told.
type fake struct {
	t    *testing.T
	path string // of the program
	log  string
}

func newFake(t *testing.T, more string) *fake {
	t.Helper()
	f := &fake{t: t, path: filepath.Join(t.TempDir(), "bypass")}
	f.log = f.path + ".log"
	f.write(more)
	return f
}

func (f *fake) write(more string) {
	f.t.Helper()
	script := fmt.Sprintf("#!/bin/sh\n%s\necho \"$1 $MIRRORGW_EVENT $MIRRORGW_REASON\" >> %s\n", more, f.log)
	if err := os.WriteFile(f.path+"~", []byte(script), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(f.path+"~", f.path); err != nil { // one that runs cannot be written
		f.t.Fatal(err)
	}
}

func (f *fake) told() []string {
	f.t.Helper()
	text, err := os.ReadFile(f.log)
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(text)), " ", "/"))
}

// await waits until the bypass has been told so much.
func (f *fake) await(want ...string) {
	f.t.Helper()
	until(f.t, func() bool { return strings.Join(f.told(), " ") == strings.Join(want, " ") }, func() string {
		return fmt.Sprintf("the bypass was told %q, want %q", f.told(), want)
	})
}

func (f *fake) options() Options {
	return Options{Inline: []string{f.path, "i"}, Bypass: []string{f.path, "b"}, TimeLimit: 5 * time.Second, Log: slog.New(slog.DiscardHandler),
		calm: 100 * time.Millisecond, retry: 10 * time.Millisecond}
}

// TestSwitch goes through a life: lcores move, one stands still, moves for too short a time, then for good.
func TestSwitch(t *testing.T) {
	f := newFake(t, "")
	s := New(f.options())
	now := time.Unix(1000, 0)
	look := func(after time.Duration, moving, stalled bool) {
		now = now.Add(after)
		s.Look(now, moving, stalled)
	}
	look(0, false, false) // not launched yet
	look(0, true, false)
	f.await("i/inline/start")
	look(time.Second, false, false) // one look without a heartbeat is no stall
	look(time.Second, false, true)
	f.await("i/inline/start", "b/bypass/stalled")
	look(50*time.Millisecond, true, false)
	look(40*time.Millisecond, false, false) // not calm
	look(90*time.Millisecond, true, false)
	if state := s.State(); state.Wanted != EventBypass || state.Reason != ReasonStalled {
		t.Fatalf("%+v", state)
	}
	look(10*time.Millisecond, true, false)
	f.await("i/inline/start", "b/bypass/stalled", "i/inline/moving")
	s.Close()
	f.await("i/inline/start", "b/bypass/stalled", "i/inline/moving", "b/bypass/stop")
	s.Look(now, true, false) // too late
	if state := s.State(); state.Now != EventBypass || state.Runs[EventBypass] != 2 || state.Failures[EventBypass] != 0 || state.Failure != "" {
		t.Errorf("%+v", state)
	}
}

// TestFailingProgram: it is run again until it succeeds, and what it said is told.
func TestFailingProgram(t *testing.T) {
	f := newFake(t, "echo 'no such relay'; exit 3")
	s := New(f.options())
	s.Look(time.Now(), true, false)
	until(t, func() bool { return s.State().Failures[EventInline] >= 2 }, func() string { return fmt.Sprintf("%+v", s.State()) })
	if state := s.State(); !strings.Contains(state.Failure, `exit status 3; it said "no such relay"`) || state.Now != "" {
		t.Errorf("%+v", state)
	}
	f.write("")
	f.await("i/inline/start")
	s.Close()
	f.await("i/inline/start", "b/bypass/stop")
}

// TestHeartbeat: it is fed while lcores move and production is inline, and not else.
func TestHeartbeat(t *testing.T) {
	f := newFake(t, "")
	o := f.options()
	o.Inline, o.Bypass = nil, nil
	o.Heartbeat, o.Interval = []string{f.path, "h"}, 10*time.Millisecond
	s := New(o)
	var stop sync.WaitGroup
	looking := make(chan struct{})
	stop.Add(1)
	go func() {
		defer stop.Done()
		for {
			select {
			case <-looking:
				return
			case <-time.After(time.Millisecond):
				s.Look(time.Now(), true, false)
			}
		}
	}()
	until(t, func() bool { return len(f.told()) >= 3 }, func() string { return fmt.Sprintf("told %q", f.told()) })
	close(looking)
	stop.Wait()
	s.Look(time.Now(), false, true)
	stalled := len(f.told())
	s.Close() // waits for what is under way
	if later := len(f.told()); later > stalled+1 {
		t.Errorf("%d heartbeats, %d when an lcore stood still", later, stalled)
	}
	for _, line := range f.told() {
		if line != "h/heartbeat/moving" {
			t.Errorf("told %q", line)
		}
	}
}

// TestHeartbeatGivesWay: production goes past a gateway that stands still at once, whatever the program of
// the heartbeat is doing.
func TestHeartbeatGivesWay(t *testing.T) {
	f := newFake(t, "case $1 in h) touch $0.feeding; exec sleep 60;; esac")
	o := f.options()
	o.Heartbeat, o.Interval = []string{f.path, "h"}, 2*time.Second
	s := New(o)
	now := time.Now()
	s.Look(now, true, false)
	f.await("i/inline/start")
	until(t, func() bool {
		s.Look(time.Now(), true, false)
		_, err := os.Stat(f.path + ".feeding")
		return err == nil
	}, func() string { return "no heartbeat" })
	s.Look(time.Now(), false, true)
	f.await("i/inline/start", "b/bypass/stalled")
	if state := s.State(); state.Failures[EventHeartbeat] != 0 {
		t.Errorf("the heartbeat was waited for: %+v", state)
	}
	s.Close()
}

// TestRun: a program that does not end is killed with its children, gets nothing of our environment, and
// what it says is cut.
func TestRun(t *testing.T) {
	t.Setenv("PLANTED", "secret")
	dir := t.TempDir()
	out := filepath.Join(dir, "env")
	if err := Run(context.Background(), []string{"/bin/sh", "-c", "env > " + out + "; pwd >> " + out}, time.Second*5, EventInline, ReasonStart); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil || bytes.Contains(text, []byte("PLANTED")) || !bytes.Contains(text, []byte("MIRRORGW_EVENT=inline\n")) || !bytes.HasSuffix(text, []byte("\n/\n")) {
		t.Errorf("%v:\n%s", err, text)
	}
	began := time.Now()
	err = Run(context.Background(), []string{"/bin/sh", "-c", "sleep 60 & sleep 60"}, 50*time.Millisecond, EventInline, ReasonStart)
	if err == nil || !strings.Contains(err.Error(), "did not end within 50ms") || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	err = Run(context.Background(), []string{"/bin/sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; exit 1"}, 5*time.Second, EventInline, ReasonStart)
	if err == nil || len(err.Error()) > 2*maxOutput {
		t.Errorf("%v", err)
	}
	// One that leaves a process behind, with our pipe open, has ended as its exit code says. That process ends with
	// the test's directory at the latest.
	for code, want := range map[string]bool{"0": true, "3": false} {
		done := filepath.Join(dir, "done"+code)
		err = Run(context.Background(), []string{"/bin/sh", "-c", "(while test -d " + dir + " && ! test -e " + done + "; do sleep 0.01; done) & exit " + code}, 5*time.Second, EventInline, ReasonStart)
		if (err == nil) != want {
			t.Errorf("a program that has ended with %s is said to have: %v", code, err)
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Run(context.Background(), []string{"/nonexistent"}, time.Second, EventInline, ReasonStart); err == nil {
		t.Error("there is no such program")
	}
}

// TestFilesStayOurs: a file that a library opened for everybody is not open in a program.
func TestFilesStayOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fd := openForAll(t, path)
	out := filepath.Join(t.TempDir(), "fds")
	if err := Run(context.Background(), []string{"/bin/sh", "-c", "ls -l /proc/self/fd > " + out}, 5*time.Second, EventInline, ReasonStart); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil || bytes.Contains(text, []byte("locked")) {
		t.Errorf("descriptor %d was inherited: %v\n%s", fd, err, text)
	}
}

// TestNothingToSwitch: all methods take nil.
func TestNothingToSwitch(t *testing.T) {
	var s *Switch
	s.Look(time.Now(), true, true)
	s.Close()
}
