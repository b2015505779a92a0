package store

import (
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// TestSavedLimits: records without limits are saved as before there were any, so that those of
// earlier versions are read as records without; and limits come back.
func TestSavedLimits(t *testing.T) {
	all := strings.Replace(good, "mtu = 1600\n", "mtu = 1600\nrate_limit_bps = 1000000000000\n", 1) +
		"sample_one_in = 10\nrate_limit_pps = 7\nrate_limit_bps = 64000\n"
	for name, c := range map[string]struct {
		text    string
		sample  int
		session rules.Limit
		target  rules.Limit
	}{
		"none": {good, 0, rules.Limit{}, rules.Limit{}},
		"all":  {all, 10, rules.Limit{PPS: 7, BPS: 64_000}, rules.Limit{BPS: 1_000_000_000_000}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			apply(t, Options{Persistence: m}, c.text).Close()
			for _, kind := range []Kind{KindSession, KindTarget} {
				for _, saved := range m.records[kind] {
					limited := strings.Contains(string(saved), "limit") || strings.Contains(string(saved), "sample")
					if limited != (name == "all") {
						t.Errorf("saved %s", saved)
					}
				}
			}
			s := open(t, Options{Config: cfg(t, gateway), Persistence: m})
			defer s.Close()
			target, _ := (&View{s.st}).Target(ctl.DefaultAccount, "ids")
			session, _ := (&View{s.st}).Session(ctl.DefaultAccount, "web-1-to-ids")
			if target == nil || session == nil || target.Limit != c.target || session.Limit != c.session || session.SampleOneIn != c.sample {
				t.Errorf("read %+v and %+v", target, session)
			}
		})
	}
}
