package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
)

func TestLifeOfResources(t *testing.T) {
	w := newWorld(t, server.Limits{})
	source, session := w.build()
	c := w.client
	if session.State != "active" || session.VirtualNetworkID != 100 || session.NetworkInterfaceID != source.NetworkInterfaceID {
		t.Errorf("session as created: %+v", session)
	}
	filter := must(c.Filters().Get(background, "web"))(t)
	if len(filter.IngressFilterRules) != 1 || filter.IngressFilterRules[0].Protocol.Text != "6" || len(filter.EgressFilterRules) != 0 {
		t.Errorf("filter: %+v", filter)
	}
	changed := must(c.Sessions().Modify(background, "s1", map[string]any{"packetLength": 128, "tags": map[string]any{"team": "net"}}))(t)
	if changed.Resource.PacketLength != 128 || changed.Resource.Tags["team"] != "net" || changed.Resource.VirtualNetworkID != 100 {
		t.Errorf("modified: %+v", changed.Resource)
	}
	again := must(c.Sessions().Modify(background, session.TrafficMirrorSessionID, map[string]any{"packetLength": nil, "state": "active"}))(t)
	if again.Resource.PacketLength != 0 || again.Resource.Tags["team"] != "net" || again.Revision <= changed.Revision {
		t.Errorf("modified again: %+v", again)
	}
	described := must(c.Filters().Modify(background, "web", map[string]any{"description": "of the web"}))(t)
	if described.Resource.Description != "of the web" || len(described.Resource.IngressFilterRules) != 1 ||
		described.Resource.IngressFilterRules[0].TrafficMirrorFilterRuleID != filter.IngressFilterRules[0].TrafficMirrorFilterRuleID {
		t.Errorf("filter: %+v", described.Resource)
	}
	var refused *api.Error
	if _, err := c.Filters().Delete(background, "web"); !errors.As(err, &refused) || refused.Code != api.CodeInUse || refused.Status != 409 {
		t.Errorf("deleting a filter in use: %v", err)
	}
	if gone := must(c.Interfaces().Delete(background, "web-1"))(t); gone.Resource.Name != "web-1" {
		t.Errorf("deleted: %+v", gone)
	}
	if _, err := c.Sessions().Get(background, "s1"); !errors.As(err, &refused) || refused.Code != api.CodeNotFound {
		t.Errorf("the session outlived its interface: %v", err)
	}
	if state := must(c.State(background))(t); state.Resources != (api.Resources{Targets: 1, Filters: 1, Rules: 1}) || state.Generation == 0 ||
		len(state.Ports) != 4 || state.Ports[0].Name != "wire0" || state.Ports[0].Device != "net_null0" {
		t.Errorf("state: %+v", state)
	}
}

// TestDryRunOfCreates: it answers as the create would, makes nothing, and leaves the client token unused.
func TestDryRunOfCreates(t *testing.T) {
	w := newWorld(t, server.Limits{})
	c, target := w.client, api.TrafficMirrorTarget{Common: api.Common{Name: "ids"}, IPAddress: "192.0.2.10"}
	filter := api.TrafficMirrorFilter{Common: api.Common{Name: "all"}, IngressFilterRules: []api.TrafficMirrorFilterRule{{TrafficDirection: "ingress", RuleNumber: 100, RuleAction: "accept"}}}
	if asked := must(c.Targets().Create(background, target, client.DryRun(), client.ClientToken("once")))(t); asked.Resource.IPAddress != "192.0.2.10" || asked.Resource.Name != "ids" {
		t.Errorf("it would make %+v", asked.Resource)
	}
	if asked := must(c.Filters().Create(background, filter, client.DryRun()))(t); len(asked.Resource.IngressFilterRules) != 1 {
		t.Errorf("it would make %+v", asked.Resource)
	}
	if state := must(c.State(background))(t); state.Resources != (api.Resources{}) {
		t.Errorf("something was made: %+v", state.Resources)
	}
	other := target
	other.IPAddress = "192.0.2.11"
	must(c.Targets().Create(background, other, client.ClientToken("once")))(t)
	var refused *api.Error
	if _, err := c.Targets().Create(background, target, client.DryRun()); !errors.As(err, &refused) || refused.Field != "name" {
		t.Errorf("a name that is taken: %v", err)
	}
}

func TestLoadBalancerKeepsItsMembers(t *testing.T) {
	w := newWorld(t, server.Limits{})
	zero := 0
	lb := api.LoadBalancer{Common: api.Common{Name: "lb"}, Listeners: []api.Listener{{Protocol: "udp", Port: 4789}},
		Health:  &api.HealthCheck{Protocol: "tcp", Port: 80},
		Members: []api.LoadBalancerMember{{Address: "192.0.2.20", Weight: &zero}, {Address: "192.0.2.21", Draining: true}}}
	must(w.client.LoadBalancers().Create(background, lb))(t)
	got := must(w.client.LoadBalancers().Get(background, "lb"))(t)
	if len(got.Members) != 2 || *got.Members[0].Weight != 0 || *got.Members[1].Weight != 1 || got.Members[0].Draining || !got.Members[1].Draining || got.Health.Port != 80 {
		t.Errorf("got %+v", got)
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t, server.Limits{})
	source, _ := w.build()
	rule := must(w.client.Rules().List(background))(t)[0]
	for _, id := range []string{source.NetworkInterfaceID, rule.TrafficMirrorFilterRuleID} {
		value := "1"
		must(w.client.SetTags(background, id, map[string]*string{"a": &value, "b": &value}))(t)
		must(w.client.SetTags(background, id, map[string]*string{"a": nil}))(t)
		if got := must(w.client.Tags(background, id))(t); !cmp.Equal(got, map[string]string{"b": "1"}) {
			t.Errorf("%s: %v", id, got)
		}
		must(w.client.ReplaceTags(background, id, map[string]string{"c": "2"}))(t)
		if got := must(w.client.Tags(background, id))(t); !cmp.Equal(got, map[string]string{"c": "2"}) {
			t.Errorf("%s: %v", id, got)
		}
		must(w.client.DeleteTags(background, id))(t)
		if got := must(w.client.Tags(background, id))(t); len(got) != 0 {
			t.Errorf("%s: %v", id, got)
		}
	}
	w.refused("GET", "/v1/tags/web-1", "", api.CodeNotFound, "")
	w.refused("PATCH", "/v1/tags/"+source.NetworkInterfaceID, `{"tags":{"aws:x":"1"}}`, api.CodeInvalidValue, "tags")
}

func TestListPagesAndFilters(t *testing.T) {
	w := newWorld(t, server.Limits{})
	c := w.client
	const n = 25
	for i := range n {
		must(c.Interfaces().Create(background, api.NetworkInterface{Common: api.Common{Name: fmt.Sprintf("web-%02d", i),
			Tags: map[string]string{"parity": []string{"even", "odd"}[i%2]}}, Port: "wire0", MACAddress: fmt.Sprintf("02:00:00:00:01:%02x", i)}))(t)
	}
	names := func(options ...client.Option) []string {
		var names []string
		token := ""
		for {
			page := must(c.Interfaces().Page(background, 4, token, options...))(t)
			for _, item := range page.Items {
				names = append(names, item.Name)
			}
			if token = page.NextToken; token == "" {
				return names
			}
		}
	}
	if got := names(); len(got) != n || got[0] != "web-00" || got[n-1] != "web-24" {
		t.Errorf("all: %v", got)
	}
	if got := names(client.Where("tag:parity", "odd"), client.Where("name", "web-0?", "web-2*")); len(got) != 5+2 {
		t.Errorf("odd ones: %v", got)
	}
	if got := names(client.Where("port", "tap0")); len(got) != 0 {
		t.Errorf("none: %v", got)
	}
	first := must(c.Interfaces().Page(background, 5, ""))(t)
	for _, name := range []string{"web-03", "web-04", "web-05"} { // the last of the page too
		must(c.Interfaces().Delete(background, name))(t)
	}
	if second := must(c.Interfaces().Page(background, 5, first.NextToken))(t); second.Items[0].Name != "web-06" {
		t.Errorf("after deletions the next page begins with %s", second.Items[0].Name)
	}
	w.refused("GET", "/v1/interfaces?nextToken=x!", "", api.CodeInvalidValue, "nextToken")
	w.refused("GET", "/v1/interfaces?limit=0", "", api.CodeInvalidValue, "limit")
	if e := w.refused("GET", "/v1/interfaces?nmae=a", "", api.CodeUnknownField, "nmae"); !strings.Contains(e.Message, "did you mean name?") {
		t.Error(e.Message)
	}
	if got := must(c.Rules().List(background, client.Where("protocol", "tcp")))(t); len(got) != 0 {
		t.Errorf("rules: %v", got)
	}
}

func TestApplyAndExport(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	c := w.client
	for _, contentType := range []string{api.ContentTypeTOML, api.ContentType} {
		document := must(c.Export(background, contentType))(t)
		same := must(c.Apply(background, document, client.ApplyOptions{ContentType: contentType}))(t)
		if len(same.Events) != 0 {
			t.Errorf("%s: applying an export changes %+v\n%s", contentType, same.Events, document)
		}
		if again := must(c.Export(background, contentType))(t); string(again) != string(document) {
			t.Errorf("%s: the round trip is not the identity", contentType)
		}
	}
	empty := must(c.Apply(background, []byte("# nothing\n"), client.ApplyOptions{DryRun: true}))(t)
	if len(empty.Events) < 4 || !empty.DryRun {
		t.Errorf("dry run: %+v", empty)
	}
	kept := must(c.Apply(background, []byte("[[filter]]\nname = \"more\"\n"), client.ApplyOptions{KeepOthers: true}))(t)
	if len(kept.Events) != 1 || kept.Events[0].Action != "create" || kept.Events[0].Kind != "filter" {
		t.Errorf("keep others: %+v", kept)
	}
	if e := w.refused("POST", "/v1/apply", "[[filter]]\nnam = \"x\"\n", api.CodeUnknownField, "nam"); !strings.Contains(e.Message, "document:2:") {
		t.Error(e.Message)
	}
	w.refused("POST", "/v1/apply", `{"filter":[]}`, api.CodeUnknownField, "filter", "Content-Type", "application/json")
	w.refused("POST", "/v1/apply", `{"interfaces":[{"name":"a"},{"name":"b","macAddress":"x"}]}`, api.CodeInvalidValue, "interfaces[1].macAddress", "Content-Type", "application/json")
	w.refused("POST", "/v1/apply?dryRun=yes", "", api.CodeInvalidValue, "dryRun")
	must(c.Apply(background, nil, client.ApplyOptions{}))(t)
	if state := must(c.State(background))(t); state.Resources != (api.Resources{}) {
		t.Errorf("after applying nothing: %+v", state.Resources)
	}
}

func TestClientTokensAndRevisions(t *testing.T) {
	w := newWorld(t, server.Limits{})
	c := w.client
	web := api.NetworkInterface{Common: api.Common{Name: "web-1"}, Port: "wire0", MACAddress: "02:00:00:00:00:01"}
	first := must(c.Interfaces().Create(background, web, client.ClientToken("t1")))(t)
	second := must(c.Interfaces().Create(background, web, client.ClientToken("t1")))(t)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same token: %s", diff)
	}
	var refused *api.Error
	web.Port = "wire1"
	if _, err := c.Interfaces().Create(background, web, client.ClientToken("t1")); !errors.As(err, &refused) || refused.Code != api.CodeTokenMismatch {
		t.Errorf("the same token for something else: %v", err)
	}
	must(c.Interfaces().Modify(background, "web-1", map[string]any{"mtu": 9001}, client.IfMatch(first.Revision)))(t)
	if _, err := c.Interfaces().Modify(background, "web-1", map[string]any{"mtu": 1500}, client.IfMatch(first.Revision)); !errors.As(err, &refused) || refused.Code != api.CodeRevisionMismatch {
		t.Errorf("an old revision: %v", err)
	}
	w.refused("DELETE", "/v1/interfaces/web-1", "", api.CodeInvalidValue, "If-Match", "If-Match", "x")
	w.refused("POST", "/v1/interfaces", `{"name":"a"}`, api.CodeInvalidValue, api.HeaderClientToken, api.HeaderClientToken, strings.Repeat("x", 65))
	if _, _, header := w.curl("GET", "/v1/interfaces/web-1", ""); header.Get("ETag") != `"2"` {
		t.Errorf("ETag %s", header.Get("ETag"))
	}
	canceled, cancel := context.WithCancel(background)
	cancel()
	if _, err := c.State(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
