package server

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
)

// actor is who the events of a change tell.
func (x *exchange) actor() ctl.Actor {
	if x.who.mapped {
		return ctl.AccountActor(x.who.Account, x.who.User, x.who.door())
	}
	a := ctl.Actor{Type: ctl.ActorUnix, UID: x.peer.uid, Door: x.who.door()}
	if door := x.who.through; door != nil {
		a.UID = door.UID
	}
	return a
}

// Actor is who made a change, for a reader of an account; an empty account reads everything.
func Actor(a ctl.Actor, account string) *api.Actor {
	if account != "" {
		a = a.SeenBy(account)
	}
	return actorWire(a)
}

func actorWire(a ctl.Actor) *api.Actor {
	if a.Type == "" {
		return nil
	}
	w := &api.Actor{Type: a.Type, AccountID: a.Account, UserName: a.User, Door: a.Door}
	switch {
	case a.Type == ctl.ActorUser || a.Type == ctl.ActorRoot:
		w.ARN = iam.Principal{Account: a.Account, User: a.User}.ARN()
	case a.Type == ctl.ActorUnix && a.UID >= 0:
		w.UID = &a.UID
	}
	return w
}
