package store

import (
	"errors"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

func isStalled(err error) bool { return errors.Is(err, ctl.ErrStalled) }

// commit saves what was applied and puts it in force, or undoes all of it. The caller holds mu and
// no longer does afterwards: readers may see the new state as soon as it is on disk.
func (s *Store) commit(list []*applied) error {
	if len(list) == 0 {
		s.mu.Unlock()
		return nil
	}
	prepared, events, err := s.secure(list)
	if err != nil {
		for i := len(list) - 1; i >= 0; i-- {
			undoAll(list[i].undo)
		}
	}
	revision := s.st.revision
	if err == nil {
		s.history.announce(revision)
	}
	s.mu.Unlock()
	if err != nil || len(events) == 0 {
		return err
	}
	if prepared != nil {
		err = s.publish(prepared)
	}
	s.history.append(events, revision)
	return err
}

// publish puts what is prepared in force.
func (s *Store) publish(p ctl.Prepared) error {
	began := s.pace.clock.now()
	defer func() { s.took.Publish.Note(s.pace.clock.now().Sub(began)) }()
	return p.Commit()
}

// secure does everything that can fail: compile, prepare, save.
func (s *Store) secure(list []*applied) (prepared ctl.Prepared, events []Event, err error) {
	var used []*usedToken
	for _, a := range list {
		if a.token != nil {
			used = append(used, a.token)
		}
		if !a.result.Replayed {
			events = append(events, a.result.Events...)
		}
	}
	if len(events) > 0 {
		if prepared, err = s.prepareIfStarted(); err != nil {
			return nil, nil, err
		}
	}
	if len(events) == 0 && len(used) == 0 || s.persistence == nil {
		_, old := s.tokens.expired(s.now(), 1000)
		s.tokens.drop(old)
		return prepared, events, nil
	}
	if err = s.save(events, used); err != nil {
		if prepared != nil {
			prepared.Discard()
		}
		return nil, nil, problem.Of(api.CodeStorageFailed, "", "", "the change could not be written to the state (%v); nothing changed", err)
	}
	return prepared, events, nil
}

// prepareIfStarted compiles always, so that what cannot be published is refused before Start too.
func (s *Store) prepareIfStarted() (ctl.Prepared, error) {
	if s.started {
		return s.prepare()
	}
	if _, err := s.st.compile(); err != nil {
		return nil, refusal(err)
	}
	return nil, nil
}

// save writes events, and the records that they leave, in one transaction of the persistence.
func (s *Store) save(events []Event, used []*usedToken) error {
	b := &Batch{Revision: s.st.revision}
	for i := range events {
		e := &events[i]
		w := Write{Kind: e.Kind, ID: e.ID}
		if e.After != nil {
			w.Value = encodeRecord(s.st.sequenceOf(e.Kind, e.ID), e.After)
		}
		b.Writes = append(b.Writes, w)
	}
	next := s.history.next()
	if err := b.addEvents(events, next); err != nil {
		return err
	}
	for _, t := range used {
		value, err := t.encode()
		if err != nil {
			return err
		}
		b.Tokens = append(b.Tokens, SavedToken{Key: t.key, Time: t.time, Value: value})
	}
	var old int
	b.Expired, old = s.tokens.expired(s.now(), 1000)
	began := s.pace.clock.now()
	err := s.persistence.Save(b)
	s.took.Save.Note(s.pace.clock.now().Sub(began))
	s.took.Saved(err == nil)
	if err != nil {
		return err
	}
	s.tokens.drop(old)
	return nil
}

// addEvents adds the events that are kept, the first of which has a Sequence.
func (b *Batch) addEvents(events []Event, sequence uint64) error {
	end := sequence + uint64(len(events))
	if end > keptEvents {
		b.OldestEvent = end - keptEvents
	}
	for i := range events {
		if at := sequence + uint64(i); at >= b.OldestEvent {
			value, err := encodeEvent(&events[i])
			if err != nil {
				return err
			}
			b.Events = append(b.Events, SavedEvent{Sequence: at, Revision: events[i].Revision, Value: value})
		}
	}
	return nil
}

// sequenceOf is the order of creation that is saved with a record.
func (st *state) sequenceOf(kind Kind, id string) uint64 {
	switch kind {
	case KindInterface:
		return sequenceIn(st.interfaces, id)
	case KindTarget:
		return sequenceIn(st.targets, id)
	case KindFilter:
		return sequenceIn(st.filters, id)
	case KindSession:
		return sequenceIn(st.sessions, id)
	case KindLoadBalancer:
		return sequenceIn(st.balancers, id)
	case KindShare:
		return sequenceIn(st.shares, id)
	}
	return 0
}

func sequenceIn[N noder](t *table[N], id string) uint64 {
	if n, ok := t.byID[id]; ok {
		return n.seq()
	}
	return 0 // deleted by a later change of the same batch
}
