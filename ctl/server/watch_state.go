package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// cancelOnState ends a wait for revisions when the state of something changes. The channel says,
// once the wait is over, whether it did.
func (e *eventStream) cancelOnState(ctx context.Context, cancel context.CancelFunc) <-chan bool {
	news, grown := make(chan bool, 1), e.server.States.Grown(e.seen)
	if grown == nil {
		news <- false
		return news
	}
	go func() {
		select {
		case <-grown:
			cancel()
			news <- true
		case <-ctx.Done():
			news <- false
		}
	}()
	return news
}

// sendStates writes the changes of state since the last time. They carry the revision of the
// resources that the stream has reached.
func (e *eventStream) sendStates(revision uint64) error {
	changes, last, lost := e.server.States.After(e.seen)
	if e.seen = last; len(changes) == 0 {
		return nil
	}
	var events []api.Event
	if lost > 0 {
		events = append(events, api.Event{Time: changes[0].Time, Kind: api.KindStateLost})
	}
	e.server.Store.Read(func(v *store.View) {
		for i := range changes {
			events = append(events, stateEvents(v, &changes[i])...)
		}
		events = e.statesTold(v, events)
	})
	if err := e.control.SetWriteDeadline(time.Now().Add(e.server.Limits.WriteTime)); err != nil {
		return err
	}
	encoder := json.NewEncoder(e.w)
	for i := range events {
		events[i].Revision, events[i].Action = revision, api.ActionState
		if err := encoder.Encode(events[i]); err != nil {
			return err
		}
	}
	return e.control.Flush()
}

// stateEvents are the events of one change: one for each target at a destination, none where no
// resource is concerned any more.
func stateEvents(v *store.View, c *ctl.StateChange) []api.Event {
	if c.Destination != nil {
		return targetEvents(v, c)
	}
	if c.Link != nil {
		return []api.Event{{Time: c.Time, Kind: api.KindLinkState, Name: c.Link.Port,
			After: stateText(api.LinkState{State: c.Link.State, Reason: c.Link.Reason})}}
	}
	b, ok := v.LoadBalancer("", c.Balancer)
	if !ok {
		return nil
	}
	e := api.Event{Time: c.Time, ID: b.ID, Name: b.Name, OwnerID: b.Account}
	switch {
	case c.Member != nil:
		e.Kind, e.After = api.KindMemberState, stateText(memberStateWire(c.Member))
	case c.Zone != nil:
		e.Kind, e.After = api.KindZoneState, stateText(zoneStateWire(c.Zone))
	default:
		return nil
	}
	return []api.Event{e}
}

func targetEvents(v *store.View, c *ctl.StateChange) []api.Event {
	l := newLive(ctl.Status{Underlay: ctl.Underlay{Destinations: []ctl.DestinationState{*c.Destination}}})
	var events []api.Event
	for _, t := range v.TargetsTo(c.Destination.Address) {
		way, _ := v.TargetWay(t.ID)
		state, reason := l.target(&way)
		events = append(events, api.Event{Time: c.Time, Kind: api.KindTargetState, ID: t.ID, Name: t.Name, OwnerID: t.Account,
			After: stateText(api.TargetState{State: state, Reason: reason, Path: l.path(&way)})})
	}
	return events
}

func stateText(state any) json.RawMessage {
	text, err := json.Marshal(state)
	if err != nil {
		panic(fmt.Sprintf("a state cannot be written as JSON: %v", err))
	}
	return text
}
