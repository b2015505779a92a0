package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
)

// TestInvitations: the account that is invited answers, as far as policies allow it, once; who is not
// in a share's own account learns nothing of the others that it is for.
func TestInvitations(t *testing.T) {
	a := newAccessWorld(t)
	body := fmt.Sprintf(`{"name": "gift", "ownerId": %q, "trafficMirrorTargetIds": ["their-ids"], "principals": [{"principalId": %q}, {"principalId": "333333333333"}]}`, accountTwo, accountOne)
	if status, text := a.as(uidTenant, "POST", api.PathShares, body); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	share := must(a.client.Shares().List(background))(t)[0]
	path, other := api.PathInvitations+"/"+share.Principals[0].InvitationID, api.PathInvitations+"/"+share.Principals[1].InvitationID
	const accept, reject = `{"status": "accepted"}`, `{"status": "rejected"}`
	for _, c := range []struct {
		name       string
		uid        int
		path, body string
		status     int
	}{
		{"no policy", uidNobody, path, accept, 403},
		{"a policy for reading", uidReader, path, accept, 403},
		{"the owner", uidTenant, path, accept, 404},
		{"another's invitation", uidCareful, other, accept, 404},
		{"no answer", uidCareful, path, `{"status": "pending"}`, 400},
		{"none at all", uidCareful, api.PathInvitations + "/x", accept, 404},
		{"a user of the account", uidCareful, path, accept, 200},
		{"once more", uidCareful, path, reject, 400},
		{"the gateway's own account", uidOperator, other, reject, 200},
	} {
		status, text := a.as(c.uid, "POST", c.path, c.body)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, status, text, c.status)
		}
		if c.uid == uidCareful && strings.Contains(text, "333333333333") {
			t.Errorf("%s: it tells of others: %s", c.name, text)
		}
	}
	after := must(a.client.Shares().Get(background, share.ResourceShareID))(t)
	if after.Principals[0].Status != "accepted" || after.Principals[1].Status != "rejected" {
		t.Errorf("%+v", after.Principals)
	}
	if page := must(a.client.Changes(background, share.ResourceShareID, 2, ""))(t); page.Items[0].Actor.UserName != "operator" || page.Items[1].Actor.UserName != "careful" {
		t.Errorf("by %+v and %+v", page.Items[0].Actor, page.Items[1].Actor)
	}
	for _, read := range []string{api.PathShares, api.PathShares + "?sort=name", api.PathShares + "/" + share.ResourceShareID, api.PathChanges + "?resource=" + share.ResourceShareID} {
		status, text := a.as(uidReader, "GET", read, "")
		if status != http.StatusOK || !strings.Contains(text, accountOne) || strings.Contains(text, "333333333333") {
			t.Errorf("%s: %d %s", read, status, text)
		}
		if _, text = a.as(uidTenant, "GET", read, ""); !strings.Contains(text, "333333333333") {
			t.Errorf("%s does not tell the owner: %s", read, text)
		}
	}
	var used api.List[api.TrafficMirrorTarget]
	if _, text := a.as(uidReader, "GET", api.PathTargets+"?name=their-ids", ""); json.Unmarshal([]byte(text), &used) != nil || len(used.Items) != 1 {
		t.Errorf("the target is not there for who has accepted: %s", text)
	}
}
