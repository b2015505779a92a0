package metrics

import (
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
