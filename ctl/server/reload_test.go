package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

// reloader is a configuration that says what it is told to.
type reloader struct {
	next   ctl.Reload
	dryRun []bool
	level  string
}

func (r *reloader) Reload(_ context.Context, dryRun bool) ctl.Reload {
	r.dryRun = append(r.dryRun, dryRun)
	result := r.next
	result.DryRun = dryRun
	return result
}

func (r *reloader) SetLogLevel(level string) error {
	if level == "warn" {
		return errors.New("no")
	}
	r.level = level
	return nil
}

func (r *reloader) Configuration() ctl.Configuration {
	return ctl.Configuration{File: "gateway.toml", LoadedAt: time.Unix(100, 5), LogLevel: "info", Last: &r.next, Reloads: 3, Failed: 1, RestartNeeded: []string{"x"}}
}

func newReloadWorld(t *testing.T, r *reloader) *world {
	return newWorldWith(t, server.Limits{}, server.SocketOptions{}, func(o *server.Options) { o.Reloader = r })
}

func TestReload(t *testing.T) {
	r := &reloader{next: ctl.Reload{Time: time.Unix(100, 5), Changed: []string{"[log] level: info -> warn"}, RestartNeeded: []string{"[eal] lcores: 1 -> 2"}}}
	w := newReloadWorld(t, r)
	want := &api.Reload{Time: time.Unix(100, 0).UTC(), Result: api.ReloadOK, Changed: r.next.Changed, RestartNeeded: r.next.RestartNeeded}
	if got := must(w.client.Reload(background, false))(t); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	want.DryRun = true
	if got := must(w.client.Reload(background, true))(t); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(r.dryRun, []bool{false, true}) {
		t.Errorf("%+v, asked %v", got, r.dryRun)
	}
	r.next = ctl.Reload{Time: time.Unix(100, 5), Failures: []string{"first", "second"}}
	status, text, _ := w.curl("POST", api.PathReload, "")
	var body api.ErrorBody
	if err := json.Unmarshal([]byte(text), &body); err != nil || status != 422 || body.Error.Message != "first" || len(body.Error.Details) != 1 || body.Error.Code != api.CodeConfigurationRefused {
		t.Errorf("%d %s", status, text)
	}
	state := must(w.client.State(background))(t)
	told := api.Configuration{File: "gateway.toml", LoadedAt: time.Unix(100, 0).UTC(), LogLevel: "info", Reloads: 3, FailedReloads: 1, RestartNeeded: []string{"x"},
		LastReload: &api.Reload{Time: time.Unix(100, 0).UTC(), Result: api.ReloadFailed, Failures: r.next.Failures}}
	if !reflect.DeepEqual(state.Configuration, told) {
		t.Errorf("the state has %+v", state.Configuration)
	}
}

func TestLogLevel(t *testing.T) {
	r := &reloader{}
	w := newReloadWorld(t, r)
	if got := must(w.client.SetLogLevel(background, "debug"))(t); got.Level != "debug" || r.level != "debug" {
		t.Errorf("%+v, %q", got, r.level)
	}
	w.refused("PUT", api.PathLogLevel, `{"level":"loud"}`, api.CodeInvalidValue, "level")
	w.refused("PUT", api.PathLogLevel, `{"level":"warn"}`, api.CodeInvalidValue, "level")
	w.refused("PUT", api.PathLogLevel, `{}`, api.CodeMissingValue, "level")
	if r.level != "debug" {
		t.Errorf("level %q", r.level)
	}
}

// TestNothingToReload: a server without configuration says so.
func TestNothingToReload(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.refused("POST", api.PathReload, "", api.CodeUnavailable, "")
	w.refused("PUT", api.PathLogLevel, `{"level":"info"}`, api.CodeUnavailable, "")
}
