package past

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console/plot"
	"mirrorgw/ctl/history"
	"mirrorgw/rules"
)

// builder makes the plots of one range.
type builder struct {
	history     *history.Store
	r           Range
	from, until time.Time
}

// maxWires is how many wires and taps have plots of their own.
const maxWires = 8

// plot makes one without series.
func (b *builder) plot(id, title string, unit plot.Unit) plot.Plot {
	return plot.Plot{ID: "past-" + id, Title: title, Unit: unit, From: b.from, To: b.until}
}

// series reads what a column of a series counted, as numbers a second times a factor. A series that is not
// there has no points.
func (b *builder) series(name string, kind history.Kind, key, column string, factor float64) plot.Series {
	return b.combined(name, history.Key{Kind: kind, Step: 1, Name: key}, []string{column}, func(values []int64, seconds float64) float64 {
		return factor * float64(values[0]) / seconds
	})
}

// combined reads columns of a series and makes one value of those of each slot. Damage is told by the
// history itself; what is left is shown.
func (b *builder) combined(name string, key history.Key, columns []string, value func(values []int64, seconds float64) float64) plot.Series {
	numbers := make([]int, len(columns))
	for i, column := range columns {
		numbers[i] = key.Kind.Column(column)
	}
	list, _ := b.history.Points(key, numbers, b.from, b.until)
	length := time.Duration(key.Step) * time.Minute
	points := make([]plot.Point, len(list))
	for i, p := range list {
		points[i] = plot.Point{Time: p.Time, Length: length, Value: value(p.Values, length.Seconds()), Partial: p.Partial}
	}
	if b.r.step > length {
		points = plot.Reduce(points, b.from, b.until, b.r.step)
	}
	return plot.Series{Name: name, Points: points}
}

// wires are two plots for each wire, in both directions, and for each tap.
func (b *builder) wires(ports []config.Port) (plots []plot.Plot) {
	done := map[string]bool{}
	for i := range ports {
		p := &ports[i]
		if done[p.Name] || p.Role != rules.RoleWire && p.Role != rules.RoleTap || len(plots) >= 2*maxWires {
			continue
		}
		done[p.Name], done[p.Peer] = true, true
		for _, of := range []struct {
			column string
			unit   plot.Unit
			factor float64
		}{{"rx_packets", plot.Frames, 1}, {"rx_bytes", plot.Bits, 8}} {
			one := b.plot("wire-"+of.unit.Key()+"-"+strconv.Itoa(i), "Tap "+p.Name, of.unit)
			if p.Role == rules.RoleWire {
				one.Title = p.Name + " and " + p.Peer
				one.Series = []plot.Series{b.series(p.Name+" to "+p.Peer, history.Port, p.Name, of.column, of.factor),
					b.series(p.Peer+" to "+p.Name, history.Port, p.Peer, of.column, of.factor)}
			} else {
				one.Series = []plot.Series{b.series("received", history.Port, p.Name, of.column, of.factor)}
			}
			plots = append(plots, one)
		}
	}
	return plots
}

func (b *builder) copies() plot.Plot {
	p := b.plot("copies", "Copies", plot.Copies)
	p.Series = []plot.Series{b.series("made", history.Gateway, "", "mirrored_packets", 1), b.series("skipped", history.Gateway, "", "skipped_packets", 1)}
	return p
}

// maxReasons is how many reasons have a line of their own.
const maxReasons = plot.Styles - 2

// reasons has a line for each reason, the most frequent first, and one for what is left.
func (b *builder) reasons(kind history.Kind, id, title string, unit plot.Unit) plot.Plot {
	p := b.plot(id, title, unit)
	totals := map[string]float64{}
	for _, key := range b.history.Series(history.Filter{Kind: kind, Since: b.from}) {
		s := b.series(key.Name, kind, key.Name, "packets", 1)
		for _, point := range s.Points {
			totals[key.Name] += point.Value
		}
		if totals[key.Name] > 0 {
			p.Series = append(p.Series, s)
		}
	}
	slices.SortFunc(p.Series, func(x, y plot.Series) int {
		return cmp.Or(cmp.Compare(totals[y.Name], totals[x.Name]), cmp.Compare(x.Name, y.Name))
	})
	if len(p.Series) > maxReasons {
		p.Series = append(p.Series[:maxReasons], sumOf("others", p.Series[maxReasons:]))
	}
	if len(p.Series) == 0 {
		p.Series = []plot.Series{b.series("none", history.Gateway, "", "matched_packets", 0)} // a line at 0 where something was sampled
	}
	return p
}

// sumOf adds up series whose points are at the same times, where there are any.
func sumOf(name string, all []plot.Series) plot.Series {
	byTime := map[time.Time]plot.Point{}
	for _, s := range all {
		for _, point := range s.Points {
			sum := byTime[point.Time]
			point.Value += sum.Value
			point.Partial = point.Partial || sum.Partial
			byTime[point.Time] = point
		}
	}
	sum := plot.Series{Name: name}
	for _, point := range byTime {
		sum.Points = append(sum.Points, point)
	}
	slices.SortFunc(sum.Points, func(x, y plot.Point) int { return x.Time.Compare(y.Time) })
	return sum
}

// lcores has a line for each lcore: the share of its time that it was busy.
func (b *builder) lcores() plot.Plot {
	p := b.plot("lcores", "Load of the lcores", plot.Share)
	p.Top = 1
	for _, key := range b.history.Series(history.Filter{Kind: history.Lcore, Since: b.from}) {
		if len(p.Series) == plot.Styles {
			p.Note = "More lcores are not shown."
			break
		}
		p.Series = append(p.Series, b.combined("lcore "+key.Name, key, []string{"busy_us", "polled_us"}, func(values []int64, _ float64) float64 {
			return float64(values[0]) / float64(max(values[1], 1))
		}))
	}
	return p
}

// gaps are the times of which nothing is known. What comes before the oldest hour that is kept is none.
func (b *builder) gaps() (gaps []plot.Gap) {
	for _, gap := range b.history.Gaps(b.from, b.until) {
		if !gap.Partial {
			gaps = append(gaps, plot.Gap{From: gap.From, To: gap.To})
		}
	}
	return gaps
}
