package pipeline

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"mirrorgw/rules"
)

// manyRules is a filter that an rte_acl context holds, small enough to build in no time.
func manyRules(n int) (f rules.Filter) {
	f = lastAccepts(n)
	for i := range f.Rules {
		f.Rules[i].Action = rules.Reject // contexts do not know actions: filters share them
	}
	return f
}

func compileFilter(t testing.TB, f rules.Filter) *rules.CompiledFilter {
	t.Helper()
	c, err := rules.CompileFilter(&f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// change is a configuration that random changes are made to.
type change struct {
	r     *rand.Rand
	parts rules.Parts
	slots map[*rules.CompiledFilter]*RuleSlots
}

// filter returns a new filter, some of them large, with slots that it shares with all others:
// nobody counts here.
func (c *change) filter(t testing.TB) *rules.CompiledFilter {
	f := acceptAll()
	switch c.r.IntN(40) {
	case 0:
		f = manyRules(LinearMax + 1 + c.r.IntN(3))
	case 1:
		f = lastAccepts(LinearMax + 1 + c.r.IntN(3))
	case 2:
		f = rules.Filter{}
	}
	f.ID = fmt.Sprintf("tmf-%d", c.r.IntN(1000))
	compiled := compileFilter(t, f)
	slots := &RuleSlots{}
	for d, list := range compiled.Rules {
		slots[d] = make([]uint32, len(list))
	}
	c.slots[compiled] = slots
	return compiled
}

// mutate adds, drops or replaces something.
func (c *change) mutate(t testing.TB) {
	p := &c.parts
	p.Filters = append([]*rules.CompiledFilter(nil), p.Filters...)
	p.Sessions = append([]rules.Session(nil), p.Sessions...)
	switch n := len(p.Filters); c.r.IntN(5) {
	case 0:
		p.Filters = append(p.Filters, c.filter(t))
	case 1:
		p.Filters[c.r.IntN(n)] = c.filter(t)
	case 2:
		if n > 1 {
			p.Filters = append(p.Filters[:1], p.Filters[2:]...)
			p.Sessions = nil // their filters' indices have moved
		}
	case 3:
		mac := [6]byte{2, 0, 0, 0, byte(c.r.IntN(256)), byte(c.r.IntN(256))}
		p.Interfaces = []rules.Interface{{Port: wire0, HasMAC: true, MAC: mac, VLAN: rules.VLANAny}}
	case 4:
		p.Sessions = append(p.Sessions[:min(len(p.Sessions), 20)], rules.Session{Filter: c.r.IntN(n), Number: 1,
			VNI: uint32(1 + c.r.IntN(9)), OuterSource: netip.MustParseAddr("192.0.2.1"), PacketLength: c.r.IntN(3)})
		for i := range p.Sessions {
			p.Sessions[i].Number = i + 1
		}
	}
}

func (c *change) program(t testing.TB, layout *Layout, generation uint64) (*rules.Snapshot, *Program) {
	t.Helper()
	parts := c.parts
	s, err := rules.Assemble(&parts)
	if err != nil {
		t.Fatal(err)
	}
	slots := IdentitySlots(s)
	for i, f := range s.Filters {
		slots.Filters[i] = c.slots[f]
	}
	p, err := NewProgram(s, layout, slots, generation)
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// expected counts what a snapshot alone needs of a layout.
func expected(s *rules.Snapshot) (want Shared) {
	filters, contexts := map[*rules.CompiledFilter]bool{}, map[string]bool{}
	for _, f := range s.Filters {
		filters[f] = true
		for _, list := range f.Rules {
			for _, family := range []int{4, 6} {
				if picked, _ := ofFamily(list, family); len(picked) > LinearMax {
					contexts[contextKey(family, picked)] = true
				}
			}
		}
	}
	chains := map[string]bool{}
	for i := range s.Sources {
		if filters := joinable(s, i); filters != nil {
			chains[fmt.Sprint(filters)] = true
		}
	}
	return Shared{Contexts: len(contexts), Filters: len(filters), Chains: len(chains)}
}

// joinable returns the filters of a source's sessions if their rules are one list, else nil.
func joinable(s *rules.Snapshot, source int) (filters []int) {
	var counts [rules.Directions][2]int
	for _, session := range s.SessionsOf(source) {
		filters = append(filters, session.Filter)
		for d, list := range s.Filters[session.Filter].Rules {
			for f, family := range []int{4, 6} {
				picked, _ := ofFamily(list, family)
				if counts[d][f] += len(picked); counts[d][f] > LinearMax {
					return nil
				}
			}
		}
	}
	if len(filters) < 2 {
		return nil
	}
	return filters
}

// TestTenThousandChangesLeakNothing lays out one program after the other, as a gateway does: the
// next before the last is freed, and now and then one that is given up. What is left at any time
// is what the snapshot in force needs, and at the end nothing.
func TestTenThousandChangesLeakNothing(t *testing.T) {
	blocks := liveBlocks.Load()
	base := base()
	layout := &Layout{Tunnels: worldTunnels()}
	c := &change{r: rand.New(rand.NewPCG(4, 2)), slots: map[*rules.CompiledFilter]*RuleSlots{}}
	c.parts = rules.Parts{Ports: base.Ports, Targets: base.Targets, Filters: []*rules.CompiledFilter{c.filter(t)},
		Interfaces: []rules.Interface{{Port: wire0, VLAN: rules.VLANAny}}}
	_, force := c.program(t, layout, 1)
	for i := range 10000 {
		before := c.parts
		c.mutate(t)
		s, next := c.program(t, layout, uint64(i))
		if i%10 == 9 { // discarded
			c.parts = before
			next.Free()
			continue
		}
		force.Free()
		force = next
		if got, want := layout.Shared(), expected(s); got != want {
			t.Fatalf("change %d: the layout holds %+v, want %+v", i, got, want)
		}
		if i%100 == 0 {
			checkFresh(t, c, liveBlocks.Load()-blocks)
		}
	}
	force.Free()
	if got := layout.Shared(); got != (Shared{}) || layout.lastRules != nil || layout.lastSources != nil || layout.lastPlaces != nil || len(layout.destinations) != 0 {
		t.Errorf("the layout holds %+v after the last program", got)
	}
	if n := liveBlocks.Load(); n != blocks {
		t.Errorf("%d blocks of memory leaked", n-blocks)
	}
}

// checkFresh: a program made from scratch has as many blocks of memory as the one in force.
func checkFresh(t *testing.T, c *change, want int64) {
	t.Helper()
	before := liveBlocks.Load()
	_, fresh := c.program(t, &Layout{Tunnels: worldTunnels()}, 1)
	if got := liveBlocks.Load() - before; got != want {
		t.Fatalf("the program in force has %d blocks of memory, one made from scratch %d", want, got)
	}
	fresh.Free()
}

// TestRefusedProgramLeavesNothing: one that fails half way gives back what it shares.
func TestRefusedProgramLeavesNothing(t *testing.T) {
	blocks := liveBlocks.Load()
	layout := &Layout{Tunnels: worldTunnels()}
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, manyRules(100))
	r.Ports[wire0].Tunnel, r.Targets[0].Port = true, wire0 // but the layout has no such tunnel
	s, err := rules.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if p, err := NewProgram(s, layout, IdentitySlots(s), 1); err == nil {
			p.Free()
			t.Fatal("a target behind a port that is no tunnel was laid out")
		}
	}
	if got := layout.Shared(); got != (Shared{}) || liveBlocks.Load() != blocks {
		t.Errorf("left behind: %+v and %d blocks", got, liveBlocks.Load()-blocks)
	}
}

// TestFilterWithOtherSlots: a filter that has other slots than in a program that is still in use has
// memory of its own, as that says where its rules count.
func TestFilterWithOtherSlots(t *testing.T) {
	layout := &Layout{Tunnels: worldTunnels()}
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), 0, 1, acceptAll())
	s, err := rules.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	first, again := IdentitySlots(s), IdentitySlots(s)
	var programs []*Program
	for i, slots := range []Slots{first, again, first, again} {
		p, err := NewProgram(s, layout, slots, uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
		if got, want := layout.Shared().Filters, min(i+1, 2); got != want {
			t.Errorf("%d filters are laid out for %d programs, want %d", got, i+1, want)
		}
	}
	for _, p := range programs {
		p.Free()
	}
	if got := layout.Shared(); got != (Shared{}) {
		t.Errorf("left behind: %+v", got)
	}
}
