package server_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

// over asks in this process.
func (w *world) over() *client.Client { return client.Over("mirrorgw", w.server.Transport()) }

func consoleUser(account, user string) *server.Caller {
	return &server.Caller{Door: "console", Principal: iam.Principal{Account: account, User: user}, SourceIP: netip.MustParseAddr("192.0.2.7"), TLS: true, UserAgent: "a browser", AccessKey: "AKIA1"}
}

func isCode(err error, code string) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Code == code
}

// TestInProcessCallers: the API judges who comes by another door, and tells the audit log about them.
func TestInProcessCallers(t *testing.T) {
	a := newAccessWorld(t)
	c := a.over()
	if _, err := c.Targets().List(background); !isCode(err, api.CodeForbidden) {
		t.Errorf("nobody lists: %v", err)
	}
	reader := server.WithCaller(background, &server.Caller{Door: "console", Role: server.Reader})
	if targets := must(c.Targets().List(reader))(t); len(targets) != 3 {
		t.Errorf("a reader sees %d targets", len(targets))
	}
	if _, err := c.Targets().Delete(reader, a.ids["other"]); !isCode(err, api.CodeForbidden) {
		t.Errorf("a reader deletes: %v", err)
	}
	mirror := server.WithCaller(background, consoleUser(accountOne, "mirror"))
	if targets := must(c.Targets().List(mirror))(t); len(targets) != 2 {
		t.Errorf("a user of account 1 sees %d targets", len(targets))
	}
	must(c.Targets().Delete(mirror, a.ids["other"]))(t)
	records := a.audited(t)
	r := records[len(records)-1]
	if r.Door != "console" || r.SourceIP != "192.0.2.7" || r.UserAgent != "a browser" || r.Identity.User != "mirror" || r.Identity.AccessKey != "AKIA1" || r.Identity.UID != nil || r.Policy == "" {
		t.Errorf("the audit log has %+v", r)
	}
}

// TestInProcessStream: the change stream streams, and ends when its reader goes.
func TestInProcessStream(t *testing.T) {
	w := newWorld(t, server.Limits{Heartbeat: 5 * time.Millisecond, Watchers: 1})
	w.build()
	admin := server.WithCaller(background, &server.Caller{Door: "console", Role: server.Admin})
	for range 3 { // there is one place: it is given back
		var seen []string
		err := w.over().Watch(admin, 0, collect(&seen, 5))
		for isCode(err, api.CodeUnavailable) {
			err = w.over().Watch(admin, 0, collect(&seen, 5))
		}
		if err != errEnough || !slices.Equal(seen, built) {
			t.Fatalf("%v: %q", err, seen)
		}
	}
}

// TestRestrictedCallers: whoever is of another account than the gateway's own is told of what that
// account sees, and of no other.
func TestRestrictedCallers(t *testing.T) {
	a := newAccessWorld(t)
	c := a.over()
	mirror := server.WithCaller(background, consoleUser(accountOne, "careful"))
	if _, err := c.Export(mirror, ""); !isCode(err, api.CodeForbidden) {
		t.Errorf("export: %v", err)
	}
	if _, err := c.Explain(mirror, api.ExplainRequest{Source: "web-1", Direction: "ingress"}); !isCode(err, api.CodeForbidden) {
		t.Errorf("explain: %v", err)
	}
	var owners []string
	last := a.revision()
	admin := server.WithCaller(background, &server.Caller{Role: server.Admin})
	must(c.Targets().Modify(admin, a.ids["their-ids"], map[string]any{"description": "x"}))(t)
	must(c.Targets().Modify(admin, a.ids["ids"], map[string]any{"description": "y"}))(t)
	err := c.Watch(mirror, last-1, func(e api.Event) error {
		owners = append(owners, e.OwnerID)
		if e.Revision == last+2 {
			return errEnough
		}
		return nil
	})
	if err != errEnough || len(owners) == 0 || slices.Contains(owners, accountTwo) {
		t.Errorf("%v: events of %q", err, owners)
	}
	stats := must(c.Stats(mirror, client.StatsQuery{}))(t)
	text := string(must(json.Marshal(stats))(t))
	if len(stats.Ports) != 0 || len(stats.Sessions) != 1 || len(stats.Sources) != 1 {
		t.Errorf("counters of %s", text)
	}
}

// TestMay: what is offered is what the API then does.
func TestMay(t *testing.T) {
	a := newAccessWorld(t)
	ids, theirs := api.PathTargets+"/"+a.ids["ids"], api.PathTargets+"/"+a.ids["their-ids"]
	tags := api.PathTags + "/" + a.ids["ids"]
	admin, reader := &server.Caller{Role: server.Admin}, &server.Caller{Role: server.Reader}
	mirror, nobody, guide := consoleUser(accountOne, "mirror"), consoleUser(accountOne, "nobody"), consoleUser(accountOne, "guide")
	for _, c := range []struct {
		who          *server.Caller
		method, path string
		want         bool
	}{
		{nil, "GET", api.PathTargets, false},
		{&server.Caller{}, "GET", api.PathTargets, false},
		{admin, "DELETE", ids, true}, {admin, "POST", api.PathTargets, true}, {admin, "PUT", tags, true},
		{reader, "GET", api.PathTargets, true}, {reader, "DELETE", ids, false}, {reader, "POST", api.PathExplain, true},
		{mirror, "GET", api.PathTargets, true}, {mirror, "PATCH", ids, true}, {mirror, "DELETE", ids, true}, {mirror, "PUT", tags, true},
		{mirror, "DELETE", theirs, false}, {mirror, "GET", api.PathExport, false}, {mirror, "POST", api.PathSessions, true},
		{mirror, "POST", api.PathLoadBalancers, false}, {mirror, "DELETE", api.PathTargets + "/tmt-00000000000000000", false},
		{mirror, "DELETE", api.PathRules + "/" + a.ids["rule"], true},
		{nobody, "GET", api.PathTargets, false}, {nobody, "DELETE", ids, false},
		{guide, "POST", api.PathSessions, true}, {guide, "DELETE", ids, false}, {guide, "GET", api.PathTargets, false},
		{admin, "GET", "/v1/nothing", false},
	} {
		if got := a.server.May(c.who, c.method, c.path); got != c.want {
			t.Errorf("%+v may %s %s: %v", c.who, c.method, c.path, got)
		}
	}
}

func TestConsoleLinks(t *testing.T) {
	a := newAccessWorld(t)
	if status, text, _ := a.curl("POST", api.PathConsoleLinks, ""); status != 201 || text != `{"url":"http://x/admin","expiresAt":"2026-03-04T12:00:00Z"}`+"\n" {
		t.Errorf("root: %d %s", status, text)
	}
	if status, text := a.as(uidMirror, "POST", api.PathConsoleLinks, ""); status != 201 || !json.Valid([]byte(text)) {
		t.Errorf("a user: %d %s", status, text)
	}
	if status, text := a.as(uidGuide, "POST", api.PathConsoleLinks, ""); status != 403 {
		t.Errorf("a user without the permission: %d %s", status, text)
	}
	admin := server.WithCaller(background, &server.Caller{Role: server.Admin})
	if _, err := a.over().ConsoleLink(admin); !isCode(err, api.CodeForbidden) {
		t.Errorf("from the console itself: %v", err)
	}
}
