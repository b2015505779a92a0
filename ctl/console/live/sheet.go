package live

import (
	"math"
	"strconv"
)

// number is written with four digits: more would be noise.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e4 {
		return strconv.AppendInt(nil, int64(v), 10), nil
	}
	return strconv.AppendFloat(nil, v, 'g', 4, 64), nil
}

// Row is one row of a list, by the names of its fields. The field key tells rows apart.
type Row map[string]any

// Sample is what is said of a topic at one moment. It is never modified.
type Sample struct {
	Topic  string           `json:"topic"`
	Time   int64            `json:"time"`   // ms since 1970
	Length int64            `json:"length"` // ms that rates are means of
	Values map[string]any   `json:"values"` // numbers and words
	Lists  map[string][]Row `json:"lists,omitempty"`

	plots map[string]float64
}

// rate puts a number down that plots may show.
func (s *Sample) rate(name string, v float64) {
	s.Values[name] = number(v)
	s.plots[name] = v
}

// put puts down anything else.
func (s *Sample) put(name string, v any) { s.Values[name] = v }

// Number is a value that is a number; not a number: there is none.
func (s *Sample) Number(name string) float64 {
	switch v := s.Values[name].(type) {
	case number:
		return float64(v)
	case int64:
		return float64(v)
	case int:
		return float64(v)
	}
	return math.NaN()
}

// Word is a value that is a word; empty: there is none.
func (s *Sample) Word(name string) string {
	text, _ := s.Values[name].(string)
	return text
}

// list makes sure that a list is there, if only to say that it is empty.
func (s *Sample) list(name string, rows []Row) {
	if rows == nil {
		rows = []Row{}
	}
	s.Lists[name] = rows
}

// Float is a number of a sample or a row.
func Float(value any) (float64, bool) {
	n, ok := value.(number)
	return float64(n), ok
}
