package plot

import (
	"fmt"
	"math"
	"strings"
)

// scale maps values to places on the drawing.
type scale struct {
	log        bool
	from, to   float64 // values, or their decimal logarithms
	start, end float64 // places, in pixels
	ticks      []float64
}

// newScale covers the values and the axis's own range with whole steps or decades.
func newScale(a Axis, values []float64, start, end float64) scale {
	s := scale{log: a.Log, start: start, end: end}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if a.From != 0 || a.To != 0 {
		if !a.Log || a.From > 0 {
			low = min(low, a.From)
		}
		high = max(high, a.To)
	} else if !a.Log {
		low, high = min(low, 0), max(high, 0)
	}
	if a.Log {
		s.decades(low, high)
	} else {
		s.steps(low, high)
	}
	return s
}

// decades ends a logarithmic axis at whole ones, and names 2 and 5 as well where they are few.
func (s *scale) decades(low, high float64) {
	s.from, s.to = math.Floor(math.Log10(low)+1e-9), math.Ceil(math.Log10(high)-1e-9)
	if s.from == s.to {
		s.to++
	}
	between := []float64{1}
	if s.to-s.from <= 2 {
		between = []float64{1, 2, 5}
	}
	every := math.Ceil((s.to - s.from) / 10) // more than ten decades: name only some
	for d := s.from; d <= s.to; d += every {
		for _, m := range between {
			if v := m * math.Pow(10, d); math.Log10(v) <= s.to+1e-9 {
				s.ticks = append(s.ticks, v)
			}
		}
	}
}

// steps ends a linear axis at multiples of 1, 2 or 5 by a power of ten, 4 to 9 of them.
func (s *scale) steps(low, high float64) {
	if high == low {
		high = low + 1
	}
	rough := (high - low) / 5
	unit := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= rough*0.9 {
			step = m * unit
			break
		}
	}
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	s.from, s.to = first*step, last*step
	for i := first; i <= last; i++ {
		s.ticks = append(s.ticks, i*step)
	}
}

// at is the place of a value.
func (s *scale) at(v float64) float64 {
	if s.log {
		v = math.Log10(v)
	}
	return s.start + (v-s.from)/(s.to-s.from)*(s.end-s.start)
}

// number writes a value of an axis: 0.5, 20, 10,000, 1e+07.
func number(v float64) string {
	if a := math.Abs(v); a != 0 && (a >= 1e7 || a < 1e-4) {
		return fmt.Sprintf("%.3g", v)
	}
	text := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
	whole, fraction, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}
