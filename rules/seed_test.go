package rules

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The AWS guide's worked examples ("Traffic Mirroring examples") and its session order example
// ("Traffic mirror sessions").

var anyIPv4 = netip.MustParsePrefix("0.0.0.0/0")

func seedRule(d Direction, number int, action Action, protocol int, source, destination string) Rule {
	return Rule{Direction: d, Number: number, Action: action, Protocol: protocol,
		Source: netip.MustParsePrefix(source), Destination: netip.MustParsePrefix(destination)}
}

func seedSnapshot(t *testing.T, filters []Filter, sessions ...Session) *Snapshot {
	t.Helper()
	r := testResources()
	r.Filters, r.Sessions = filters, sessions
	return mustCompile(t, r)
}

type seedCase struct {
	name   string
	packet Packet
	want   string // what happens to it as ingress or egress of web-1
}

// runSeed sends ingress packets in through the far side of the wire, egress packets in through
// the source's.
func runSeed(t *testing.T, s *Snapshot, d Direction, cases []seedCase) {
	t.Helper()
	for _, c := range cases {
		port, p := portWire1, towards(macWeb, c.packet)
		if d == Egress {
			port, p = portWire0, from(macWeb, c.packet)
		}
		want := []string{d.String() + " web-1 " + c.want}
		if got := decided(s, port, mustBuild(t, p)); !cmp.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

func TestSeedInboundTCPToOneAppliance(t *testing.T) {
	s := seedSnapshot(t, []Filter{{Name: "Filter 1", Rules: []Rule{seedRule(Ingress, 1, Accept, 6, "0.0.0.0/0", "0.0.0.0/0")}}},
		session("A", 0, 0, 1))
	runSeed(t, s, Ingress, []seedCase{
		{"TCP", packet(6, "203.0.113.9", 40000, "10.0.0.5", 443), "matched A"},
		{"UDP", packet(17, "203.0.113.9", 40000, "10.0.0.5", 443), "missed"},
		{"TCP over IPv6", packet(6, "2001:db8::9", 40000, "2001:db8::5", 443), "missed"},
	})
	runSeed(t, s, Egress, []seedCase{{"TCP", packet(6, "10.0.0.5", 443, "203.0.113.9", 40000), "missed"}})
}

func TestSeedInboundTCPAndUDPToTwoAppliances(t *testing.T) {
	s := seedSnapshot(t, []Filter{
		{Name: "Filter 1", Rules: []Rule{seedRule(Ingress, 1, Accept, 6, "0.0.0.0/0", "0.0.0.0/0")}},
		{Name: "Filter 2", Rules: []Rule{seedRule(Ingress, 1, Accept, 17, "0.0.0.0/0", "0.0.0.0/0")}},
	}, session("A", 0, 0, 1), session("B", 0, 1, 2))
	runSeed(t, s, Ingress, []seedCase{
		{"TCP", packet(6, "203.0.113.9", 40000, "10.0.0.5", 443), "matched A"},
		{"UDP", packet(17, "203.0.113.9", 40000, "10.0.0.5", 443), "matched B"},
		{"ICMP", packet(1, "203.0.113.9", 0, "10.0.0.5", 0), "missed"},
	})
	runSeed(t, s, Egress, []seedCase{{"UDP", packet(17, "10.0.0.5", 443, "203.0.113.9", 40000), "missed"}})
}

func TestSeedNonLocalTraffic(t *testing.T) {
	s := seedSnapshot(t, []Filter{{Name: "Filter F", Rules: []Rule{
		seedRule(Egress, 10, Reject, -1, "0.0.0.0/0", "10.0.0.0/16"),
		seedRule(Egress, 20, Accept, -1, "0.0.0.0/0", "0.0.0.0/0"),
		seedRule(Ingress, 10, Reject, -1, "10.0.0.0/16", "0.0.0.0/0"),
		seedRule(Ingress, 20, Accept, -1, "0.0.0.0/0", "0.0.0.0/0"),
	}}}, session("A", 0, 0, 1))
	runSeed(t, s, Egress, []seedCase{
		{"within the VPC", packet(6, "10.0.0.5", 443, "10.0.255.255", 40000), "missed"},
		{"leaving the VPC", packet(6, "10.0.0.5", 443, "10.1.0.0", 40000), "matched A"},
		{"leaving, ICMP", packet(1, "10.0.0.5", 0, "198.51.100.1", 0), "matched A"},
	})
	runSeed(t, s, Ingress, []seedCase{
		{"within the VPC", packet(17, "10.0.7.7", 40000, "10.0.0.5", 53), "missed"},
		{"from outside", packet(17, "198.51.100.1", 40000, "10.0.0.5", 53), "matched A"},
	})
}

func TestSeedSessionOrder(t *testing.T) {
	http := Rule{Direction: Ingress, Number: 1, Action: Accept, Protocol: 6, DstPorts: &PortRange{80, 80}, Source: anyIPv4}
	filters := []Filter{
		{Name: "http", Rules: []Rule{http}},
		{Name: "tcp", Rules: []Rule{seedRule(Ingress, 1, Accept, 6, "0.0.0.0/0", "0.0.0.0/0")}},
	}
	web := packet(6, "203.0.113.9", 40000, "10.0.0.5", 80)
	rest := packet(6, "203.0.113.9", 40000, "10.0.0.5", 443)
	s := seedSnapshot(t, filters, session("other tool", 0, 1, 2), session("http tool", 0, 0, 1))
	runSeed(t, s, Ingress, []seedCase{{"HTTP", web, "matched http tool"}, {"other TCP", rest, "matched other tool"}})
	swapped := seedSnapshot(t, filters, session("other tool", 0, 1, 1), session("http tool", 0, 0, 2))
	runSeed(t, swapped, Ingress, []seedCase{{"HTTP", web, "matched other tool"}, {"other TCP", rest, "matched other tool"}})
}
