package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// load reads the state from the persistence and validates it as if it were changed in, but keeps
// what only the configuration no longer allows.
func (s *Store) load() error {
	if s.persistence == nil {
		return nil
	}
	saved, err := s.persistence.Load()
	if err != nil {
		return err
	}
	tx := s.begin()
	tx.loading = true
	if err := tx.restore(saved); err != nil {
		return fmt.Errorf("%w: %w; see mirrorgw state check, and restore a copy or set [state] on_damage = \"forward-only\"", ErrDamaged, err)
	}
	s.loaded = tx.warnings
	s.st.revision = saved.Revision
	if _, err := s.st.compile(); err != nil {
		return fmt.Errorf("%w: %w; see mirrorgw state check", ErrDamaged, err)
	}
	return s.restoreHistory(saved)
}

// restore puts the saved records, oldest first.
func (tx *Tx) restore(saved *Saved) error {
	filters, err := decodeAll[*ctl.Filter](saved, KindFilter)
	if err != nil {
		return err
	}
	if err := addRules(filters, saved.Records[KindRule]); err != nil {
		return err
	}
	if err := restoreKind(tx, saved, KindInterface, tx.PutInterface); err != nil {
		return err
	}
	if err := restoreKind(tx, saved, KindLoadBalancer, tx.PutLoadBalancer); err != nil {
		return err
	}
	if err := restoreKind(tx, saved, KindTarget, tx.PutTarget); err != nil {
		return err
	}
	for _, f := range filters {
		tx.st.sequence = f.sequence
		if err := tx.PutFilter(f.record); err != nil {
			return err
		}
	}
	if err := restoreKind(tx, saved, KindShare, tx.PutShare); err != nil {
		return err
	}
	if err := restoreKind(tx, saved, KindSession, tx.PutSession); err != nil {
		return err
	}
	if err := tx.settle(); err != nil {
		return err
	}
	tx.st.sequence = tx.highest()
	tx.release()
	return nil
}

// highest is the sequence of the next node.
func (tx *Tx) highest() uint64 {
	st, next := tx.st, uint64(0)
	for _, last := range []uint64{lastOf(st.interfaces), lastOf(st.balancers), lastOf(st.targets), lastOf(st.filters), lastOf(st.sessions), lastOf(st.shares)} {
		next = max(next, last)
	}
	return next
}

func lastOf[N noder](t *table[N]) uint64 {
	if len(t.order) == 0 {
		return 0
	}
	return t.order[len(t.order)-1].seq() + 1
}

// aged is a record with its order of creation.
type aged[R any] struct {
	sequence uint64
	record   R
}

func decodeAll[R record](saved *Saved, kind Kind) ([]aged[R], error) {
	list := make([]aged[R], 0, len(saved.Records[kind]))
	for _, s := range saved.Records[kind] {
		sequence, decoded, err := decodeRecord(kind, s.Value)
		if err != nil {
			return nil, fmt.Errorf("%s %s cannot be read (%w)", kind.word(), s.ID, err)
		}
		r := decoded.(R)
		if r.Base().ID != s.ID {
			return nil, fmt.Errorf("%s %s is saved as %s", kind.word(), r.Base().ID, s.ID)
		}
		list = append(list, aged[R]{sequence, r})
	}
	slices.SortStableFunc(list, func(a, b aged[R]) int { return cmp.Compare(a.sequence, b.sequence) })
	for i := 1; i < len(list); i++ { // no two are of one age
		list[i].sequence = max(list[i].sequence, list[i-1].sequence+1)
	}
	return list, nil
}

func restoreKind[R record](tx *Tx, saved *Saved, kind Kind, put func(R) error) error {
	list, err := decodeAll[R](saved, kind)
	if err != nil {
		return err
	}
	for _, a := range list {
		tx.st.sequence = a.sequence
		if err := put(a.record); err != nil {
			return err
		}
	}
	return nil
}

// addRules gives the filters their rules.
func addRules(filters []aged[*ctl.Filter], saved []SavedRecord) error {
	byID := make(map[string]*ctl.Filter, len(filters))
	for _, f := range filters {
		byID[f.record.ID] = f.record
	}
	for _, s := range saved {
		_, decoded, err := decodeRecord(KindRule, s.Value)
		if err != nil {
			return fmt.Errorf("rule %s cannot be read (%w)", s.ID, err)
		}
		r := decoded.(*RuleRecord)
		f := byID[r.FilterID]
		if f == nil || r.Rule.ID != s.ID {
			return fmt.Errorf("rule %s belongs to no filter (%s) or is another one (%s)", s.ID, r.FilterID, r.Rule.ID)
		}
		f.Rules = append(f.Rules, r.Rule)
	}
	return nil
}

func (s *Store) restoreHistory(saved *Saved) error {
	for _, t := range saved.Tokens {
		token, err := decodeToken(t)
		if err != nil {
			return fmt.Errorf("%w: a client token cannot be read (%w); see mirrorgw state check", ErrDamaged, err)
		}
		s.tokens.add(token)
	}
	h := &s.history
	h.revision = saved.Revision
	h.floor = saved.Revision
	if len(saved.Events) > 0 {
		h.first = saved.Events[0].Sequence
		h.floor = saved.Events[0].Revision // some of its events may be gone
	}
	if h.first == 0 {
		h.floor = 0
	}
	for _, e := range saved.Events {
		h.events = append(h.events, kept{Event: Event{Revision: e.Revision}, saved: e.Value})
	}
	return nil
}

// warnings says of the state what a change would say of what it puts.
func (st *state) warnings() []ctl.Warning {
	tx := &Tx{View: View{st}}
	for _, n := range st.interfaces.order {
		if n.fault != "" {
			tx.warn(&n.rec.Common, n.rec.Subject(), "port", "%s", n.fault)
		}
	}
	for _, n := range st.targets.order {
		if n.fault != "" {
			tx.warn(&n.rec.Common, n.rec.Subject(), addressKey(n.rec), "%s", n.fault)
		} else if n.isPlaced() {
			tx.warnTarget(n)
		}
	}
	for _, n := range st.balancers.order {
		tx.warnBalancer(n)
	}
	for _, n := range st.sessions.order {
		if n.reason != "" {
			tx.warn(&n.rec.Common, n.rec.Subject(), "", "it is inactive: %s", n.reason)
		} else if frame, room, cut := n.truncation(); cut {
			tx.warnings = append(tx.warnings, n.truncationWarning(frame, room))
		}
	}
	return tx.warnings
}

// Check validates a document against a configuration as an apply to an empty store would. Nothing
// is written anywhere. The document may be used afterwards.
func Check(doc *ctl.Document, cfg *config.Config) ([]ctl.Warning, error) {
	_, warnings, err := Resources(doc, Options{Config: cfg})
	return warnings, err
}

// Resources applies a document to an empty store, of which only Config, PortMTU and Random of the
// options are used, and lays it out for rules.Compile: for tools and tests that need to see what a
// document means. The document may be used afterwards.
func Resources(doc *ctl.Document, o Options) (*rules.Resources, []ctl.Warning, error) {
	s, err := Open(Options{Config: o.Config, PortMTU: o.PortMTU, Random: o.Random})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	copied := cloneDocument(doc)
	result, err := s.Change(context.Background(), Request{}, func(tx *Tx) error { return tx.Reconcile(copied, false) })
	if err != nil {
		return nil, nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.st.resources(), result.Warnings, nil
}
