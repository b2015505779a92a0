package server_test

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
	"mirrorgw/rules"
)

// TestRateLimitsAndSampling: what the API is told is what the data path gets, an export says, and the
// API tells again; null removes it.
func TestRateLimitsAndSampling(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	c := w.client
	limited := must(c.Sessions().Modify(background, "s1", map[string]any{"sampleOneIn": 2, "rateLimitPps": 1000, "rateLimitBps": 1_000_000_000_000}))(t).Resource
	if limited.SampleOneIn != 2 || limited.RateLimitPPS != 1000 || limited.RateLimitBPS != 1_000_000_000_000 {
		t.Errorf("modified: %+v", limited)
	}
	must(c.Targets().Modify(background, "ids", map[string]any{"rateLimitBps": 2_500_000_000}))(t)
	s := w.path.snapshot.Load()
	if got := s.Sessions[0]; got.SampleOneIn != 2 || got.Limit != (rules.Limit{PPS: 1000, BPS: 1_000_000_000_000}) {
		t.Errorf("the data path has %+v", got)
	}
	if got := s.Targets[0].Limit; got != (rules.Limit{BPS: 2_500_000_000}) {
		t.Errorf("the data path has for the target %+v", got)
	}
	for _, contentType := range []string{api.ContentTypeTOML, api.ContentType} {
		document := must(c.Export(background, contentType))(t)
		for _, part := range []string{"1000000000000", "2500000000"} {
			if !strings.Contains(string(document), part) {
				t.Errorf("%s: the export does not have %s\n%s", contentType, part, document)
			}
		}
		if same := must(c.Apply(background, document, client.ApplyOptions{ContentType: contentType}))(t); len(same.Events) != 0 {
			t.Errorf("%s: applying an export changes %+v\n%s", contentType, same.Events, document)
		}
	}
	if _, body, _ := w.curl("GET", api.PathSessions+"?rateLimitBps=1000000000000&sampleOneIn=2", ""); !strings.Contains(body, `"name":"s1"`) {
		t.Errorf("sessions with that limit: %s", body)
	}
	left := 0
	for port := range 20 {
		e := must(c.Explain(background, tcp("ingress", fmt.Sprintf("10.0.0.9:%d", 4000+port), "10.0.0.5:443")))(t)
		if e.Outcome != "matched" || e.Session != "s1" {
			t.Fatalf("explain: %+v", e)
		}
		if strings.Contains(e.Text, "one flow in 2, and this flow is not one of them") {
			left++
		}
	}
	if left < 2 || left > 18 {
		t.Errorf("%d of 20 flows are not in the sample of one in two", left)
	}
	free := must(c.Sessions().Modify(background, "s1", map[string]any{"sampleOneIn": nil, "rateLimitPps": nil, "rateLimitBps": nil}))(t).Resource
	if free.SampleOneIn != 0 || free.RateLimitPPS != 0 || free.RateLimitBPS != 0 {
		t.Errorf("removed: %+v", free)
	}
	for _, bad := range []struct{ path, body, field string }{
		{api.PathSessions + "/s1", `{"sampleOneIn":1}`, "sampleOneIn"},
		{api.PathSessions + "/s1", `{"sampleOneIn":0}`, "sampleOneIn"},
		{api.PathSessions + "/s1", `{"rateLimitPps":1000000001}`, "rateLimitPps"},
		{api.PathTargets + "/ids", `{"rateLimitPps":-5}`, "rateLimitPps"},
		{api.PathTargets + "/ids", `{"rateLimitBps":63999}`, "rateLimitBps"},
		{api.PathTargets + "/ids", `{"rateLimitBps":1e12}`, "rateLimitBps"},
		{api.PathTargets + "/ids", `{"rateLimitBps":0}`, "rateLimitBps"},
	} {
		w.refused("PATCH", bad.path, bad.body, api.CodeInvalidValue, bad.field)
	}
}
