package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// Pages of the console about resources.
const (
	pathSessions  = "/sessions/"
	pathTargets   = "/targets/"
	pathBalancers = "/load-balancers/"
)

func targetProblems(g *group, v *store.View, m *server.Moment) (all []problem) {
	for _, t := range v.Targets() {
		if !v.HasSessions(t.ID) || !g.scope.sees(v, store.KindTarget, t.Account, t.ID) {
			continue
		}
		if state, reason := m.Target(v, t.ID); state != "" && state != api.StateReachable {
			all = append(all, problem{alert: "MirrorgwTargetDown", severity: warning, about: t.ID, path: pathTargets + t.ID,
				text: fmt.Sprintf("Copies to target %s do not leave (%s)%s.", t.Name, state, clause(reason)), advice: "The page of the target says more."})
		}
	}
	return all
}

func clause(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func balancerProblems(g *group, v *store.View, p *picture) (all []problem) {
	for i := range p.status.Balancers {
		b := &p.status.Balancers[i]
		record, ok := v.LoadBalancer("", b.ID)
		if !ok || !g.scope.sees(v, store.KindLoadBalancer, record.Account, b.ID) {
			continue
		}
		for _, z := range b.Zones {
			if z.Skip != "" {
				all = append(all, problem{alert: "MirrorgwZoneUnserved", severity: warning, about: b.ID + z.Zone, path: pathBalancers + b.ID,
					text: fmt.Sprintf("No member of load balancer %s serves zone %q: copies of its sources are skipped.", b.Name, z.Zone), advice: "The page of the load balancer says why."})
			}
		}
		for _, member := range b.Members {
			if member.State == ctl.MemberUnhealthy || member.State == ctl.MemberDown {
				all = append(all, problem{alert: "MirrorgwMemberDown", severity: warning, about: b.ID + member.Address.String(), path: pathBalancers + b.ID, since: member.Since,
					text:   fmt.Sprintf("Member %s of load balancer %s is %s%s.", member.Address, b.Name, member.State, clause(member.Reason)),
					advice: "See the appliance; the other members of its zone have its flows meanwhile."})
			}
		}
	}
	return all
}

// skipShare is the part of a session's copies that may be skipped before it is told, but for reasons that
// are told in any case or wanted.
const skipShare = 0.01

// sessionProblems are the sessions that skip copies now, and those that have lost their target.
func sessionProblems(g *group, v *store.View, p *picture) (all []problem) {
	for _, s := range v.LostSessions() {
		if g.scope.sees(v, store.KindSession, s.Account, s.ID) {
			all = append(all, problem{severity: warning, about: s.ID, path: pathSessions + s.ID, text: fmt.Sprintf("Session %s has lost its target (%s): nothing is mirrored.", s.Name, s.Inactive),
				advice: "Give the session another target, or delete it."})
		}
	}
	if p.details == nil || p.details.length == 0 {
		return all
	}
	seen := g.seenBy(v, p)
	for _, key := range slices.Sorted(maps.Keys(p.details.now.Sessions)) {
		row := p.details.now.Sessions[key]
		if one, skips := p.details.skipProblem(key, &row); skips && seen(&row) {
			all = append(all, one)
		}
	}
	return all
}

// skipProblem says what is wrong with the copies of a session since the last look.
func (d *details) skipProblem(key string, now *report.Session) (problem, bool) {
	rates := d.skipRates(key, now)
	one := problem{severity: warning, about: now.ID, path: pathSessions + now.ID, alert: "MirrorgwCopiesSkipped", advice: "docs/counters.md says for each reason what to do."}
	var others float64
	for reason, rate := range rates {
		if reason != "congestion" && reason != "mempool" && reason != "rate-limit" && reason != sampled {
			others += rate
		}
	}
	switch matched := d.sessionRate(key, now).matched; {
	case rates["congestion"] > 0:
		one.alert, one.advice = "MirrorgwCopiesSkippedByCongestion", "Mirror less (packet length, narrower rules), or give the gateway more lcores or a faster tunnel port."
	case rates["mempool"] > 0:
		one.alert, one.advice = "MirrorgwMirrorPoolEmpty", "The tunnel port is too slow, or raise its tx_descriptors, which the pools follow."
	case others == 0 || others <= skipShare*matched:
		return one, false
	}
	one.text = fmt.Sprintf("Session %s skips copies: %s.", key, strings.Join(skipWords(rates), ", "))
	return one, true
}

// skipRates are the copies that a session skips a second, by reason, in both directions.
func (d *details) skipRates(key string, now *report.Session) map[string]float64 {
	before, rates := d.sessionBefore(key, now), map[string]float64{}
	for reason, n := range now.Ingress.Skipped {
		rates[reason] += per(before.Ingress.Skipped[reason], n, d.length)
	}
	for reason, n := range now.Egress.Skipped {
		rates[reason] += per(before.Egress.Skipped[reason], n, d.length)
	}
	maps.DeleteFunc(rates, func(_ string, rate float64) bool { return !(rate > 0) }) // or not known yet
	return rates
}

// skipWords leave the rates to the page, where they change: a problem whose words change every second
// would never come to rest.
func skipWords(rates map[string]float64) []string {
	reasons := slices.Sorted(maps.Keys(rates))
	return slices.DeleteFunc(reasons, func(reason string) bool { return reason == sampled })
}
