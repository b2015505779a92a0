package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/bolt"
	"mirrorgw/ctl/store/storetest"
	"mirrorgw/rules"
)

// scaleGateway is added to the configuration.
const scaleGateway = `mtu = 9001
[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"
[quotas]
sessions_per_account = 65536
`

const scale = 10000

// noPath takes everything at once.
type noPath struct{}

func (noPath) Prepare(*rules.Snapshot) (ctl.Prepared, error) { return noPath{}, nil }
func (noPath) Commit() error                                 { return nil }
func (noPath) Discard()                                      {}

// fill makes a state of n interfaces, n filters of 10 rules and n sessions, one less than each
// source may have, in one change.
func fill(tx *store.Tx, n int) error {
	if err := tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "ids"}, Address: netip.MustParseAddr("192.0.2.10")}); err != nil {
		return err
	}
	for i := range n {
		name := fmt.Sprintf("n%d", i)
		err := tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: name}, Port: "wire0", HasMAC: true, MAC: [6]byte{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)},
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}})
		if err != nil {
			return err
		}
		f := &ctl.Filter{Common: ctl.Common{Name: name}}
		for r := range 10 {
			f.Rules = append(f.Rules, &ctl.Rule{Rule: rules.Rule{Direction: rules.Direction(r % 2), Number: 100 + r, Action: rules.Accept, Protocol: rules.ProtocolTCP,
				Source: netip.MustParsePrefix("10.0.0.0/8"), DstPorts: &rules.PortRange{First: uint16(r), Last: 443}}})
		}
		if err := tx.PutFilter(f); err != nil {
			return err
		}
		if err := tx.PutSession(&ctl.Session{Common: ctl.Common{Name: name}, Source: name, Target: "ids", Filter: name, Number: 1}); err != nil {
			return err
		}
	}
	return nil
}

func scaled(b testing.TB, p store.Persistence, n int) *store.Store {
	b.Helper()
	s := storetest.Open(b, store.Options{Config: storetest.Config(b, scaleGateway), Publisher: noPath{}, Persistence: p})
	if n > 0 {
		if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return fill(tx, n) }); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkOneSession creates one session, then deletes it, at the scale of the quotas.
func BenchmarkOneSession(b *testing.B) {
	for _, kind := range []string{"memory", "bolt"} {
		b.Run(kind, func(b *testing.B) {
			var p store.Persistence
			if kind == "bolt" {
				f, err := bolt.Open(filepath.Join(b.TempDir(), "state.db"), bolt.Options{})
				if err != nil {
					b.Fatal(err)
				}
				p = f
			}
			s := scaled(b, p, scale)
			defer s.Close()
			var times []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				r := &ctl.Session{Common: ctl.Common{Name: "one-more"}, Source: "n77", Target: "ids", Filter: "n77", Number: 2}
				begin := time.Now()
				if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return tx.PutSession(r) }); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(begin))
				if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return tx.Delete(store.KindSession, r.ID) }); err != nil {
					b.Fatal(err)
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-us")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
		})
	}
}

// BenchmarkOneInterface modifies an interface, so that sources are laid anew.
func BenchmarkOneInterface(b *testing.B) {
	s := scaled(b, nil, scale)
	defer s.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
			old, _ := tx.Interface("", "n77")
			r := *old
			r.Description = fmt.Sprint(n)
			return tx.PutInterface(&r)
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart loads the state from its file.
func BenchmarkStart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	f, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	s := scaled(b, f, scale)
	b.Logf("filled and saved in %v", time.Since(begin))
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := scaled(b, f, 0).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports what a session costs in memory with its interface and filter.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		s := scaled(b, nil, scale)
		b.ReportMetric(float64(heap()-before)/scale, "B/session")
		s.Close()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
