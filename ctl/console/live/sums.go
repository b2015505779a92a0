package live

import (
	"cmp"
	"maps"
	"slices"

	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

// sampled is the reason of copies that nobody wants: no cause for alarm.
const sampled = "sampled"

// sums add up sessions.
type sums struct {
	sessions              int
	matched, copies, bits float64
	skipping              float64        // without sampled ones
	skips                 map[string]sum // by reason
	busiest               []busy         // by copies
}

type sum struct {
	rate  float64
	total int64
}

// busy is a session and what it does.
type busy struct {
	id, name, source, target     string
	copies, bits, skips, matched float64
}

// maxBusy is how many sessions an overview names.
const maxBusy = 10

// sessionRate is what a session does in both directions.
func (d *details) sessionRate(key string, now *report.Session) busy {
	before := d.sessionBefore(key, now)
	b := busy{id: now.ID, name: key, source: now.Source, target: now.Target}
	for _, of := range []struct{ before, now *report.Direction }{{&before.Ingress, &now.Ingress}, {&before.Egress, &now.Egress}} {
		b.matched += per(of.before.MatchedPackets, of.now.MatchedPackets, d.length)
		b.copies += per(of.before.MirroredPackets, of.now.MirroredPackets, d.length)
		b.bits += 8 * per(of.before.MirroredBytes, of.now.MirroredBytes, d.length)
		for reason, n := range of.now.Skipped {
			if reason != sampled {
				b.skips += per(of.before.Skipped[reason], n, d.length)
			}
		}
	}
	return b
}

// sessionBefore is a session at the look before. One that was not there had counted nothing; at the first
// look nothing has happened yet.
func (d *details) sessionBefore(key string, now *report.Session) report.Session {
	if before, ok := d.before.Sessions[key]; ok && before.ID == now.ID {
		return before
	}
	return report.Session{}
}

// add takes a session into account.
func (s *sums) add(d *details, key string, now *report.Session) {
	b := d.sessionRate(key, now)
	s.sessions++
	s.matched, s.copies, s.bits, s.skipping = s.matched+b.matched, s.copies+b.copies, s.bits+b.bits, s.skipping+b.skips
	before := d.sessionBefore(key, now)
	for _, of := range []struct{ before, now report.Counts }{{before.Ingress.Skipped, now.Ingress.Skipped}, {before.Egress.Skipped, now.Egress.Skipped}} {
		for reason, n := range of.now {
			one := s.skips[reason]
			one.rate, one.total = one.rate+per(of.before[reason], n, d.length), one.total+n
			s.skips[reason] = one
		}
	}
	if b.copies > 0 || b.skips > 0 {
		s.rank(b)
	}
}

// rank keeps the busiest sessions.
func (s *sums) rank(b busy) {
	at, _ := slices.BinarySearchFunc(s.busiest, b, func(a, b busy) int {
		return cmp.Or(cmp.Compare(b.copies+b.skips, a.copies+a.skips), cmp.Compare(a.name, b.name))
	})
	if at < maxBusy {
		s.busiest = slices.Insert(s.busiest, at, b)
		s.busiest = s.busiest[:min(len(s.busiest), maxBusy)]
	}
}

// sumUp adds up the sessions that some choose.
func (d *details) sumUp(choose func(*report.Session) bool) *sums {
	s := &sums{skips: map[string]sum{}}
	for key, row := range d.now.Sessions {
		if choose(&row) {
			s.add(d, key, &row)
		}
	}
	return s
}

// write puts sums into a sample.
func (s *sums) write(out *Sample) {
	out.put("sessions.counting", s.sessions)
	out.rate("sessions.matched", s.matched)
	out.rate("sessions.copies", s.copies)
	out.rate("sessions.bits", s.bits)
	out.rate("sessions.skips", s.skipping)
	var skips []Row
	for _, reason := range slices.Sorted(maps.Keys(s.skips)) {
		if one := s.skips[reason]; one.total > 0 {
			skips = append(skips, Row{"key": reason, "rate": number(one.rate), "total": one.total})
		}
	}
	out.list("skips", skips)
	var busiest []Row
	for _, b := range s.busiest {
		busiest = append(busiest, Row{"key": b.id, "path": pathSessions + b.id, "name": b.name, "source": b.source, "target": b.target,
			"copies": number(b.copies), "bits": number(b.bits), "skips": number(b.skips)})
	}
	out.list("busiest", busiest)
}

// seenBy chooses the sessions that a group sees.
func (g *group) seenBy(v *store.View, p *picture) func(*report.Session) bool {
	return func(s *report.Session) bool { return g.sessionSeen(v, p.at, s.Owner, s.ID) }
}
