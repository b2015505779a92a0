package testbed

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/daemon"
)

// ruler measures how long nothing gets from host a to host b: numbered frames at a steady rate, and the
// time at which each arrived.
type ruler struct {
	t        *testing.T
	out, in  int // packet sockets
	every    time.Duration
	stop     chan struct{}
	done     sync.WaitGroup
	sent     atomic.Uint64
	mu       sync.Mutex
	arrivals []passed
}

type passed struct {
	number uint64
	at     time.Time
}

// rulerType is an EtherType for local experiments (IEEE 802).
const rulerType = 0x88b5

func newRuler(l *lan, every time.Duration) *ruler {
	l.t.Helper()
	r := &ruler{t: l.t, every: every, stop: make(chan struct{}), out: l.sniff("a", "eth0").fd, in: l.sniff("b", "eth0").fd}
	r.done.Add(2)
	go r.send()
	go r.receive()
	return r
}

func (r *ruler) send() {
	defer r.done.Done()
	frame := make([]byte, 60)
	copy(frame, []byte{2, 0, 0, 0, 0x0b, 0x0b, 2, 0, 0, 0, 0x0a, 0x0a, rulerType >> 8, rulerType & 0xff})
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			binary.BigEndian.PutUint64(frame[14:], r.sent.Load())
			if _, err := unix.Write(r.out, frame); err != nil && err != unix.ENOBUFS {
				r.t.Errorf("send: %v", err)
				return
			}
			r.sent.Add(1)
		case <-r.stop:
			return
		}
	}
}

func (r *ruler) receive() {
	defer r.done.Done()
	buffer := make([]byte, 2048)
	for {
		n, _, err := unix.Recvfrom(r.in, buffer, 0) // waits for 50 ms at most
		if err == nil && n >= 22 && binary.BigEndian.Uint16(buffer[12:]) == rulerType {
			r.mu.Lock()
			r.arrivals = append(r.arrivals, passed{binary.BigEndian.Uint64(buffer[14:]), time.Now()})
			r.mu.Unlock()
		}
		select {
		case <-r.stop:
			return
		default:
		}
	}
}

// arrived waits until so many more frames have arrived.
func (r *ruler) arrived(more int) {
	r.t.Helper()
	r.mu.Lock()
	want := len(r.arrivals) + more
	r.mu.Unlock()
	for end := time.Now().Add(daemon.Timeout); ; {
		r.mu.Lock()
		n := len(r.arrivals)
		r.mu.Unlock()
		if n >= want {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("%d frames arrived, waited for %d", n, want)
		}
		time.Sleep(5 * time.Millisecond) // sleep: arrivals are counted elsewhere
	}
}

// onTheWay is how many frames may be between the hosts at a moment.
const onTheWay = 100

// end returns the longest time without a frame, and how many were lost of those that were sent between two,
// and of the others.
func (r *ruler) end(from, to uint64) (gap time.Duration, lost, elsewhere uint64) {
	close(r.stop)
	r.done.Wait()
	from -= min(from, onTheWay)
	for i := 1; i < len(r.arrivals); i++ {
		before, after := r.arrivals[i-1], r.arrivals[i]
		gap = max(gap, after.at.Sub(before.at))
		if missing := after.number - before.number - 1; before.number >= from && after.number <= to+onTheWay {
			lost += missing
		} else {
			elsewhere += missing
		}
	}
	return gap, lost, elsewhere
}

// crowdOf is a document of so many sessions, each of an interface of its own.
func crowdOf(sessions int) string {
	var b strings.Builder
	b.WriteString("[[target]]\nname = \"ids\"\naddress = \"192.0.2.10\"\n[[filter]]\nname = \"all\"\n[[filter.rule]]\ndirection = \"egress\"\nnumber = 1\naction = \"accept\"\n")
	for i := range sessions {
		fmt.Fprintf(&b, "[[interface]]\nname = \"i%d\"\nport = \"wire0\"\nmac = \"02:01:00:%02x:%02x:%02x\"\nmtu = 1400\n", i, i>>16&255, i>>8&255, i&255)
		fmt.Fprintf(&b, "[[session]]\nname = \"s%d\"\nsource = \"i%[1]d\"\ntarget = \"ids\"\nfilter = \"all\"\nnumber = 1\nvni = %d\n", i, i+1)
	}
	return b.String()
}

// TestRestartGap restarts a gateway between two hosts, with none and with many sessions in its state, and says
// for how long production stood still. Before and after it nothing is lost.
func TestRestartGap(t *testing.T) {
	counts := []int{0, 500}
	if fullTests() {
		counts = []int{0, 10000, 0, 10000, 0, 10000}
	}
	for _, sessions := range counts {
		t.Run(fmt.Sprintf("%d sessions", sessions), func(t *testing.T) { restartGap(t, sessions) })
	}
}

func restartGap(t *testing.T, sessions int) {
	l := newLAN(t)
	l.host("a", addressA+"/24", macA, liveMTU)
	l.host("b", addressB+"/24", macB, liveMTU)
	l.host("m", "192.0.2.10/24", macM, 1500)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "gateway.toml"), liveGateway(l)+"\n[state]\npath = \"state.db\"\n[ctl]\nsocket = \"ctl.sock\"\n")
	writeFile(t, filepath.Join(dir, "resources.toml"), crowdOf(sessions))
	args := []string{"--config", "gateway.toml"}
	if !fullTests() { // which measure, and a service writes no report
		args = append(args, "--report", "report.json")
	}
	first := daemon.StartIn(t, l.namespace("g"), dir, append(slices.Clone(args), "--apply", "resources.toml")...)
	first.AwaitLog(ready)
	r := newRuler(l, time.Millisecond)
	r.arrived(200)
	began, from := time.Now(), r.sent.Load()
	first.Signal(syscall.SIGTERM)
	checkRestarted(t, first.Wait())
	stopped := time.Now()
	second := daemon.StartIn(t, l.namespace("g"), dir, args...)
	second.AwaitLog(fmt.Sprintf("sessions=%d", sessions))
	forwarding := time.Now()
	second.AwaitLog(ready)
	to := r.sent.Load()
	r.arrived(200)
	gap, lost, elsewhere := r.end(from, to)
	second.Signal(syscall.SIGTERM)
	checkRestarted(t, second.Wait())
	t.Logf("%d sessions: stop %v, start until forwarding %v, nothing arrived for %v, %d frames lost", sessions,
		stopped.Sub(began).Round(time.Millisecond), forwarding.Sub(stopped).Round(time.Millisecond), gap.Round(time.Millisecond), lost)
	if lost == 0 || elsewhere != 0 {
		t.Errorf("%d frames lost during the restart, %d at other times", lost, elsewhere)
	}
}

func checkRestarted(t *testing.T, result daemon.Result) {
	t.Helper()
	if result.ExitCode != 0 || result.Report == nil && !fullTests() {
		t.Fatalf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	if result.Report != nil {
		checkLaws(t, result.Report)
	}
}
