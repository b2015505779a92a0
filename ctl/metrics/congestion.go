package metrics

import (
	"slices"
	"strconv"

	"mirrorgw/ctl"
)

var congestionFamilies = []family{
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
