package server

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// kindAccess is what permissions call a kind of resource.
type kindAccess struct {
	arnKind, service               string // of ARNs
	create, modify, remove, browse string // actions
	sharesCreate                   bool   // creating is asked for on "*"
}

var kindAccesses = map[store.Kind]kindAccess{
	store.KindInterface: {iam.KindInterface, "ec2", "ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", false},
	store.KindTarget:    {iam.KindTarget, "ec2", "ec2:CreateTrafficMirrorTarget", "mirrorgw:ModifyTrafficMirrorTarget", "ec2:DeleteTrafficMirrorTarget", "ec2:DescribeTrafficMirrorTargets", false},
	store.KindFilter:    {iam.KindFilter, "ec2", "ec2:CreateTrafficMirrorFilter", "mirrorgw:ModifyTrafficMirrorFilter", "ec2:DeleteTrafficMirrorFilter", "ec2:DescribeTrafficMirrorFilters", false},
	store.KindRule:      {iam.KindRule, "ec2", "ec2:CreateTrafficMirrorFilterRule", "ec2:ModifyTrafficMirrorFilterRule", "ec2:DeleteTrafficMirrorFilterRule", "ec2:DescribeTrafficMirrorFilterRules", false},
	store.KindSession:   {iam.KindSession, "ec2", "ec2:CreateTrafficMirrorSession", "ec2:ModifyTrafficMirrorSession", "ec2:DeleteTrafficMirrorSession", "ec2:DescribeTrafficMirrorSessions", false},
	store.KindLoadBalancer: {iam.KindLoadBalancer, "mirrorgw", "mirrorgw:CreateLoadBalancer", "mirrorgw:ModifyLoadBalancer", "mirrorgw:DeleteLoadBalancer",
		"mirrorgw:DescribeLoadBalancers", false},
	store.KindShare: {iam.KindShare, "ram", "ram:CreateResourceShare", "ram:UpdateResourceShare", "ram:DeleteResourceShare", "ram:GetResourceShares", true},
}

// pathActions are those of routes that are not about one kind of resource.
var pathActions = map[string]string{
	api.PathExplain: "mirrorgw:Explain", api.PathState: "mirrorgw:GetStatus", api.PathAccounts: "mirrorgw:GetStatus", api.PathStats: "mirrorgw:GetStatistics",
	api.PathWatch: actionWatch, api.PathChanges: actionWatch, api.PathHealth: "mirrorgw:GetHealth", api.PathReady: "mirrorgw:GetReadiness",
	api.PathVersion: "mirrorgw:GetVersion", api.PathOpenAPI: "mirrorgw:GetOpenAPI", api.PathApply: "mirrorgw:Apply",
	api.PathExport: "mirrorgw:Export", api.PathSimulate: "mirrorgw:SimulatePolicy",
	api.PathCapture: actionCapture, pathOneCapture: actionCapture,
	api.PathAudit: actionAudit, pathOneAudit: actionAudit,
	api.PathConsoleLinks: "mirrorgw:GetConsoleLink",
	api.PathReload:       "mirrorgw:Reload", api.PathLogLevel: "mirrorgw:SetLogLevel",
}

// permission is the action that a route needs whatever is in the request; empty: what it changes
// decides.
func (r *route) permission() string {
	switch {
	case pathActions[r.path] != "":
		return pathActions[r.path]
	case !r.changes():
		return r.browse()
	}
	return ""
}

// permission is the route's, but for the changes of one resource: they may be seen by whoever may see
// the resource, and not only by those who follow all changes. The query is not read yet.
func (x *exchange) permission() string {
	if x.route.path == api.PathChanges {
		if access, ok := kindAccesses[kindOfID(x.r.URL.Query().Get("resource"))]; ok {
			return access.browse
		}
	}
	return x.route.permission()
}

// kindOfID is the kind that an identifier is of, by its form; empty: it has none of those.
func kindOfID(id string) store.Kind {
	if ctl.IsUUID(id) {
		return store.KindShare
	}
	prefix, _, _ := strings.Cut(id, "-")
	return map[string]store.Kind{ctl.PrefixInterface: store.KindInterface, ctl.PrefixTarget: store.KindTarget, ctl.PrefixFilter: store.KindFilter, ctl.PrefixRule: store.KindRule,
		ctl.PrefixSession: store.KindSession, ctl.PrefixLoadBalancer: store.KindLoadBalancer}[prefix+"-"]
}

// browse is the action that shows what the route is about.
func (r *route) browse() string {
	if strings.HasPrefix(r.path, api.PathTags+"/") {
		return "ec2:DescribeTags"
	}
	return kindAccesses[r.kind].browse
}

// possible are the actions that a change of resources may come to.
func (r *route) possible() []string {
	access, tags := kindAccesses[r.kind], []string{"ec2:CreateTags", "ec2:DeleteTags"}
	switch {
	case strings.HasPrefix(r.path, api.PathTags+"/"):
		return tags
	case r.path == pathOneInvitation:
		return slices.Sorted(maps.Values(answerActions))
	case access.create == "" || !r.changes():
		return nil
	case r.method == http.MethodPost:
		return []string{access.create}
	case r.method == http.MethodDelete:
		return []string{access.remove}
	}
	return append([]string{access.modify, "ec2:ModifyTrafficMirrorFilterNetworkServices"}, tags...)
}

// approval judges a change by the resources that it changes; nil: the role is enough.
func (s *Server) approval(x *exchange) func(*store.View, []store.Event) error {
	if !x.who.mapped {
		return nil
	}
	return func(v *store.View, events []store.Event) error {
		if len(events) == 0 && x.route.permission() == "" { // the answer shows the resource nevertheless
			return s.ask(x, &ask{action: x.route.browse()})
		}
		for i := range events {
			if isConsequence(x, events, &events[i]) {
				continue
			}
			if err := s.ownAccount(x, events[i].Account); err != nil {
				return err
			}
			if x.who.isRestricted() && acceptsForOthers(&events[i]) {
				return fault(api.CodeForbidden, "principals", "only the account that is invited may accept an invitation; leave the status out")
			}
			for _, a := range s.asks(v, &events[i]) {
				if err := s.ask(x, &a); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// isConsequence tells events that follow from others of the same change and were not asked for:
// rules go with their filter and sessions with their source, and sessions of other accounts lose
// a target that is shared no more. A caller cannot name resources of other accounts, but in a
// document.
func isConsequence(x *exchange, events []store.Event, e *store.Event) bool {
	gone := func(kind store.Kind, id string) bool {
		return slices.ContainsFunc(events, func(o store.Event) bool {
			return o.Kind == kind && o.ID == id && o.Action == store.ActionDelete
		})
	}
	switch before := e.Before.(type) {
	case *store.RuleRecord:
		return e.Action == store.ActionDelete && gone(store.KindFilter, before.FilterID)
	case *ctl.Session:
		foreign := x.who.isRestricted() && e.Account != x.who.Account && x.route.path != api.PathApply
		return e.Action == store.ActionDelete && gone(store.KindInterface, before.Source) || e.Action == store.ActionModify && foreign
	}
	return false
}

// acceptsForOthers tells a share that comes to have an invitation accepted. Who is invited does that
// in another way: this is the owner.
func acceptsForOthers(e *store.Event) bool {
	now, isShare := e.After.(*ctl.Share)
	if !isShare {
		return false
	}
	was, _ := e.Before.(*ctl.Share)
	return slices.ContainsFunc(now.Principals, func(p *ctl.SharePrincipal) bool {
		before := was != nil && was.Principal(p.ID) != nil && was.Principal(p.ID).Status == ctl.ShareAccepted
		return p.Status == ctl.ShareAccepted && !before
	})
}

// asks are the questions that an event raises.
func (s *Server) asks(v *store.View, e *store.Event) (all []ask) {
	access, known := kindAccesses[e.Kind]
	if !known {
		return []ask{{action: "mirrorgw:Apply"}}
	}
	self := s.self(e)
	before, after := tagsOfRecord(e.Before), tagsOfRecord(e.After)
	switch e.Action {
	case store.ActionCreate:
		self.ARN = s.arn(access, e.Account, "*")
		all = append(all, ask{action: access.create, resources: s.resourcesOf(v, e, self), tags: after})
		if len(after) > 0 {
			_, name, _ := strings.Cut(access.create, ":")
			all = append(all, ask{action: "ec2:CreateTags", resources: []iam.Resource{self}, tags: after, creating: name})
		}
		return all
	case store.ActionDelete:
		return append(all, ask{action: access.remove, resources: s.resourcesOf(v, e, self)})
	}
	for _, action := range modifications(access, e) {
		all = append(all, ask{action: action, resources: s.resourcesOf(v, e, self)})
	}
	if given := difference(after, before); len(given) > 0 {
		all = append(all, ask{action: "ec2:CreateTags", resources: []iam.Resource{self}, tags: given})
	}
	if taken := missing(before, after); len(taken) > 0 {
		all = append(all, ask{action: "ec2:DeleteTags", resources: []iam.Resource{self}, tags: taken})
	}
	return all
}

// modifications are the actions that lead from what was to what is, tags apart.
func modifications(access kindAccess, e *store.Event) (actions []string) {
	was := copyRecord(e.Before)
	*tagField(was) = *tagField(copyRecord(e.After))
	if filter, ok := was.(*ctl.Filter); ok {
		if now := e.After.(*ctl.Filter); !slices.Equal(filter.Services, now.Services) {
			filter.Services = now.Services
			actions = append(actions, "ec2:ModifyTrafficMirrorFilterNetworkServices")
		}
	}
	if !reflect.DeepEqual(was, e.After) {
		actions = append(actions, access.modify)
	}
	return actions
}

// resourcesOf are the resources that the permission for an event is checked on, see iam.Action.
func (s *Server) resourcesOf(v *store.View, e *store.Event, self iam.Resource) []iam.Resource {
	creating := e.Action == store.ActionCreate
	switch now := e.After.(type) {
	case *ctl.Session:
		was, _ := e.Before.(*ctl.Session)
		var all []iam.Resource
		if creating {
			all = append(all, s.reference(v, store.KindInterface, now.Source)...)
		} else {
			all = append(all, self)
		}
		if creating || was.Filter != now.Filter {
			all = append(all, s.reference(v, store.KindFilter, now.Filter)...)
		}
		if creating || was.Target != now.Target {
			all = append(all, s.reference(v, store.KindTarget, now.Target)...)
		}
		return all
	case *ctl.Target:
		if creating && now.Interface != "" {
			return append(s.reference(v, store.KindInterface, now.Interface), self)
		}
	}
	if filter := e.FilterID(); filter != "" {
		return append(s.reference(v, store.KindFilter, filter), self)
	}
	if creating && kindAccesses[e.Kind].sharesCreate {
		return nil
	}
	return []iam.Resource{self}
}

// reference is a resource that another one names. One that is gone has no name.
func (s *Server) reference(v *store.View, kind store.Kind, id string) []iam.Resource {
	_, record, ok := v.Find(id)
	if !ok {
		return nil
	}
	return []iam.Resource{{ARN: s.arn(kindAccesses[kind], ownerOf(v, record), id), Tags: tagsOfRecord(record)}}
}

func (s *Server) arn(access kindAccess, account, id string) string {
	return strings.Join([]string{"arn:aws", access.service, s.Region, account, access.arnKind + "/" + id}, ":")
}

func tagsOfRecord(record any) map[string]string {
	if record == nil {
		return nil
	}
	return *tagField(copyRecord(record))
}

// difference are the tags that other does not have so.
func difference(tags, other map[string]string) map[string]string {
	d := map[string]string{}
	for key, value := range tags {
		if was, had := other[key]; !had || was != value {
			d[key] = value
		}
	}
	return d
}

// missing are the tags whose keys other does not have.
func missing(tags, other map[string]string) map[string]string {
	d := map[string]string{}
	for key, value := range tags {
		if _, has := other[key]; !has {
			d[key] = value
		}
	}
	return d
}

// self is the resource that an event is about, as it was before.
func (s *Server) self(e *store.Event) iam.Resource {
	return iam.Resource{ARN: s.arn(kindAccesses[e.Kind], e.Account, e.ID), Tags: tagsOfRecord(e.Before)}
}
