package metrics

import (
	"slices"
	"strconv"

	"mirrorgw/ctl"
)

var byLcore = []string{"lcore", "cpu"}

var lcoreFamilies = []family{
	lcore("mirrorgw_lcore_heartbeats_total", counter, "Signs of life of a worker, one every 256 polls; a rate of 0 is a worker that stands still", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.count(int64(l.Heartbeat), labels...)
	}),
	lcore("mirrorgw_lcore_longest_gap_seconds", gauge, "Longest time between two polls of a worker within the last 60 whole seconds", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.gauge(l.LongestGap(ctl.GapSeconds).Seconds(), labels...)
	}),
	{"mirrorgw_lcore_congestion_state", gauge, append(slices.Clone(byLcore), "state"), "1 for the state that a worker is in (calm, limited, unmatched or blind), 0 for the other three", func(s *scene, o *out) {
		s.eachCongestion(func(c *ctl.Congestion, labels ...string) {
			for _, t := range c.States {
				o.flag(t.State == c.State, append(labels, t.State)...)
			}
		})
	}},
	{"mirrorgw_lcore_congestion_seconds_total", counter, append(slices.Clone(byLcore), "state"), "Time that a worker has spent in a state of congestion", func(s *scene, o *out) {
		s.eachCongestion(func(c *ctl.Congestion, labels ...string) {
			for _, t := range c.States {
				o.seconds(t.Time.Seconds(), append(labels, t.State)...)
			}
		})
	}},
	{"mirrorgw_lcore_congestion_signs_total", counter, append(slices.Clone(byLcore), "sign"), "How often a worker saw a sign of congestion (receive, transmit, tunnel or mempool), looking once in 16 polls", func(s *scene, o *out) {
		s.eachCongestion(func(c *ctl.Congestion, labels ...string) {
			for _, sign := range c.Signs {
				o.count(int64(sign.Looks), append(labels, sign.Sign)...)
			}
		})
	}},
	lcore("mirrorgw_lcore_congestion_transitions_total", counter, "Changes of a worker's state of congestion", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.count(int64(l.Congestion.Transitions), labels...)
	}),
	{"mirrorgw_lcore_congestion_budget_copies", gauge, byLcore, "Copies that a congested worker makes in 50 microseconds, or in 16 polls where those take longer; absent while it is calm", func(s *scene, o *out) {
		s.eachCongestion(func(c *ctl.Congestion, labels ...string) {
			if c.State != ctl.Calm {
				o.gauge(float64(c.Budget), labels...)
			}
		})
	}},
}

func (s *scene) eachCongestion(do func(c *ctl.Congestion, labels ...string)) {
	for i := range s.status.Lcores {
		l := &s.status.Lcores[i]
		do(&l.Congestion, strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU))
	}
}

func lcore(name string, kind kind, help string, put func(l *ctl.LcoreStatus, o *out, labels ...string)) family {
	return family{name, kind, byLcore, help, func(s *scene, o *out) {
		for i := range s.status.Lcores {
			l := &s.status.Lcores[i]
			put(l, o, strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU))
		}
	}}
}

var gatewayFamilies = []family{
	{"mirrorgw_law_unaccounted_packets", gauge, []string{"law"}, "Packets unaccounted for, which must read 0: law is production or mirror", func(s *scene, o *out) {
		o.gauge(float64(s.report.Laws.Production), "production")
		o.gauge(float64(s.report.Laws.Mirror), "mirror")
	}},
	{"mirrorgw_build_info", gauge, []string{"version", "dpdk"}, "Always 1: the versions of the daemon and of DPDK", func(s *scene, o *out) {
		o.flag(true, s.Version, s.DPDK)
	}},
	{"mirrorgw_forwarding", gauge, nil, "1 if the ports forward, else 0", func(s *scene, o *out) { o.flag(s.status.Forwarding) }},
	{"mirrorgw_state_usable", gauge, nil, "1 if the state is in use, 0 if it is damaged and the gateway only forwards", func(s *scene, o *out) { o.flag(s.Fault == nil) }},
	{"mirrorgw_generation", gauge, nil, "Number of the compiled configuration in force", func(s *scene, o *out) { o.gauge(float64(s.status.Generation)) }},
	{"mirrorgw_revision", gauge, nil, "Number of the last change of resources", func(s *scene, o *out) { o.gauge(float64(s.revision)) }},
	{"mirrorgw_pending_changes", gauge, nil, "Changes that a stalled worker has not taken yet", func(s *scene, o *out) { o.gauge(float64(s.status.Pending)) }},
	{"mirrorgw_resources", gauge, []string{"kind"}, "Resources that exist: interfaces, targets, filters, rules, sessions and load_balancers", func(s *scene, o *out) {
		o.gauge(float64(s.counts.Interfaces), "interfaces")
		o.gauge(float64(s.counts.Targets), "targets")
		o.gauge(float64(s.counts.Filters), "filters")
		o.gauge(float64(s.counts.Rules), "rules")
		o.gauge(float64(s.counts.Sessions), "sessions")
		o.gauge(float64(s.counts.LoadBalancers), "load_balancers")
	}},
}
