package live

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// wantedFor is what has to be looked at for a topic.
func wantedFor(v *store.View, topic string) report.Kinds {
	kind, _, ok := v.Find(topic)
	switch {
	case topic == Overview:
		return report.Sessions
	case !ok:
		return 0
	case kind == store.KindInterface:
		return report.Sessions | report.Sources
	case kind == store.KindSession || kind == store.KindFilter:
		return report.Sessions | report.Rules
	}
	return report.Sessions
}

// detail writes what is known of the resource that a topic is.
func (h *Hub) detail(g *group, v *store.View, p *picture, m *server.Moment, out *Sample) {
	kind, record, ok := v.Find(g.topic)
	if !ok {
		out.put("state", "deleted")
		return
	}
	if p.details == nil {
		return
	}
	switch r := record.(type) {
	case *ctl.Session:
		p.details.session(v, m, r, out)
	case *ctl.Filter:
		p.details.filter(g, v, p, r, out)
	case *ctl.Target:
		state, reason := m.Target(v, r.ID)
		out.put("state", state)
		out.put("reason", reason)
		p.details.sumUp(func(s *report.Session) bool {
			record, ok := v.Session("", s.ID)
			return ok && record.Target == r.ID && g.seenBy(v, p)(s)
		}).write(out)
	case *ctl.Interface:
		p.details.source(g, v, p, r, out)
	case *ctl.LoadBalancer:
		balancer(m, r, out)
		p.details.sumUp(func(s *report.Session) bool {
			record, ok := v.Session("", s.ID)
			if !ok {
				return false
			}
			target, ok := v.Target("", record.Target)
			return ok && target.LoadBalancer == r.ID && g.seenBy(v, p)(s)
		}).write(out)
	}
	out.put("kind", string(kind))
}

// find finds the row of a session, and its key.
func (d *details) find(id string) (key string, row report.Session, ok bool) {
	for key, row := range d.now.Sessions {
		if row.ID == id {
			return key, row, true
		}
	}
	return "", report.Session{}, false
}

// session writes a session: each direction, and the hits of its filter's rules.
func (d *details) session(v *store.View, m *server.Moment, r *ctl.Session, out *Sample) {
	active, why := v.SessionState(r.ID)
	state, reason := m.Session(v, r.ID)
	if !active {
		state, reason = "inactive", why
	}
	out.put("state", state)
	out.put("reason", reason)
	key, now, ok := d.find(r.ID)
	if !ok {
		return // it is not in force yet, or nothing is
	}
	before := d.sessionBefore(key, &now)
	d.direction("ingress.", &before.Ingress, &now.Ingress, out)
	d.direction("egress.", &before.Egress, &now.Egress, out)
	rate := d.sessionRate(key, &now)
	out.rate("copies", rate.copies)
	out.rate("bits", rate.bits)
	out.rate("matched", rate.matched)
	out.rate("skips", rate.skips)
	out.list("skips", skipRows(&before, &now, d.length))
	if filter, ok := v.Filter("", r.Filter); ok {
		d.hits(now.Filter, filter, out)
	}
}

func (d *details) direction(prefix string, before, now *report.Direction, out *Sample) {
	out.rate(prefix+"matched", per(before.MatchedPackets, now.MatchedPackets, d.length))
	out.rate(prefix+"copies", per(before.MirroredPackets, now.MirroredPackets, d.length))
	out.rate(prefix+"bits", 8*per(before.MirroredBytes, now.MirroredBytes, d.length))
	out.rate(prefix+"truncated", per(before.TruncatedPackets, now.TruncatedPackets, d.length))
	out.rate(prefix+"skips", per(before.Skipped.Sum(), now.Skipped.Sum(), d.length))
	out.put(prefix+"matched.total", now.MatchedPackets)
	out.put(prefix+"copies.total", now.MirroredPackets)
	out.put(prefix+"bytes.total", now.MirroredBytes)
	out.put(prefix+"truncated.total", now.TruncatedPackets)
	out.put(prefix+"skips.total", now.Skipped.Sum())
}

func skipRows(before, now *report.Session, length time.Duration) (rows []Row) {
	for _, of := range []struct {
		direction   string
		before, now report.Counts
	}{{"inbound", before.Ingress.Skipped, now.Ingress.Skipped}, {"outbound", before.Egress.Skipped, now.Egress.Skipped}} {
		for _, reason := range slices.Sorted(maps.Keys(of.now)) {
			if total := of.now[reason]; total > 0 {
				rows = append(rows, Row{"key": of.direction + " " + reason, "direction": of.direction, "reason": reason,
					"rate": number(per(of.before[reason], total, length)), "total": total})
			}
		}
	}
	return rows
}

// ShownRules is how many rules of a direction, the first ones, pages show with what they decide. A filter
// may have so many that to tell of all of them each second is too much for a browser.
const ShownRules = 200

// hits writes how often each of the first rules of a filter decides, by the key that the report has for
// the filter.
func (d *details) hits(filter string, r *ctl.Filter, out *Sample) {
	shown := map[rules.Direction]int{}
	for _, one := range r.Rules {
		if shown[one.Direction]++; shown[one.Direction] > ShownRules {
			continue
		}
		rule := one.Direction.String() + " " + strconv.Itoa(one.Number)
		total, known := d.now.Rules[filter][rule]
		if !known {
			continue // not in force yet
		}
		name := "rule." + strings.ReplaceAll(rule, " ", ".")
		before, known := d.before.Rules[filter][rule]
		if !known {
			before = total
		}
		out.put(name+".hits", number(per(before, total, d.over(report.Rules))))
		out.put(name+".total", total)
	}
}

// filter writes the sessions that use a filter, and the hits of its rules in all of them.
func (d *details) filter(g *group, v *store.View, p *picture, r *ctl.Filter, out *Sample) {
	key := ""
	d.sumUp(func(s *report.Session) bool {
		record, ok := v.Session("", s.ID)
		if !ok || record.Filter != r.ID {
			return false
		}
		key = s.Filter
		return g.seenBy(v, p)(s)
	}).write(out)
	if key != "" {
		d.hits(key, r, out)
	}
}

// source writes what becomes of the packets of an interface, and its sessions.
func (d *details) source(g *group, v *store.View, p *picture, r *ctl.Interface, out *Sample) {
	name := ""
	for key, now := range d.now.Sources {
		if now.ID != r.ID {
			continue
		}
		name = key
		before := d.before.Sources[key]
		if before.ID != now.ID {
			before = report.Source{}
		}
		d.traffic("ingress.", &before.Ingress, &now.Ingress, out)
		d.traffic("egress.", &before.Egress, &now.Egress, out)
	}
	d.sumUp(func(s *report.Session) bool { return name != "" && s.Source == name && g.seenBy(v, p)(s) }).write(out)
}

func (d *details) traffic(prefix string, before, now *report.Traffic, out *Sample) {
	for name, of := range map[string][2]int64{"seen": {before.Seen, now.Seen}, "matched": {before.Matched, now.Matched}, "missed": {before.Missed, now.Missed},
		"excluded": {before.Excluded.Sum(), now.Excluded.Sum()}, "unmatched": {before.UnmatchedCongestion, now.UnmatchedCongestion}} {
		out.rate(prefix+name, per(of[0], of[1], d.over(report.Sources)))
		out.put(prefix+name+".total", of[1])
	}
}

// balancer writes the members of a load balancer.
func balancer(m *server.Moment, r *ctl.LoadBalancer, out *Sample) {
	var rows []Row
	for _, member := range m.Members(r.ID) {
		rows = append(rows, Row{"key": member.Address, "address": member.Address, "zone": member.AvailabilityZone, "weight": member.Weight, "state": member.State,
			"reason": member.Reason, "rtt": number(1000 * member.RTTMicroseconds)})
	}
	out.list("members", rows)
}
