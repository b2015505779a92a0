package metrics

var bypassFamilies = []family{
	{"mirrorgw_bypass_inline", gauge, nil, "1 if production goes through the gateway, 0 if it goes past it or nobody knows, by the last run of a program of [bypass] that did not fail; absent without [bypass]", func(s *scene, o *out) {
		if b := s.status.Bypass; b != nil {
			o.flag(b.Now == "inline")
		}
	}},
	{"mirrorgw_bypass_failing", gauge, nil, "1 if the last run of the program for what is wanted failed, else 0; absent without [bypass]", func(s *scene, o *out) {
		if b := s.status.Bypass; b != nil {
			o.flag(b.Failure != "")
		}
	}},
	{"mirrorgw_bypass_runs_total", counter, []string{"event", "result"}, "Runs of the programs of [bypass]: event is inline, bypass or heartbeat, result is ok or failed; absent without [bypass]", func(s *scene, o *out) {
		b := s.status.Bypass
		if b == nil {
			return
		}
		for _, event := range []string{"inline", "bypass", "heartbeat"} {
			o.count(int64(b.Runs[event]-b.Failures[event]), event, "ok")
			o.count(int64(b.Failures[event]), event, "failed")
		}
	}},
}
