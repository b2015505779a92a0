package testbed

import (
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// TestStopSendsWhatItHasReceived ends a gateway in the middle of traffic. Each frame that it has received
// is on the other side, each copy at the monitor: the kernel of the receivers counts them.
func TestStopSendsWhatItHasReceived(t *testing.T) {
	l, p := startFlapped(t)
	p.start()
	l.passes(2000)
	l.Signal(syscall.SIGTERM)
	result := l.Wait()
	p.stop()
	if result.ExitCode != 0 || result.Report == nil {
		t.Fatalf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	checkLaws(t, result.Report)
	w0, w1, tun := result.Report.Ports["wire0"], result.Report.Ports["wire1"], result.Report.Ports["tun0"]
	session := result.Report.Sessions["all"].Egress
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"frames forwarded to b, of those received from a", w1.TxPackets, w0.RxPackets},
		{"frames forwarded to a, of those received from b", w0.TxPackets, w1.RxPackets},
		{"copies, of frames matched", session.MirroredPackets, session.MatchedPackets},
		{"copies sent, of copies", tun.Copies, session.MirroredPackets},
		{"frames at b, of those forwarded", uint64(l.frames("b", "rx")), w1.TxPackets},
		{"frames at a, of those forwarded", uint64(l.frames("a", "rx")), w0.TxPackets},
		{"frames at the monitor, of those sent", uint64(l.frames("m", "rx")), tun.TxPackets},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d of %d", c.what, c.got, c.want)
		}
	}
	if sent := uint64(l.frames("a", "tx")); sent < w0.RxPackets || session.MatchedPackets < 2000 {
		t.Errorf("a sent %d frames, %d were received, %d matched", sent, w0.RxPackets, session.MatchedPackets)
	}
}

// TestSecondSignalEndsAtOnce: an operator who does not want to wait for an lcore that hangs.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	dir := lifeDir(t, true)
	pipe := intoPipe(t, dir)
	p := daemon.Start(t, dir, running...)
	p.AwaitLog(daemon.Forwarding)
	pipe.stall()
	p.AwaitLog(`msg="an lcore stands still`)
	p.Signal(syscall.SIGTERM)
	p.AwaitLog("msg=stopping")
	begin := time.Now()
	p.Signal(syscall.SIGTERM)
	result := p.Wait()
	if took := time.Since(begin); took > 2*time.Second || result.ExitCode != -1 || result.TimedOut {
		t.Errorf("exit code %d after %v, stderr:\n%s", result.ExitCode, took, result.Stderr)
	}
}
