package testbed

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/daemon"
)

// running are the arguments of a gateway that ends only by a signal.
var running = []string{"--config", "gateway.toml", "--apply", "resources.toml", "--report", "report.json"}

// untilIdle are those of one that ends by itself.
var untilIdle = append(running[:len(running):len(running)], "--until-idle", "200ms")

const lifeSession = `[[filter.rule]]
direction = "egress"
number = 1
action = "accept"

[[session]]
name = "all"
source = "web-1"
target = "ids"
filter = "web"
number = 1
`

const lifeNeighbor = "\n[[neighbor]]\naddress = \"192.0.2.10\"\nmac = \"02:00:00:00:02:10\"\n"

// lifeDir lays out a gateway of one wire and one session. Endless input comes over and over again,
// through a pair of net_pcap ports that keep nothing; else it is one capture.
func lifeDir(t *testing.T, endless bool) string {
	t.Helper()
	dir := t.TempDir()
	gateway := goodGateway + lifeNeighbor
	if endless {
		gateway = strings.Replace(gateway, "rx_pcap=in.pcap", "rx_pcap=in.pcap,infinite_rx=1", 1)
		gateway = strings.Replace(gateway, "net_pcap1,tx_pcap=out.pcap", "net_null0,no-rx=1", 1)
		gateway = strings.Replace(gateway, "net_pcap2,tx_pcap=mirror.pcap", "net_null1,no-rx=1", 1)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), gateway)
	writeFile(t, filepath.Join(dir, "resources.toml"), goodResources+lifeSession)
	writeCapture(t, filepath.Join(dir, "in.pcap"), plainDay()[:50])
	return dir
}

// TestSignalsEndTheGateway ends a gateway at full work and one without any.
func TestSignalsEndTheGateway(t *testing.T) {
	for _, c := range []struct {
		name    string
		signal  syscall.Signal
		endless bool
	}{
		{"SIGTERM at work", syscall.SIGTERM, true},
		{"SIGINT at work", syscall.SIGINT, true},
		{"SIGTERM idle", syscall.SIGTERM, false},
		{"SIGINT idle", syscall.SIGINT, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := daemon.Start(t, lifeDir(t, c.endless), running...)
			p.AwaitLog(daemon.Forwarding)
			p.Signal(c.signal)
			checkCleanEnd(t, p.Wait())
		})
	}
}

func checkCleanEnd(t *testing.T, result daemon.Result) {
	t.Helper()
	if result.ExitCode != 0 || result.TimedOut {
		t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
	}
	if result.Report == nil {
		t.Fatalf("no report; stderr:\n%s", result.Stderr)
	}
	checkLaws(t, result.Report)
	counted := result.Report.Sessions["all"].Egress
	if counted.MatchedPackets != result.Report.Ports["wire0"].RxPackets {
		t.Errorf("%d frames matched, %d received", counted.MatchedPackets, result.Report.Ports["wire0"].RxPackets)
	}
}

// TestUntilIdle ends by itself, after all frames have passed.
func TestUntilIdle(t *testing.T) {
	dir := lifeDir(t, false)
	result := daemon.Run(t, dir, untilIdle...)
	checkCleanEnd(t, result)
	if got := len(copiesIn(t, dir, "mirror.pcap")); got != 50 || result.Report.Ports["wire0"].RxPackets != 50 {
		t.Errorf("%d copies of 50 frames, %d received", got, result.Report.Ports["wire0"].RxPackets)
	}
}

// TestSecondGatewayIsRefused starts a second gateway on the files of a first that runs.
func TestSecondGatewayIsRefused(t *testing.T) {
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run("first ends by "+end.String(), func(t *testing.T) {
			dir := lifeDir(t, false)
			first := daemon.Start(t, dir, running...)
			first.AwaitLog(daemon.Forwarding)
			checkSecond(t, first, dir)
			first.Signal(end)
			first.Wait()
			checkCleanEnd(t, daemon.Run(t, dir, untilIdle...))
		})
	}
}

// checkSecond tries the same directory, and another one that writes a file of the first under
// another name. Neither may disturb the first.
func checkSecond(t *testing.T, first *daemon.Process, dir string) {
	t.Helper()
	other := lifeDir(t, false)
	symlink(t, filepath.Join(dir, "mirror.pcap"), filepath.Join(other, "mirror.pcap"))
	for name, place := range map[string]string{"the same directory": dir, "the same file": other} {
		result := daemon.Run(t, place, "--config", "gateway.toml", "--until-idle", "200ms")
		if result.ExitCode != 1 {
			t.Errorf("%s: exit code %d, want 1", name, result.ExitCode)
		}
		pid := strconv.Itoa(first.PID())
		checkSentence(t, result.Stderr, `^mirrorgw: port \w+: file `+regexp.QuoteMeta(dir)+`/\w+\.pcap is in use by another mirrorgw \(pid `+pid+`\): stop that one, or configure another$`)
	}
}
