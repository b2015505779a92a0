package balancer

import (
	"fmt"
	"time"
)

// State is what a member is, for people and for the choice.
type State string

// States. The first of these that applies is shown: draining, down, then what the check says.
const (
	Initial   State = "initial"   // not probed yet
	Healthy   State = "healthy"   // gets flows
	Unhealthy State = "unhealthy" // its probes fail
	Draining  State = "draining"  // taken out by the operator
	Down      State = "down"      // its next hop is not resolved
)

// health is what the probes of one member say. It knows nothing of draining and next hops.
type health struct {
	state State // Initial, Healthy or Unhealthy
	early bool  // initial, and used until the first probe fails
	run   int   // results in a row that speak against the state
	last  Result
	at    time.Time // of last; zero: none yet
	held  string    // why the last probe could not be sent; empty: it could
}

// observe takes in the result of a probe. One result decides an initial member, the thresholds of
// the check decide the others.
func (h *health) observe(now time.Time, r Result, c *Check) {
	h.last, h.at = r, now
	against := r.OK != (h.state == Healthy)
	if !against && h.state != Initial {
		h.run = 0
		return
	}
	h.run++
	switch {
	case h.state == Initial:
		h.become(r.OK)
	case h.state == Healthy && h.run >= c.UnhealthyThreshold:
		h.become(false)
	case h.state == Unhealthy && h.run >= c.HealthyThreshold:
		h.become(true)
	}
}

func (h *health) become(healthy bool) {
	h.state, h.run, h.early = Unhealthy, 0, false
	if healthy {
		h.state = Healthy
	}
}

// reason says why the state is what it is, "" where the state says it all.
func (h *health) reason(c *Check) string {
	switch {
	case h.held != "":
		return "cannot be probed: " + h.held
	case h.state == Initial:
		return "not probed yet"
	case h.state == Unhealthy && h.last.OK:
		return fmt.Sprintf("%d of %d good probes in a row", h.run, c.HealthyThreshold)
	case h.state == Unhealthy:
		return h.last.Reason
	case h.run > 0:
		return fmt.Sprintf("%d of %d bad probes in a row: %s", h.run, c.UnhealthyThreshold, h.last.Reason)
	}
	return ""
}
