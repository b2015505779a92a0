package server

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// told is what of the events the watcher is told.
func (e *eventStream) told(events []store.Event) []api.Event {
	told := make([]api.Event, 0, len(events))
	if e.account == "" {
		for i := range events {
			told = append(told, eventWire(events[i]))
		}
		return told
	}
	e.server.Store.Read(func(v *store.View) {
		for i := range events {
			if sees(v, e.account, &events[i]) {
				told = append(told, ofAccount(e.account, events[i]))
			}
		}
	})
	return told
}

// sees tells whether an event is about a resource that an account can see: its own, whatever became
// of it, and those of others that it sees now. That something went which another account had shared
// is not told: whether the account saw it then is not known any more.
func sees(v *store.View, account string, e *store.Event) bool {
	return e.Account == account || v.Access(account, e.ID) >= store.AccessSee
}

// ofAccount leaves out what the resource of another account was before: that may have been nothing
// that the account could see. Of the actors of other accounts it tells no more than the account.
func ofAccount(account string, e store.Event) api.Event {
	e.By = e.By.SeenBy(account)
	if e.Account != account {
		e.Before = nil
	}
	if share, ok := e.After.(*ctl.Share); ok {
		e.After = shareFor(account, share)
	}
	return eventWire(e)
}

// statesTold are the changes of state that the watcher is told: of resources that it sees. Links are
// of the gateway, and of no account.
func (e *eventStream) statesTold(v *store.View, events []api.Event) []api.Event {
	if e.account == "" {
		return events
	}
	var told []api.Event
	for i := range events {
		if events[i].Kind == api.KindStateLost || events[i].ID != "" && v.Access(e.account, events[i].ID) >= store.AccessSee {
			told = append(told, events[i])
		}
	}
	return told
}
