package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// accessWorld is a world with a directory and an audit log.
type accessWorld struct {
	*world
	auditPath string
	audit     *audit.Log
	ids       map[string]string // by name
}

// newAccessWorld builds, in account 1: interface web-1, targets ids (which the guide's policy
// allows) and other, filter web with a rule, session s1; in account 2 interface theirs, target
// their-ids and filter their-web.
func newAccessWorld(t *testing.T) *accessWorld {
	a := &accessWorld{auditPath: filepath.Join(t.TempDir(), "audit.log"), ids: map[string]string{}}
	var err error
	if a.audit, err = audit.Open(audit.Options{Path: a.auditPath, MaxBytes: 1 << 20, Patience: time.Minute}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.audit.Close() })
	target := "tmt-0123456789abcdef0"
	a.world = newWorldWith(t, server.Limits{}, server.SocketOptions{}, func(o *server.Options) {
		o.Directory, o.Audit = directory(t, target), a.audit
	})
	document := fmt.Sprintf(`{"interfaces": [{"name": "web-1", "ownerId": %[1]q, "port": "wire0", "macAddress": "02:00:00:00:00:01"}, {"name": "theirs", "ownerId": %[2]q, "port": "wire0", "macAddress": "02:00:00:00:00:02"}],
	 "targets": [{"name": "ids", "ownerId": %[1]q, "trafficMirrorTargetId": %[3]q, "ipAddress": "192.0.2.10"}, {"name": "other", "ownerId": %[1]q, "ipAddress": "192.0.2.11"}, {"name": "their-ids", "ownerId": %[2]q, "ipAddress": "192.0.2.12"}],
	 "filters": [{"name": "web", "ownerId": %[1]q, "ingressFilterRules": [{"trafficDirection": "ingress", "ruleNumber": 1, "ruleAction": "accept", "sourceCidrBlock": "0.0.0.0/0", "destinationCidrBlock": "0.0.0.0/0"}]}, {"name": "their-web", "ownerId": %[2]q}],
	 "sessions": [{"name": "s1", "ownerId": %[1]q, "networkInterfaceId": "web-1", "trafficMirrorTargetId": "ids", "trafficMirrorFilterId": "web", "sessionNumber": 1}]}`, accountOne, accountTwo, target)
	if status, text, _ := a.curl("POST", api.PathApply, document, "Content-Type", api.ContentType); status != http.StatusOK {
		t.Fatalf("apply: %d %s", status, text)
	}
	a.store.Read(func(v *store.View) {
		for _, r := range v.Interfaces() {
			a.ids[r.Name] = r.ID
		}
		for _, r := range v.Targets() {
			a.ids[r.Name] = r.ID
		}
		for _, r := range v.Filters() {
			a.ids[r.Name] = r.ID
			for _, rule := range r.Rules {
				a.ids["rule"] = rule.ID
			}
		}
		for _, r := range v.Sessions() {
			a.ids[r.Name] = r.ID
		}
	})
	return a
}

// as sends a request of a user of the machine.
func (a *accessWorld) as(uid int, method, path, body string, headers ...string) (int, string) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	a.server.Handler().ServeHTTP(answer, server.AsPeer(request, uid, gidNetwork+1))
	return answer.Code, answer.Body.String()
}

// TestNoRouteWithoutPermission asks everything that the API can do as a user without policies.
func TestNoRouteWithoutPermission(t *testing.T) {
	a := newAccessWorld(t)
	refs := map[string]string{api.PathInterfaces: "web-1", api.PathTargets: "other", api.PathFilters: "web", api.PathRules: a.ids["rule"],
		api.PathSessions: "s1", api.PathTags: a.ids["web-1"]}
	count := 0
	for _, operation := range a.server.Operations() {
		method, path := operation[0], operation[1]
		body := requests[strings.ToLower(method)+" "+path].body
		base, _, hasRef := strings.Cut(path, "/{")
		if hasRef {
			if refs[base] == "" {
				continue // there is none of that kind
			}
			path = base + "/" + refs[base]
		}
		if method == http.MethodPost && strings.HasPrefix(path, api.PathTargets) {
			body = `{"name": "new", "ipAddress": "192.0.2.99"}`
		}
		before := a.revision()
		status, text := a.as(uidNobody, method, path, body)
		if status != http.StatusForbidden || !strings.Contains(text, "arn:aws:iam::111111111111:user/nobody") {
			t.Errorf("%s %s: %d %s", method, path, status, text)
		}
		if a.revision() != before {
			t.Errorf("%s %s changed something", method, path)
		}
		count++
	}
	if count < 30 {
		t.Errorf("only %d operations were tried", count)
	}
}

func (a *accessWorld) revision() (revision uint64) {
	a.store.Read(func(v *store.View) { revision = v.Revision() })
	return revision
}

func session(name, source, target, filter string, more string) string {
	return fmt.Sprintf(`{"name": %q, "networkInterfaceId": %q, "trafficMirrorTargetId": %q, "trafficMirrorFilterId": %q, "sessionNumber": %d%s}`, name, source, target, filter, 2+len(name), more)
}

// TestPoliciesDecide is a story in order: each request is one line.
func TestPoliciesDecide(t *testing.T) {
	a := newAccessWorld(t)
	id := func(name string) string { return a.ids[name] }
	for i, c := range []struct {
		uid          int
		method, path string
		body         string
		status       int
		want         string
	}{
		{uidGuide, "POST", api.PathSessions, session("a", "web-1", "ids", "web", ""), 201, `"ownerId":"111111111111"`},
		{uidGuide, "POST", api.PathSessions, session("bb", "web-1", "other", "web", ""), 403, `statement 1 of policy \"guide\"`},
		{uidGuide, "DELETE", api.PathSessions + "/a", "", 403, "ec2:DeleteTrafficMirrorSession"},
		{uidGuide, "GET", api.PathSessions, "", 403, "ec2:DescribeTrafficMirrorSessions"},
		{uidReader, "GET", api.PathSessions, "", 200, `"s1"`},
		{uidReader, "GET", api.PathState, "", 200, "revision"},
		{uidReader, "PATCH", api.PathSessions + "/a", `{"packetLength": 99}`, 403, "ec2:ModifyTrafficMirrorSession"},
		{uidReader, "PATCH", api.PathSessions + "/a", `{}`, 403, "ec2:ModifyTrafficMirrorSession"},
		{uidTagger, "PATCH", api.PathSessions + "/a", `{}`, 403, "ec2:DescribeTrafficMirrorSessions"},
		{uidMirror, "PATCH", api.PathSessions + "/a", `{"packetLength": 99}`, 200, "99"},
		{uidMirror, "DELETE", api.PathSessions + "/a", "", 200, "99"},

		{uidMirror, "POST", api.PathSessions, session("t", "web-1", "ids", "web", `, "tags": {"team": "red"}`), 201, `"red"`},
		{uidTagger, "POST", api.PathSessions, session("ttt", "web-1", "ids", "web", `, "tags": {"team": "red"}`), 201, `"red"`},
		{uidTagger, "POST", api.PathSessions, session("tttt", "web-1", "ids", "web", `, "tags": {"cost": "7"}`), 403, "ec2:CreateTags"},
		{uidTagger, "PATCH", api.PathTags + "/" + id("s1"), `{"tags": {"team": "red"}}`, 403, "ec2:CreateTags"},
		{uidMirror, "PATCH", api.PathTags + "/" + id("other"), `{"tags": {"keep": "yes"}}`, 200, "keep"},
		{uidMirror, "PATCH", api.PathTags + "/" + id("web-1"), `{"tags": {"keep": "yes"}}`, 403, "ec2:CreateTags"},

		{uidCareful, "DELETE", api.PathTargets + "/other", "", 403, `statement \"Keep\"`},
		{uidCareful, "PATCH", api.PathTargets + "/other", `{"mtu": 1400}`, 403, `statement \"Keep\"`},
		{uidCareful, "PATCH", api.PathTargets + "/other", `{"mtu": 1400, "tags": null}`, 403, `statement \"Keep\"`},
		{uidCareful, "PATCH", api.PathTargets + "/ids", `{"mtu": 1400}`, 200, "1400"},
		{uidCareful, "POST", api.PathTargets, fmt.Sprintf(`{"name": "n", "ownerId": %q, "ipAddress": "192.0.2.77"}`, accountTwo), 403, "belongs to account 222222222222"},

		{uidTenant, "GET", api.PathSessions, "", 200, `"items":[]`},
		{uidTenant, "GET", api.PathInterfaces, "", 200, `"theirs"`},
		{uidTenant, "GET", api.PathSessions + "/" + id("s1"), "", 404, "not-found"},
		{uidTenant, "GET", api.PathSessions + "/s1?ownerId=" + accountOne, "", 404, "not-found"},
		{uidTenant, "DELETE", api.PathSessions + "/" + id("s1"), "", 404, "not-found"},
		{uidTenant, "PATCH", api.PathFilters + "/" + id("web"), `{"description": "x"}`, 404, "not-found"},
		{uidTenant, "GET", api.PathTags + "/" + id("s1"), "", 404, "not-found"},
		{uidTenant, "DELETE", api.PathRules + "/" + id("rule"), "", 404, "not-found"},
		{uidTenant, "POST", api.PathRules, fmt.Sprintf(`{"trafficMirrorFilterId": %q, "trafficDirection": "egress", "ruleNumber": 9, "ruleAction": "accept"}`, id("web")), 403, "belongs to account 111111111111"},
		{uidTenant, "POST", api.PathRules, `{"trafficMirrorFilterId": "their-web", "trafficDirection": "egress", "ruleNumber": 9, "ruleAction": "accept", "sourceCidrBlock": "0.0.0.0/0", "destinationCidrBlock": "0.0.0.0/0"}`, 201, "ruleNumber"},
		{uidTenant, "POST", api.PathSessions, session("x", "theirs", "their-ids", "their-web", ""), 201, accountTwo},
		{uidTenant, "POST", api.PathSessions, session("xy", id("web-1"), "their-ids", "their-web", ""), 404, "names no interface"},
		{uidTenant, "DELETE", api.PathInterfaces + "/theirs", "", 200, "theirs"}, // its session goes with it
		{uidTenant, "GET", api.PathSessions, "", 200, `"items":[]`},
		{uidTenant, "GET", api.PathExport, "", 403, "not the gateway's own"},

		{uidCareful, "POST", api.PathApply + "?keepOthers=true", `{"targets": [{"name": "other", "ownerId": "111111111111", "ipAddress": "192.0.2.11", "mtu": 1300}]}`, 403, `statement \"Keep\"`},
		{uidCareful, "POST", api.PathApply + "?keepOthers=true", `{"targets": [{"name": "fresh", "ownerId": "111111111111", "ipAddress": "192.0.2.66"}]}`, 200, "fresh"},
		{uidCareful, "POST", api.PathApply + "?dryRun=true", `{}`, 403, ""},
		{uidOperator, "GET", api.PathInterfaces + "/web-1?ownerId=" + accountOne, "", 200, "web-1"},
		{uidOperator, "DELETE", api.PathSessions + "/" + id("s1"), "", 200, "s1"},
		{uidOperator, "POST", api.PathApply, `{}`, 200, "delete"},
	} {
		headers := []string{"Content-Type", api.ContentType}
		status, text := a.as(c.uid, c.method, c.path, c.body, headers...)
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%d: uid %d %s %s %s: %d %s; want %d %s", i, c.uid, c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
}

// TestReplayIsJudgedToo: whoever knows a client token may not read by it what another user made.
func TestReplayIsJudgedToo(t *testing.T) {
	a := newAccessWorld(t)
	body := session("a", "web-1", "ids", "web", "")
	for _, c := range []struct{ uid, status int }{{uidMirror, 201}, {uidReader, 403}, {uidGuide, 201}, {uidMirror, 201}} {
		if status, text := a.as(c.uid, "POST", api.PathSessions, body, api.HeaderClientToken, "t"); status != c.status {
			t.Errorf("uid %d: %d %s", c.uid, status, text)
		}
	}
}

// TestMappedPeers connects as other users: whom the directory has, by user or by group, is judged
// by policies, whatever groups of the socket the user is in.
func TestMappedPeers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become other users")
	}
	w := newWorldWith(t, server.Limits{}, server.SocketOptions{Mode: 0o666, AdminGroup: fmt.Sprint(adminGroup)}, func(o *server.Options) {
		o.Directory = must(iam.ParseDirectory("iam.toml", []byte(fmt.Sprintf("[[account]]\nid = \"000000000000\"\n[[account.user]]\nname = \"reader\"\npolicies = [\"ReadOnlyAccess\"]\nunix_users = [\"%d\"]\nunix_groups = [\"%d\"]\n", uidReader, gidNetwork))))(t)
	})
	w.build()
	readOnly := outcome{"done", "done", api.CodeForbidden}
	binary := copyOfTestBinary(t)
	for _, c := range []struct {
		name string
		as   syscall.Credential
		want outcome
	}{
		{"by user, though an admin", syscall.Credential{Uid: uidReader, Gid: adminGroup}, readOnly},
		{"by group, though an admin", syscall.Credential{Uid: 4200, Gid: 4200, Groups: []uint32{adminGroup, gidNetwork}}, readOnly},
		{"not in the directory", syscall.Credential{Uid: 4201, Gid: adminGroup}, outcome{"done", "done", "done"}},
		{"root in the group", syscall.Credential{Groups: []uint32{gidNetwork}}, outcome{"done", "done", "done"}},
	} {
		if got := runAs(t, binary, w.socket, c.as); got != c.want {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

func TestSimulateOverTheSocket(t *testing.T) {
	a := newAccessWorld(t)
	ask := func(body string) (s api.Simulation) {
		t.Helper()
		status, text, _ := a.curl("POST", api.PathSimulate, body)
		if status != http.StatusOK || json.Unmarshal([]byte(text), &s) != nil {
			t.Fatalf("%d %s", status, text)
		}
		return s
	}
	s := ask(`{"ownerId": "111111111111", "user": "careful", "action": "ec2:DeleteTrafficMirrorTarget", "resources": ["arn:aws:ec2:local-1:111111111111:traffic-mirror-target/tmt-1"], "context": {"aws:resourcetag/keep": ["x"]}}`)
	if s.Allowed || s.Statement != "Keep" || s.Policy != "careful" || s.Principal != "arn:aws:iam::111111111111:user/careful" || len(s.Policies) != 1 {
		t.Errorf("%+v", s)
	}
	if s := ask(`{"ownerId": "111111111111", "user": "careful", "action": "ec2:DeleteTrafficMirrorTarget", "resources": ["arn:aws:ec2:local-1:111111111111:traffic-mirror-target/tmt-1"]}`); !s.Allowed {
		t.Errorf("%+v", s)
	}
	a.refused("POST", api.PathSimulate, `{"user": "none", "action": "ec2:CreateTags"}`, api.CodeNotFound, "user")
	a.refused("POST", api.PathSimulate, `{"user": "none"}`, api.CodeMissingValue, "action")
	if got := must(a.client.Simulate(background, api.SimulateRequest{Action: "mirrorgw:Apply"}))(t); !got.Allowed || got.Principal != "arn:aws:iam::000000000000:root" {
		t.Errorf("%+v", got)
	}
}

// TestForeignOwnerLearnsNothing: whoever may not make resources of another account is told so before
// anything is looked up there: not the names that it has, nor which client tokens it has used.
func TestForeignOwnerLearnsNothing(t *testing.T) {
	a := newAccessWorld(t)
	owner := fmt.Sprintf(`, "ownerId": %q`, accountOne)
	made := `{"name": "made", "ipAddress": "192.0.2.55"` + owner + `}`
	if status, text, _ := a.curl("POST", api.PathTargets, made, api.HeaderClientToken, "t"); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	for _, c := range []struct{ path, body string }{
		{api.PathSessions, session("a", "nothing", "ids", "web", owner)},
		{api.PathSessions, session("a", "web-1", "no such", "no such", owner)},
		{api.PathTargets, `{"name": "ids", "ipAddress": "192.0.2.56"` + owner + `}`},
		{api.PathTargets, `{"name": "other name", "ipAddress": "192.0.2.56"` + owner + `}`}, // the token is used
	} {
		status, text := a.as(uidTenant, "POST", c.path, c.body, api.HeaderClientToken, "t")
		if status != http.StatusForbidden || strings.Contains(text, "web-1") || strings.Contains(text, "token") {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
}

// TestNeighboursHaveNoNames: a refusal because of what another account has does not name it.
func TestNeighboursHaveNoNames(t *testing.T) {
	a := newAccessWorld(t)
	for _, c := range []struct{ path, body, not string }{
		{api.PathInterfaces, `{"name": "mine", "port": "wire0", "macAddress": "02:00:00:00:00:01"}`, "web-1"},
	} {
		status, text := a.as(uidTenant, "POST", c.path, c.body)
		if status != http.StatusConflict || strings.Contains(text, c.not) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
}

// TestSharesAreTheOwners: nobody shares what another account has, nor accepts for another account.
func TestSharesAreTheOwners(t *testing.T) {
	a := newAccessWorld(t)
	share := func(owner, target, principal, more string) string {
		return fmt.Sprintf(`{"name": "gift", "ownerId": %q, "trafficMirrorTargetIds": [%q], "principals": [{"principalId": %q%s}]}`, owner, target, principal, more)
	}
	for _, c := range []struct {
		body   string
		status int
	}{
		{share(accountOne, "ids", accountTwo, `, "status": "accepted"`), 403},
		{share(accountOne, "ids", accountTwo, ""), 403},
		{share(accountTwo, "their-ids", accountOne, `, "status": "accepted"`), 403},
		{share(accountTwo, "their-ids", accountOne, ""), 201},
	} {
		if status, text := a.as(uidTenant, "POST", api.PathShares, c.body); status != c.status {
			t.Errorf("%s: %d %s, want %d", c.body, status, text, c.status)
		}
	}
	accepted := fmt.Sprintf(`{"principals": [{"principalId": %q, "status": "accepted"}]}`, accountOne)
	if status, text := a.as(uidTenant, "PATCH", api.PathShares+"/gift", accepted); status != http.StatusForbidden {
		t.Errorf("accepting for another account: %d %s", status, text)
	}
	if status, text, _ := a.curl("PATCH", api.PathShares+"/gift?ownerId="+accountTwo, accepted); status != http.StatusOK {
		t.Errorf("root: %d %s", status, text)
	}
	if status, text := a.as(uidTenant, "PATCH", api.PathShares+"/gift", `{"description": "x"}`); status != http.StatusOK {
		t.Errorf("a share that was accepted: %d %s", status, text)
	}
}
