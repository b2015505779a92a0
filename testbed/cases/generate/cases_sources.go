package main

import "mirrorgw/testbed/traffic"

func bothSides() Case {
	return Case{
		Name: "012_two_sources",
		About: `web-1 behind wire0 and app-1 behind wire1 are both mirrored. A frame between them is the
egress of one and the ingress of the other: two copies, egress first, each with its own source's
session. A frame between one of them and a third party gives one copy.`,
		Resources: interfaceWeb1 + `
[[interface]]
name = "app-1"
port = "wire1"
mac = "02:00:00:00:01:07"
addresses = ["10.0.1.7"]
` + targetIDS + targetRecorder + filterEverything + everythingOfWeb1ToIDS + `
[[session]]
name = "app-1-to-recorder"
source = "app-1"
target = "recorder"
filter = "everything"
number = 1
vni = 1200
`,
		Outer: map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100), "app-1-to-recorder": toRecorder("10.0.1.7", 1200)},
		Wire0: []Frame{
			frame("web-1 to app-1", traffic.From(web1).To(app1).TCP(50000, 8080).SYN().Frame(),
				egress("web-1-to-ids"), ingress("app-1-to-recorder")),
			frame("web-1 to the router", traffic.From(web1).To(client).Ping(1).Frame(), egress("web-1-to-ids")),
			frame("db-1 to app-1", traffic.From(db1).To(app1).Ping(2).Frame(), ingress("app-1-to-recorder")),
			frame("db-1 to the router", traffic.From(db1).To(client).Ping(3).Frame()),
		},
		Wire1: []Frame{
			frame("app-1 to web-1", traffic.From(app1).To(web1).TCP(8080, 50000).SYNACK().Frame(),
				egress("app-1-to-recorder"), ingress("web-1-to-ids")),
			frame("app-1 to db-1, long", udpFrame(app1, db1, 1400), egress("app-1-to-recorder")),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "web-1-to-ids", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "app-1-to-recorder", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "app-1-to-recorder", Direction: "ingress", Matched: 2, Mirrored: 2},
		},
	}
}

func tap() Case {
	return Case{
		Name: "013_tap",
		About: `A tap port only receives; nothing is forwarded. Both directions of web-1 come in there and
are told apart by its MAC: source is egress, destination is ingress.`,
		Tap: true,
		Gateway: eal + `
[[port]]
name = "tap0"
device = "net_pcap0,rx_pcap=send.pcap"
role = "tap"
` + tunnelPort("net_pcap1", "") + neighbors,
		Resources: `
[[interface]]
name = "web-1"
port = "tap0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.5"]
` + targetIDS + filterEverything + everythingOfWeb1ToIDS,
		Outer: map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100)},
		Wire0: []Frame{
			frame("client to web-1", traffic.From(client).To(web1).TCP(40000, 80).SYN().Frame(), ingress("web-1-to-ids")),
			frame("web-1 to client", traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame(), egress("web-1-to-ids")),
			frame("web-1 to db-1", traffic.From(web1).To(db1).Ping(1).Frame(), egress("web-1-to-ids")),
			frame("client to db-1", traffic.From(client).To(db1).Ping(2).Frame()),
			frame("ARP of web-1", traffic.ARPRequest(web1, router)),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "web-1-to-ids", Direction: "egress", Matched: 2, Mirrored: 2},
		},
	}
}

func rejectFirst() Case {
	from := traffic.From(web1).To(client)
	return Case{
		Name: "015_reject_before_accept",
		About: `Rules are tried by ascending number whatever their order in the file, and the first that
matches decides for its session: reject 10 wins over accept 20. A rejected frame goes on to the next
session, which may accept it.`,
		Resources: interfaceWeb1 + targetIDS + targetRecorder + `
[[filter]]
name = "not-ssh"
[[filter.rule]]
direction = "egress"
number = 20
action = "accept"
protocol = "tcp"
[[filter.rule]]
direction = "egress"
number = 10
action = "reject"
protocol = "tcp"
source_ports = "22-23"

[[filter]]
name = "only-ssh"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
protocol = "tcp"
source_ports = "22"

[[session]]
name = "first"
source = "web-1"
target = "ids"
filter = "not-ssh"
number = 1
vni = 1501

[[session]]
name = "second"
source = "web-1"
target = "recorder"
filter = "only-ssh"
number = 32766
vni = 1502
`,
		Outer: map[string]Outer{"first": toIDS("10.0.0.5", 1501), "second": toRecorder("10.0.0.5", 1502)},
		Wire0: []Frame{
			frame("port 80", from.TCP(80, 40000).SYNACK().Frame(), egress("first")),
			frame("port 22: rejected by the first, accepted by the second", from.TCP(22, 40000).SYNACK().Frame(), egress("second")),
			frame("port 23: rejected by the first, no match in the second", from.TCP(23, 40000).SYNACK().Frame()),
			frame("port 24", from.TCP(24, 40000).SYNACK().Frame(), egress("first")),
			frame("UDP: no match in either", from.UDP(22, 40000).Frame()),
		},
		Report: []Counters{
			{Session: "first", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "second", Direction: "egress", Matched: 1, Mirrored: 1},
		},
	}
}

func unresolved() Case {
	skipped := egress("to-nowhere").SkippedFor("unresolved")
	return Case{
		Name: "016_unresolved_target",
		About: `The target of session 1 has no neighbour entry, so its copies are skipped and counted as
unresolved. The session has matched all the same: session 2 does not get those frames.`,
		Resources: interfaceWeb1 + `
[[target]]
name = "nowhere"
address = "192.0.2.99"
` + targetIDS + `
[[filter]]
name = "tcp"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "tcp"
` + filterEverything + `
[[session]]
name = "to-nowhere"
source = "web-1"
target = "nowhere"
filter = "tcp"
number = 1
vni = 1601

[[session]]
name = "to-ids"
source = "web-1"
target = "ids"
filter = "everything"
number = 2
vni = 1602
`,
		Outer: map[string]Outer{"to-nowhere": {"10.0.0.5", "192.0.2.99", "", 1601}, "to-ids": toIDS("10.0.0.5", 1602)},
		Wire0: []Frame{
			frame("TCP", traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame(), skipped),
			frame("UDP", udpFrame(web1, client, 100), egress("to-ids")),
			frame("long TCP", traffic.From(web1).To(client).TCP(80, 40000).Payload(traffic.HTTPResponse(1000)).Frame(), skipped),
		},
		Report: []Counters{
			{Session: "to-nowhere", Direction: "egress", Matched: 2, Skipped: map[string]int{"unresolved": 2}},
			{Session: "to-ids", Direction: "egress", Matched: 1, Mirrored: 1},
			{Session: "to-ids", Direction: "ingress"},
		},
	}
}

func wholePort() Case {
	out, in := egress("segment-to-ids"), ingress("segment-to-ids")
	return Case{
		Name: "018_whole_port",
		About: `A source without MAC is everything on its port: what enters is egress, what leaves is
ingress, broadcast and multicast included. web-1 is a source of its own there, and the more specific one
takes its unicast frames. The whole-port source has no address, so its copies come from the tunnel's.`,
		Resources: `
[[interface]]
name = "segment"
port = "wire0"
` + interfaceWeb1 + targetIDS + targetRecorder + filterEverything + `
[[session]]
name = "segment-to-ids"
source = "segment"
target = "ids"
filter = "everything"
number = 1
vni = 1801

[[session]]
name = "web-1-to-recorder"
source = "web-1"
target = "recorder"
filter = "everything"
number = 1
vni = 1802
`,
		Outer: map[string]Outer{"segment-to-ids": toIDS(tunnelAddress, 1801), "web-1-to-recorder": toRecorder("10.0.0.5", 1802)},
		Wire0: []Frame{
			frame("db-1 to client", udpFrame(db1, client, 200), out),
			frame("db-1 broadcasts", traffic.From(db1).To(traffic.Broadcast).UDP(9999, 9999).Payload([]byte("hello all")).Frame(), out),
			frame("db-1 to the mDNS group", traffic.From(db1).To(traffic.MDNS).UDP(5353, 5353).Payload(traffic.DNSQuery("printer.local")).Frame(), out),
			frame("web-1 to client: the more specific source", udpFrame(web1, client, 200), egress("web-1-to-recorder")),
			frame("db-1 asks by ARP", traffic.ARPRequest(db1, router)),
			frame("db-1 announces itself by LLDP, which is not IP", traffic.LLDP(db1)),
		},
		Wire1: []Frame{
			frame("client to db-1", udpFrame(client, db1, 300), in),
			frame("app-1 broadcasts: it leaves through wire0", traffic.From(app1).To(traffic.Broadcast).UDP(9999, 9999).Frame(), in),
			frame("app-1 to the mDNS group", traffic.From(app1).To(traffic.MDNS).UDP(5353, 5353).Payload(traffic.DNSQuery("printer.local")).Frame(), in),
			frame("client to web-1: the more specific source", udpFrame(client, web1, 300), ingress("web-1-to-recorder")),
		},
		Report: []Counters{
			{Session: "segment-to-ids", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "segment-to-ids", Direction: "ingress", Matched: 3, Mirrored: 3},
			{Session: "web-1-to-recorder", Direction: "egress", Matched: 1, Mirrored: 1},
			{Session: "web-1-to-recorder", Direction: "ingress", Matched: 1, Mirrored: 1},
		},
	}
}
