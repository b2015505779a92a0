package store

import (
	"fmt"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// ruleChange is one rule of a filter as it was and as it is; either may be nil.
type ruleChange struct{ before, after *ctl.Rule }

// settleRules enters the rules of the filters in hand by their IDs. First all old ones go, so
// that rules may change places.
func (tx *Tx) settleRules() {
	tx.st.laid.filters = nil
	changes := make([][]ruleChange, len(tx.filters))
	for i, n := range tx.filters {
		changes[i] = ruleChanges(n)
		for _, c := range changes[i] {
			if c.before != nil && c.after == nil {
				tx.dropRule(n, c.before.ID)
			}
		}
	}
	for i, n := range tx.filters {
		if n.touch.deleted {
			continue
		}
		if len(changes[i]) > 0 || n.before == nil || !n.rec.EqualBase(n.before) {
			n.compiled = nil
		}
		for _, c := range changes[i] {
			if c.before == nil {
				tx.takeRule(n, c.after)
			}
		}
		tx.checkNumbers(n, changes[i])
		tx.countRules(n)
		tx.countAccount("filters_per_account", tx.st.ways.cfg.Quotas.FiltersPerAccount, tx.st.filters.count, &n.entry, n.rec)
	}
}

func (tx *Tx) dropRule(n *filterNode, id string) {
	if tx.st.rules[id] == n {
		delete(tx.st.rules, id)
		tx.onUndo(func() { tx.st.rules[id] = n })
	}
}

func (tx *Tx) takeRule(n *filterNode, r *ctl.Rule) {
	if owner := tx.st.rules[r.ID]; owner != nil {
		tx.failRule(n, r, "id", "the id is taken by another rule of %s; leave it out to get one", owner.rec.Subject())
		return
	}
	tx.st.rules[r.ID] = n
	tx.onUndo(func() { delete(tx.st.rules, r.ID) })
}

// checkNumbers finds rules of one direction and number: those that stand side by side.
func (tx *Tx) checkNumbers(n *filterNode, changes []ruleChange) {
	if len(changes) == 0 {
		return
	}
	for i := 1; i < len(n.rec.Rules); i++ {
		a, b := n.rec.Rules[i-1], n.rec.Rules[i]
		if ctl.CompareRules(a, b) != 0 {
			continue
		}
		for _, c := range changes { // say it of the one that came
			if c.after == a {
				a, b = b, a
				break
			}
		}
		tx.failRule(n, b, "number", "rule number %d is taken in this direction by rule %s; choose another", b.Number, a.ID)
	}
}

func (tx *Tx) failRule(n *filterNode, r *ctl.Rule, key, format string, args ...any) {
	n.touch.failed = true
	tx.problems.Add(problem.Problem{Position: r.Position(key), Subject: r.Subject(n.rec.Subject()), Key: key,
		Text: fmt.Sprintf(format, args...), Code: api.CodeAlreadyExists})
}

// ruleChanges compares the rules of a filter in hand, by ID, with those before. Rules that say
// what they said keep their old record, so that a comparison of pointers is mostly enough.
func ruleChanges(n *filterNode) []ruleChange {
	var before, after []*ctl.Rule
	if n.before != nil {
		before = n.before.Rules
	}
	if !n.touch.deleted {
		after = n.rec.Rules
	}
	old := map[string]*ctl.Rule{}
	var came []int // indexes in after
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case j == len(after) || i < len(before) && ctl.CompareRules(before[i], after[j]) < 0:
			old[before[i].ID] = before[i]
			i++
		case i == len(before) || ctl.CompareRules(before[i], after[j]) > 0:
			came = append(came, j)
			j++
		default:
			if before[i] != after[j] {
				old[before[i].ID] = before[i]
				came = append(came, j)
			}
			i, j = i+1, j+1
		}
	}
	return pairRules(before, after, old, came)
}

func pairRules(before, after []*ctl.Rule, old map[string]*ctl.Rule, came []int) []ruleChange {
	var changes []ruleChange
	for _, j := range came {
		was := old[after[j].ID]
		delete(old, after[j].ID)
		if was != nil && was.Equal(after[j]) {
			after[j] = was
			continue
		}
		changes = append(changes, ruleChange{was, after[j]})
	}
	if len(old) == 0 {
		return changes
	}
	for _, r := range before { // in their order
		if old[r.ID] == r {
			changes = append(changes, ruleChange{r, nil})
		}
	}
	return changes
}
