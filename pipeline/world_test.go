package pipeline

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// Ports of every test world.
const (
	wire0 = iota
	wire1
	tap0
	tun0
	tun1
)

var worldPorts = []rules.Port{
	wire0: {Name: "wire0", Role: rules.RoleWire, Peer: wire1},
	wire1: {Name: "wire1", Role: rules.RoleWire, Peer: wire0},
	tap0:  {Name: "tap0", Role: rules.RoleTap, Peer: rules.NoPeer},
	tun0:  {Name: "tun0", Role: rules.RoleTunnel, Peer: rules.NoPeer},
	tun1:  {Name: "tun1", Role: rules.RoleTunnel, Peer: rules.NoPeer},
}

// worldTunnels are the tunnel ports: one that completes checksums itself would hide ours, so
// neither offloads.
func worldTunnels() []Tunnel {
	return []Tunnel{
		{Port: tun0, MAC: [6]byte{2, 0, 0, 0, 9, 1}},
		{Port: tun1, MAC: [6]byte{2, 0, 0, 0, 9, 2}},
	}
}

// base is a world without sources: three targets (IPv4, IPv6 on the second tunnel, unresolved).
func base() *rules.Resources {
	return &rules.Resources{
		Ports:     worldPorts,
		Exclude:   rules.ExcludeAll,
		Resolvers: []netip.Addr{netip.MustParseAddr("169.254.169.253"), netip.MustParseAddr("fd00:ec2::253")},
		Targets: []rules.Target{
			{ID: "tmt-4", Name: "ids4", Address: netip.MustParseAddr("192.0.2.10"), MTU: 1500, Port: tun0, NextHop: [6]byte{2, 0, 0, 0, 2, 0x10}, Resolved: true},
			{ID: "tmt-6", Name: "ids6", Address: netip.MustParseAddr("2001:db8::10"), MTU: 9000, Port: tun1, NextHop: [6]byte{2, 0, 0, 0, 2, 0x66}, Resolved: true},
			{ID: "tmt-u", Name: "lost", Address: netip.MustParseAddr("192.0.2.99"), MTU: 1500, Port: tun0},
		},
	}
}

var outerSources = map[bool]netip.Addr{true: netip.MustParseAddr("192.0.2.1"), false: netip.MustParseAddr("2001:db8::1")}

// addSession adds a session on the interface and its filter.
func addSession(r *rules.Resources, source, target, number int, filter rules.Filter) *rules.Session {
	filter.ID = fmt.Sprintf("tmf-%d", len(r.Filters))
	filter.Name = filter.ID
	r.Filters = append(r.Filters, filter)
	id := fmt.Sprintf("tms-%d", len(r.Sessions))
	r.Sessions = append(r.Sessions, rules.Session{
		ID: id, Name: id, Source: source, Target: target, Filter: len(r.Filters) - 1, Number: number,
		VNI:         uint32(100 + len(r.Sessions)),
		OuterSource: outerSources[r.Targets[target].Address.Is4()],
	})
	return &r.Sessions[len(r.Sessions)-1]
}

// addInterface adds a source and returns its index.
func addInterface(r *rules.Resources, i rules.Interface) int {
	i.ID = fmt.Sprintf("eni-%d", len(r.Interfaces))
	i.Name = i.ID
	r.Interfaces = append(r.Interfaces, i)
	return len(r.Interfaces) - 1
}

// acceptAll accepts every IP packet in both directions.
func acceptAll() rules.Filter {
	return rules.Filter{Rules: []rules.Rule{
		{Direction: rules.Ingress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolAny},
		{Direction: rules.Egress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolAny},
	}}
}

// pick returns one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// randomPrefix covers, more often than not, one of the addresses that packets have.
func randomPrefix(r *rand.Rand, pool []netip.Addr) netip.Prefix {
	if r.IntN(4) == 0 {
		return netip.Prefix{}
	}
	a := pick(r, pool...)
	prefix, err := a.Prefix(pick(r, 0, 1, 8, 12, 16, 24, 31, a.BitLen()-1, a.BitLen()))
	if err != nil {
		panic(err)
	}
	return prefix
}

func randomRange(r *rand.Rand) *rules.PortRange {
	if r.IntN(3) == 0 {
		return nil
	}
	first := pick(r, 0, 22, 53, 67, 80, 123, 443, 1024, 4789, 65535, r.IntN(65536))
	return &rules.PortRange{First: uint16(first), Last: uint16(min(65535, first+pick(r, 0, 0, 1, 10, 1000, 65535)))}
}

func randomRule(r *rand.Rand, number int, pool *pools) rules.Rule {
	rule := rules.Rule{
		Direction: pick(r, rules.Ingress, rules.Egress),
		Number:    number,
		Action:    pick(r, rules.Accept, rules.Accept, rules.Reject),
		Protocol:  pick(r, rules.ProtocolAny, 6, 6, 17, 17, 1, 58, 132, 44, 50, r.IntN(256)),
	}
	family := pool.addresses4
	if r.IntN(3) == 0 {
		family = pool.addresses6
	}
	rule.Source, rule.Destination = randomPrefix(r, family), randomPrefix(r, family)
	if rule.Protocol == rules.ProtocolTCP || rule.Protocol == rules.ProtocolUDP {
		rule.SrcPorts, rule.DstPorts = randomRange(r), randomRange(r)
		if r.IntN(3) == 0 {
			rule.SrcPorts, rule.DstPorts = nil, nil
		}
	}
	return rule
}

func randomFilter(r *rand.Rand, pool *pools) rules.Filter {
	f := rules.Filter{AmazonDNS: r.IntN(3) == 0}
	n := pick(r, 0, 1, 3, 10, 17, 40, 90)
	for number := range n {
		f.Rules = append(f.Rules, randomRule(r, number+1, pool))
	}
	return f
}

// randomInterface is a source on a port, keyed as docs/semantics.md allows.
func randomInterface(r *rand.Rand, port int, pool *pools) rules.Interface {
	i := rules.Interface{Port: port, VLAN: rules.VLANAny}
	if port == tap0 || r.IntN(8) > 0 {
		i.HasMAC, i.MAC = true, pick(r, pool.macs...)
		if r.IntN(3) == 0 {
			i.VLAN = pick(r, 10, 20, 100)
		}
	}
	return i
}

// randomResources is a world in which most packets of the pool concern several sources.
func randomResources(r *rand.Rand, pool *pools) *rules.Resources {
	w := base()
	w.Exclude = rules.Exclude{
		ARP: r.IntN(4) > 0, DHCP: r.IntN(4) > 0, Metadata: r.IntN(4) > 0, NTP: r.IntN(4) > 0, WindowsActivation: r.IntN(4) > 0,
	}
	type key struct {
		port, vlan int
		mac        [6]byte
		has        bool
	}
	taken := map[key]bool{}
	for range 2 + r.IntN(8) {
		i := randomInterface(r, pick(r, wire0, wire0, wire1, wire1, tap0), pool)
		k := key{i.Port, i.VLAN, i.MAC, i.HasMAC}
		if taken[k] {
			continue
		}
		taken[k] = true
		source := addInterface(w, i)
		for s := range r.IntN(4) {
			session := addSession(w, source, pick(r, 0, 0, 1, 1, 2), 1+s+3*r.IntN(5), randomFilter(r, pool))
			session.Number = 1 + s // unique, ascending
			session.PacketLength = pick(r, 0, 0, 0, 1, 60, 100, 128, 192, 193, 1000)
			session.SampleOneIn = pick(r, 0, 0, 0, 2, 3, 10)
			session.Limit.PPS = pick(r, 0, 0, 0, rules.PPSMax) // never reached
		}
	}
	return w
}

// world is a snapshot laid out for one engine, with a harness.
type world struct {
	t        testing.TB
	snapshot *rules.Snapshot
	slots    Slots
	layout   *Layout
	program  *Program
	harness  *Harness

	fragments *rules.Fragments // what the reference remembers
	before    Reasons          // fragments counted before this world
}

// generations are unique: what one world's program decided is nothing to the next one's.
var generations atomic.Uint64

var testCapacity = Capacity{Sources: 1 << 15, Sessions: 1 << 16, Rules: 1 << 17, Targets: 64}

// newHarness is a harness of the test's own, freed with it.
func newHarness(t testing.TB, pools HarnessPools) *Harness {
	t.Helper()
	h, err := NewHarness(dpdktest.Name("harness"), 2, pools, testCapacity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Free)
	return h
}

// newWorld compiles resources and lays them out.
func newWorld(t testing.TB, h *Harness, r *rules.Resources, layout *Layout) *world {
	t.Helper()
	snapshot, err := rules.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	if layout.Tunnels == nil {
		layout.Tunnels = worldTunnels()
	}
	slots := IdentitySlots(snapshot)
	program, err := NewProgram(snapshot, layout, slots, generations.Add(1))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, snapshot, slots, layout, program, h, &rules.Fragments{}, fragmentsOf(h)}
}

func (w *world) close() { w.program.Free() }
