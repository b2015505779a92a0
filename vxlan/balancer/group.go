package balancer

import (
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spread is the time between the first probes of two members that join, or come back, together.
const spread = 10 * time.Millisecond

// group is a load balancer with what is known of its members.
type group struct {
	Group
	check   *Check // with defaults; nil: no probes
	members []*member
	slot    time.Time // the next probe outside of the rhythm is not before this
	stale   bool      // something happened since the last refresh
	views   map[string]shown
	full    map[string][]uint16 // tables of whole pools, by their recipe; they outlive failures of members
}

// shown is the last view of a zone, and what it was made of.
type shown struct {
	View
	made string
}

// member is a member with what is known of it.
type member struct {
	Member
	health
	resolved bool
	due      time.Time // of the next probe
	asked    time.Time // start of the last probe; zero: none yet
	flight   uint64    // number of the probe under way; 0: none
	deferred bool      // a probe is due and has no room

	state State // as last told
	since time.Time
}

// configure makes a group what its configuration says.
func (b *Balancer) configure(now time.Time, g *group, spec Group) {
	g.stale = true
	g.Group = spec
	g.Zones = sortedZones(spec.Zones)
	g.full = map[string][]uint16{}
	was := g.check
	g.check = nil
	if spec.Check != nil && spec.Check.Protocol != None && spec.Check.Protocol != "" {
		check := spec.Check.WithDefaults()
		g.check = &check
	}
	old := map[netip.Addr]*member{}
	served := false
	for _, m := range g.members {
		old[m.Address] = m
		served = served || m.usable(true)
	}
	g.members = make([]*member, 0, len(spec.Members))
	for _, s := range spec.Members {
		m := old[s.Address]
		delete(old, s.Address)
		if m == nil {
			m = &member{health: health{state: Initial, early: !served}, state: Initial, since: now}
		}
		m.Member, m.resolved = s, b.resolved[s.Address]
		g.members = append(g.members, m)
		b.recheck(now, g, m, was)
	}
	for _, m := range old {
		b.abandon(m)
	}
}

// recheck prepares a member for the check of its group, which was another before. That the question
// changes is no reason to take a member out.
func (b *Balancer) recheck(now time.Time, g *group, m *member, was *Check) {
	switch {
	case g.check == nil:
		b.abandon(m)
		m.health = health{state: Healthy}
	case m.due.IsZero(), was == nil, was.Protocol != g.check.Protocol, was.Port != g.check.Port, was.Path != g.check.Path:
		b.abandon(m)
		m.run, m.due = 0, g.turn(now)
	case m.due.After(now.Add(g.check.Interval)):
		m.due = now.Add(g.check.Interval)
	}
}

// turn gives out the times of first probes, so that a thousand members are not probed in one moment;
// later probes keep the distance. An interval has room for all members: what lies behind it was given
// to members that have gone meanwhile, and come back, as often as a link flaps.
func (g *group) turn(now time.Time) time.Time {
	at := later(now, g.slot)
	if at.Sub(now) > g.check.Interval {
		at = now
	}
	g.slot = at.Add(min(spread, g.check.Interval/time.Duration(max(len(g.Group.Members), 1))))
	return at
}

// waiting reports whether a member is to be probed at its due time.
func (g *group) waiting(m *member) bool { return g.check != nil && m.resolved && m.flight == 0 }

// usable reports whether a member may get flows; strictly: not one of whom nothing is known.
func (m *member) usable(strictly bool) bool {
	if !m.resolved || m.Draining || m.Weight <= 0 {
		return false
	}
	return m.health.state == Healthy || m.health.state == Initial && (m.early || !strictly)
}

// tell returns the state for people, and why.
func (m *member) tell(c *Check) (State, string) {
	switch {
	case m.Draining:
		return Draining, "taken out by the operator"
	case !m.resolved:
		return Down, "its next hop is not resolved"
	}
	return m.health.state, m.reason(c)
}

// refresh brings states and views up to date and returns the views that changed.
func (g *group) refresh(now time.Time, log *slog.Logger) (changed []View) {
	if !g.stale {
		return nil
	}
	g.stale = false
	for _, m := range g.members {
		state, reason := m.tell(g.check)
		if state == m.state {
			continue
		}
		log.Info("load balancer member", "balancer", g.Name, "member", m.Address, "was", m.state, "is", state, "reason", reason)
		m.state, m.since = state, now
	}
	before := g.views
	g.views = make(map[string]shown, len(g.Zones))
	for _, zone := range g.Zones {
		is := g.view(zone, before)
		if was, known := before[zone]; !known || was.made != is.made {
			changed = append(changed, is.View)
		}
		g.views[zone] = is
	}
	return changed
}

// view makes the view of a zone, or takes the table of one that has the same already.
func (g *group) view(zone string, before map[string]shown) shown {
	v := View{ID: g.ID, Zone: zone}
	if !g.Listening {
		v.Skip = SkipNoListener
		return shown{v, v.Skip}
	}
	pool := g.members
	if zone != "" {
		pool = slices.DeleteFunc(slices.Clone(pool), func(m *member) bool { return m.Zone != "" && m.Zone != zone })
	}
	out, found := choose(pool)
	if !found && g.CrossZone {
		pool = g.members
		out, found = choose(pool)
	}
	if !found {
		v.Skip = SkipTargetDown
		return shown{v, v.Skip}
	}
	made := recipe(pool, out)
	for _, views := range []map[string]shown{before, g.views} {
		for _, other := range views {
			if other.made == made {
				v.Members, v.Table = other.Members, other.Table
				return shown{v, made}
			}
		}
	}
	v.Members, v.Table = g.spreadOver(pool, out)
	return shown{v, made}
}

// choose says which members of a pool are out: all but the healthy ones and those that joined early,
// or when there are none of these, all but the initial ones.
func choose(pool []*member) (out []bool, found bool) {
	out = make([]bool, len(pool))
	for _, strictly := range []bool{true, false} {
		for i, m := range pool {
			out[i] = !m.usable(strictly)
			found = found || !out[i]
		}
		if found {
			break
		}
	}
	return out, found
}

// recipe is all that a table depends on.
func recipe(pool []*member, out []bool) string {
	var b strings.Builder
	for i, m := range pool {
		b.WriteString(m.Address.String())
		b.WriteByte('*')
		b.WriteString(strconv.Itoa(m.Weight))
		if out[i] {
			b.WriteByte('-')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// spreadOver makes the table of a pool, with indices into the members that are in use.
func (g *group) spreadOver(pool []*member, out []bool) ([]netip.Addr, []uint16) {
	all := make([]Weighted, len(pool))
	index := make([]uint16, len(pool))
	var members []netip.Addr
	for i, m := range pool {
		all[i] = Weighted{m.Address.String(), m.Weight}
		if !out[i] {
			index[i] = uint16(len(members))
			members = append(members, m.Address)
		}
	}
	whole := recipe(pool, make([]bool, len(pool)))
	if g.full[whole] == nil {
		g.full[whole] = Table(all)
	}
	table := without(g.full[whole], all, out)
	for entry, owner := range table {
		table[entry] = index[owner]
	}
	return members, table
}
