package cloudwatch

import (
	"maps"
	"slices"
	"time"

	"mirrorgw/ctl/history"
)

// statistics are those of a set of samples.
type statistics struct{ count, sum, low, high float64 }

func (s *statistics) add(o statistics) {
	if o.count == 0 {
		return
	}
	if s.count == 0 {
		*s = o
		return
	}
	s.count, s.sum, s.low, s.high = s.count+o.count, s.sum+o.sum, min(s.low, o.low), max(s.high, o.high)
}

// of is one of statisticNames.
func (s *statistics) of(name string) float64 {
	switch name {
	case "SampleCount":
		return s.count
	case "Average":
		return s.sum / s.count
	case "Sum":
		return s.sum
	case "Minimum":
		return s.low
	}
	return s.high
}

// samples returns what was published from start on and before end, by the moment that it begins. What
// is still being counted is not published yet.
func (s *Service) samples(keys []history.Key, metric int, start, end time.Time) map[time.Time]statistics {
	all := map[time.Time]statistics{}
	if len(keys) == 0 {
		return all
	}
	until := s.history.Until()
	for i := range keys {
		k := &keys[i]
		cols := []int{metric}
		if k.Kind == history.Rollup {
			cols = []int{history.Sum(metric), history.Lowest(metric), history.Highest(metric), history.Samples}
		}
		points, _ := s.history.Points(*k, cols, start, end) // what is damaged is told by the history
		for _, p := range points {
			if p.Time.Add(time.Duration(k.Step) * time.Minute).After(until) {
				continue
			}
			before := all[p.Time]
			all[p.Time] = before.with(k.Kind, p.Values)
		}
	}
	return all
}

// with adds a point. Several series of one instance, which its interfaces make where they differ, are
// one sample.
func (s statistics) with(kind history.Kind, values []int64) statistics {
	if kind == history.Rollup {
		s.add(statistics{float64(values[3]), float64(values[0]), float64(values[1]), float64(values[2])})
		return s
	}
	sum := s.sum + float64(values[0])
	return statistics{1, sum, sum, sum}
}

// bucket is a period that has samples.
type bucket struct {
	time time.Time
	statistics
}

// periods gathers samples in periods, the first of which begins at start; oldest first.
func periods(samples map[time.Time]statistics, start time.Time, period time.Duration) []bucket {
	byTime := map[time.Time]*bucket{}
	for at, sample := range samples {
		begin := start.Add(at.Sub(start).Truncate(period))
		if byTime[begin] == nil {
			byTime[begin] = &bucket{time: begin}
		}
		byTime[begin].add(sample)
	}
	list := make([]bucket, 0, len(byTime))
	for _, begin := range slices.SortedFunc(maps.Keys(byTime), time.Time.Compare) {
		list = append(list, *byTime[begin])
	}
	return list
}
