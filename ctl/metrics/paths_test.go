package metrics

import (
	"testing"

	"mirrorgw/ctl"
)

func TestZonesState(t *testing.T) {
	served, dark, deaf := ctl.ZoneState{}, ctl.ZoneState{Skip: "target-down"}, ctl.ZoneState{Skip: "no-listener"}
	for _, test := range []struct {
		zones []ctl.ZoneState
		want  string
	}{
		{nil, "reachable"},
		{[]ctl.ZoneState{served, served}, "reachable"},
		{[]ctl.ZoneState{served, dark}, "degraded"},
		{[]ctl.ZoneState{dark}, "target-down"},
		{[]ctl.ZoneState{deaf, deaf}, "no-listener"},
	} {
		if got := zonesState(test.zones); got != test.want {
			t.Errorf("%+v: %s, want %s", test.zones, got, test.want)
		}
	}
}

// TestTargetOfADeadHop: what resolved says as 0 the state says in a word.
func TestTargetOfADeadHop(t *testing.T) {
	w := newWorld(t)
	w.status.Underlay.Destinations[0].Resolved = false
	got := w.scrape(t, &cloudWatch{}).values
	const ids = `{id="tmt-00000000000000001",name="ids",owner="000000000000"`
	if got["mirrorgw_target_resolved"+ids+"}"] != 0 || got["mirrorgw_target_state"+ids+`,state="unresolved"}`] != 1 {
		t.Error("the target is not unresolved")
	}
	if _, there := got["mirrorgw_target_state"+ids+`,state="reachable"}`]; there {
		t.Error("the target is in two states")
	}
}
