package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is a history that keeps everything in memory as it came.
type model struct {
	minutes map[Key]map[int64][]int64 // by minute since 1970
	twice   map[int64]bool            // hours that became several blocks: their rollups are parts of hours
}

func (m *model) add(at int64, rows []Row) {
	for _, row := range rows {
		if m.minutes[row.Key] == nil {
			m.minutes[row.Key] = map[int64][]int64{}
		}
		have := m.minutes[row.Key][at]
		if have == nil {
			have = make([]int64, len(columns[row.Key.Kind]))
			m.minutes[row.Key][at] = have
		}
		for i, v := range row.Values {
			have[i] += v
		}
	}
}

// slots adds the minutes of a series up.
func (m *model) slots(k Key) map[int64][]int64 {
	if k.Kind == Rollup {
		return m.rollup(k)
	}
	got := map[int64][]int64{}
	for at, values := range m.minutes[k] {
		slot := at - at%int64(k.Step)
		if got[slot] == nil {
			got[slot] = make([]int64, len(values))
		}
		for i, v := range values {
			got[slot][i] += v
		}
	}
	return got
}

func (m *model) rollup(k Key) map[int64][]int64 {
	got := map[int64][]int64{}
	for member := range m.minutes {
		if !k.member(&member) {
			continue
		}
		for slot, values := range m.slots(member) {
			have := got[slot]
			if have == nil {
				have = make([]int64, len(columns[Rollup]))
				for i := range Metrics {
					have[Lowest(i)] = 1<<63 - 1
				}
				got[slot] = have
			}
			have[Samples]++
			for i, v := range values {
				have[Sum(i)] += v
				have[Lowest(i)] = min(have[Lowest(i)], v)
				have[Highest(i)] = max(have[Highest(i)], v)
			}
		}
	}
	return got
}

var modelKeys = []Key{
	wire0, {Kind: Lcore, Step: 1, Name: "1"}, {Kind: Skips, Step: 1, Name: "congestion"}, basic, detailed, third,
	{Kind: Instance, Step: 5, Account: "000000000000", Name: "i-4", Group: "web"},
	{Kind: Instance, Step: 1, Account: "111111111111", Name: "i-2", Group: "web", Image: "ami-1", Type: "m5.large"},
}

var modelRollups = []Key{rollup(5, ByGroup, "web"), rollup(1, ByGroup, "web"), rollup(1, ByImage, "ami-1"), rollup(1, ByType, "m5.large"),
	{Kind: Rollup, Step: 1, Account: "111111111111", Dimension: ByType, Name: "m5.large"}}

// compare checks all series of a store between two minutes.
func (m *model) compare(t *rapid.T, s *Store, low, high int64) {
	for _, k := range append(modelKeys, modelRollups...) {
		cols := make([]int, len(columns[k.Kind]))
		for i := range cols {
			cols[i] = i
		}
		points, err := s.Points(k, cols, time.Unix(low*60, 0), time.Unix(high*60, 0))
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string][]int64{}, map[string][]int64{}
		for slot, values := range m.slots(k) {
			if slot >= low && slot < high {
				want[time.Unix(slot*60, 0).UTC().String()] = m.exact(k, slot, values)
			}
		}
		for _, p := range points {
			got[p.Time.String()] = m.exact(k, p.Time.Unix()/60, p.Values)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v (-model +store):\n%s", k, diff)
		}
	}
}

// exact leaves out what a rollup of an hour in several parts cannot know.
func (m *model) exact(k Key, slot int64, values []int64) []int64 {
	if k.Kind != Rollup || !m.twice[slot/60] {
		return values
	}
	var sums []int64
	for i := range Metrics {
		sums = append(sums, values[Sum(i)])
	}
	return sums
}

// unsynced makes writes fast for the rest of a test.
func unsynced(t *testing.T) {
	saved := syncFile
	syncFile = func(*os.File) error { return nil }
	t.Cleanup(func() { syncFile = saved })
}

func TestAgainstModel(t *testing.T) {
	unsynced(t)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "history")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		begin := func() *Store {
			s, err := Open(Options{Dir: dir, Days: 15, MaxBytes: 64 << 20})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s, m := begin(), &model{map[Key]map[int64][]int64{}, map[int64]bool{}}
		defer func() { s.Close() }()
		at, blocks := noon.Unix()/60, map[int64]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "minutes") {
			before := at / 60
			at += int64(rapid.SampledFrom([]int{1, 1, 1, 1, 0, 2, 7, 45, 61, 200, -1, -30, -100}).Draw(t, "step"))
			if at/60 != before {
				blocks[before] = true
				m.twice[at/60] = m.twice[at/60] || blocks[at/60]
			}
			rows := drawRows(t)
			if err := s.Add(Minute{Time: time.Unix(at*60+30, 0), Rows: rows}); err != nil {
				t.Fatal(err)
			}
			m.add(at, rows)
			if rapid.IntRange(0, 7).Draw(t, "restart") == 0 {
				s.Close() // writes nothing: the same as a kill
				s = begin()
			}
		}
		low := noon.Unix()/60 - 10000
		m.compare(t, s, low, low+30000)
		from := noon.Unix()/60 + int64(rapid.IntRange(-100, 600).Draw(t, "from"))
		m.compare(t, s, from, from+int64(rapid.IntRange(0, 500).Draw(t, "length")))
	})
}

func drawRows(t *rapid.T) (rows []Row) {
	for _, k := range modelKeys {
		if rapid.IntRange(0, 3).Draw(t, "absent") == 0 {
			continue
		}
		values := make([]int64, rapid.IntRange(0, len(columns[k.Kind])).Draw(t, "columns"))
		for i := range values {
			values[i] = rapid.SampledFrom([]int64{0, 0, 1, 64, 1500, 1 << 20, 1 << 40, 1 << 52}).Draw(t, "value")
		}
		rows = append(rows, Row{k, values})
	}
	return rows
}

// TestCut cuts and damages the files of a history at random places. Whatever opens has what was
// there or nothing, and can be added to.
func TestCut(t *testing.T) {
	original := t.TempDir()
	s := open(t, original)
	for minute := range 130 {
		put(t, s, minute, false, Row{wire0, []int64{int64(minute), 7}}, Row{detailed, []int64{int64(minute * 1000)}})
	}
	s.Close()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "history")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		names := []string{headName, "00000000-2026-11-20T12" + partSuffix}
		victim, flip := rapid.SampledFrom(names).Draw(t, "file"), rapid.Bool().Draw(t, "flip")
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(original, name))
			if err != nil {
				t.Fatal(err)
			}
			if name == victim {
				if at := rapid.IntRange(0, len(data)-1).Draw(t, "at"); flip {
					data[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
				} else {
					data = data[:at]
				}
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		damaged, err := Open(Options{Dir: dir, Days: 15, MaxBytes: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer damaged.Close()
		checkCut(t, damaged, victim, flip)
		if err := damaged.Add(Minute{Time: after(131), Rows: []Row{{wire0, []int64{9}}}}); err != nil {
			t.Fatal(err)
		}
	})
}

// checkCut: hours 0 and 1 are in the part, minutes 120 to 129 in the head.
func checkCut(t *rapid.T, s *Store, victim string, flip bool) {
	points, err := s.Points(wire0, []int{0, 1}, after(0), after(200))
	if err != nil && !flip {
		t.Fatal(err)
	}
	inHead, next := 0, 0
	for _, p := range points {
		minute := int(p.Time.Sub(noon) / time.Minute)
		if p.Values[0] != int64(minute) || p.Values[1] != 7 {
			t.Fatalf("minute %d became %v", minute, p.Values)
		}
		if minute >= 120 {
			if minute != 120+inHead {
				t.Fatalf("minute %d without those before it", minute)
			}
			inHead++
		} else if minute != next && !flip {
			t.Fatalf("minute %d without those before it", minute)
		}
		next = minute + 1
	}
	if victim != headName && inHead != 10 {
		t.Fatalf("damage in the part cost minutes of the head: %d are left", inHead)
	}
	if victim == headName && len(points)-inHead != 120 {
		t.Fatalf("damage in the head cost minutes of the part: %d are left", len(points)-inHead)
	}
}

// TestCutAtEveryByte: a log that ends anywhere has all minutes that were written whole.
func TestCutAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, headName)
	s := open(t, dir)
	var ends []int64
	for minute := range 6 {
		put(t, s, minute, false, Row{wire0, []int64{int64(minute)}}, Row{detailed, []int64{3}})
		ends = append(ends, s.head.size)
	}
	s.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range int64(len(data)) + 1 {
		if err := os.WriteFile(path, data[:at], 0o600); err != nil {
			t.Fatal(err)
		}
		want := map[int]int64{}
		for minute, end := range ends {
			if end <= at {
				want[minute] = int64(minute)
			}
		}
		s, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("cut at byte %d", at), values(t, s, wire0, 0), want)
		s.Close()
	}
}
