package store

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// routed is gateway with one NIC more, networks behind routers, and a zone.
const routed = gateway + `[[port]]
name = "lan"
device = "net_null5"
peer = "wan"
[[port]]
name = "wan"
device = "net_null6"
peer = "lan"
tunnel = true
mtu = 1500
addresses = ["203.0.113.1/24"]
[[route]]
prefix = "10.9.0.0/16"
via = "192.0.2.254"
[[route]]
prefix = "10.9.8.0/24"
via = "203.0.113.254"
[[route]]
prefix = "2001:db8:9::/48"
via = "fe80::1"
port = "tun0"
[[neighbor]]
address = "203.0.113.254"
mac = "02:00:00:00:02:fe"
[gateway]
zone = "zone-g"
`

// spread is a load balancer with a target and a session of web-1.
const spread = `[[load_balancer]]
name = "lb"
listeners = [{port = 4789}]
cross_zone = true
health = {protocol = "http", port = 80, path = "/up", interval = 10, unhealthy_threshold = 3}
[[load_balancer.member]]
address = "192.0.2.10"
zone = "zone-a"
weight = 3
[[load_balancer.member]]
address = "10.9.8.7"
[[target]]
name = "spread"
load_balancer = "lb"
[[session]]
name = "spread"
source = "web-1"
target = "spread"
filter = "web"
number = 7
packet_length = 128
`

func TestRoutesToTargets(t *testing.T) {
	none, router, appliance := [6]byte{}, [6]byte{2, 0, 0, 0, 2, 0xfe}, [6]byte{2, 0, 0, 0, 2, 0x10}
	for address, want := range map[string]rules.Target{
		"192.0.2.10":     {Port: 3, MTU: 9001, NextHop: appliance, Resolved: true},
		"192.0.2.77":     {Port: 3, MTU: 9001, NextHop: none},
		"10.9.1.1":       {Port: 3, MTU: 9001, NextHop: none},
		"10.9.8.7":       {Port: 5, MTU: 1500, NextHop: router, Resolved: true},
		"203.0.113.9":    {Port: 5, MTU: 1500, NextHop: none},
		"203.0.113.254":  {Port: 5, MTU: 1500, NextHop: router, Resolved: true},
		"2001:db8:9::77": {Port: 3, MTU: 9001, NextHop: none},
	} {
		r, warnings := mustBuild(t, routed, edited(t, edited(t, good, "mtu = 1600\n", ""), `address = "192.0.2.10"`+"\n\n[[filter", fmt.Sprintf("address = %q\n\n[[filter", address)))
		want.ID, want.Name, want.Address = r.Targets[0].ID, "ids", netip.MustParseAddr(address)
		if r.Targets[0] != want {
			t.Errorf("target is %+v, want %+v", r.Targets[0], want)
		}
		if len(warnings) != 0 {
			t.Errorf("%s: %v", address, warnings)
		}
	}
}

// TestTunnelAddress: copies come from the address that the next hop knows, and from a wire port
// that sends them.
func TestTunnelAddress(t *testing.T) {
	tunnel := edited(t, routed, `"192.0.2.1/24", "2001:db8::1/64"`, `"198.51.100.1/24", "192.0.2.1/24", "fe80::5/64", "2001:db8::1/64"`) + "[tunnel]\nouter_source = \"tunnel\"\n"
	for address, want := range map[string]string{
		"192.0.2.10": "192.0.2.1", "198.51.100.9": "198.51.100.1", "10.9.1.1": "192.0.2.1", "10.9.8.7": "203.0.113.1",
		"2001:db8::7": "2001:db8::1", "2001:db8:9::7": "2001:db8::1", "fe80::9": "fe80::5",
	} {
		r, _ := mustBuild(t, tunnel, edited(t, good, "address = \"192.0.2.10\"\nmtu = 1600", fmt.Sprintf("address = %q", address)))
		if got := r.Sessions[0].OuterSource.String(); got != want {
			t.Errorf("copies to %s come from %s, want %s", address, got, want)
		}
	}
}

// TestWireIsSourceAndTunnel: one NIC is enough.
func TestWireIsSourceAndTunnel(t *testing.T) {
	r, warnings := mustBuild(t, routed, edited(t, edited(t, good, `port = "wire0"`, `port = "wan"`), "mtu = 1600\n", "mtu = 1400\n")+spread)
	if p := r.Ports[r.Interfaces[0].Port]; p.Name != "wan" || p.Role != rules.RoleWire || !p.Tunnel {
		t.Errorf("the source is on %+v", p)
	}
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestBalancer(t *testing.T) {
	r, warnings := mustBuild(t, routed, good+spread)
	target := r.Targets[1]
	want := &rules.Balancer{ID: target.Balancer.ID, Name: "lb", Listening: true, CrossZone: true,
		Health: &rules.Health{Protocol: "http", Port: 80, Path: "/up", Interval: 10 * time.Second, UnhealthyThreshold: 3},
		Members: []rules.Member{
			{Address: netip.MustParseAddr("192.0.2.10"), Port: 3, NextHop: [6]byte{2, 0, 0, 0, 2, 0x10}, Resolved: true, Zone: "zone-a", Weight: 3},
			{Address: netip.MustParseAddr("10.9.8.7"), Port: 5, NextHop: [6]byte{2, 0, 0, 0, 2, 0xfe}, Resolved: true, Weight: 1},
		}}
	if diff := cmp.Diff(want, target.Balancer, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if target.MTU != 1500 || target.Address.IsValid() {
		t.Errorf("target is %+v", target)
	}
	if s := r.Sessions[1]; s.Zone != "zone-g" || s.OuterSource.String() != "10.0.0.5" {
		t.Errorf("session is %+v", s)
	}
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
	zoned, _ := mustBuild(t, routed, edited(t, good, `port = "wire0"`, "port = \"wire0\"\nzone = \"zone-a\"")+spread)
	if zone := zoned.Sessions[1].Zone; zone != "zone-a" {
		t.Errorf("the session's zone is %q, not its source's", zone)
	}
}

// TestBalancedMTU: the least of the target's, the ports' and what a load balancer passes on.
func TestBalancedMTU(t *testing.T) {
	onePort := edited(t, spread, "[[load_balancer.member]]\naddress = \"10.9.8.7\"\n", "")
	for name, test := range map[string]struct {
		resources string
		mtu       int
	}{
		"8500 bytes":      {onePort, 8536},
		"8500 over IPv6":  {edited(t, onePort, `"192.0.2.10"`, `"2001:db8::7"`), 8556},
		"narrowest port":  {spread, 1500},
		"target":          {edited(t, onePort, `load_balancer = "lb"`, "load_balancer = \"lb\"\nmtu = 1400"), 1400},
		"without members": {edited(t, onePort, "[[load_balancer.member]]\naddress = \"192.0.2.10\"\nzone = \"zone-a\"\nweight = 3\n", ""), 8536},
	} {
		if r, _ := mustBuild(t, routed, good+test.resources); r.Targets[1].MTU != test.mtu {
			t.Errorf("%s: mtu %d, want %d", name, r.Targets[1].MTU, test.mtu)
		}
	}
}

func TestBalancerWarnings(t *testing.T) {
	members := spread[strings.Index(spread, "[[load_balancer.member]]"):strings.Index(spread, "[[target]]")]
	for _, test := range []struct{ name, old, new, want string }{
		{"no listener", "listeners = [{port = 4789}]\n", "", `resources.toml:42: load balancer "lb": it has no listener udp/4789, so copies are skipped (no-listener); add one to it`},
		{"another listener", "4789", "4790", `resources.toml:42: load balancer "lb": it has no listener udp/4789, so copies are skipped (no-listener); add one to it`},
		{"no members", members, "", `resources.toml:42: load balancer "lb": it has no members, so copies are skipped (target-down); add one to it`},
		{"no weight", members, "[[load_balancer.member]]\naddress = \"192.0.2.10\"\nweight = 0\n", `resources.toml:42: load balancer "lb": it has no member that takes flows, so copies are skipped (target-down); give one a weight and end its draining`},
		{"no way to one", `"10.9.8.7"`, `"10.8.8.7"`, `resources.toml:47: load balancer "lb": copies cannot be sent to 1 of 2 members, the others get their share; member 10.8.8.7: no route leads to 10.8.8.7; add a [[route]] whose prefix holds it to gateway.toml, or an address of its network to port "tun0"`},
		{"one is us", `"10.9.8.7"`, `"203.0.113.1"`, `resources.toml:47: load balancer "lb": copies cannot be sent to 1 of 2 members, the others get their share; member 203.0.113.1: 203.0.113.1 is the address of our own port "wan"; name the address of the monitoring appliance`},
		{"truncated", "packet_length = 128", "packet_length = 1470", `resources.toml:59: session "spread": frames of interface "web-1" have up to 1514 bytes (mtu 1500) but copies to target "spread" have room for 1464 (mtu 1500), so longer ones are truncated; give the target and its port mtu 1550, lower the source's mtu to 1450 or set the packet length to 1464`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, warnings := mustBuild(t, routed, good+edited(t, spread, test.old, test.new))
			if diff := cmp.Diff(test.want, strings.Join(warnings, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBalancedJumbo: a larger MTU does not help where the load balancer is the limit.
func TestBalancedJumbo(t *testing.T) {
	onePort := edited(t, spread, "[[load_balancer.member]]\naddress = \"10.9.8.7\"\n", "")
	jumbo := edited(t, good, `port = "wire0"`, "port = \"wire0\"\nmtu = 9000")
	_, warnings := mustBuild(t, routed, jumbo+edited(t, onePort, "packet_length = 128\n", ""))
	want := `resources.toml:58: session "spread": frames of interface "web-1" have up to 9014 bytes (mtu 9000) but copies to target "spread" have room for 8500 and load balancers never take more than 8500, so longer ones are truncated; lower the source's mtu to 8486 or set the packet length to 8500`
	if diff := cmp.Diff(want, strings.Join(warnings, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestBadBalancers(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"no way to any", "address = \"192.0.2.10\"\nzone = \"zone-a\"\nweight = 3\n[[load_balancer.member]]\naddress = \"10.9.8.7\"", "address = \"10.8.8.7\"",
			`resources.toml:50: target "spread": load balancer "lb" has no member that copies can be sent to: member 10.8.8.7: no route leads to 10.8.8.7; add a [[route]] whose prefix holds it to gateway.toml, or an address of its network to port "tun0"`},
		{"a member is mirrored", `"10.9.8.7"`, `"10.0.0.5"`,
			`resources.toml:35: session "web-1-to-ids": interface "web-1" is a source here and the target "spread" too; mirror another interface or send to another one`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := build(t, routed, edited(t, good, "mtu = 1600\n", "")+edited(t, spread, test.old, test.new))
			got := ""
			if err != nil {
				got, _, _ = strings.Cut(err.Error(), "\n")
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestBalancerChanges: a load balancer is the same object in all snapshots until it changes, and a
// change of it is in force like any other.
func TestBalancerChanges(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Config: cfg(t, routed), Publisher: p}, good+spread)
	defer s.Close()
	now := func() *rules.Balancer { return p.snapshot().Targets[1].Balancer }
	first := now()
	touch := func(f func(*ctl.LoadBalancer)) error {
		_, err := change(s, func(tx *Tx) error { return tx.PutLoadBalancer(edit(tx.LoadBalancer, "lb", f)) })
		return err
	}
	if err := touch(func(r *ctl.LoadBalancer) { r.Description = "other" }); err != nil || now() != first {
		t.Errorf("a description makes another load balancer of it (%v)", err)
	}
	if _, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }); err != nil || now() != first {
		t.Errorf("a session makes another load balancer of it (%v)", err)
	}
	own := func(r *ctl.LoadBalancer) { r.Members = r.Members[:0:0] }
	before := dump(s.st)
	if err := touch(func(r *ctl.LoadBalancer) { own(r); r.Name = "!" }); err == nil || now() != first || dump(s.st) != before {
		t.Errorf("a refused change leaves traces (%v)", err)
	}
	err := touch(func(r *ctl.LoadBalancer) {
		r.Members = append(append([]ctl.Member{}, r.Members...), ctl.Member{Address: netip.MustParseAddr("203.0.113.9"), Weight: 1})
	})
	if second := now(); err != nil || second == first || len(second.Members) != 3 || len(first.Members) != 2 {
		t.Errorf("members are %+v (%v)", second.Members, err)
	}
	if err := touch(own); err != nil || len(now().Members) != 0 {
		t.Errorf("members are %+v (%v)", now().Members, err)
	}
	if len(p.snapshot().Sessions) != 3 {
		t.Errorf("%d sessions are in force", len(p.snapshot().Sessions))
	}
}

// TestBalancerInUse: a load balancer goes with its targets, not before them; and a change of it
// that its target could not bear is refused.
func TestBalancerInUse(t *testing.T) {
	s := apply(t, Options{Config: cfg(t, routed)}, good+spread)
	defer s.Close()
	var id string
	s.Read(func(v *View) { r, _ := v.LoadBalancer("", "lb"); id = r.ID })
	_, err := change(s, func(tx *Tx) error { return tx.Delete(KindLoadBalancer, id) })
	if want := `load balancer "lb": it cannot be deleted while target "spread" uses it; delete or change that first`; message(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = change(s, func(tx *Tx) error {
		return tx.PutLoadBalancer(edit(tx.LoadBalancer, "lb", func(r *ctl.LoadBalancer) {
			r.Members = []ctl.Member{{Address: netip.MustParseAddr("10.0.0.5"), Weight: 1}}
		}))
	})
	if want := "no route leads to 10.0.0.5"; !strings.Contains(message(err), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestSessionToSilentBalancer: the session that is put says that nothing will be sent.
func TestSessionToSilentBalancer(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Publisher: p}, good+"[[load_balancer]]\nname = \"lb\"\n[[target]]\nname = \"spread\"\nload_balancer = \"lb\"\n")
	defer s.Close()
	r := newSession("spread", 2)
	r.Target, r.PacketLength = "spread", 128
	result, err := change(s, func(tx *Tx) error { return tx.PutSession(r) })
	if err != nil || len(result.Warnings) != 1 || result.Warnings[0].String() !=
		`session "spread": load balancer "lb" has no listener udp/4789, so copies are skipped (no-listener); add one to it` {
		t.Errorf("warnings %v, %v", result.Warnings, err)
	}
	s.Read(func(v *View) {
		if active, reason := v.SessionState(r.ID); !active {
			t.Errorf("inactive: %s", reason)
		}
	})
	if all := s.Warnings(); len(all) != 1 {
		t.Errorf("warnings of the state: %v", all)
	}
	if n := len(p.snapshot().Sessions); n != 2 {
		t.Errorf("%d sessions are in force", n)
	}
}

// TestRouteGone: a target that loses its way with the configuration is kept, and comes back.
func TestRouteGone(t *testing.T) {
	m := newMemory()
	apply(t, Options{Config: cfg(t, routed), Persistence: m}, edited(t, edited(t, good, "mtu = 1600\n", ""), `address = "192.0.2.10"`+"\n\n[[filter", "address = \"10.9.8.7\"\n\n[[filter")+spread).Close()
	p := &path{}
	s := open(t, Options{Config: cfg(t, gateway), Persistence: m, Publisher: p})
	if n := len(p.snapshot().Sessions); n != 1 || len(p.snapshot().Targets[0].Balancer.Members) != 1 {
		t.Errorf("%d sessions are in force to %+v", n, p.snapshot().Targets)
	}
	if w := s.Warnings(); len(w) != 3 {
		t.Errorf("warnings: %v", w)
	}
	s.Close()
	s = open(t, Options{Config: cfg(t, routed), Persistence: m, Publisher: p})
	defer s.Close()
	if n := len(p.snapshot().Sessions); n != 2 || len(s.Warnings()) != 0 {
		t.Errorf("%d sessions are in force, warnings %v", n, s.Warnings())
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
