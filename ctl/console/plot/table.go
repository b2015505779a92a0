package plot

import (
	"time"
)

// maxRows is how many rows the table of a plot has at most.
const maxRows = 32

// table has the numbers of the plot, in steps that make it short enough to be read, newest first.
func (p *Plot) table(m *markup) {
	step := p.rowStep()
	m.raw(`<details class="plot-data"><summary>Numbers</summary>` + "\n" + `<div class="plot-table"><table><caption>`)
	m.text(p.Title)
	m.text(", means of " + stepWords(step) + ", times in UTC")
	m.raw(`</caption><thead><tr><th scope="col">From</th>`)
	columns := make([][]Point, len(p.Series))
	for i := range p.Series {
		columns[i] = Reduce(p.Series[i].Points, p.From, p.To, step)
		m.raw(`<th scope="col" class="number">`)
		m.text(p.Series[i].Name)
		if unit := p.Unit.String(); unit != "" {
			m.text(", " + unit)
		}
		m.raw("</th>")
	}
	m.raw("</tr></thead><tbody>\n")
	for row := int(p.To.Sub(p.From)+step-1) / int(step); row > 0; row-- {
		p.row(m, p.From.Add(time.Duration(row-1)*step), columns)
	}
	m.raw("</tbody></table></div></details>\n")
}

// row takes the last point of each column that begins at a time.
func (p *Plot) row(m *markup, at time.Time, columns [][]Point) {
	form := momentForm
	if p.To.Sub(p.From) <= day {
		form = clockForm
	}
	m.raw(`<tr><th scope="row">`)
	m.text(at.UTC().Format(form))
	m.raw("</th>")
	for i, points := range columns {
		m.raw(`<td class="number">`)
		if n := len(points); n > 0 && points[n-1].Time.Equal(at) {
			m.text(p.Unit.Format(points[n-1].Value))
			columns[i] = points[:n-1]
		} else {
			m.raw("–")
		}
		m.raw("</td>")
	}
	m.raw("</tr>\n")
}

// rowStep is the smallest step of whole seconds that leaves few enough rows.
func (p *Plot) rowStep() time.Duration {
	span := p.To.Sub(p.From)
	for _, step := range timeSteps {
		if span <= maxRows*step {
			return step
		}
	}
	return (span/maxRows + day).Truncate(day)
}

func stepWords(step time.Duration) string {
	switch {
	case step >= day:
		return plural(int(step/day), "day", "days")
	case step >= time.Hour:
		return plural(int(step/time.Hour), "hour", "hours")
	case step >= time.Minute:
		return plural(int(step/time.Minute), "minute", "minutes")
	}
	return plural(int(step/time.Second), "second", "seconds")
}
