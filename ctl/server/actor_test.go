package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

func (a *accessWorld) changes(uid int, query string) (all []string) {
	a.t.Helper()
	status, text := a.as(uid, "GET", api.PathChanges+"?"+query, "")
	var page api.Changes
	if err := json.Unmarshal([]byte(text), &page); err != nil || status != http.StatusOK {
		a.t.Fatalf("%d %s: %v", status, text, err)
	}
	for _, e := range page.Items {
		who, _ := json.Marshal(e.Actor)
		all = append(all, fmt.Sprintf("%s %s %s %s", e.Action, e.Kind, e.Name, who))
	}
	return all
}

// TestActors: events tell everybody of the account who made a change, and other accounts only which
// account did.
func TestActors(t *testing.T) {
	a := newAccessWorld(t)
	ids := a.ids["ids"]
	if status, text := a.as(uidMirror, "PATCH", api.PathSessions+"/s1", `{"description": "x"}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	console := client.Over("test", a.server.Transport())
	ctx := server.WithCaller(t.Context(), &server.Caller{Door: "console", Principal: iam.Principal{Account: accountOne, User: "careful"}})
	if _, err := console.Targets().Modify(ctx, ids, map[string]any{"mtu": 1400}); err != nil {
		t.Fatal(err)
	}
	share := fmt.Sprintf(`{"name": "gift", "ownerId": %q, "trafficMirrorTargetIds": [%q], "principals": [{"principalId": %q, "status": "accepted"}]}`, accountOne, ids, accountTwo)
	if status, text, _ := a.curl("POST", api.PathShares, share); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	const (
		careful = `{"type":"IAMUser","accountId":"111111111111","userName":"careful","arn":"arn:aws:iam::111111111111:user/careful","door":"console"}`
		mirror  = `{"type":"IAMUser","accountId":"111111111111","userName":"mirror","arn":"arn:aws:iam::111111111111:user/mirror","door":"socket"}`
		local   = `{"type":"Unix","uid":0,"door":"socket"}`
		hidden  = `{"type":"Unix"}`
	)
	for name, c := range map[string]struct {
		uid   int
		query string
		want  []string
	}{
		"the operator sees all":           {uidOperator, "limit=3", []string{"create share gift " + local, "modify target ids " + careful, "modify session s1 " + mirror}},
		"one resource":                    {uidOperator, "resource=" + ids, []string{"modify target ids " + careful, "create target ids " + local}},
		"the account sees its users":      {uidReader, "limit=3", []string{"create share gift " + hidden, "modify target ids " + careful, "modify session s1 " + mirror}},
		"another account sees an account": {uidTenant, "resource=" + ids, []string{`modify target ids {"type":"Account","accountId":"111111111111"}`, "create target ids " + hidden}},
		"and nothing that is not shared":  {uidTenant, "resource=" + a.ids["s1"], nil},
	} {
		if got := a.changes(c.uid, c.query); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	var watched *api.Actor
	if err := a.client.Watch(background, a.revision()-3, func(e api.Event) error { watched = e.Actor; return errEnough }); err != errEnough || watched == nil || watched.UserName != "mirror" {
		t.Errorf("the stream tells of %+v, %v", watched, err)
	}
}

// TestChangesArePermitted: of one resource whoever may see it; of all whoever may follow them.
func TestChangesArePermitted(t *testing.T) {
	a := newAccessWorld(t)
	for _, c := range []struct {
		uid    int
		query  string
		status int
	}{
		{uidNobody, "", 403}, {uidNobody, "?resource=" + a.ids["ids"], 403}, {uidLooker, "", 403}, {uidLooker, "?resource=" + a.ids["ids"], 200}, {uidLooker, "?resource=ids", 403},
		{uidLooker, "?resource=" + a.ids["s1"], 403}, {uidNobody, "?resource=00000000-0000-4000-8000-000000000000", 403},
		{uidReader, "", 200}, {uidReader, "?before=0", 400}, {uidReader, "?before=x", 400}, {uidReader, "?limit=1001", 400},
	} {
		if status, text := a.as(c.uid, "GET", api.PathChanges+c.query, ""); status != c.status {
			t.Errorf("user %d, %s: %d %s, want %d", c.uid, c.query, status, text, c.status)
		}
	}
	page, err := a.client.Changes(background, "", 1, "")
	seen := 0
	for ; err == nil; page, err = a.client.Changes(background, "", 1, page.Next) {
		if seen += len(page.Items); page.Next == "" {
			break
		}
	}
	if want := 9; err != nil || seen != want {
		t.Errorf("%d changes in pages of one, %v; want %d", seen, err, want)
	}
}
