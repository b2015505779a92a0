package testbed

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
)

// storyFormerVNI has the VNIs that a session gave up for another.
var storyFormerVNI = map[uint32]uint32{99: 100}

// TestStory builds the three worked examples of the AWS guide ("Work with Traffic Mirroring") by
// mirrorctl, command by command, while numbered frames pass in both directions, and accounts for
// every frame.
func TestStory(t *testing.T) {
	l, dir := storyLAN(t)
	traffic := newStream(t, l, storyFrame)
	gateway := startStory(t, l, dir)
	socket := filepath.Join(dir, "ctl.sock")
	s := &story{t: t, stream: traffic, ctl: control.New(t, socket), api: client.New(socket)}
	t.Cleanup(s.api.Close)
	watch := s.ctl.Watch("0")
	s.epochs = []epoch{{step: "the start"}}
	s.stream.flow()

	s.inboundTCP()
	s.tcpAndUDP()
	s.nonLocal()
	s.document(dir)

	s.counters()
	s.stream.hold()
	s.judge()
	s.checkTold(watch)
	gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(t, gateway.Wait())
}

// inboundTCP is the first example: all inbound TCP of one interface, to target A. On the way, rule
// and session are modified.
func (s *story) inboundTCP() {
	s.do(nil, []string{"create interface web-1"}, "interface", "create", "web-1", "--port", "wire0", "--mac", macA, "--address", "10.0.0.5", "--mtu", "1400")
	s.do(nil, []string{"create target target-a"}, "target", "create", "target-a", "--address", targetA)
	s.do(nil, []string{"create filter filter-1"}, "filter", "create", "filter-1")
	s.do(nil, []string{"create session web-1-to-a"}, "session", "create", "web-1-to-a", "--source", "web-1", "--target", "target-a",
		"--filter", "filter-1", "--number", "1", "--vni", "99")
	tcp := fate{session: "web-1-to-a", dst: targetA, vni: 99}
	s.do(mirrored(tcp, "TCP in", "TCP in, local"), []string{"create rule"}, "rule", "create", "--filter", "filter-1", "--direction", "ingress",
		"--number", "100", "--action", "accept", "--protocol", "tcp", "--source", "0.0.0.0/0", "--destination", "0.0.0.0/0", "--description", "TCP Rule")

	s.ctl.Refused(5, "target", "delete", "target-a")
	s.ctl.Refused(5, "filter", "delete", "filter-1")
	s.ctl.Refused(5, "session", "create", "other", "--source", "web-1", "--target", "target-a", "--filter", "filter-1", "--number", "1")
	s.ctl.Refused(4, "session", "delete", "no-such-session")

	tcp.vni, tcp.cut = 100, 100
	s.do(mirrored(tcp, "TCP in", "TCP in, local"), []string{"modify session web-1-to-a"}, "session", "modify", "web-1-to-a", "--vni", "100", "--packet-length", "100")
	tcp.cut = 0
	s.do(mirrored(tcp, "TCP in", "TCP in, local"), []string{"modify session web-1-to-a"}, "session", "modify", "web-1-to-a", "--unset", "packet-length")
	s.do(mirrored(tcp, "UDP in", "UDP in, local"), []string{"modify rule"}, "rule", "modify", "filter-1/ingress/100", "--protocol", "udp")
	s.do(mirrored(tcp, "TCP in, local"), []string{"modify rule"}, "rule", "modify", "filter-1/ingress/100", "--protocol", "tcp", "--source", "10.0.0.0/16")
	s.do(nil, []string{"delete rule"}, "rule", "delete", "filter-1/ingress/100")
	tcp.session = "inbound"
	s.do(nil, []string{"modify session inbound"}, "session", "modify", "web-1-to-a", "--name", "inbound")
	s.do(mirrored(tcp, "TCP in", "TCP in, local"), []string{"create rule"}, "rule", "create", "--filter", "filter-1", "--direction", "ingress",
		"--number", "100", "--action", "accept", "--protocol", "tcp", "--source", "0.0.0.0/0", "--destination", "0.0.0.0/0")
	s.explainFields()
	s.counters()
	s.do(nil, []string{"delete session inbound"}, "session", "delete", "inbound")
}

// explainFields asks mirrorctl about a packet by its fields.
func (s *story) explainFields() {
	s.t.Helper()
	for protocol, want := range map[string]string{"tcp": "matched", "udp": "missed"} {
		var got api.Explanation
		s.ctl.JSON(&got, "explain", "--source", "web-1", "--direction", "ingress", "--protocol", protocol, "--src", "198.51.100.20:40000", "--dst", "10.0.0.5:80")
		if got.Outcome != want || (got.Session == "inbound") != (want == "matched") {
			s.t.Errorf("explain of %s: %s by session %q, want %s", protocol, got.Outcome, got.Session, want)
		}
	}
}

// tcpAndUDP is the second example: inbound TCP to target A, inbound UDP to target B.
func (s *story) tcpAndUDP() {
	tcp, udp := fate{session: "tcp-to-a", dst: targetA, vni: 101}, fate{session: "udp-to-b", dst: targetB, vni: 102}
	onlyTCP := mirrored(tcp, "TCP in", "TCP in, local")
	s.do(onlyTCP, []string{"create session tcp-to-a"}, "session", "create", "tcp-to-a", "--source", "web-1", "--target", "target-a",
		"--filter", "filter-1", "--number", "1", "--vni", "101")
	s.do(onlyTCP, []string{"create target target-b"}, "target", "create", "target-b", "--address", targetB)
	s.do(onlyTCP, []string{"create filter filter-2"}, "filter", "create", "filter-2")
	s.do(onlyTCP, []string{"create rule"}, "rule", "create", "--filter", "filter-2", "--direction", "ingress", "--number", "100",
		"--action", "accept", "--protocol", "17", "--source", "0.0.0.0/0", "--destination", "0.0.0.0/0", "--description", "UDP Rule")
	both := onlyTCP.and(mirrored(udp, "UDP in", "UDP in, local"))
	s.do(both, []string{"create session udp-to-b"}, "session", "create", "udp-to-b", "--source", "web-1", "--target", "target-b",
		"--filter", "filter-2", "--number", "2", "--vni", "102")
	s.do(both, []string{"modify session tcp-to-a"}, "session", "modify", "tcp-to-a", "--number", "3")
	s.counters()
	udp.dst = targetA
	s.do(onlyTCP.and(mirrored(udp, "UDP in", "UDP in, local")), []string{"modify session udp-to-b"}, "session", "modify", "udp-to-b", "--target", "target-a")
	s.do(nil, []string{"delete interface web-1", "delete session tcp-to-a", "delete session udp-to-b"}, "interface", "delete", "web-1")
}

// nonLocal is the third example: everything that stays in the VPC is rejected, the rest accepted.
func (s *story) nonLocal() {
	s.do(nil, []string{"create interface web-1"}, "interface", "create", "web-1", "--port", "wire0", "--mac", macA, "--address", "10.0.0.5", "--mtu", "1400")
	s.do(nil, []string{"create filter filter-f"}, "filter", "create", "filter-f")
	s.do(nil, []string{"create session web-1-to-a"}, "session", "create", "web-1-to-a", "--source", "web-1", "--target", "target-a",
		"--filter", "filter-f", "--number", "1", "--vni", "300")
	f := fate{session: "web-1-to-a", dst: targetA, vni: 300}
	s.do(mirrored(f, "TCP out", "UDP out", "TCP out, local", "UDP out, local"), []string{"create rule"}, "rule", "create", "--filter", "filter-f",
		"--direction", "egress", "--number", "20", "--action", "accept", "--source", "0.0.0.0/0", "--destination", "0.0.0.0/0")
	outbound := mirrored(f, "TCP out", "UDP out")
	s.do(outbound, []string{"create rule"}, "rule", "create", "--filter", "filter-f",
		"--direction", "egress", "--number", "10", "--action", "reject", "--source", "0.0.0.0/0", "--destination", "10.0.0.0/16")
	s.do(outbound, []string{"create rule"}, "rule", "create", "--filter", "filter-f",
		"--direction", "ingress", "--number", "10", "--action", "reject", "--source", "10.0.0.0/16", "--destination", "0.0.0.0/0")
	s.do(s.third(), []string{"create rule"}, "rule", "create", "--filter", "filter-f",
		"--direction", "ingress", "--number", "20", "--action", "accept", "--source", "0.0.0.0/0", "--destination", "0.0.0.0/0")
	s.counters()
}

// third is the policy of the third example.
func (s *story) third() policy {
	return mirrored(fate{session: "web-1-to-a", dst: targetA, vni: 300}, "TCP in", "UDP in", "ICMP in", "TCP out", "UDP out")
}

// document takes all resources away and puts them back by their own export.
func (s *story) document(dir string) {
	s.t.Helper()
	export := s.ctl.Do("export")
	for _, name := range []string{"export.toml", "export.json"} {
		text := export
		if strings.HasSuffix(name, ".json") {
			text = s.ctl.Do("export", "-o", "json")
		}
		writeFile(s.t, filepath.Join(dir, name), text)
		for _, dryRun := range []string{"--dry-run=true", "--dry-run=false"} {
			var same api.Applied
			if s.ctl.JSON(&same, "apply", "-f", filepath.Join(dir, name), dryRun); len(same.Events) > 0 {
				s.t.Errorf("applying %s of the present state (%s) changes %d things, first %s %s %s", name, dryRun, len(same.Events),
					same.Events[0].Action, same.Events[0].Kind, same.Events[0].Name)
			}
		}
	}
	writeFile(s.t, filepath.Join(dir, "empty.toml"), "")
	s.apply(filepath.Join(dir, "empty.toml"), nil, "delete")
	s.since = s.stream.lastThrough() // what is created again counts from zero
	s.apply(filepath.Join(dir, "export.toml"), s.third(), "create")
	if again := s.ctl.Do("export"); again != export {
		s.t.Errorf("export after applying an export differs; first:\n%s\nthen:\n%s", export, again)
	}
}

// apply makes the resources equal to a document, which creates or deletes all.
func (s *story) apply(file string, want policy, action string) {
	s.t.Helper()
	before := s.stream.lastThrough()
	var applied api.Applied
	s.ctl.JSON(&applied, "apply", "-f", file)
	var events []string
	for _, event := range applied.Events {
		if event.Action != action {
			s.t.Errorf("apply -f %s did %s", file, eventText(event))
		}
		events = append(events, eventText(event))
	}
	s.changed("apply -f "+filepath.Base(file), before, applied.Revision, want, events)
}
