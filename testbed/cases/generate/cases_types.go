package main

import (
	"net/netip"

	"mirrorgw/testbed/traffic"
)

func neverMirrored() Case {
	out, in := egress("web-1-to-ids"), ingress("web-1-to-ids")
	from := traffic.From(web1)
	return Case{
		Name: "007_never_mirrored",
		About: `The specification's list of traffic that is never mirrored, though the filter accepts
everything: ARP, DHCP, instance metadata, NTP, Windows activation. Neighbours that only look similar
(UDP port 124, HTTP to another address) are mirrored.`,
		Resources: interfaceWeb1 + targetIDS + filterEverything + everythingOfWeb1ToIDS,
		Outer:     map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100)},
		Wire0: []Frame{
			frame("ARP request", traffic.ARPRequest(web1, router)),
			frame("DHCP discover", traffic.DHCPDiscover(web1)),
			frame("DHCPv6 solicit", traffic.DHCPv6Solicit(web1)),
			frame("metadata, SYN", from.To(metadata).TCP(50000, 80).SYN().Frame()),
			frame("metadata over IPv6, SYN", from.To(metadata).OverIPv6().TCP(50000, 80).SYN().Frame()),
			frame("metadata, ping", from.To(metadata).Ping(1).Frame()),
			frame("NTP to the Amazon server", from.To(timeHost).UDP(123, 123).Payload(traffic.NTPRequest()).Frame()),
			frame("NTP to another server", from.To(client).UDP(50000, 123).Payload(traffic.NTPRequest()).Frame()),
			frame("Windows activation .250", from.To(kms1).TCP(50000, 1688).SYN().Frame()),
			frame("Windows activation .251", from.To(kms2).TCP(50000, 1688).SYN().Frame()),
			frame("LLDP, which is not IP", traffic.LLDP(web1)),
			frame("UDP port 124", from.To(client).UDP(50000, 124).Frame(), out),
			frame("TCP port 123", from.To(client).TCP(50000, 123).SYN().Frame(), out),
			frame("HTTP to an ordinary address", from.To(client).TCP(50000, 80).SYN().Frame(), out),
		},
		Wire1: []Frame{
			frame("ARP reply", traffic.ARPReply(router, web1)),
			frame("metadata answers", traffic.From(metadata).To(web1).TCP(80, 50000).SYNACK().Frame()),
			frame("NTP answers", traffic.From(timeHost).To(web1).UDP(123, 123).Payload(traffic.NTPRequest()).Frame()),
			frame("activation answers", traffic.From(kms1).To(web1).TCP(1688, 50000).SYNACK().Frame()),
			frame("ordinary answer", traffic.From(client).To(web1).TCP(80, 50000).SYNACK().Frame(), in),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "web-1-to-ids", Direction: "ingress", Matched: 1, Mirrored: 1},
		},
	}
}

func amazonDNS() Case {
	query := traffic.DNSQuery("example.com")
	answer := traffic.DNSAnswer("example.com", netip.MustParseAddr("203.0.113.9"))
	ask := func(h, server traffic.Host) traffic.Packet {
		return traffic.From(h).To(server).UDP(40053, 53).Payload(query)
	}
	reply := func(server, h traffic.Host) traffic.Packet {
		return traffic.From(server).To(h).UDP(53, 40053).Payload(answer)
	}
	out, in := egress("web-1-dns"), ingress("web-1-dns")
	return Case{
		Name: "008_amazon_dns",
		About: `web-1 has a session whose filter has the service amazon-dns and no rule: all traffic with
port 53 of the resolver is mirrored, both directions, and nothing else; the session before it accepts
everything but lacks the service, so it never gets resolver traffic. No session of db-1 has the service:
its resolver traffic is never mirrored, though the rules accept everything. DNS of another server is
ordinary traffic.`,
		Resources: interfaceWeb1 + interfaceDB1 + targetIDS + targetRecorder + filterEverything + `
[[filter]]
name = "dns"
services = ["amazon-dns"]

[[session]]
name = "web-1-all"
source = "web-1"
target = "recorder"
filter = "everything"
number = 1
vni = 800

[[session]]
name = "web-1-dns"
source = "web-1"
target = "ids"
filter = "dns"
number = 2
vni = 801

[[session]]
name = "db-1-all"
source = "db-1"
target = "recorder"
filter = "everything"
number = 1
vni = 802
`,
		Outer: map[string]Outer{
			"web-1-all": toRecorder("10.0.0.5", 800), "web-1-dns": toIDS("10.0.0.5", 801), "db-1-all": toRecorder("10.0.0.6", 802),
		},
		Wire0: []Frame{
			frame("web-1 asks the resolver", ask(web1, resolver).Frame(), out),
			frame("web-1 asks it over IPv6", ask(web1, resolver).OverIPv6().Frame(), out),
			frame("web-1 asks it over TCP", traffic.From(web1).To(resolver).TCP(40053, 53).SYN().Frame(), out),
			frame("web-1 asks another server", ask(web1, otherDNS).Frame(), egress("web-1-all")),
			frame("web-1 sends to another port of the resolver", traffic.From(web1).To(resolver).UDP(40053, 54).Frame(), egress("web-1-all")),
			frame("db-1 asks the resolver", ask(db1, resolver).Frame()),
			frame("db-1 asks another server", ask(db1, otherDNS).Frame(), egress("db-1-all")),
		},
		Wire1: []Frame{
			frame("the resolver answers web-1", reply(resolver, web1).Frame(), in),
			frame("the resolver answers web-1 over IPv6", reply(resolver, web1).OverIPv6().Frame(), in),
			frame("the other server answers web-1", reply(otherDNS, web1).Frame(), ingress("web-1-all")),
			frame("the resolver answers db-1", reply(resolver, db1).Frame()),
		},
		Report: []Counters{
			{Session: "web-1-dns", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "web-1-dns", Direction: "ingress", Matched: 2, Mirrored: 2},
			{Session: "web-1-all", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "web-1-all", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "db-1-all", Direction: "egress", Matched: 1, Mirrored: 1},
			{Session: "db-1-all", Direction: "ingress"},
		},
	}
}

func malformed() Case {
	out := egress("web-1-to-ids")
	udp := udpFrame(web1, client, 120)
	tcp := traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame()
	six := traffic.From(web1).To(client).OverIPv6().UDP(1, 2).Payload([]byte("six")).Frame()
	return Case{
		Name: "017_malformed_and_short",
		About: `Short and malformed frames leave as they came. What has no whole, well-formed IP header
matches no rule; a cut transport header is enough for rules without ports. Total length is not judged.`,
		Resources: interfaceWeb1 + targetIDS + filterEverything + everythingOfWeb1ToIDS,
		Outer:     map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100)},
		Wire0: []Frame{
			frame("10 bytes", traffic.Runt(udp, 10)),
			frame("an Ethernet header and nothing else", traffic.Runt(udp, 14)),
			frame("IPv4 header cut after 19 bytes", traffic.Runt(udp, 33)),
			frame("IPv4 header length 4 words", traffic.WithIHL(udp, 4)),
			frame("IPv4 header longer than the frame", traffic.WithIHL(traffic.Runt(udp, 40), 15)),
			frame("EtherType IPv4, version 5", traffic.WithVersion(udp, 5)),
			frame("IPv6 header cut after 39 bytes", traffic.Runt(six, 53)),
			frame("EtherType IPv6, version 4", traffic.WithVersion(six, 4)),
			frame("VLAN tag cut", traffic.Runt(traffic.From(web1).To(client).VLAN(5).UDP(1, 2).Frame(), 16)),
			frame("UDP payload cut, total length beyond the frame", traffic.Runt(udp, 60), out),
			frame("IPv4 header alone, TCP header missing", traffic.Runt(tcp, 34), out),
			frame("well-formed frame", tcp, out),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "web-1-to-ids", Direction: "ingress"},
		},
	}
}
