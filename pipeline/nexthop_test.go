package pipeline

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/rules"
)

// handGrace is a Grace that passes when the test says so.
type handGrace struct{ now, passed uint64 }

func (g *handGrace) Start() uint64            { g.now++; return g.now }
func (g *handGrace) Passed(token uint64) bool { return token <= g.passed }

// outerOf takes a copy apart with gopacket.
func outerOf(t *testing.T, frame []byte) (eth *layers.Ethernet, tag *layers.Dot1Q, dst netip.Addr, vx *layers.VXLAN) {
	t.Helper()
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	eth = p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	if l := p.Layer(layers.LayerTypeDot1Q); l != nil {
		tag = l.(*layers.Dot1Q)
	}
	raw := p.NetworkLayer().NetworkFlow().Dst().Raw()
	dst, _ = netip.AddrFromSlice(raw)
	vx, ok := p.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok {
		t.Fatalf("no VXLAN in %x", frame)
	}
	if ip, ok := p.NetworkLayer().(*layers.IPv4); ok && ipv4Sum(ip.Contents) != 0xffff {
		t.Errorf("the outer IPv4 header checksum is wrong: %x", ip.Contents)
	}
	return eth, tag, dst, vx
}

// ipv4Sum is 0xffff for a header whose checksum is right (RFC 791 section 3.1).
func ipv4Sum(header []byte) uint32 {
	sum := wordSum(header)
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return sum
}

// TestNextHopFollows changes the way to a destination under a program in force.
func TestNextHopFollows(t *testing.T) {
	grace := &handGrace{}
	layout := &Layout{Grace: grace}
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 2, layout, nil) // target "lost": no static neighbour
	to, frame := netip.MustParseAddr("192.0.2.99"), fromWeb(t, 1000)
	in := Input{Port: wire0, Frames: [][]byte{frame}}

	if out := w.run(in); len(out.Copies) != 0 {
		t.Fatal("a copy left though no neighbour is known")
	}
	set := func(hop NextHop) {
		t.Helper()
		if err := layout.SetNextHop(to, tun0, hop); err != nil {
			t.Fatal(err)
		}
	}
	for i, mac := range [][6]byte{{2, 1}, {2, 2}, {2, 3}} {
		set(NextHop{MAC: mac, Resolved: true})
		out := w.run(in)
		if len(out.Copies) != 1 {
			t.Fatalf("%d copies after change %d", len(out.Copies), i)
		}
		if eth, _, dst, vx := outerOf(t, out.Copies[0].Bytes); !bytes.Equal(eth.DstMAC, mac[:]) || dst != to || !bytes.Equal(vx.Payload, frame) {
			t.Errorf("change %d: copy to %v, %v", i, eth.DstMAC, dst)
		}
		grace.passed = grace.now
	}
	set(NextHop{MAC: [6]byte{2, 3}, Resolved: true, MTU: 576})
	if out := w.run(in); len(out.Copies[0].Bytes) != 14+576 {
		t.Errorf("a path of 576 bytes got a copy of %d", len(out.Copies[0].Bytes))
	}
	grace.passed = grace.now
	set(NextHop{})
	if out := w.run(in); len(out.Copies) != 0 {
		t.Error("a copy left though the neighbour is gone")
	}
	w.wantSession(rules.Egress, 4, 1, map[string]uint64{"unresolved": 2})

	// An lcore that may still read what was there two changes before is waited for, but not for ever.
	if err := layout.SetNextHop(to, tun0, NextHop{MAC: [6]byte{2, 4}, Resolved: true}); err != ErrStalled {
		t.Errorf("with a stalled lcore: %v, want ErrStalled", err)
	}
	if err := layout.TrySetNextHop(to, tun0, NextHop{MAC: [6]byte{2, 4}, Resolved: true}); err != ErrStalled {
		t.Errorf("with a stalled lcore, without waiting: %v, want ErrStalled", err)
	}
	if err := layout.SetNextHop(to, tun0, NextHop{}); err != nil {
		t.Errorf("what is so already: %v", err)
	}
	if err := layout.SetNextHop(netip.MustParseAddr("203.0.113.1"), tun0, NextHop{}); err != nil {
		t.Errorf("an address that nothing is sent to: %v", err)
	}
}

// TestTunnelTag: a tunnel port with a VLAN tags copies, the tag is not part of the MTU.
func TestTunnelTag(t *testing.T) {
	tunnels := worldTunnels()
	tunnels[0].VLAN, tunnels[1].VLAN = 7, 4094
	for target, vlan := range []uint16{7, 4094} {
		w := webWorld(t, newHarness(t, DefaultHarnessPools), target, &Layout{Tunnels: tunnels}, nil)
		for _, length := range []int{60, 150, 1000, 1600} {
			out := w.run(Input{Port: wire0, Frames: [][]byte{fromWeb(t, length)}})
			_, tag, dst, vx := outerOf(t, out.Copies[0].Bytes)
			if tag == nil || tag.VLANIdentifier != vlan || dst != w.snapshot.Targets[target].Address {
				t.Fatalf("target %d, %d bytes: tag %+v, to %v", target, length, tag, dst)
			}
			if want := w.innerOf(0, fromWeb(t, length)); !bytes.Equal(vx.Payload, want) {
				t.Errorf("target %d, %d bytes: inner frame of %d bytes, want %d", target, length, len(vx.Payload), len(want))
			}
		}
		if got, sum := w.harness.Counters().Port(worldPortOf(target)).Copies, uint64(4*(4+14)+36*4+60+150+1000+1464); target == 0 && got.Bytes != sum {
			t.Errorf("port counts %d bytes of copies, want %d with tags", got.Bytes, sum)
		}
	}
}

func worldPortOf(target int) int { return []int{tun0, tun1}[target] }

// balanced makes target 0 a load balancer with n members.
func balanced(r *rules.Resources, n int) []netip.Addr {
	b := &rules.Balancer{ID: "lb-1", Name: "tools", Listening: true}
	var addresses []netip.Addr
	for i := range n {
		address := netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + i)})
		addresses = append(addresses, address)
		b.Members = append(b.Members, rules.Member{Address: address, Port: tun0, NextHop: [6]byte{2, 0, 0, 0, 5, byte(i)}, Resolved: true, Weight: 1})
	}
	r.Targets[0].Balancer, r.Targets[0].Address = b, netip.Addr{}
	return addresses
}

// flowFrame is a TCP frame of flow n from the web server, or its answer.
func flowFrame(t *testing.T, n int, answer bool) []byte {
	t.Helper()
	p := rules.Packet{SrcMAC: webMAC, DstMAC: clientMAC, Src: netip.MustParseAddr("10.0.0.5"), Dst: netip.AddrFrom4([4]byte{10, 9, byte(n >> 8), byte(n)}),
		Protocol: rules.ProtocolTCP, SrcPort: 443, DstPort: uint16(20000 + n)}
	if answer {
		p.SrcMAC, p.DstMAC, p.Src, p.Dst, p.SrcPort, p.DstPort = p.DstMAC, p.SrcMAC, p.Dst, p.Src, p.DstPort, p.SrcPort
	}
	frame, err := rules.BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// TestBalance: both directions of a flow reach one member; who that is changes with the table; and
// why nobody is there is counted.
func TestBalance(t *testing.T) {
	layout := &Layout{}
	var members []netip.Addr
	w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, layout, func(r *rules.Resources) { members = balanced(r, 4) })
	key := BalancerKey{ID: "lb-1"}
	to := func(n int, answer bool) netip.Addr {
		t.Helper()
		in := Input{Port: wire0, Frames: [][]byte{flowFrame(t, n, answer)}}
		if answer {
			in.Port = wire1
		}
		out := w.run(in)
		if len(out.Copies) == 0 {
			return netip.Addr{}
		}
		eth, _, dst, vx := outerOf(t, out.Copies[0].Bytes)
		if eth.DstMAC[5] != dst.As4()[3]-100 || !bytes.Equal(vx.Payload, in.Frames[0]) {
			t.Fatalf("copy to %v by %v", dst, eth.DstMAC)
		}
		return dst
	}
	if got := to(0, false); got.IsValid() {
		t.Fatalf("a copy went to %v before anybody was there", got)
	}
	table := make([]uint16, 997)
	for i := range table {
		table[i] = uint16(i % 4)
	}
	if err := layout.SetBalance(key, &Balance{Members: members, Table: table}); err != nil {
		t.Fatal(err)
	}
	shares := map[netip.Addr]int{}
	for n := range 2000 {
		there, back := to(n, false), to(n, true)
		if there != back {
			t.Fatalf("flow %d: one direction to %v, the other to %v", n, there, back)
		}
		shares[there]++
	}
	for _, m := range members {
		if n := shares[m]; n < 425 || n > 575 { // 500 +- 4 sigma
			t.Errorf("%v got %d of 2000 flows", m, n)
		}
	}
	if err := layout.SetBalance(key, &Balance{Members: members[:1], Table: []uint16{0}}); err != nil {
		t.Fatal(err)
	}
	if got := to(1, false); got != members[0] {
		t.Errorf("the only member left is %v, the copy went to %v", members[0], got)
	}
	for _, gone := range []*Balance{{}, {NoListener: true}} {
		if err := layout.SetBalance(key, gone); err != nil {
			t.Fatal(err)
		}
		to(1, false)
	}
	w.wantSession(rules.Egress, 2001, 0, map[string]uint64{"no-listener": 1, "target-down": 2})
	if err := layout.SetBalance(key, &Balance{Members: []netip.Addr{netip.MustParseAddr("192.0.2.50")}, Table: []uint16{0}}); err == nil {
		t.Error("a member that is no destination was taken")
	}
	if err := layout.SetBalance(key, &Balance{Members: members, Table: []uint16{4}}); err == nil {
		t.Error("a table with a member that is not there was taken")
	}
}

// TestBalanceLeavesNothing: balances, members and load balancers go with the last program.
func TestBalanceLeavesNothing(t *testing.T) {
	blocks := liveBlocks.Load()
	grace := &handGrace{}
	layout := &Layout{Grace: grace, Tunnels: worldTunnels()}
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
	members := balanced(r, 3)
	s, err := rules.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProgram(s, layout, IdentitySlots(s), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		grace.passed = uint64(i) // an lcore that lags behind
		if err := layout.SetBalance(BalancerKey{ID: "lb-1"}, &Balance{Members: members, Table: []uint16{0, 1, 2}}); err != nil {
			t.Fatal(err)
		}
	}
	p.Free()
	if n := liveBlocks.Load() - blocks; n != 0 || len(layout.destinations)+len(layout.balancers) != 0 {
		t.Errorf("%d blocks leaked, %d destinations, %d load balancers left", n, len(layout.destinations), len(layout.balancers))
	}
}

// TestMembersOfAnotherFamily: while a program whose load balancer got members of another family, or its
// first ones, is prepared and not in force, no copy goes to them with the headers of the one before.
func TestMembersOfAnotherFamily(t *testing.T) {
	v6 := netip.MustParseAddr("2001:db8::77")
	for _, before := range []int{0, 2} {
		layout := &Layout{}
		var members []netip.Addr
		w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, layout, func(r *rules.Resources) { members = balanced(r, before) })
		key, in := BalancerKey{ID: "lb-1"}, Input{Port: wire0, Frames: [][]byte{fromWeb(t, 100)}}
		set := func(members ...netip.Addr) {
			t.Helper()
			if err := layout.SetBalance(key, &Balance{Members: members, Table: make([]uint16, len(members))}); err != nil {
				t.Fatal(err)
			}
		}
		if before > 0 {
			set(members...)
		}
		for i := range 2 { // the second change is put in force
			r := base()
			addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
			balanced(r, 0)
			r.Sessions[0].OuterSource = netip.MustParseAddr("2001:db8::1")
			r.Targets[0].Balancer.Members = []rules.Member{{Address: v6, Port: tun0, NextHop: [6]byte{2, 6}, Resolved: true, Weight: 1}}
			s, err := rules.Compile(r)
			if err != nil {
				t.Fatal(err)
			}
			next, err := NewProgram(s, layout, IdentitySlots(s), 2)
			if err != nil {
				t.Fatal(err)
			}
			set(v6)
			if out := w.run(in); len(out.Copies) != min(before, 1) {
				t.Fatalf("%d copies of the program in force", len(out.Copies))
			} else if before > 0 {
				if _, _, dst, _ := outerOf(t, out.Copies[0].Bytes); dst != members[0] {
					t.Errorf("a copy of the program in force went to %v", dst)
				}
			}
			if i == 0 {
				next.Free()
				set(members...)
				continue
			}
			w.program.Free()
			w.program = next
			if _, _, dst, _ := outerOf(t, w.run(in).Copies[0].Bytes); dst != v6 {
				t.Errorf("a copy of the new program went to %v", dst)
			}
		}
	}
}

// TestNeverCopiedAgain: what goes to a target is never copied, whoever sent it; other VXLAN is.
func TestNeverCopiedAgain(t *testing.T) {
	for _, c := range []struct {
		to    string
		port  uint16
		proto int
		own   bool
	}{
		{"192.0.2.10", 4789, rules.ProtocolUDP, true},
		{"2001:db8::10", 4789, rules.ProtocolUDP, true},
		{"192.0.2.100", 4789, rules.ProtocolUDP, true}, // a member
		{"192.0.2.10", 4790, rules.ProtocolUDP, false},
		{"192.0.2.10", 4789, rules.ProtocolTCP, false},
		{"192.0.2.11", 4789, rules.ProtocolUDP, false},
		{"2001:db8::11", 4789, rules.ProtocolUDP, false},
	} {
		t.Run(fmt.Sprint(c.to, c.port, c.proto), func(t *testing.T) {
			w := webWorld(t, newHarness(t, DefaultHarnessPools), 0, &Layout{}, func(r *rules.Resources) {
				lb := base().Targets[2]
				other := rules.Resources{Targets: []rules.Target{lb}}
				balanced(&other, 1)
				r.Targets = append(r.Targets, other.Targets[0])
			})
			to := netip.MustParseAddr(c.to)
			from := netip.MustParseAddr("10.0.0.5")
			if to.Is6() {
				from = netip.MustParseAddr("2001:db8::5")
			}
			frame, err := rules.BuildFrame(rules.Packet{SrcMAC: webMAC, DstMAC: clientMAC, Src: from, Dst: to, Protocol: c.proto, SrcPort: 50000, DstPort: c.port})
			if err != nil {
				t.Fatal(err)
			}
			w.check(Input{Port: wire0, Frames: [][]byte{frame}}, newTally())
			got := w.harness.Counters().Source(0, rules.Egress)
			if own := got.Excluded["own_copy"] == 1; own != c.own || got.Matched == 1 == c.own {
				t.Errorf("source counts %+v, own copy: want %v", got, c.own)
			}
		})
	}
}
