package metrics

import "mirrorgw/ctl/history"

// historyFamilies are there with [history] only.
var historyFamilies = []family{
	ofHistory("mirrorgw_history_bytes", "Size of the history's files; absent without [history]", func(c *history.Counts) int64 { return c.Bytes }),
	ofHistory("mirrorgw_history_series", "Series that the history has, those of the past included", func(c *history.Counts) int64 { return int64(c.Series) }),
	{"mirrorgw_history_oldest_timestamp_seconds", gauge, nil, "Beginning of the oldest hour that the history has, seconds since 1970; absent while it has none", func(s *scene, o *out) {
		if c := s.kept(); c != nil && !c.Oldest.IsZero() {
			o.gauge(float64(c.Oldest.Unix()))
		}
	}},
	{"mirrorgw_history_writable", gauge, nil, "0 if the last minute could not be written to the history, else 1", func(s *scene, o *out) {
		if c := s.kept(); c != nil {
			o.flag(c.Writable)
		}
	}},
	{"mirrorgw_history_not_kept_total", counter, []string{"what"}, "What the history could not keep, since the start: series-minutes (too many series), series-hours (no space for them in their hour), damaged-series-hours (found on reading), minutes and hours (not written), files (deleted before their time for space)", func(s *scene, o *out) {
		if c := s.kept(); c != nil {
			o.count(c.OmittedSeries, "series-minutes")
			o.count(c.OmittedChunks, "series-hours")
			o.count(c.DamagedChunks, "damaged-series-hours")
			o.count(c.FailedMinutes, "minutes")
			o.count(c.FailedHours, "hours")
			o.count(c.DroppedForSpace, "files")
		}
	}},
}

func ofHistory(name, help string, of func(*history.Counts) int64) family {
	return family{name, gauge, nil, help, func(s *scene, o *out) {
		if c := s.kept(); c != nil {
			o.gauge(float64(of(c)))
		}
	}}
}

// kept is what there is of a history; nil: there is none.
func (s *scene) kept() *history.Counts {
	if s.History == nil {
		return nil
	}
	return s.History()
}
