package main

import "mirrorgw/testbed/traffic"

func cases() []Case {
	return []Case{
		inboundTCP(), tcpAndUDP(), nonLocal(), sessionOrder(), packetLength(), targetMTU(),
		neverMirrored(), amazonDNS(), tags(), ipv6(), fragmentation(), bothSides(),
		tap(), jumbo(), rejectFirst(), unresolved(), malformed(), wholePort(), sampling(),
	}
}

// http is a request of the client to web-1 with its answer.
func http() *traffic.Conversation {
	return traffic.Dial(client, 40000, web1, 80, nil).
		Asks(traffic.HTTPRequest("web-1", "/")).Answers(traffic.HTTPResponse(2000)).Closes()
}

func inboundTCP() Case {
	toWeb := ingress("web-1-to-a")
	return Case{
		Name: "001_seed_inbound_tcp",
		About: `The first worked example of the specification: inbound TCP of one interface goes to one
monitoring appliance (Target A). Outbound segments of the same connections, other protocols, IPv6
(the rule's CIDR blocks are IPv4) and TCP to another host are not mirrored.`,
		Resources: interfaceWeb1 + `
[[target]]
name = "target-a"
address = "192.0.2.10"

[[filter]]
name = "filter-1"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
description = "TCP Rule"

[[session]]
name = "web-1-to-a"
source = "web-1"
target = "target-a"
filter = "filter-1"
number = 1
vni = 100
`,
		Outer: map[string]Outer{"web-1-to-a": {"10.0.0.5", ids, idsMAC, 100}},
		Wire0: join(
			frames("web-1 answers in the HTTP connection", http().By(web1)),
			[]Frame{frame("web-1 opens a connection of its own", traffic.From(web1).To(client).TCP(50000, 443).SYN().Frame())},
		),
		Wire1: join(
			frames("client asks in the HTTP connection", http().By(client), toWeb),
			[]Frame{
				frame("answer to web-1's own connection", traffic.From(client).To(web1).TCP(443, 50000).SYNACK().Frame(), toWeb),
				frame("inbound UDP", traffic.From(client).To(web1).UDP(5000, 6000).Payload([]byte("udp")).Frame()),
				frame("inbound ping", traffic.From(client).To(web1).Ping(1).Frame()),
				frame("inbound TCP over IPv6", traffic.From(client).To(web1).OverIPv6().TCP(40001, 80).SYN().Frame()),
				frame("inbound TCP of db-1", traffic.From(client).To(db1).TCP(40002, 80).SYN().Frame()),
			},
		),
		// Six of the HTTP connection (SYN, ACK, request, ACK, FIN, ACK) and one SYN-ACK.
		Report: []Counters{
			{Session: "web-1-to-a", Direction: "ingress", Matched: 7, Mirrored: 7},
			{Session: "web-1-to-a", Direction: "egress"},
		},
	}
}

func tcpAndUDP() Case {
	return Case{
		Name: "002_seed_tcp_and_udp",
		About: `The second worked example of the specification: of one interface, inbound TCP goes to
appliance A (session 1) and inbound UDP to appliance B (session 2).`,
		Resources: interfaceWeb1 + `
[[target]]
name = "target-a"
address = "192.0.2.10"

[[target]]
name = "target-b"
address = "192.0.2.20"

[[filter]]
name = "filter-1"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
description = "TCP Rule"

[[filter]]
name = "filter-2"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = 17
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
description = "UDP Rule"

[[session]]
name = "tcp-to-a"
source = "web-1"
target = "target-a"
filter = "filter-1"
number = 1
vni = 101

[[session]]
name = "udp-to-b"
source = "web-1"
target = "target-b"
filter = "filter-2"
number = 2
vni = 102
`,
		Outer: map[string]Outer{"tcp-to-a": toIDS("10.0.0.5", 101), "udp-to-b": toRecorder("10.0.0.5", 102)},
		Wire0: []Frame{
			frame("outbound TCP", traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame()),
			frame("outbound UDP", traffic.From(web1).To(client).UDP(443, 50000).Payload(traffic.QUICShort(1, 60)).Frame()),
		},
		Wire1: []Frame{
			frame("inbound SYN", traffic.From(client).To(web1).TCP(40000, 80).SYN().Frame(), ingress("tcp-to-a")),
			frame("inbound QUIC-like datagram", traffic.From(client).To(web1).UDP(50000, 443).Payload(traffic.QUICInitial(1)).Frame(), ingress("udp-to-b")),
			frame("inbound TLS-like segment", traffic.From(client).To(web1).TCP(40000, 443).Payload(traffic.TLSClientHello("web-1")).Frame(), ingress("tcp-to-a")),
			frame("inbound ping", traffic.From(client).To(web1).Ping(1).Frame()),
			frame("inbound SCTP", traffic.From(client).To(web1).SCTP(1, 2).Payload([]byte("sctp")).Frame()),
		},
		Report: []Counters{
			{Session: "tcp-to-a", Direction: "ingress", Matched: 2, Mirrored: 2},
			{Session: "udp-to-b", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "tcp-to-a", Direction: "egress"},
			{Session: "udp-to-b", Direction: "egress"},
		},
	}
}

func nonLocal() Case {
	out, in := egress("web-1-to-a"), ingress("web-1-to-a")
	return Case{
		Name: "003_seed_non_local",
		About: `The third worked example of the specification: everything except traffic within the VPC
(10.0.0.0/16). Rule 10 rejects what stays inside, rule 20 accepts the rest; protocol is all.`,
		Resources: interfaceWeb1 + `
[[target]]
name = "target-a"
address = "192.0.2.10"

[[filter]]
name = "filter-f"
[[filter.rule]]
direction = "egress"
number = 10
action = "reject"
source = "0.0.0.0/0"
destination = "10.0.0.0/16"
description = "Reject all intra-VPC traffic"
[[filter.rule]]
direction = "egress"
number = 20
action = "accept"
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
description = "Accept all outbound traffic"
[[filter.rule]]
direction = "ingress"
number = 10
action = "reject"
source = "10.0.0.0/16"
destination = "0.0.0.0/0"
description = "Reject all intra-VPC traffic"
[[filter.rule]]
direction = "ingress"
number = 20
action = "accept"
source = "0.0.0.0/0"
destination = "0.0.0.0/0"
description = "Accept all inbound traffic"

[[session]]
name = "web-1-to-a"
source = "web-1"
target = "target-a"
filter = "filter-f"
number = 1
vni = 300
`,
		Outer: map[string]Outer{"web-1-to-a": toIDS("10.0.0.5", 300)},
		Wire0: []Frame{
			frame("web-1 to app-1, inside", traffic.From(web1).To(app1).TCP(50000, 5432).SYN().Frame()),
			frame("web-1 to the Internet", traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame(), out),
			frame("web-1 pings the Internet", traffic.From(web1).To(client).Ping(1).Frame(), out),
			frame("web-1 to 10.1.0.9, the neighbouring block",
				traffic.From(web1).To(traffic.NewHost("other VPC", router.MAC.String(), "10.1.0.9")).UDP(1000, 2000).Frame(), out),
			frame("web-1 to the Internet over IPv6", traffic.From(web1).To(client).OverIPv6().TCP(80, 40000).SYNACK().Frame()),
		},
		Wire1: []Frame{
			frame("app-1 to web-1, inside", traffic.From(app1).To(web1).TCP(5432, 50000).SYNACK().Frame()),
			frame("the Internet to web-1", traffic.From(client).To(web1).TCP(40000, 80).SYN().Frame(), in),
			frame("UDP from the Internet to web-1", udpFrame(client, web1, 100), in),
			frame("the Internet to db-1", traffic.From(client).To(db1).TCP(40000, 80).SYN().Frame()),
		},
		Report: []Counters{
			{Session: "web-1-to-a", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "web-1-to-a", Direction: "ingress", Matched: 2, Mirrored: 2},
		},
	}
}

func sessionOrder() Case {
	tls := traffic.Dial(client, 40001, web1, 443, nil).
		Asks(traffic.TLSClientHello("web-1")).Answers(traffic.TLSApplicationData(1800)).Closes()
	return Case{
		Name: "004_session_order",
		About: `HTTP goes to one tool in a session of higher priority, all other TCP to another tool in a
session of lower priority. Sessions are tried by ascending number, whatever the order in the file, and
a frame is mirrored once.`,
		Resources: interfaceWeb1 + targetIDS + targetRecorder + `
[[filter]]
name = "http"
[[filter.rule]]
direction = "ingress"
number = 10
action = "accept"
protocol = "tcp"
destination_ports = "80"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "tcp"
source_ports = "80"

[[filter]]
name = "tcp"
[[filter.rule]]
direction = "ingress"
number = 10
action = "accept"
protocol = "tcp"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "tcp"

[[session]]
name = "tcp-to-recorder"
source = "web-1"
target = "recorder"
filter = "tcp"
number = 20
vni = 402

[[session]]
name = "http-to-ids"
source = "web-1"
target = "ids"
filter = "http"
number = 10
vni = 401
`,
		Outer: map[string]Outer{"http-to-ids": toIDS("10.0.0.5", 401), "tcp-to-recorder": toRecorder("10.0.0.5", 402)},
		Wire0: join(
			frames("web-1 in HTTP", http().By(web1), egress("http-to-ids")),
			frames("web-1 in TLS", tls.By(web1), egress("tcp-to-recorder")),
			[]Frame{frame("web-1 asks another HTTP server: its source port is not 80",
				traffic.From(web1).To(client).TCP(50000, 80).SYN().Frame(), egress("tcp-to-recorder"))},
		),
		Wire1: join(
			frames("client in HTTP", http().By(client), ingress("http-to-ids")),
			frames("client in TLS", tls.By(client), ingress("tcp-to-recorder")),
			[]Frame{frame("UDP to port 80", traffic.From(client).To(web1).UDP(5000, 80).Frame())},
		),
		Report: []Counters{
			{Session: "http-to-ids", Direction: "ingress", Matched: 6, Mirrored: 6},
			{Session: "http-to-ids", Direction: "egress", Matched: 5, Mirrored: 5},
			{Session: "tcp-to-recorder", Direction: "ingress", Matched: 6, Mirrored: 6},
			{Session: "tcp-to-recorder", Direction: "egress", Matched: 6, Mirrored: 6},
		},
	}
}
