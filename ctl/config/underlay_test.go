package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oneNIC mirrors into the very network that it sits in front of.
const oneNIC = `[eal]
lcores = "1"
[gateway]
zone = "zone-a"
[[port]]
name = "lan"
device = "net_null0"
peer = "uplink"
repair_checksums = "on"
[[port]]
name = "uplink"
device = "net_null1"
peer = "lan"
tunnel = true
vlan = 7
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
[[port]]
name = "tun0"
device = "net_null2"
role = "tunnel"
addresses = ["198.51.100.1/24"]
[[route]]
prefix = "203.0.113.0/24"
via = "192.0.2.254"
[[route]]
prefix = "0.0.0.0/0"
via = "198.51.100.254"
port = "tun0"
[[route]]
prefix = "::/0"
via = "fe80::1"
port = "uplink"
[[neighbor]]
address = "192.0.2.254"
mac = "02:00:00:00:02:fe"
port = "uplink"
`

func TestUnderlay(t *testing.T) {
	c := parse(t, oneNIC)
	if lan, uplink, tun := c.Ports[0], c.Ports[1], c.Ports[2]; lan.Tunnel || lan.VLAN != 0 || lan.Repair != RepairOn || !uplink.Tunnel ||
		uplink.VLAN != 7 || uplink.Repair != RepairAuto || len(uplink.Addresses) != 2 || !tun.Tunnel || tun.VLAN != 0 {
		t.Errorf("ports are %+v", c.Ports)
	}
	if diff := cmp.Diff([]string{"uplink", "tun0"}, c.TunnelNames()); diff != "" || c.Zone != "zone-a" {
		t.Errorf("zone %q, tunnels: %s", c.Zone, diff)
	}
	want := []PlanRoute{{"203.0.113.0/24", "192.0.2.254", "uplink"}, {"0.0.0.0/0", "198.51.100.254", "tun0"}, {"::/0", "fe80::1", "uplink"}}
	if diff := cmp.Diff(want, c.Plan().Routes); diff != "" {
		t.Error(diff)
	}
	if c.Routes[1].Prefix != netip.MustParsePrefix("0.0.0.0/0") || c.Routes[1].Via != netip.MustParseAddr("198.51.100.254") {
		t.Errorf("routes are %+v", c.Routes)
	}
	if notices := c.Notices(); len(notices) != 0 {
		t.Errorf("notices: %v", notices)
	}
}

func TestPlanOfUnderlay(t *testing.T) {
	var out strings.Builder
	if err := parse(t, oneNIC).Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(out.String(), "state ")
	want := `         memory only
congestion     receive (auto, 100us), transmit, tunnel, mempool; recovery 10ms
zone           zone-a

PORT    ROLE         PEER    QUEUES  RX DESC  TX DESC  MTU       ADDRESSES                    DEVICE
lan     wire         uplink  1       1024     1024     driver's  -                            net_null0
uplink  wire+tunnel  lan     1       1024     1024     driver's  192.0.2.1/24 2001:db8::1/64  net_null1
tun0    tunnel       -       1       1024     1024     driver's  198.51.100.1/24              net_null2

repair_checksums of lan is on
copies leave uplink with VLAN 7

ROUTE           VIA             PORT
203.0.113.0/24  192.0.2.254     uplink
0.0.0.0/0       198.51.100.254  tun0
::/0            fe80::1         uplink
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLinkLocalRouter: with one tunnel port there is no question where it is.
func TestLinkLocalRouter(t *testing.T) {
	c := parse(t, good+"[[route]]\nprefix = \"::/0\"\nvia = \"fe80::1\"\n")
	if c.Routes[0].Port != "tun0" {
		t.Errorf("routes are %+v", c.Routes)
	}
}

func TestBadUnderlay(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"no prefix", `prefix = "203.0.113.0/24"`, ``, `gateway.toml:22: route 1: prefix is missing; add a line like prefix = "198.51.100.0/24"`},
		{"no via", `via = "192.0.2.254"`, ``, `gateway.toml:22: route 203.0.113.0/24: via is missing; add a line like via = "192.0.2.254"`},
		{"unknown key", `via = "192.0.2.254"`, `vias = "192.0.2.254"`, `gateway.toml:24: route 203.0.113.0/24: unknown key "vias"; did you mean "via"?`},
		{"host bits", `"203.0.113.0/24"`, `"203.0.113.9/24"`, `gateway.toml:23: route 203.0.113.9/24: prefix "203.0.113.9/24" has bits behind its length; write 203.0.113.0/24`},
		{"no length", `"203.0.113.0/24"`, `"203.0.113.9"`, `gateway.toml:23: route 203.0.113.9: prefix "203.0.113.9" has no length; write 203.0.113.9/32 for one host, or the network with its length`},
		{"nonsense", `"203.0.113.0/24"`, `"default"`, `gateway.toml:23: route default: prefix "default" is not a network; write one like 198.51.100.0/24, 2001:db8:1::/48 or 0.0.0.0/0`},
		{"mapped", `"203.0.113.0/24"`, `"::ffff:203.0.113.0/120"`, `gateway.toml:23: route ::ffff:203.0.113.0/120: prefix "::ffff:203.0.113.0/120" is IPv4 in IPv6 notation; write it as IPv4`},
		{"multicast", `"203.0.113.0/24"`, `"224.0.0.0/4"`, `gateway.toml:23: route 224.0.0.0/4: prefix "224.0.0.0/4" holds no address of a host that copies could go to; write a unicast network`},
		{"link-local", `"::/0"`, `"fe80::/64"`, `gateway.toml:30: route fe80::/64: prefix "fe80::/64" is link-local and never behind a router; remove the route`},
		{"families", `via = "192.0.2.254"`, `via = "2001:db8::2"`, `gateway.toml:24: route 203.0.113.0/24: prefix 203.0.113.0/24 and via 2001:db8::2 are of different families; give the router's IPv4 address`},
		{"via nonsense", `via = "192.0.2.254"`, `via = "router"`, `gateway.toml:24: route 203.0.113.0/24: via: address "router" is not an IP address; write one like 192.0.2.1 or 2001:db8::1`},
		{"via is us", `via = "192.0.2.254"`, `via = "192.0.2.1"`, `gateway.toml:24: route 203.0.113.0/24: via 192.0.2.1 is the address of our own port "uplink"; name the router's`},
		{"via elsewhere", `via = "192.0.2.254"`, `via = "192.0.9.254"`, `gateway.toml:24: route 203.0.113.0/24: via 192.0.9.254 is in no tunnel port's network; name a router that one reaches directly, or add an address of its network to a port`},
		{"via on another port", "via = \"198.51.100.254\"\nport = \"tun0\"", "via = \"198.51.100.254\"\nport = \"uplink\"", `gateway.toml:27: route 0.0.0.0/0: via 198.51.100.254 is not in a network of port "uplink"; name a router there, or add an address of its network to the port`},
		{"link-local via of unknown port", "via = \"fe80::1\"\nport = \"uplink\"", "via = \"fe80::1\"", `gateway.toml:29: route ::/0: port is missing and the link-local fe80::1 may be on any; add port = "NAME", one of: uplink, tun0`},
		{"route on a wire", "via = \"fe80::1\"\nport = \"uplink\"", "via = \"fe80::1\"\nport = \"lan\"", `gateway.toml:32: route ::/0: port "lan" is a wire port; name a tunnel port, one of: uplink, tun0`},
		{"prefix twice", `"203.0.113.0/24"`, `"0.0.0.0/0"`, `gateway.toml:26: route 0.0.0.0/0: the route at line 23 has this prefix already; keep one of the two`},
		{"connected prefix", `"203.0.113.0/24"`, `"198.51.100.0/24"`, `gateway.toml:23: route 198.51.100.0/24: the prefix is the network of our own port "tun0", where no router is needed; remove the route`},
		{"neighbour on a wire", "mac = \"02:00:00:00:02:fe\"\nport = \"uplink\"", "mac = \"02:00:00:00:02:fe\"\nport = \"lan\"", `gateway.toml:36: neighbor 192.0.2.254: port "lan" is a wire port; name a tunnel port, one of: uplink, tun0`},
		{"tunnel without address", `addresses = ["192.0.2.1/24", "2001:db8::1/64"]`, ``, `gateway.toml:10: port "uplink": a wire port with tunnel = true needs an address; add addresses = ["192.0.2.1/24"]`},
		{"tunnel switched off", `role = "tunnel"`, "role = \"tunnel\"\ntunnel = false", `gateway.toml:21: port "tun0": a tunnel port sends copies; remove tunnel = false, or give the port a peer`},
		{"tunnel on a tap", "peer = \"uplink\"\n", "role = \"tap\"\ntunnel = true\n", `gateway.toml:9: port "lan": nothing is sent on a tap port; remove tunnel, or use a wire port or one with role = "tunnel"`},
		{"vlan without tunnel", `repair_checksums = "on"`, `vlan = 3`, `gateway.toml:9: port "lan": vlan is the tag of copies and none leave here; remove it, or set tunnel = true on a wire port`},
		{"vlan", `vlan = 7`, `vlan = 4095`, `gateway.toml:15: port "uplink": vlan = 4095 is out of range; use a number from 1 to 4094`},
		{"repair", `repair_checksums = "on"`, `repair_checksums = "yes"`, `gateway.toml:9: port "lan": repair_checksums "yes" is not known; use one of: auto, on, off`},
		{"repair on a tunnel", `role = "tunnel"`, "role = \"tunnel\"\nrepair_checksums = \"off\"", `gateway.toml:21: port "tun0": nothing that arrives on a tunnel port is mirrored; move repair_checksums to the wire or tap port whose frames have partial checksums`},
		{"mtu of IPv6", `vlan = 7`, `mtu = 1279`, `gateway.toml:15: port "uplink": mtu = 1279 is too small for the IPv6 address 2001:db8::1; use 1280 or more`},
		{"zone", `zone = "zone-a"`, `zone = "` + strings.Repeat("z", 129) + `"`, `gateway.toml:4: [gateway]: zone has 129 characters or some that cannot be printed; use at most 128 printable ones`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("gateway.toml", []byte(change(t, oneNIC, test.old, test.new)))
			if got := message(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestReaches: which port leads to a neighbour is known, or not.
func TestReaches(t *testing.T) {
	c := parse(t, oneNIC)
	c.Routes = c.Routes[:1]
	for address, want := range map[string]bool{"192.0.2.9": true, "203.0.113.9": true, "10.0.0.1": false, "2001:db8::9": true, "2001:db8:9::1": false} {
		n := Neighbor{Address: netip.MustParseAddr(address)}
		if got := c.Reaches(&n); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
		if n.Port = "tun0"; !c.Reaches(&n) {
			t.Errorf("%s: the port is named", address)
		}
	}
}
