package store

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// PutInterface creates or replaces an interface.
func (tx *Tx) PutInterface(r *ctl.Interface) error {
	if err := tx.check(r); err != nil {
		return err
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.interfaces, &r.Common, r.Subject(), ctl.PrefixInterface, func() *interfaceNode {
		return &interfaceNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r, index: -1}
	})
	if err != nil {
		return err
	}
	old := ""
	if known {
		tx.touchInterface(n)
		old, n.rec = n.rec.Name, r
	} else {
		enter(tx, tx.st.interfaces, n)
		tx.interfaces = append(tx.interfaces, n)
	}
	n.touch.put = true
	rename(tx, tx.st.interfaces, n, &n.entry, old)
	return nil
}

// PutLoadBalancer creates or replaces a load balancer.
func (tx *Tx) PutLoadBalancer(r *ctl.LoadBalancer) error {
	if err := tx.check(r); err != nil {
		return err
	}
	if !tx.loading {
		var problems problem.List
		r.CheckAgreement(&problems)
		if err := tx.refuse(&problems); err != nil {
			return err
		}
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.balancers, &r.Common, r.Subject(), ctl.PrefixLoadBalancer, func() *balancerNode {
		return &balancerNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r}
	})
	if err != nil {
		return err
	}
	old := ""
	if known {
		tx.touchBalancer(n)
		old, n.rec = n.rec.Name, r
	} else {
		enter(tx, tx.st.balancers, n)
		tx.balancers = append(tx.balancers, n)
	}
	n.touch.put = true
	rename(tx, tx.st.balancers, n, &n.entry, old)
	return nil
}

// PutTarget creates or replaces a target.
func (tx *Tx) PutTarget(r *ctl.Target) error {
	if err := tx.check(r); err != nil {
		return err
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.targets, &r.Common, r.Subject(), ctl.PrefixTarget, func() *targetNode {
		return &targetNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r, index: -1}
	})
	if err != nil {
		return err
	}
	old := ""
	if known {
		tx.touchTarget(n)
		old, n.rec = n.rec.Name, r
	} else {
		enter(tx, tx.st.targets, n)
		tx.targets = append(tx.targets, n)
		for _, s := range slices.Clone(tx.st.orphans[r.ID]) {
			tx.touchSession(s)
		}
	}
	n.touch.put = true
	rename(tx, tx.st.targets, n, &n.entry, old)
	return nil
}

// PutSession creates or replaces a session. VNI 0 draws one that the account does not use. Its
// source and its filter are of its own account; its target is too, or is shared with it.
func (tx *Tx) PutSession(r *ctl.Session) error {
	if !tx.loading && !tx.applies {
		r.Inactive = ""
	}
	if err := tx.check(r); err != nil {
		return err
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.sessions, &r.Common, r.Subject(), ctl.PrefixSession, func() *sessionNode {
		return &sessionNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r, was: &linking{}}
	})
	if err != nil {
		return err
	}
	old := ""
	if known {
		tx.touchSession(n)
		old, n.rec = n.rec.Name, r
	} else {
		enter(tx, tx.st.sessions, n)
		tx.sessions = append(tx.sessions, n)
	}
	n.touch.put = true
	rename(tx, tx.st.sessions, n, &n.entry, old)
	return nil
}

// PutFilter creates or replaces a filter with its rules. A rule without ID keeps that of the rule
// whose direction and number it has.
func (tx *Tx) PutFilter(r *ctl.Filter) error {
	if err := tx.check(r); err != nil {
		return err
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.filters, &r.Common, r.Subject(), ctl.PrefixFilter, func() *filterNode {
		return &filterNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r, index: -1}
	})
	if err != nil {
		return err
	}
	old := ""
	if known {
		tx.touchFilter(n)
		keepRuleIDs(n.rec.Rules, r.Rules)
		old, n.rec = n.rec.Name, r
	} else {
		enter(tx, tx.st.filters, n)
		tx.filters = append(tx.filters, n)
	}
	n.touch.put = true
	rename(tx, tx.st.filters, n, &n.entry, old)
	return tx.drawRuleIDs(r.Rules)
}

// keepRuleIDs gives rules without ID that of the old rule of their direction and number. Both
// lists are sorted.
func keepRuleIDs(old, rules []*ctl.Rule) {
	for _, r := range rules {
		if r.ID != "" {
			continue
		}
		if at, found := slices.BinarySearchFunc(old, r, ctl.CompareRules); found && !hasRuleID(rules, old[at].ID) {
			r.ID = old[at].ID
		}
	}
}

// hasRuleID reports whether one of a filter's own rules names an ID. Rules mostly have none when
// they are put, so it is seldom asked of many.
func hasRuleID(rules []*ctl.Rule, id string) bool {
	return slices.ContainsFunc(rules, func(r *ctl.Rule) bool { return r.ID == id })
}

func (tx *Tx) drawRuleIDs(rules []*ctl.Rule) error {
	for _, r := range rules {
		if r.ID != "" {
			continue
		}
		id, err := tx.drawID(ctl.PrefixRule, func(id string) bool { return tx.st.rules[id] != nil })
		if err != nil {
			return err
		}
		r.ID = id
	}
	return nil
}

// PutRule creates or replaces a rule of a filter, named by ID, or name in the default account. A
// rule cannot move to another filter.
func (tx *Tx) PutRule(filter string, r *ctl.Rule) error {
	n, ok := find(tx.st.filters, "", filter)
	if !ok {
		return tx.refusal(&ctl.Common{}, "rule", api.CodeNotFound, "filter", "filter %q names no filter; %s", filter, tx.st.filters.remedy(tx, ctl.DefaultAccount, filter))
	}
	var problems problem.List
	if r.Check(n.rec.Subject(), &problems); problems.Len() > 0 {
		return tx.refuse(&problems)
	}
	r.Normalize()
	if owner := tx.ruleOwner(r.ID, n); owner != nil && owner != n {
		return tx.refusal(&ctl.Common{}, r.Subject(n.rec.Subject()), api.CodeAlreadyExists, "id", "the id is taken by a rule of %s; leave it out to get one", owner.rec.Subject())
	}
	return tx.changeRules(n, r.ID, r)
}

// ruleOwner finds the filter that has a rule at this point of the change; likely is the one that
// probably has it. The index of rules tells of filters that are not in hand only.
func (tx *Tx) ruleOwner(id string, likely *filterNode) *filterNode {
	if id == "" || likely != nil && hasRuleID(likely.rec.Rules, id) {
		return likely
	}
	if n := tx.st.rules[id]; n != nil && n.touch == nil {
		return n
	}
	for _, n := range tx.filters {
		if !n.touch.deleted && hasRuleID(n.rec.Rules, id) {
			return n
		}
	}
	return nil
}

// changeRules replaces the rule that has an ID, or adds one, or removes it (nil).
func (tx *Tx) changeRules(n *filterNode, id string, r *ctl.Rule) error {
	tx.touchFilter(n)
	n.touch.put = true
	changed := *n.rec
	changed.Rules = make([]*ctl.Rule, 0, len(n.rec.Rules)+1)
	for _, old := range n.rec.Rules {
		if old.ID != id || id == "" {
			changed.Rules = append(changed.Rules, old)
		}
	}
	if r != nil {
		at, _ := slices.BinarySearchFunc(changed.Rules, r, ctl.CompareRules)
		changed.Rules = slices.Insert(changed.Rules, at, r)
		if err := tx.drawRuleIDs([]*ctl.Rule{r}); err != nil {
			return err
		}
	}
	n.rec = &changed
	return nil
}
