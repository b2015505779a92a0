package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func explainResources() *Resources {
	r := testResources()
	https := Rule{Direction: Ingress, Number: 100, Action: Accept, Protocol: 6, DstPorts: &PortRange{443, 443}}
	ssh := Rule{Direction: Ingress, Number: 50, Action: Reject, Protocol: 6, DstPorts: &PortRange{22, 22}, Source: anyIPv4}
	r.Filters = []Filter{
		{Name: "https", Rules: []Rule{https, ssh}},
		{Name: "all-tcp", Rules: []Rule{acceptAll(Ingress, 1, 6)}},
		{Name: "dns", AmazonDNS: true},
	}
	r.Sessions = []Session{session("first", 0, 0, 1), session("second", 0, 1, 2), session("third", 0, 2, 3)}
	return r
}

func TestExplainTellsTheStory(t *testing.T) {
	s := mustCompile(t, explainResources())
	for _, c := range []struct {
		name   string
		packet Packet
		want   string
	}{
		{"rejected, then accepted", packet(6, "10.9.0.1", 4000, "10.0.0.5", 22), `
frame of 54 bytes on port "wire1": 02:00:00:00:00:fe > 02:00:00:00:00:01, tcp 10.9.0.1:4000 > 10.0.0.5:22
ingress of source "web-1": mirrored by session "second" to target "ids" (192.0.2.10, VNI 100)
  session 1 "first", filter "https": rejected by ingress rule 50, next session
    rule 50 (reject tcp from 0.0.0.0/0 to any port 22) matches
  session 2 "second", filter "all-tcp": accepted by ingress rule 1
    rule 1 (accept tcp from any to any) matches`},
		{"nothing matches", packet(17, "10.9.0.1", 4000, "10.0.0.5", 22), `
frame of 42 bytes on port "wire1": 02:00:00:00:00:fe > 02:00:00:00:00:01, udp 10.9.0.1:4000 > 10.0.0.5:22
ingress of source "web-1": not mirrored: no session accepts it
  session 1 "first", filter "https": no ingress rule matches, next session
    rule 50 (reject tcp from 0.0.0.0/0 to any port 22) does not match: other protocol
    rule 100 (accept tcp from any to any port 443) does not match: other protocol
  session 2 "second", filter "all-tcp": no ingress rule matches, next session
    rule 1 (accept tcp from any to any) does not match: other protocol
  session 3 "third", filter "dns": it has no ingress rules, next session`},
		{"resolver", packet(17, "169.254.169.253", 53, "10.0.0.5", 4000), `
frame of 42 bytes on port "wire1": 02:00:00:00:00:fe > 02:00:00:00:00:01, udp 169.254.169.253:53 > 10.0.0.5:4000
ingress of source "web-1": mirrored by session "third" to target "ids" (192.0.2.10, VNI 100)
  session 1 "first", filter "https": passed over, it has no service amazon-dns
  session 2 "second", filter "all-tcp": passed over, it has no service amazon-dns
  session 3 "third", filter "dns": accepted by its service amazon-dns, whatever the rules say`},
		{"excluded", packet(17, "10.9.0.1", 123, "10.0.0.5", 123), `
frame of 42 bytes on port "wire1": 02:00:00:00:00:fe > 02:00:00:00:00:01, udp 10.9.0.1:123 > 10.0.0.5:123
ingress of source "web-1": not mirrored: ntp traffic is excluded`},
		{"somebody else", Packet{DstMAC: macDB, VLAN: 9, Protocol: 58, ICMPType: 128, Src: pool6[0], Dst: pool6[1]}, `
frame of 66 bytes on port "wire1": 00:00:00:00:00:00 > 02:00:00:00:00:02, vlan 9, icmpv6 2001:db8::5 > 2001:db8:1::6, type 128 code 0
  not mirrored: no source on port "wire1" has the frame's source MAC (and VLAN), none on its peer "wire0" the destination MAC`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.packet
			if p.DstMAC != macDB {
				p = towards(macWeb, p)
			}
			got := Explain(s, portWire1, mustBuild(t, p)).String()
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestExplainOddFrames(t *testing.T) {
	r := explainResources()
	r.Interfaces[0].HasMAC = false
	r.Sessions = nil
	s := mustCompile(t, r)
	for _, c := range []struct {
		name  string
		port  int
		frame []byte
		want  string
	}{
		{"short", portWire0, []byte{1, 2}, "frame of 2 bytes on port \"wire0\": shorter than an Ethernet header\negress of source \"web-1\": not mirrored: the source has no sessions"},
		{"ARP", portTap, unhex(t, macs+"0806"), "EtherType 0x0806, not ip\n  not mirrored: no source on this tap"},
		{"tunnel", portTunnel, unhex(t, macs+"0806"), "nothing that enters a tunnel port is"},
		{"no such port", 9, nil, "frame of 0 bytes on port #9: shorter than an Ethernet header\n  not mirrored: there is no such port"},
		{"fragment", portWire0, unhex(t, ip4("0001", "11")), "udp 10.0.0.1 > 10.0.0.2, fragment other than the first (no ports)"},
		{"first fragment", portWire0, unhex(t, ip4("2000", "84")+ports), "sctp 10.0.0.1:4660 > 10.0.0.2:80, first fragment"},
		{"broken chain", portWire0, unhex(t, ip6("00")), "unknown protocol 2001:db8::1 > 2001:db8::2"},
	} {
		if got := Explain(s, c.port, c.frame).String(); !strings.Contains(got, c.want) {
			t.Errorf("%s: got\n%s\nwant a part\n%s", c.name, got, c.want)
		}
	}
}

// Only a filter with amazon-dns lets resolver traffic through, and the text must say that.
func TestExplainResolverTrafficWithoutTheService(t *testing.T) {
	frame := mustBuild(t, towards(macWeb, packet(17, "169.254.169.253", 53, "10.0.0.5", 4000)))
	e := Explain(mustCompile(t, testResources()), portWire1, frame)
	if text := e.String(); !strings.Contains(text, "no filter of this source has the service amazon-dns") {
		t.Errorf("the text is\n%s", text)
	}
}

// Every value of an enumeration has a name of its own.
func TestNamesAreDistinct(t *testing.T) {
	for _, c := range []struct {
		kind  string
		count int
		name  func(i int) string
	}{
		{"class", int(Classes), func(i int) string { return Class(i).String() }},
		{"exclusion", int(Exclusions), func(i int) string { return Exclusion(i).String() }},
		{"mismatch", int(Mismatches), func(i int) string { return Mismatch(i).String() }},
		{"decision", int(Decisions), func(i int) string { return Decision(i).String() }},
	} {
		seen := map[string]bool{}
		for i := range c.count {
			if name := c.name(i); seen[name] || name == "" && i > 0 {
				t.Errorf("%s %d has the name %q", c.kind, i, name)
			} else {
				seen[name] = true
			}
		}
	}
}

func TestExplainShowsFewOfManyRules(t *testing.T) {
	r := limitResources(1, 1000)
	for i := range r.Filters[0].Rules {
		r.Filters[0].Rules[i].Protocol = 47
	}
	e := Explain(mustCompile(t, r), portWire1, mustBuild(t, towards(macWeb, request)))
	if got := len(e.Sources[0].Sessions[0].Passed); got != 500 {
		t.Errorf("the trace has %d rules, want 500", got)
	}
	if text := e.String(); strings.Count(text, "does not match") != 10 || !strings.Contains(text, "and 490 more that do not match") {
		t.Errorf("the text is\n%s", text)
	}
}

func TestExplainPacketFindsTheWayIn(t *testing.T) {
	s := mustCompile(t, sourcesResources())
	for i := range s.Sources {
		for _, d := range []Direction{Ingress, Egress} {
			p := request
			p.SrcMAC, p.DstMAC = macRouter, macRouter
			e, err := ExplainPacket(s, i, d, p)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, v := range e.Verdicts() {
				found = found || v.Source == i && v.Direction == d && v.Outcome == Matched
			}
			if !found {
				t.Errorf("%s of %s:\n%s", d, s.Sources[i].Name, e)
			}
		}
	}
	if _, err := ExplainPacket(s, len(s.Sources), Ingress, request); err == nil {
		t.Error("a source out of range is accepted")
	}
	if _, err := ExplainPacket(s, 0, Ingress, Packet{}); err == nil {
		t.Error("a packet without addresses is accepted")
	}
}

func TestBuildFrameReadsBack(t *testing.T) {
	for _, p := range []Packet{
		from(macWeb, packet(6, "10.0.0.5", 1, "10.0.0.6", 65535)),
		towards(macWeb, packet(17, "2001:db8::5", 53, "2001:db8::6", 9)),
		from(macWeb, packet(132, "10.0.0.5", 7, "10.0.0.6", 8)),
		from(macWeb, packet(47, "2001:db8::5", 0, "2001:db8::6", 0)),
		{SrcMAC: macDB, VLAN: 4094, Src: pool4[0], Dst: pool4[1], Protocol: 1, ICMPType: 3, ICMPCode: 4},
		{SrcMAC: macDB, VLAN: VLANNone, Src: pool6[0], Dst: pool6[1], Protocol: 58, ICMPType: 135},
	} {
		frame := mustBuild(t, p)
		k := Parse(frame)
		if p.VLAN == 0 {
			p.VLAN = VLANNone
		}
		got := Packet{SrcMAC: k.SrcMAC, DstMAC: k.DstMAC, VLAN: k.VLAN, Src: k.Src, Dst: k.Dst, Protocol: k.Protocol,
			SrcPort: k.SrcPort, DstPort: k.DstPort, ICMPType: k.ICMPType, ICMPCode: k.ICMPCode}
		if got != p {
			t.Errorf("built %+v, read %+v", p, got)
		}
		if ip, _ := compareWithOracle(t, "built", frame); !ip {
			t.Errorf("gopacket does not understand %x", frame)
		}
	}
}

func TestBuildFrameRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Packet)
		want  string
	}{
		{"no address", func(p *Packet) { p.Src = pool4[0].Next(); p.Dst = Packet{}.Dst }, "both addresses must be IPv4 or both IPv6"},
		{"mixed", func(p *Packet) { p.Dst = pool6[0] }, "both addresses must be IPv4 or both IPv6"},
		{"protocol", func(p *Packet) { p.Protocol = ProtocolAny }, "protocol -1; it must be 0 to 255"},
		{"VLAN", func(p *Packet) { p.VLAN = 4095 }, "VLAN 4095"},
		{"extension header", func(p *Packet) { p.Src, p.Dst, p.Protocol = pool6[0], pool6[1], 44 }, "protocol 44, an IPv6 extension header"},
	} {
		p := request
		c.spoil(&p)
		if _, err := BuildFrame(p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}
