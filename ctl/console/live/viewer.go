package live

import (
	"errors"
	"slices"
	"sync"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// Viewer is who wants to watch.
type Viewer struct {
	User   string // whose viewers are counted together; not shown to anybody
	Scope  *Scope
	Topics []string    // Overview, Health, or IDs of resources that the scope sees; none: changes only
	Since  string      // ID of the last event that was got; empty: none was
	Alive  func() bool // whether the log-in still holds; nil: it does
}

// MaxTopics is how many topics one viewer may watch.
const MaxTopics = 8

// Errors of viewers who cannot watch.
var (
	ErrFull   = errors.New("too many pages watch already; close some of them, or look again in a moment")
	ErrTopic  = errors.New("there is no such topic; watch overview, or a resource by its identifier")
	ErrClosed = errors.New("the gateway is shutting down")

	// ErrElsewhere is the cause with which a request's context ends so that its stream makes room for newer ones of the
	// same browser.
	ErrElsewhere = errors.New("newer pages of the browser are live")
)

// viewer is a viewer's mailbox. The hub puts in, the viewer's own goroutine takes out.
type viewer struct {
	scope *Scope
	news  chan struct{} // holds one token when there is something

	mu      sync.Mutex
	order   []string          // topics in samples, as they came
	samples map[string]*frame // the newest of each topic
	changes []*frame
	lost    bool // changes did not fit
}

// maxChanges is how many messages about changes wait for a viewer. Each tells of up to changeBatch.
const maxChanges = 64

func newViewer(scope *Scope) *viewer {
	return &viewer{scope: scope, news: make(chan struct{}, 1), samples: map[string]*frame{}}
}

func (v *viewer) ring() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// sample puts in the newest of a topic, and says whether the one before it was missed.
func (v *viewer) sample(topic string, f *frame) (missed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, missed = v.samples[topic]; !missed {
		v.order = append(v.order, topic)
	}
	v.samples[topic] = f
	v.ring()
	return missed
}

// change puts in news of changes, and says whether the viewer has lost some because it does not read.
func (v *viewer) change(f *frame) (lost bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.changes) >= maxChanges {
		v.changes, v.lost = nil, true
	}
	if !v.lost {
		v.changes = append(v.changes, f)
	}
	v.ring()
	return v.lost
}

// take empties the mailbox: changes first.
func (v *viewer) take() (frames []*frame, lost bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	frames, lost = v.changes, v.lost
	for _, topic := range v.order {
		frames = append(frames, v.samples[topic])
	}
	v.changes, v.lost, v.order = nil, false, v.order[:0]
	clear(v.samples)
	return frames, lost
}

// join lets a viewer in. What it missed, and what plots had, is in its mailbox then.
func (h *Hub) join(want *Viewer) (*viewer, error) {
	topics := slices.Compact(slices.Sorted(slices.Values(want.Topics)))
	if len(topics) > MaxTopics || !h.mayWatch(want.Scope, topics) {
		return nil, ErrTopic
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if len(h.viewers) >= h.MaxViewers || h.users[want.User] >= h.MaxOfOne {
		h.counts.Refused++
		return nil, ErrFull
	}
	v := newViewer(want.Scope)
	h.viewers[v] = struct{}{}
	h.users[want.User]++
	h.wake()
	for _, topic := range topics {
		g := h.group(want.Scope, topic)
		g.viewers[v] = struct{}{}
		if g.last != nil {
			v.change(h.pastFrame(g))
			v.sample(topic, g.last)
		}
	}
	return v, nil
}

func (h *Hub) mayWatch(scope *Scope, topics []string) (may bool) {
	may = true
	h.Store.Read(func(v *store.View) {
		for _, topic := range topics {
			if topic == Overview || topic == Health {
				may = may && (topic == Overview || scope.Health)
				continue
			}
			kind, record, ok := v.Find(topic)
			may = may && ok && scope.sees(v, kind, accountOf(record), topic)
		}
	})
	return may
}

// leave lets a viewer go.
func (h *Hub) leave(v *viewer, user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
	if h.users[user]--; h.users[user] <= 0 {
		delete(h.users, user)
	}
	_, now := h.Clock.Now()
	for _, g := range h.groups {
		if _, in := g.viewers[v]; in {
			delete(g.viewers, v)
			g.used = now
		}
	}
}

// accountOf is whom a record belongs to; empty for a rule, which no topic is of.
func accountOf(record any) string {
	if r, ok := record.(interface{ Base() *ctl.Common }); ok {
		return r.Base().Account
	}
	return ""
}
