package store

import (
	"fmt"
	"io"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// Tx is a change being made. Its View shows the state with what was put so far. Put creates a
// record whose ID is empty (it is drawn at once and can be read from the record) and replaces the
// record that has its ID otherwise; the record belongs to the store afterwards, even after an
// error. References may be names or IDs; the store keeps IDs. An error of Put or Delete is about
// the record alone; what it means to others is judged after the closure, so the order of calls
// within one change does not matter. After an error the change fails, whatever the closure says.
type Tx struct {
	View
	random  io.Reader
	now     time.Time
	by      ctl.Actor
	loading bool // the state as it was saved: what the configuration no longer allows is kept
	applies bool // Reconcile: sessions that were put are judged by what the document says alone
	lenient bool // Reassess: nobody asked for what follows from it, so quotas do not count

	undo     []func() // backwards: leaves no trace
	later    []func() // names that were taken when they were put
	problems problem.List
	warnings []ctl.Warning
	uses     map[useKey]*use
	// usesInOrder has the same uses in the order in which they came up.
	usesInOrder []*use

	// What is in hand, in the order in which it was touched.
	interfaces []*interfaceNode
	balancers  []*balancerNode
	targets    []*targetNode
	filters    []*filterNode
	sessions   []*sessionNode
	shares     []*shareNode
}

// rollback undoes what the transaction did.
func (tx *Tx) rollback() { undoAll(tx.undo); tx.undo = nil }

func undoAll(undo []func()) {
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// onUndo notes how to undo a step. A state that does not load is thrown away whole.
func (tx *Tx) onUndo(f func()) {
	if !tx.loading {
		tx.undo = append(tx.undo, f)
	}
}

// fail reports a problem of a node in hand. One of a node that only depends on what was put is
// told as a refusal of that: it is in use.
func (tx *Tx) fail(e *entry, c *ctl.Common, subject, code, key, format string, args ...any) {
	e.touch.failed = true
	if !e.touch.put && !tx.loading {
		code, key = api.CodeInUse, ""
	}
	tx.problems.Add(problem.Problem{Position: c.Position(key), Subject: subject, Key: key, Text: fmt.Sprintf(format, args...), Code: code})
}

func (tx *Tx) warn(c *ctl.Common, subject, key, format string, args ...any) {
	tx.warnings = append(tx.warnings, ctl.Warning{Problem: problem.Problem{
		Position: c.Position(key), Subject: subject, Key: key, Text: fmt.Sprintf(format, args...)}})
}

// unserved is what a fault of a node with the configuration as it is means: refused if this
// change brings it, else (the configuration has changed since) kept and told as a warning.
func (tx *Tx) unserved(e *entry, c *ctl.Common, subject, key, fault string) {
	if !tx.loading && !e.touch.returns && (e.touch.created || e.touch.oldFault != fault) {
		tx.fail(e, c, subject, api.CodeInvalidValue, key, "%s", fault)
		return
	}
	e.fault = fault
	if e.touch.put {
		tx.warn(c, subject, key, "%s", fault)
	}
}

// check judges a record by itself.
func (tx *Tx) check(r interface{ Check(*problem.List) }) error {
	var problems problem.List
	r.Check(&problems)
	return tx.refuse(&problems)
}

func (tx *Tx) refuse(problems *problem.List) error {
	err := problems.Err()
	if err != nil {
		for _, p := range err.(*problem.Error).Problems {
			tx.problems.Add(p)
		}
	}
	return err
}

// refusal refuses one record.
func (tx *Tx) refusal(c *ctl.Common, subject, code, key, format string, args ...any) error {
	var problems problem.List
	problems.Add(problem.Problem{Position: c.Position(key), Subject: subject, Key: key, Text: fmt.Sprintf(format, args...), Code: code})
	return tx.refuse(&problems)
}

// drawID draws an identifier that taken does not know.
func (tx *Tx) drawID(prefix string, taken func(string) bool) (string, error) {
	for {
		id, err := ctl.NewID(prefix, tx.random)
		if err != nil {
			return "", tx.refusal(&ctl.Common{}, "", api.CodeInternal, "", "%v", err)
		}
		if !taken(id) {
			return id, nil
		}
	}
}

// admit finds or makes the node of a record that was put: known is whether it was there before.
func admit[N noder](tx *Tx, t *table[N], c *ctl.Common, subject, prefix string, make func() N) (n N, known bool, err error) {
	if c.ID == "" {
		c.ID, err = tx.drawID(prefix, func(id string) bool { _, taken := t.byID[id]; return taken })
		if err != nil {
			return n, false, err
		}
	}
	if n, known = t.byID[c.ID]; known {
		if old := n.base().Account; old != c.Account {
			return n, true, tx.refusal(c, subject, api.CodeInvalidValue, "account", "the account cannot be changed; create another %s in account %s", t.kind.word(), c.Account)
		}
		return n, true, nil
	}
	return make(), false, nil
}

// nextSequence numbers a new node.
func (tx *Tx) nextSequence() uint64 {
	st := tx.st
	before := st.sequence
	tx.onUndo(func() { st.sequence = before })
	st.sequence++
	return before
}

// enter puts a new node into its table.
func enter[N noder](tx *Tx, t *table[N], n N) {
	t.insert(n)
	tx.onUndo(func() { t.remove(n) })
}

// rename enters a node's name. One that is taken is tried again after the closure, when it may
// have become free.
func rename[N noder](tx *Tx, t *table[N], n N, e *entry, old string) {
	c := n.base()
	if old == c.Name {
		return
	}
	if key := (nameKey{c.Account, old}); old != "" && t.byName[key] == n {
		delete(t.byName, key)
		tx.onUndo(func() { t.byName[key] = n })
	}
	if enterName(tx, t, n) {
		return
	}
	tx.later = append(tx.later, func() {
		c := n.base() // it may have been put again since
		if e.touch.deleted || e.touch.failed || t.byName[nameKey{c.Account, c.Name}] == n {
			return
		}
		if !enterName(tx, t, n) {
			tx.fail(e, c, fmt.Sprintf("%s %q", t.kind.word(), c.Name), api.CodeAlreadyExists, "name",
				"the name is taken by another %s of the account; choose another", t.kind.word())
		}
	})
}

func enterName[N noder](tx *Tx, t *table[N], n N) bool {
	key := nameKey{n.base().Account, n.base().Name}
	if _, taken := t.byName[key]; taken {
		return false
	}
	t.byName[key] = n
	tx.onUndo(func() { delete(t.byName, key) })
	return true
}

// leave takes a node that is deleted out of its table.
func leave[N noder](tx *Tx, t *table[N], n N, e *entry) {
	e.touch.deleted = true
	t.remove(n)
	key := nameKey{n.base().Account, n.base().Name}
	named := t.byName[key] == n
	if named {
		delete(t.byName, key)
	}
	touch := e.touch
	tx.onUndo(func() {
		touch.deleted = false
		t.insert(n)
		if named {
			t.byName[key] = n
		}
	})
}
