package plot

import (
	"math"
	"time"
)

// Styles is how many lines one plot can tell apart.
const Styles = 8

// Point is a value that holds from one moment on for a while.
type Point struct {
	Time    time.Time
	Length  time.Duration
	Value   float64 // in the plot's unit; not a number: it is not known
	Partial bool    // not all of the time was looked at
}

// Series is one line. Its points are in order of time; where one does not follow on another, the line is
// interrupted.
type Series struct {
	Name   string
	Key    string // what the page's script knows it by; may be empty
	Points []Point
}

// Gap is a time of which nothing is known.
type Gap struct{ From, To time.Time }

// Plot is a picture of some series over the same time.
type Plot struct {
	ID       string // of the element, unique in the page; its parts have IDs that begin with it
	Title    string
	Unit     Unit
	From, To time.Time
	Top      float64 // the scale reaches at least so far; 0: as far as the values do
	Series   []Series
	Gaps     []Gap
	Live     string // topic that the page's script feeds the plot from; empty: it stays as it is
	Note     string // a sentence for whoever cannot see the plot; may be empty
}

// Dimensions of the frame that lines are drawn in, in its own coordinates.
const (
	frameWidth  = 1000
	frameHeight = 140
)

// largest is the largest value that is drawn as it is.
const largest = 1e18

// known says whether a value can be drawn, and how high it is.
func known(v float64) (float64, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return min(max(v, 0), largest), true
}

// highest is the largest value of all series between two moments; at least 0.
func (p *Plot) highest() (top float64) {
	for i := range p.Series {
		for _, point := range p.Series[i].Points {
			if v, ok := known(point.Value); ok && p.shows(&point) {
				top = max(top, v)
			}
		}
	}
	return top
}

// shows says whether any of a point is between the ends of the plot.
func (p *Plot) shows(point *Point) bool {
	return point.Time.Before(p.To) && point.Time.Add(point.Length).After(p.From)
}
