package store

import (
	"fmt"
	"net/netip"
	"testing"

	"mirrorgw/rules"
)

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

// TestTargetsTo: news of an address concerns the targets that send straight to it, by whatever name.
func TestTargetsTo(t *testing.T) {
	s := apply(t, Options{Config: cfg(t, routed)}, good+spread+"[[target]]\nname = \"by-interface\"\ninterface = \"zeek\"\n")
	defer s.Close()
	s.Read(func(v *View) {
		var names []string
		for _, target := range v.TargetsTo(netip.MustParseAddr("192.0.2.10")) {
			way, known := v.TargetWay(target.ID)
			if !known || way.Address.String() != "192.0.2.10" || way.Port != "tun0" || way.Fault != "" || way.Skip != "" {
				t.Errorf("the way to %s is %+v", target.Name, way)
			}
			names = append(names, target.Name)
		}
		if fmt.Sprint(names) != "[ids by-interface]" {
			t.Errorf("got %v", names)
		}
		if list := v.TargetsTo(netip.MustParseAddr("10.9.8.7")); len(list) != 0 {
			t.Errorf("a load balancer's member has targets of its own: %v", list)
		}
		session, _ := v.Session("", "spread")
		if way, zone, active := v.SessionWay(session.ID); !active || zone != "zone-g" || way.LoadBalancer == "" || way.MTU != 1500 {
			t.Errorf("%v %q %+v", active, zone, way)
		}
	})
	if _, known := (&View{s.st}).TargetWay("tmt-none"); known {
		t.Error("there is a way to nowhere")
	}
}
