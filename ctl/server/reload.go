package server

import (
	"net/http"
	"reflect"
	"slices"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
)

func (s *Server) reloadRoutes() []*route {
	return []*route{
		{method: http.MethodPost, path: api.PathReload, summary: "Read the configuration again and take over what may change while the gateway runs", role: Admin,
			response: reflect.TypeFor[api.Reload](), status: http.StatusOK,
			query: []parameter{{name: "dryRun", about: "only say what would change: true or false; absent: false"}},
			codes: []string{api.CodeConfigurationRefused}, handle: s.reload},
		{method: http.MethodPut, path: api.PathLogLevel, summary: "Change the level of the daemon's log until the next reload or start", role: Admin,
			request: reflect.TypeFor[api.LogLevel](), response: reflect.TypeFor[api.LogLevel](), status: http.StatusOK,
			codes: []string{api.CodeMissingValue, api.CodeTooLarge}, handle: s.setLogLevel},
	}
}

// reload answers when everything is in force. One that fails is an error, so that whoever asked ends with one.
func (s *Server) reload(x *exchange) (*answer, error) {
	dryRun, err := readFlag(x, "dryRun")
	if err != nil {
		return nil, err
	}
	if s.Reloader == nil {
		return nil, fault(api.CodeUnavailable, "", "this server has no configuration to read again")
	}
	x.trail.dryRun = dryRun
	result := s.Reloader.Reload(x.r.Context(), dryRun)
	if len(result.Failures) == 0 {
		return &answer{value: reloadWire(&result)}, nil
	}
	var all faults
	for _, failure := range result.Failures {
		all.add(api.CodeConfigurationRefused, "", "%s", failure)
	}
	return nil, all.err()
}

// logLevels are what [log] level may be.
var logLevels = []string{"debug", "info", "warn", "error"}

func (s *Server) setLogLevel(x *exchange) (*answer, error) {
	var w api.LogLevel
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	switch {
	case w.Level == "":
		return nil, fault(api.CodeMissingValue, "level", "level is missing; give it debug, info, warn or error")
	case !slices.Contains(logLevels, w.Level):
		return nil, fault(api.CodeInvalidValue, "level", "level %q is not known; use debug, info, warn or error", w.Level)
	case s.Reloader == nil:
		return nil, fault(api.CodeUnavailable, "", "this server has no log whose level could be changed")
	}
	if err := s.Reloader.SetLogLevel(w.Level); err != nil {
		return nil, fault(api.CodeInvalidValue, "level", "level %q: %v", w.Level, err)
	}
	return &answer{value: w}, nil
}

// configuration is what the state tells of it.
func (s *Server) configuration() api.Configuration {
	if s.Reloader == nil {
		return api.Configuration{}
	}
	c := s.Reloader.Configuration()
	w := api.Configuration{File: c.File, LoadedAt: seconds(c.LoadedAt), LogLevel: c.LogLevel, Reloads: c.Reloads, FailedReloads: c.Failed, RestartNeeded: c.RestartNeeded}
	if c.Last != nil {
		last := reloadWire(c.Last)
		w.LastReload = &last
	}
	return w
}

func reloadWire(r *ctl.Reload) api.Reload {
	w := api.Reload{Time: seconds(r.Time), DryRun: r.DryRun, Result: api.ReloadOK, Failures: r.Failures, Changed: r.Changed, Read: r.Read,
		RestartNeeded: r.RestartNeeded, Notes: r.Notes}
	if len(r.Failures) > 0 {
		w.Result = api.ReloadFailed
	}
	return w
}

func bypassWire(b *ctl.Bypass) *api.Bypass {
	if b == nil {
		return nil
	}
	return &api.Bypass{Wanted: b.Wanted, Now: b.Now, Reason: b.Reason, Since: timeWire(b.Since), Failure: b.Failure, Runs: b.Runs, Failures: b.Failures}
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
