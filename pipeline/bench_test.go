package pipeline

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"mirrorgw/rules"
)

// benchPools are large enough to have caches. They only help on an EAL lcore, and a benchmark
// does not run on one: allocation costs more here than in the gateway.
var benchPools = HarnessPools{Frames: 1023, Headers: 2047, Indirects: 4095, FrameRoom: 2176, Cache: 0}

// flows are frames of one length in different flows.
func flows(b *testing.B, length int) [][]byte {
	frames := make([][]byte, Burst)
	for i := range frames {
		frames[i] = append([]byte(nil), fromWeb(b, length)...)
		binary.BigEndian.PutUint16(frames[i][34:], uint16(1024+i))
	}
	return frames
}

// lastAccepts is a filter of n rules of which only the last matches.
func lastAccepts(n int) (f rules.Filter) {
	for i := range n {
		rule := rules.Rule{Direction: rules.Egress, Number: i + 1, Action: rules.Accept, Protocol: rules.ProtocolTCP,
			Source: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}), 32)}
		if i == n-1 {
			rule.Source = netip.Prefix{}
		}
		f.Rules = append(f.Rules, rule)
	}
	return f
}

func benchmark(b *testing.B, length, target int, engine Engine, filter rules.Filter) {
	h := newHarness(b, benchPools)
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), target, 1, filter)
	w := newWorld(b, h, r, &Layout{Engine: engine})
	defer w.close()
	in := Input{Port: wire0, Frames: flows(b, length)}
	b.ResetTimer()
	if err := h.Repeat(w.program, in, b.N); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Burst, "ns/frame")
}

// BenchmarkMatch compares the engines by number of rules of which the last one decides. What it
// does not show: cache misses of many filters at once.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 10, 16, 32, 64, 128, 256, 1000} {
		for name, engine := range map[string]Engine{"linear": EngineLinear, "acl": EngineACL} {
			b.Run(fmt.Sprintf("engine=%s/rules=%d", name, n), func(b *testing.B) {
				benchmark(b, 60, 2, engine, lastAccepts(n)) // unresolved target: match only
			})
		}
	}
}

// BenchmarkMirror is the whole way of a mirrored frame but for the ports.
func BenchmarkMirror(b *testing.B) {
	for _, length := range []int{60, 128, 192, 256, 512, 1450} {
		b.Run(fmt.Sprintf("length=%d", length), func(b *testing.B) {
			benchmark(b, length, 0, EngineAuto, lastAccepts(10))
		})
	}
}

// manyParts is n interfaces, filters of 10 rules and sessions, one of each a source.
func manyParts(b *testing.B, n int) *rules.Parts {
	r := base()
	p := &rules.Parts{Ports: r.Ports, Targets: r.Targets}
	for i := range n {
		f := lastAccepts(10)
		f.ID = fmt.Sprintf("tmf-%017x", i)
		compiled, err := rules.CompileFilter(&f)
		if err != nil {
			b.Fatal(err)
		}
		p.Filters = append(p.Filters, compiled)
		p.Interfaces = append(p.Interfaces, rules.Interface{ID: fmt.Sprintf("eni-%017x", i), Port: wire0,
			HasMAC: true, MAC: [6]byte{2, 0, 0, 0, byte(i >> 8), byte(i)}, VLAN: rules.VLANAny})
		p.Sessions = append(p.Sessions, rules.Session{ID: fmt.Sprintf("tms-%017x", i), Source: i, Filter: i, Number: 1,
			VNI: uint32(i + 1), OuterSource: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})})
	}
	return p
}

// BenchmarkNewProgram lays out 10,000 interfaces, filters of 10 rules and sessions: for the first
// time, after one more session, after another version of one filter, after one more interface.
func BenchmarkNewProgram(b *testing.B) {
	parts := manyParts(b, 10000)
	assemble := func(p rules.Parts) *rules.Snapshot {
		s, err := rules.Assemble(&p)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	session, filter, source := *parts, *parts, *parts
	session.Sessions = append(append([]rules.Session(nil), parts.Sessions...), parts.Sessions[7])
	session.Sessions[10000].Number = 2
	filter.Filters = append([]*rules.CompiledFilter(nil), parts.Filters...)
	changed := *filter.Filters[5000]
	filter.Filters[5000] = &changed
	source.Interfaces = append([]rules.Interface{{Port: wire1, VLAN: rules.VLANAny}}, parts.Interfaces...)
	first := assemble(*parts)
	all := IdentitySlots(first)
	all.Sessions = append(all.Sessions, 10000)
	all.Sources = append(all.Sources, 10000)
	for name, parts := range map[string]rules.Parts{"fresh": *parts, "session": session, "filter": filter, "source": source} {
		b.Run("change="+name, func(b *testing.B) {
			layout, next := &Layout{Tunnels: worldTunnels()}, assemble(parts)
			if name != "fresh" {
				held, err := NewProgram(first, layout, all, 1)
				if err != nil {
					b.Fatal(err)
				}
				defer held.Free()
			}
			slots := all
			if name == "filter" {
				slots.Filters = append([]*RuleSlots(nil), all.Filters...)
				slots.Filters[5000] = &RuleSlots{nil, make([]uint32, 10)}
			}
			b.ResetTimer()
			for range b.N {
				p, err := NewProgram(next, layout, slots, 2)
				if err != nil {
					b.Fatal(err)
				}
				p.Free()
			}
		})
	}
}
