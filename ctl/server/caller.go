package server

import (
	"fmt"
	"os"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// DefaultRegion is part of ARNs where no other is configured.
const DefaultRegion = "local-1"

// caller is who a request is from: a user or an account that the directory has for the peer, whom
// policies allow what they may do, or else somebody with a role.
type caller struct {
	iam.Principal      // zero: the role counts
	mapped        bool // the directory has the peer
	role          Role
	through       *Caller // the door that it came by; nil: the socket
}

// words begin a sentence about the caller.
func (x *exchange) words() string {
	if x.who.through != nil {
		return "you are"
	}
	return fmt.Sprintf("the user with uid %d is", x.peer.uid)
}

// door is what the audit log calls the way that the caller came.
func (c *caller) door() string {
	if c.through != nil {
		return c.through.Door
	}
	return DoorSocket
}

// callerOf asks the directory first. Root and the daemon's own user are always admins: they could
// change the directory.
func (s *Server) callerOf(p peer) caller {
	if p.known && p.uid != 0 && p.uid != os.Geteuid() {
		if principal, ok := s.Directory.UnixPrincipal(p.uid, p.groups); ok {
			return caller{Principal: principal, mapped: true}
		}
	}
	return caller{role: s.Roles.of(p)}
}

// isRestricted tells callers who see the resources of their own account only. The account that the
// gateway belongs to looks after all.
func (c *caller) isRestricted() bool { return c.mapped && c.Account != ctl.DefaultAccount }

// ownAccount refuses what a caller who has resources of its own account only would make or change of
// another account, whatever policies say. It is asked before anything is looked up there too, since
// what is in use there and what names it has is nobody else's business.
func (s *Server) ownAccount(x *exchange, account string) error {
	if !x.who.isRestricted() || account == x.who.Account {
		return nil
	}
	x.trail.decision = iam.Decision{}
	return fault(api.CodeForbidden, "", "%s %s here, and this belongs to account %s; that account or the gateway's own has to do it", x.words(), x.who.ARN(), account)
}

// sees tells whether a resource is there for the caller: to look at, and to change if that is what
// the request is about.
func (x *exchange) sees(v *store.View, record any) bool {
	least := store.AccessSee
	if x.route.changes() {
		least = store.AccessOwn
	}
	return !x.who.isRestricted() || v.Access(x.who.Account, idOf(record)) >= least
}

func idOf(record any) string {
	if rule, ok := record.(*store.RuleRecord); ok {
		return rule.Rule.ID
	}
	return record.(based).Base().ID
}

// visible leaves out what is not there for the caller.
func visible[R any](x *exchange, v *store.View, records []*R) []*R {
	if !x.who.isRestricted() {
		return records
	}
	var seen []*R
	for _, r := range records {
		if x.sees(v, r) {
			seen = append(seen, told(x, r))
		}
	}
	return seen
}

// lookup finds a resource that is there for the caller.
func (k *kind[W, R]) lookup(x *exchange, v *store.View, ref string) (*R, bool) {
	r, ok := k.find(v, orDefaultAccount(x.account()), ref)
	if !ok || !x.sees(v, r) {
		return nil, false
	}
	return told(x, r), true
}

// based is every record but a rule's.
type based interface{ Base() *ctl.Common }

// ownerOf is the account of a record; that of a rule is its filter's.
func ownerOf(v *store.View, record any) string {
	switch r := record.(type) {
	case *store.RuleRecord:
		if filter, ok := v.Filter("", r.FilterID); ok {
			return filter.Account
		}
	case based:
		return r.Base().Account
	}
	return ""
}

// admit refuses requests that the caller may not make, whatever is in them.
func (s *Server) admit(x *exchange) error {
	if x.route.ofGateway && x.who.isRestricted() {
		return fault(api.CodeForbidden, "", "%s %s here, whose account is not the gateway's own (%s), and this shows what is of all accounts; have a user of that account do it", x.words(), x.who.ARN(), ctl.DefaultAccount)
	}
	if err := s.Audit.Ready(); err != nil && x.route.changes() {
		return fault(api.CodeUnavailable, "", "nothing is changed while nobody can see it: %v", err)
	}
	if !x.who.mapped {
		if x.who.role < x.route.role {
			return s.forbidden(x, x.who.role)
		}
		return nil
	}
	if action := x.permission(); action != "" {
		return s.ask(x, &ask{action: action})
	}
	// What it changes is judged once that is known, but those who can never do it learn nothing.
	actions := x.route.possible()
	for _, action := range actions {
		if s.Directory.MightAllow(x.who.Principal, action) {
			return nil
		}
	}
	if len(actions) == 0 {
		return fault(api.CodeForbidden, "", "no action stands for %s %s; this is a defect of the gateway, use root", x.r.Method, x.r.URL.Path)
	}
	return s.ask(x, &ask{action: actions[0]})
}

// ask is one question for the directory.
type ask struct {
	action    string
	resources []iam.Resource    // none: "*"
	tags      map[string]string // that are given or taken away
	creating  string            // the action that tags are given by while something is created
}

// ask asks for the caller.
func (s *Server) ask(x *exchange, a *ask) error {
	x.trail.decision = s.decide(&x.who, a)
	if x.trail.decision.Allowed {
		return nil
	}
	return fault(api.CodeForbidden, "", "%s %s here, whom the policies do not allow this (%s); have one attached that does", x.words(), x.who.ARN(), x.trail.decision.Reason)
}

// decide puts a question to the directory.
func (s *Server) decide(c *caller, a *ask) iam.Decision {
	facts := iam.RequestFacts{Time: time.Now(), TLS: true, Region: s.Region, Tags: a.tags} // what is local is not listened to
	if door := c.through; door != nil {
		facts.SourceIP, facts.TLS, facts.UserAgent = door.SourceIP, door.TLS, door.UserAgent
	}
	q := &iam.Question{Principal: c.Principal, Action: a.action, Resources: a.resources, Context: facts.Context()}
	if a.creating != "" {
		q.Context[iam.KeyCreateAction] = []string{a.creating}
	}
	return s.Directory.Authorize(q)
}
