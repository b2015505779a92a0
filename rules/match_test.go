package rules

import (
	"net/netip"
	"testing"
)

func TestMismatch(t *testing.T) {
	tcp4 := Parse(mustBuild(t, packet(6, "10.1.2.3", 1000, "10.9.0.1", 443)))
	udp6 := Parse(mustBuild(t, packet(17, "2001:db8::1", 1000, "2001:db8::2", 443)))
	sctp := Parse(mustBuild(t, packet(132, "10.1.2.3", 1000, "10.9.0.1", 443)))
	icmp := Parse(mustBuild(t, packet(1, "10.1.2.3", 0, "10.9.0.1", 0)))
	arp := Parse(unhex(t, macs+"0806"))
	cut := Parse(mustBuild(t, packet(6, "10.1.2.3", 1000, "10.9.0.1", 443))[:37])
	fragment := Parse(unhex(t, ip4("0001", "06")+ports))
	chain := Parse(unhex(t, ip6("00")+"06"))
	mapped := Parse(unhex(t, macs+"86dd 60000000 0000 06 40 00000000000000000000ffff0a010203 00000000000000000000ffff0a010204"))
	prefix := netip.MustParsePrefix
	for _, c := range []struct {
		name string
		rule Rule
		key  Key
		want Mismatch
	}{
		{"all, IPv4", Rule{Protocol: -1}, tcp4, MismatchNone},
		{"all, IPv6", Rule{Protocol: -1}, udp6, MismatchNone},
		{"all, broken chain", Rule{Protocol: -1}, chain, MismatchNone},
		{"protocol 0, broken chain", Rule{Protocol: 0}, chain, MismatchProtocol},
		{"all, ARP", Rule{Protocol: -1}, arp, MismatchNotIP},
		{"protocol", Rule{Protocol: 6}, tcp4, MismatchNone},
		{"other protocol", Rule{Protocol: 17}, tcp4, MismatchProtocol},
		{"protocol alone needs no L4", Rule{Protocol: 6}, cut, MismatchNone},
		{"protocol alone matches fragments", Rule{Protocol: 6}, fragment, MismatchNone},
		{"source", Rule{Protocol: -1, Source: prefix("10.1.0.0/16")}, tcp4, MismatchNone},
		{"source outside", Rule{Protocol: -1, Source: prefix("10.2.0.0/16")}, tcp4, MismatchSource},
		{"source host", Rule{Protocol: -1, Source: prefix("10.1.2.3/32")}, tcp4, MismatchNone},
		{"destination", Rule{Protocol: -1, Destination: prefix("10.9.0.0/31")}, tcp4, MismatchNone},
		{"destination outside", Rule{Protocol: -1, Destination: prefix("10.9.0.2/31")}, tcp4, MismatchDestination},
		{"0.0.0.0/0 is IPv4", Rule{Protocol: -1, Source: prefix("0.0.0.0/0")}, udp6, MismatchFamily},
		{"::/0 is IPv6", Rule{Protocol: -1, Destination: prefix("::/0")}, tcp4, MismatchFamily},
		{"::/0 takes all IPv6", Rule{Protocol: -1, Destination: prefix("::/0")}, udp6, MismatchNone},
		{"mapped is not IPv4", Rule{Protocol: -1, Source: prefix("10.0.0.0/8")}, mapped, MismatchFamily},
		{"mapped is IPv6", Rule{Protocol: -1, Source: prefix("::ffff:0:0/96")}, mapped, MismatchNone},
		{"ports", Rule{Protocol: 6, SrcPorts: &PortRange{1000, 1000}, DstPorts: &PortRange{80, 443}}, tcp4, MismatchNone},
		{"source port below", Rule{Protocol: 6, SrcPorts: &PortRange{1001, 2000}}, tcp4, MismatchSrcPort},
		{"source port above", Rule{Protocol: 6, SrcPorts: &PortRange{0, 999}}, tcp4, MismatchSrcPort},
		{"destination port", Rule{Protocol: 17, DstPorts: &PortRange{444, 65535}}, udp6, MismatchDstPort},
		{"ports cut off", Rule{Protocol: 6, DstPorts: &PortRange{0, 65535}}, cut, MismatchNoPorts},
		{"ports of a fragment", Rule{Protocol: 6, DstPorts: &PortRange{0, 65535}}, fragment, MismatchNoPorts},
		{"ports of SCTP do not count", Rule{Protocol: -1, DstPorts: &PortRange{0, 65535}}, sctp, MismatchNoPorts},
		{"ports of ICMP", Rule{Protocol: -1, SrcPorts: &PortRange{0, 65535}}, icmp, MismatchNoPorts},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rule.Mismatch(&c.key); got != c.want {
				t.Errorf("rule %v, %v: %v, want %v", &c.rule, c.key, got, c.want)
			}
			if got := c.rule.Matches(&c.key); got != (c.want == MismatchNone) {
				t.Errorf("Matches is %v", got)
			}
		})
	}
}
