package ctl

// Actor is who made a change, as the audit log has it. The zero Actor is one who is not known: the
// change was made before actors were kept.
type Actor struct {
	Type    string // one of those below
	Account string // of ActorUser, ActorRoot and ActorAccount
	User    string // name of ActorUser within its account
	UID     int    // of ActorUnix; -1: not to be told
	Door    string // the way that the change came: aws, socket, console; empty: not to be told, or none
}

// Types of Actor. The first three are those of the audit log.
const (
	ActorUser    = "IAMUser" // a user of an account
	ActorRoot    = "Root"    // an account itself
	ActorUnix    = "Unix"    // a user of this machine whom a role allows what it does
	ActorGateway = "Gateway" // nobody asked: the gateway at its start, or as accounts join and leave an organisation
	ActorAccount = "Account" // somebody of another account than the reader's
)

// AccountActor is a user of an account, or the account itself where user is empty.
func AccountActor(account, user, door string) Actor {
	if user == "" {
		return Actor{Type: ActorRoot, Account: account, Door: door}
	}
	return Actor{Type: ActorUser, Account: account, User: user, Door: door}
}

// SeenBy is what an account may know of an actor: of its own users all, of other accounts the number,
// and of those who look after the gateway no more than that.
func (a Actor) SeenBy(account string) Actor {
	switch {
	case a.Type == ActorUnix:
		return Actor{Type: ActorUnix, UID: -1}
	case a.Account == "" || a.Account == account:
		return a
	}
	return Actor{Type: ActorAccount, Account: a.Account}
}
