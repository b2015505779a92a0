package config

import (
	"time"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// DefaultHoldDown outlasts the flaps of a cable that is plugged in, and is still short beside what
// routing protocols wait.
const DefaultHoldDown = 100 * time.Millisecond

const maxHoldDown = time.Minute

// readPortLink reads what becomes of the peer's link when the link here goes down.
func readPortLink(t *tomldoc.Table, p *Port) {
	if p.Role != rules.RoleWire {
		for _, key := range []string{"link_propagation", "hold_down"} {
			if t.Has(key) {
				t.Errorf(key, "%s is about the two ports of a wire, and a %s port has no peer; remove it", key, p.Role)
			}
		}
		t.Known("link_propagation", "hold_down")
		return
	}
	p.Propagate = t.BoolOr("link_propagation", true)
	p.HoldDown = DefaultHoldDown
	if text, ok := t.String("hold_down"); ok {
		p.HoldDown = parseHoldDown(t, text)
	}
}

func parseHoldDown(t *tomldoc.Table, text string) time.Duration {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		t.Errorf("hold_down", `hold_down %q is not a duration; write one like "100ms" or "2s"`, text)
	case d < 0 || d > maxHoldDown:
		t.Errorf("hold_down", `hold_down %q is out of range; write one from "0s" to "1m"`, text)
	}
	return d
}
