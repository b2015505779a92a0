package rules

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var comparers = cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})}

func TestCompileLayout(t *testing.T) {
	r := testResources()
	r.Interfaces = append(r.Interfaces, Interface{Name: "db-1", Port: portWire1, VLAN: 7})
	r.Filters = []Filter{
		{Name: "empty"},
		{Name: "mixed", Rules: []Rule{
			acceptAll(Egress, 20, 17), acceptAll(Ingress, 30, 6), acceptAll(Egress, 10, 1), acceptAll(Ingress, 5, -1),
		}},
	}
	r.Sessions = []Session{session("db-9", 1, 1, 9), session("web-2", 0, 0, 2), session("db-3", 1, 0, 3), session("web-1", 0, 1, 1)}
	s := mustCompile(t, r)

	order := []string{}
	for i := range s.Sources {
		for _, e := range s.SessionsOf(i) {
			order = append(order, fmt.Sprintf("%s/%d:%s", s.Sources[i].Name, e.Number, s.Filters[e.Filter].Name))
		}
	}
	if want := []string{"web-1/1:mixed", "web-1/2:empty", "db-1/3:empty", "db-1/9:mixed"}; !cmp.Equal(order, want) {
		t.Errorf("sessions are %v, want %v", order, want)
	}
	sets := []string{}
	for i, f := range s.Filters {
		for d, list := range f.Rules {
			numbers := []int{}
			for _, rule := range list {
				numbers = append(numbers, rule.Number)
			}
			sets = append(sets, fmt.Sprintf("%d %s %v", i, Direction(d), numbers))
		}
	}
	if want := []string{"0 ingress []", "0 egress []", "1 ingress [5 30]", "1 egress [10 20]"}; !cmp.Equal(sets, want) {
		t.Errorf("rule sets are %v, want %v", sets, want)
	}
	if n := s.Filters[1].Len(); n != 4 {
		t.Errorf("a filter of 4 rules has %d", n)
	}
}

func TestCompileMasksAndShares(t *testing.T) {
	fill := func() *Resources {
		r := testResources()
		r.Filters[0].Rules = []Rule{
			{Direction: Egress, Number: 2, Protocol: 6, SrcPorts: &PortRange{1, 2}, DstPorts: &PortRange{3, 4}, Source: netip.MustParsePrefix("10.1.2.3/8")},
			{Direction: Egress, Number: 1, Protocol: -1, Destination: netip.MustParsePrefix("2001:db8::1/32")},
		}
		return r
	}
	r := fill()
	s := mustCompile(t, r)
	if diff := cmp.Diff(fill(), r, comparers); diff != "" {
		t.Fatalf("Compile changed its input:\n%s", diff)
	}
	if got := s.Filters[0].Rules[Egress][1].Source.String(); got != "10.0.0.0/8" {
		t.Errorf("source is %s, want 10.0.0.0/8", got)
	}
	if got := s.Filters[0].Rules[Egress][0].Destination.String(); got != "2001:db8::/32" {
		t.Errorf("destination is %s, want 2001:db8::/32", got)
	}
	before := mustCompile(t, fill())
	spoil(r)
	if diff := cmp.Diff(before, s, comparers); diff != "" {
		t.Errorf("changing the input changed the snapshot:\n%s", diff)
	}
}

// spoil overwrites everything that r owns.
func spoil(r *Resources) {
	for i := range r.Filters[0].Rules {
		rule := &r.Filters[0].Rules[i]
		if rule.SrcPorts != nil {
			*rule.SrcPorts, *rule.DstPorts = PortRange{9, 9}, PortRange{9, 9}
		}
		*rule = Rule{}
	}
	r.Ports[0], r.Resolvers[0], r.Interfaces[0] = Port{}, netip.Addr{}, Interface{}
	r.Targets[0], r.Filters[0], r.Sessions[0] = Target{}, Filter{}, Session{}
}

func TestCompileEmpty(t *testing.T) {
	s := mustCompile(t, &Resources{})
	if got := Evaluate(s, 0, nil, nil); got != nil {
		t.Errorf("an empty snapshot says %v", got)
	}
}

func TestCompileAcceptsEdges(t *testing.T) {
	for name, change := range map[string]func(*Resources){
		"highest session number": func(r *Resources) { r.Sessions[0].Number = 32766 },
		"highest VNI":            func(r *Resources) { r.Sessions[0].VNI = 1<<24 - 1 },
		"same rule number in both directions": func(r *Resources) {
			r.Filters[0].Rules = []Rule{acceptAll(Ingress, 1, -1), acceptAll(Egress, 1, -1)}
		},
		"one port only":  func(r *Resources) { r.Filters[0].Rules[0].DstPorts = &PortRange{80, 80} },
		"protocol 255":   func(r *Resources) { r.Filters[0].Rules[0].Protocol = 255 },
		"protocol 0":     func(r *Resources) { r.Filters[0].Rules[0].Protocol = 0 },
		"VLAN 4094":      func(r *Resources) { r.Interfaces[0].VLAN = 4094 },
		"wire as tunnel": func(r *Resources) { r.Ports[portWire1].Tunnel, r.Targets[0].Port = true, portWire1 },
		"load balancer": func(r *Resources) {
			r.Targets[0].Balancer = &Balancer{Members: []Member{{Address: r.Targets[0].Address, Port: r.Targets[0].Port, Weight: 255}}}
			r.Targets[0].Address = netip.Addr{}
		},
		"load balancer without members": func(r *Resources) {
			r.Targets[0].Balancer, r.Sessions[0].OuterSource = &Balancer{}, netip.Addr{}
		},
		"IPv6 outer": func(r *Resources) {
			r.Targets[0].Address, r.Sessions[0].OuterSource = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
		},
		"same MAC on another port": func(r *Resources) {
			r.Interfaces = append(r.Interfaces, r.Interfaces[0])
			r.Interfaces[1].Port = portTap
		},
		"same MAC with a VLAN": func(r *Resources) {
			r.Interfaces = append(r.Interfaces, r.Interfaces[0])
			r.Interfaces[1].VLAN = 3
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := testResources()
			change(r)
			mustCompile(t, r)
		})
	}
}

func TestCompileTakesTheLimits(t *testing.T) {
	r := limitResources(MaxSessionsSource, MaxRulesFilter)
	mustCompile(t, r)
	all := testResources()
	all.Interfaces, all.Sessions = nil, nil
	for i := range MaxSessions / MaxSessionsSource {
		all.Interfaces = append(all.Interfaces, Interface{Port: portWire0, VLAN: i + 1})
		for n := range MaxSessionsSource {
			all.Sessions = append(all.Sessions, session("", i, 0, n+1))
		}
	}
	mustCompile(t, all)
	all.Interfaces = append(all.Interfaces, Interface{Port: portWire1, VLAN: VLANAny})
	all.Sessions = append(all.Sessions, session("", len(all.Interfaces)-1, 0, 1))
	wantError(t, all, "there are 65537 sessions; the engine takes at most 65536")
	wantError(t, limitResources(MaxSessionsSource+1, 1), `interface "web-1" has more than 256 sessions`)
	wantError(t, limitResources(1, MaxRulesFilter+1), `filter "web" has 10001 rules; the engine takes at most 10000`)
}

func limitResources(sessions, rules int) *Resources {
	r := testResources()
	r.Sessions, r.Filters[0].Rules = nil, nil
	for n := range sessions {
		r.Sessions = append(r.Sessions, session("", 0, 0, n+1))
	}
	for n := range rules {
		r.Filters[0].Rules = append(r.Filters[0].Rules, acceptAll(Direction(n%2), n/2+1, -1))
	}
	return r
}

func wantError(t *testing.T, r *Resources, want string) {
	t.Helper()
	s, err := Compile(r)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
	if s != nil {
		t.Error("a snapshot came with the error")
	}
}

func TestCompileRefuses(t *testing.T) {
	rule := func(r *Resources) *Rule { return &r.Filters[0].Rules[0] }
	for _, c := range []struct {
		name  string
		spoil func(*Resources)
		want  string
	}{
		{"role", func(r *Resources) { r.Ports[2].Role = 3 }, `port "tap0" has role 3`},
		{"peer of a tap", func(r *Resources) { r.Ports[2].Peer = 0 }, `port "tap0" is a tap port with peer 0`},
		{"no peer", func(r *Resources) { r.Ports[0].Peer = NoPeer }, `port "wire0" has peer -1`},
		{"peer out of range", func(r *Resources) { r.Ports[0].Peer = 4 }, `port "wire0" has peer 4`},
		{"own peer", func(r *Resources) { r.Ports[0].Peer = 0 }, `port "wire0" has peer 0`},
		{"one-sided peer", func(r *Resources) { r.Ports[0].Peer = 2 }, `must name each other`},
		{"resolver", func(r *Resources) { r.Resolvers[1] = netip.Addr{} }, `DNS resolver #1 is invalid IP`},
		{"interface port", func(r *Resources) { r.Interfaces[0].Port = 4 }, `interface "web-1" is on port index 4; there are 4 ports`},
		{"interface port -1", func(r *Resources) { r.Interfaces[0].Port = -1 }, `port index -1`},
		{"source on tunnel", func(r *Resources) { r.Interfaces[0].Port = portTunnel }, `port "tun0", a tunnel port; a source needs a wire or tap port`},
		{"tap without MAC", func(r *Resources) { r.Interfaces[0] = Interface{ID: "eni-1", Port: portTap, VLAN: VLANAny} }, `interface "eni-1" is on tap port "tap0" without a MAC`},
		{"VLAN 0", func(r *Resources) { r.Interfaces[0].VLAN = 0 }, `has VLAN 0; it must be 1 to 4094, or -1 for any`},
		{"VLAN 4095", func(r *Resources) { r.Interfaces[0].VLAN = 4095 }, `has VLAN 4095`},
		{"same key", func(r *Resources) { r.Interfaces = append(r.Interfaces, r.Interfaces[0]) }, `has the same port, MAC and VLAN as interface "web-1"`},
		{"same key without MAC", func(r *Resources) {
			r.Interfaces = []Interface{{Name: "a", MAC: macWeb, VLAN: 5}, {Name: "b", MAC: macDB, VLAN: 5}}
		}, `interface "b" has the same port, MAC and VLAN as interface "a"`},
		{"target address", func(r *Resources) { r.Targets[0].Address = netip.Addr{} }, `target "ids" has address invalid IP`},
		{"target zone", func(r *Resources) { r.Targets[0].Address = netip.MustParseAddr("fe80::1%x") }, `without zone`},
		{"target MTU", func(r *Resources) { r.Targets[0].MTU = 99 }, `target "ids" has MTU 99; it must be 100 to 65535 bytes`},
		{"target port", func(r *Resources) { r.Targets[0].Port = 9 }, `target "ids" is behind port index 9`},
		{"target on wire", func(r *Resources) { r.Targets[0].Port = portWire1 }, `is behind port "wire1", a wire port; copies need a tunnel port`},
		{"member address", func(r *Resources) { r.Targets[0].Balancer = &Balancer{Name: "tools", Members: []Member{{}}} }, `load balancer "tools" member #0 has address invalid IP`},
		{"member weight", func(r *Resources) {
			r.Targets[0].Balancer = &Balancer{Name: "tools", Members: []Member{{Address: r.Targets[0].Address, Port: r.Targets[0].Port, Weight: 256}}}
		}, `member #0 has weight 256; it must be 0 to 255`},
		{"member families", func(r *Resources) {
			r.Targets[0].Balancer = &Balancer{Name: "tools", Members: []Member{
				{Address: r.Targets[0].Address, Port: r.Targets[0].Port},
				{Address: netip.MustParseAddr("2001:db8::9"), Port: r.Targets[0].Port}}}
		}, `all must be IPv4 or all IPv6`},
		{"target on tap", func(r *Resources) { r.Targets[0].Port = portTap }, `target "ids" is behind port "tap0", a tap port`},
		{"rule direction", func(r *Resources) { rule(r).Direction = 2 }, `has direction 2`},
		{"rule action", func(r *Resources) { rule(r).Action = 2 }, `has action 2`},
		{"rule number 0", func(r *Resources) { rule(r).Number = 0 }, `filter "web": ingress rule 0 must have a number from 1 to 32766`},
		{"rule number too high", func(r *Resources) { rule(r).Number = 32767 }, `ingress rule 32767 must`},
		{"rule number twice", func(r *Resources) { r.Filters[0].Rules = append(r.Filters[0].Rules, *rule(r)) }, `ingress rule 100 has a number that another ingress rule has`},
		{"rule protocol", func(r *Resources) { rule(r).Protocol = 256 }, `has protocol 256`},
		{"rule protocol -2", func(r *Resources) { rule(r).Protocol = -2 }, `has protocol -2`},
		{"ports of SCTP", func(r *Resources) {
			*rule(r) = Rule{ID: "tmfr-1", Number: 1, Protocol: 132, DstPorts: &PortRange{1, 2}}
		}, `ingress rule 1 (tmfr-1) has ports and protocol 132`},
		{"ports of all", func(r *Resources) { rule(r).Protocol, rule(r).SrcPorts = -1, &PortRange{1, 2} }, `ports need protocol 6 (TCP) or 17 (UDP)`},
		{"source range", func(r *Resources) { rule(r).SrcPorts = &PortRange{2, 1} }, `has source ports 2-1`},
		{"destination range", func(r *Resources) { rule(r).DstPorts = &PortRange{2, 1} }, `has destination ports 2-1`},
		{"mixed CIDRs", func(r *Resources) {
			rule(r).Source, rule(r).Destination = netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0")
		}, `both must be IPv4 or both IPv6`},
		{"invalid source CIDR", func(r *Resources) { rule(r).Source = netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), 33) }, `invalid source CIDR`},
		{"invalid destination CIDR", func(r *Resources) { rule(r).Destination = netip.PrefixFrom(netip.MustParseAddr("::"), -1) }, `invalid destination CIDR`},
		{"session source", func(r *Resources) { r.Sessions[0].Source = 1 }, `session "web-to-ids" refers to source interface index 1; there are 1`},
		{"session target", func(r *Resources) { r.Sessions[0].Target = -1 }, `refers to target index -1`},
		{"session filter", func(r *Resources) { r.Sessions[0].Filter = 7 }, `refers to filter index 7`},
		{"session number 0", func(r *Resources) { r.Sessions[0].Number = 0 }, `has number 0; it must be 1 to 32766`},
		{"session number too high", func(r *Resources) { r.Sessions[0].Number = 32767 }, `has number 32767`},
		{"session number twice", func(r *Resources) { r.Sessions = append(r.Sessions, session("", 0, 0, 1)) }, `session #1 has number 1, which session "web-to-ids" has on the same source`},
		{"VNI 0", func(r *Resources) { r.Sessions[0].VNI = 0 }, `has VNI 0; it must be 1 to 16777215`},
		{"VNI too high", func(r *Resources) { r.Sessions[0].VNI = 1 << 24 }, `has VNI 16777216`},
		{"packet length", func(r *Resources) { r.Sessions[0].PacketLength = -1 }, `has packet length -1`},
		{"outer family", func(r *Resources) { r.Sessions[0].OuterSource = netip.MustParseAddr("::1") }, `has outer source address ::1 and target "ids" has address 192.0.2.10`},
		{"no outer source", func(r *Resources) { r.Sessions[0].OuterSource = netip.Addr{} }, `outer source address invalid IP`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testResources()
			c.spoil(r)
			wantError(t, r, c.want)
		})
	}
}
