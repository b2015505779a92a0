package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

// Every refusal has the status of its code, a field where there is one, and a sentence.
func TestRefusals(t *testing.T) {
	w := newWorld(t, server.Limits{})
	source, session := w.build()
	rule := must(w.client.Rules().List(background))(t)[0]
	interfaces, targets, filters, rules, sessions := api.PathInterfaces, api.PathTargets, api.PathFilters, api.PathRules, api.PathSessions
	ruleOf := func(fields string) string {
		return `{"trafficMirrorFilterId":"web","trafficDirection":"egress","ruleNumber":5,"ruleAction":"accept"` + fields + `}`
	}
	sessionOf := func(fields string) string {
		return `{"name":"s2","networkInterfaceId":"web-1","trafficMirrorTargetId":"ids","trafficMirrorFilterId":"web"` + fields + `}`
	}
	tests := []struct{ method, path, body, code, field string }{
		{"POST", interfaces, `{"port":"wire0"}`, api.CodeMissingValue, "name"},
		{"POST", interfaces, `{"name":"web-1"}`, api.CodeAlreadyExists, "name"},
		{"POST", interfaces, `{"name":"a","port":"wire9"}`, api.CodeInvalidValue, "port"},
		{"POST", interfaces, `{"name":"a","port":"tun0"}`, api.CodeInvalidValue, "port"},
		{"POST", interfaces, `{"name":"a","macAddress":"x"}`, api.CodeInvalidValue, "macAddress"},
		{"POST", interfaces, `{"name":"a","port":"wire0","macAddress":"02:00:00:00:00:01"}`, api.CodeAlreadyExists, "port"},
		{"POST", interfaces, `{"name":"a","vlan":-1,"macAddress":"02:00:00:00:00:09","port":"wire0"}`, api.CodeInvalidValue, "vlan"},
		{"POST", interfaces, `{"name":"a","vlan":4095,"macAddress":"02:00:00:00:00:09","port":"wire0"}`, api.CodeInvalidValue, "vlan"},
		{"POST", interfaces, `{"name":"a","ipAddresses":["10.0.0.300"]}`, api.CodeInvalidValue, "ipAddresses"},
		{"POST", interfaces, `{"name":"a","monitoring":"some"}`, api.CodeInvalidValue, "monitoring"},
		{"POST", interfaces, `{"name":"a","ownerId":"1"}`, api.CodeInvalidValue, "ownerId"},
		{"POST", interfaces, `{"name":"a","networkInterfaceId":"eni-0123456789abcdef0"}`, api.CodeInvalidValue, "networkInterfaceId"},
		{"POST", interfaces, `{"name":"a"`, api.CodeMalformedRequest, ""},
		{"POST", interfaces, ``, api.CodeMalformedRequest, ""},
		{"POST", targets, `{"name":"t"}`, api.CodeMissingValue, "ipAddress"},
		{"POST", targets, `{"name":"t","ipAddress":"x"}`, api.CodeInvalidValue, "ipAddress"},
		{"POST", targets, `{"name":"t","networkInterfaceId":"nobody"}`, api.CodeNotFound, "networkInterfaceId"},
		{"POST", targets, `{"name":"t","networkInterfaceId":"web-1"}`, api.CodeInvalidValue, "networkInterfaceId"},
		{"DELETE", targets + "/ids", ``, api.CodeInUse, ""},
		{"POST", filters, `{"name":"f","networkServices":["dns"]}`, api.CodeInvalidValue, "networkServices"},
		{"POST", filters, `{"name":"f","ingressFilterRules":[{"trafficDirection":"egress","ruleNumber":1,"ruleAction":"accept"}]}`, api.CodeInvalidValue, "ingressFilterRules[0].trafficDirection"},
		{"POST", rules, `{"ruleNumber":1}`, api.CodeMissingValue, "trafficMirrorFilterId"},
		{"POST", rules, strings.Replace(ruleOf(""), "web", "wbe", 1), api.CodeNotFound, "trafficMirrorFilterId"},
		{"POST", rules, strings.Replace(ruleOf(""), "egress", "out", 1), api.CodeInvalidValue, "trafficDirection"},
		{"POST", rules, strings.Replace(ruleOf(""), "accept", "drop", 1), api.CodeInvalidValue, "ruleAction"},
		{"POST", rules, strings.Replace(ruleOf(""), `"ruleNumber":5,`, "", 1), api.CodeMissingValue, "ruleNumber"},
		{"POST", rules, strings.Replace(ruleOf(""), ":5", ":40000", 1), api.CodeInvalidValue, "ruleNumber"},
		{"POST", rules, ruleOf(`,"protocol":"tpc"`), api.CodeInvalidValue, "protocol"},
		{"POST", rules, ruleOf(`,"sourceCidrBlock":"10.0.0.1/8"`), api.CodeInvalidValue, "sourceCidrBlock"},
		{"POST", rules, ruleOf(`,"sourceCidrBlock":"10.0.0.0/8","destinationCidrBlock":"2001:db8::/32"`), api.CodeInvalidValue, "destinationCidrBlock"},
		{"POST", rules, ruleOf(`,"protocol":6,"sourcePortRange":{"fromPort":9,"toPort":3}`), api.CodeInvalidValue, "sourcePortRange"},
		{"POST", rules, ruleOf(`,"protocol":1,"sourcePortRange":{"fromPort":1,"toPort":3}`), api.CodeInvalidValue, "sourcePortRange"},
		{"PATCH", rules + "/" + rule.TrafficMirrorFilterRuleID, `{"trafficMirrorFilterId":"tmf-00000000000000000"}`, api.CodeInvalidValue, "trafficMirrorFilterId"},
		{"PATCH", rules + "/web", `{}`, api.CodeNotFound, ""},
		{"POST", sessions, sessionOf(``), api.CodeMissingValue, "sessionNumber"},
		{"POST", sessions, sessionOf(`,"sessionNumber":1`), api.CodeAlreadyExists, "sessionNumber"},
		{"POST", sessions, sessionOf(`,"sessionNumber":2,"virtualNetworkId":16777216`), api.CodeInvalidValue, "virtualNetworkId"},
		{"POST", sessions, sessionOf(`,"sessionNumber":2,"virtualNetworkId":0`), api.CodeInvalidValue, "virtualNetworkId"},
		{"POST", sessions, sessionOf(`,"sessionNumber":2,"packetLength":-1`), api.CodeInvalidValue, "packetLength"},
		{"POST", sessions, sessionOf(`,"sessionNumber":2,"state":"active"`), api.CodeInvalidValue, "state"},
		{"POST", sessions, strings.Replace(sessionOf(`,"sessionNumber":2`), `"ids"`, `"idz"`, 1), api.CodeNotFound, "trafficMirrorTargetId"},
		{"PATCH", sessions + "/s1", `{"state":"inactive"}`, api.CodeInvalidValue, "state"},
		{"PATCH", sessions + "/s1", `{"trafficMirrorSessionId":"tms-00000000000000000"}`, api.CodeInvalidValue, "trafficMirrorSessionId"},
		{"PATCH", sessions + "/s1", `{"sessionNumber":null}`, api.CodeMissingValue, "sessionNumber"},
		{"PATCH", sessions + "/s1", `{"sessionNmber":null}`, api.CodeUnknownField, "sessionNmber"},
		{"PATCH", sessions + "/s1", `{"ownerId":"123456789012"}`, api.CodeInvalidValue, "ownerId"},
		{"PATCH", sessions + "/" + session.TrafficMirrorSessionID + "x", `{}`, api.CodeNotFound, ""},
		{"DELETE", interfaces + "/web-1?ownerId=123456789012", ``, api.CodeNotFound, ""},
		{"GET", sessions + "/s1?ownerId=1&ownerId=2", ``, api.CodeInvalidValue, "ownerId"},
		{"GET", interfaces + "/" + source.NetworkInterfaceID + "?%zz", ``, api.CodeMalformedRequest, ""},
		{"GET", interfaces, `{}`, api.CodeMalformedRequest, ""},
		{"PUT", interfaces, `{}`, api.CodeMethod, ""},
		{"DELETE", "/v1/state", ``, api.CodeMethod, ""},
		{"GET", "/v1/stat", ``, api.CodeNoSuchPath, ""},
		{"GET", "/", ``, api.CodeNoSuchPath, ""},
		{"GET", "//v1/state", ``, api.CodeNoSuchPath, ""},
		{"GET", "/v1/../v1/state", ``, api.CodeNoSuchPath, ""},
		{"GET", "/v1/state/", ``, api.CodeNoSuchPath, ""},
		{"GET", "/v1/watch?from=99999", ``, api.CodeInvalidValue, "from"},
		{"GET", "/v1/stats?kind=ports,cats", ``, api.CodeInvalidValue, "kind"},
		{"GET", "/v1/stats?session=nobody", ``, api.CodeNotFound, ""},
	}
	for _, test := range tests {
		w.refused(test.method, test.path, test.body, test.code, test.field)
	}
	if state := must(w.client.State(background))(t); state.Revision != 5 {
		t.Errorf("a refused change changed something: revision %d", state.Revision)
	}
}

func TestStalledLcoreIsAChangeThatStays(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.path.stalled.Store(true)
	w.refused("POST", api.PathInterfaces, `{"name":"a","port":"wire0","macAddress":"02:00:00:00:00:01"}`, api.CodeLcoreStalled, "")
	if _, err := w.client.Interfaces().Get(background, "a"); err != nil {
		t.Errorf("the change did not stay: %v", err)
	}
	w.path.stalled.Store(false)
}

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.path.panics.Store(true)
	w.refused("GET", "/v1/stats", "", api.CodeInternal, "")
	w.path.panics.Store(false)
	if log := w.log.String(); !strings.Contains(log, "path=/v1/stats") || !strings.Contains(log, "a broken counter") {
		t.Errorf("the log does not tell: %s", log)
	}
	if status, text, _ := w.curl("GET", "/v1/stats", ""); status != http.StatusOK {
		t.Errorf("afterwards: %d %s", status, text)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	for name, get := range map[string]func() (*api.Health, error){
		"health": func() (*api.Health, error) { return w.client.Health(background) },
		"ready":  func() (*api.Health, error) { return w.client.Ready(background) },
	} {
		if h := must(get())(t); h.Status != "ok" || len(h.Faults) != 0 {
			t.Errorf("%s: %+v", name, h)
		}
	}
	w.path.stuck.Store(true)
	w.path.mirrorLaw.Store(3)
	h := must(w.client.Health(background))(t)
	if h.Status != "failing" || len(h.Faults) != 2 || !strings.Contains(h.Faults[0], "lcore 1") || !strings.Contains(h.Faults[1], "mirror 3") {
		t.Errorf("health: %+v", h)
	}
	if status, _, _ := w.curl("GET", api.PathHealth, ""); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	if v := must(w.client.Version(background))(t); *v != (api.Version{Version: "1.2.3", API: "v1", DPDK: "22.11"}) {
		t.Errorf("version: %+v", v)
	}
}

func TestStatsAreNarrowed(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	tests := []struct{ query, want string }{
		{"", "ports 1 sessions 2 sources 3 rules 3"},
		{"?kind=ports", "ports 1 sessions 0 sources 0 rules 0"},
		{"?kind=ports&kind=rules,laws", "ports 1 sessions 0 sources 0 rules 3"},
		{"?session=s1", "ports 1 sessions 1 sources 1 rules 1"},
		{"?source=web-1&kind=sessions", "ports 0 sessions 1 sources 0 rules 0"},
	}
	for _, test := range tests {
		status, text, _ := w.curl("GET", "/v1/stats"+test.query, "")
		var r struct{ Ports, Sessions, Sources, Rules map[string]any }
		if err := json.Unmarshal([]byte(text), &r); err != nil || status != 200 {
			t.Fatalf("%s: %d %s", test.query, status, text)
		}
		if got := fmt.Sprintf("ports %d sessions %d sources %d rules %d", len(r.Ports), len(r.Sessions), len(r.Sources), len(r.Rules)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.query, got, test.want)
		}
	}
}
