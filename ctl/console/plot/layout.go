package plot

import (
	"strconv"
	"strings"
	"time"
)

// layout is a plot in the frame's coordinates. The page's script computes the same from the same numbers.
type layout struct {
	End    float64  `json:"end"`    // of the scale
	Values []tick   `json:"values"` // from 0 up
	Times  []tick   `json:"times"`
	Paths  []string `json:"paths"` // one for each series; empty: nothing is known
}

func (p *Plot) layout() *layout {
	end, step := scale(p.Unit.scaleTop(max(p.highest(), min(max(p.Top, 0), largest))))
	l := &layout{End: end, Values: valueTicks(p.Unit, end, step), Times: timeTicks(p.From, p.To)}
	for i := range p.Series {
		l.Paths = append(l.Paths, p.path(p.Series[i].Points, end))
	}
	return l
}

// leastHeight is how far above the bottom the line of a value above 0 is at least: that something happened
// is seen on every scale.
const leastHeight = 1.5

// path draws a line in steps: a value is level for as long as it holds.
func (p *Plot) path(points []Point, end float64) string {
	var b pathBuilder
	for i := range points {
		point := &points[i]
		v, ok := known(point.Value)
		if !ok || !p.shows(point) {
			b.lift()
			continue
		}
		y := height(v, end)
		if v > 0 {
			y = min(y, frameHeight-leastHeight)
		}
		if i == 0 || !follows(&points[i-1], point) {
			b.lift()
		}
		b.level(p.x(point.Time), p.x(point.Time.Add(point.Length)), y)
	}
	return b.String()
}

// follows says whether a point begins where another ends, or so soon after it that nothing is missing.
func follows(before, after *Point) bool {
	return after.Time.Sub(before.Time.Add(before.Length)) <= before.Length/2
}

// x is how far right a moment is; one outside is at the next end.
func (p *Plot) x(t time.Time) float64 {
	if t.Before(p.From) {
		t = p.From
	}
	if t.After(p.To) {
		t = p.To
	}
	return across(t, p.From, p.To)
}

// pathBuilder writes the d of a path of level pieces.
type pathBuilder struct {
	strings.Builder
	down bool    // the pen is
	y    float64 // where it is
	x    float64 // how far the last level piece reaches, which is not written yet
}

func (b *pathBuilder) level(from, to, y float64) {
	switch {
	case !b.down:
		b.put("M", from)
		b.put(" ", y)
	case y != b.y:
		b.put("H", from)
		b.put("V", y)
	}
	b.down, b.x, b.y = true, to, y
}

// lift ends a piece of the line.
func (b *pathBuilder) lift() {
	if b.down {
		b.put("H", b.x)
	}
	b.down = false
}

func (b *pathBuilder) put(command string, v float64) {
	b.WriteString(command)
	b.WriteString(number(v))
}

// String ends the line.
func (b *pathBuilder) String() string {
	b.lift()
	return b.Builder.String()
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
