package testbed

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// arriveWait is how long these tests wait for what takes some milliseconds.
const arriveWait = 20 * time.Second

// arriveControl ends the configuration of every gateway of these tests. It takes no hugepages, so
// that it starts whatever else runs on the machine.
const arriveControl = `[ctl]
socket = "ctl.sock"
[quotas]
sessions_per_source = 16
`

const arriveEAL = "[eal]\nlcores = \"1\"\nmemory_mb = 512\nhugepages = \"never\"\n"

// afPacket is a port on the gateway's end of a cable; rest are its other lines.
func (s *site) afPacket(number int, name, cable, rest string) string {
	return fmt.Sprintf("[[port]]\nname = %q\ndevice = \"net_af_packet%d,iface=%s\"\n%s\n", name, number, s.link(cable), rest)
}

// wires are the two ports between hosts a and b.
func (s *site) wires() string {
	return s.afPacket(0, "wire0", "a", `peer = "wire1"`) + s.afPacket(1, "wire1", "b", `peer = "wire0"`)
}

// arrival is a gateway at work on a site.
type arrival struct {
	*site
	gateway *daemon.Process
	ctl     *control.Tool
	ended   *bool
}

// start starts the gateway; it forwards, and its socket is answered, on return.
func (s *site) start(gateway, resources string) *arrival {
	s.t.Helper()
	s.switching()
	writeFile(s.t, filepath.Join(s.dir, "gateway.toml"), arriveEAL+gateway+arriveControl)
	writeFile(s.t, filepath.Join(s.dir, "resources.toml"), resources)
	p := daemon.StartIn(s.t, s.namespace("g"), s.dir, running...)
	p.AwaitLog(ready)
	a := &arrival{s, p, control.New(s.t, filepath.Join(s.dir, "ctl.sock")), new(bool)}
	s.t.Cleanup(a.tell)
	return a
}

// tell has the gateway say what it knows when a test has failed.
func (a *arrival) tell() {
	if !a.t.Failed() || *a.ended {
		return
	}
	for _, line := range []string{"status", "stats", "target list", "load-balancer list"} {
		answer := a.ctl.Run(strings.Fields(line)...)
		a.t.Logf("mirrorctl %s:\n%s%s", line, answer.Stdout, answer.Stderr)
	}
	a.t.Logf("the log ends with\n%s", tail(a.gateway.Stderr(), 20))
}

// stats are the counters of this moment; both laws must hold at any.
func (a *arrival) stats() *report.Report {
	a.t.Helper()
	var r report.Report
	a.ctl.JSON(&r, "stats")
	if r.Laws != (report.Laws{}) {
		a.t.Errorf("the laws are %+v", r.Laws)
	}
	return &r
}

// reachable waits until the gateway says that copies reach a target.
func (a *arrival) reachable(target string) {
	a.t.Helper()
	sooner(a.t, arriveWait, "target "+target+" to be reachable", func() bool {
		var shown struct{ State string }
		a.ctl.JSON(&shown, "target", "show", target)
		return shown.State == "reachable"
	})
}

// session sums both directions of a session.
func (a *arrival) session(name string) (sum report.Direction) {
	a.t.Helper()
	s, there := a.stats().Sessions[name]
	if !there {
		a.t.Fatalf("the counters have no session %s", name)
	}
	return both(s.Ingress, s.Egress)
}

func both(x, y report.Direction) report.Direction {
	sum := report.Direction{
		MatchedPackets: x.MatchedPackets + y.MatchedPackets, MirroredPackets: x.MirroredPackets + y.MirroredPackets,
		TruncatedPackets: x.TruncatedPackets + y.TruncatedPackets, Skipped: report.Counts{},
	}
	for _, counts := range []report.Counts{x.Skipped, y.Skipped} {
		for reason, n := range counts {
			sum.Skipped[reason] += n
		}
	}
	return sum
}

// finish ends the gateway. Production must have lost nothing, in the gateway's eyes and in those of
// the drivers of its wires.
func (a *arrival) finish() *daemon.Report {
	a.t.Helper()
	for name, port := range a.stats().Ports {
		if port.Role == "wire" && port.Driver.Sum() != 0 {
			a.t.Errorf("the driver of port %s lost %v", name, port.Driver)
		}
	}
	*a.ended = true
	a.gateway.Signal(syscall.SIGTERM)
	result := a.gateway.Wait()
	if result.ExitCode != 0 || result.TimedOut || result.Report == nil {
		a.t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, tail(result.Stderr, 30))
	}
	checkLaws(a.t, result.Report)
	return result.Report
}

// Addresses of the hosts: everything of theirs is in two prefixes, and rules name those, so that
// what the kernels say among themselves (router solicitations, multicast reports) is not mirrored.
const (
	arriveRules4 = "10.1.0.0/16"
	arriveRules6 = "2001:db8:1::/48"
)

// allRules is a filter for all traffic between the hosts' prefixes, both directions.
func allRules(name string) string {
	text := fmt.Sprintf("[[filter]]\nname = %q\n", name)
	for _, direction := range []string{"egress", "ingress"} {
		for i, prefix := range []string{arriveRules4, arriveRules6} {
			text += fmt.Sprintf("[[filter.rule]]\ndirection = %q\nnumber = %d\naction = \"accept\"\nsource = %q\ndestination = %q\n",
				direction, i+1, prefix, prefix)
		}
	}
	return text
}

// everyPacket is a filter that accepts all.
func everyPacket(name string) string {
	text := fmt.Sprintf("[[filter]]\nname = %q\n", name)
	for _, direction := range []string{"egress", "ingress"} {
		text += fmt.Sprintf("[[filter.rule]]\ndirection = %q\nnumber = 1\naction = \"accept\"\n", direction)
	}
	return text
}

// arriveSource is host a as a mirror source.
const arriveSource = `[[interface]]
name = "a"
port = "wire0"
mac = "02:00:00:00:0a:0a"
mtu = 1400
`

func arriveTarget(name, address string) string {
	return fmt.Sprintf("[[target]]\nname = %q\naddress = %q\n", name, address)
}

func arriveSession(source, target string, vni int) string {
	return fmt.Sprintf("[[session]]\nname = \"all\"\nsource = %q\ntarget = %q\nfilter = \"all\"\nnumber = 1\nvni = %d\n", source, target, vni)
}

// network finds EtherType and start of the network header behind tags.
func network(frame []byte) (etherType uint16, at int) {
	for at = 12; at+2 <= len(frame); at += 4 {
		etherType = binary.BigEndian.Uint16(frame[at:])
		if etherType != 0x8100 && etherType != 0x88a8 {
			return etherType, at + 2
		}
	}
	return 0, len(frame)
}

// endpoints are the addresses of an IP packet, zero when it is none.
func endpoints(frame []byte) (from, to netip.Addr) {
	switch etherType, at := network(frame); {
	case etherType == 0x0800 && len(frame) >= at+20:
		return addr(frame[at+12 : at+16]), addr(frame[at+16 : at+20])
	case etherType == 0x86dd && len(frame) >= at+40:
		return addr(frame[at+8 : at+24]), addr(frame[at+24 : at+40])
	}
	return from, to
}

// ruled reports whether allRules accept a frame.
func ruled(frame []byte) bool {
	from, to := endpoints(frame)
	for _, text := range []string{arriveRules4, arriveRules6} {
		if prefix := netip.MustParsePrefix(text); prefix.Contains(from) && prefix.Contains(to) {
			return true
		}
	}
	return false
}

// flowKey is the same for the frames of one direction of one flow: the headers up to the ports.
func flowKey(frame []byte) string {
	etherType, at := network(frame)
	from, to := endpoints(frame)
	protocol, ports := byte(0), []byte(nil)
	switch {
	case etherType == 0x0800:
		protocol = frame[at+9]
		at += int(frame[at]&15) * 4
	case etherType == 0x86dd:
		protocol = frame[at+6]
		at += 40
	}
	if (protocol == 6 || protocol == 17) && len(frame) >= at+4 {
		ports = frame[at : at+4]
	}
	return fmt.Sprintf("% x %s > %s protocol %d ports % x", frame[:12], from, to, protocol, ports)
}

// compareFlows asserts that two captures have the same frames, byte for byte, flow by flow and, in
// each, in the same order. It returns the number of flows.
func compareFlows(t *testing.T, got, want [][]byte) int {
	t.Helper()
	gotFlows, wantFlows := flows(got), flows(want)
	for key, frames := range wantFlows {
		compareFrames(t, "flow "+key, gotFlows[key], frames)
	}
	for key, frames := range gotFlows {
		if wantFlows[key] == nil {
			t.Errorf("%d copies of flow %s, which the source never had", len(frames), key)
		}
	}
	return len(wantFlows)
}

func flows(frames [][]byte) map[string][][]byte {
	m := map[string][][]byte{}
	for _, frame := range frames {
		key := flowKey(frame)
		m[key] = append(m[key], frame)
	}
	return m
}

// badChecksums asks tshark for frames of a capture with a wrong checksum, of any header that has one.
// It also returns for how many TCP and UDP headers tshark found a right one.
func badChecksums(t *testing.T, path string) (bad []string, good int) {
	t.Helper()
	// Streams are not put together: over tens of thousands of frames that takes tshark many minutes.
	check := []string{"-d", "udp.port==4789,vxlan", "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE"}
	for _, protocol := range []string{"ip", "tcp", "udp"} {
		check = append(check, "-o", protocol+".check_checksum:TRUE")
	}
	lines := tshark(t, path, append(check, "-T", "fields", "-E", "separator=|", "-e", "frame.number", "-e", "frame.protocols",
		"-e", "ip.checksum.status", "-e", "tcp.checksum.status", "-e", "udp.checksum.status", "-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status")...)
	for _, line := range lines {
		f := strings.Split(line, "|")
		for i, statuses := range f[2:] {
			for _, status := range strings.Split(statuses, ",") {
				switch {
				case status == "0":
					bad = append(bad, line)
				case status == checksumGood && (i == 1 || i == 2):
					good++
				}
			}
		}
	}
	return bad, good
}
