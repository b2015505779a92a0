package history

import (
	"errors"
	"maps"
	"math/bits"
	"os"
	"slices"
	"time"
)

// Filter selects series. What is zero or empty selects all.
type Filter struct {
	Kind      Kind
	Account   string
	Name      string
	Dimension string
	Since     time.Time // only those that have something younger
}

func (f *Filter) matches(s *series) bool {
	k := &s.key
	return (f.Kind == 0 || k.Kind == f.Kind) && (f.Account == "" || k.Account == f.Account) && (f.Name == "" || k.Name == f.Name) &&
		(f.Dimension == "" || k.Dimension == f.Dimension) && (f.Since.IsZero() || s.last*60 > f.Since.Unix())
}

// exact says whether a filter names all that an instance or a rollup has a name by, so that few series
// can match.
func (f *Filter) exact() bool {
	return f.Account != "" && f.Name != "" && (f.Kind == Instance && f.Dimension == "" || f.Kind == Rollup && f.Dimension != "")
}

// Series lists the series that a filter selects, sorted.
func (s *Store) Series(f Filter) []Key {
	var keys []Key
	take := func(found *series) {
		if found.last > 0 && f.matches(found) {
			keys = append(keys, found.key)
		}
	}
	s.mu.RLock()
	if name := (nameKey{f.Kind, f.Account, f.Dimension, f.Name}); f.exact() {
		for _, found := range s.names[name] {
			take(found)
		}
	} else {
		for _, found := range s.series {
			take(found)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(keys, compareKeys)
	return keys
}

// Point is a slot of a series.
type Point struct {
	Time    time.Time // when the slot begins, UTC
	Values  []int64   // of the columns asked for, in their order
	Partial bool      // not all of the slot was sampled as it should be
}

// Until is the end of the minute that was added last; slots that end later are still being filled.
// The zero time: there is nothing.
func (s *Store) Until() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.until == 0 {
		return time.Time{}
	}
	return time.Unix(s.until*60, 0).UTC()
}

// Points returns what is known of some columns of a series in slots that begin at from or later and
// before to, oldest first. There are none where nothing was sampled, or where the series was not
// there. Damaged hours are left out, counted, and told as an error besides what there is.
func (s *Store) Points(k Key, cols []int, from, to time.Time) ([]Point, error) {
	low, high := ceilMinute(from), ceilMinute(to)
	if low >= high || !k.valid() {
		return nil, nil
	}
	hours, places := s.gather(&k, floorDiv(low, hourMinutes), floorDiv(high-1, hourMinutes))
	var damaged error
	for _, at := range places {
		chunk, err := at.block.chunk(at.part.file, at.id, &k)
		if errors.Is(err, os.ErrClosed) {
			continue // the part has just been deleted
		}
		if err != nil {
			damaged = err
			s.noteDamage(at.part, err)
			continue
		}
		if chunk != nil {
			hours[at.block.hour] = hours[at.block.hour].with(&k, at.block.cover, chunk)
		}
	}
	return points(&k, cols, hours, low, high), damaged
}

// placed is where a chunk may be.
type placed struct {
	part  *part
	block *block
	id    uint32
}

// known is what is known of a series in one hour.
type known struct {
	cover
	slots *slots
}

func (n *known) with(k *Key, c cover, s *slots) *known {
	if n == nil {
		return &known{c, s}
	}
	n.sampled, n.partial = n.sampled|c.sampled, n.partial|c.partial
	n.slots.merge(k, s)
	return n
}

// gather takes what the head has between two hours, and where the rest is.
func (s *Store) gather(k *Key, first, last int64) (hours map[int64]*known, places []placed) {
	hours = map[int64]*known{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := s.series[*k]
	if found == nil {
		return hours, nil
	}
	for _, p := range found.places {
		for _, b := range p.part.blocks {
			if b.hour >= first && b.hour <= last {
				places = append(places, placed{p.part, b, p.id})
			}
		}
	}
	if h := s.head; h != nil && h.hour >= first && h.hour <= last {
		if rows := h.of(found); rows != nil {
			hours[h.hour] = (*known)(nil).with(k, h.cover, rows)
		}
	}
	return hours, places
}

// of is a copy of what a head has of a series, which may be a rollup. The lock is held.
func (h *head) of(found *series) *slots {
	if found.key.Kind == Rollup {
		var members []*slots
		for member, rows := range h.rows {
			if found.key.member(&member.key) {
				members = append(members, rows)
			}
		}
		if members == nil {
			return nil
		}
		return rollUp(found.key.Step, members)
	}
	rows := h.rows[found]
	if rows == nil {
		return nil
	}
	duplicate := &slots{}
	duplicate.merge(&found.key, rows)
	return duplicate
}

// points lists the slots of hours that begin from one minute on and before another.
func points(k *Key, cols []int, hours map[int64]*known, low, high int64) (list []Point) {
	sorted := make([]int64, 0, len(hours))
	for hour := range hours {
		sorted = append(sorted, hour)
	}
	slices.Sort(sorted)
	for _, hour := range sorted {
		n := hours[hour]
		for rest := n.slots.present; rest != 0; rest &= rest - 1 {
			slot := bits.TrailingZeros64(rest)
			minute := hour*hourMinutes + int64(slot*k.Step)
			if minute < low || minute >= high {
				continue
			}
			p := Point{Time: time.Unix(minute*60, 0).UTC(), Values: make([]int64, len(cols)), Partial: !n.whole(slot*k.Step, k.Step)}
			for i, c := range cols {
				p.Values[i] = n.slots.at(c, slot)
			}
			list = append(list, p)
		}
	}
	return list
}

// whole says whether all of some minutes was sampled as it should be.
func (c *cover) whole(minute, n int) bool {
	set := uint64(1)<<n - 1
	return (c.sampled&^c.partial)>>minute&set == set
}

func (s *Store) noteDamage(p *part, err error) {
	s.mu.Lock()
	s.counts.DamagedChunks++
	first := s.counts.DamagedChunks == 1
	s.mu.Unlock()
	if first {
		s.log.Error("a part of the history is damaged: hours of some series cannot be read; look after the disk", "file", p.path, "error", err)
	}
}

// Gap is a time for which nothing was sampled, or not as it should be.
type Gap struct {
	From, To time.Time // whole minutes, UTC
	Partial  bool      // there is something: a restart, a late sample, a clock that was set
}

// Gaps lists the gaps between two moments, oldest first. Neither what comes before the oldest hour that
// is kept nor a minute that is not over is one.
func (s *Store) Gaps(from, to time.Time) (gaps []Gap) {
	low, high := ceilMinute(from), ceilMinute(to)
	hours := map[int64]*cover{}
	note := func(c *cover) {
		if hours[c.hour] == nil {
			hours[c.hour] = &cover{hour: c.hour}
		}
		hours[c.hour].sampled |= c.sampled
		hours[c.hour].partial |= c.partial
	}
	s.mu.RLock()
	for _, p := range s.parts {
		for _, b := range p.blocks {
			note(&b.cover)
		}
	}
	if s.head != nil {
		note(&s.head.cover)
	}
	high = min(high, s.until)
	s.mu.RUnlock()
	if len(hours) > 0 {
		low = max(low, hourMinutes*slices.Min(slices.Collect(maps.Keys(hours))))
	}
	for minute := low; minute < high; minute++ {
		c, at := hours[floorDiv(minute, hourMinutes)], int(minute%hourMinutes)
		if c != nil && c.whole(at, 1) {
			continue
		}
		partial := c != nil && c.sampled>>at&1 == 1
		begin, end := time.Unix(minute*60, 0).UTC(), time.Unix(minute*60+60, 0).UTC()
		if n := len(gaps); n > 0 && gaps[n-1].To.Equal(begin) && gaps[n-1].Partial == partial {
			gaps[n-1].To = end
			continue
		}
		gaps = append(gaps, Gap{begin, end, partial})
	}
	return gaps
}

// ceilMinute is the first minute, since 1970, that does not begin before t; 0 before 1970.
func ceilMinute(t time.Time) int64 {
	seconds := t.Unix()
	if t.Nanosecond() > 0 {
		seconds++
	}
	return min(max(0, (seconds+59)/60), maxHour*hourMinutes)
}

func floorDiv(a, b int64) int64 { return a / b } // of numbers that are not negative
