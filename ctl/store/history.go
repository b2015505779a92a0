package store

import (
	"bytes"
	"context"
	"sync"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// keptEvents is how many events are kept, in memory and on disk.
const keptEvents = 10000

// history keeps the last events for watchers. The writer appends; anybody reads.
type history struct {
	mu       sync.Mutex
	events   []kept
	first    uint64 // Sequence of events[0]
	floor    uint64 // events of this revision and older may be gone
	revision uint64 // the last that is in force
	seen     uint64 // the last that readers may have seen; that of the moment is on its way into force
	grown    chan struct{}
	closed   bool
}

// kept is an event, or one of before the start as it was saved: it is decoded when it is asked for.
type kept struct {
	Event
	saved []byte
}

func (h *history) append(events []Event, revision uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		h.events = append(h.events, kept{Event: e})
	}
	if n := len(h.events) - keptEvents; n > keptEvents/4 || n > 0 && len(events) > keptEvents/4 {
		h.floor = h.events[n-1].Revision
		h.first += uint64(n)
		h.events = append(make([]kept, 0, keptEvents+keptEvents/4), h.events[n:]...)
	}
	h.revision = revision
	h.wake()
}

// announce notes a revision that readers see from now on. Its events come with append.
func (h *history) announce(revision uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = revision
}

// wake lets everybody who waits look again. The caller holds mu.
func (h *history) wake() {
	if h.grown != nil {
		close(h.grown)
		h.grown = nil
	}
}

func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

// next is the Sequence of the next event.
func (h *history) next() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first + uint64(len(h.events))
}

// after returns what Store.Events does.
func (h *history) after(after uint64, limit int) ([]Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if after < h.floor || after > max(h.revision, h.seen) {
		return nil, problem.Of(api.CodeRevisionGone, "", "from",
			"the events after revision %d are not kept; those after revision %d to %d are, so list the resources anew and go on from there", after, h.floor, h.revision)
	}
	begin := h.search(after)
	var events []Event
	for i := begin; i < len(h.events); i++ {
		k := &h.events[i]
		if limit > 0 && len(events) >= limit && events[len(events)-1].Revision != k.Revision {
			break
		}
		if err := h.decode(i); err != nil {
			return nil, err
		}
		events = append(events, k.Event)
	}
	return events, nil
}

// decode reads an event of before the start, once it is asked for. The caller holds mu.
func (h *history) decode(i int) error {
	k := &h.events[i]
	if k.saved == nil {
		return nil
	}
	e, err := decodeEvent(k.saved)
	if err != nil {
		return problem.Of(api.CodeInternal, "", "", "event %d of the state cannot be read (%v); run mirrorgw state check", h.first+uint64(i), err)
	}
	k.Event, k.saved = e, nil
	return nil
}

// recent returns what Store.Recent does. Positions are sequences plus 1.
func (h *history) recent(before uint64, limit int, id string) (list []Event, next uint64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := h.first + uint64(len(h.events))
	if before == 0 || before > end+1 {
		before = end + 1
	}
	for at := before - 1; at > h.first; at-- {
		if len(list) == limit {
			return list, at + 1, nil
		}
		i := int(at - 1 - h.first)
		if k := &h.events[i]; k.saved != nil && id != "" && !bytes.Contains(k.saved, []byte(id)) {
			continue // it is not worth reading
		}
		if err := h.decode(i); err != nil {
			return nil, 0, err
		}
		if e := &h.events[i].Event; id == "" || e.ID == id || e.FilterID() == id {
			list = append(list, *e)
		}
	}
	return list, 0, nil
}

// search finds the first event after a revision.
func (h *history) search(after uint64) int {
	low, high := 0, len(h.events)
	for low < high {
		if mid := (low + high) / 2; h.events[mid].Revision <= after {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (h *history) wait(ctx context.Context, after uint64) error {
	for {
		h.mu.Lock()
		if h.closed || h.revision > after {
			closed := h.revision <= after
			h.mu.Unlock()
			if closed {
				return problem.Of(api.CodeUnavailable, "", "", "the gateway is shutting down; try again later")
			}
			return nil
		}
		if h.grown == nil {
			h.grown = make(chan struct{})
		}
		grown := h.grown
		h.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
