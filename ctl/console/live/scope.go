package live

import (
	"cmp"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// Scope is what some viewers may see. Viewers whose scopes have equal keys get the same messages, so they
// must mean the same: the key says whose rights they are, and Sees asks what these are now.
type Scope struct {
	Key     string
	Gateway bool   // they see the gateway itself: ports, lcores, laws
	Health  bool   // they may know whether the gateway works as it should
	Changes bool   // they may look back at the changes of all that they see
	Account string // they see its resources, and who of it changed something; empty: those of all accounts

	// Sees says whether they see a resource, which belongs to an account and may be gone already. It is
	// called while the store is read: it must be quick and must not call the store. nil: they see all.
	Sees func(v *store.View, kind store.Kind, account, id string) bool
}

// Everything is the scope of those who look after the gateway.
func Everything() *Scope {
	return &Scope{Key: "everything", Gateway: true, Health: true, Changes: true}
}

func (s *Scope) sees(v *store.View, kind store.Kind, account, id string) bool {
	return s.Sees == nil || s.Sees(v, kind, account, id)
}

// by is who made a change, in words.
func (s *Scope) by(e *store.Event) string {
	return server.Actor(e.By, s.Account).Words(cmp.Or(s.Account, ctl.DefaultAccount))
}

// Topics besides the IDs of resources.
const (
	Overview = "overview" // the gateway as a whole
	Health   = "health"   // whether it works as it should: what the head of every page says
)

type groupKey struct{ scope, topic string }

// group is everybody who gets the same messages of one topic.
type group struct {
	scope   *Scope
	topic   string
	viewers map[*viewer]struct{}
	past    ring
	last    *frame // the last sample; nil: there was none
	history *frame // the ring as a message; nil: to be encoded
	sample  *Sample
	ready   chan struct{} // closed when there is a sample
	used    time.Duration // when somebody last watched it, by the clock

	visible visible
}

// visible remembers which sessions a scope sees, as long as that is worth it.
type visible struct {
	revision uint64
	until    time.Time
	ids      map[string]bool
}

// visibleTime is how long it takes at most until a changed policy shows in numbers.
const visibleTime = 5 * time.Second

// sessionSeen says whether viewers see a session in the sums of an overview.
func (g *group) sessionSeen(v *store.View, now time.Time, account, id string) bool {
	if g.scope.Sees == nil {
		return true
	}
	if c := &g.visible; c.ids == nil || c.revision != v.Revision() || now.After(c.until) {
		*c = visible{v.Revision(), now.Add(visibleTime), map[string]bool{}}
	}
	seen, known := g.visible.ids[id]
	if !known {
		seen = g.scope.Sees(v, store.KindSession, account, id)
		g.visible.ids[id] = seen
	}
	return seen
}

// group finds or makes the group of a topic. The caller holds mu.
func (h *Hub) group(scope *Scope, topic string) *group {
	key := groupKey{scope.Key, topic}
	g := h.groups[key]
	if g == nil {
		g = &group{scope: scope, topic: topic, viewers: map[*viewer]struct{}{}, ready: make(chan struct{})}
		h.groups[key] = g
	}
	_, g.used = h.Clock.Now()
	return g
}
