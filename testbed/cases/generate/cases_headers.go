package main

import "mirrorgw/testbed/traffic"

func tags() Case {
	p := traffic.From(web1).To(client).UDP(5000, 6000).Payload([]byte("tagged"))
	back := traffic.From(client).To(web1).UDP(6000, 5000).Payload([]byte("tagged"))
	return Case{
		Name: "009_vlan_and_qinq",
		About: `Sources with a MAC and a VLAN: vlan is the VID of the outer tag (0x8100, 0x88a8 or 0x9100),
the most specific source wins, and a source without vlan takes any tag or none. Rules look behind up to
two tags; behind three there is nothing they match.`,
		Resources: `
[[interface]]
name = "web-1-vlan-100"
port = "wire0"
mac = "02:00:00:00:00:01"
vlan = 100
addresses = ["10.0.0.5"]

[[interface]]
name = "web-1-vlan-200"
port = "wire0"
mac = "02:00:00:00:00:01"
vlan = 200
addresses = ["10.0.0.6"]

[[interface]]
name = "web-1-rest"
port = "wire0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.7"]
` + targetIDS + `
[[filter]]
name = "udp"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "udp"
source_ports = "5000"
destination = "198.51.100.0/24"
[[filter.rule]]
direction = "ingress"
number = 10
action = "accept"
protocol = "udp"
destination_ports = "5000"
source = "198.51.100.0/24"

[[session]]
name = "vlan-100"
source = "web-1-vlan-100"
target = "ids"
filter = "udp"
number = 1
vni = 901

[[session]]
name = "vlan-200"
source = "web-1-vlan-200"
target = "ids"
filter = "udp"
number = 1
vni = 902

[[session]]
name = "rest"
source = "web-1-rest"
target = "ids"
filter = "udp"
number = 1
vni = 903
`,
		Outer: map[string]Outer{"vlan-100": toIDS("10.0.0.5", 901), "vlan-200": toIDS("10.0.0.6", 902), "rest": toIDS("10.0.0.7", 903)},
		Wire0: []Frame{
			frame("untagged", p.Frame(), egress("rest")),
			frame("802.1Q tag 100", p.VLAN(100).Frame(), egress("vlan-100")),
			frame("802.1Q tag 101", p.VLAN(101).Frame(), egress("rest")),
			frame("0x88a8 tag 200 around 0x8100 tag 100", p.QinQ(200, 100).Frame(), egress("vlan-200")),
			frame("0x88a8 tag 300 around 0x8100 tag 100", p.QinQ(300, 100).Frame(), egress("rest")),
			frame("0x9100 tag 200 around 0x8100 tag 100", p.VLAN(100).Tagged(0x9100, 200).Frame(), egress("vlan-200")),
			frame("two 0x8100 tags, 100 outside", p.VLAN(5).VLAN(100).Frame(), egress("vlan-100")),
			frame("three tags, 100 outside", p.VLAN(5).VLAN(6).VLAN(100).Frame()),
		},
		Wire1: []Frame{
			frame("inbound, tag 100", back.VLAN(100).Frame(), ingress("vlan-100")),
			frame("inbound, QinQ 200 around 100", back.QinQ(200, 100).Frame(), ingress("vlan-200")),
			frame("inbound, untagged", back.Frame(), ingress("rest")),
		},
		Report: []Counters{
			{Session: "vlan-100", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "vlan-200", Direction: "egress", Matched: 2, Mirrored: 2},
			{Session: "rest", Direction: "egress", Matched: 3, Mirrored: 3},
			{Session: "vlan-100", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "vlan-200", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "rest", Direction: "ingress", Matched: 1, Mirrored: 1},
		},
	}
}

func ipv6() Case {
	p := traffic.From(web1).To(client).OverIPv6()
	quic := func(p traffic.Packet) traffic.Packet { return p.UDP(443, 50000).Payload(traffic.QUICShort(1, 101)) }
	eight := p
	for range 8 {
		eight = eight.DestinationOptions()
	}
	out := egress("web-1-to-ids")
	return Case{
		Name: "010_ipv6",
		About: `IPv6 inside and outside. Ports are found behind hop-by-hop, routing, destination options,
authentication and atomic fragment headers, up to eight of them. The target has an IPv6 address: the
outer packet is IPv6 from the source's IPv6 address, with a UDP checksum, and 56 bytes longer than the
inner frame, so that MTU 1500 takes 1444 bytes.`,
		Resources: interfaceWeb1 + `
[[target]]
name = "ids6"
address = "2001:db8::10"
mtu = 1500

[[filter]]
name = "six"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "udp"
source_ports = "443"
source = "2001:db8:1::/48"
destination = "::/0"
[[filter.rule]]
direction = "egress"
number = 20
action = "accept"
protocol = 58
source = "::/0"
destination = "::/0"

[[session]]
name = "web-1-to-ids"
source = "web-1"
target = "ids6"
filter = "six"
number = 1
vni = 16777215
`,
		Outer: map[string]Outer{"web-1-to-ids": {"2001:db8:1::5", ids6, ids6MAC, 16777215}},
		Wire0: []Frame{
			frame("UDP", quic(p).Frame(), out),
			frame("UDP behind hop-by-hop options", quic(p.HopByHop()).Frame(), out),
			frame("UDP behind hop-by-hop, destination options, routing", quic(p.HopByHop().DestinationOptions().Routing()).Frame(), out),
			frame("UDP behind an authentication header", quic(p.AH()).Frame(), out),
			frame("UDP behind an atomic fragment header", quic(p.AtomicFragment()).Frame(), out),
			frame("UDP behind eight headers", quic(eight).Frame(), out),
			frame("UDP behind nine headers", quic(eight.DestinationOptions()).Frame()),
			frame("UDP of another port", p.HopByHop().UDP(444, 50000).Frame()),
			frame("ICMPv6 echo", p.Ping(1).Payload([]byte("ping")).Frame(), out),
			frame("TCP", p.TCP(443, 50000).SYNACK().Frame()),
			frame("UDP over IPv4", traffic.From(web1).To(client).UDP(443, 50000).Frame()),
			frame("UDP of 1444 bytes", p.UDP(443, 50000).Payload(traffic.Bytes("fits", 1444-62)).Frame(), out),
			frame("UDP of 1514 bytes", p.UDP(443, 50000).Payload(traffic.Bytes("long", 1514-62)).Frame(), out.CutTo(1444)),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 9, Mirrored: 9, Truncated: 1},
			{Session: "web-1-to-ids", Direction: "ingress"},
		},
	}
}

func fragmentation() Case {
	pieces := func(id uint32, port uint16) traffic.Packet {
		return traffic.From(web1).To(client).ID(id).UDP(5000, port).Payload(traffic.Bytes("fragments", 2000))
	}
	four, six := pieces(0x1234, 6000).Fragments(800), pieces(0x1234, 6000).OverIPv6().Fragments(800)
	other, late, ntp := pieces(0x1235, 6001).Fragments(800), pieces(0x1236, 6000).Fragments(800), pieces(0x1237, 123).Fragments(800)
	ports, rest := egress("ports"), egress("rest")
	return Case{
		Name: "011_fragments",
		About: `Only the first fragment of a datagram has ports: session 1, whose rule has ports, mirrors it,
and the others have its outcome. One that comes before its first is judged by itself: session 2, whose
rule has only a protocol, mirrors it. Fragments of NTP are never mirrored, as their first. All
fragments of one datagram leave with the same outer source port.`,
		Resources: interfaceWeb1 + targetIDS + targetRecorder + `
[[filter]]
name = "port-6000"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "udp"
destination_ports = "6000"

[[filter]]
name = "udp"
[[filter.rule]]
direction = "egress"
number = 10
action = "accept"
protocol = "udp"

[[session]]
name = "ports"
source = "web-1"
target = "ids"
filter = "port-6000"
number = 1
vni = 1101

[[session]]
name = "rest"
source = "web-1"
target = "recorder"
filter = "udp"
number = 2
vni = 1102
`,
		Outer: map[string]Outer{"ports": toIDS("10.0.0.5", 1101), "rest": toRecorder("10.0.0.5", 1102)},
		Wire0: []Frame{
			frame("IPv4, first fragment", four[0], ports),
			frame("IPv4, second fragment", four[1], ports),
			frame("IPv4, last fragment", four[2], ports),
			frame("IPv6, first fragment", six[0], ports),
			frame("other port, first fragment", other[0], rest),
			frame("IPv6, second fragment", six[1], ports),
			frame("other port, second fragment", other[1], rest),
			frame("IPv6, last fragment", six[2], ports),
			frame("a last fragment before its first", late[2], rest),
			frame("its first fragment", late[0], ports),
			frame("its second fragment", late[1], ports),
			frame("NTP, first fragment", ntp[0]),
			frame("NTP, second fragment", ntp[1]),
			frame("not fragmented, same ports", udpFrame(web1, client, 100), ports),
			frame("not fragmented, other port", traffic.From(web1).To(client).UDP(5000, 6001).Frame(), rest),
		},
		Report: []Counters{
			{Session: "ports", Direction: "egress", Matched: 9, Mirrored: 9},
			{Session: "rest", Direction: "egress", Matched: 4, Mirrored: 4},
		},
	}
}
