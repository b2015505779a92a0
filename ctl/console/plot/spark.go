package plot

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// Spark is one line without a scale, as high as a line of text.
type Spark struct {
	Label    string // what it shows, for whoever cannot see it
	Unit     Unit
	From, To time.Time
	Top      float64 // the frame reaches at least so far; 0: as far as the values do
	Points   []Point
	Key      string // what the page's script knows it by; empty: it stays as it is
}

// SVG draws it.
func (s *Spark) SVG() template.HTML {
	p := Plot{Unit: s.Unit, From: s.From, To: s.To, Series: []Series{{Name: s.Label, Points: s.Points}}}
	end := max(p.highest(), s.Top)
	if end == 0 {
		end = 1
	}
	m := &markup{}
	m.raw(`<svg class="plot-spark" viewBox="0 0 1000 140" preserveAspectRatio="none" role="img"`)
	m.attr("aria-label", s.Label+": "+s.words(&p))
	if s.Key != "" {
		m.attr("data-spark", s.Key)
		m.attr("data-top", number(s.Top))
		m.attr("data-seconds", strconv.Itoa(int(s.To.Sub(s.From).Seconds())))
	}
	line := p.path(s.Points, end)
	m.raw(`><path class="plot-under" d="`, under(line), `"/><path class="plot-line plot-line-0" d="`, line, `"/></svg>`)
	return template.HTML(m.String())
}

func (s *Spark) words(p *Plot) string {
	sum := p.summarize(s.Points)
	if sum.points == 0 {
		return "nothing is known"
	}
	return s.Unit.FormatLong(lastKnown(s.Points)) + " now, " + s.Unit.FormatLong(sum.highest) + " at the most"
}

// under closes every piece of a line along the bottom.
func under(line string) string {
	var b strings.Builder
	for _, piece := range strings.Split(line, "M") {
		start, _, ok := strings.Cut(piece, " ")
		if !ok {
			continue
		}
		b.WriteString("M" + piece + "V140H" + start + "Z")
	}
	return b.String()
}
