package history

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is when the tests begin.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir, Days: 15, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *Store, minute int, partial bool, rows ...Row) {
	t.Helper()
	if err := s.Add(Minute{Time: after(minute), Partial: partial, Rows: rows}); err != nil {
		t.Fatal(err)
	}
}

// values are what Points returns of one column, by minutes after noon.
func values(t testing.TB, s *Store, k Key, column int) map[int]int64 {
	t.Helper()
	points, err := s.Points(k, []int{column}, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]int64{}
	for _, p := range points {
		got[int(p.Time.Sub(noon)/time.Minute)] = p.Values[0]
	}
	return got
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

var (
	wire0    = Key{Kind: Port, Step: 1, Name: "wire0"}
	basic    = Key{Kind: Instance, Step: 5, Account: "000000000000", Name: "i-1", Group: "web", Image: "ami-1"}
	detailed = Key{Kind: Instance, Step: 1, Account: "000000000000", Name: "i-2", Group: "web", Image: "ami-1", Type: "m5.large"}
	third    = Key{Kind: Instance, Step: 1, Account: "000000000000", Name: "i-3", Image: "ami-1", Type: "m5.large"}
)

func rollup(step int, dimension, name string) Key {
	return Key{Kind: Rollup, Step: step, Account: "000000000000", Dimension: dimension, Name: name}
}

func TestMinutesAndHours(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for minute := 50; minute < 70; minute++ { // over the end of an hour
		put(t, s, minute, false, Row{wire0, []int64{int64(minute), 1}}, Row{basic, []int64{10}})
	}
	check := func(s *Store) {
		want, slots := map[int]int64{}, map[int]int64{}
		for minute := 50; minute < 70; minute++ {
			want[minute] = int64(minute)
			slots[minute/5*5] += 10
		}
		same(t, "a port by minute", values(t, s, wire0, 0), want)
		same(t, "a basic instance by five", values(t, s, basic, 0), slots)
		same(t, "a column of zeros", len(values(t, s, wire0, 5)), 20)
		same(t, "until", s.Until(), after(70))
	}
	check(s)
	s.Close()
	again := open(t, dir)
	check(again)
	put(t, again, 125, false, Row{wire0, []int64{1}})
	same(t, "gaps", again.Gaps(after(0), after(200)), []Gap{{after(0), after(50), false}, {after(70), after(125), false}})
	points, err := again.Points(wire0, []int{0, 1}, after(69), after(126))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a range", points, []Point{{after(69), []int64{69, 1}, false}, {after(125), []int64{1, 0}, false}})
}

func TestRollups(t *testing.T) {
	s := open(t, t.TempDir())
	check := func(when string) {
		t.Helper()
		points, err := s.Points(rollup(1, ByType, "m5.large"), []int{Sum(0), Lowest(0), Highest(0), Samples}, after(0), after(3))
		if err != nil {
			t.Fatal(err)
		}
		same(t, when, points, []Point{{after(0), []int64{10, 3, 7, 2}, false}, {after(1), []int64{7, 7, 7, 1}, false}, {after(2), []int64{0, 0, 0, 1}, true}})
		same(t, when+": basic of the group", values(t, s, rollup(5, ByGroup, "web"), Sum(0)), map[int]int64{0: 111})
		same(t, when+": detailed of the group", values(t, s, rollup(1, ByGroup, "web"), Sum(0)), map[int]int64{0: 3})
		same(t, when+": image has no basic", values(t, s, rollup(5, ByImage, "ami-1"), Sum(0)), map[int]int64{})
	}
	put(t, s, 0, false, Row{basic, []int64{100}}, Row{detailed, []int64{3}}, Row{third, []int64{7}})
	put(t, s, 1, false, Row{basic, []int64{11}}, Row{third, []int64{7}})
	put(t, s, 2, true, Row{third, []int64{0}})
	check("in the head")
	put(t, s, 60, false)
	check("in a block")
	same(t, "series", len(s.Series(Filter{Kind: Rollup})), 4)
	same(t, "series of a dimension", s.Series(Filter{Dimension: ByType}), []Key{rollup(1, ByType, "m5.large")})
	same(t, "recent series", s.Series(Filter{Since: after(30)}), []Key(nil))
}

// TestTwiceAMinute: what a restart or a clock that was set back brings is added, and marked.
func TestTwiceAMinute(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, 0, false, Row{wire0, []int64{5}})
	put(t, s, 1, false, Row{wire0, []int64{5}})
	s.Close()
	s = open(t, dir)
	put(t, s, 1, false, Row{wire0, []int64{2}})
	put(t, s, 60, false, Row{wire0, []int64{9}})
	put(t, s, 1, false, Row{wire0, []int64{1}}) // an hour back: another block of the same hour
	put(t, s, 61, false, Row{wire0, []int64{8}})
	same(t, "sums", values(t, s, wire0, 0), map[int]int64{0: 5, 1: 8, 60: 9, 61: 8})
	points, _ := s.Points(wire0, []int{0}, after(1), after(2))
	same(t, "marked", points, []Point{{after(1), []int64{8}, true}})
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(Options{Dir: dir}); err == nil {
		t.Error("a second process opened the history")
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for day := range 40 {
		put(t, s, day*24*60, false, Row{wire0, []int64{1}}, Row{Key{Kind: Instance, Step: 5, Name: "i-1", Group: string(rune('a' + day))}, []int64{1}})
	}
	got := values(t, s, wire0, 0)
	if len(got) < 15 || len(got) > 18 {
		t.Errorf("%d days are kept", len(got))
	}
	if n := len(s.Series(Filter{Kind: Rollup})); n != len(got) {
		t.Errorf("%d rollups of %d days", n, len(got))
	}
	put(t, s, 400*24*60, false, Row{wire0, []int64{1}}) // a clock that is wrong for a minute
	put(t, s, 39*24*60+1, false, Row{wire0, []int64{1}})
	put(t, s, 39*24*60+60, false, Row{wire0, []int64{1}})
	if n := len(values(t, s, wire0, 0)); n < 15 {
		t.Errorf("a clock that was wrong for a minute left %d minutes", n)
	}
}

func TestSpace(t *testing.T) {
	unsynced(t)
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir, Days: 15, MaxBytes: MinBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := make([]Row, 2000)
	for i := range rows {
		rows[i] = Row{Key{Kind: Instance, Step: 1, Account: "000000000000", Name: "i-" + string(rune('0'+i%10)) + time.Duration(i).String()}, nil}
	}
	n := int64(1)
	for minute := range 5 * 60 {
		for i := range rows {
			n = (n*6364136223846793005 + 1442695040888963407) & (1<<62 - 1)
			rows[i].Values = []int64{n, n >> 2, n >> 1, n >> 5}
		}
		put(t, s, minute, false, append(rows, Row{wire0, []int64{int64(minute)}})...)
		if size := sizeOf(t, dir); size > MinBytes {
			t.Fatalf("minute %d: %d bytes, more than %d", minute, size, MinBytes)
		}
	}
	counts := s.Counts()
	if counts.DroppedForSpace == 0 || counts.Bytes > MinBytes {
		t.Errorf("counts %+v", counts)
	}
	if got := values(t, s, wire0, 0); got[299] != 299 || got[280] != 280 {
		t.Error("the port is not kept, which goes before instances")
	}
}

func sizeOf(t *testing.T, dir string) (n int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

func TestTooManySeries(t *testing.T) {
	s, err := Open(Options{Dir: t.TempDir(), MaxBytes: MinBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := make([]Row, s.maxSeries()+10)
	for i := range rows {
		rows[i] = Row{Key{Kind: Instance, Step: 5, Account: "000000000000", Name: strings.Repeat("x", 150) + time.Duration(i).String()}, []int64{1}}
	}
	rows[0].Key = wire0
	put(t, s, 0, false, rows...)
	if c := s.Counts(); c.OmittedSeries != 10 || c.Series != s.maxSeries() {
		t.Errorf("counts %+v", c)
	}
	put(t, s, 60, false)
	if c := s.Counts(); c.OmittedChunks == 0 || c.Bytes > MinBytes {
		t.Errorf("an hour that is too large: counts %+v", c)
	}
	same(t, "what goes before instances", values(t, s, wire0, 0), map[int]int64{0: 1})
}

// TestDiskFails: what cannot be written is told, read from memory while its hour lasts, and written
// with it once the disk works again.
func TestDiskFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, 0, false, Row{wire0, []int64{1}})
	good := s.head.log
	s.head.log, _ = os.Open(filepath.Join(dir, headName)) // not for writing
	if err := s.Add(Minute{Time: after(1), Rows: []Row{{wire0, []int64{2}}}}); err == nil {
		t.Fatal("an error went unnoticed")
	}
	if c := s.Counts(); c.Writable || c.FailedMinutes != 1 {
		t.Errorf("counts %+v", c)
	}
	s.head.log.Close()
	s.head.log = good
	put(t, s, 2, false, Row{wire0, []int64{3}})
	put(t, s, 60, false, Row{wire0, []int64{4}})
	want := map[int]int64{0: 1, 1: 2, 2: 3, 60: 4}
	same(t, "from memory", values(t, s, wire0, 0), want)
	s.Close()
	same(t, "from disk", values(t, open(t, dir), wire0, 0), want)
	if err := s.Add(Minute{Time: after(61)}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed history took a minute: %v", err)
	}
}

// TestReadersAndTheWriter: readers see each minute whole or not at all, while hours become blocks and
// parts are deleted.
func TestReadersAndTheWriter(t *testing.T) {
	unsynced(t)
	s := open(t, t.TempDir())
	s.options.MaxBytes = 1 << 20 // so little that parts go
	written, ended := make(chan struct{}), sync.WaitGroup{}
	for range 3 {
		ended.Add(1)
		go func() {
			defer ended.Done()
			for {
				readAll(t, s)
				select {
				case <-written:
					return
				default:
				}
			}
		}()
	}
	rows := instances(100, 1)
	for minute := range 600 {
		busy(rows)
		put(t, s, minute, false, append(rows, Row{wire0, []int64{int64(minute), 2 * int64(minute)}}, Row{detailed, []int64{1}})...)
	}
	close(written)
	ended.Wait()
	if s.Counts().DroppedForSpace == 0 {
		t.Error("no part was deleted meanwhile")
	}
}

func readAll(t *testing.T, s *Store) {
	points, err := s.Points(wire0, []int{0, 1}, noon, noon.AddDate(0, 1, 0))
	if err != nil {
		t.Error(err)
	}
	for _, p := range points {
		if minute := int64(p.Time.Sub(noon) / time.Minute); p.Values[0] != minute || p.Values[1] != 2*minute {
			t.Errorf("minute %d has %v", minute, p.Values)
		}
	}
	s.Series(Filter{Kind: Rollup})
	s.Gaps(noon, noon.AddDate(0, 1, 0))
	s.Points(rollup(1, ByGroup, "web"), []int{Samples}, noon, noon.AddDate(0, 1, 0))
	s.Counts()
}
