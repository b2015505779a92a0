package live

import (
	"encoding/json"
	"fmt"
	"time"

	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// frame is one encoded message, the same for everybody who gets it.
type frame struct{ text []byte }

// encode makes a message of an event. Its ID says up to which revision a viewer knows the changes; empty:
// it says nothing about that.
func encode(event, id string, data any) *frame {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("an event cannot be written as JSON: %v", err))
	}
	b := append([]byte("event: "), event...)
	b = append(b, '\n')
	if id != "" {
		b = append(b, "id: "+id+"\n"...)
	}
	b = append(b, "data: "...)
	b = append(b, text...) // JSON has no line ends
	return &frame{append(b, "\n\n"...)}
}

func (h *Hub) id(revision uint64) string { return fmt.Sprintf("%s.%d", h.instance, revision) }

// wanted is what has to be looked at for the topics that are watched.
func (h *Hub) wanted() (kinds report.Kinds) {
	h.mu.Lock()
	topics := map[string]bool{}
	for key := range h.groups {
		topics[key.topic] = true
	}
	h.mu.Unlock()
	h.Store.Read(func(v *store.View) {
		for topic := range topics {
			kinds |= wantedFor(v, topic)
		}
	})
	return kinds
}

// publish tells every group of a picture. Groups that nobody watches any more are forgotten.
func (h *Hub) publish(p *picture) {
	_, now := h.Clock.Now()
	h.mu.Lock()
	h.counts.Looks++
	h.picture = p
	var groups []*group
	for key, g := range h.groups {
		if len(g.viewers) > 0 {
			g.used = now
		} else if now-g.used >= h.Linger {
			delete(h.groups, key)
			continue
		}
		groups = append(groups, g)
	}
	h.mu.Unlock()
	m := server.MomentOf(p.status)
	h.sampling.Lock()
	defer h.sampling.Unlock()
	for _, g := range groups {
		h.publishTo(g, h.sampleOf(g, p, m))
	}
}

// begin gives a group that nobody watched before a sample of the last picture, so that nobody waits.
func (h *Hub) begin(g *group) {
	h.sampling.Lock()
	defer h.sampling.Unlock()
	h.mu.Lock()
	p, has := h.picture, g.sample != nil
	h.mu.Unlock()
	if p != nil && !has {
		h.publishTo(g, h.sampleOf(g, p, server.MomentOf(p.status)))
	}
}

// sampleOf is what a group is told of a picture. The caller holds sampling.
func (h *Hub) sampleOf(g *group, p *picture, m *server.Moment) *Sample {
	s := &Sample{Topic: g.topic, Time: p.at.UnixMilli(), Length: p.length.Milliseconds(), Values: map[string]any{}, Lists: map[string][]Row{}, plots: map[string]float64{}}
	h.Store.Read(func(v *store.View) {
		switch g.topic {
		case Overview:
			h.overview(g, v, p, m, s)
			return
		case Health:
			h.health(g, p, s)
			return
		}
		if kind, record, ok := v.Find(g.topic); ok && g.scope.sees(v, kind, accountOf(record), g.topic) {
			h.detail(g, v, p, m, s)
		}
	})
	return s
}

// publishTo puts a sample into the mailboxes of a group.
func (h *Hub) publishTo(g *group, s *Sample) {
	f := encode("sample", "", s)
	h.mu.Lock()
	defer h.mu.Unlock()
	g.past.add(moment{time.UnixMilli(s.Time), time.Duration(s.Length) * time.Millisecond, s.plots}, h.Remembrance)
	if g.sample == nil {
		close(g.ready)
	}
	g.sample, g.last, g.history = s, f, nil
	h.counts.Encoded++
	for v := range g.viewers {
		h.counts.Sent++
		if v.sample(g.topic, f) {
			h.counts.Missed++
		}
	}
}

// pastFrame is what the plots of a group had, encoded once for all who come between two samples. The
// caller holds mu.
func (h *Hub) pastFrame(g *group) *frame {
	if g.history == nil {
		g.history = encode("history", "", g.past.past(g.topic))
		h.counts.Encoded++
	}
	return g.history
}
