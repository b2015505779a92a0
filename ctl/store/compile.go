package store

import (
	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// laid is what consecutive snapshots share. A part is nil when it has to be laid anew.
type laid struct {
	interfaces []rules.Interface
	targets    []rules.Target
	filters    []*rules.CompiledFilter
}

// compile makes a snapshot of the state: everything that can be served. It costs the number of
// sessions; interfaces, targets and filters only when there are others than last time.
func (st *state) compile() (*rules.Snapshot, error) {
	if err := st.layFilters(); err != nil {
		return nil, err
	}
	st.layInterfaces()
	st.layTargets()
	return rules.Assemble(&rules.Parts{
		Ports: st.ways.ports, Exclude: st.ways.cfg.Exclude, Resolvers: st.ways.cfg.Resolvers,
		Interfaces: st.laid.interfaces, Targets: st.laid.targets, Filters: st.laid.filters,
		Sessions: st.laySessions(),
	})
}

func (st *state) layInterfaces() {
	if st.laid.interfaces != nil {
		return
	}
	list := make([]rules.Interface, 0, len(st.interfaces.order))
	for _, n := range st.interfaces.order {
		if n.rec.Port == "" || n.fault != "" {
			n.index = -1
			continue
		}
		n.index = len(list)
		list = append(list, n.source)
	}
	st.laid.interfaces = list
}

func (st *state) layTargets() {
	if st.laid.targets != nil {
		return
	}
	list := make([]rules.Target, 0, len(st.targets.order))
	for _, n := range st.targets.order {
		if n.fault != "" || !n.isPlaced() {
			n.index = -1
			continue
		}
		n.index = len(list)
		list = append(list, n.placed)
	}
	st.laid.targets = list
}

// layFilters compiles the filters that have changed.
func (st *state) layFilters() error {
	if st.laid.filters != nil {
		return nil
	}
	list := make([]*rules.CompiledFilter, 0, len(st.filters.order))
	for _, n := range st.filters.order {
		if n.compiled == nil {
			compiled, err := rules.CompileFilter(plainFilter(n.rec))
			if err != nil {
				return err
			}
			n.compiled = compiled
		}
		n.index = len(list)
		list = append(list, n.compiled)
	}
	st.laid.filters = list
	return nil
}

func plainFilter(f *ctl.Filter) *rules.Filter {
	plain := &rules.Filter{ID: f.ID, Name: f.Name, AmazonDNS: len(f.Services) > 0, Rules: make([]rules.Rule, len(f.Rules))}
	for i, r := range f.Rules {
		plain.Rules[i] = r.Rule
	}
	return plain
}

// resources lays the state out for rules.Compile, sessions oldest first. The state was compiled.
func (st *state) resources() *rules.Resources {
	r := &rules.Resources{Ports: st.ways.ports, Exclude: st.ways.cfg.Exclude, Resolvers: st.ways.cfg.Resolvers}
	st.layInterfaces()
	st.layTargets()
	r.Interfaces, r.Targets = st.laid.interfaces, st.laid.targets
	for i, n := range st.filters.order {
		n.index = i
		r.Filters = append(r.Filters, *plainFilter(n.rec))
	}
	for _, n := range st.sessions.order {
		if n.reason == "" {
			r.Sessions = append(r.Sessions, n.compiled())
		}
	}
	return r
}

// laySessions lays the active sessions, grouped by source and in ascending number, as Assemble
// likes them best.
func (st *state) laySessions() []rules.Session {
	list := make([]rules.Session, 0, len(st.sessions.order))
	for _, source := range st.interfaces.order {
		if source.index < 0 {
			continue
		}
		for _, n := range source.sessions {
			if n.reason != "" {
				continue
			}
			list = append(list, n.compiled())
		}
	}
	return list
}

func (n *sessionNode) compiled() rules.Session {
	r := n.rec
	return rules.Session{
		ID: r.ID, Name: r.Name, Account: r.Account, Source: n.source.index, Target: n.target.index, Filter: n.filter.index,
		Number: r.Number, VNI: uint32(r.VNI), PacketLength: r.PacketLength, OuterSource: n.outer, Zone: n.zone,
		SampleOneIn: r.SampleOneIn, Limit: r.Limit,
	}
}
