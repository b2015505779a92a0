package store

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

const gateway = `[eal]
lcores = "1"
[[port]]
name = "wire0"
device = "net_null0"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_null1"
peer = "wire0"
[[port]]
name = "tap0"
device = "net_null2"
role = "tap"
[[port]]
name = "tun0"
device = "net_null3"
role = "tunnel"
mtu = 9001
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"
[[neighbor]]
address = "198.51.100.7"
mac = "02:00:00:00:02:07"
`

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

func cfg(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("gateway.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// build applies a document to an empty store.
func build(t testing.TB, gatewayText, text string) (*rules.Resources, []string, error) {
	t.Helper()
	doc, err := ctl.ParseDocument("resources.toml", []byte(text))
	if err != nil {
		return nil, nil, err
	}
	r, warnings, err := Resources(doc, Options{Config: cfg(t, gatewayText)})
	texts := []string{}
	for _, w := range warnings {
		texts = append(texts, w.String())
	}
	return r, texts, err
}

func mustBuild(t testing.TB, gatewayText, text string) (*rules.Resources, []string) {
	t.Helper()
	r, warnings, err := build(t, gatewayText, text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Compile(r); err != nil {
		t.Fatalf("Compile refuses what the store accepts: %v", err)
	}
	return r, warnings
}

// change replaces the only occurrence of old.
func edited(t testing.TB, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times in the document", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

var compareNet = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ID" }, cmp.Ignore()),
}

func TestDocument(t *testing.T) {
	got, warnings := mustBuild(t, gateway, good)
	want := &rules.Resources{
		Ports: []rules.Port{
			{Name: "wire0", Role: rules.RoleWire, Peer: 1}, {Name: "wire1", Role: rules.RoleWire, Peer: 0},
			{Name: "tap0", Role: rules.RoleTap, Peer: rules.NoPeer}, {Name: "tun0", Role: rules.RoleTunnel, Peer: rules.NoPeer, Tunnel: true}},
		Exclude:    rules.ExcludeAll,
		Resolvers:  config.DefaultResolvers(),
		Interfaces: []rules.Interface{{Name: "web-1", Account: ctl.DefaultAccount, Port: 0, MAC: [6]byte{2, 0, 0, 0, 0, 1}, HasMAC: true, VLAN: rules.VLANAny}},
		Targets: []rules.Target{{Name: "ids", Address: netip.MustParseAddr("192.0.2.10"), MTU: 1600, Port: 3,
			NextHop: [6]byte{2, 0, 0, 0, 2, 0x10}, Resolved: true}},
		Filters: []rules.Filter{{Name: "web", AmazonDNS: true, Rules: []rules.Rule{
			{Direction: rules.Ingress, Number: 100, Action: rules.Accept, Protocol: 6, DstPorts: &rules.PortRange{First: 80, Last: 443},
				Source: netip.MustParsePrefix("0.0.0.0/0"), Destination: netip.MustParsePrefix("10.0.0.0/16")},
			{Direction: rules.Egress, Number: 100, Action: rules.Reject, Protocol: rules.ProtocolAny}}}},
		Sessions: []rules.Session{{Name: "web-1-to-ids", Account: ctl.DefaultAccount, Number: 1, VNI: 100, PacketLength: 128, OuterSource: netip.MustParseAddr("10.0.0.5")}},
	}
	if diff := cmp.Diff(want, got, compareNet); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 0 {
		t.Errorf("warnings: %q", warnings)
	}
	for _, id := range []string{got.Interfaces[0].ID, got.Targets[0].ID, got.Filters[0].ID, got.Filters[0].Rules[0].ID, got.Sessions[0].ID} {
		if !ctl.IsID(id) {
			t.Errorf("%q is not an ID", id)
		}
	}
}

func TestOuterSource(t *testing.T) {
	for name, test := range map[string]struct{ gateway, resources, want string }{
		"interface":            {gateway, good, "10.0.0.5"},
		"first of the family":  {gateway, edited(t, good, `["10.0.0.5"]`, `["fd00::1", "10.0.0.6", "10.0.0.7"]`), "10.0.0.6"},
		"none of the family":   {gateway, edited(t, good, `["10.0.0.5"]`, `["fd00::1"]`), "192.0.2.1"},
		"no addresses":         {gateway, edited(t, good, `addresses = ["10.0.0.5"]`, ``), "192.0.2.1"},
		"tunnel asked for":     {gateway + "[tunnel]\nouter_source = \"tunnel\"\n", good, "192.0.2.1"},
		"IPv6 from the tunnel": {gateway, edited(t, good, `address = "192.0.2.10"`, `address = "2001:db8::99"`), "2001:db8::1"},
	} {
		r, _ := mustBuild(t, test.gateway, test.resources)
		if got := r.Sessions[0].OuterSource.String(); got != test.want {
			t.Errorf("%s: outer source %s, want %s", name, got, test.want)
		}
	}
}

func TestWayToTarget(t *testing.T) {
	second := gateway + `
[[port]]
name = "tun1"
device = "net_null4"
role = "tunnel"
addresses = ["192.0.2.65/26", "203.0.113.1/24"]
`
	for name, test := range map[string]struct {
		gateway, address string
		port, mtu        int
		resolved         bool
	}{
		"network":                   {gateway, "192.0.2.10", 3, 1600, true},
		"longest prefix":            {second, "192.0.2.66", 4, 1500, false},
		"shorter prefix":            {second, "192.0.2.10", 3, 1600, true},
		"neighbour, one tunnel":     {gateway, "198.51.100.7", 3, 1600, true},
		"neighbour names the port":  {second + "[[neighbor]]\naddress = \"192.0.2.66\"\nmac = \"02:00:00:00:00:66\"\nport = \"tun0\"\n", "192.0.2.66", 3, 1600, true},
		"network without neighbour": {gateway, "192.0.2.11", 3, 1600, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := mustBuild(t, test.gateway, strings.Replace(good, `address = "192.0.2.10"`, `address = "`+test.address+`"`, 1))
			got := r.Targets[0]
			if got.Port != test.port || got.MTU != test.mtu || got.Resolved != test.resolved {
				t.Errorf("target is %+v", got)
			}
		})
	}
}

func TestTargetByInterface(t *testing.T) {
	r, _ := mustBuild(t, gateway, edited(t, good, `address = "192.0.2.10"`, `interface = "zeek"`))
	if r.Targets[0].Address.String() != "192.0.2.10" || !r.Targets[0].Resolved {
		t.Errorf("target is %+v", r.Targets[0])
	}
}

func TestPortMTU(t *testing.T) {
	noMTU := edited(t, gateway, "mtu = 9001\n", "")
	doc, err := ctl.ParseDocument("resources.toml", []byte(edited(t, good, "mtu = 1600\n", "")))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		gateway string
		kernel  map[string]int
		want    int
	}{
		"configured": {gateway, nil, 9001}, "default": {noMTU, nil, 1500},
		"kernel": {noMTU, map[string]int{"tun0": 1400}, 1400}, "kernel before configured": {gateway, map[string]int{"tun0": 1400}, 1400},
	} {
		r, _, err := Resources(doc, Options{Config: cfg(t, test.gateway), PortMTU: test.kernel})
		if err != nil || r.Targets[0].MTU != test.want {
			t.Errorf("%s: %v, %v", name, r.Targets[0].MTU, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	noLength := edited(t, good, "packet_length = 128\n", "")
	for _, test := range []struct{ name, resources, want string }{
		{"fits", noLength, ""},
		{"fits exactly", edited(t, noLength, "mtu = 1600", "mtu = 1550"), ""},
		{"one byte less", edited(t, noLength, "mtu = 1600", "mtu = 1549"), `resources.toml:37: session "web-1-to-ids": frames of interface "web-1" have up to 1514 bytes (mtu 1500) but copies to target "ids" have room for 1513 (mtu 1549), so longer ones are truncated; give the target and its port mtu 1550, lower the source's mtu to 1499 or set the packet length to 1513`},
		{"packet length cuts below", edited(t, good, "mtu = 1600", "mtu = 1000"), ""},
		{"packet length does not help", edited(t, edited(t, good, "mtu = 1600", "mtu = 1000"), "packet_length = 128", "packet_length = 965"), `resources.toml:37: session "web-1-to-ids": frames of interface "web-1" have up to 1514 bytes (mtu 1500) but copies to target "ids" have room for 964 (mtu 1000), so longer ones are truncated; give the target and its port mtu 1550, lower the source's mtu to 950 or set the packet length to 964`},
		{"source mtu", edited(t, noLength, `addresses = ["10.0.0.5"]`, "mtu = 9000"), `resources.toml:37: session "web-1-to-ids": frames of interface "web-1" have up to 9014 bytes (mtu 9000) but copies to target "ids" have room for 1564 (mtu 1600), so longer ones are truncated; give the target and its port mtu 9050, lower the source's mtu to 1550 or set the packet length to 1564`},
		{"tagged source", edited(t, edited(t, noLength, "mtu = 1600", "mtu = 1550"), `addresses = ["10.0.0.5"]`, "vlan = 7"), `resources.toml:37: session "web-1-to-ids": frames of interface "web-1" have up to 1518 bytes (mtu 1500) but copies to target "ids" have room for 1514 (mtu 1550), so longer ones are truncated; give the target and its port mtu 1554, lower the source's mtu to 1496 or set the packet length to 1514`},
		{"IPv6 target", edited(t, edited(t, noLength, `address = "192.0.2.10"`, `address = "2001:db8::7"`), "mtu = 1600", "mtu = 1569"), `resources.toml:37: session "web-1-to-ids": frames of interface "web-1" have up to 1514 bytes (mtu 1500) but copies to target "ids" have room for 1513 (mtu 1569), so longer ones are truncated; give the target and its port mtu 1570, lower the source's mtu to 1499 or set the packet length to 1513`},
		{"resolved while it runs", edited(t, good, `address = "192.0.2.10"`, `address = "192.0.2.12"`), ""},
		{"more than the port", edited(t, good, `mtu = 1600`, `mtu = 65000`), `resources.toml:16: target "ids": mtu 65000 is more than the 9001 of port "tun0", so copies are cut at 9001; raise the port's mtu or lower the target's`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, warnings := mustBuild(t, gateway, test.resources)
			if got := strings.Join(warnings, "\n"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
