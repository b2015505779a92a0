package ctl

import "testing"

func TestActorSeenBy(t *testing.T) {
	const ours, theirs = "111111111111", "222222222222"
	for name, c := range map[string]struct{ actor, want Actor }{
		"a user of it":          {AccountActor(ours, "ann", "aws"), Actor{ActorUser, ours, "ann", 0, "aws"}},
		"the account itself":    {AccountActor(ours, "", "socket"), Actor{ActorRoot, ours, "", 0, "socket"}},
		"a user of another one": {AccountActor(theirs, "tom", "console"), Actor{Type: ActorAccount, Account: theirs}},
		"another account":       {AccountActor(theirs, "", "aws"), Actor{Type: ActorAccount, Account: theirs}},
		"somebody local":        {Actor{Type: ActorUnix, UID: 1000, Door: "socket"}, Actor{Type: ActorUnix, UID: -1}},
		"nobody":                {Actor{Type: ActorGateway}, Actor{Type: ActorGateway}},
		"of before":             {Actor{}, Actor{}},
	} {
		if got := c.actor.SeenBy(ours); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
