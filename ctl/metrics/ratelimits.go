package metrics

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// limitFamilies are what the operator has configured, so that rates can stand beside it. Most
// resources have no limit, and no series.
var limitFamilies = []family{
	{"mirrorgw_session_sample_one_in", gauge, byResource, "A session mirrors one flow in so many; only sessions that sample", func(s *scene, o *out) {
		for _, r := range s.limited {
			o.configured(r.SampleOneIn, &r.Common)
		}
	}},
	sessionLimit("packets", "copies", func(l rules.Limit) int { return l.PPS }),
	sessionLimit("bits", "bits of outer frames", func(l rules.Limit) int { return l.BPS }),
	targetLimit("packets", "copies", func(l rules.Limit) int { return l.PPS }),
	targetLimit("bits", "bits of outer frames", func(l rules.Limit) int { return l.BPS }),
}

func sessionLimit(unit, words string, of func(rules.Limit) int) family {
	return family{"mirrorgw_session_limit_" + unit + "_per_second", gauge, byResource,
		"Limit of a session, " + words + " a second; only sessions that have one", func(s *scene, o *out) {
			for _, r := range s.limited {
				o.configured(of(r.Limit), &r.Common)
			}
		}}
}

func targetLimit(unit, words string, of func(rules.Limit) int) family {
	return family{"mirrorgw_target_limit_" + unit + "_per_second", gauge, byResource,
		"Limit of a target, for all sessions to it together, " + words + " a second; only targets that have one", func(s *scene, o *out) {
			for _, t := range s.targets {
				o.configured(of(t.record.Limit), &t.record.Common)
			}
		}}
}

// configured writes a number that is 0 where nothing is configured.
func (o *out) configured(n int, of *ctl.Common) {
	if n != 0 {
		o.gauge(float64(n), of.ID, of.Name, of.Account)
	}
}

// limitedSessions are those that sample or have a limit of their own.
func limitedSessions(v *store.View) (limited []*ctl.Session) {
	for _, r := range v.Sessions() {
		if r.SampleOneIn != 0 || r.Limit.IsSet() {
			limited = append(limited, r)
		}
	}
	return limited
}
