package lcore

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// TestPrepareCommitDiscard: nothing happens before Commit, nothing at all with Discard, and there
// is one prepared change at a time.
func TestPrepareCommitDiscard(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	before := g.View().Snapshot
	next := compile(t, mirrored(g, wire0, wire1))
	p, err := g.Prepare(next)
	if err != nil {
		t.Fatal(err)
	}
	if g.View().Snapshot != before || g.Generation() != 1 {
		t.Error("Prepare changed what is in force")
	}
	if _, err := g.Prepare(next); !errors.Is(err, ErrPrepared) {
		t.Errorf("a second Prepare: %v", err)
	}
	if err := g.Publish(next); !errors.Is(err, ErrPrepared) {
		t.Errorf("Publish beside a prepared change: %v", err)
	}
	p.Discard()
	p.Discard()
	if err := p.Commit(); err == nil || taken(&g.slots.sessions.slotPool) != 1 || g.layout.Shared().Filters != 1 {
		t.Errorf("Commit after Discard: %v; %d slots, %+v", err, taken(&g.slots.sessions.slotPool), g.layout.Shared())
	}
	if p, err = g.Prepare(next); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil || g.View().Snapshot != next || g.Generation() != 2 {
		t.Errorf("after Commit: %v, generation %d", err, g.Generation())
	}
	p.Discard()
	if err := p.Commit(); err == nil || g.View().Snapshot != next {
		t.Errorf("a second Commit: %v", err)
	}
}

// TestCloseEndsWhatIsPrepared: no memory is left, and a late Commit is refused.
func TestCloseEndsWhatIsPrepared(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	p, err := g.Prepare(compile(t, mirrored(g, wire0, wire1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	p.Discard()
	if err := p.Commit(); err == nil {
		t.Error("Commit after Close was not refused")
	}
	if _, err := g.Prepare(compile(t, mirrored(g))); err == nil {
		t.Error("Prepare after Close was not refused")
	}
	if shared := g.layout.Shared(); shared != (pipeline.Shared{}) {
		t.Errorf("after Close: %+v", shared)
	}
}

// manySpec is the usual gateway with room for n of everything, twice.
func manySpec(t testing.TB, n int) Spec {
	spec := gatewaySpec(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	spec.Capacity = pipeline.Capacity{Sources: 2 * n, Sessions: 2 * n, Rules: 20 * n}
	return spec
}

// manyParts is n interfaces, filters of 10 rules and sessions, one of each a source. name tells
// the IDs of one set from those of another.
func manyParts(t testing.TB, g *Group, name string, n int) rules.Parts {
	t.Helper()
	r := plain(g)
	p := rules.Parts{Ports: r.Ports, Exclude: r.Exclude, Targets: r.Targets}
	for i := range n {
		f := rules.Filter{ID: fmt.Sprintf("tmf-%s%d", name, i)}
		for k := range 10 {
			f.Rules = append(f.Rules, rules.Rule{ID: fmt.Sprintf("tmfr-%s%d-%d", name, i, k), Number: k + 1, Direction: rules.Direction(k % 2),
				Protocol: 6, DstPorts: &rules.PortRange{First: uint16(k), Last: 99}, Action: rules.Accept})
		}
		c, err := rules.CompileFilter(&f)
		if err != nil {
			t.Fatal(err)
		}
		p.Filters = append(p.Filters, c)
		p.Interfaces = append(p.Interfaces, rules.Interface{ID: fmt.Sprintf("eni-%s%d", name, i), Port: wire0,
			HasMAC: true, MAC: [6]byte{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, VLAN: rules.VLANAny})
		p.Sessions = append(p.Sessions, rules.Session{ID: fmt.Sprintf("tms-%s%d", name, i), Source: i, Filter: i, Number: 1,
			VNI: uint32(i + 1), OuterSource: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})})
	}
	return p
}

// oneMore is the same parts with one more session, each time another.
func oneMore(p rules.Parts, n int) rules.Parts {
	at := n % len(p.Sessions)
	more := p.Sessions[at]
	more.ID, more.Number, more.VNI = fmt.Sprintf("tms-more%d", n), 2, 1<<23+uint32(n)
	sessions := make([]rules.Session, 0, len(p.Sessions)+1)
	sessions = append(append(append(sessions, p.Sessions[:at+1]...), more), p.Sessions[at+1:]...)
	p.Sessions = sessions
	return p
}

func assemble(t testing.TB, p rules.Parts) *rules.Snapshot {
	t.Helper()
	s, err := rules.Assemble(&p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReplacingAllSessionsAtOnce: as many as the engine takes, on 256 sources, all of them others
// than before, and again.
func TestReplacingAllSessionsAtOnce(t *testing.T) {
	spec := manySpec(t, 0)
	spec.Capacity = DefaultCapacity
	g := open(t, spec)
	for round := range 3 {
		p := manyParts(t, g, fmt.Sprintf("r%d-", round), 256)
		sessions := make([]rules.Session, 0, rules.MaxSessions)
		for i := range rules.MaxSessions {
			s := p.Sessions[i/rules.MaxSessionsSource]
			s.ID, s.Number, s.VNI = fmt.Sprintf("tms-%d-%d", round, i), i%rules.MaxSessionsSource+1, uint32(i+1)
			sessions = append(sessions, s)
		}
		p.Sessions = sessions
		if err := g.Publish(assemble(t, p)); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round == 0 {
			if err := g.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := taken(&g.slots.sessions.slotPool); n != rules.MaxSessions {
		t.Errorf("%d slots are taken by %d sessions", n, rules.MaxSessions)
	}
}

// BenchmarkChange puts one more session in force where there are 10,000 interfaces, filters of 10
// rules and sessions, under traffic: Assemble, Prepare and Commit.
func BenchmarkChange(b *testing.B) {
	const n = 10000
	g := open(b, manySpec(b, n))
	parts := manyParts(b, g, "", n)
	if err := g.Publish(assemble(b, parts)); err != nil {
		b.Fatal(err)
	}
	if err := g.Start(); err != nil {
		b.Fatal(err)
	}
	for name, change := range map[string]func(int) rules.Parts{
		"session": func(i int) rules.Parts { return oneMore(parts, i) },
		"filter":  func(i int) rules.Parts { return otherFilter(b, parts, i) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var publish time.Duration
			for i := range b.N {
				s := assemble(b, change(i))
				begin := time.Now()
				if err := g.Publish(s); err != nil {
					b.Fatal(err)
				}
				publish += time.Since(begin)
			}
			b.ReportMetric(float64(publish.Microseconds())/float64(b.N), "publish-µs/op")
		})
	}
}

// otherFilter is the same parts with another version of one filter.
func otherFilter(t testing.TB, p rules.Parts, n int) rules.Parts {
	t.Helper()
	f := rules.Filter{ID: p.Filters[n%len(p.Filters)].ID, Rules: p.Filters[n%len(p.Filters)].Rules[rules.Ingress]}
	c, err := rules.CompileFilter(&f)
	if err != nil {
		t.Fatal(err)
	}
	filters := append([]*rules.CompiledFilter(nil), p.Filters...)
	filters[n%len(filters)] = c
	p.Filters = filters
	p.Sessions = append([]rules.Session(nil), p.Sessions...)
	return p
}
