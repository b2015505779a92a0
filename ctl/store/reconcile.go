package store

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// Reconcile makes the state equal to the document: what the document lacks is deleted unless
// keepOthers. A record is matched by its id where the document has one that exists, else by kind,
// account and name; a matched session without vni keeps its VNI, and a matched rule (same direction
// and number) without id its ID. The document's records belong to the store afterwards. Further
// errors are found by the store; the error here is of the document by itself.
func (tx *Tx) Reconcile(doc *ctl.Document, keepOthers bool) error {
	st := tx.st
	tx.applies = true
	m := &matcher{tx: tx, ids: map[string]int{}, names: map[docName]int{}}
	m.kind = KindInterface
	matchAll(m, st.interfaces, doc.Interfaces, tx.PutInterface)
	m.kind = KindLoadBalancer
	matchAll(m, st.balancers, doc.LoadBalancers, tx.PutLoadBalancer)
	m.kind = KindTarget
	matchAll(m, st.targets, doc.Targets, tx.PutTarget)
	m.kind = KindShare
	matchAll(m, st.shares, doc.Shares, tx.PutShare)
	m.kind = KindFilter
	matchAll(m, st.filters, doc.Filters, tx.PutFilter)
	for _, s := range doc.Sessions {
		if n, ok := m.known(s); ok && s.VNI == 0 {
			s.VNI = n.rec.VNI
		}
	}
	m.kind = KindSession
	matchAll(m, st.sessions, doc.Sessions, tx.PutSession)
	if err := tx.problems.Err(); err != nil {
		return err
	}
	if !keepOthers {
		tx.deleteOthers(m.ids)
	}
	return nil
}

// matcher finds the nodes of a document's records.
type matcher struct {
	tx    *Tx
	kind  Kind
	ids   map[string]int // ID -> where in the document
	names map[docName]int
}

type docName struct {
	kind Kind
	nameKey
}

// known finds the session that a record of the document stands for.
func (m *matcher) known(s *ctl.Session) (*sessionNode, bool) {
	if n, ok := m.tx.st.sessions.byID[s.ID]; ok {
		return n, true
	}
	n, ok := m.tx.st.sessions.byName[nameKey{s.Account, s.Name}]
	return n, ok && s.ID == ""
}

// matchAll puts the records of one kind, each with the ID of what it stands for. Matching comes
// first: putting renames.
func matchAll[N noder, R record](m *matcher, t *table[N], records []R, put func(R) error) {
	unique := m.explicit(recordsOf(records), t.kind)
	for i, r := range records {
		unique[i] = unique[i] && match(m, t, i, r)
	}
	for i, r := range records {
		if unique[i] {
			_ = put(r) // a refusal is among the transaction's problems
			m.ids[r.Base().ID] = i
		}
	}
}

func recordsOf[R record](records []R) []record {
	list := make([]record, len(records))
	for i, r := range records {
		list[i] = r
	}
	return list
}

// explicit notes the ids that the document itself has and refuses those that it has twice.
func (m *matcher) explicit(records []record, kind Kind) []bool {
	unique := make([]bool, len(records))
	for i, r := range records {
		c := r.Base()
		if first, twice := m.ids[c.ID]; twice && c.ID != "" {
			_ = m.tx.refusal(c, r.Subject(), api.CodeAlreadyExists, "id", "the id is taken by %s %d of the document; remove one of the two", kind.word(), first+1)
			continue
		}
		m.ids[c.ID] = i
		unique[i] = true
	}
	delete(m.ids, "")
	return unique
}

// match gives a record the ID of what it stands for. False: it is there twice, or stands for
// another, and that was reported.
func match[N noder](m *matcher, t *table[N], index int, r record) bool {
	c := r.Base()
	if c.Account == "" {
		c.Account = ctl.DefaultAccount
	}
	name := docName{m.kind, nameKey{c.Account, c.Name}}
	if first, twice := m.names[name]; twice {
		_ = m.tx.refusal(c, r.Subject(), api.CodeAlreadyExists, "name", "the name is taken by %s %d of the document; choose another", t.kind.word(), first+1)
		return false
	}
	m.names[name] = index
	n, named := t.byName[name.nameKey]
	if c.ID == "" && named {
		c.ID = n.base().ID
		if _, renamed := m.ids[c.ID]; renamed { // another record has this one's ID and a new name
			c.ID = ""
			return true
		}
		m.ids[c.ID] = index
		return true
	}
	if _, known := t.byID[c.ID]; !known && named && n.base().ID != c.ID {
		return m.mayReplace(c, r, n.base())
	}
	return true
}

// mayReplace refuses an id that the state does not know for a name that it knows under another.
func (m *matcher) mayReplace(c *ctl.Common, r record, known *ctl.Common) bool {
	if _, renamed := m.ids[known.ID]; renamed {
		return true
	}
	_ = m.tx.refusal(c, r.Subject(), api.CodeAlreadyExists, "id", "%s exists with the id %s; write that one or leave the id out", r.Subject(), known.ID)
	return false
}

// deleteOthers deletes everything that a document does not have, by ID.
func (tx *Tx) deleteOthers(has map[string]int) {
	st := tx.st
	for _, n := range others(st.sessions, has) {
		tx.deleteSession(n)
	}
	for _, n := range others(st.shares, has) {
		tx.deleteShare(n)
	}
	for _, n := range others(st.targets, has) {
		tx.deleteTarget(n)
	}
	for _, n := range others(st.filters, has) {
		tx.touchFilter(n)
		leave(tx, st.filters, n, &n.entry)
	}
	for _, n := range others(st.balancers, has) {
		tx.touchBalancer(n)
		leave(tx, st.balancers, n, &n.entry)
	}
	for _, n := range others(st.interfaces, has) {
		tx.deleteInterface(n)
	}
}

// others lists the nodes that a document does not have, youngest first: they leave from the end of
// the list.
func others[N noder](t *table[N], has map[string]int) []N {
	var list []N
	for i := len(t.order) - 1; i >= 0; i-- {
		if _, ok := has[t.order[i].base().ID]; !ok {
			list = append(list, t.order[i])
		}
	}
	return list
}

// export makes the document of the state.
func (st *state) export() *ctl.Document {
	d := &ctl.Document{}
	for _, n := range st.interfaces.order {
		d.Interfaces = append(d.Interfaces, clone(n.rec))
	}
	for _, n := range st.balancers.order {
		d.LoadBalancers = append(d.LoadBalancers, clone(n.rec))
	}
	for _, n := range st.targets.order {
		t := clone(n.rec)
		if n.via != nil {
			t.Interface = refTo(t.Account, &n.via.rec.Common)
		}
		if n.balancer != nil {
			t.LoadBalancer = refTo(t.Account, &n.balancer.rec.Common)
		}
		d.Targets = append(d.Targets, t)
	}
	for _, n := range st.shares.order {
		d.Shares = append(d.Shares, n.export())
	}
	for _, n := range st.filters.order {
		f := clone(n.rec)
		f.Rules = cloneAll(f.Rules)
		d.Filters = append(d.Filters, f)
	}
	for _, n := range st.sessions.order {
		s := clone(n.rec)
		s.Source, s.Target, s.Filter = refTo(s.Account, &n.source.rec.Common), refTo(s.Account, &n.target.rec.Common), refTo(s.Account, &n.filter.rec.Common)
		d.Sessions = append(d.Sessions, s)
	}
	return d
}

// cloneDocument copies the records of a document, so that a store may have them.
func cloneDocument(doc *ctl.Document) *ctl.Document {
	d := &ctl.Document{File: doc.File, Interfaces: cloneAll(doc.Interfaces), LoadBalancers: cloneAll(doc.LoadBalancers),
		Targets: cloneAll(doc.Targets), Filters: cloneAll(doc.Filters), Sessions: cloneAll(doc.Sessions)}
	for _, f := range d.Filters {
		f.Rules = cloneAll(f.Rules)
	}
	for _, s := range doc.Shares {
		d.Shares = append(d.Shares, s.Clone())
	}
	return d
}

func cloneAll[T any](list []*T) []*T {
	copies := make([]*T, len(list))
	for i, r := range list {
		copies[i] = clone(r)
	}
	return copies
}

func clone[T any](r *T) *T { c := *r; return &c }

// refTo refers to a resource from one of an account: by name where that is possible.
func refTo(account string, c *ctl.Common) string {
	if c.Account == account {
		return c.Name
	}
	return c.ID
}
