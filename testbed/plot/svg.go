package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// The drawing, in pixels. The legend stands below the plot, two names a line.
const (
	width        = 760
	left, right  = 74, 722 // of the plot
	plotHeight   = 340
	legendRow    = 22
	legendColumn = 340
)

// palette is that of Okabe and Ito, which people who are colour-blind can tell apart; the dark ones first.
var palette = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9", "#7f7f7f"}

const style = `text{font:13px "DejaVu Sans",Verdana,sans-serif;fill:#222}` +
	`.title{font-size:16px;font-weight:bold}.note{font-size:12px;fill:#555}.tick{font-size:12px;fill:#444}` +
	`.grid{stroke:#ddd;stroke-width:1}.axis{stroke:#444;stroke-width:1;fill:none}`

// drawing is a chart being written.
type drawing struct {
	bytes.Buffer
	x, y        scale
	top, bottom float64 // of the plot
}

// SVG returns the chart, or why it cannot be drawn.
func (l *Line) SVG() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	d := &drawing{top: 44}
	if l.Note != "" {
		d.top += 18
	}
	d.bottom = d.top + plotHeight
	var xs, ys []float64
	for _, s := range l.Series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
			if p.ranged() {
				ys = append(ys, p.Low, p.High)
			}
		}
	}
	d.x = newScale(l.X, xs, left, right)
	d.y = newScale(l.Y, ys, d.bottom, d.top)
	height := d.bottom + 58 + float64((len(l.Series)+1)/2*legendRow)
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img">`, width, height, width, height)
	d.put(`<title>%s</title>`, escape(l.Title))
	d.put(`<style>%s</style>`, style)
	d.put(`<rect width="%d" height="%.0f" fill="#fff"/>`, width, height)
	d.headings(l)
	d.axes(l)
	for i, s := range l.Series {
		d.series(i, s)
		d.legend(i, s)
	}
	d.put(`</svg>`)
	return d.Bytes(), nil
}

// put writes a line.
func (d *drawing) put(format string, values ...any) {
	fmt.Fprintf(d, format+"\n", values...)
}

// text writes a text whose anchor is start, middle or end.
func (d *drawing) text(class, anchor string, x, y float64, text string) {
	d.put(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, escape(text))
}

func (d *drawing) headings(l *Line) {
	d.text("title", "start", 16, 26, l.Title)
	if l.Note != "" {
		d.text("note", "start", 16, 45, l.Note)
	}
	d.text("label", "middle", (left+right)/2, d.bottom+42, l.X.Label)
	middle := (d.top + d.bottom) / 2
	d.put(`<text text-anchor="middle" transform="translate(18 %.1f) rotate(-90)">%s</text>`, middle, escape(l.Y.Label))
}

func (d *drawing) axes(l *Line) {
	for _, v := range d.x.ticks {
		d.put(`<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, d.x.at(v), d.x.at(v), d.top, d.bottom)
		d.text("tick", "middle", d.x.at(v), d.bottom+18, number(v))
	}
	for _, v := range d.y.ticks {
		d.put(`<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, left, right, d.y.at(v), d.y.at(v))
		d.text("tick", "end", left-7, d.y.at(v)+4, number(v))
	}
	d.put(`<path class="axis" d="M%d %.1fV%.1fH%d"/>`, left, d.top, d.bottom, right)
}

// series draws the ranges, the line and the markers.
func (d *drawing) series(i int, s Series) {
	colour := palette[i]
	var path strings.Builder
	for n, p := range s.Points {
		letter := "L"
		if n == 0 {
			letter = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", letter, d.x.at(p.X), d.y.at(p.Y))
		if p.ranged() {
			x := d.x.at(p.X)
			d.put(`<path d="M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f %.1fh8" fill="none" stroke="%s" stroke-opacity="0.6"/>`,
				x, d.y.at(p.Low), d.y.at(p.High), x-4, d.y.at(p.Low), x-4, d.y.at(p.High), colour)
		}
	}
	d.put(`<path d="%s" fill="none" stroke="%s" stroke-width="2"%s/>`, path.String(), colour, dash(s))
	if !s.Plain {
		for _, p := range s.Points {
			d.marker(i, d.x.at(p.X), d.y.at(p.Y))
		}
	}
}

// marker draws a sign for a point: another shape from series to series.
func (d *drawing) marker(i int, x, y float64) {
	shapes := []string{
		"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", // disc
		"M-4 -4H4V4H-4Z",                      // square
		"M0 -5L5 4H-5Z",                       // triangle
		"M0 -5L5 0L0 5L-5 0Z",                 // diamond
	}
	d.put(`<path d="%s" transform="translate(%.1f %.1f)" fill="%s"/>`, shapes[i%len(shapes)], x, y, palette[i])
}

func (d *drawing) legend(i int, s Series) {
	x := float64(left + i%2*legendColumn)
	y := d.bottom + 66 + float64(i/2*legendRow)
	d.put(`<path d="M%.1f %.1fh30" fill="none" stroke="%s" stroke-width="2"%s/>`, x, y-4, palette[i], dash(s))
	if !s.Plain {
		d.marker(i, x+15, y-4)
	}
	d.text("label", "start", x+38, y, s.Name)
}

func dash(s Series) string {
	if s.Dashed {
		return ` stroke-dasharray="6 4"`
	}
	return ""
}

func escape(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text)) // a bytes.Buffer does not fail
	return b.String()
}
