package plot

import (
	"html"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// markup writes HTML. Text goes through text and attr, which escape it.
type markup struct{ strings.Builder }

func (m *markup) raw(parts ...string) {
	for _, part := range parts {
		m.WriteString(part)
	}
}

func (m *markup) text(s string) { m.WriteString(html.EscapeString(s)) }

func (m *markup) attr(name, value string) {
	m.raw(" ", name, `="`, html.EscapeString(value), `"`)
}

// Figure is the plot with all that belongs to it.
func (p *Plot) Figure() template.HTML {
	m := &markup{}
	m.raw("<figure")
	m.attr("class", "plot")
	m.attr("id", p.ID)
	if p.Live != "" {
		m.attr("data-plot", p.Live)
		m.attr("data-unit", p.Unit.Key())
		m.attr("data-seconds", strconv.Itoa(int(p.To.Sub(p.From).Seconds())))
		m.attr("data-top", number(p.Top))
	}
	m.raw(">\n<figcaption>")
	m.text(p.Title)
	if unit := p.Unit.String(); unit != "" {
		m.raw(` <span class="plot-unit">`)
		m.text(unit)
		m.raw("</span>")
	}
	m.raw("</figcaption>\n")
	p.legend(m)
	p.drawing(m)
	if p.Live == "" {
		p.table(m)
	}
	m.raw("</figure>\n")
	return template.HTML(m.String())
}

// legend tells lines apart by a sample of each, its name and its last value.
func (p *Plot) legend(m *markup) {
	m.raw(`<ul class="plot-legend">` + "\n")
	for i := range p.Series {
		s := &p.Series[i]
		m.raw("<li")
		if s.Key != "" {
			m.attr("data-series", s.Key)
		}
		m.raw(`><svg class="plot-sample" width="24" height="8" aria-hidden="true"><path class="`, lineClass(i), `" d="M0 4H24"/></svg> `)
		m.text(s.Name)
		m.raw(` <span class="plot-last">`)
		m.text(p.Unit.Format(lastKnown(s.Points)))
		m.raw("</span></li>\n")
	}
	if len(p.Gaps) > 0 {
		m.raw(`<li><svg class="plot-sample" width="24" height="8" aria-hidden="true"><rect class="plot-gap" width="24" height="8"/></svg> not sampled</li>` + "\n")
	}
	if p.hasPartial() {
		m.raw(`<li><svg class="plot-sample" width="24" height="8" aria-hidden="true"><rect class="plot-partial" y="4" width="24" height="4"/></svg> sampled in part</li>` + "\n")
	}
	m.raw("</ul>\n")
}

func lineClass(i int) string { return "plot-line plot-line-" + strconv.Itoa(i%Styles) }

// drawing is the scale beside the frame, and the frame with the times below it.
func (p *Plot) drawing(m *markup) {
	l := p.layout()
	m.raw(`<div class="plot-body">` + "\n" + `<svg class="plot-scale" width="52" height="168" aria-hidden="true">`)
	for _, t := range l.Values {
		m.raw(`<text x="46" y="`, number(t.At+frameAbove+4), `">`)
		m.text(t.Label)
		m.raw("</text>")
	}
	m.raw("</svg>\n<svg", ` class="plot-area" width="100%" height="168" role="img"`)
	m.attr("aria-labelledby", p.ID+"-title "+p.ID+"-desc")
	m.raw("><title")
	m.attr("id", p.ID+"-title")
	m.raw(">")
	m.text(p.Title)
	m.raw("</title><desc")
	m.attr("id", p.ID+"-desc")
	m.raw(">")
	m.text(p.describe())
	m.raw("</desc>\n")
	p.frame(m, l)
	for i, t := range l.Times {
		m.raw(`<text class="plot-time`, endClass(i, len(l.Times), t.At), `" x="`, number(round(t.At/frameWidth*100)), `%" y="164">`)
		m.text(t.Label)
		m.raw("</text>")
	}
	m.raw("</svg>\n</div>\n")
}

// frameAbove is the space above the frame, for half a line of the scale.
const frameAbove = 8

// endClass keeps the words below the ends of the frame from reaching out of it.
func endClass(i, n int, at float64) string {
	switch {
	case i == 0 && at < 0.04*frameWidth:
		return " plot-first"
	case i == n-1 && at > 0.96*frameWidth:
		return " plot-last-time"
	}
	return ""
}

// frame is what stretches: gaps, lines of the scale and of time, and the series, the first on top.
func (p *Plot) frame(m *markup, l *layout) {
	m.raw(`<svg class="plot-frame" y="8" width="100%" height="140" viewBox="0 0 1000 140" preserveAspectRatio="none">` + "\n")
	for _, gap := range p.Gaps {
		p.band(m, "plot-gap", gap.From, gap.To, 0)
	}
	m.raw(`<path class="plot-grid" d="`)
	for _, t := range l.Values[1:] {
		m.raw("M0 ", number(t.At), "H1000")
	}
	for _, t := range l.Times {
		m.raw("M", number(t.At), " 140V0")
	}
	m.raw(`"/><path class="plot-axis" d="M0 140H1000"/>` + "\n")
	p.partials(m)
	for i := len(p.Series) - 1; i >= 0; i-- {
		m.raw(`<path class="`, lineClass(i), `" d="`, l.Paths[i], `"/>`+"\n")
	}
	m.raw("</svg>\n")
}

// band marks a time, from a height down to the bottom. Of what is outside there is nothing.
func (p *Plot) band(m *markup, class string, from, to time.Time, y float64) {
	if x, end := p.x(from), p.x(to); x < end {
		m.raw(`<rect class="`, class, `" x="`, number(x), `" y="`, number(y), `" width="`, number(round(end-x)), `" height="`, number(frameHeight-y), `"/>`+"\n")
	}
}

// partialHeight is how far down the band of what was sampled in part begins.
const partialHeight = frameHeight - 4

// partials marks each time once, whatever the number of series.
func (p *Plot) partials(m *markup) {
	var from, to time.Time
	for _, span := range p.partialSpans() {
		if span.From.After(to) {
			p.band(m, "plot-partial", from, to, partialHeight)
			from = span.From
		}
		to = span.To
	}
	p.band(m, "plot-partial", from, to, partialHeight)
}
