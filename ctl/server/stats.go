package server

import (
	"slices"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

var statKinds = []string{"ports", "sessions", "sources", "rules", "laws"}

func (s *Server) stats(x *exchange) (*answer, error) {
	kinds, err := readKinds(x.query["kind"])
	if err != nil {
		return nil, err
	}
	if taken, err := s.counting.take(x, s.Limits.WriteTime); err != nil {
		return nil, err
	} else if !taken {
		return nil, fault(api.CodeUnavailable, "", "%d requests for counters are being answered already; try again in a moment, or ask for fewer kinds", s.Limits.Stats)
	}
	all := s.Report(neededFor(x, kinds))
	if x.who.isRestricted() {
		keepAccount(all, x.who.Account)
	}
	if err := s.narrow(x, all); err != nil {
		return nil, err
	}
	some := report.New()
	some.Seconds = all.Seconds
	for _, kind := range kinds {
		switch kind {
		case "ports":
			some.Ports = all.Ports
		case "sessions":
			some.Sessions = all.Sessions
		case "sources":
			some.Sources = all.Sources
		case "rules":
			some.Rules = all.Rules
		case "laws":
			some.Laws = all.Laws
		}
	}
	return &answer{value: some}, nil
}

// neededFor is what of the counters a request is answered from: sessions tell what belongs to
// them, and sources what they are called.
func neededFor(x *exchange, kinds []string) (needed report.Kinds) {
	for _, kind := range kinds {
		needed |= 1 << slices.Index(statKinds, kind) // in the order of report.Kinds
	}
	if x.query.Get("session") != "" || x.query.Get("source") != "" || x.who.isRestricted() {
		needed |= report.Sessions
	}
	if x.query.Get("source") != "" {
		needed |= report.Sources
	}
	return needed
}

func readKinds(values []string) ([]string, error) {
	var kinds []string
	for _, value := range values {
		kinds = append(kinds, strings.Split(value, ",")...)
	}
	for _, kind := range kinds {
		if !slices.Contains(statKinds, kind) {
			return nil, fault(api.CodeInvalidValue, "kind", "there are no statistics of %q; ask for %s", kind, strings.Join(statKinds, ", "))
		}
	}
	if len(kinds) == 0 {
		return statKinds, nil
	}
	return kinds, nil
}

// narrow leaves in the report what belongs to the session and the source that were asked for. Rows
// are found by identifier: two accounts may use one name.
func (s *Server) narrow(x *exchange, r *report.Report) error {
	account := orDefaultAccount(x.account())
	if ref := x.query.Get("session"); ref != "" {
		var id string
		s.Store.Read(func(v *store.View) {
			if session, ok := v.Session(account, ref); ok {
				id = session.ID
			}
		})
		if id == "" {
			return sessionKind.notFound(ref)
		}
		keepSessions(r, func(session *report.Session) bool { return session.ID == id })
	}
	if ref := x.query.Get("source"); ref != "" {
		var id string
		s.Store.Read(func(v *store.View) {
			if source, ok := v.Interface(account, ref); ok {
				id = source.ID
			}
		})
		if id == "" {
			return interfaceKind.notFound(ref)
		}
		keepSource(r, id)
	}
	return nil
}

// keepSource keeps a source, its sessions and their filters' rules; nothing if it counts nowhere.
func keepSource(r *report.Report, id string) {
	var key string
	for name, source := range r.Sources {
		if source.ID == id {
			key = name
		}
	}
	source, has := r.Sources[key]
	keepSessions(r, func(session *report.Session) bool { return has && session.Source == key })
	if has {
		r.Sources[key] = source
	}
}

// keepSessions keeps some sessions, their sources and their filters' rules.
func keepSessions(r *report.Report, keep func(*report.Session) bool) {
	sessions, sources, rules := map[string]report.Session{}, map[string]report.Source{}, map[string]map[string]int64{}
	for name, session := range r.Sessions {
		if !keep(&session) {
			continue
		}
		sessions[name] = session
		if source, ok := r.Sources[session.Source]; ok {
			sources[session.Source] = source
		}
		if filter, ok := r.Rules[session.Filter]; ok {
			rules[session.Filter] = filter
		}
	}
	r.Sessions, r.Sources, r.Rules = sessions, sources, rules
}

// keepAccount keeps the sessions and sources of an account, and the rules of its sessions' filters.
// Ports and laws are of the gateway, and of no account.
func keepAccount(r *report.Report, account string) {
	sources := map[string]report.Source{}
	for key, source := range r.Sources {
		if source.Owner == account {
			sources[key] = source
		}
	}
	keepSessions(r, func(session *report.Session) bool { return session.Owner == account })
	r.Sources, r.Ports, r.Laws = sources, map[string]report.Port{}, report.Laws{}
}
