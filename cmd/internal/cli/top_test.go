package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

// traffic is what has been counted after n seconds of the same traffic.
func traffic(n int64) *report.Report {
	r := report.New()
	r.Ports["wire0"] = report.Port{Role: "wire", RxPackets: 1000 * n, RxBytes: 1500000 * n, Dropped: report.Counts{"tx_full": 2 * n}}
	r.Ports["wire1"] = report.Port{Role: "wire", TxPackets: 998 * n, TxBytes: 1497000 * n}
	r.Ports["tun0"] = report.Port{Role: "tunnel", TxPackets: 1500000 * n, TxBytes: 200000000 * n, CopiesPackets: 1500000 * n}
	r.Sessions["small"] = report.Session{Source: "web-1", Target: "ids",
		Ingress: report.Direction{MatchedPackets: 9 * n, MirroredPackets: 7 * n, MirroredBytes: 700 * n, Skipped: report.Counts{"sampled": 2 * n}}}
	r.Sessions["large"] = report.Session{Source: "web-2", Target: "zeek",
		Ingress: report.Direction{MatchedPackets: 30 * n, MirroredPackets: 20 * n, MirroredBytes: 125 * n, Skipped: report.Counts{"unresolved": 10 * n}},
		Egress:  report.Direction{MatchedPackets: 30 * n, MirroredPackets: 30 * n, MirroredBytes: 125 * n}}
	return r
}

func TestTop(t *testing.T) {
	f := newFake()
	broken := traffic(3)
	broken.Laws.Production = 4
	f.stats = []*report.Report{traffic(1), traffic(2), broken}
	r := run(t, f, "top --count 2")
	if r.code != ExitOK {
		t.Fatalf("%+v", r)
	}
	// The fake's clock goes on by a second whenever it is asked: two between two samples, as the
	// heading asks once.
	same(t, "top", r.out, `05:06:10  every 1s, by packets
SKIPPED COPIES: 10/s now; since the start unresolved 20

PORT   ROLE    RX PACKETS/S  RX BITS/S  TX PACKETS/S  TX BITS/S  COPIES/S  DROPPED/S  DROPPED SINCE START
tun0   tunnel             0          0         1.50M      1.60G     1.50M          0  -
wire0  wire           1.00k      12.0M             0          0         0        2.0  tx_full 4
wire1  wire               0          0           998      12.0M         0          0  -

SESSION  SOURCE  TARGET  MATCHED/S  MIRRORED/S  BITS/S  SKIPPED/S  SKIPPED SINCE START
large    web-2   zeek           60          50   2.00k         10  unresolved 20
small    web-1   ids           9.0         7.0   5.60k        2.0  sampled 4

05:06:12  every 1s, by packets
UNACCOUNTED FOR: production 4, mirror 0 packets; both must be 0
SKIPPED COPIES: 5.0/s now; since the start unresolved 30

PORT   ROLE    RX PACKETS/S  RX BITS/S  TX PACKETS/S  TX BITS/S  COPIES/S  DROPPED/S  DROPPED SINCE START
tun0   tunnel             0          0          750k       800M      750k          0  -
wire0  wire             500      6.00M             0          0         0        1.0  tx_full 6
wire1  wire               0          0           499      5.99M         0          0  -

SESSION  SOURCE  TARGET  MATCHED/S  MIRRORED/S  BITS/S  SKIPPED/S  SKIPPED SINCE START
large    web-2   zeek           30          25   1.00k        5.0  unresolved 30
small    web-1   ids           4.5         3.5   2.80k        1.0  sampled 6

`)
}

func TestTopSorts(t *testing.T) {
	for key, want := range map[string]string{"packets": "large small tun0 wire0 wire1", "bits": "small large tun0 wire0 wire1",
		"skipped": "large small wire0 tun0 wire1", "name": "large small tun0 wire0 wire1"} {
		r := ratesBetween(sample{start, traffic(1)}, sample{start.Add(time.Second), traffic(2)})
		r.sort(key)
		var names []string
		for _, s := range r.sessions {
			names = append(names, s.name)
		}
		for _, p := range r.ports {
			names = append(names, p.name)
		}
		same(t, key, strings.Join(names, " "), want)
	}
}

func TestRatesOfARestartedDaemon(t *testing.T) {
	r := ratesBetween(sample{start, traffic(9)}, sample{start.Add(time.Second), traffic(1)})
	for _, p := range r.ports {
		if p.rxPackets != 0 || p.txBits != 0 || p.dropping != 0 {
			t.Errorf("%+v", p)
		}
	}
	r = ratesBetween(sample{start, traffic(1)}, sample{start, traffic(2)})
	if r.skipping != 0 {
		t.Errorf("no time has passed: %+v", r)
	}
}

func TestSI(t *testing.T) {
	for want, v := range map[string]float64{"0": 0, "0.1": 0.1, "9.9": 9.94, "10": 9.95, "999": 999.4, "1.00k": 999.5, "12.3k": 12340,
		"100k": 99960, "148M": 148.8e6 - 1e6, "1.23G": 1.234e9, "1000T": 1e15, "10.0k": 9996} {
		same(t, "si", si(v), want)
	}
}

// pty returns both ends of a new pseudo terminal.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	size := &unix.Winsize{Row: 8, Col: 80}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// screen collects what a program writes and tells of every write.
type screen struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	s.writes <- struct{}{}
	return len(p), nil
}

func TestTopOnATerminal(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(master *os.File, interrupt context.CancelFunc)
	}{
		{"q", func(master *os.File, _ context.CancelFunc) { fmt.Fprint(master, "xq") }},
		{"interrupt", func(_ *os.File, interrupt context.CancelFunc) { interrupt() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			master, slave := pty(t)
			before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			f := newFake()
			f.stats = []*report.Report{traffic(1), traffic(2)}
			ctx, interrupt := context.WithCancel(context.Background())
			defer interrupt()
			out := &screen{writes: make(chan struct{}, 100)}
			ticks := make(chan time.Time, 1)
			ticks <- start
			done := make(chan int)
			go func() {
				done <- Run(ctx, []string{"top"}, Environment{In: slave, Out: out, Errs: out, Screen: slave, Keys: slave,
					Getenv: func(string) string { return "" }, Dial: func(string) Gateway { return f },
					Now: time.Now, After: func(time.Duration) <-chan time.Time { return ticks }})
			}()
			<-out.writes // the other screen
			<-out.writes // the first table
			during, _ := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if during.Lflag&(unix.ICANON|unix.ECHO) != 0 || during.Lflag&unix.ISIG == 0 {
				t.Errorf("local modes %#x", during.Lflag)
			}
			test.end(master, interrupt)
			if code := <-done; code != ExitOK {
				t.Errorf("exit %d", code)
			}
			after, _ := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the terminal is not what it was: %s", diff)
			}
			text := out.text.String()
			if !strings.HasPrefix(text, enterScreen+toTop) || !strings.HasSuffix(text, leaveScreen) {
				t.Errorf("%q", text)
			}
			if !strings.Contains(text, boldRed+"SKIPPED COPIES") || !strings.Contains(text, "… and ") {
				t.Errorf("%q", text)
			}
			if lines := strings.Count(text, "\n"); lines != 7 {
				t.Errorf("%d line ends on a screen of 8 lines", lines)
			}
		})
	}
}

func TestTopSurvivesTheDaemon(t *testing.T) {
	_, slave := pty(t)
	f := &failing{fake: newFake(), from: 2}
	f.stats = []*report.Report{traffic(1), traffic(2)}
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	var out strings.Builder
	looks := 0
	code := Run(ctx, []string{"top"}, Environment{In: slave, Out: &out, Errs: &out, Screen: slave,
		Getenv: func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] },
		Dial:   func(string) Gateway { return f }, Now: time.Now,
		After: func(time.Duration) <-chan time.Time {
			if looks++; looks == 4 {
				interrupt()
				return nil
			}
			c := make(chan time.Time, 1)
			c <- start
			return c
		}})
	if code != ExitOK || !strings.Contains(out.String(), "\r\nno news: nobody listens") {
		t.Errorf("exit %d, %q", code, out.String())
	}
}

// failing is a fake whose statistics fail from a question on.
type failing struct {
	*fake
	from, questions int
}

func (f *failing) Stats(ctx context.Context, q client.StatsQuery) (*report.Report, error) {
	if f.questions++; f.questions > f.from {
		return nil, errors.New("nobody listens")
	}
	return f.fake.Stats(ctx, q)
}
