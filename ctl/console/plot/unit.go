package plot

import (
	"math"
	"strconv"
	"strings"
)

// Unit is what values are in.
type Unit uint8

// The units.
const (
	Frames      Unit = iota // frames a second
	Bits                    // bit a second
	Copies                  // copies a second
	Packets                 // packets a second
	Share                   // of a whole: 0 to 1
	Nanoseconds             //
	Count                   // of anything
)

var unitWords = []string{"frames/s", "bit/s", "copies/s", "packets/s", "share", "time", ""}

// unitKeys are what the page's script knows them by.
var unitKeys = []string{"frames", "bits", "copies", "packets", "share", "ns", "count"}

// String is the unit as a caption has it; empty for a count.
func (u Unit) String() string { return unitWords[u] }

// Key is the unit's name in data attributes.
func (u Unit) Key() string { return unitKeys[u] }

// Format writes a value with three digits and without its unit, except that a share is in per cent and
// a time has its own: 12.3k, 1.23M, 45.6 %, 7.89 µs. What is not known is a dash.
func (u Unit) Format(v float64) string {
	v, ok := known(v)
	switch {
	case !ok:
		return "–"
	case u == Share:
		return digits(100*v) + " %"
	case u == Nanoseconds:
		return scaled(v, []string{" ns", " µs", " ms", " s"})
	}
	return scaled(v, []string{"", "k", "M", "G", "T", "P"})
}

// FormatLong is Format with the unit, where it has a word.
func (u Unit) FormatLong(v float64) string {
	text := u.Format(v)
	if u == Share || u == Nanoseconds || u == Count || text == "–" {
		return text
	}
	return text + " " + u.String()
}

// scaled writes a value by the first of some prefixes, a thousand apart, that makes it less than a thousand.
func scaled(v float64, prefixes []string) string {
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 {
		return digits(v) + prefixes[0]
	}
	return significant(v) + prefixes[i]
}

// digits writes what has no prefix: whole numbers as they are, others with one digit after the point. What
// is more than 0 never reads 0.
func digits(v float64) string {
	switch {
	case v == 0 || v == math.Trunc(v) && v < 1e6 || v >= 9.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 0.05:
		return "<0.1"
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func significant(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// label is a value on the scale: without zeros that say nothing.
func (u Unit) label(v float64) string {
	text := u.Format(v)
	number, rest := text, ""
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i > 0 {
		number, rest = text[:i], text[i:]
	}
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + rest
}

// scaleTop is how far a scale reaches for values up to top. A scale that ends lower than this would have
// lines that read the same.
func (u Unit) scaleTop(top float64) float64 {
	switch {
	case top == 0:
		return 0
	case u == Share:
		return max(top, 0.005)
	}
	return max(top, 0.5)
}

// UnitOf finds a unit by its key; Count where there is none.
func UnitOf(key string) Unit {
	for i, k := range unitKeys {
		if k == key {
			return Unit(i)
		}
	}
	return Count
}
