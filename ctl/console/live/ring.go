package live

import (
	"slices"
	"time"
)

// ring is what the plots of a topic had at each look, oldest first.
type ring struct{ moments []moment }

// moment is one look.
type moment struct {
	at     time.Time
	length time.Duration // that the values are of, until then
	values map[string]float64
}

// add appends a look and forgets those that are too old.
func (r *ring) add(m moment, remembrance time.Duration) {
	old := 0
	for old < len(r.moments) && m.at.Sub(r.moments[old].at) >= remembrance {
		old++
	}
	if n := len(r.moments); n > 0 && m.at.Before(r.moments[n-1].at) {
		old = n // the clock was set back
	}
	r.moments = append(slices.Delete(r.moments, 0, old), m)
}

// past is a ring as viewers get it.
type past struct {
	Topic  string               `json:"topic"`
	Times  []int64              `json:"times"`   // ms since 1970, each the end of what its values are of
	Length []int64              `json:"lengths"` // ms
	Series map[string][]*number `json:"series"`  // null: it was not there
}

func (r *ring) past(topic string) *past {
	p := &past{Topic: topic, Times: []int64{}, Length: []int64{}, Series: map[string][]*number{}}
	for i, m := range r.moments {
		p.Times = append(p.Times, m.at.UnixMilli())
		p.Length = append(p.Length, m.length.Milliseconds())
		for key, v := range m.values {
			series := p.Series[key]
			if series == nil {
				series = make([]*number, len(r.moments))
				p.Series[key] = series
			}
			n := number(v)
			series[i] = &n
		}
	}
	return p
}
