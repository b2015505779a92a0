package live

import (
	"context"
	"strconv"
	"strings"

	"mirrorgw/ctl/store"
)

// changeBatch is how many changes one message names; of those beyond it only the numbers are told.
const changeBatch = 100

// change is what viewers are told of an event.
type change struct {
	Revision uint64 `json:"revision"`
	Action   string `json:"action"`
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Of       string `json:"of,omitempty"` // ID of the filter that a rule belongs to
	By       string `json:"by,omitempty"` // who did it, in words for the viewer; absent: not known
	Time     int64  `json:"time"`         // ms since 1970
}

// changes is one message.
type changes struct {
	Revision uint64         `json:"revision"` // that the viewer knows then
	Changes  []change       `json:"changes"`
	More     map[string]int `json:"more,omitempty"` // changes that are not named, by kind
}

// events is how many events are taken from the store at once.
const events = 1024

// follow tells of changes as they come, until ctx is done.
func (h *Hub) follow(ctx context.Context, from uint64) {
	for h.Store.Wait(ctx, from) == nil {
		list, err := h.Store.Events(from, events)
		if err != nil || len(list) == 0 {
			from = h.revision()
			h.tell(func(*Scope) *frame { return h.lostFrame(from) })
			continue
		}
		from = list[len(list)-1].Revision
		told := map[string]*frame{}
		h.tell(func(s *Scope) *frame {
			f, done := told[s.Key]
			if !done {
				f = h.changeFrame(s, list)
				told[s.Key] = f
			}
			return f
		})
	}
}

// tell puts news into every mailbox, but for those whom it does not concern.
func (h *Hub) tell(newsFor func(*Scope) *frame) {
	h.mu.Lock()
	var all []*viewer
	for v := range h.viewers {
		all = append(all, v)
	}
	h.mu.Unlock()
	for _, v := range all {
		if f := newsFor(v.scope); f != nil && v.change(f) {
			h.mu.Lock()
			h.counts.Lost++
			h.mu.Unlock()
		}
	}
}

func (h *Hub) lostFrame(revision uint64) *frame {
	return encode("lost", h.id(revision), map[string]uint64{"revision": revision})
}

// changeFrame is what some may know of events; nil: nothing.
func (h *Hub) changeFrame(s *Scope, list []store.Event) *frame {
	c := changes{Revision: list[len(list)-1].Revision, Changes: []change{}, More: map[string]int{}}
	h.Store.Read(func(v *store.View) {
		for i := range list {
			e := &list[i]
			if !s.sees(v, e.Kind, e.Account, e.ID) {
				continue
			}
			if len(c.Changes) == changeBatch {
				c.More[string(e.Kind)]++
				continue
			}
			c.Changes = append(c.Changes, change{e.Revision, e.Action, string(e.Kind), e.ID, e.Name, e.FilterID(), s.by(e), e.Time.UnixMilli()})
		}
	})
	if len(c.Changes) == 0 {
		return nil
	}
	return encode("change", h.id(c.Revision), c)
}

// hello is the first event of a stream.
type hello struct {
	Instance  string `json:"instance"`
	Revision  uint64 `json:"revision"`
	Started   int64  `json:"started"`   // of the gateway, ms since 1970
	Now       int64  `json:"now"`       // ms since 1970
	Restarted bool   `json:"restarted"` // the viewer knew another instance
}

// greet makes the first events of a viewer: who speaks, and what it has missed since it was here last.
func (h *Hub) greet(scope *Scope, since string) (frames []*frame) {
	wall, _ := h.Clock.Now()
	last := h.revision()
	instance, text, _ := strings.Cut(since, ".")
	revision, err := strconv.ParseUint(text, 10, 64)
	known := since != "" && err == nil
	frames = append(frames, encode("hello", h.id(last), hello{h.instance, last, h.started.UnixMilli(), wall.UnixMilli(), known && instance != h.instance}))
	h.mu.Lock()
	h.counts.Encoded++
	h.mu.Unlock()
	if !known || instance != h.instance || revision == last {
		return frames
	}
	list, err := h.Store.Events(revision, events)
	if err != nil || len(list) == 0 || list[len(list)-1].Revision < last {
		return append(frames, h.lostFrame(last))
	}
	if f := h.changeFrame(scope, list); f != nil {
		frames = append(frames, f)
	}
	return frames
}
