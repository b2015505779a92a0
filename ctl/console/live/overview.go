package live

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// overview writes what the gateway does as a whole, as far as a group may see it.
func (h *Hub) overview(g *group, v *store.View, p *picture, m *server.Moment, out *Sample) {
	counts := v.Counts()
	if g.scope.Gateway {
		h.gateway(v, p, out)
		h.portValues(p, out)
		lcoreValues(p, out)
		for name, n := range map[string]int{"sessions": counts.Sessions, "targets": counts.Targets, "filters": counts.Filters,
			"interfaces": counts.Interfaces, "balancers": counts.LoadBalancers} {
			out.put("resources."+name, n)
		}
	}
	if p.details != nil {
		p.details.sumUp(g.seenBy(v, p)).write(out)
	}
	targetCounts(g, v, m, out)
	if g.scope.Changes {
		out.list("changes", h.recent(g, v))
	}
	problems := h.problems(g, v, p, m)
	out.list("problems", problemRows(problems))
	if g.scope.Gateway {
		out.put("gateway.health", healthWord(problems))
	}
}

func (h *Hub) gateway(v *store.View, p *picture, out *Sample) {
	out.put("gateway.forwarding", p.status.Forwarding)
	out.put("gateway.generation", p.status.Generation)
	out.put("gateway.pending", p.status.Pending)
	out.put("gateway.revision", v.Revision())
	out.put("gateway.uptime", int64(p.at.Sub(h.started)/time.Second))
	out.put("law.production", p.laws.Production)
	out.put("law.mirror", p.laws.Mirror)
}

// targetCounts writes how many targets that sessions send to are reached, of those that somebody sees.
func targetCounts(g *group, v *store.View, m *server.Moment, out *Sample) {
	reached, troubled := 0, 0
	for _, t := range v.Targets() {
		if !v.HasSessions(t.ID) || !g.scope.sees(v, store.KindTarget, t.Account, t.ID) {
			continue
		}
		if state, _ := m.Target(v, t.ID); state == api.StateReachable {
			reached++
		} else if state != "" {
			troubled++
		}
	}
	out.put("targets.reached", reached)
	out.put("targets.troubled", troubled)
}

// portNames are the ports in configured order.
func (h *Hub) portNames(p *picture) (names []string) {
	if h.Config == nil {
		return slices.Sorted(maps.Keys(p.ports))
	}
	for i := range h.Config.Ports {
		names = append(names, h.Config.Ports[i].Name)
	}
	return names
}

// portValues writes each port, and all together.
func (h *Hub) portValues(p *picture, out *Sample) {
	var frames, bits, copies, copiesBits, drops float64
	var dropped int64
	var reasons []Row
	for i, name := range h.portNames(p) {
		now, before, key := p.ports[name], p.before[name], "port."+name+"."
		rate := func(field string, before, now int64, factor float64) float64 {
			v := factor * per(before, now, p.length)
			out.rate(key+field, v)
			return v
		}
		rx, rxBits := rate("rx.frames", before.RxPackets, now.RxPackets, 1), rate("rx.bits", before.RxBytes, now.RxBytes, 8)
		rate("tx.frames", before.TxPackets, now.TxPackets, 1)
		rate("tx.bits", before.TxBytes, now.TxBytes, 8)
		copies += rate("copies", before.CopiesPackets, now.CopiesPackets, 1)
		copiesBits += rate("copies.bits", before.CopiesBytes, now.CopiesBytes, 8)
		drops += rate("drops", before.Dropped.Sum(), now.Dropped.Sum(), 1)
		if now.Role != "tunnel" {
			frames, bits = frames+rx, bits+rxBits
		}
		dropped += now.Dropped.Sum()
		out.put(key+"dropped", now.Dropped.Sum())
		if i < len(p.status.Ports) {
			out.put(key+"link", linkWord(&p.status.Ports[i]))
		}
		reasons = append(reasons, dropRows(name, p.length, &before, &now)...)
	}
	out.rate("total.frames", frames)
	out.rate("total.bits", bits)
	out.rate("total.copies", copies)
	out.rate("total.copies.bits", copiesBits)
	out.rate("total.drops", drops)
	out.put("total.dropped", dropped)
	out.list("drops", reasons)
}

// dropRows are the reasons that a port has lost frames for, its driver's own included.
func dropRows(port string, length time.Duration, before, now *report.Port) (rows []Row) {
	for _, of := range []struct {
		before, now report.Counts
		by          string
	}{{before.Dropped, now.Dropped, "gateway"}, {before.Driver, now.Driver, "driver"}} {
		for _, reason := range slices.Sorted(maps.Keys(of.now)) {
			if total := of.now[reason]; total > 0 {
				rows = append(rows, Row{"key": port + " " + reason, "port": port, "reason": reason, "by": of.by,
					"rate": number(per(of.before[reason], total, length)), "total": total})
			}
		}
	}
	return rows
}

// Words for the link of a port.
const (
	linkUp        = "up"
	linkDown      = "down"
	linkTakenDown = "taken down"
)

func linkWord(p *ctl.PortStatus) string {
	switch {
	case p.Wire != nil && p.Wire.TakenDown:
		return linkTakenDown
	case p.LinkUp:
		return linkUp
	}
	return linkDown
}

// recentSeconds is how far back the load of an lcore looks, and its longest gap.
const (
	recentSeconds = 2
	gapSeconds    = 10
)

func lcoreValues(p *picture, out *Sample) {
	worst := 0.0
	for i := range p.status.Lcores {
		l := &p.status.Lcores[i]
		recent, key := l.RecentLoop(recentSeconds), "lcore."+strconv.Itoa(l.Lcore)+"."
		out.rate(key+"busy", recent.BusyShare())
		worst = max(worst, recent.BusyShare())
		out.rate(key+"gap", float64(l.LongestGap(gapSeconds).Nanoseconds()))
		out.put(key+"congestion", l.Congestion.State)
		out.put(key+"role", l.Role)
		out.rate(key+"cycles", recent.CyclesPerPacket())
		state := "runs"
		if p.still[l.Lcore] {
			state = "stands still"
		}
		out.put(key+"state", state)
	}
	out.rate("lcores.busy", worst)
}
