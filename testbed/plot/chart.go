package plot

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Line is a chart of one or more series over one pair of axes.
type Line struct {
	Title  string
	Note   string // one line below the title: machine, date, conditions; optional
	X, Y   Axis
	Series []Series // 1 to 8, in the order of the legend
}

// Axis is one direction of a chart.
type Axis struct {
	Label string // what it counts, with its unit: "offered load, Mpps"
	Log   bool   // decades instead of steps; every value must be above 0
	// From and To are the least range that is shown; values outside widen it. Both 0: the range of the
	// values, and on a linear axis zero.
	From, To float64
}

// Series is a line. Points are connected in the order given.
type Series struct {
	Name   string
	Points []Point
	Dashed bool // a peer, a limit or what is wanted, rather than what was measured here
	Plain  bool // without a marker at each point: for many points
}

// Point is one value. Low and High are the ends of the bar that shows its range, both 0 for none.
type Point struct{ X, Y, Low, High float64 }

// XY returns a point without a range.
func XY(x, y float64) Point { return Point{X: x, Y: y} }

// WriteFile writes the chart as SVG, and makes the directory if it is not there.
func (l *Line) WriteFile(path string) error {
	text, err := l.SVG()
	if err != nil {
		return fmt.Errorf("chart for %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// check refuses what cannot be drawn.
func (l *Line) check() error {
	if len(l.Series) == 0 || len(l.Series) > len(palette) {
		return fmt.Errorf("%d series: a chart has 1 to %d", len(l.Series), len(palette))
	}
	for _, s := range l.Series {
		if len(s.Points) == 0 {
			return fmt.Errorf("series %q has no points: give at least one", s.Name)
		}
		for _, p := range s.Points {
			if err := l.checkPoint(p); err != nil {
				return fmt.Errorf("series %q: point (%g, %g): %w", s.Name, p.X, p.Y, err)
			}
		}
	}
	return nil
}

func (l *Line) checkPoint(p Point) error {
	for _, v := range []float64{p.X, p.Y, p.Low, p.High} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("not a finite number")
		}
	}
	if l.X.Log && p.X <= 0 || l.Y.Log && (p.Y <= 0 || p.ranged() && p.Low <= 0) {
		return errors.New("a logarithmic axis takes values above 0 only")
	}
	return nil
}

// ranged reports whether the point has a range.
func (p Point) ranged() bool { return p.Low != 0 || p.High != 0 }
