package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// lastKnown is the last value of a series; not a number: there is none.
func lastKnown(points []Point) float64 {
	for i := len(points) - 1; i >= 0; i-- {
		if v, ok := known(points[i].Value); ok {
			return v
		}
	}
	return math.NaN()
}

func (p *Plot) hasPartial() bool { return len(p.partialSpans()) > 0 }

// partialSpans are the times of partial points, in order, each once.
func (p *Plot) partialSpans() (spans []Gap) {
	for i := range p.Series {
		for _, point := range p.Series[i].Points {
			if point.Partial && p.shows(&point) {
				spans = append(spans, Gap{point.Time, point.Time.Add(point.Length)})
			}
		}
	}
	slices.SortFunc(spans, func(a, b Gap) int {
		if order := a.From.Compare(b.From); order != 0 {
			return order
		}
		return a.To.Compare(b.To)
	})
	return slices.Compact(spans)
}

// summary is what is known of one series between the ends of a plot.
type summary struct {
	points                int
	lowest, mean, highest float64
	peak                  time.Time
}

func (p *Plot) summarize(points []Point) summary {
	s := summary{lowest: math.Inf(1), highest: -1}
	seconds, sum := 0.0, 0.0
	for i := range points {
		v, ok := known(points[i].Value)
		if !ok || !p.shows(&points[i]) {
			continue
		}
		s.points++
		seconds += points[i].Length.Seconds()
		sum += v * points[i].Length.Seconds()
		s.lowest = min(s.lowest, v)
		if v > s.highest {
			s.highest, s.peak = v, points[i].Time
		}
	}
	if seconds > 0 {
		s.mean = sum / seconds
	}
	return s
}

const (
	momentForm = "2006-01-02 15:04"
	clockForm  = "15:04"
)

// describe says in words what the picture shows.
func (p *Plot) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "From %s to %s UTC.", p.From.UTC().Format(momentForm), p.To.UTC().Format(momentForm))
	for i := range p.Series {
		series := &p.Series[i]
		s := p.summarize(series.Points)
		if s.points == 0 {
			fmt.Fprintf(&b, " %s: nothing is known.", series.Name)
			continue
		}
		fmt.Fprintf(&b, " %s: %s at the least, %s in the mean, %s at the most, at %s.", series.Name,
			p.Unit.FormatLong(s.lowest), p.Unit.FormatLong(s.mean), p.Unit.FormatLong(s.highest), s.peak.UTC().Format(momentForm))
	}
	if n := len(p.Gaps); n > 0 {
		fmt.Fprintf(&b, " %s not sampled.", plural(n, "time was", "times were"))
	}
	if p.Note != "" {
		b.WriteString(" " + p.Note)
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
