package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var request = packet(6, "10.9.0.1", 40000, "10.0.0.5", 80)

// sourcesResources has sources of every kind on the wire and the tap; everything is accepted.
func sourcesResources() *Resources {
	r := testResources()
	r.Filters[0].Rules = []Rule{acceptAll(Ingress, 1, -1), acceptAll(Egress, 1, -1)}
	r.Interfaces = []Interface{
		{Name: "all", Port: portWire0, VLAN: VLANAny},
		{Name: "vlan5", Port: portWire0, VLAN: 5},
		{Name: "web", Port: portWire0, MAC: macWeb, HasMAC: true, VLAN: VLANAny},
		{Name: "web5", Port: portWire0, MAC: macWeb, HasMAC: true, VLAN: 5},
		{Name: "db", Port: portWire1, MAC: macDB, HasMAC: true, VLAN: VLANAny},
		{Name: "tapweb", Port: portTap, MAC: macWeb, HasMAC: true, VLAN: VLANAny},
		{Name: "tapdb5", Port: portTap, MAC: macDB, HasMAC: true, VLAN: 5},
		{Name: "vlan7", Port: portWire0, VLAN: 7},
	}
	r.Sessions = nil
	for i, f := range r.Interfaces {
		r.Sessions = append(r.Sessions, session("to-"+f.Name, i, 0, 1))
	}
	return r
}

func TestEvaluateFindsSources(t *testing.T) {
	s := mustCompile(t, sourcesResources())
	tagged := func(vlan int, p Packet) Packet { p.VLAN = vlan; return p }
	between := func(src, dst [6]byte) Packet { p := request; p.SrcMAC, p.DstMAC = src, dst; return p }
	for _, c := range []struct {
		name   string
		port   int
		packet Packet
		want   []string
	}{
		{"MAC", portWire0, from(macWeb, request), []string{"egress web matched to-web"}},
		{"MAC and VLAN", portWire0, tagged(5, from(macWeb, request)), []string{"egress web5 matched to-web5"}},
		{"MAC, other VLAN", portWire0, tagged(6, from(macWeb, request)), []string{"egress web matched to-web"}},
		{"MAC goes before VLAN", portWire0, tagged(7, from(macWeb, request)), []string{"egress web matched to-web"}},
		{"VLAN goes before neither", portWire0, tagged(7, from(macRouter, request)), []string{"egress vlan7 matched to-vlan7"}},
		{"no MAC, VLAN", portWire0, tagged(5, from(macRouter, request)), []string{"egress vlan5 matched to-vlan5"}},
		{"no MAC, other VLAN", portWire0, tagged(6, from(macRouter, request)), []string{"egress all matched to-all"}},
		{"no MAC, no VLAN", portWire0, from(macRouter, request), []string{"egress all matched to-all"}},
		{"towards MAC", portWire1, towards(macWeb, request), []string{"ingress web matched to-web"}},
		{"towards MAC and VLAN", portWire1, tagged(5, towards(macWeb, request)), []string{"ingress web5 matched to-web5"}},
		{"towards anything", portWire1, towards(macRouter, request), []string{"ingress all matched to-all"}},
		{"two sources, egress first", portWire1, between(macDB, macWeb), []string{"egress db matched to-db", "ingress web matched to-web"}},
		{"two sources, the other way", portWire0, between(macWeb, macDB), []string{"egress web matched to-web", "ingress db matched to-db"}},
		{"the MAC of the other side is no source here", portWire0, between(macDB, macRouter), []string{"egress all matched to-all"}},
		{"own MAC as destination", portWire0, between(macRouter, macWeb), []string{"egress all matched to-all"}},
		{"tap egress", portTap, from(macWeb, request), []string{"egress tapweb matched to-tapweb"}},
		{"tap ingress", portTap, towards(macWeb, request), []string{"ingress tapweb matched to-tapweb"}},
		{"tap both", portTap, tagged(5, between(macWeb, macDB)), []string{"egress tapweb matched to-tapweb", "ingress tapdb5 matched to-tapdb5"}},
		{"tap without the VLAN", portTap, between(macWeb, macDB), []string{"egress tapweb matched to-tapweb"}},
		{"tap, one source on both ends", portTap, between(macWeb, macWeb), []string{"egress tapweb matched to-tapweb"}},
		{"tap, nobody", portTap, from(macRouter, request), []string{}},
		{"tunnel", portTunnel, between(macWeb, macDB), []string{}},
		{"no such port", 4, between(macWeb, macDB), []string{}},
		{"no such port either", -1, between(macWeb, macDB), []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decided(s, c.port, mustBuild(t, c.packet)); !cmp.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A frame without Ethernet header has no MAC and no VLAN, not zero ones.
func TestEvaluateShortFrames(t *testing.T) {
	r := sourcesResources()
	r.Interfaces[2].MAC, r.Interfaces[3].MAC = [6]byte{}, [6]byte{}
	s := mustCompile(t, r)
	for _, frame := range [][]byte{nil, make([]byte, 13)} {
		if got, want := decided(s, portWire0, frame), []string{"egress all missed"}; !cmp.Equal(got, want) {
			t.Errorf("%d bytes: got %q, want %q", len(frame), got, want)
		}
	}
	if got, want := decided(s, portWire0, make([]byte, 14)), []string{"egress web missed"}; !cmp.Equal(got, want) {
		t.Errorf("14 bytes: got %q, want %q", got, want)
	}
	cutTag := append(make([]byte, 12), 0x81, 0)
	if got, want := decided(s, portWire0, cutTag), []string{"egress web missed"}; !cmp.Equal(got, want) {
		t.Errorf("cut tag: got %q, want %q", got, want)
	}
}

func TestEvaluateExclusions(t *testing.T) {
	type exclude = Exclude
	all := func(p Packet) []byte { return mustBuild(t, from(macWeb, p)) }
	arp := unhex(t, "02000000000a 020000000001 0806 0001")
	tagged := unhex(t, "02000000000a 020000000001 88a8 0001 8100 0002 0806 0001")
	for _, c := range []struct {
		name  string
		frame []byte
		off   exclude
		want  Exclusion
	}{
		{"ARP", arp, exclude{ARP: true}, ExcludedARP},
		{"ARP in two tags", tagged, exclude{ARP: true}, ExcludedARP},
		{"DHCP from the client", all(packet(17, "0.0.0.0", 68, "255.255.255.255", 67)), exclude{DHCP: true}, ExcludedDHCP},
		{"port 67 alone", all(packet(17, "10.0.0.5", 67, "10.0.0.6", 9)), exclude{DHCP: true}, ExcludedDHCP},
		{"port 68 alone", all(packet(17, "10.0.0.5", 9, "10.0.0.6", 68)), exclude{DHCP: true}, ExcludedDHCP},
		{"TCP port 67", all(packet(6, "10.0.0.5", 67, "10.0.0.6", 68)), exclude{}, NotExcluded},
		{"DHCPv4 ports on IPv6", all(packet(17, "2001:db8::5", 67, "2001:db8::6", 68)), exclude{}, NotExcluded},
		{"DHCPv6", all(packet(17, "fe80::5", 546, "ff02::1:2", 547)), exclude{DHCP: true}, ExcludedDHCP},
		{"DHCPv6 ports on IPv4", all(packet(17, "10.0.0.5", 546, "10.0.0.6", 547)), exclude{}, NotExcluded},
		{"metadata request", all(packet(6, "10.0.0.5", 40000, "169.254.169.254", 80)), exclude{Metadata: true}, ExcludedMetadata},
		{"metadata answer", all(packet(6, "169.254.169.254", 80, "10.0.0.5", 40000)), exclude{Metadata: true}, ExcludedMetadata},
		{"metadata over IPv6", all(packet(58, "2001:db8::5", 0, "fd00:ec2::254", 0)), exclude{Metadata: true}, ExcludedMetadata},
		{"NTP", all(packet(17, "10.0.0.5", 123, "10.0.0.6", 123)), exclude{NTP: true}, ExcludedNTP},
		{"NTP answer over IPv6", all(packet(17, "2001:db8::5", 123, "2001:db8::6", 5000)), exclude{NTP: true}, ExcludedNTP},
		{"TCP port 123", all(packet(6, "10.0.0.5", 123, "10.0.0.6", 123)), exclude{}, NotExcluded},
		{"Windows activation", all(packet(6, "10.0.0.5", 5000, "169.254.169.250", 1688)), exclude{WindowsActivation: true}, ExcludedWindowsActivation},
		{"Windows activation, answer of the other", all(packet(1, "169.254.169.251", 0, "10.0.0.5", 0)), exclude{WindowsActivation: true}, ExcludedWindowsActivation},
		{"the first of two types", all(packet(17, "10.0.0.5", 123, "169.254.169.254", 68)), exclude{DHCP: true, Metadata: true, NTP: true}, ExcludedDHCP},
		{"plain", all(packet(17, "10.0.0.5", 5000, "10.0.0.6", 443)), exclude{}, NotExcluded},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testResources()
			r.Filters[0].Rules = []Rule{acceptAll(Egress, 1, -1)}
			v := Evaluate(mustCompile(t, r), portWire0, c.frame, nil)[0]
			if v.Exclusion != c.want || (v.Outcome == Excluded) != (c.want != NotExcluded) {
				t.Errorf("all switched on: %+v, want exclusion %q", v, c.want)
			}
			// Everything else switched on, what could exclude the frame switched off.
			r.Exclude = Exclude{ARP: !c.off.ARP, DHCP: !c.off.DHCP, Metadata: !c.off.Metadata, NTP: !c.off.NTP,
				WindowsActivation: !c.off.WindowsActivation}
			if v := Evaluate(mustCompile(t, r), portWire0, c.frame, nil)[0]; v.Outcome == Excluded {
				t.Errorf("switched off: still excluded as %s", v.Exclusion)
			}
		})
	}
}

// Ports in a non-first fragment are payload: it is not DHCP or NTP.
func TestEvaluateFragmentsHaveNoPorts(t *testing.T) {
	s := mustCompile(t, testResources())
	frame := unhex(t, "02000000000a 020000000001 0800"+ip4Head+"0001 40 11"+ip4Addr+"007b 0044 0000 0000")
	if got, want := decided(s, portWire0, frame), []string{"egress web-1 missed"}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEvaluateResolverTraffic(t *testing.T) {
	rejecting := []Rule{{Direction: Egress, Number: 1, Action: Reject, Protocol: -1}, {Direction: Ingress, Number: 1, Action: Reject, Protocol: -1}}
	accepting := []Rule{acceptAll(Egress, 1, -1), acceptAll(Ingress, 1, -1)}
	with := func(dns ...bool) *Resources {
		r := testResources()
		r.Filters = []Filter{{Name: "plain", Rules: accepting}, {Name: "dns", AmazonDNS: true, Rules: rejecting}}
		r.Sessions = nil
		for i, has := range dns {
			filter, name := 0, "plain"
			if has {
				filter, name = 1, "dns"
			}
			r.Sessions = append(r.Sessions, session(name, 0, filter, i+1))
		}
		return r
	}
	const excluded = "egress web-1 excluded amazon_dns"
	query := packet(17, "10.0.0.5", 5000, "169.254.169.253", 53)
	for _, c := range []struct {
		name   string
		r      *Resources
		packet Packet
		want   string
	}{
		{"query, whatever the rules say", with(true), query, "egress web-1 matched dns"},
		{"sessions without the service are passed over", with(false, true), query, "egress web-1 matched dns"},
		{"no session with it", with(false), query, excluded},
		{"no session", with(), query, excluded},
		{"over TCP", with(true), packet(6, "10.0.0.5", 5000, "169.254.169.253", 53), "egress web-1 matched dns"},
		{"answer", with(true), packet(17, "169.254.169.253", 53, "10.0.0.5", 5000), "egress web-1 matched dns"},
		{"IPv6", with(false), packet(17, "2001:db8::5", 5000, "fd00:ec2::253", 53), excluded},
		{"another port of the resolver", with(false), packet(17, "10.0.0.5", 53, "169.254.169.253", 5000), "egress web-1 matched plain"},
		{"another resolver", with(false), packet(17, "10.0.0.5", 5000, "8.8.8.8", 53), "egress web-1 matched plain"},
		{"SCTP is no DNS", with(false), packet(132, "10.0.0.5", 5000, "169.254.169.253", 53), "egress web-1 matched plain"},
		{"other traffic is judged by rules", with(true), packet(6, "10.0.0.5", 5000, "10.0.0.6", 53), "egress web-1 missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustCompile(t, c.r)
			verdicts := Evaluate(s, portWire0, mustBuild(t, from(macWeb, c.packet)), nil)
			got := decided(s, portWire0, mustBuild(t, from(macWeb, c.packet)))
			if !cmp.Equal(got, []string{c.want}) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if v := verdicts[0]; c.want == "egress web-1 matched dns" && v.Rule != NoRule {
				t.Errorf("rule %d decided, want NoRule", v.Rule)
			}
		})
	}
}

func TestEvaluateRules(t *testing.T) {
	r := testResources()
	ssh := Rule{Direction: Ingress, Number: 10, Action: Reject, Protocol: 6, DstPorts: &PortRange{22, 22}}
	r.Filters = []Filter{
		{Name: "no-ssh", Rules: []Rule{acceptAll(Ingress, 20, 6), ssh}},
		{Name: "egress-only", Rules: []Rule{acceptAll(Egress, 1, -1)}},
		{Name: "ssh", Rules: []Rule{acceptAll(Ingress, 1, 6)}},
	}
	r.Sessions = []Session{session("third", 0, 2, 30), session("first", 0, 0, 10), session("second", 0, 1, 20)}
	s := mustCompile(t, r)
	for _, c := range []struct {
		name   string
		packet Packet
		want   string
		rule   int // number
	}{
		{"first session, second rule", packet(6, "10.9.0.1", 4000, "10.0.0.5", 80), "ingress web-1 matched first", 20},
		{"reject hands on to the next session", packet(6, "10.9.0.1", 4000, "10.0.0.5", 22), "ingress web-1 matched third", 1},
		{"nobody", packet(17, "10.9.0.1", 4000, "10.0.0.5", 22), "ingress web-1 missed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame := mustBuild(t, towards(macWeb, c.packet))
			if got := decided(s, portWire1, frame); !cmp.Equal(got, []string{c.want}) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			v := Evaluate(s, portWire1, frame, nil)[0]
			if c.rule == 0 {
				if v.Rule != NoRule || v.Session != NoSession {
					t.Errorf("a missed packet has rule %d and session %d", v.Rule, v.Session)
				}
			} else if got := s.RulesOf(v.Session, v.Direction)[v.Rule].Number; got != c.rule {
				t.Errorf("rule %d decided, want %d", got, c.rule)
			}
		})
	}
}
