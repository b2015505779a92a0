package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// manyParts is n interfaces, filters of 10 rules and sessions, one of each a source.
func manyParts(tb testing.TB, n int) *Parts {
	tb.Helper()
	r := testResources()
	p := &Parts{Ports: r.Ports, Exclude: r.Exclude, Resolvers: r.Resolvers, Targets: r.Targets}
	for i := range n {
		f := Filter{ID: fmt.Sprintf("tmf-%017x", i)}
		for k := range 10 {
			f.Rules = append(f.Rules, Rule{ID: fmt.Sprintf("tmfr-%d-%d", i, k), Direction: Direction(k % 2), Number: 10 - k,
				Action: Accept, Protocol: 6, DstPorts: &PortRange{uint16(k), uint16(1000 + k)},
				Source: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), byte(k)}), 24)})
		}
		compiled, err := CompileFilter(&f)
		if err != nil {
			tb.Fatal(err)
		}
		p.Filters = append(p.Filters, compiled)
		p.Interfaces = append(p.Interfaces, Interface{ID: fmt.Sprintf("eni-%017x", i), Port: i % 3, HasMAC: true,
			MAC: [6]byte{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, VLAN: VLANAny})
		s := session("", i, i, 1)
		s.ID = fmt.Sprintf("tms-%017x", i)
		p.Sessions = append(p.Sessions, s)
	}
	return p
}

// again is what the control plane hands over for the next change: fresh slices, the same filters.
func (p *Parts) again(more ...Session) *Parts {
	c := *p
	c.Sessions = append(slices.Clone(p.Sessions), more...)
	return &c
}

// TestAssembleSharesFilters: what was compiled once is in both snapshots, not a copy of it.
func TestAssembleSharesFilters(t *testing.T) {
	p := manyParts(t, 3)
	first, err := Assemble(p.again())
	if err != nil {
		t.Fatal(err)
	}
	second, err := Assemble(p.again(session("new", 1, 2, 7)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first.Filters, second.Filters) {
		t.Error("the second snapshot has other filters")
	}
	if got := second.SessionsOf(1); len(got) != 2 || got[1].Name != "new" || second.Sources[2].First != 3 {
		t.Errorf("sessions of the changed source: %+v", got)
	}
	p.Filters[1] = nil
	if _, err := Assemble(p.again()); err == nil || err.Error() != "filter #1 is missing; every filter must have been compiled" {
		t.Errorf("a filter that was not compiled: %v", err)
	}
}

// TestAssembleOrders: whatever the order of the input, the layout is that of sorting it.
func TestAssembleOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := testResources()
		p := &Parts{Ports: r.Ports, Targets: r.Targets, Filters: []*CompiledFilter{{}}}
		for i := range rapid.IntRange(1, 5).Draw(t, "sources") {
			p.Interfaces = append(p.Interfaces, Interface{Port: portWire0, VLAN: i + 1})
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 20), 0, 6, rapid.ID[int]).Draw(t, "numbers") {
				p.Sessions = append(p.Sessions, session("", i, 0, n))
			}
		}
		p.Sessions = rapid.Permutation(p.Sessions).Draw(t, "order")
		want := slices.Clone(p.Sessions)
		slices.SortFunc(want, func(a, b Session) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Number, b.Number))
		})
		s, err := Assemble(p)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Sessions, want) {
			t.Fatalf("sessions %+v, want %+v", s.Sessions, want)
		}
		for i := range s.Sources {
			for _, e := range s.SessionsOf(i) {
				if e.Source != i {
					t.Fatalf("source %d has a session of source %d", i, e.Source)
				}
			}
		}
	})
}

// TestKeySet judges the hash table by a map.
func TestKeySet(t *testing.T) {
	type key struct {
		port, vlan int
		mac        [6]byte
		hasMAC     bool
	}
	rapid.Check(t, func(t *rapid.T) {
		interfaces := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Interface {
			return Interface{
				Port: rapid.IntRange(0, 2).Draw(t, "port"), VLAN: rapid.SampledFrom([]int{VLANAny, 1, 4094}).Draw(t, "vlan"),
				HasMAC: rapid.Bool().Draw(t, "hasMAC"), MAC: [6]byte{2, 0, 0, 0, 0, rapid.Byte().Draw(t, "mac") % 4},
			}
		})).Draw(t, "interfaces")
		set, seen := newKeySet(interfaces), map[key]int{}
		for i := range interfaces {
			f := &interfaces[i]
			k := key{f.Port, f.VLAN, f.MAC, f.HasMAC}
			if !f.HasMAC {
				k.mac = [6]byte{}
			}
			want, known := seen[k]
			if other, twice := set.add(i); twice != known || twice && other != want {
				t.Fatalf("interface %d: %d, %v; want %d, %v", i, other, twice, want, known)
			}
			if !known {
				seen[k] = i
			}
		}
	})
}

// BenchmarkAssemble is the price of a change at 10,000 of everything: of one more session at its
// place, and of one that has to be put there.
func BenchmarkAssemble(b *testing.B) {
	p := manyParts(b, 10000)
	last, first := session("new", 9999, 0, 9), session("new", 0, 0, 9)
	for name, more := range map[string]Session{"grouped": last, "appended": first} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := Assemble(p.again(more)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
