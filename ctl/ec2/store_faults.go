package ec2

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
)

// translation turns problems of the store into a fault. Those of one code, kind and key come
// before those of one code and kind, and these before those of a code alone.
type translation struct {
	code string     // of ctl/api
	kind store.Kind // that the action is about; empty: any
	key  string     // of the problem; empty: any

	status int // 0: 400
	as     string
	text   string // goes before what the store says; the latter alone where it is empty
	whole  bool   // the store's words stay away: they are about what the caller may not know, or are of no use
}

const (
	inUseText = " is already being used"
	limitText = "The maximum number of "
)

var translations = []translation{
	{code: api.CodeQuotaExceeded, kind: store.KindTarget, as: "TrafficMirrorTargetLimitExceeded", text: limitText + "traffic mirror targets has been reached"},
	{code: api.CodeQuotaExceeded, kind: store.KindFilter, as: "TrafficMirrorFilterLimitExceeded", text: limitText + "traffic mirror filters has been reached"},
	{code: api.CodeQuotaExceeded, kind: store.KindRule, as: "TrafficMirrorFilterRuleLimitExceeded", text: limitText + "rules of a traffic mirror filter has been reached"},
	{code: api.CodeQuotaExceeded, kind: store.KindSession, key: "source", as: "TrafficMirrorSessionsPerInterfaceLimitExceeded", text: limitText + "traffic mirror sessions of the network interface has been reached"},
	{code: api.CodeQuotaExceeded, kind: store.KindSession, key: "target", as: "TrafficMirrorSourcesPerTargetLimitExceeded", whole: true,
		text: "Sources per interface-target limit reached"},
	{code: api.CodeQuotaExceeded, kind: store.KindSession, as: "TrafficMirrorSessionLimitExceeded", text: limitText + "traffic mirror sessions has been reached"},
	{code: api.CodeQuotaExceeded, as: "ResourceLimitExceeded"},

	{code: api.CodeAlreadyExists, kind: store.KindRule, key: "number", as: "TrafficMirrorFilterRuleAlreadyExists", text: "The rule number" + inUseText + " in this direction"},
	{code: api.CodeAlreadyExists, kind: store.KindSession, key: "number", as: "InvalidParameterValue", text: "The value for parameter SessionNumber" + inUseText + " on the network interface"},
	{code: api.CodeAlreadyExists, kind: store.KindInterface, key: "port", as: "InvalidParameterValue", whole: true,
		text: "The value for parameter SubnetId" + inUseText + ": all traffic of the port belongs to another network interface"},
	{code: api.CodeAlreadyExists, as: "InvalidParameterValue"},

	{code: api.CodeInUse, kind: store.KindTarget, key: "interface", as: "InvalidParameterValue", text: "The value for parameter NetworkInterfaceId" + inUseText + " as a traffic mirror source", whole: true},
	{code: api.CodeInUse, kind: store.KindTarget, key: "load_balancer", as: "InvalidParameterValue", text: "A member of the network load balancer" + inUseText + " as a traffic mirror source", whole: true},
	{code: api.CodeInUse, kind: store.KindTarget, as: "TrafficMirrorTargetInUse"},
	{code: api.CodeInUse, kind: store.KindFilter, as: "TrafficMirrorFilterInUse"},
	{code: api.CodeInUse, kind: store.KindSession, key: "source", as: "InvalidParameterValue", text: "The value for parameter NetworkInterfaceId" + inUseText + " as a traffic mirror target", whole: true},
	{code: api.CodeInUse, kind: store.KindInterface, as: "InvalidNetworkInterface.InUse"},
	{code: api.CodeInUse, as: "DependencyViolation"},

	{code: api.CodeNotFound, kind: store.KindSession, key: "source", as: eniResource.notFound},
	{code: api.CodeNotFound, kind: store.KindSession, key: "target", as: targetResource.notFound},
	{code: api.CodeNotFound, kind: store.KindSession, key: "filter", as: filterResource.notFound},
	{code: api.CodeNotFound, kind: store.KindTarget, key: "interface", as: eniResource.notFound},
	{code: api.CodeNotFound, kind: store.KindTarget, key: "load_balancer", as: "InvalidNetworkLoadBalancerArn.NotFound"},
	{code: api.CodeNotFound, kind: store.KindRule, key: "filter", as: filterResource.notFound},
	{code: api.CodeNotFound, as: "InvalidID"},

	{code: api.CodeInvalidValue, kind: store.KindSession, key: "source", as: "NetworkInterfaceNotSupported", text: "The network interface is not supported for Traffic Mirroring"},
	{code: api.CodeInvalidValue, kind: store.KindTarget, key: "interface", as: "NetworkInterfaceNotSupported", text: "The network interface is not supported for Traffic Mirroring"},
	{code: api.CodeInvalidValue, as: "InvalidParameterValue"},
	{code: api.CodeMissingValue, as: "MissingParameter"},
	{code: api.CodeUnknownField, as: "UnknownParameter"},
	{code: api.CodeMalformedRequest, as: "InvalidParameter"},
	{code: api.CodeTooLarge, as: "InvalidParameter"},
	{code: api.CodeNoSuchPath, as: "InvalidAction"},
	{code: api.CodeMethod, as: "InvalidAction"},
	{code: api.CodeRevisionMismatch, as: "InvalidState"},
	{code: api.CodeRevisionGone, as: "InvalidState"},
	{code: api.CodeConfigurationRefused, as: "InvalidState"},
	{code: api.CodeForbidden, status: http.StatusForbidden, as: "UnauthorizedOperation"},
	{code: api.CodeTokenMismatch, as: "IdempotentParameterMismatch", whole: true,
		text: "The client token was used before with different parameters; use another token"},

	{code: api.CodeDataPathRefused, as: "InsufficientCapacity"}, // it does not pass by itself: no 5xx, which clients repeat
	{code: api.CodeStorageFailed, status: http.StatusServiceUnavailable, as: "Unavailable"},
	{code: api.CodeLcoreStalled, status: http.StatusServiceUnavailable, as: "Unavailable"},
	{code: api.CodeUnavailable, status: http.StatusServiceUnavailable, as: "Unavailable"},
	{code: api.CodeInternal, status: http.StatusInternalServerError, as: "InternalError"},
}

// translate finds the translation of a problem; nil: its code is not in the table.
func translate(p *problem.Problem, about *resource) *translation {
	code := p.Code
	if code == "" {
		code = api.CodeInvalidValue
	}
	for i := range translations {
		t := &translations[i]
		if t.code == code && (t.kind == "" || about != nil && t.kind == about.kind) && (t.key == "" || t.key == p.Key) {
			return t
		}
	}
	return nil
}

// fault is what an error of an action is told as.
func (x *request) fault(err error) *aws.Fault {
	var fault *aws.Fault
	var problems *problem.Error
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.Is(err, ctl.ErrStalled):
		return unavailable("The change is made and on disk, but %v", ctl.ErrStalled)
	case errors.As(err, &problems) && len(problems.Problems) > 0:
		return x.problemFault(&problems.Problems[0])
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return unavailable("The request was given up before the change was begun; repeat it with the same client token")
	}
	return internal("%v; this is a defect of the gateway", err)
}

func (x *request) problemFault(p *problem.Problem) *aws.Fault {
	t := translate(p, x.action.about)
	if t == nil {
		return internal("%s; this is a defect of the gateway", p.Error())
	}
	fault := &aws.Fault{Status: t.status, Code: t.as, Message: t.message(p)}
	if fault.Status == 0 {
		fault.Status = http.StatusBadRequest
	}
	if p.Code == api.CodeInUse && strings.HasPrefix(x.action.name, "Delete") {
		fault.Message = x.inUse(fault.Message)
	}
	return fault
}

func (t *translation) message(p *problem.Problem) string {
	switch {
	case t.whole:
		return t.text
	case t.text == "":
		return p.Error()
	}
	why, _, _ := strings.Cut(p.Text, "; ")
	return t.text + " (" + why + ")"
}

// inUse says what uses the resource that was to be deleted, or what it said before if that is no
// more.
func (x *request) inUse(before string) string {
	var users []string
	var s subject
	x.read(func(v *viewer) {
		s = x.subjects(v)[0]
		users = usersOf(v, s.kind, s.id)
	})
	const most = 20
	if len(users) == 0 {
		return before
	}
	slices.Sort(users)
	list := strings.Join(users[:min(most, len(users))], ", ")
	if len(users) > most {
		list += ", …"
	}
	word := s.word[strings.LastIndexByte(s.word, ' ')+1:]
	return "Cannot delete " + s.id + ". " + strings.ToUpper(word[:1]) + word[1:] + " is in use by " + list
}

// usersOf lists the identifiers of what refers to a resource.
func usersOf(v *viewer, kind store.Kind, id string) (users []string) {
	if kind == store.KindInterface {
		for _, t := range v.Targets() {
			if t.Interface == id {
				users = append(users, t.ID)
			}
		}
		return users
	}
	for _, s := range v.Sessions() {
		if (s.Target == id || s.Filter == id) && s.Account == v.account { // those of others are no hindrance
			users = append(users, s.ID)
		}
	}
	return users
}
