package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// relay is a bypass that writes down what it is told, and when.
type relay struct {
	t         *testing.T
	path, log string
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	dir := t.TempDir()
	r := &relay{t: t, path: filepath.Join(dir, "relay"), log: filepath.Join(dir, "log")}
	script := fmt.Sprintf("#!/bin/sh\necho \"$MIRRORGW_EVENT:$MIRRORGW_REASON\" >> %s\n", r.log)
	if err := os.WriteFile(r.path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return r
}

// section is a [bypass] of this relay; with heartbeats or without.
func (r *relay) section(heartbeat bool) string {
	text := fmt.Sprintf("\n[bypass]\non_inline = [%q]\non_bypass = [%[1]q]\n", r.path)
	if heartbeat {
		text += fmt.Sprintf("heartbeat = [%q]\nheartbeat_period = \"50ms\"\n", r.path)
	}
	return text
}

// told is what the relay was told, without heartbeats, and how many of those there were.
func (r *relay) told() (events []string, beats int) {
	r.t.Helper()
	text, err := os.ReadFile(r.log)
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	for _, event := range strings.Fields(string(text)) {
		if strings.HasPrefix(event, "heartbeat:") {
			beats++
			continue
		}
		events = append(events, event)
	}
	return events, beats
}

// await waits until the relay has been told just so, and so many heartbeats.
func (r *relay) await(beats int, want ...string) {
	r.t.Helper()
	r.until(func(events []string, n int) bool { return slices.Equal(events, want) && n >= beats })
}

// until waits until what the relay has been told is as it should be.
func (r *relay) until(enough func(events []string, beats int) bool) {
	r.t.Helper()
	for end := time.Now().Add(daemon.Timeout); ; time.Sleep(5 * time.Millisecond) { // sleep: a program that is run tells by a file
		events, n := r.told()
		if enough(events, n) {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("the relay was told %q and %d heartbeats", events, n)
		}
	}
}

// addTo puts a [bypass] into a gateway's configuration.
func (r *relay) addTo(dir string, heartbeat bool) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		r.t.Fatal(err)
	}
	writeFile(r.t, filepath.Join(dir, "gateway.toml"), string(text)+r.section(heartbeat))
}

// TestBypassOfALife: inline when frames pass, past the gateway before its workers end, and heartbeats
// between.
func TestBypassOfALife(t *testing.T) {
	r := newRelay(t)
	g := newSteered(t)
	g.more = r.section(true)
	g.write()
	s := g.start()
	r.await(3, "inline:start")
	state, err := s.State(s.context())
	if err != nil || state.Bypass == nil || state.Bypass.Now != "inline" || state.Bypass.Runs["heartbeat"] < 3 || state.Bypass.Runs["inline"] != 1 || len(state.Bypass.Failures) != 0 {
		t.Errorf("%v, %+v", err, state.Bypass)
	}
	s.end()
	events, beats := r.told()
	if !slices.Equal(events, []string{"inline:start", "bypass:stop"}) {
		t.Errorf("told %q", events)
	}
	if _, later := r.told(); later != beats {
		t.Errorf("heartbeats after the end: %d, then %d", beats, later)
	}
}

// TestBypassOfAKilledGateway: nothing more is heard of one that is killed, so that a relay that misses
// heartbeats acts by itself; the unit runs the command that tells one that does not.
func TestBypassOfAKilledGateway(t *testing.T) {
	r := newRelay(t)
	dir := lifeDir(t, true)
	r.addTo(dir, true)
	p := daemon.Start(t, dir, running...)
	r.await(2, "inline:start")
	p.Signal(syscall.SIGKILL)
	p.Wait()
	_, beats := r.told()
	r.await(0, "inline:start")
	// What else is wrong with the file does not matter at that moment.
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), strings.Replace(string(text), "lcores = ", "lcoress = ", 1))
	unit := readUnit(t)
	const line = "ExecStopPost=-/usr/bin/mirrorgw bypass bypass --config /etc/mirrorgw/mirrorgw.toml"
	if !strings.Contains(unit, line) {
		t.Fatalf("the unit lacks %q", line)
	}
	args := strings.Fields(strings.Replace(line, "/etc/mirrorgw/mirrorgw.toml", filepath.Join(dir, "gateway.toml"), 1))[1:]
	if said, err := exec.Command(daemon.Build(t), args...).CombinedOutput(); err != nil || !strings.Contains(string(said), "switched to bypass") {
		t.Fatalf("%v: %s", err, said)
	}
	events, later := r.told()
	if !slices.Equal(events, []string{"inline:start", "bypass:command"}) || later > beats+1 { // one may have been under way
		t.Errorf("told %q, %d heartbeats after %d", events, later, beats)
	}
}

// TestBypassOfAStalledLcore: the only lcore hangs in its driver, which writes to a pipe that nobody empties;
// once somebody does, production comes back.
func TestBypassOfAStalledLcore(t *testing.T) {
	r := newRelay(t)
	dir := lifeDir(t, true)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), strings.Replace(string(text), "net_null1,no-rx=1", "net_pcap2,tx_pcap=pipe", 1))
	r.addTo(dir, true)
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := daemon.Start(t, dir, running...)
	r.until(func(events []string, _ int) bool { return len(events) > 0 && events[len(events)-1] == "bypass:stalled" })
	emptied := make(chan struct{})
	go func() { // from now on the lcore goes on
		defer close(emptied)
		buffer := make([]byte, 1<<20)
		for {
			if _, err := reader.Read(buffer); err != nil {
				return
			}
		}
	}()
	before, _ := r.told()
	r.await(0, append(slices.Clone(before), "inline:moving")...)
	p.Signal(syscall.SIGTERM)
	p.Wait()
	r.await(0, append(slices.Clone(before), "inline:moving", "bypass:stop")...)
	reader.Close()
	<-emptied
}
