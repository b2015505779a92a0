package metrics

import "mirrorgw/ctl/audit"

// auditFamilies are there with [audit] only.
var auditFamilies = []family{
	{"mirrorgw_audit_records_total", counter, []string{"fate"}, "Records of the audit log, since the start: written, or lost because the file could not take them; absent without [audit]", func(s *scene, o *out) {
		if stats, ok := s.audited(); ok {
			o.count(stats.Written, "written")
			o.count(stats.Lost, "lost")
		}
	}},
	{"mirrorgw_audit_waiting_records", gauge, nil, "Records that wait to be written to the audit log", func(s *scene, o *out) {
		if stats, ok := s.audited(); ok {
			o.gauge(float64(stats.Waiting))
		}
	}},
}

// audited is what the audit log has taken; ok is false where there is none.
func (s *scene) audited() (stats audit.Stats, ok bool) {
	if s.Audit == nil {
		return stats, false
	}
	return s.Audit.Stats(), true
}
