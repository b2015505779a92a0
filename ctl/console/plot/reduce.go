package plot

import "time"

// Reduce makes of points as many as there are steps between two moments: each is the mean of what is
// known in its step, every point weighing as much as it lasts. A step of which less is known than lasts
// is partial; one of which nothing is known is not there. Points belong to the step that they begin in.
func Reduce(points []Point, from, to time.Time, step time.Duration) []Point {
	if step <= 0 || !from.Before(to) {
		return nil
	}
	var reduced []Point
	var sum bin
	for _, p := range points {
		v, ok := known(p.Value)
		if !ok || p.Time.Before(from) || !p.Time.Before(to) || p.Length <= 0 {
			continue
		}
		index := int(p.Time.Sub(from) / step)
		if sum.known > 0 && index != sum.index {
			reduced = append(reduced, sum.point(from, step))
			sum = bin{}
		}
		sum.index = index
		sum.known += p.Length
		sum.weighted += v * p.Length.Seconds()
		sum.partial = sum.partial || p.Partial
	}
	if sum.known > 0 {
		reduced = append(reduced, sum.point(from, step))
	}
	return reduced
}

// bin gathers the points of one step.
type bin struct {
	index    int
	known    time.Duration
	weighted float64 // values times seconds
	partial  bool
}

func (b *bin) point(from time.Time, step time.Duration) Point {
	return Point{Time: from.Add(time.Duration(b.index) * step), Length: step, Value: b.weighted / b.known.Seconds(),
		Partial: b.partial || b.known < step}
}
