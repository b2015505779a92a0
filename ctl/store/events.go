package store

import (
	"slices"

	"mirrorgw/ctl"
)

// finish ends a transaction that settled: it yields what changed, and takes everything out of
// hand. Records that say what they said before keep their old pointer.
func (tx *Tx) finish() []Event {
	events := tx.collect()
	if len(events) > 0 {
		st, before := tx.st, tx.st.revision
		tx.onUndo(func() { st.revision = before })
		st.revision++
		for i := range events {
			events[i].Revision, events[i].Time, events[i].By = st.revision, tx.now, tx.by
		}
	}
	tx.release()
	return events
}

// collect lists deletions, what refers first, and then the rest, what is referred to first.
func (tx *Tx) collect() []Event {
	var events []Event
	add := func(e *Event, deleted bool) {
		if e != nil && (e.Action == ActionDelete) == deleted {
			events = append(events, *e)
		}
	}
	for _, n := range tx.sessions {
		add(eventOf(KindSession, &n.entry, n.rec, n.before, (*ctl.Session).Equal), true)
	}
	for _, n := range tx.shares {
		add(eventOf(KindShare, &n.entry, n.rec, n.before, (*ctl.Share).Equal), true)
	}
	for _, n := range tx.targets {
		add(eventOf(KindTarget, &n.entry, n.rec, n.before, (*ctl.Target).Equal), true)
	}
	for _, n := range tx.filters {
		if n.touch.deleted {
			events = ruleEvents(events, n)
		}
		add(eventOf(KindFilter, &n.entry, bare(n.rec), bare(n.before), (*ctl.Filter).EqualBase), true)
	}
	for _, n := range tx.balancers {
		add(eventOf(KindLoadBalancer, &n.entry, n.rec, n.before, (*ctl.LoadBalancer).Equal), true)
	}
	for _, n := range tx.interfaces {
		add(eventOf(KindInterface, &n.entry, n.rec, n.before, (*ctl.Interface).Equal), true)
	}
	for _, n := range tx.interfaces {
		add(eventOf(KindInterface, &n.entry, n.rec, n.before, (*ctl.Interface).Equal), false)
	}
	for _, n := range tx.balancers {
		add(eventOf(KindLoadBalancer, &n.entry, n.rec, n.before, (*ctl.LoadBalancer).Equal), false)
	}
	for _, n := range tx.targets {
		add(eventOf(KindTarget, &n.entry, n.rec, n.before, (*ctl.Target).Equal), false)
	}
	for _, n := range tx.filters {
		add(eventOf(KindFilter, &n.entry, bare(n.rec), bare(n.before), (*ctl.Filter).EqualBase), false)
		if !n.touch.deleted {
			events = ruleEvents(events, n)
		}
	}
	for _, n := range tx.shares {
		add(eventOf(KindShare, &n.entry, n.rec, n.before, (*ctl.Share).Equal), false)
	}
	for _, n := range tx.sessions {
		add(eventOf(KindSession, &n.entry, n.rec, n.before, (*ctl.Session).Equal), false)
	}
	return events
}

// eventOf compares a node in hand with what it was. Nil: nothing changed.
func eventOf[R interface {
	comparable
	record
}](kind Kind, e *entry, now, before R, equal func(R, R) bool) *Event {
	var none R
	event := Event{Kind: kind, ID: now.Base().ID, Name: now.Base().Name, Account: now.Base().Account}
	switch {
	case e.touch.deleted && before == none:
		return nil
	case e.touch.deleted:
		event.Action, event.Before, event.Name = ActionDelete, before, before.Base().Name
	case before == none:
		event.Action, event.After = ActionCreate, now
	case equal(now, before):
		return nil
	default:
		event.Action, event.Before, event.After = ActionModify, before, now
	}
	return &event
}

// bare is a filter without its rules, as events have it.
func bare(f *ctl.Filter) *ctl.Filter {
	if f == nil {
		return nil
	}
	b := *f
	b.TakeSource()
	b.Rules = nil
	return &b
}

func ruleEvents(events []Event, n *filterNode) []Event {
	for _, c := range ruleChanges(n) {
		e := Event{Kind: KindRule, Account: n.rec.Account, Action: ActionModify}
		if c.before != nil {
			e.ID, e.Before = c.before.ID, &RuleRecord{n.rec.ID, c.before}
		} else {
			e.Action = ActionCreate
		}
		if c.after != nil {
			e.ID, e.After = c.after.ID, &RuleRecord{n.rec.ID, c.after}
		} else {
			e.Action = ActionDelete
		}
		events = append(events, e)
	}
	return events
}

// release takes everything out of hand.
func (tx *Tx) release() {
	for _, n := range tx.interfaces {
		if n.before != nil && n.rec.Equal(n.before) {
			n.rec = n.before
		}
		n.rec.TakeSource()
		n.touch, n.before = nil, nil
	}
	for _, n := range tx.balancers {
		if n.before != nil && n.rec.Equal(n.before) {
			n.rec = n.before
		}
		n.rec.TakeSource()
		n.touch, n.before = nil, nil
	}
	for _, n := range tx.targets {
		if n.before != nil && n.rec.Equal(n.before) {
			n.rec = n.before
		}
		n.rec.TakeSource()
		n.touch, n.before = nil, nil
	}
	for _, n := range tx.filters {
		if n.before != nil && n.rec.EqualBase(n.before) && slices.Equal(n.rec.Rules, n.before.Rules) {
			n.rec = n.before
		}
		forgetSource(n.rec)
		n.touch, n.before = nil, nil
	}
	for _, n := range tx.sessions {
		if n.before != nil && n.rec.Equal(n.before) {
			n.rec = n.before
		}
		n.rec.TakeSource()
		n.touch, n.before, n.was = nil, nil, nil
	}
	tx.releaseShares()
}
