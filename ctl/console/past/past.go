package past

import (
	"sync"
	"time"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console/plot"
	"mirrorgw/ctl/history"
)

// Range is how far back plots reach.
type Range struct {
	Key   string // as addresses have it
	Label string
	Span  time.Duration
	step  time.Duration // of a point
}

// Ranges are those that there are, the shortest first.
var Ranges = []Range{
	{"1h", "1 hour", time.Hour, time.Minute},
	{"6h", "6 hours", 6 * time.Hour, time.Minute},
	{"24h", "24 hours", 24 * time.Hour, 5 * time.Minute},
	{"7d", "7 days", 7 * 24 * time.Hour, 30 * time.Minute},
}

// RangeOf finds a range by its key; the first where there is none.
func RangeOf(key string) Range {
	for _, r := range Ranges {
		if r.Key == key {
			return r
		}
	}
	return Ranges[0]
}

// Past makes plots. Any goroutine may use it.
type Past struct {
	history *history.Store
	ports   []config.Port

	mu   sync.Mutex
	made map[string]made // by key of the range
}

type made struct {
	until time.Time
	last  time.Time // minute that was there
	plots []plot.Plot
}

// New makes one of a history, for a gateway with some ports.
func New(h *history.Store, ports []config.Port) *Past {
	return &Past{history: h, ports: ports, made: map[string]made{}}
}

// Plots are those of the gateway, until a moment. They are shared and must not be modified.
func (p *Past) Plots(r Range, now time.Time) []plot.Plot {
	until, last := now.UTC().Truncate(time.Minute), p.history.Until()
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.made[r.Key]; ok && m.until.Equal(until) && m.last.Equal(last) {
		return m.plots
	}
	b := builder{history: p.history, r: r, from: until.Add(-r.Span), until: until}
	plots := append(b.wires(p.ports), b.copies(), b.reasons(history.Skips, "skips", "Copies skipped, by reason", plot.Copies),
		b.reasons(history.Drops, "drops", "Production frames dropped, by reason", plot.Frames), b.lcores())
	gaps := b.gaps()
	for i := range plots {
		plots[i].Gaps = gaps
	}
	p.made[r.Key] = made{until, last, plots}
	return plots
}
