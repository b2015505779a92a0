package past

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console/plot"
	"mirrorgw/ctl/history"
	"mirrorgw/rules"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var ports = []config.Port{{Name: "wire0", Role: rules.RoleWire, Peer: "wire1"}, {Name: "tun0", Role: rules.RoleTunnel}, {Name: "wire1", Role: rules.RoleWire, Peer: "wire0"}, {Name: "span", Role: rules.RoleTap}}

// filled is a history of some minutes before noon, without a few.
func filled(t *testing.T, minutes int, missing func(ago int) bool) *history.Store {
	t.Helper()
	h, err := history.Open(history.Options{Dir: t.TempDir(), Days: 15})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	key := func(kind history.Kind, name string) history.Key { return history.Key{Kind: kind, Step: 1, Name: name} }
	for ago := minutes; ago > 0; ago-- {
		if missing(ago) {
			continue
		}
		rows := []history.Row{
			{Key: key(history.Port, "wire0"), Values: []int64{6000, 600000, 0, 0, 0, 0, 0}},
			{Key: key(history.Port, "wire1"), Values: []int64{60, 6000, 0, 0, 0, 0, 0}},
			{Key: key(history.Gateway, ""), Values: []int64{120, 0, 60, 0, 60, 0, 0}},
			{Key: key(history.Lcore, "1"), Values: []int64{15e6, 60e6}},
		}
		for i := range 9 {
			rows = append(rows, history.Row{Key: key(history.Skips, fmt.Sprintf("reason-%d", i)), Values: []int64{int64(60 * i), 0}})
		}
		if err := h.Add(history.Minute{Time: noon.Add(-time.Duration(ago) * time.Minute), Rows: rows, Partial: ago == 30}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func TestPlots(t *testing.T) {
	p := New(filled(t, 90, func(ago int) bool { return ago >= 10 && ago < 15 }), ports)
	plots := map[string]*plot.Plot{}
	for i, one := range p.Plots(Ranges[0], noon.Add(20*time.Second)) {
		plots[one.Title+", "+one.Unit.String()] = &p.Plots(Ranges[0], noon)[i]
	}
	for title, want := range map[string]struct {
		series int
		first  string
		value  float64
	}{
		"wire0 and wire1, frames/s":                      {2, "wire0 to wire1", 100},
		"wire0 and wire1, bit/s":                         {2, "wire0 to wire1", 80000},
		"Copies, copies/s":                               {2, "made", 1},
		"Copies skipped, by reason, copies/s":            {7, "reason-8", 8},
		"Production frames dropped, by reason, frames/s": {1, "none", 0},
		"Load of the lcores, share":                      {1, "lcore 1", 0.25},
	} {
		got := plots[title]
		if got == nil || len(got.Series) != want.series {
			t.Fatalf("%s: %+v", title, got)
		}
		points := got.Series[0].Points
		if got.Series[0].Name != want.first || len(points) != 55 || points[0].Value != want.value || !points[0].Time.Equal(noon.Add(-time.Hour)) {
			t.Errorf("%s: %s begins with %+v of %d", title, got.Series[0].Name, points[0], len(points))
		}
		if len(got.Gaps) != 1 || !got.Gaps[0].From.Equal(noon.Add(-14*time.Minute)) || !points[30].Partial {
			t.Errorf("%s: gaps %v, partial %+v", title, got.Gaps, points[30])
		}
	}
	if others := plots["Copies skipped, by reason, copies/s"].Series[6]; others.Name != "others" || others.Points[0].Value != 3 {
		t.Errorf("the rest is %s: %+v", others.Name, others.Points[0])
	}
	if tap := plots["Tap span, frames/s"]; tap == nil || len(tap.Series[0].Points) != 0 {
		t.Errorf("the tap is %+v", tap)
	}
}

// TestRanges: a longer range has coarser points, and the same mean.
func TestRanges(t *testing.T) {
	p := New(filled(t, 3*60, func(int) bool { return false }), ports)
	for key, want := range map[string]int{"1h": 60, "6h": 180, "24h": 36, "7d": 6, "": 60, "nonsense": 60} {
		plots := p.Plots(RangeOf(key), noon)
		points := plots[0].Series[0].Points
		if len(points) != want || points[len(points)-1].Value != 100 {
			t.Errorf("%q has %d points; want %d; the last is %+v", key, len(points), want, points[len(points)-1])
		}
		for i := range plots {
			if len(plots[i].Figure()) == 0 {
				t.Errorf("%s cannot be drawn", plots[i].Title)
			}
		}
	}
}

// TestManyTaps: a tap has plots as a wire has, and as many of them are shown.
func TestManyTaps(t *testing.T) {
	var taps []config.Port
	for i := range 12 {
		taps = append(taps, config.Port{Name: fmt.Sprint("tap", i), Role: rules.RoleTap})
	}
	plots := New(filled(t, 60, func(int) bool { return false }), taps).Plots(Ranges[0], noon)
	count := 0
	for i := range plots {
		if strings.HasPrefix(plots[i].Title, "Tap ") {
			count++
		}
	}
	if count != 2*maxWires {
		t.Errorf("%d plots of taps, want %d", count, 2*maxWires)
	}
}

// TestOncePerMinute: viewers within one minute share one reading.
func TestOncePerMinute(t *testing.T) {
	p := New(filled(t, 60, func(int) bool { return false }), ports)
	first, again, later := p.Plots(Ranges[0], noon.Add(time.Second)), p.Plots(Ranges[0], noon.Add(59*time.Second)), p.Plots(Ranges[0], noon.Add(time.Minute))
	if &first[0] != &again[0] || &first[0] == &later[0] {
		t.Error("plots are made anew within a minute, or kept beyond it")
	}
}

// TestLateMinute: who looks before the last minute is there keeps nobody from seeing it when it is.
func TestLateMinute(t *testing.T) {
	h := filled(t, 60, func(ago int) bool { return ago == 1 })
	p := New(h, ports)
	if points := p.Plots(Ranges[0], noon)[0].Series[0].Points; len(points) != 59 {
		t.Fatalf("%d points", len(points))
	}
	row := history.Row{Key: history.Key{Kind: history.Port, Step: 1, Name: "wire0"}, Values: []int64{6000, 600000, 0, 0, 0, 0, 0}}
	if err := h.Add(history.Minute{Time: noon.Add(-time.Minute), Rows: []history.Row{row}}); err != nil {
		t.Fatal(err)
	}
	if points := p.Plots(Ranges[0], noon.Add(time.Second))[0].Series[0].Points; len(points) != 60 {
		t.Errorf("%d points when the minute is there", len(points))
	}
}
