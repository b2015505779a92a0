package live

import (
	"context"
	"errors"
	"time"
)

// Moment is what the plots of a topic had at one look.
type Moment struct {
	From   time.Time
	Length time.Duration
	Values map[string]float64 // shared and never modified
}

// Past returns what a scope's plots of a topic had lately, once there are rates: numbers by name at each
// look. It wakes the hub. The error is ctx's, or one of those of viewers.
func (h *Hub) Past(ctx context.Context, scope *Scope, topic string) (*Sample, []Moment, error) {
	if !h.mayWatch(scope, []string{topic}) {
		return nil, nil, ErrTopic
	}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, nil, ErrClosed
	}
	h.wake()
	g := h.group(scope, topic)
	ready := g.ready
	h.mu.Unlock()
	h.begin(g)
	select {
	case <-ready:
	case <-ctx.Done():
		return nil, nil, errors.Join(errors.New("the gateway's counters are not there yet"), ctx.Err())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	moments := make([]Moment, len(g.past.moments))
	for i, m := range g.past.moments {
		moments[i] = Moment{m.at.Add(-m.length), m.length, m.values}
	}
	return g.sample, moments, nil
}

// Latest is what a scope would be told of a topic now, without waiting and without waking the hub; nil: it
// rests, or the scope may not watch the topic.
func (h *Hub) Latest(scope *Scope, topic string) *Sample {
	if !h.mayWatch(scope, []string{topic}) {
		return nil
	}
	h.mu.Lock()
	if h.closed || h.picture == nil {
		h.mu.Unlock()
		return nil
	}
	g := h.group(scope, topic)
	h.mu.Unlock()
	h.begin(g)
	h.mu.Lock()
	defer h.mu.Unlock()
	return g.sample
}
