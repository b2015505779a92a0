package testbed

import (
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// TestStatusWhileRunning asks a gateway at full work what it is, counts and would do.
func TestStatusWhileRunning(t *testing.T) {
	s := newSteered(t).start()
	s.mirrorAll()
	s.awaitFrames()
	state, err := s.State(s.context())
	if err != nil {
		t.Fatal(err)
	}
	checkState(t, state)
	stats, err := s.Stats(s.context(), client.StatsQuery{})
	if err != nil || stats.Sessions["all"].Egress.MatchedPackets == 0 || stats.Sources["web-1"].Egress.Seen == 0 || stats.Rules["web"]["egress 1"] == 0 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	e, err := s.Explain(s.context(), api.ExplainRequest{Source: "web-1", Direction: "egress",
		Protocol: &api.Protocol{Text: "tcp"}, SourceAddr: "10.0.0.5:443", DestinationAddr: "10.0.0.9:4000"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Session != "all" || e.RuleNumber != 1 || e.Copy == nil || e.Copy.OuterDestination != "192.0.2.10" || e.Copy.VirtualNetworkID != 7 || e.Copy.TunnelPort != "tun0" {
		t.Errorf("explanation %+v, copy %+v", e, e.Copy)
	}
	health, err := s.Health(s.context())
	if err != nil || health.Status != "ok" {
		t.Errorf("health %+v, %v", health, err)
	}
	log := s.Stderr()
	for _, line := range []string{"uid=0 action=create kind=session name=all id=tms-", "uid=0 action=create kind=target name=ids id=tmt-"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q:\n%s", line, log)
		}
	}
	s.end()
}

func checkState(t *testing.T, state *api.State) {
	t.Helper()
	if !state.Forwarding || state.Generation < 2 || state.Pending != 0 || state.Revision == 0 || state.Version == "" {
		t.Errorf("state %+v", state)
	}
	if state.Resources != (api.Resources{Interfaces: 1, Targets: 1, Filters: 1, Rules: 1, Sessions: 1}) || state.Laws != (api.Laws{}) {
		t.Errorf("resources %+v, laws %+v", state.Resources, state.Laws)
	}
	if len(state.Lcores) != 1 || state.Lcores[0].CPU != 1 || state.Lcores[0].Heartbeat == 0 ||
		state.Lcores[0].Generation != state.Generation {
		t.Errorf("lcores %+v", state.Lcores)
	}
	if len(state.Ports) != 3 {
		t.Fatalf("ports %+v", state.Ports)
	}
	if p := state.Ports[0]; p.Name != "wire0" || p.Driver != "net_pcap" || p.Peer != "wire1" || p.MTU == 0 || !p.Link.Up || len(p.Notes) == 0 {
		t.Errorf("wire0 is %+v", p)
	}
}
