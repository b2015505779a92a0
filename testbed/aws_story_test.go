package testbed

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
)

// TestAWSStory goes through "Get started", "Work with Traffic Mirroring" and the three examples of
// the AWS guide with the AWS CLI alone, while numbered frames pass, and accounts for every frame.
func TestAWSStory(t *testing.T) {
	patient(t, 4*time.Minute) // some sixty calls of the CLI, of a second each and more on a busy machine
	l, dir := storyLAN(t)
	cli := newAWSCLI(t, l, dir)
	traffic := newStream(t, l, storyFrame)
	gateway := startStory(t, l, dir)
	socket := filepath.Join(dir, "ctl.sock")
	s := &awsStory{story: story{t: t, stream: traffic, ctl: control.New(t, socket), api: client.New(socket)}, cli: cli}
	t.Cleanup(s.api.Close)
	s.epochs = []epoch{{step: "the start"}}
	s.stream.flow()

	s.interfaces()
	s.getStarted()
	s.tcpAndUDP()
	s.nonLocal()

	s.counters()
	s.stream.hold()
	s.judge()
	gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(t, gateway.Wait())
}

// awsStory is a story whose steps are taken by the AWS CLI. Fields are identifiers.
type awsStory struct {
	story
	cli *awsCLI

	web, applianceA, applianceB string // network interfaces
	targetA, targetB            string
	filter                      string
	inbound                     string // the first session
}

// ec2 makes one change by the AWS CLI and returns what --query selects of the answer.
func (s *awsStory) ec2(want policy, query string, args ...string) string {
	s.t.Helper()
	before := s.stream.lastThrough()
	told := s.cli.ec2(query, args...)
	s.changed("aws ec2 "+strings.Join(args, " "), before, 0, want, nil)
	return told
}

// sessionName is what a session is called that was created without a name.
func sessionName(id string) string { return strings.Replace(id, "-", ".", 1) }

// interfaces are made by the control socket, for only the gateway's operator knows its ports.
func (s *awsStory) interfaces() {
	s.do(nil, nil, "interface", "create", "web-1", "--port", "wire0", "--mac", macA, "--address", "10.0.0.5", "--mtu", "1400")
	s.do(nil, nil, "interface", "create", "appliance-a", "--address", targetA)
	s.do(nil, nil, "interface", "create", "appliance-b", "--address", targetB)
	byAddress := func(address string) string {
		return s.cli.ec2("NetworkInterfaces[].NetworkInterfaceId", "describe-network-interfaces", "--filters", "Name=addresses.private-ip-address,Values="+address)
	}
	s.web, s.applianceA, s.applianceB = byAddress("10.0.0.5"), byAddress(targetA), byAddress(targetB)
}

// getStarted is the guide's first chapter, which is its first example too: all inbound TCP of one
// interface to target A. Then everything that can be modified is, and what is in use is not deleted.
func (s *awsStory) getStarted() {
	s.targetA = s.ec2(nil, "TrafficMirrorTarget.TrafficMirrorTargetId", "create-traffic-mirror-target",
		"--network-interface-id", s.applianceA, "--description", "target A", "--tag-specifications", "ResourceType=traffic-mirror-target,Tags=[{Key=Name,Value=A}]")
	s.filter = s.ec2(nil, "TrafficMirrorFilter.TrafficMirrorFilterId", "create-traffic-mirror-filter", "--description", "TCP Filter")
	rule := s.ec2(nil, "TrafficMirrorFilterRule.TrafficMirrorFilterRuleId", "create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", s.filter,
		"--traffic-direction", "ingress", "--rule-number", "100", "--rule-action", "accept", "--protocol", "6",
		"--source-cidr-block", "0.0.0.0/0", "--destination-cidr-block", "0.0.0.0/0", "--description", "TCP Rule")

	before := s.stream.lastThrough()
	s.inbound = s.cli.ec2("TrafficMirrorSession.TrafficMirrorSessionId", "create-traffic-mirror-session", "--network-interface-id", s.web,
		"--traffic-mirror-target-id", s.targetA, "--traffic-mirror-filter-id", s.filter, "--session-number", "1", "--virtual-network-id", "99")
	tcp := fate{session: sessionName(s.inbound), dst: targetA, vni: 99}
	s.changed("create-traffic-mirror-session", before, 0, mirrored(tcp, "TCP in", "TCP in, local"), nil)

	s.refusals(rule)
	tcp.vni, tcp.cut = 100, 100
	s.ec2(mirrored(tcp, "TCP in", "TCP in, local"), "", "modify-traffic-mirror-session", "--traffic-mirror-session-id", s.inbound,
		"--virtual-network-id", "100", "--packet-length", "100", "--description", "cut")
	tcp.cut = 0
	s.ec2(mirrored(tcp, "TCP in", "TCP in, local"), "", "modify-traffic-mirror-session", "--traffic-mirror-session-id", s.inbound,
		"--remove-fields", "packet-length", "description")
	s.ec2(mirrored(tcp, "UDP in", "UDP in, local"), "", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule, "--protocol", "17")
	s.ec2(mirrored(tcp, "TCP in, local"), "", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule,
		"--protocol", "6", "--source-cidr-block", "10.0.0.0/16")
	s.ec2(mirrored(tcp, "TCP in", "TCP in, local"), "", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule, "--source-cidr-block", "0.0.0.0/0")
	s.cli.ec2("", "modify-traffic-mirror-filter-network-services", "--traffic-mirror-filter-id", s.filter, "--add-network-services", "amazon-dns")
	if services := s.cli.ec2("TrafficMirrorFilters[].NetworkServices[]", "describe-traffic-mirror-filters", "--traffic-mirror-filter-ids", s.filter); services != "amazon-dns" {
		s.t.Errorf("the filter's network services are %q", services)
	}
	s.cli.ec2("", "modify-traffic-mirror-filter-network-services", "--traffic-mirror-filter-id", s.filter, "--remove-network-services", "amazon-dns")
	s.counters()
}

// refusals are requests that the gateway must refuse, each with its own code.
func (s *awsStory) refusals(rule string) {
	s.t.Helper()
	for code, args := range map[string][]string{
		"TrafficMirrorTargetInUse":               {"delete-traffic-mirror-target", "--traffic-mirror-target-id", s.targetA},
		"TrafficMirrorFilterInUse":               {"delete-traffic-mirror-filter", "--traffic-mirror-filter-id", s.filter},
		"InvalidTrafficMirrorSessionId.NotFound": {"delete-traffic-mirror-session", "--traffic-mirror-session-id", "tms-00000000000000000"},
		"DryRunOperation":                        {"delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule, "--dry-run"},
		"TrafficMirrorFilterRuleAlreadyExists":   {"create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", s.filter, "--traffic-direction", "ingress", "--rule-number", "100", "--rule-action", "accept", "--source-cidr-block", "0.0.0.0/0", "--destination-cidr-block", "0.0.0.0/0"},
		"InvalidParameterValue":                  {"modify-traffic-mirror-session", "--traffic-mirror-session-id", s.inbound, "--session-number", "99999"},
		"InvalidTrafficMirrorFilterId.NotFound":  {"create-traffic-mirror-session", "--network-interface-id", s.web, "--traffic-mirror-target-id", s.targetA, "--traffic-mirror-filter-id", "tmf-00000000000000000", "--session-number", "7"},
		"InvalidTrafficMirrorTargetId.NotFound":  {"describe-traffic-mirror-targets", "--traffic-mirror-target-ids", "tmt-00000000000000000"},
	} {
		s.cli.refused(code, args...)
	}
}

// tcpAndUDP is the second example: inbound TCP goes to target A, inbound UDP to target B.
func (s *awsStory) tcpAndUDP() {
	tcp := fate{session: sessionName(s.inbound), dst: targetA, vni: 100}
	onlyTCP := mirrored(tcp, "TCP in", "TCP in, local")
	s.targetB = s.ec2(onlyTCP, "TrafficMirrorTarget.TrafficMirrorTargetId", "create-traffic-mirror-target", "--network-interface-id", s.applianceB)
	filter := s.ec2(onlyTCP, "TrafficMirrorFilter.TrafficMirrorFilterId", "create-traffic-mirror-filter")
	s.ec2(onlyTCP, "", "create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", filter, "--traffic-direction", "ingress", "--rule-number", "100",
		"--rule-action", "accept", "--protocol", "17", "--source-cidr-block", "0.0.0.0/0", "--destination-cidr-block", "0.0.0.0/0")
	before := s.stream.lastThrough()
	id := s.cli.ec2("TrafficMirrorSession.TrafficMirrorSessionId", "create-traffic-mirror-session", "--network-interface-id", s.web,
		"--traffic-mirror-target-id", s.targetB, "--traffic-mirror-filter-id", filter, "--session-number", "2", "--virtual-network-id", "102")
	udp := fate{session: sessionName(id), dst: targetB, vni: 102}
	both := onlyTCP.and(mirrored(udp, "UDP in", "UDP in, local"))
	s.changed("create-traffic-mirror-session", before, 0, both, nil)

	s.ec2(both, "", "create-tags", "--resources", id, filter, "--tags", "Key=env,Value=prod")
	if found := s.cli.ec2("TrafficMirrorSessions[].TrafficMirrorSessionId", "describe-traffic-mirror-sessions", "--filters", "Name=tag:env,Values=pr*", "Name=session-number,Values=2"); found != id {
		s.t.Errorf("sessions with the tag: %q, want %s", found, id)
	}
	s.ec2(both, "", "delete-tags", "--resources", id, "--tags", "Key=env")
	udp.dst = targetA
	s.ec2(onlyTCP.and(mirrored(udp, "UDP in", "UDP in, local")), "", "modify-traffic-mirror-session", "--traffic-mirror-session-id", id, "--traffic-mirror-target-id", s.targetA)
	s.counters()
	s.ec2(mirrored(udp, "UDP in", "UDP in, local"), "", "delete-traffic-mirror-session", "--traffic-mirror-session-id", s.inbound)
	s.ec2(nil, "", "delete-traffic-mirror-session", "--traffic-mirror-session-id", id)
	s.ec2(nil, "", "delete-traffic-mirror-filter", "--traffic-mirror-filter-id", filter)
	s.ec2(nil, "", "delete-traffic-mirror-target", "--traffic-mirror-target-id", s.targetB)
}

// nonLocal is the third example: everything that stays in the VPC is rejected, the rest accepted.
func (s *awsStory) nonLocal() {
	filter := s.ec2(nil, "TrafficMirrorFilter.TrafficMirrorFilterId", "create-traffic-mirror-filter")
	before := s.stream.lastThrough()
	id := s.cli.ec2("TrafficMirrorSession.TrafficMirrorSessionId", "create-traffic-mirror-session", "--network-interface-id", s.web,
		"--traffic-mirror-target-id", s.targetA, "--traffic-mirror-filter-id", filter, "--session-number", "1", "--virtual-network-id", "300")
	s.changed("create-traffic-mirror-session", before, 0, nil, nil)
	f := fate{session: sessionName(id), dst: targetA, vni: 300}
	outbound := mirrored(f, "TCP out", "UDP out")
	rule := func(want policy, direction, number, action, source, destination string) {
		s.ec2(want, "", "create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", filter, "--traffic-direction", direction, "--rule-number", number,
			"--rule-action", action, "--source-cidr-block", source, "--destination-cidr-block", destination)
	}
	rule(mirrored(f, "TCP out", "UDP out", "TCP out, local", "UDP out, local"), "egress", "20", "accept", "0.0.0.0/0", "0.0.0.0/0")
	rule(outbound, "egress", "10", "reject", "0.0.0.0/0", "10.0.0.0/16")
	rule(outbound, "ingress", "10", "reject", "10.0.0.0/16", "0.0.0.0/0")
	rule(outbound.and(mirrored(f, "TCP in", "UDP in", "ICMP in")), "ingress", "20", "accept", "0.0.0.0/0", "0.0.0.0/0")
}
