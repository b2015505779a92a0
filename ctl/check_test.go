package ctl

import (
	"net/netip"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/rules"
)

func named(name string) Common { return Common{Name: name, Account: DefaultAccount} }

// TestCheck judges records that were never text: one row per rule that text cannot break.
func TestCheck(t *testing.T) {
	addr := netip.MustParseAddr
	tcp := func(change func(*Rule)) *Filter {
		r := &Rule{Rule: rules.Rule{Number: 1, Protocol: rules.ProtocolTCP}}
		change(r)
		return &Filter{Common: named("f"), Rules: []*Rule{r}}
	}
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		record    interface{ Check(*problem.List) }
		code, key string
		want      string
	}{
		{&Interface{Common: named("")}, api.CodeMissingValue, "name", `interface "": name is missing; choose one like "web-1"`},
		{&Interface{Common: named("a"), HasMAC: true}, api.CodeInvalidValue, "mac", `interface "a": mac "00:00:00:00:00:00" is the zero address; write the interface's own address`},
		{&Interface{Common: named("a"), HasMAC: true, MAC: [6]byte{2}, VLAN: 4095}, api.CodeInvalidValue, "vlan", `interface "a": vlan 4095 is out of range; use a number from 1 to 4094`},
		{&Interface{Common: named("a"), Monitoring: "full"}, api.CodeInvalidValue, "monitoring", `interface "a": monitoring "full" is not known; use one of: basic, detailed`},
		{&Interface{Common: named("a"), Addresses: []netip.Addr{addr("::ffff:10.0.0.1")}}, api.CodeInvalidValue, "addresses", `interface "a": address "::ffff:10.0.0.1" is IPv4 in IPv6 notation; write 10.0.0.1`},
		{&Interface{Common: named("a"), Zone: long}, api.CodeInvalidValue, "zone", `interface "a": zone has 300 characters; shorten it to at most 128`},
		{&Interface{Common: named("a"), Image: "\xff"}, api.CodeInvalidValue, "image", `interface "a": image is not text; use UTF-8 without zero bytes`},
		{&Interface{Common: Common{Name: "a", Account: "1"}}, api.CodeInvalidValue, "account", `interface "a": account "1" is not an account number; write 12 digits`},
		{&Interface{Common: Common{Name: "a", Tags: map[string]string{"": "x"}}}, api.CodeInvalidValue, "tags", `interface "a" tags: tag "" has a key that is not allowed; use 1 to 128 characters that do not begin with aws:`},
		{&Target{Common: named("t")}, api.CodeMissingValue, "address", `target "t": the target points nowhere; give it an address, an interface or a load balancer`},
		{&Target{Common: named("t"), Interface: "a", LoadBalancer: "b"}, api.CodeInvalidValue, "", `target "t": the target has more than one of address, interface and load balancer; keep one`},
		{&Session{Common: named("s"), Target: "t", Filter: "f", Number: 1}, api.CodeMissingValue, "source", `session "s": source is missing; name an interface`},
		{&Session{Common: named("s"), Source: "a", Target: "t", Filter: "f"}, api.CodeMissingValue, "number", `session "s": session number is missing; use a number from 1 to 32766 such as 1, the lowest is tried first`},
		{&Session{Common: named("s"), Source: "a", Target: "t", Filter: "f", Number: 1, VNI: -1}, api.CodeInvalidValue, "vni", `session "s": VNI -1 is out of range; use a number from 1 to 16777215`},
		{&Session{Common: named("s"), Source: "a", Target: "t", Filter: "f", Number: 1, PacketLength: 65536}, api.CodeInvalidValue, "packet_length", `session "s": packet length 65536 is out of range; use a number from 1 to 65535`},
		{&Session{Common: named("s"), Source: "a", Target: "t", Filter: "f", Number: 1, SampleOneIn: 1}, api.CodeInvalidValue, "sample_one_in", `session "s": sample_one_in 1 is out of range; use a number from 2 to 1000000`},
		{&Session{Common: named("s"), Source: "a", Target: "t", Filter: "f", Number: 1, Limit: rules.Limit{PPS: -1}}, api.CodeInvalidValue, "rate_limit_pps", `session "s": rate limit (packets per second) -1 is out of range; use a number from 1 to 1000000000`},
		{&Target{Common: named("t"), Address: addr("10.0.0.1"), Limit: rules.Limit{BPS: 63_999}}, api.CodeInvalidValue, "rate_limit_bps", `target "t": rate limit (bits per second) 63999 is out of range; use a number from 64000 to 1000000000000`},
		{tcp(func(r *Rule) { r.Protocol = 256 }), api.CodeInvalidValue, "protocol", `filter "f" ingress rule 1: protocol 256 is out of range; use a number from 0 to 255, or -1 for all`},
		{tcp(func(r *Rule) { r.SrcPorts = &rules.PortRange{First: 2, Last: 1} }), api.CodeInvalidValue, "source_ports", `filter "f" ingress rule 1: source ports 2-1 run backwards; write 1-2`},
		{tcp(func(r *Rule) { r.Protocol, r.DstPorts = 1, &rules.PortRange{} }), api.CodeInvalidValue, "destination_ports", `filter "f" ingress rule 1: destination ports need protocol tcp or udp; set one of them or leave the ports out`},
		{tcp(func(r *Rule) { r.Source = netip.PrefixFrom(addr("10.0.0.1"), 8) }), api.CodeInvalidValue, "source", `filter "f" ingress rule 1: source "10.0.0.1/8" has bits set behind the prefix; write 10.0.0.0/8`},
		{tcp(func(r *Rule) { r.ID = "x" }), api.CodeInvalidValue, "id", `filter "f" ingress rule 1: id "x" is not the ID of a rule; write tmfr- and 17 digits of 0-9a-f, or leave it out to get one`},
		{&LoadBalancer{Common: named("b"), Listeners: []Listener{{"tcp", 1}}}, api.CodeInvalidValue, "listeners", `load balancer "b": listener protocol "tcp" is not known; use one of: udp`},
		{&LoadBalancer{Common: named("b"), Listeners: []Listener{{"udp", 1}, {"udp", 1}}}, api.CodeInvalidValue, "listeners", `load balancer "b": listener port 1 is named twice; keep one of the two`},
		{&LoadBalancer{Common: named("b"), Members: []Member{{Address: addr("10.0.0.1"), Weight: 256}}}, api.CodeInvalidValue, "member", `load balancer "b": weight 256 of member 10.0.0.1 is out of range; use a number from 0 to 255`},
		{&LoadBalancer{Common: named("b"), Members: []Member{{}}}, api.CodeMissingValue, "member", `load balancer "b": a member has no address; give it one like 192.0.2.10`},
		{&LoadBalancer{Common: named("b"), Health: &HealthCheck{Protocol: "icmp", Port: 1}}, api.CodeInvalidValue, "health", `load balancer "b": a health check by icmp has no port; leave the port out`},
		{&LoadBalancer{Common: named("b"), Health: &HealthCheck{Protocol: "tcp", Port: 80, Path: "/"}}, api.CodeInvalidValue, "health", `load balancer "b": a health check by tcp has no path; leave it out or use http`},
		{&LoadBalancer{Common: named("b"), Health: &HealthCheck{Protocol: "http", Port: 80, Path: "/", IntervalSeconds: 301}}, api.CodeInvalidValue, "health", `load balancer "b": health check interval 301 is out of range; use a number from 1 to 300`},
	} {
		var problems problem.List
		test.record.Check(&problems)
		err, ok := problems.Err().(*problem.Error)
		if !ok {
			t.Errorf("accepted, want %s", test.want)
			continue
		}
		if p := err.Problems[0]; len(err.Problems) != 1 || err.Error() != test.want || p.Code != test.code || p.Key != test.key {
			t.Errorf("got  %s (%s, %s)\nwant %s (%s, %s)", err, p.Code, p.Key, test.want, test.code, test.key)
		}
	}
}

// everything is a document with every key of every kind.
const everything = `[[interface]]
name = "db"
id = "eni-0123456789abcdef0"
account = "123456789012"
description = "quotes \" and\nlines"
tags = { "Name" = "db", "cost\tcenter" = "7é" }
port = "tap0"
mac = "02:00:00:00:00:09"
vlan = 12
addresses = ["10.0.0.9", "fd00::9"]
mtu = 9000
zone = "a"
instance = "i-9"
image = "ami-9"
instance_type = "m5.metal"
autoscaling_group = "dbs"
monitoring = "detailed"

[[load_balancer]]
name = "tools"
cross_zone = true
[[load_balancer.listeners]]
protocol = "udp"
port = 4789
[load_balancer.health]
protocol = "http"
port = 80
path = "/healthy"
interval = 10
timeout = 5
healthy_threshold = 2
unhealthy_threshold = 3
[[load_balancer.member]]
address = "192.0.2.20"
zone = "a"
weight = 0
[[load_balancer.member]]
address = "192.0.2.21"
draining = true

[[target]]
name = "nic"
interface = "eni-0123456789abcdef0"
mtu = 1500

[[target]]
name = "lb"
load_balancer = "tools"
rate_limit_pps = 1
rate_limit_bps = 64000

[[filter]]
name = "f"
services = ["amazon-dns"]
[[filter.rule]]
id = "tmfr-0123456789abcdef0"
direction = "egress"
number = 7
action = "reject"
protocol = "udp"
source_ports = 53
destination_ports = "1024-65535"
source = "fd00::/8"
description = "r"
tags = { "k" = "v" }

[[session]]
name = "s"
source = "a"
target = "nic"
filter = "f"
number = 1
vni = 2
packet_length = 3
sample_one_in = 10
rate_limit_pps = 4
rate_limit_bps = 1000000000000
`

// TestEncode: what is written is what was read.
func TestEncode(t *testing.T) {
	doc, err := ParseDocument("x", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	want := strings.ReplaceAll(everything, `\t`, `\u0009`)
	if err := doc.Encode(&text); err != nil || text.String() != want {
		t.Errorf("Encode: %v\n%s", err, text.String())
	}
}

// FuzzParseDocument: whatever is accepted can be written and read back to the identity.
func FuzzParseDocument(f *testing.F) {
	f.Add(good)
	f.Add(everything)
	f.Add("[[session]]\nname = \"s\"\nnumber = 1e3\n[[interface]]\ntags = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := ParseDocument("x", []byte(text))
		if err != nil {
			return
		}
		var first, second strings.Builder
		if err := doc.Encode(&first); err != nil {
			t.Fatal(err)
		}
		again, err := ParseDocument("y", []byte(first.String()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first.String())
		}
		if err := again.Encode(&second); err != nil || first.String() != second.String() {
			t.Fatalf("%v: read back as\n%s\nwas\n%s", err, second.String(), first.String())
		}
		if len(doc.Sessions) != len(again.Sessions) || len(doc.Interfaces) != len(again.Interfaces) || len(doc.Filters) != len(again.Filters) {
			t.Fatal("records are missing")
		}
		for i, r := range doc.Interfaces {
			if !r.Equal(again.Interfaces[i]) {
				t.Fatalf("interface %+v read back as %+v", r, again.Interfaces[i])
			}
		}
		for i, r := range doc.Sessions {
			if !r.Equal(again.Sessions[i]) {
				t.Fatalf("session %+v read back as %+v", r, again.Sessions[i])
			}
		}
	})
}
