package balancer

import (
	"slices"
	"time"
)

// land takes in the results that came, and gives up the probes that should have had one.
func (b *Balancer) land(now time.Time) {
	for _, l := range b.landed {
		b.arrive(now, l.flight, l.result)
	}
	b.landed = nil
	for number, f := range b.flights {
		if now.After(f.deadline) {
			b.arrive(now, number, Result{Reason: "timed out"})
		}
	}
}

// arrive ends a flight; one that was given up before has ended already.
func (b *Balancer) arrive(now time.Time, number uint64, r Result) {
	f := b.flights[number]
	delete(b.flights, number)
	if f == nil || f.member == nil {
		return
	}
	m := f.member
	m.flight, m.held = 0, ""
	if r.NotSent {
		m.held = r.Reason
		m.due = earlier(m.due, now.Add(holdTime))
		return
	}
	m.observe(now, r, f.group.check)
	f.group.stale = true
}

// holdTime is when a probe is tried again that could not be sent.
const holdTime = time.Second

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// abandon forgets the probe of a member that is under way, whose result means nothing any more.
func (b *Balancer) abandon(m *member) {
	if f := b.flights[m.flight]; f != nil {
		f.member = nil
	}
	m.flight, m.deferred = 0, false
}

// departure is a probe to send.
type departure struct {
	Probe
	flight uint64
}

// launch picks the probes that are due, the longest overdue first, as far as there is room.
func (b *Balancer) launch(now time.Time) (probes []departure) {
	type candidate struct {
		group  *group
		member *member
	}
	var due []candidate
	for _, g := range b.groups {
		for _, m := range g.members {
			if g.waiting(m) && !m.due.After(now) {
				due = append(due, candidate{g, m})
			}
		}
	}
	slices.SortStableFunc(due, func(a, c candidate) int { return a.member.due.Compare(c.member.due) })
	for _, c := range due {
		g, m := c.group, c.member
		if len(b.flights) >= b.options.MaxProbes {
			if !m.deferred {
				m.deferred = true
				b.deferred++
			}
			continue
		}
		b.flown++
		b.flights[b.flown] = &flight{g, m, now.Add(g.check.Timeout + probeGrace)}
		m.flight, m.asked, m.deferred = b.flown, now, false
		if m.due = m.due.Add(g.check.Interval); m.due.Before(now) {
			m.due = now.Add(g.check.Interval)
		}
		probes = append(probes, departure{Probe{m.Address, *g.check}, b.flown})
	}
	return probes
}
