package metrics

import "mirrorgw/ctl"

var configFamilies = []family{
	{"mirrorgw_config_last_reload_successful", gauge, nil, "1 if the last reload of the configuration took it over, or there was none; 0 if it failed and changed nothing", func(s *scene, o *out) {
		if c := s.configuration(); c != nil {
			o.flag(c.Last == nil || len(c.Last.Failures) == 0)
		}
	}},
	{"mirrorgw_config_last_reload_success_timestamp_seconds", gauge, nil, "When the configuration in force was read: at the start, or by the last reload that did not fail", func(s *scene, o *out) {
		if c := s.configuration(); c != nil {
			o.gauge(float64(c.LoadedAt.UnixMilli()) / 1000)
		}
	}},
	{"mirrorgw_config_reloads_total", counter, []string{"result"}, "Reloads of the configuration: result is ok or failed", func(s *scene, o *out) {
		if c := s.configuration(); c != nil {
			o.count(int64(c.Reloads-c.Failed), "ok")
			o.count(int64(c.Failed), "failed")
		}
	}},
	{"mirrorgw_config_restart_needed_keys", gauge, nil, "Keys of the configuration file that the last reload found changed and that need a restart", func(s *scene, o *out) {
		if c := s.configuration(); c != nil {
			o.gauge(float64(len(c.RestartNeeded)))
		}
	}},
}

// configuration is what the gateway runs by; nil: nobody knows.
func (s *scene) configuration() *ctl.Configuration {
	if s.Configuration == nil {
		return nil
	}
	c := s.Configuration()
	return &c
}
