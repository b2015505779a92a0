package store

import (
	"fmt"
	"sort"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// dump writes everything that a state knows, indexes and links included, so that two states can be
// compared. Orders of creation are relative.
func dump(st *state) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	id := func(n noderID) string {
		if n == nil {
			return "-"
		}
		return n.base().ID
	}
	for _, n := range st.interfaces.order {
		feeds := []string{}
		for source, count := range n.feeds {
			feeds = append(feeds, fmt.Sprintf("%s:%d", source.rec.ID, count))
		}
		sort.Strings(feeds)
		add("interface %+v keyed=%v at=%v fault=%q source=%+v sessions=%v targets=%v feeds=%v", text(n.rec), n.keyed, n.addresses, n.fault, sourceOf(n),
			idsOf(n.sessions), idsOf(n.targets), feeds)
		add("indexed %v %v", st.interfaces.byID[n.rec.ID] == n, st.interfaces.byName[nameKey{n.rec.Account, n.rec.Name}] == n)
	}
	for _, n := range st.balancers.order {
		add("balancer %s targets=%v placed=%s hop=%s mtu=%d left=%q", text(n.rec), idsOf(n.targets), balancerText(n.placed), hopText(n.hop), n.mtu, n.left)
	}
	for _, n := range st.targets.order {
		via, balancer := "-", "-"
		if n.via != nil {
			via = id(n.via)
		}
		if n.balancer != nil {
			balancer = id(n.balancer)
		}
		add("target %s via=%s balancer=%s at=%v placed=%s hop=%s fault=%q sessions=%v shares=%v", text(n.rec), via, balancer, n.at, placedText(n.placed), hopText(n.hop), n.fault,
			idsOf(n.sessions), idsOf(n.shares))
	}
	for _, n := range st.filters.order {
		add("filter %s sessions=%v", text(n.rec), idsOf(n.sessions))
		for _, r := range n.rec.Rules {
			add("rule %s owner=%v", text(r), st.rules[r.ID] == n)
		}
	}
	for _, n := range st.sessions.order {
		add("session %s linked=%v %s %s %s number=%d outer=%v zone=%q reason=%q vni=%v touch=%v", text(n.rec), n.linked, id(n.source), id(n.target), id(n.filter),
			n.number, n.outer, n.zone, n.reason, n.vni, n.touch)
	}
	for _, n := range st.shares.order {
		add("share %s targets=%v touch=%v", text(n.rec), idsOf(n.targets), n.touch)
	}
	for id, list := range st.orphans {
		add("~orphans of %s %v", id, idsOf(list))
	}
	for key, n := range st.bySource {
		add("~key %v %s", key, n.rec.ID)
	}
	for addr, list := range st.byAddress {
		add("~address %v %v", addr, idsOf(list))
	}
	for addr, list := range st.targetsAt {
		add("~target at %v %v", addr, idsOf(list))
	}
	for key, n := range st.vnis {
		add("~vni %v %d", key, n)
	}
	add("~counts %v %v %v %v %v rules=%d names=%d,%d,%d,%d,%d", st.interfaces.count, st.balancers.count, st.targets.count, st.filters.count, st.sessions.count,
		len(st.rules), len(st.interfaces.byName), len(st.balancers.byName), len(st.targets.byName), len(st.filters.byName), len(st.sessions.byName))
	sort.SliceStable(lines, func(i, j int) bool { // only the maps are without order
		a, b := strings.HasPrefix(lines[i], "~"), strings.HasPrefix(lines[j], "~")
		return !a && b || a && b && lines[i] < lines[j]
	})
	return strings.Join(lines, "\n")
}

type noderID interface{ base() *ctl.Common }

// sourceOf is what an interface is compiled to, if it is.
func sourceOf(n *interfaceNode) any {
	if n.rec.Port == "" {
		return "none"
	}
	return n.source
}

func idsOf[N noderID](list []N) []string {
	ids := []string{}
	for _, n := range list {
		ids = append(ids, n.base().ID)
	}
	return ids
}

// text is a record as its document has it.
func text(record any) string {
	d := &ctl.Document{}
	switch r := record.(type) {
	case *ctl.Interface:
		d.Interfaces = []*ctl.Interface{r}
	case *ctl.LoadBalancer:
		d.LoadBalancers = []*ctl.LoadBalancer{r}
	case *ctl.Target:
		d.Targets = []*ctl.Target{r}
	case *ctl.Filter:
		bare := *r
		bare.Rules = nil
		d.Filters = []*ctl.Filter{&bare}
	case *ctl.Rule:
		d.Filters = []*ctl.Filter{{Rules: []*ctl.Rule{r}}}
	case *ctl.Session:
		d.Sessions = []*ctl.Session{r}
	case *ctl.Share:
		d.Shares = []*ctl.Share{r}
	}
	return strings.ReplaceAll(encoded(d), "\n", "; ")
}

func encoded(d *ctl.Document) string {
	var b strings.Builder
	if err := d.Encode(&b); err != nil {
		panic(err)
	}
	return b.String()
}

// placedText has no pointers, so that two states can be compared.
func placedText(t rules.Target) string {
	b := t.Balancer
	t.Balancer = nil
	return fmt.Sprintf("%+v %s", t, balancerText(b))
}

func balancerText(b *rules.Balancer) string {
	if b == nil {
		return "-"
	}
	plain, health := *b, rules.Health{}
	if plain.Health != nil {
		health, plain.Health = *b.Health, nil
	}
	return fmt.Sprintf("%+v %+v", plain, health)
}

func hopText(h hop) string { return fmt.Sprint(h.address, h.port, h.via) }
