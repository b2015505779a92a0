package gateway

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"mirrorgw/ctl/config"
	"mirrorgw/lcore"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// fakeHops is a hopGroup that remembers.
type fakeHops struct {
	hops     map[netip.Addr]pipeline.NextHop
	balances []*pipeline.Balance // in the order of SetBalance
	err      error
}

func (g *fakeHops) Receive(int, func(int, []byte)) int { return 0 }
func (g *fakeHops) ReceiveLost() uint64                { return 0 }
func (g *fakeHops) Send(int, []byte) error             { return nil }
func (g *fakeHops) Links() []lcore.Link                { return nil }

func (g *fakeHops) TrySetNextHop(address netip.Addr, _ int, hop pipeline.NextHop) error {
	if g.err == nil {
		g.hops[address] = hop
	}
	return g.err
}

func (g *fakeHops) SetBalance(_ pipeline.BalancerKey, b *pipeline.Balance) error {
	if g.err == nil {
		g.balances = append(g.balances, b)
	}
	return g.err
}

// testWays are ways with one tunnel port and n static neighbours on it: 192.0.2.100 and so on.
func testWays(t *testing.T, n int, more ...config.Neighbor) (*ways, *fakeHops) {
	t.Helper()
	g := &fakeHops{hops: map[netip.Addr]pipeline.NextHop{}}
	cfg := &config.Config{Ports: []config.Port{{Name: "tun", Role: rules.RoleTunnel, Tunnel: true, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}}}}
	for i := range n {
		cfg.Neighbors = append(cfg.Neighbors, config.Neighbor{Address: memberAddress(i), MAC: [6]byte{2, 9, byte(i)}})
	}
	cfg.Neighbors = append(cfg.Neighbors, more...)
	w, err := newWays(g, []*lcore.Port{{PortSpec: lcore.PortSpec{Name: "tun"}, MAC: []byte{2, 0, 0, 0, 0, 1}}}, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w, g
}

func memberAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + i)}) }

// toBalancer is a snapshot with a session to a load balancer of n members.
func toBalancer(n int) *rules.Snapshot {
	b := &rules.Balancer{ID: "lb-1", Name: "tools", Listening: true}
	for i := range n {
		b.Members = append(b.Members, rules.Member{Address: memberAddress(i), Weight: 1})
	}
	s := &rules.Snapshot{Targets: []rules.Target{{ID: "tmt-1", Balancer: b}}}
	s.Sessions = append(s.Sessions, rules.Session{OuterSource: netip.MustParseAddr("192.0.2.1")})
	return s
}

// TestStaticNeighborOutsideNetworks: an address in no network is reached by its [[neighbor]].
func TestStaticNeighborOutsideNetworks(t *testing.T) {
	to, mac := netip.MustParseAddr("203.0.113.9"), [6]byte{2, 1}
	for _, port := range []string{"tun", ""} {
		w, g := testWays(t, 0, config.Neighbor{Address: to, MAC: mac, Port: port})
		s := &rules.Snapshot{Targets: []rules.Target{{ID: "tmt-1", Address: to, NextHop: mac, Resolved: true}}}
		w.follow(s)
		w.settle(s)
		if hop := g.hops[to]; !hop.Resolved || hop.MAC != mac {
			t.Errorf("port %q: %+v", port, hop)
		}
	}
}

// TestLateNextHops: an lcore that does not report keeps nobody waiting, and what could not be set is
// set, and told, once it does.
func TestLateNextHops(t *testing.T) {
	w, g := testWays(t, 3)
	s := toBalancer(3)
	g.err = lcore.ErrStalled
	w.follow(s)
	w.settle(s)
	for range 3 {
		w.setDirty()
	}
	w.tickBalancer(time.Now())
	if len(g.hops) != 0 || len(g.balances) != 0 || w.states.Last() != 0 {
		t.Fatalf("%d next hops were set, %d changes told", len(g.hops), w.states.Last())
	}
	g.err = nil
	w.setDirty()
	w.tickBalancer(time.Now())
	if len(g.balances) != 1 || len(w.unset) != 0 {
		t.Errorf("%d balances were set, %d are left", len(g.balances), len(w.unset))
	}
	if len(g.hops) != 3 || w.states.Last() != 3 || len(w.dirty) != 0 {
		t.Errorf("%d next hops were set, %d changes told, %d are left", len(g.hops), w.states.Last(), len(w.dirty))
	}
}

// TestMembersGoTogether: what a link takes with it costs one table, not one for each member.
func TestMembersGoTogether(t *testing.T) {
	w, g := testWays(t, 50)
	s := toBalancer(50)
	w.follow(s)
	w.settle(s)
	if len(g.balances) != 1 || len(g.balances[0].Members) != 50 {
		t.Fatalf("%d balances at first", len(g.balances))
	}
	for i, up := range []bool{false, true} {
		w.host.LinkChanged(time.Now(), 0, up)
		w.setDirty()
		if want := map[bool]int{false: 0, true: 50}[up]; len(g.balances) != 2+i || len(g.balances[1+i].Members) != want {
			t.Errorf("link up %v: %d balances were made", up, len(g.balances))
		}
	}
}

// TestRetreatKeepsHealth: a change that is given up leaves load balancers as they were, those that it
// would have ended too.
func TestRetreatKeepsHealth(t *testing.T) {
	w, g := testWays(t, 2)
	s, without := toBalancer(2), &rules.Snapshot{}
	w.follow(s)
	w.settle(s)
	before := fmt.Sprint(w.balancer.Status())
	w.follow(without)
	w.retreat()
	if after := fmt.Sprint(w.balancer.Status()); after != before || len(g.balances) != 1 {
		t.Errorf("%d balances were made; status was %s, is %s", len(g.balances), before, after)
	}
	w.follow(without)
	w.settle(without)
	if left := w.balancer.Status(); len(left) != 0 {
		t.Errorf("a load balancer that nobody uses is still looked after: %v", left)
	}
}

// TestOurSources: the addresses that copies come from are those of the snapshot in force.
func TestOurSources(t *testing.T) {
	w, _ := testWays(t, 1)
	ours, s := netip.MustParseAddr("192.0.2.1"), toBalancer(1)
	for _, c := range []struct {
		step string
		do   func()
		want bool
	}{
		{"nothing", func() {}, false},
		{"follow", func() { w.follow(s) }, false},
		{"settle", func() { w.settle(s) }, true},
		{"end", func() { w.follow(&rules.Snapshot{}); w.settle(&rules.Snapshot{}) }, false},
	} {
		if c.do(); w.isOurSource(ours) != c.want {
			t.Errorf("after %s: want %v", c.step, c.want)
		}
	}
}
