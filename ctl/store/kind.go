package store

import (
	"time"

	"mirrorgw/ctl"
)

// Kind is a kind of resource.
type Kind string

// The kinds. Their words are those of the API's change stream.
const (
	KindInterface    Kind = "interface"
	KindTarget       Kind = "target"
	KindFilter       Kind = "filter"
	KindRule         Kind = "rule"
	KindSession      Kind = "session"
	KindLoadBalancer Kind = "load-balancer"
	KindShare        Kind = "share"
)

// Words of Event.Action.
const (
	ActionCreate = "create"
	ActionModify = "modify"
	ActionDelete = "delete"
)

// Event is one change of one resource. The events of a store, applied in order, yield its state.
// Before and After are *ctl.Interface, *ctl.Target, *ctl.Filter, *ctl.Session, *ctl.LoadBalancer,
// *ctl.Share or *RuleRecord, or nil: Before of a create, After of a delete. A filter's records in events have
// no rules: each rule has events of its own.
type Event struct {
	Revision      uint64
	Time          time.Time
	Action        string // create, modify or delete
	Kind          Kind
	ID            string
	Name          string // as it is now, or was; empty for a rule
	Account       string
	By            ctl.Actor // who asked for the change; zero: it was made before that was kept
	Before, After any
}

// FilterID is the filter that the rule of an event belongs to; empty: the event is of no rule.
func (e *Event) FilterID() string {
	for _, record := range []any{e.After, e.Before} {
		if rule, ok := record.(*RuleRecord); ok && rule != nil {
			return rule.FilterID
		}
	}
	return ""
}

// RuleRecord is a rule with the filter that it belongs to.
type RuleRecord struct {
	FilterID string
	Rule     *ctl.Rule
}

// Counts is how many resources there are of each kind.
type Counts struct {
	Interfaces, Targets, Filters, Rules, Sessions, LoadBalancers, Shares int
}
