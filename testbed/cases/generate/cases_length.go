package main

import "mirrorgw/testbed/traffic"

func packetLength() Case {
	whole := egress("web-1-to-ids")
	return Case{
		Name: "005_packet_length_100",
		About: `A session with packet length 100 sends the first 100 bytes after the VXLAN header, counted
from the inner Ethernet header. Frames of up to 100 bytes are not truncated.`,
		Resources: interfaceWeb1 + targetIDS + filterEverything + everythingOfWeb1ToIDS + "packet_length = 100\n",
		Outer:     map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100)},
		Wire0: []Frame{
			frame("54 bytes", traffic.From(web1).To(client).TCP(80, 40000).SYNACK().Frame(), whole),
			frame("99 bytes", udpFrame(web1, client, 99), whole),
			frame("100 bytes", udpFrame(web1, client, 100), whole),
			frame("101 bytes", udpFrame(web1, client, 101), whole.CutTo(100)),
			frame("600 bytes", udpFrame(web1, client, 600), whole.CutTo(100)),
			frame("1514 bytes", udpFrame(web1, client, 1514), whole.CutTo(100)),
			frame("200 bytes with a VLAN tag",
				traffic.From(web1).To(client).VLAN(7).UDP(5000, 6000).Payload(traffic.Bytes("tagged", 154)).Frame(), whole.CutTo(100)),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 7, Mirrored: 7, Truncated: 4},
			{Session: "web-1-to-ids", Direction: "ingress"},
		},
	}
}

func targetMTU() Case {
	web, db := egress("web-1-to-ids"), egress("db-1-to-recorder")
	return Case{
		Name: "006_target_mtu",
		About: `Copies never exceed the target's MTU: the outer IP packet is the inner frame and 36 bytes.
A target of MTU 600 takes inner frames of 564 bytes; one of MTU 1500 takes 1464. A packet length that is
shorter than what the MTU allows decides, a longer one does not.`,
		Resources: interfaceWeb1 + interfaceDB1 + targetIDS + "mtu = 600\n" + targetRecorder + "mtu = 1500\n" +
			filterEverything + everythingOfWeb1ToIDS + "packet_length = 1000\n" + `
[[session]]
name = "db-1-to-recorder"
source = "db-1"
target = "recorder"
filter = "everything"
number = 1
vni = 600
`,
		Outer: map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100), "db-1-to-recorder": toRecorder("10.0.0.6", 600)},
		Wire0: []Frame{
			frame("web-1, 564 bytes", udpFrame(web1, client, 564), web),
			frame("web-1, 565 bytes", udpFrame(web1, client, 565), web.CutTo(564)),
			frame("web-1, 1514 bytes", udpFrame(web1, client, 1514), web.CutTo(564)),
			frame("db-1, 1464 bytes", udpFrame(db1, client, 1464), db),
			frame("db-1, 1465 bytes", udpFrame(db1, client, 1465), db.CutTo(1464)),
			frame("db-1, 1514 bytes", udpFrame(db1, client, 1514), db.CutTo(1464)),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 3, Mirrored: 3, Truncated: 2},
			{Session: "db-1-to-recorder", Direction: "egress", Matched: 3, Mirrored: 3, Truncated: 2},
		},
	}
}

func jumbo() Case {
	web, db := egress("web-1-to-ids"), egress("db-1-to-recorder")
	c := Case{
		Name: "014_jumbo",
		About: `Jumbo frames (9,000 bytes of IP) arrive in several segments. They are mirrored whole to a
target whose MTU allows it and cut for one whose MTU is 1500; production is never cut.`,
		Resources: interfaceWeb1 + interfaceDB1 + targetIDS + "mtu = 9100\n" + targetRecorder + "mtu = 1500\n" +
			filterEverything + everythingOfWeb1ToIDS + `
[[session]]
name = "db-1-to-recorder"
source = "db-1"
target = "recorder"
filter = "everything"
number = 1
vni = 1400
`,
		Outer: map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100), "db-1-to-recorder": toRecorder("10.0.0.6", 1400)},
		Wire0: []Frame{
			frame("web-1, jumbo", udpFrame(web1, client, 9014), web),
			frame("web-1, short between jumbos", traffic.From(web1).To(client).Ping(1).Frame(), web),
			frame("web-1, 2049 bytes", udpFrame(web1, client, 2049), web),
			frame("web-1, 4096 bytes", udpFrame(web1, client, 4096), web),
			frame("db-1, jumbo", udpFrame(db1, client, 9014), db.CutTo(1464)),
		},
		Wire1: []Frame{
			frame("to web-1, jumbo", udpFrame(client, web1, 9014), ingress("web-1-to-ids")),
		},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 4, Mirrored: 4},
			{Session: "web-1-to-ids", Direction: "ingress", Matched: 1, Mirrored: 1},
			{Session: "db-1-to-recorder", Direction: "egress", Matched: 1, Mirrored: 1, Truncated: 1},
		},
	}
	c.Gateway = eal + c.wire("mtu = 9200\n") + tunnelPort("net_pcap2", "mtu = 9200\n") + neighbors
	return c
}
