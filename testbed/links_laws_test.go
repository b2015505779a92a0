package testbed

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
	"mirrorgw/testbed/traffic"
)

const (
	flapRounds  = 4    // of all three cables
	flapBetween = 200  // frames each way between two of them, at least
	flapLast    = 1000 // frames from each host, once all cables are in
	flapAhead   = 256  // so many of them at most are on the way to the gateway
)

// TestLawsAcrossLinkFlaps unplugs the cables of both hosts and of the monitor in turn while frames pass,
// with nothing held down, so that the gateway takes links down in the middle of it. No law is ever
// broken, whatever the drivers make of it, and afterwards every frame arrives and is copied again.
func TestLawsAcrossLinkFlaps(t *testing.T) {
	l, p := startFlapped(t)
	p.start()
	laws := l.readLaws()
	for range flapRounds {
		for _, host := range []string{"a", "b", "m"} {
			port := map[string]string{"a": "wire0", "b": "wire1", "m": "tun0"}[host]
			l.plug(host, false)
			sooner(t, linkWait, port+" down", func() bool { return !l.link(port).Up })
			l.plug(host, true)
			sooner(t, linkWait, port+" up", func() bool { return l.link(port).Up })
			l.passes(flapBetween)
		}
	}
	l.settled()
	p.stop()
	reads, broken := laws()
	if broken != "" {
		t.Errorf("a law was broken: %s", broken)
	}
	w0, w1 := l.link("wire0"), l.link("wire1")
	t.Logf("the laws were read %d times; links taken down: wire0 %d times, wire1 %d times", reads, w0.TimesTakenDown, w1.TimesTakenDown)
	if w0.TimesTakenDown < flapRounds || w1.TimesTakenDown < flapRounds {
		t.Errorf("the gateway took links down less often than the others went down %d times", flapRounds)
	}
	l.judgeLast(p)
	l.Signal(unix.SIGTERM)
	result := l.Wait()
	if result.ExitCode != 0 || result.Report == nil {
		t.Fatalf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	checkAccounts(t, result.Report)
	t.Logf("host a sent %d frames and b %d; %+v", l.frames("a", "tx"), l.frames("b", "tx"), result.Report.Ports)
}

// startFlapped starts a gateway that mirrors what host a sends, and makes a pump, whose sockets come
// before it.
func startFlapped(t *testing.T) (*linked, *pump) {
	t.Helper()
	lan, dir := storyLAN(t)
	p := newPump(lan)
	text := strings.ReplaceAll(readText(t, dir, "gateway.toml"), "peer = ", "hold_down = \"0s\"\npeer = ")
	writeFile(t, dir+"/gateway.toml", text)
	l := (&linked{lan: lan, dir: dir}).start(t)
	l.mirrorAll()
	l.settled()
	return l, p
}

// pump sends frames from both hosts, some every millisecond, whatever becomes of them.
type pump struct {
	from  [2]*sender
	frame [2][]byte
	ends  chan struct{}
	ended sync.WaitGroup
}

// newPump makes frames that neither host answers: they are for others behind it.
func newPump(l *lan) *pump {
	a, b := traffic.NewHost("a", macA, "10.1.100.1"), traffic.NewHost("b", macB, "10.1.200.1")
	return &pump{
		from: [2]*sender{l.senderAt("a"), l.senderAt("b")},
		frame: [2][]byte{
			traffic.From(a).To(b).UDP(4000, 4001).Payload(bytes.Repeat([]byte("a"), 300)).Frame(),
			traffic.From(b).To(a).UDP(4001, 4000).Payload(bytes.Repeat([]byte("b"), 900)).Frame(),
		},
	}
}

// burst sends streamBurst frames from each host. A host whose cable is out cannot.
func (p *pump) burst() {
	for i, from := range p.from {
		for range streamBurst {
			_ = unix.Sendto(from.fd, p.frame[i], unix.MSG_DONTWAIT, &unix.SockaddrLinklayer{Ifindex: from.index})
		}
	}
}

func (p *pump) start() {
	p.ends = make(chan struct{})
	p.ended.Add(1)
	go func() {
		defer p.ended.Done()
		tick := time.NewTicker(streamTick)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.burst()
			case <-p.ends:
				return
			}
		}
	}()
}

func (p *pump) stop() {
	close(p.ends)
	p.ended.Wait()
}

// readLaws reads the laws without pause until the returned function is called, which says how often
// they were read, and the first that was broken.
func (l *linked) readLaws() func() (reads int, broken string) {
	ends, ended := make(chan struct{}), make(chan struct{})
	reads, broken := 0, ""
	go func() {
		defer close(ended)
		for {
			select {
			case <-ends:
				return
			default:
			}
			r, err := l.Stats(l.context(), client.StatsQuery{})
			reads++
			if broken == "" && (err != nil || r.Laws != report.Laws{}) {
				broken = fmt.Sprintf("%v, %+v", err, r)
			}
		}
	}()
	return func() (int, string) {
		close(ends)
		<-ended
		return reads, broken
	}
}

// frames is how many frames the kernel says that a host's interface has received ("rx") or sent ("tx").
func (l *linked) frames(host, direction string) int64 {
	l.lan.t.Helper()
	path := "/sys/class/net/eth0/statistics/" + direction + "_packets"
	said, err := exec.Command("ip", "netns", "exec", l.namespace(host), "cat", path).Output()
	if err != nil {
		l.lan.t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(said)), 10, 64)
	if err != nil {
		l.lan.t.Fatal(err)
	}
	return n
}

// account is what the hosts have sent and received, and what the gateway says of it.
type account struct{ sentA, sentB, atA, atB, atM, fromA, fromB, toA, toB, copies int64 }

// minus is what has passed since another account.
func (a account) minus(b account) account {
	return account{a.sentA - b.sentA, a.sentB - b.sentB, a.atA - b.atA, a.atB - b.atB, a.atM - b.atM,
		a.fromA - b.fromA, a.fromB - b.fromB, a.toA - b.toA, a.toB - b.toB, a.copies - b.copies}
}

func (l *linked) account() account {
	l.lan.t.Helper()
	r, err := l.Stats(l.context(), client.StatsQuery{})
	if err != nil {
		l.lan.t.Fatal(err)
	}
	w0, w1, tun := r.Ports["wire0"], r.Ports["wire1"], r.Ports["tun0"]
	return account{l.frames("a", "tx"), l.frames("b", "tx"), l.frames("a", "rx"), l.frames("b", "rx"), l.frames("m", "rx"),
		w0.RxPackets, w1.RxPackets, w0.TxPackets, w1.TxPackets, tun.TxPackets}
}

// skipped is how many copies were not made since the start, by reason.
func (l *linked) skipped() map[string]int64 {
	l.lan.t.Helper()
	r, err := l.Stats(l.context(), client.StatsQuery{})
	if err != nil {
		l.lan.t.Fatal(err)
	}
	reasons := map[string]int64{}
	for _, s := range r.Sessions {
		for reason, n := range s.Egress.Skipped {
			reasons[reason] += n
		}
	}
	return reasons
}

// passes waits until so many more frames have passed each way.
func (l *linked) passes(frames int64) {
	l.lan.t.Helper()
	firstA, firstB := int64(-1), int64(-1)
	sooner(l.lan.t, linkWait, "frames to pass", func() bool {
		r, err := l.Stats(l.context(), client.StatsQuery{})
		if err != nil {
			l.lan.t.Fatal(err)
		}
		a, b := r.Ports["wire0"].TxPackets, r.Ports["wire1"].TxPackets
		if firstA < 0 {
			firstA, firstB = a, b
		}
		return a >= firstA+frames && b >= firstB+frames
	})
}

// quiet waits until nothing moves any more.
func (l *linked) quiet() account {
	l.lan.t.Helper()
	last := l.account()
	sooner(l.lan.t, linkWait, "everything to be quiet", func() bool {
		now := l.account()
		defer func() { last = now }()
		return now == last
	})
	return last
}

// judgeLast sends frames through a gateway whose links are up, and wants every one on the other side
// and every copy at the monitor.
func (l *linked) judgeLast(p *pump) {
	l.lan.t.Helper()
	// A cable of the monitor that is out costs the gateway its neighbour, which must be there again.
	sooner(l.lan.t, linkWait, "the target to be reachable", func() bool {
		target, err := l.Targets().Get(l.context(), "ids")
		if err != nil {
			l.lan.t.Fatal(err)
		}
		return target.State == "reachable"
	})
	before := l.quiet()
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	for range flapLast / streamBurst {
		<-tick.C
		// Where the machine keeps the worker off its CPU, the ring of net_af_packet (512 frames) would overflow.
		within(linkWait, func() bool {
			sent := l.account().minus(before)
			return sent.sentA-sent.fromA < flapAhead && sent.sentB-sent.fromB < flapAhead
		})
		p.burst()
	}
	passed := account{}
	arrived := within(linkWait, func() bool {
		passed = l.account().minus(before)
		return passed.atB >= flapLast && passed.atA >= flapLast && passed.atM >= flapLast
	})
	passed = l.quiet().minus(before)
	if !arrived || passed.sentA != passed.fromA || passed.fromA != passed.toB || passed.toB != passed.atB ||
		passed.sentB != passed.fromB || passed.fromB != passed.toA || passed.toA != passed.atA || passed.copies != passed.atM {
		l.lan.t.Errorf("of %d frames each: %+v; copies skipped, ever: %v", flapLast, passed, l.skipped())
	}
}
