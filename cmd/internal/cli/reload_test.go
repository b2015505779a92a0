package cli

import (
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
)

func TestReload(t *testing.T) {
	f := newFake()
	f.reload = api.Reload{Result: api.ReloadOK, Changed: []string{"[log] level: info -> debug"}, Read: []string{"/etc/mirrorgw/keys.toml"},
		RestartNeeded: []string{"[eal] lcores: 1 -> 1, 2"}, Notes: []string{"an lcore\x1b[2J has not reported"}}
	r := run(t, f, "reload")
	same(t, "reload", r.out, `taken over: [log] level: info -> debug
read again: /etc/mirrorgw/keys.toml
needs a restart: [eal] lcores: 1 -> 1, 2
note: an lcore`+"\uFFFD"+`[2J has not reported
`)
	f.reload.DryRun, f.reload.Notes, f.reload.RestartNeeded = true, nil, nil
	r = run(t, f, "reload --dry-run")
	same(t, "dry run", r.out, "would be taken over: [log] level: info -> debug\nwould be read again: /etc/mirrorgw/keys.toml\n")
	if got := strings.Join(f.calls, "; "); got != "reload false; reload true" {
		t.Error(got)
	}
	f.fail = &api.Error{Status: 422, Code: api.CodeConfigurationRefused, Message: "gateway.toml:3: [eal]: lcores is missing"}
	if r := run(t, f, "reload"); r.code != ExitRefused || !strings.Contains(r.errs, "lcores is missing") {
		t.Errorf("%+v", r)
	}
}

func TestLogLevel(t *testing.T) {
	f := newFake()
	if r := run(t, f, "log-level debug"); r.code != ExitOK || f.calls[0] != "log-level debug" {
		t.Errorf("%+v %v", r, f.calls)
	}
	if r := run(t, f, "log-level"); r.code != ExitUsage {
		t.Errorf("%+v", r)
	}
}

// TestStatusOfReloads: one that failed is a warning, what needs a restart a note.
func TestStatusOfReloads(t *testing.T) {
	f := newFake()
	f.state = healthy()
	f.state.Configuration = api.Configuration{File: "/etc/mirrorgw/mirrorgw.toml", LoadedAt: start.Add(-time.Hour), LogLevel: "info", Reloads: 2, FailedReloads: 1,
		RestartNeeded: []string{"[eal] lcores: 1 -> 1, 2"},
		LastReload:    &api.Reload{Time: start.Add(-2 * time.Minute), Result: api.ReloadFailed, Failures: []string{"gateway.toml:3: [eal]: lcores is missing"}}}
	r := run(t, f, "status --check")
	warnings, rest, _ := strings.Cut(r.out, "\n\n")
	same(t, "warnings", warnings, `WARNING: the last reload, 2m ago, failed and changed nothing: gateway.toml:3: [eal]: lcores is missing
NOTE: needs a restart: [eal] lcores: 1 -> 1, 2`)
	if want := "/etc/mirrorgw/mirrorgw.toml, reloaded 1h 0m ago; log level info"; r.code != ExitRefused || !strings.Contains(rest, want) {
		t.Errorf("exit %d, no %q in\n%s", r.code, want, rest)
	}
}
