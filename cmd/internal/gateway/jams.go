package gateway

import (
	"strings"
	"time"

	"mirrorgw/lcore"
)

// calmAfter is for how long an lcore must be calm before its congestion is called over: under
// changing load it comes and goes, and the log tells of it once.
const calmAfter = 2 * time.Second

// jams tells from the state of lcores which are congested. One goroutine at a time uses it.
type jams struct{ lcores []jam }

// jam is one lcore's congestion, or none.
type jam struct {
	lcore.WorkerState
	congested bool
	began     time.Time             // of the congestion, as seen
	before    lcore.CongestionState // when it began
	last      time.Time             // when it was last seen not to be calm
}

// look takes the state of all lcores at a moment. It returns those that have become congested, and
// those that are no longer.
func (j *jams) look(now time.Time, workers []lcore.WorkerState) (changed []jam) {
	if len(workers) != len(j.lcores) {
		j.lcores = make([]jam, len(workers))
		for i, w := range workers {
			j.lcores[i].WorkerState = w
			j.lcores[i].Congestion = lcore.CongestionState{} // whatever it has gone through is news
		}
	}
	for i, w := range workers {
		l := &j.lcores[i]
		before := l.Congestion
		l.WorkerState = w
		switch busy := w.Congestion.State != lcore.Calm || w.Congestion.Transitions != before.Transitions; {
		case busy && !l.congested:
			l.congested, l.began, l.before = true, now, before
			changed = append(changed, *l)
		case !busy && l.congested && now.Sub(l.last) >= calmAfter:
			l.congested = false
			changed = append(changed, *l)
		}
		if w.Congestion.State != lcore.Calm || w.Congestion.Transitions != before.Transitions {
			l.last = now
		}
	}
	return changed
}

// signs names what the lcore has seen since the congestion began, with commas.
func (l *jam) signs() string {
	var seen []string
	for i, n := range l.Congestion.Signs {
		if n > l.before.Signs[i] {
			seen = append(seen, lcore.SignNames[i])
		}
	}
	return strings.Join(seen, ",")
}

// worst is the worst state since the congestion began.
func (l *jam) worst() lcore.Congested {
	for s := lcore.Blind; s > lcore.Calm; s-- {
		if l.Congestion.Time[s] > l.before.Time[s] || l.Congestion.State == s {
			return s
		}
	}
	return lcore.Limited // so short that no time passed
}

// spent is the time in any state but calm since the congestion began.
func (l *jam) spent() (d time.Duration) {
	for s := lcore.Limited; s <= lcore.Blind; s++ {
		d += l.Congestion.Time[s] - l.before.Time[s]
	}
	return d
}

// tellJams logs which lcores mirror less than they should, or everything again.
func (w *watchdog) tellJams(changed []jam) {
	for i := range changed {
		l := &changed[i]
		if l.congested {
			w.log.Warn("an lcore is congested: production goes first, copies are skipped and counted as congestion; see docs/congestion.md",
				"lcore", l.Lcore, "state", l.Congestion.State, "signs", l.signs())
		} else {
			w.log.Info("an lcore is not congested any more", "lcore", l.Lcore, "worst", l.worst(),
				"for", l.last.Sub(l.began).Round(time.Millisecond), "limited", l.spent().Round(time.Millisecond), "signs", l.signs())
		}
	}
}
