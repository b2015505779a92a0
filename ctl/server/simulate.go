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
