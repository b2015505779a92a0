package live

import (
	"math"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/report"
)

// meter looks at the data path and computes what happened since it last did. One goroutine uses it.
type meter struct {
	o       *Options
	at      time.Duration // of the last look, by a clock that only grows
	looked  bool
	ports   map[string]report.Port
	beats   map[int]uint64
	details *details // of the last look at sessions
	fresh   time.Duration
	pause   int // looks until sessions are looked at again
	drops   *losses
}

// picture is the data path at one moment, with what happened since the moment before. It is never modified.
type picture struct {
	at      time.Time
	length  time.Duration // since the look before; 0: there was none
	status  ctl.Status
	laws    report.Laws
	ports   map[string]report.Port
	before  map[string]report.Port
	still   map[int]bool // lcores whose heartbeat has stood still since then
	losses  []loss
	details *details
}

// details are the counters of sessions, sources and rules at two looks.
type details struct {
	length      time.Duration // between the two; 0: there was one only
	now, before *report.Report
	kinds       report.Kinds // what there is of both
	rated       report.Kinds // what of that was looked at before too, so that its rates are known
}

// over is the time over which rates of a kind are known; 0: they are not yet.
func (d *details) over(kind report.Kinds) time.Duration {
	if !d.rated.Has(kind) {
		return 0
	}
	return d.length
}

func newMeter(o *Options) *meter {
	return &meter{o: o, beats: map[int]uint64{}, drops: newLosses(o.History)}
}

// look takes a picture. What is wanted of sessions, sources and rules is there from the second look at
// these on.
func (m *meter) look(wanted report.Kinds) *picture {
	wall, running := m.o.Clock.Now()
	r := m.o.Report(report.Ports | report.Law)
	p := &picture{at: wall, status: m.o.Status(), laws: r.Laws, ports: r.Ports, before: m.ports}
	if m.looked {
		p.length = running - m.at
		p.still = m.standing(&p.status)
	}
	p.losses = m.drops.since(p)
	m.at, m.looked, m.ports = running, true, r.Ports
	for i := range p.status.Lcores {
		m.beats[p.status.Lcores[i].Lcore] = p.status.Lcores[i].Heartbeat
	}
	m.lookAtDetails(wanted)
	p.details = m.details
	return p
}

func (m *meter) standing(s *ctl.Status) map[int]bool {
	still := map[int]bool{}
	for i := range s.Lcores {
		l := &s.Lcores[i]
		if before, known := m.beats[l.Lcore]; known && before == l.Heartbeat && s.Forwarding {
			still[l.Lcore] = true
		}
	}
	return still
}

// costShare is the part of the time that looking at sessions may take: one part of so many.
const costShare = 40

// longestPause is how many looks sessions are left alone at most, whatever they cost.
const longestPause = 30

// lookAtDetails looks at sessions as often as it may.
func (m *meter) lookAtDetails(wanted report.Kinds) {
	if m.details != nil && !m.details.kinds.Has(wanted) {
		m.pause = 0
	}
	if wanted == 0 || m.pause > 0 {
		m.pause--
		return
	}
	_, begin := m.o.Clock.Now()
	r := m.o.Report(wanted)
	_, end := m.o.Clock.Now()
	m.pause = min(longestPause, int(costShare*(end-begin)/max(m.o.Interval, time.Millisecond)))
	d := &details{now: r, kinds: wanted}
	d.before = r
	if old := m.details; old != nil {
		d.before, d.length, d.rated = old.with(wanted, r), begin-m.fresh, old.kinds
	}
	m.details, m.fresh = d, begin
}

// with is what was counted at a look, with what was not looked at as it is now: nothing has happened to it
// yet.
func (d *details) with(wanted report.Kinds, now *report.Report) *report.Report {
	r := *d.now
	for _, part := range []struct {
		kind report.Kinds
		take func()
	}{{report.Sessions, func() { r.Sessions = now.Sessions }}, {report.Sources, func() { r.Sources = now.Sources }}, {report.Rules, func() { r.Rules = now.Rules }}} {
		if wanted.Has(part.kind) && !d.kinds.Has(part.kind) {
			part.take()
		}
	}
	return &r
}

// per is how much a counter has grown in a second; not a number: that is not known yet. One that went
// back began anew.
func per(before, now int64, length time.Duration) float64 {
	if length <= 0 {
		return math.NaN()
	}
	return float64(grown(before, now)) / length.Seconds()
}

func grown(before, now int64) int64 {
	if now < before {
		return now
	}
	return now - before
}
