package server

import (
	"slices"
	"strings"

	"mirrorgw/ctl/store"
)

// May tells whether a caller may make a request, by its method and its path, as far as that can be
// said without its body: by role, or by the policies on the resource in the path. It is for doors
// that offer only what is worth a try; the API judges again what is done. Nothing of it is recorded.
func (s *Server) May(c *Caller, method, path string) bool {
	if c == nil {
		return false
	}
	route, ref := s.routeOf(method, path)
	if route == nil {
		return false
	}
	who := c.inProcess()
	switch {
	case !who.mapped:
		return who.role >= route.role
	case route.ofGateway && who.isRestricted():
		return false
	case route.permission() != "":
		return s.decide(&who, &ask{action: route.permission()}).Allowed
	case route.path == pathOneInvitation:
		return s.mayAnswer(&who, ref)
	case ref == "":
		return slices.ContainsFunc(route.possible(), func(action string) bool { return s.Directory.MightAllow(who.Principal, action) })
	}
	return s.mayChange(&who, route, ref)
}

// routeOf finds the route of a path, and the last part of the path where that stands for a resource.
func (s *Server) routeOf(method, path string) (*route, string) {
	for _, r := range s.routes {
		if r.method != method {
			continue
		}
		base, _, has := strings.Cut(r.path, "/{")
		ref, under := strings.CutPrefix(path, base+"/")
		switch {
		case !has && r.path == path:
			return r, ""
		case has && under && ref != "" && !strings.Contains(ref, "/"):
			return r, ref
		}
	}
	return nil, ""
}

// possibleOn are the actions that a change of a resource may come to, besides tags, which have a route
// of their own.
func (r *route) possibleOn(kind store.Kind) (actions []string) {
	for _, action := range r.possible() {
		tags := strings.HasSuffix(action, "Tags")
		services := action == "ec2:ModifyTrafficMirrorFilterNetworkServices"
		if r.kind == "" || !tags && (!services || kind == store.KindFilter) {
			actions = append(actions, action)
		}
	}
	return actions
}

// mayChange tells whether any of the actions that a change may come to is allowed on the resource
// with an identifier.
func (s *Server) mayChange(who *caller, route *route, id string) (may bool) {
	s.Store.Read(func(v *store.View) {
		kind, record, ok := v.Find(id)
		if !ok {
			return
		}
		account := ownerOf(v, record)
		if who.isRestricted() && account != who.Account {
			return
		}
		e := &store.Event{Kind: kind, ID: id, Account: account, Action: store.ActionModify, Before: record, After: record}
		all := s.resourcesOf(v, e, s.self(e))
		if route.kind == "" {
			all = all[len(all)-1:] // tags are those of the resource itself, the last one
		}
		for _, action := range route.possibleOn(kind) {
			may = may || s.decide(who, &ask{action: action, resources: all}).Allowed
		}
	})
	return may
}
