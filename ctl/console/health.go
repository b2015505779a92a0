package console

import (
	"net/http"
	"sync"
	"time"

	"mirrorgw/ctl/api"
)

// health is what the head of every page says of the gateway.
type health struct {
	OK     bool
	Faults []string
}

// healthAge is how old it may be: asking takes as long as the workers need to show that they run.
const healthAge = 2 * time.Second

type healthCache struct {
	mu   sync.Mutex
	at   time.Time
	last *health
}

// currentHealth asks the API as the user, who may have to be told what somebody else was told before.
func (v *visit) currentHealth() *health {
	if !v.may(http.MethodGet, api.PathHealth) {
		return nil
	}
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
	cache.at, cache.last = v.Now(), &health{answer.Status == "ok", answer.Faults}
	return cache.last
}
