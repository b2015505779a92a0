package server

import (
	"net/http"
	"reflect"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam/simulate"
	"mirrorgw/ctl/server/strictjson"
)

func (s *Server) accessRoutes() []*route {
	return []*route{
		{method: http.MethodPost, path: api.PathSimulate, summary: "Ask whether a user may do an action, and which statement decides", role: Reader,
			request: reflect.TypeFor[api.SimulateRequest](), response: reflect.TypeFor[api.Simulation](), status: http.StatusOK,
			codes: []string{api.CodeMissingValue, api.CodeNotFound, api.CodeTooLarge}, handle: s.simulate},
		{method: http.MethodPost, path: api.PathConsoleLinks, summary: "Get a link that logs the caller in to the console, once", role: Reader,
			response: reflect.TypeFor[api.ConsoleLink](), status: http.StatusCreated, recorded: true, handle: s.consoleLink},
	}
}

func (s *Server) simulate(x *exchange) (*answer, error) {
	var w api.SimulateRequest
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	if w.Action == "" {
		return nil, fault(api.CodeMissingValue, "action", "action is missing; give it one like ec2:CreateTrafficMirrorSession")
	}
	if w.OwnerID == "" {
		w.OwnerID = ctl.DefaultAccount
	}
	result, err := s.Directory.Simulate(simulate.Question(&w, s.Region, time.Now()))
	if err != nil {
		return nil, fault(api.CodeNotFound, "user", "%v", err)
	}
	return &answer{value: simulate.Wire(&result)}, nil
}

// consoleLink makes a link for whoever asks. What it opens can do no more than its owner can here.
func (s *Server) consoleLink(x *exchange) (*answer, error) {
	switch {
	case s.ConsoleLink == nil:
		return nil, fault(api.CodeUnavailable, "", "this gateway has no console; add [console] to its configuration and start it again")
	case x.who.through != nil:
		return nil, fault(api.CodeForbidden, "", "links are for those who come over the control socket; you are logged in already")
	}
	url, until, err := s.ConsoleLink(Caller{Principal: x.who.Principal, Role: x.who.role, UID: x.peer.uid})
	if err != nil {
		return nil, fault(api.CodeUnavailable, "", "%v", err)
	}
	return &answer{value: api.ConsoleLink{URL: url, ExpiresAt: until.UTC().Truncate(time.Second)}}, nil
}
