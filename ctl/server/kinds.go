package server

import (
	"fmt"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// kind joins the wire type W and the record type R of one kind of resource.
type kind[W, R any] struct {
	kind   store.Kind
	word   string // for sentences and the OpenAPI document
	plural string
	path   string
	find   func(v *store.View, account, ref string) (*R, bool)
	list   func(v *store.View) []*R
	wire   func(*R) W
	record func(*W, *faults) *R
	put    func(tx *store.Tx, account string, r *R) error
	id     func(*W) *string
	key    func(*R) string  // the identifier of a record
	owner  func(*W) *string // nil: its owner is another resource's

	// The rest may be nil.
	finish   func(v *store.View, w *W)                        // adds what a record does not have
	show     func(l *live, v *store.View, w *W)               // adds what the data path knows, for those who only look
	readOnly func(v *store.View, before, after *W, f *faults) // notes what may not be changed; for a create, before is empty and v nil
	whole    func(patch []byte) bool                          // whether a patch needs the parts that light leaves out
	light    func(*R) *R                                      // the record without parts that make it long
	rejoin   func(changed, before *R)                         // puts them back
}

var interfaceKind = &kind[api.NetworkInterface, ctl.Interface]{
	kind: store.KindInterface, word: "network interface", plural: "network interfaces", path: api.PathInterfaces,
	find: (*store.View).Interface, list: (*store.View).Interfaces, wire: interfaceWire, record: interfaceRecord,
	put:   func(tx *store.Tx, _ string, r *ctl.Interface) error { return tx.PutInterface(r) },
	id:    func(w *api.NetworkInterface) *string { return &w.NetworkInterfaceID },
	key:   func(r *ctl.Interface) string { return r.ID },
	owner: func(w *api.NetworkInterface) *string { return &w.OwnerID },
}

var targetKind = &kind[api.TrafficMirrorTarget, ctl.Target]{
	kind: store.KindTarget, word: "traffic mirror target", plural: "traffic mirror targets", path: api.PathTargets,
	find: (*store.View).Target, list: (*store.View).Targets, wire: targetWire, record: targetRecord,
	put:   func(tx *store.Tx, _ string, r *ctl.Target) error { return tx.PutTarget(r) },
	id:    func(w *api.TrafficMirrorTarget) *string { return &w.TrafficMirrorTargetID },
	key:   func(r *ctl.Target) string { return r.ID },
	owner: func(w *api.TrafficMirrorTarget) *string { return &w.OwnerID },
	show:  showTarget,
	readOnly: func(_ *store.View, _, after *api.TrafficMirrorTarget, f *faults) {
		f.observed("state", after.State != "")
		f.observed("stateReason", after.StateReason != "")
		f.observed("path", after.Path != nil)
	},
}

var filterKind = &kind[api.TrafficMirrorFilter, ctl.Filter]{
	kind: store.KindFilter, word: "traffic mirror filter", plural: "traffic mirror filters", path: api.PathFilters,
	find: (*store.View).Filter, list: (*store.View).Filters, wire: filterWire, record: filterRecord,
	put:    func(tx *store.Tx, _ string, r *ctl.Filter) error { return tx.PutFilter(r) },
	id:     func(w *api.TrafficMirrorFilter) *string { return &w.TrafficMirrorFilterID },
	key:    func(r *ctl.Filter) string { return r.ID },
	owner:  func(w *api.TrafficMirrorFilter) *string { return &w.OwnerID },
	whole:  namesRules,
	light:  func(r *ctl.Filter) *ctl.Filter { l := *r; l.Rules = nil; return &l },
	rejoin: func(changed, before *ctl.Filter) { changed.Rules = before.Rules },

	readOnly: func(_ *store.View, before, after *api.TrafficMirrorFilter, f *faults) {
		known := map[string]bool{"": true}
		for _, rule := range slices.Concat(before.IngressFilterRules, before.EgressFilterRules) {
			known[rule.TrafficMirrorFilterRuleID] = true
		}
		for _, rule := range slices.Concat(after.IngressFilterRules, after.EgressFilterRules) {
			if !known[rule.TrafficMirrorFilterRuleID] {
				f.add(api.CodeInvalidValue, "trafficMirrorFilterRuleId", "the filter has no rule %s; leave the identifier of a new rule out", rule.TrafficMirrorFilterRuleID)
			}
			if rule.TrafficMirrorFilterID != "" && rule.TrafficMirrorFilterID != before.TrafficMirrorFilterID {
				f.add(api.CodeInvalidValue, "trafficMirrorFilterId", "a rule says that it belongs to %s; leave that out", rule.TrafficMirrorFilterID)
			}
		}
	},
}

var sessionKind = &kind[api.TrafficMirrorSession, ctl.Session]{
	kind: store.KindSession, word: "traffic mirror session", plural: "traffic mirror sessions", path: api.PathSessions,
	find: (*store.View).Session, list: (*store.View).Sessions, wire: sessionWire, record: sessionRecord,
	put:   func(tx *store.Tx, _ string, r *ctl.Session) error { return tx.PutSession(r) },
	id:    func(w *api.TrafficMirrorSession) *string { return &w.TrafficMirrorSessionID },
	key:   func(r *ctl.Session) string { return r.ID },
	owner: func(w *api.TrafficMirrorSession) *string { return &w.OwnerID },
	finish: func(v *store.View, w *api.TrafficMirrorSession) {
		w.State, w.StateReason = sessionState(v, w.TrafficMirrorSessionID)
	},
	show: showSession,
	readOnly: func(_ *store.View, before, after *api.TrafficMirrorSession, f *faults) {
		f.same("inactive", before.Inactive, after.Inactive)
		f.same("state", before.State, after.State)
		f.same("stateReason", before.StateReason, after.StateReason)
		f.observed("delivery", after.Delivery != "")
		f.observed("deliveryReason", after.DeliveryReason != "")
	},
}

var balancerKind = &kind[api.LoadBalancer, ctl.LoadBalancer]{
	kind: store.KindLoadBalancer, word: "load balancer", plural: "load balancers", path: api.PathLoadBalancers,
	find: (*store.View).LoadBalancer, list: (*store.View).LoadBalancers, wire: balancerWire, record: balancerRecord,
	put:   func(tx *store.Tx, _ string, r *ctl.LoadBalancer) error { return tx.PutLoadBalancer(r) },
	id:    func(w *api.LoadBalancer) *string { return &w.LoadBalancerID },
	key:   func(r *ctl.LoadBalancer) string { return r.ID },
	owner: func(w *api.LoadBalancer) *string { return &w.OwnerID },
	show:  showBalancer,
	readOnly: func(_ *store.View, _, after *api.LoadBalancer, f *faults) {
		f.observed("memberStates", after.MemberStates != nil)
		f.observed("zoneStates", after.ZoneStates != nil)
	},
}

var ruleKind = &kind[api.TrafficMirrorFilterRule, store.RuleRecord]{
	kind: store.KindRule, word: "traffic mirror filter rule", plural: "traffic mirror filter rules", path: api.PathRules,
	find: findRule, list: allRules, wire: ruleWire, put: putRule,
	record: func(w *api.TrafficMirrorFilterRule, f *faults) *store.RuleRecord {
		if w.TrafficMirrorFilterID == "" {
			f.add(api.CodeMissingValue, "trafficMirrorFilterId", "trafficMirrorFilterId is missing; name the filter that the rule belongs to")
		}
		return &store.RuleRecord{FilterID: w.TrafficMirrorFilterID, Rule: ruleRecord(w, "", f)}
	},
	id:  func(w *api.TrafficMirrorFilterRule) *string { return &w.TrafficMirrorFilterRuleID },
	key: func(r *store.RuleRecord) string { return r.Rule.ID },
	readOnly: func(v *store.View, before, after *api.TrafficMirrorFilterRule, f *faults) {
		if filter, ok := v.Filter("", after.TrafficMirrorFilterID); ok {
			after.TrafficMirrorFilterID = filter.ID
		}
		f.same("trafficMirrorFilterId", before.TrafficMirrorFilterID, after.TrafficMirrorFilterID)
	},
}

func findRule(v *store.View, _, ref string) (*store.RuleRecord, bool) {
	filter, rule, ok := v.Rule(ref)
	if !ok {
		return nil, false
	}
	return &store.RuleRecord{FilterID: filter.ID, Rule: rule}, true
}

// allRules lists rules by the age of their filter, then by direction and number.
func allRules(v *store.View) []*store.RuleRecord {
	all := make([]store.RuleRecord, 0, v.Counts().Rules) // there may be very many: one allocation
	for _, filter := range v.Filters() {
		for _, rule := range filter.Rules {
			all = append(all, store.RuleRecord{FilterID: filter.ID, Rule: rule})
		}
	}
	records := make([]*store.RuleRecord, len(all))
	for i := range all {
		records[i] = &all[i]
	}
	return records
}

// putRule takes the filter's name in any account; the store takes it in the default one only.
func putRule(tx *store.Tx, account string, r *store.RuleRecord) error {
	if filter, ok := tx.Filter(account, r.FilterID); ok {
		r.FilterID = filter.ID
	}
	return tx.PutRule(r.FilterID, r.Rule)
}

func sessionState(v *store.View, id string) (state, reason string) {
	active, reason := v.SessionState(id)
	if active {
		return "active", ""
	}
	return "inactive", reason
}

// same notes that a field was to be changed that cannot be.
func (f *faults) same(field, before, after string) {
	if before != after {
		f.add(api.CodeInvalidValue, field, "%s is %q and cannot be changed; leave it out", field, before)
	}
}

// observed notes that a field was to be set which tells what the data path sees.
func (f *faults) observed(field string, set bool) {
	if set {
		f.add(api.CodeInvalidValue, field, "%s is what the gateway observes and cannot be set; leave it out", field)
	}
}

// anyWire is the wire form of a record of any kind.
func anyWire(record any) any {
	switch r := record.(type) {
	case *ctl.Interface:
		return interfaceWire(r)
	case *ctl.Target:
		return targetWire(r)
	case *ctl.Filter:
		return filterWire(r)
	case *ctl.Session:
		return sessionWire(r)
	case *ctl.LoadBalancer:
		return balancerWire(r)
	case *ctl.Share:
		return shareWire(r)
	case *store.RuleRecord:
		return ruleWire(r)
	}
	panic(fmt.Sprintf("the store has a record of type %T", record))
}
