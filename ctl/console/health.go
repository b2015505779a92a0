package console

import (
	"net/http"
	"sync"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/live"
)

// health is what the head of every page says of the gateway.
type health struct {
	OK     bool
	Topic  string // of the numbers that it moves with; empty: it does not
	Faults []live.Row
}

// Word says it in one.
func (h *health) Word() string {
	if h.OK {
		return "working"
	}
	return "failing"
}

// healthAge is how old it may be where it does not move: asking takes as long as the workers need to show
// that they run.
const healthAge = 2 * time.Second

type healthCache struct {
	mu   sync.Mutex
	at   time.Time
	last *health
}

// currentHealth is what the page begins with. A wall has it from the overview, other pages from a topic of
// its own; while nobody watches that, and without a hub, the API is asked.
func (v *visit) currentHealth(wall bool) *health {
	if !v.may(http.MethodGet, api.PathHealth) {
		return nil
	}
	if v.Live == nil {
		return v.askedHealth()
	}
	h := &health{Topic: live.Health}
	if sample := v.Live.Latest(v.scope(), live.Health); sample != nil {
		h.OK, h.Faults = sample.Word("gateway.health") == "working", sample.Lists["faults"]
	} else if asked := v.askedHealth(); asked != nil {
		h.OK, h.Faults = asked.OK, asked.Faults
	} else {
		return nil
	}
	if wall {
		h.Topic = live.Overview
	}
	return h
}

// askedHealth asks the API as the user, who may have to be told what somebody else was told before.
func (v *visit) askedHealth() *health {
	cache := &v.Server.health
	cache.mu.Lock()
	defer cache.mu.Unlock()
	if cache.last != nil && v.Now().Sub(cache.at) < healthAge {
		return cache.last
	}
	answer, err := v.api.Health(v.ctx)
	if err != nil {
		return nil
	}
	h := &health{OK: answer.Status == "ok"}
	for _, fault := range answer.Faults {
		h.Faults = append(h.Faults, live.Row{"key": fault, "text": fault})
	}
	cache.at, cache.last = v.Now(), h
	return h
}
