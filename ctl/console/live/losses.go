package live

import (
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
)

// lossTime is how far back production frames that were lost are told of.
const lossTime = time.Hour

// loss is production frames that were lost for one reason within lossTime.
type loss struct {
	port   string // empty: known from the history, which does not tell ports apart
	reason string
	driver bool // by the driver's own account
	frames int64
	last   time.Time // when it last happened
}

type lossKey struct {
	port, reason string
	driver       bool
}

// losses remembers losses for lossTime, by the minute.
type losses struct {
	began  time.Time // of the first look
	past   []loss    // before it, from the history
	counts map[lossKey][]minuteLoss
	hist   *history.Store
}

type minuteLoss struct {
	last   time.Time
	frames int64
}

func newLosses(h *history.Store) *losses {
	return &losses{hist: h, counts: map[lossKey][]minuteLoss{}}
}

// since adds what was lost since the look before, and lists what was lost within lossTime.
func (l *losses) since(p *picture) []loss {
	if l.began.IsZero() {
		l.began = p.at
		l.past = l.before(p.at)
	} else {
		for name, now := range p.ports {
			before := p.before[name]
			l.add(p.at, name, before.Dropped, now.Dropped, false)
			l.add(p.at, name, before.Driver, now.Driver, true)
		}
	}
	return l.list(p.at)
}

func (l *losses) add(at time.Time, port string, before, now report.Counts, driver bool) {
	for reason, n := range now {
		frames := grown(before[reason], n)
		if frames == 0 {
			continue
		}
		key := lossKey{port, reason, driver}
		minutes := l.counts[key]
		if n := len(minutes); n > 0 && minutes[n-1].last.Truncate(time.Minute).Equal(at.Truncate(time.Minute)) {
			minutes[n-1].frames += frames
			minutes[n-1].last = at
			continue
		}
		l.counts[key] = append(minutes, minuteLoss{at, frames})
	}
}

func (l *losses) list(at time.Time) (all []loss) {
	for key, minutes := range l.counts {
		minutes = slices.DeleteFunc(minutes, func(m minuteLoss) bool { return at.Sub(m.last) > lossTime })
		if l.counts[key] = minutes; len(minutes) == 0 {
			delete(l.counts, key)
			continue
		}
		one := loss{port: key.port, reason: key.reason, driver: key.driver, last: minutes[len(minutes)-1].last}
		for _, m := range minutes {
			one.frames += m.frames
		}
		all = append(all, one)
	}
	for _, one := range l.past {
		if at.Sub(one.last) <= lossTime {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b loss) int {
		if order := b.last.Compare(a.last); order != 0 {
			return order
		}
		return strings.Compare(a.port+" "+a.reason, b.port+" "+b.reason)
	})
	return all
}

// before reads from the history what was lost before the first look.
func (l *losses) before(at time.Time) (all []loss) {
	if l.hist == nil {
		return nil
	}
	from := at.Add(-lossTime)
	for _, key := range l.hist.Series(history.Filter{Kind: history.Drops, Since: from}) {
		points, _ := l.hist.Points(key, []int{history.Drops.Column("packets")}, from, at) // damage is told by the history itself
		one := loss{reason: key.Name}
		for _, p := range points {
			if p.Values[0] > 0 {
				one.frames, one.last = one.frames+p.Values[0], p.Time
			}
		}
		if one.frames > 0 {
			all = append(all, one)
		}
	}
	return all
}
