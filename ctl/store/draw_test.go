package store

import (
	"fmt"
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"mirrorgw/ctl"
	"mirrorgw/ctl/problem"
	"mirrorgw/rules"
)

// The universe of drawn changes is small, so that they meet: four of each kind, whose identifiers
// tell who they are and whose names may change.

func idOf(prefix string, i int) string { return fmt.Sprintf("%s%017x", prefix, i) }

func (w *world) number(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(w.T, label)
}

func (w *world) common(prefix, name string, i int) ctl.Common {
	c := ctl.Common{ID: idOf(prefix, i), Name: fmt.Sprintf("%s%d", name, i), Account: ctl.DefaultAccount}
	if w.number("rename", 0, 7) == 0 {
		c.Name = fmt.Sprintf("%s%d", name, w.number("name", 0, 3))
	}
	if w.number("tag", 0, 3) == 0 {
		c.Tags = map[string]string{"k \"\n": fmt.Sprint(w.number("value", 0, 2))}
	}
	return c
}

// drawCall draws one call, edits the model, and returns the call and its description.
func (w *world) drawCall(model *ctl.Document) (func(*Tx) error, string) {
	i := w.number("which", 0, 3)
	switch w.number("call", 0, 13) {
	case 0, 1:
		r := w.drawInterface(i)
		model.Interfaces = replaced(model.Interfaces, clone(r))
		return func(tx *Tx) error { return tx.PutInterface(r) }, "put " + text(r)
	case 2, 3:
		r := w.drawTarget(i)
		model.Targets = replaced(model.Targets, clone(r))
		return func(tx *Tx) error { return tx.PutTarget(r) }, "put " + text(r)
	case 4:
		r := w.drawFilter(i)
		var problems problem.List
		if r.Check(&problems); problems.Len() > 0 { // even if the same change puts a right one later
			model.Sessions = append(slices.Clone(model.Sessions), &ctl.Session{})
		}
		kept := clone(r)
		kept.Rules = cloneAll(r.Rules)
		model.Filters = replaced(model.Filters, kept)
		return func(tx *Tx) error { return tx.PutFilter(r) }, "put " + text(r)
	case 5:
		r := &ctl.LoadBalancer{Common: w.common(ctl.PrefixLoadBalancer, "lb", i), Members: []ctl.Member{{Address: zeekAddress, Weight: w.number("weight", 0, 2), Draining: w.number("draining", 0, 1) == 1}}}
		model.LoadBalancers = replaced(model.LoadBalancers, clone(r))
		return func(tx *Tx) error { return tx.PutLoadBalancer(r) }, "put " + text(r)
	case 6:
		return w.drawRuleChange(model, i)
	case 7, 8:
		return w.drawDelete(model, i)
	case 9:
		return w.drawReconcile(model)
	}
	r := w.drawSession(i)
	model.Sessions = replaced(model.Sessions, clone(r))
	return func(tx *Tx) error { return tx.PutSession(r) }, "put " + text(r)
}

func replaced[R record](list []R, r R) []R {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Base().ID == r.Base().ID {
			list[i] = r
			return list
		}
	}
	return append(list, r)
}

func without[R record](list []R, id string) []R {
	return slices.DeleteFunc(slices.Clone(list), func(r R) bool { return r.Base().ID == id })
}

func (w *world) drawInterface(i int) *ctl.Interface {
	r := &ctl.Interface{Common: w.common(ctl.PrefixInterface, "i", i), Port: rapid.SampledFrom([]string{"", "wire0", "wire0", "wire1", "tap0"}).Draw(w.T, "port"),
		VLAN: rules.VLANAny, Monitoring: "basic"}
	if w.number("mac", 0, 5) > 0 {
		r.HasMAC, r.MAC = true, [6]byte{2, 0, 0, 0, 0, byte(w.number("byte", 1, 6))}
	}
	addresses := []string{"10.0.0.1", "192.0.2.10", "fd00::1", "192.0.2.11"}
	for _, addr := range addresses {
		if w.number("has "+addr, 0, 2) == 0 {
			r.Addresses = append(r.Addresses, netip.MustParseAddr(addr))
		}
	}
	if w.number("instance", 0, 1) == 0 {
		r.Instance = "i-1"
	}
	return r
}

func (w *world) drawTarget(i int) *ctl.Target {
	r := &ctl.Target{Common: w.common(ctl.PrefixTarget, "t", i), MTU: rapid.SampledFrom([]int{0, 1200, 1500, 9001}).Draw(w.T, "mtu")}
	switch w.number("points at", 0, 6) {
	case 0, 1:
		r.Interface = idOf(ctl.PrefixInterface, w.number("interface", 0, 3))
	case 2:
		r.Interface = fmt.Sprintf("i%d", w.number("interface", 0, 3))
	case 3:
		r.LoadBalancer = idOf(ctl.PrefixLoadBalancer, w.number("balancer", 0, 3))
	default:
		r.Address = netip.MustParseAddr(rapid.SampledFrom([]string{"192.0.2.10", "192.0.2.99", "2001:db8::9", "203.0.113.1"}).Draw(w.T, "address"))
	}
	return r
}

func (w *world) drawFilter(i int) *ctl.Filter {
	r := &ctl.Filter{Common: w.common(ctl.PrefixFilter, "f", i)}
	if w.number("dns", 0, 1) == 0 {
		r.Services = []string{ctl.ServiceAmazonDNS}
	}
	for n := range w.number("rules", 0, 5) {
		r.Rules = append(r.Rules, w.drawRule(i*8+n))
	}
	slices.SortStableFunc(r.Rules, ctl.CompareRules)
	return r
}

func (w *world) drawRule(i int) *ctl.Rule {
	if w.number("another's", 0, 9) == 0 {
		i = w.number("rule", 0, 31)
	}
	return &ctl.Rule{Rule: rules.Rule{ID: idOf(ctl.PrefixRule, i), Number: w.number("number", 1, 6), Direction: rules.Direction(w.number("direction", 0, 1)),
		Protocol: rules.ProtocolAny, Action: rules.Action(w.number("action", 0, 1))}}
}

// drawRuleChange puts or deletes one rule of a filter.
func (w *world) drawRuleChange(model *ctl.Document, i int) (func(*Tx) error, string) {
	filter, r := idOf(ctl.PrefixFilter, i), w.drawRule(i*8+w.number("of it", 0, 5))
	at := slices.IndexFunc(model.Filters, func(f *ctl.Filter) bool { return f.ID == filter })
	if at < 0 { // the model has no word for it: let both refuse
		model.Sessions = append(slices.Clone(model.Sessions), &ctl.Session{})
		return func(tx *Tx) error { return tx.PutRule(filter, r) }, "put a rule of no filter"
	}
	f := clone(model.Filters[at])
	model.Filters = replaced(model.Filters, f)
	existed := slices.ContainsFunc(f.Rules, func(old *ctl.Rule) bool { return old.ID == r.ID })
	f.Rules = slices.DeleteFunc(slices.Clone(f.Rules), func(old *ctl.Rule) bool { return old.ID == r.ID })
	if existed && w.number("delete it", 0, 2) == 0 {
		return func(tx *Tx) error { return tx.Delete(KindRule, r.ID) }, "delete rule " + r.ID
	}
	f.Rules = append(f.Rules, clone(r))
	slices.SortStableFunc(f.Rules, ctl.CompareRules)
	return func(tx *Tx) error { return tx.PutRule(filter, r) }, "put rule " + text(r)
}

func (w *world) drawSession(i int) *ctl.Session {
	r := &ctl.Session{Common: w.common(ctl.PrefixSession, "s", i), Number: w.number("number", 1, 3), VNI: w.number("vni", 1, 9)}
	r.Source = idOf(ctl.PrefixInterface, w.number("source", 0, 3))
	r.Target = idOf(ctl.PrefixTarget, w.number("target", 0, 3))
	r.Filter = idOf(ctl.PrefixFilter, w.number("filter", 0, 3))
	if w.number("by name", 0, 3) == 0 {
		r.Source = fmt.Sprintf("i%d", w.number("source", 0, 3))
	}
	return r
}

// drawDelete deletes something that is there in the model; with it go an interface's sessions.
func (w *world) drawDelete(model *ctl.Document, i int) (func(*Tx) error, string) {
	kind := rapid.SampledFrom([]Kind{KindInterface, KindTarget, KindFilter, KindSession, KindLoadBalancer}).Draw(w.T, "kind")
	prefix := map[Kind]string{KindInterface: ctl.PrefixInterface, KindTarget: ctl.PrefixTarget, KindFilter: ctl.PrefixFilter,
		KindSession: ctl.PrefixSession, KindLoadBalancer: ctl.PrefixLoadBalancer}[kind]
	id := idOf(prefix, i)
	before := len(model.Interfaces) + len(model.Targets) + len(model.Filters) + len(model.Sessions) + len(model.LoadBalancers)
	switch kind {
	case KindInterface:
		// Sessions that this very change puts are not taken along: they then lack their source.
		// The others are still the same pointers.
		model.Sessions = slices.DeleteFunc(slices.Clone(model.Sessions), func(s *ctl.Session) bool {
			return s.Source == id && slices.Contains(w.model.Sessions, s)
		})
		model.Interfaces = without(model.Interfaces, id)
	case KindTarget:
		model.Targets = without(model.Targets, id)
	case KindFilter:
		model.Filters = without(model.Filters, id)
	case KindSession:
		model.Sessions = without(model.Sessions, id)
	case KindLoadBalancer:
		model.LoadBalancers = without(model.LoadBalancers, id)
	}
	if after := len(model.Interfaces) + len(model.Targets) + len(model.Filters) + len(model.Sessions) + len(model.LoadBalancers); after == before {
		model.Sessions = append(slices.Clone(model.Sessions), &ctl.Session{}) // there is none: let both refuse
	}
	return func(tx *Tx) error { return tx.Delete(kind, id) }, fmt.Sprintf("delete %s", id)
}

// drawReconcile applies the model less some of its records.
func (w *world) drawReconcile(model *ctl.Document) (func(*Tx) error, string) {
	drop := func(id string) bool { return id != "" && w.number("drop "+id, 0, 5) == 0 }
	model.Sessions = slices.DeleteFunc(slices.Clone(model.Sessions), func(r *ctl.Session) bool { return drop(r.ID) })
	model.Targets = slices.DeleteFunc(slices.Clone(model.Targets), func(r *ctl.Target) bool { return drop(r.ID) })
	model.Filters = slices.DeleteFunc(slices.Clone(model.Filters), func(r *ctl.Filter) bool { return drop(r.ID) })
	model.Interfaces = slices.DeleteFunc(slices.Clone(model.Interfaces), func(r *ctl.Interface) bool { return drop(r.ID) })
	doc := cloneDocument(model)
	model.Sessions = cloneAll(model.Sessions) // this change puts them
	return func(tx *Tx) error { return tx.Reconcile(doc, false) }, "reconcile\n" + encoded(doc)
}
