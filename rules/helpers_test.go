package rules

import (
	"net/netip"
	"testing"
)

var (
	macWeb    = [6]byte{2, 0, 0, 0, 0, 1}
	macDB     = [6]byte{2, 0, 0, 0, 0, 2}
	macRouter = [6]byte{2, 0, 0, 0, 0, 0xfe}
)

// Ports of testResources.
const (
	portWire0 = iota
	portWire1
	portTap
	portTunnel
)

// testResources is a small valid configuration: web-1 on wire0, one target, one filter that
// accepts TCP towards web-1, one session.
func testResources() *Resources {
	return &Resources{
		Ports: []Port{
			{Name: "wire0", Role: RoleWire, Peer: portWire1},
			{Name: "wire1", Role: RoleWire, Peer: portWire0},
			{Name: "tap0", Role: RoleTap, Peer: NoPeer},
			{Name: "tun0", Role: RoleTunnel, Peer: NoPeer},
		},
		Exclude:    ExcludeAll,
		Resolvers:  []netip.Addr{netip.MustParseAddr("169.254.169.253"), netip.MustParseAddr("fd00:ec2::253")},
		Interfaces: []Interface{{Name: "web-1", Port: portWire0, MAC: macWeb, HasMAC: true, VLAN: VLANAny}},
		Targets:    []Target{{Name: "ids", Address: netip.MustParseAddr("192.0.2.10"), MTU: 1500, Port: portTunnel}},
		Filters:    []Filter{{Name: "web", Rules: []Rule{acceptAll(Ingress, 100, ProtocolTCP)}}},
		Sessions:   []Session{session("web-to-ids", 0, 0, 1)},
	}
}

func acceptAll(d Direction, number, protocol int) Rule {
	return Rule{Direction: d, Number: number, Action: Accept, Protocol: protocol}
}

func session(name string, source, filter, number int) Session {
	return Session{Name: name, Source: source, Filter: filter, Number: number, VNI: 100, OuterSource: netip.MustParseAddr("10.0.0.5")}
}

func mustCompile(t testing.TB, r *Resources) *Snapshot {
	t.Helper()
	s, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// packet is a packet between two addresses without MACs.
func packet(protocol int, src string, sport uint16, dst string, dport uint16) Packet {
	return Packet{Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Protocol: protocol, SrcPort: sport, DstPort: dport}
}

// towards is a packet on its way from the router to mac, from is one the other way.
func towards(mac [6]byte, p Packet) Packet { p.SrcMAC, p.DstMAC = macRouter, mac; return p }
func from(mac [6]byte, p Packet) Packet    { p.SrcMAC, p.DstMAC = mac, macRouter; return p }

func mustBuild(t testing.TB, p Packet) []byte {
	t.Helper()
	frame, err := BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// decided names what Evaluate says: one string per verdict, as "egress web-1 matched http".
func decided(s *Snapshot, port int, frame []byte) []string {
	out := []string{}
	for _, v := range Evaluate(s, port, frame, nil) {
		text := v.Direction.String() + " " + s.Sources[v.Source].Name + " " + v.Outcome.String()
		switch v.Outcome {
		case Matched:
			text += " " + s.Sessions[v.Session].Name
		case Excluded:
			text += " " + v.Exclusion.String()
		}
		out = append(out, text)
	}
	return out
}
