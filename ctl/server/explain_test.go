package server_test

import (
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

func tcp(direction, src, dst string) api.ExplainRequest {
	return api.ExplainRequest{Source: "web-1", Direction: direction, Protocol: &api.Protocol{Text: "tcp"}, SourceAddr: src, DestinationAddr: dst}
}

func TestExplain(t *testing.T) {
	w := newWorld(t, server.Limits{})
	_, session := w.build()
	e := must(w.client.Explain(background, tcp("ingress", "10.0.0.9:4000", "10.0.0.5:443")))(t)
	if e.Outcome != "matched" || e.Session != "s1" || e.SessionID != session.TrafficMirrorSessionID || e.RuleNumber != 100 || e.RuleID == "" {
		t.Errorf("got %+v", e)
	}
	if c := e.Copy; c == nil || c.Target != "ids" || c.TunnelPort != "tun0" || c.VirtualNetworkID != 100 || c.OuterSource != "10.0.0.5" ||
		c.OuterDestination != "192.0.2.10" || c.InnerLength != 54 || c.Truncated || !strings.HasSuffix(c.Frame, e.Frame) {
		t.Errorf("copy %+v", e.Copy)
	}
	if !strings.Contains(e.Packet, "10.0.0.9:4000 > 10.0.0.5:443") || !strings.Contains(e.Text, "UDP port 50000 > 192.0.2.10, VNI 100") {
		t.Errorf("packet %q, text %q", e.Packet, e.Text)
	}
	if len(e.Sessions) != 1 || e.Sessions[0].SessionID != session.TrafficMirrorSessionID || e.Sessions[0].FilterID != session.TrafficMirrorFilterID || e.Sessions[0].RuleID != e.RuleID ||
		e.SourceID != session.NetworkInterfaceID || e.Copy.TargetID != session.TrafficMirrorTargetID || e.Copy.SourceMAC != "02:00:00:00:00:00" || e.Copy.HopLimit == 0 {
		t.Errorf("what can be linked to: %+v, %+v", e, e.Copy)
	}
	missed := must(w.client.Explain(background, tcp("ingress", "10.0.0.9:4000", "10.0.0.5:22")))(t)
	if missed.Outcome != "missed" || len(missed.Sessions) != 1 || missed.Sessions[0].Decision != "no-match" || !strings.Contains(missed.Sessions[0].Why, "rule 100 does not match") {
		t.Errorf("missed: %+v", missed)
	}
	ntp := tcp("egress", "10.0.0.5:123", "10.0.0.9:123")
	ntp.Protocol.Text, ntp.Length = "udp", 300
	excluded := must(w.client.Explain(background, ntp))(t)
	if excluded.Outcome != "excluded" || excluded.Exclusion != "ntp" || len(excluded.Frame) != 600 {
		t.Errorf("excluded: %+v", excluded)
	}
	again := must(w.client.Explain(background, api.ExplainRequest{Source: "web-1", Direction: "ingress", Frame: e.Frame}))(t)
	if again.Session != "s1" || again.Packet != e.Packet {
		t.Errorf("by frame: %+v", again)
	}
	other := must(w.client.Explain(background, api.ExplainRequest{Source: "web-1", Direction: "egress", Frame: e.Frame}))(t)
	if other.Outcome != "not-seen" || other.Copy != nil {
		t.Errorf("a frame that the source does not see: %+v", other)
	}
}

func TestExplainRefuses(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	must(w.client.Interfaces().Create(background, api.NetworkInterface{Common: api.Common{Name: "nowhere"}}))(t)
	packet := `,"protocol":"tcp","sourceAddress":"10.0.0.9:1","destinationAddress":"10.0.0.5:2"`
	tests := []struct{ body, code, field string }{
		{`{"direction":"ingress"}`, api.CodeMissingValue, "source"},
		{`{"source":"web-1"}`, api.CodeMissingValue, "direction"},
		{`{"source":"web-1","direction":"in"}`, api.CodeInvalidValue, "direction"},
		{`{"source":"web-2","direction":"ingress"` + packet + `}`, api.CodeNotFound, "source"},
		{`{"source":"nowhere","direction":"ingress"` + packet + `}`, api.CodeInvalidValue, "source"},
		{`{"source":"web-1","direction":"ingress"}`, api.CodeMissingValue, "protocol"},
		{`{"source":"web-1","direction":"ingress","frame":"00"}`, api.CodeInvalidValue, "frame"},
		{`{"source":"web-1","direction":"ingress","frame":"zz"}`, api.CodeInvalidValue, "frame"},
		{`{"source":"web-1","direction":"ingress","frame":"00"` + packet + `}`, api.CodeInvalidValue, "frame"},
		{`{"source":"web-1","direction":"ingress","length":20` + packet + `}`, api.CodeInvalidValue, "length"},
		{`{"source":"web-1","direction":"ingress","protocol":"all","sourceAddress":"10.0.0.9","destinationAddress":"10.0.0.5"}`, api.CodeInvalidValue, "protocol"},
		{`{"source":"web-1","direction":"ingress","protocol":"udp","sourceAddress":"10.0.0.9","destinationAddress":"10.0.0.5"}`, api.CodeMissingValue, "destinationAddress"},
		{`{"source":"web-1","direction":"ingress","protocol":"icmp","sourceAddress":"10.0.0.9:1","destinationAddress":"10.0.0.5"}`, api.CodeInvalidValue, "sourceAddress"},
		{`{"source":"web-1","direction":"ingress","protocol":"icmp","sourceAddress":"10.0.0.9","destinationAddress":"2001:db8::1"}`, api.CodeInvalidValue, "destinationAddress"},
		{`{"source":"web-1","direction":"ingress","protocol":"icmp","sourceAddress":"x","destinationAddress":"10.0.0.5"}`, api.CodeInvalidValue, "sourceAddress"},
	}
	for _, test := range tests {
		w.refused("POST", api.PathExplain, test.body, test.code, test.field)
	}
	w.path.lie.Store(true)
	if e := w.refused("POST", api.PathExplain, `{"source":"web-1","direction":"ingress"`+strings.Replace(packet, ":2", ":80", 1)+`}`, api.CodeInternal, ""); !strings.Contains(e.Message, "the reference") {
		t.Error(e.Message)
	}
}
