package server

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

func (s *Server) gatewayRoutes() []*route {
	health := reflect.TypeFor[api.Health]()
	return []*route{
		{method: http.MethodPost, path: api.PathExplain, summary: "Ask the production data path what it does with a packet", role: Reader,
			request: reflect.TypeFor[api.ExplainRequest](), response: reflect.TypeFor[api.Explanation](), status: http.StatusOK,
			query: []parameter{{name: "ownerId", about: "account that the name of the source belongs to; absent: the default account"}},
			codes: []string{api.CodeMissingValue, api.CodeNotFound, api.CodeTooLarge}, ofGateway: true, handle: s.explain},
		{method: http.MethodGet, path: api.PathState, summary: "Get what the gateway is and does at this moment", role: Reader,
			response: reflect.TypeFor[api.State](), status: http.StatusOK, query: []parameter{
				{name: "gapSeconds", about: fmt.Sprintf("the last whole seconds that longestGapMicroseconds and loop are of, 1 to %d; absent: %[1]d", ctl.GapSeconds), number: true}},
			handle: s.state},
		{method: http.MethodGet, path: api.PathAccounts, summary: "List the accounts that resources may belong to, as far as they are known", role: Reader,
			response: reflect.TypeFor[api.Accounts](), status: http.StatusOK, ofGateway: true, handle: s.accounts},
		{method: http.MethodGet, path: api.PathStats, summary: "Get counters since the daemon started", role: Reader,
			response: reflect.TypeFor[report.Report](), status: http.StatusOK, query: []parameter{
				{name: "kind", about: "only these: ports, sessions, sources, rules, laws; several with commas", many: true},
				{name: "session", about: "only this session, by name or identifier, its source and its filter's rules"},
				{name: "source", about: "only this source, by name or identifier, and its sessions"},
				{name: "ownerId", about: "account that the names belong to; absent: the default account"}},
			codes: []string{api.CodeNotFound}, handle: s.stats},
		{method: http.MethodGet, path: api.PathWatch, summary: "Stream the changes of resources, and of the state of targets, one event a line", role: Reader,
			response: reflect.TypeFor[api.Event](), status: http.StatusOK, query: []parameter{
				{name: "from", about: "revision after which to begin; absent: now", number: true}},
			codes: []string{api.CodeRevisionGone}, handle: s.watch},
		{method: http.MethodGet, path: api.PathChanges, summary: "List the last changes of resources, the newest first", role: Reader,
			response: reflect.TypeFor[api.Changes](), status: http.StatusOK, query: []parameter{
				{name: "resource", about: "only those of the resource with this identifier, or of the rules of this filter"},
				{name: "limit", about: "most changes of one page, 1 to 1000; absent: 100", number: true},
				{name: "before", about: "only changes that are older than this position, from next of the page before"}},
			handle: s.changes},
		{method: http.MethodGet, path: api.PathHealth, summary: "Whether the daemon works as it should; 503 if not", role: Reader,
			response: health, status: http.StatusOK, handle: s.health},
		{method: http.MethodGet, path: api.PathReady, summary: "Whether the gateway forwards and takes changes; 503 if not", role: Reader,
			response: health, status: http.StatusOK, handle: s.ready},
		{method: http.MethodGet, path: api.PathVersion, summary: "Get the versions of the daemon", role: Reader,
			response: reflect.TypeFor[api.Version](), status: http.StatusOK, handle: s.version},
		{method: http.MethodGet, path: api.PathOpenAPI, summary: "Get this document", role: Reader,
			response: reflect.TypeFor[map[string]any](), status: http.StatusOK, handle: s.openAPI},
	}
}

// APIVersion is the version of the API in its paths.
const APIVersion = "v1"

func (s *Server) version(*exchange) (*answer, error) {
	return &answer{value: api.Version{Version: s.Version, API: APIVersion, DPDK: s.DPDK}}, nil
}

func (s *Server) state(x *exchange) (*answer, error) {
	seconds, err := readNumber(x, "gapSeconds", ctl.GapSeconds, ctl.GapSeconds)
	if err != nil {
		return nil, err
	}
	status := s.Status()
	laws := s.Report(report.Law).Laws
	state := api.State{Version: s.Version, StartedAt: s.started.UTC().Truncate(time.Second), Generation: status.Generation,
		Pending: status.Pending, Forwarding: status.Forwarding, Lcores: []api.Lcore{}, Ports: []api.Port{}, Laws: api.Laws(laws)}
	state.Underlay, state.Configuration = underlayWire(&status.Underlay), s.configuration()
	state.Bypass = bypassWire(status.Bypass)
	live := newLive(status)
	s.Store.Read(func(v *store.View) {
		state.Revision, state.Resources, state.Troubles = v.Revision(), api.Resources(v.Counts()), live.troubles(v)
	})
	for _, l := range status.Lcores {
		state.Lcores = append(state.Lcores, lcoreWire(&l, seconds))
	}
	for i := range status.Ports {
		if s.Config != nil && i < len(s.Config.Ports) {
			state.Ports = append(state.Ports, s.portWire(i, &status.Ports[i]))
		}
	}
	return &answer{value: state, revision: state.Revision}, nil
}

func (s *Server) portWire(index int, p *ctl.PortStatus) api.Port {
	c := &s.Config.Ports[index]
	w := api.Port{Name: c.Name, Device: c.Device.Text, Driver: p.Driver, Role: c.Role.String(), Peer: c.Peer, MTU: p.MTU, Queues: c.Queues,
		MAC:  fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", p.MAC[0], p.MAC[1], p.MAC[2], p.MAC[3], p.MAC[4], p.MAC[5]),
		Link: linkWire(p), Notes: p.Notes, Advice: p.Advice}
	for _, address := range c.Addresses {
		w.Addresses = append(w.Addresses, address.String())
	}
	return w
}

// How long health looks at heartbeats before it calls an lcore dead, and how often. An lcore beats
// every 256 loops, which is well below a millisecond even when all bursts are full.
const (
	heartbeatTime = 500 * time.Millisecond
	heartbeatLook = 5 * time.Millisecond
)

func (s *Server) health(x *exchange) (*answer, error) {
	var faults []string
	faults = append(faults, s.deadLcores(x)...)
	if laws := s.Report(report.Law).Laws; laws.Production != 0 || laws.Mirror != 0 {
		faults = append(faults, fmt.Sprintf("packets are unaccounted for: production %d, mirror %d; see the statistics", laws.Production, laws.Mirror))
	}
	if s.Fault != nil {
		faults = append(faults, "the state is not in use, so nothing is mirrored and changes are refused: "+s.Fault.Error())
	}
	if reason := s.diskFault.Load(); reason != nil {
		faults = append(faults, *reason)
	}
	return healthAnswer(faults), nil
}

func healthAnswer(faults []string) *answer {
	health := api.Health{Status: "ok", Faults: faults}
	status := http.StatusOK
	if len(faults) > 0 {
		health.Status, status = "failing", http.StatusServiceUnavailable
	}
	return &answer{status: status, value: health, header: map[string]string{api.HeaderHealth: health.Status}}
}

// deadLcores names the lcores whose heartbeat stands still.
func (s *Server) deadLcores(x *exchange) []string {
	first := s.Status()
	if !first.Forwarding {
		return nil // none is launched; ready says so
	}
	deadline := time.NewTimer(heartbeatTime)
	defer deadline.Stop()
	look := time.NewTicker(heartbeatLook)
	defer look.Stop()
	for {
		still := standing(first.Lcores, s.Status().Lcores)
		if len(still) == 0 {
			return nil
		}
		select {
		case <-look.C:
		case <-deadline.C:
			return still
		case <-x.r.Context().Done():
			return still
		}
	}
}

func standing(before, now []ctl.LcoreStatus) []string {
	var faults []string
	for i := range before {
		if i >= len(now) || now[i].Heartbeat == before[i].Heartbeat {
			faults = append(faults, fmt.Sprintf("lcore %d on CPU %d has not polled for %v; see what else runs on that CPU", before[i].Lcore, before[i].CPU, heartbeatTime))
		}
	}
	return faults
}

func (s *Server) ready(*exchange) (*answer, error) {
	status := s.Status()
	var faults []string
	if status.Generation == 0 {
		faults = append(faults, "no configuration is in force yet; wait until the gateway has started")
	}
	if !status.Forwarding {
		faults = append(faults, "the ports do not forward yet; wait until the gateway has started")
	}
	select {
	case <-s.closing:
		faults = append(faults, "the gateway is shutting down")
	default:
	}
	return healthAnswer(faults), nil
}

// noteDisk remembers whether the last change could be written.
func (s *Server) noteDisk(err error, result store.Result) {
	var problems *problem.Error
	switch {
	case errors.As(err, &problems) && len(problems.Problems) > 0 && problems.Problems[0].Code == api.CodeStorageFailed:
		reason := "the last change could not be written: " + problems.Problems[0].Error()
		s.diskFault.Store(&reason)
	case err == nil && len(result.Events) > 0 && !result.Replayed:
		s.diskFault.Store(nil)
	}
}
