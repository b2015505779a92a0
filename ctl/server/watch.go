package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// eventBatch is about how many events a watcher takes from the store at once. It is all that is
// ever kept for one; a slow reader finds the rest in the store, as long as the store has it.
const eventBatch = 256

// contentTypeLines is that of the change stream: one JSON object a line.
const contentTypeLines = "application/jsonl"

// eventWire is an event as the change stream tells it. A session's state is not in it: it follows
// from other resources and has no history.
func eventWire(e store.Event) api.Event {
	return api.Event{Revision: e.Revision, Time: e.Time, Action: e.Action, Kind: string(e.Kind), ID: e.ID, Name: e.Name,
		OwnerID: e.Account, Actor: actorWire(e.By), Before: rawWire(e.Before), After: rawWire(e.After)}
}

func rawWire(record any) json.RawMessage {
	if record == nil {
		return nil
	}
	text, err := json.Marshal(anyWire(record))
	if err != nil {
		panic(fmt.Sprintf("an event cannot be written as JSON: %v", err))
	}
	return text
}

// watch streams events as lines until the client or the server goes.
func (s *Server) watch(x *exchange) (*answer, error) {
	if s.watchers.Add(1) > int64(s.Limits.Watchers) {
		s.watchers.Add(-1)
		return nil, fault(api.CodeUnavailable, "", "%d clients watch already; end one of them first", s.Limits.Watchers)
	}
	defer s.watchers.Add(-1)
	s.Tally.Watch(1)
	defer s.Tally.Watch(-1)
	from, err := s.watchFrom(x)
	if err != nil {
		return nil, err
	}
	events, err := s.Store.Events(from, eventBatch)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(x.r.Context())
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	stream := &eventStream{server: s, seen: s.States.Last(), control: http.NewResponseController(x.w), w: x.w}
	if x.who.isRestricted() {
		stream.account = x.who.Account
	}
	x.w.Header().Set("Content-Type", contentTypeLines)
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("ETag", etag(from))
	x.w.WriteHeader(http.StatusOK)
	stream.run(ctx, from, events)
	return nil, nil
}

// watchFrom is the revision after which the stream begins: the last one unless the client says.
func (s *Server) watchFrom(x *exchange) (uint64, error) {
	var last uint64
	s.Store.Read(func(v *store.View) { last = v.Revision() })
	text := x.query.Get("from")
	if text == "" {
		return last, nil
	}
	from, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fault(api.CodeInvalidValue, "from", "from is %q; give it a revision, 0 for the beginning", text)
	}
	if from > last {
		return 0, fault(api.CodeInvalidValue, "from", "from is %d and the last revision is %d; give it one that was", from, last)
	}
	return from, nil
}

// eventStream is one watcher.
type eventStream struct {
	server  *Server
	w       http.ResponseWriter
	control *http.ResponseController
	seen    uint64 // number of the last change of state that was told
	account string // that is told of what it can see; empty: of everything
}

// run writes events until something ends the stream. A reader that does not take a piece within
// WriteTime is cut off; one that falls behind what the store keeps is told so.
func (e *eventStream) run(ctx context.Context, from uint64, events []store.Event) {
	for {
		if e.send(events) != nil {
			return
		}
		if len(events) > 0 {
			from = events[len(events)-1].Revision
		}
		if e.sendStates(from) != nil || !e.wait(ctx, from) {
			return
		}
		var err error
		if events, err = e.server.Store.Events(from, eventBatch); err != nil {
			e.fail(err)
			return
		}
	}
}

// send writes and flushes lines; without events it flushes what there is.
func (e *eventStream) send(events []store.Event) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(e.server.Limits.WriteTime)); err != nil {
		return err
	}
	encoder := json.NewEncoder(e.w)
	for _, event := range e.told(events) {
		if err := encoder.Encode(event); err != nil {
			return err
		}
	}
	return e.control.Flush()
}

// wait returns true when there are events after a revision, or changes of state. Meanwhile it
// writes heartbeats.
func (e *eventStream) wait(ctx context.Context, from uint64) bool {
	for {
		beat, cancel := context.WithTimeout(ctx, e.server.Limits.Heartbeat)
		news := e.cancelOnState(beat, cancel)
		err := e.server.Store.Wait(beat, from)
		cancel()
		switch {
		case err == nil || <-news:
			return ctx.Err() == nil
		case ctx.Err() != nil:
			return false
		case !errors.Is(err, context.DeadlineExceeded):
			e.fail(err)
			return false
		}
		if e.heartbeat() != nil {
			return false
		}
	}
}

func (e *eventStream) heartbeat() error {
	if err := e.control.SetWriteDeadline(time.Now().Add(e.server.Limits.WriteTime)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte("\n")); err != nil {
		return err
	}
	return e.control.Flush()
}

// fail writes the last line: why the stream ends.
func (e *eventStream) fail(err error) {
	e.control.SetWriteDeadline(time.Now().Add(e.server.Limits.WriteTime))
	json.NewEncoder(e.w).Encode(api.ErrorBody{Error: *apiError(err, "")})
	e.control.Flush()
}
