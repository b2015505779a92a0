package testbed

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/rules"
	"mirrorgw/testbed/daemon"
)

// someCaptures is how many real captures a normal run takes through the daemon. All of them go
// through the same stages in package pipeline.
const someCaptures = 30

// longestSent is the longest frame that net_pcap writes whole, bytes (RTE_ETHER_MAX_JUMBO_FRAME_LEN
// of DPDK 22.11 is 16,128). longestRead is the longest that it reads without harm.
const (
	longestSent = 16128
	longestRead = 65535
)

// TestCaptures runs real captures through the daemon: production leaves as it came, but for frames
// that net_pcap would cut, which are dropped and counted; copies are what rules.Evaluate says of
// all frames, in order, and the report agrees. Several captures share a process, each
// on a wire and with VNIs of its own.
func TestCaptures(t *testing.T) {
	var whole []string
	for _, path := range captureList(t, someCaptures) {
		if refusal := refusalOf(t, path); refusal != "" {
			t.Run(filepath.Base(path), func(t *testing.T) { checkRefused(t, path, refusal) })
			continue
		}
		whole = append(whole, path)
	}
	for batch := range slices.Chunk(whole, maxWires) {
		runCaptures(t, batch)
	}
}

// captureFilters are rules of three tastes; every wire has a session with each.
const captureFilters = `
[[filter]]
name = "web"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "tcp"
destination_ports = "80-443"

[[filter]]
name = "internal"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "udp"
[[filter.rule]]
direction = "egress"
number = 20
action = "accept"
source = "10.0.0.0/8"
destination = "192.168.0.0/16"
[[filter.rule]]
direction = "egress"
number = 30
action = "accept"
source = "192.168.0.0/16"
destination = "10.0.0.0/8"

[[filter]]
name = "everything"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
`

// captureSessions are the three sessions of one wire, their names ending in its number.
const captureSessions = `
[[session]]
name = "web-%[1]d"
source = "src%[1]d"
target = "ids"
filter = "web"
number = 1
vni = %[2]d1
packet_length = 100
[[session]]
name = "internal-%[1]d"
source = "src%[1]d"
target = "lab"
filter = "internal"
number = 2
vni = %[2]d2
[[session]]
name = "everything-%[1]d"
source = "src%[1]d"
target = "recorder"
filter = "everything"
number = 3
vni = %[2]d3
`

// wireOfVNI is the inverse of captureSessions.
func wireOfVNI(vni uint32) int { return int(vni/10) - 100 }

// runCaptures runs captures in one process. When it does not end well, each runs once more in a
// process of its own, to tell which one it was.
func runCaptures(t *testing.T, paths []string) {
	r := captureRig(t, paths)
	result := r.start(t)
	if result.ExitCode != 0 || result.Report == nil {
		if len(paths) == 1 {
			t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
		}
		t.Errorf("%d captures together: exit code %d (timed out: %v), the end of stderr:\n%s",
			len(paths), result.ExitCode, result.TimedOut, tail(result.Stderr, 3))
		for _, path := range paths {
			t.Run("alone "+filepath.Base(path), func(t *testing.T) { runCaptures(t, []string{path}) })
		}
		return
	}
	checkAccounts(t, result.Report)
	checkCaptures(t, r, paths, result.Report)
}

// captureRig is a rig of one wire a capture, each with captureSessions.
func captureRig(t *testing.T, paths []string) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir()}
	var sessions strings.Builder
	for i, path := range paths {
		// Names of captures may hold what device strings do not take.
		link := fmt.Sprintf("in%d.pcap", i)
		symlink(t, path, filepath.Join(r.dir, link))
		r.inputs = append(r.inputs, link)
		fmt.Fprintf(&sessions, captureSessions, i, 100+i)
	}
	r.write(t, captureFilters+sessions.String())
	return r
}

func checkCaptures(t *testing.T, r *rig, paths []string, report *daemon.Report) {
	t.Helper()
	snapshot := r.snapshot(t)
	copies := copiesByWire(t, copiesIn(t, r.dir, "mirror.pcap"), len(paths))
	for i, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			frames := readAsLibpcap(t, path)
			if n := slices.IndexFunc(frames, func(f []byte) bool { return len(f) > longestRead }); n >= 0 {
				t.Errorf("frame %d has %d bytes, and the capture was not refused", n+1, len(frames[n]))
			}
			compareFrames(t, "production", read(t, r.dir, fmt.Sprintf("out%d.pcap", i)), sendable(frames))
			want := expectCopies(snapshot, 2*i, frames)
			if len(sendable(frames)) == len(frames) {
				compareCopies(t, copies[i], want)
			} else {
				compareMerged(t, copies[i], want)
			}
			checkCaptureReport(t, report, snapshot, i, frames, want)
		})
	}
}

// sendable returns the frames that a net_pcap port sends, in order.
func sendable(frames [][]byte) [][]byte {
	return slices.DeleteFunc(slices.Clone(frames), func(f []byte) bool { return len(f) > longestSent })
}

func copiesByWire(t *testing.T, frames [][]byte, wires int) [][]copyFrame {
	t.Helper()
	copies := make([][]copyFrame, wires)
	for i, frame := range frames {
		c, err := decapsulate(frame)
		if err != nil {
			t.Fatalf("mirror.pcap, frame %d %v", i+1, err)
		}
		wire := wireOfVNI(c.vni)
		if wire < 0 || wire >= wires {
			t.Fatalf("mirror.pcap, frame %d has VNI %d, which no session has", i+1, c.vni)
		}
		copies[wire] = append(copies[wire], c)
	}
	return copies
}

func checkCaptureReport(t *testing.T, report *daemon.Report, s *rules.Snapshot, wire int, frames [][]byte, copies []expectedCopy) {
	t.Helper()
	in, out := report.Ports[fmt.Sprintf("in%d", wire)], report.Ports[fmt.Sprintf("out%d", wire)]
	passed := sendable(frames)
	checkTotals(t, "received", in.RxPackets, in.RxBytes, frames)
	checkTotals(t, "sent", out.TxPackets, out.TxBytes, passed)
	checkDropped(t, "the receiving port", in.Dropped, uint64(len(frames)-len(passed)))
	checkDropped(t, "the sending port", out.Dropped, 0)
	want := map[string]expectedCounter{}
	for _, c := range copies {
		n := want[c.session]
		n.MatchedPackets++
		n.MatchedBytes += uint64(len(c.frame))
		n.MirroredPackets++
		if len(c.inner) < len(c.frame) {
			n.TruncatedPackets++
		}
		want[c.session] = n
	}
	for _, entry := range s.SessionsOf(wire) {
		checkCounter(t, entry.Name, "egress", report, want[entry.Name])
		checkCounter(t, entry.Name, "ingress", report, expectedCounter{})
	}
}

func checkTotals(t *testing.T, what string, packets, size uint64, frames [][]byte) {
	t.Helper()
	if packets != uint64(len(frames)) || size != total(frames) {
		t.Errorf("report: %s %d packets, %d bytes; want %d, %d", what, packets, size, len(frames), total(frames))
	}
}

// checkDropped asserts that a port dropped so many frames, all because they were too long.
func checkDropped(t *testing.T, port string, dropped map[string]uint64, tooLong uint64) {
	t.Helper()
	for reason, n := range dropped {
		if n != 0 && reason != "too_long" {
			t.Errorf("%s dropped %d frames: %s", port, n, reason)
		}
	}
	if dropped["too_long"] != tooLong {
		t.Errorf("%s dropped %d frames that were too long, want %d", port, dropped["too_long"], tooLong)
	}
}

// refusalOf returns why the configuration check refuses a capture, "" when it does not.
func refusalOf(t *testing.T, path string) string {
	t.Helper()
	r := &rig{dir: t.TempDir(), inputs: []string{path}}
	cfg, err := config.Parse("gateway.toml", []byte(r.gateway()))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	// The directory of tx_pcap is the working directory, which exists in both cases.
	if err := config.CheckFiles(cfg); err != nil {
		return err.Error()
	}
	return ""
}

var captureRefusal = regexp.MustCompile(`^gateway.toml:\d+: port "in0": rx_pcap \S+ .+; .+$`)

// checkRefused asserts that the daemon says of a damaged capture what the check says.
func checkRefused(t *testing.T, path, refusal string) {
	r := &rig{dir: t.TempDir(), inputs: []string{path}}
	r.write(t, "")
	result := daemon.Run(t, r.dir, "--config", "gateway.toml", "--apply", "resources.toml", "--until-idle", "500ms")
	if result.ExitCode != 1 || result.Stderr != "mirrorgw: "+refusal+"\n" || !captureRefusal.MatchString(refusal) {
		t.Errorf("exit code %d, stderr %q, want exit code 1 and the sentence %q", result.ExitCode, result.Stderr, refusal)
	}
}
