package server

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

func congestionWire(c *ctl.Congestion) api.Congestion {
	w := api.Congestion{State: c.State, Budget: c.Budget, ChangedMillis: c.Changed.Milliseconds(), Transitions: c.Transitions,
		States: map[string]api.CongestionTime{}, Signs: map[string]uint64{}}
	for _, s := range c.States {
		w.States[s.State] = api.CongestionTime{Loops: s.Loops, Seconds: s.Time.Seconds()}
	}
	for _, s := range c.Signs {
		w.Signs[s.Sign] = s.Looks
	}
	return w
}
