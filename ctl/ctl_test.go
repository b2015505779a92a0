package ctl

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/rules"
)

// good is the resources.toml of the user's guide, and one more of each.
const good = `[[interface]]
name = "web-1"
port = "wire0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.5"]

[[interface]]
name = "zeek"
mac = "02:00:00:00:02:10"
addresses = ["192.0.2.10"]
instance = "i-1"

[[target]]
name = "ids"
address = "192.0.2.10"
mtu = 1600

[[filter]]
name = "web"
services = ["amazon-dns"]
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
source = "0.0.0.0/0"
destination = "10.0.0.0/16"
destination_ports = "80-443"
[[filter.rule]]
direction = "egress"
number = 100
action = "reject"

[[session]]
name = "web-1-to-ids"
source = "web-1"
target = "ids"
filter = "web"
number = 1
vni = 100
packet_length = 128
`

func TestEveryKey(t *testing.T) {
	doc, err := ParseDocument("resources.toml", []byte(`
[[interface]]
id = "eni-0123456789abcdef0"
name = "db"
description = "the database"
port = "tap0"
mac = "02:00:00:00:00:09"
vlan = 12
addresses = ["10.0.0.9", "fd00::9"]
mtu = 9000
account = "123456789012"
zone = "a"
instance = "i-9"
image = "ami-9"
instance_type = "m5.metal"
autoscaling_group = "dbs"
monitoring = "detailed"
tags = { Name = "db", "cost center" = "7" }
[[target]]
id = "tmt-0123456789abcdef0"
name = "nic"
interface = "eni-0123456789abcdef0"
description = "d"
[target.tags]
k = "v"
[[filter]]
name = "f"
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
`))
	if err != nil {
		t.Fatal(err)
	}
	i := *doc.Interfaces[0]
	want := Interface{Common: Common{ID: "eni-0123456789abcdef0", Name: "db", Account: "123456789012", Description: "the database",
		Tags: map[string]string{"Name": "db", "cost center": "7"}}, Port: "tap0", MAC: [6]byte{2, 0, 0, 0, 0, 9}, HasMAC: true, VLAN: 12,
		Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("fd00::9")}, MTU: 9000, Zone: "a", Instance: "i-9",
		Image: "ami-9", InstanceType: "m5.metal", AutoscalingGroup: "dbs", Monitoring: "detailed"}
	ignoreSource := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".src" }, cmp.Ignore())
	comparable := cmp.Options{ignoreSource, cmp.AllowUnexported(Common{}, Rule{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}
	if diff := cmp.Diff(want, i, comparable); diff != "" {
		t.Error(diff)
	}
	if target := doc.Targets[0]; target.Interface != i.ID || target.Tags["k"] != "v" || target.Account != DefaultAccount {
		t.Errorf("target is %+v", target)
	}
	wantRule := Rule{Rule: rules.Rule{ID: "tmfr-0123456789abcdef0", Direction: rules.Egress, Number: 7, Action: rules.Reject, Protocol: 17,
		SrcPorts: &rules.PortRange{First: 53, Last: 53}, DstPorts: &rules.PortRange{First: 1024, Last: 65535},
		Source: netip.MustParsePrefix("fd00::/8"), Description: "r"}}
	if diff := cmp.Diff(wantRule, *doc.Filters[0].Rules[0], comparable); diff != "" {
		t.Error(diff)
	}
}

func TestProtocols(t *testing.T) {
	for text, want := range map[string]int{"tcp": 6, "UDP": 17, "icmp": 1, "icmpv6": 58, "ipv6-icmp": 58, "sctp": 132, "gre": 47,
		"0": 0, "255": 255, "-1": rules.ProtocolAny, "all": rules.ProtocolAny} {
		if got, err := ParseProtocol(text); err != nil || got != want {
			t.Errorf("ParseProtocol(%q) = %d, %v", text, got, err)
		}
	}
}

func TestLoadDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resources.toml")
	if _, err := LoadDocument(filepath.Dir(path)); err == nil || err.Error() != filepath.Dir(path)+": this is a directory; give the path of a file in it" {
		t.Errorf("directory: %v", err)
	}
	if _, err := LoadDocument(path); err == nil || err.Error() != path+": there is no such file; give the path of a resources.toml with --apply" {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if doc, err := LoadDocument(path); err != nil || len(doc.Sessions) != 1 {
		t.Errorf("LoadDocument = %v, %v", doc, err)
	}
}
