package server_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// spread adds a load balancer with two members, a target and a session of web-1.
func (w *world) spread() (balancer string) {
	w.t.Helper()
	made := must(w.client.LoadBalancers().Create(background, api.LoadBalancer{Common: api.Common{Name: "lb"},
		Listeners: []api.Listener{{Protocol: "udp", Port: 4789}},
		Members:   []api.LoadBalancerMember{{Address: "192.0.2.31"}, {Address: "192.0.2.32", AvailabilityZone: "a"}}}))(w.t)
	must(w.client.Targets().Create(background, api.TrafficMirrorTarget{Common: api.Common{Name: "spread"}, LoadBalancerID: "lb"}))(w.t)
	must(w.client.Sessions().Create(background, api.TrafficMirrorSession{Common: api.Common{Name: "s2"}, NetworkInterfaceID: "web-1",
		TrafficMirrorTargetID: "spread", TrafficMirrorFilterID: "web", SessionNumber: 2}))(w.t)
	return made.Resource.LoadBalancerID
}

func resolved(address string) ctl.DestinationState {
	return ctl.DestinationState{Address: addr(address), Port: "tun0", Via: addr("192.0.2.254"), MAC: [6]byte{2, 0, 0, 0, 2, 0xfe},
		Resolved: true, PathMTU: 1400, Since: noon,
		Errors: 3, LastError: "port unreachable", ErrorTime: noon}
}

func members(state, reason string) []ctl.MemberState {
	return []ctl.MemberState{
		{Address: addr("192.0.2.31"), Weight: 1, State: state, Reason: reason, Since: noon, LastProbe: noon, RTT: 300 * time.Microsecond},
		{Address: addr("192.0.2.32"), Zone: "a", Weight: 1, State: ctl.MemberDraining}}
}

func TestTargetState(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	path := &api.TargetPath{TunnelPort: "tun0", MTU: 9001}
	for name, test := range map[string]struct {
		destinations  []ctl.DestinationState
		state, reason string
		path          *api.TargetPath
	}{
		"unknown": {nil, "", "", path},
		"another": {[]ctl.DestinationState{resolved("192.0.2.11")}, "", "", path},
		"reachable": {[]ctl.DestinationState{resolved("192.0.2.10")}, "reachable", "",
			&api.TargetPath{TunnelPort: "tun0", Via: "192.0.2.254", MACAddress: "02:00:00:00:02:fe", PathMTU: 1400, MTU: 1400,
				Since: "2026-03-04T12:00:00Z", ICMPErrors: 3, LastICMPError: "port unreachable at 2026-03-04T12:00:00Z"}},
		"reached directly": {[]ctl.DestinationState{{Address: addr("192.0.2.10"), Via: addr("192.0.2.10"), Port: "tun0", Resolved: true, MAC: [6]byte{2}}}, "reachable", "",
			&api.TargetPath{TunnelPort: "tun0", MACAddress: "02:00:00:00:00:00", MTU: 9001}},
		"unresolved": {[]ctl.DestinationState{{Address: addr("192.0.2.10"), Port: "tun0", Reason: "no answer to 3 requests"}}, "unresolved",
			`192.0.2.10 on port "tun0" is not resolved: no answer to 3 requests`, path},
		"router": {[]ctl.DestinationState{{Address: addr("192.0.2.10"), Port: "tun0", Via: addr("192.0.2.254")}}, "unresolved",
			`the router 192.0.2.254 on port "tun0" is not resolved`, &api.TargetPath{TunnelPort: "tun0", Via: "192.0.2.254", MTU: 9001}},
	} {
		w.path.seen.Store(&ctl.Status{Underlay: ctl.Underlay{Destinations: test.destinations}})
		got := must(w.client.Targets().Get(background, "ids"))(t)
		if got.State != test.state || got.StateReason != test.reason || cmp.Diff(test.path, got.Path) != "" {
			t.Errorf("%s: %+v %+v", name, got, got.Path)
		}
		session := must(w.client.Sessions().Get(background, "s1"))(t)
		if session.State != "active" || session.Delivery != test.state || session.DeliveryReason != test.reason {
			t.Errorf("%s: %+v", name, session)
		}
		_, list, _ := w.curl("GET", api.PathTargets+"?state=unresolved", "")
		if got := strings.Contains(list, `"ids"`); got != (test.state == "unresolved") {
			t.Errorf("%s: the selection has %s", name, list)
		}
		state := must(w.client.State(background))(t)
		if got := state.Troubles.TargetCount; got != map[bool]int{true: 1}[test.state == "unresolved"] {
			t.Errorf("%s: %+v", name, state.Troubles)
		}
	}
}

func TestBalancerState(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	id := w.spread()
	one := []netip.Addr{addr("192.0.2.31")}
	for name, test := range map[string]struct {
		balancer                ctl.BalancerState
		state, reason, delivery string
		troubled                int
	}{
		"unknown": {ctl.BalancerState{}, "", "", "", 0},
		"serves":  {ctl.BalancerState{Members: members("healthy", ""), Zones: []ctl.ZoneState{{Members: one}}}, "reachable", "", "reachable", 0},
		"one zone dark": {ctl.BalancerState{Members: members("healthy", ""), Zones: []ctl.ZoneState{{Members: one}, {Zone: "b", Skip: "target-down"}}},
			"degraded", `no member of load balancer "lb" serves zone "b": 192.0.2.32 is draining`, "reachable", 0},
		"down": {ctl.BalancerState{Members: members("unhealthy", "no answer"), Zones: []ctl.ZoneState{{Skip: "target-down"}}}, "target-down",
			`no member of load balancer "lb" serves sources without zone: 192.0.2.31 is unhealthy (no answer), 192.0.2.32 is draining`, "target-down", 1},
		"unused": {ctl.BalancerState{Members: members("healthy", "")}, "reachable", "", "", 0},
		"unused and down": {ctl.BalancerState{Members: members("down", "")}, "target-down",
			`no member of load balancer "lb" serves: 192.0.2.31 is down, 192.0.2.32 is draining`, "", 1},
	} {
		status := &ctl.Status{}
		if test.balancer.Members != nil {
			test.balancer.ID, test.balancer.Name = id, "lb"
			status.Balancers = []ctl.BalancerState{test.balancer}
		}
		w.path.seen.Store(status)
		if got := must(w.client.Targets().Get(background, "spread"))(t); got.State != test.state || got.StateReason != test.reason || got.Path != nil {
			t.Errorf("%s: %+v", name, got)
		}
		if got := must(w.client.Sessions().Get(background, "s2"))(t); got.Delivery != test.delivery {
			t.Errorf("%s: %+v", name, got)
		}
		if state := must(w.client.State(background))(t); state.Troubles.LoadBalancerCount != test.troubled {
			t.Errorf("%s: %+v", name, state.Troubles)
		}
		if got := must(w.client.LoadBalancers().Get(background, "lb"))(t); len(got.MemberStates) != len(test.balancer.Members) || len(got.ZoneStates) != len(test.balancer.Zones) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.path.seen.Store(&ctl.Status{Balancers: []ctl.BalancerState{{ID: id, Members: members("healthy", ""), Zones: []ctl.ZoneState{{Members: one}}}}})
	want := api.MemberState{Address: "192.0.2.31", Weight: 1, State: "healthy", Since: "2026-03-04T12:00:00Z", LastProbe: "2026-03-04T12:00:00Z", RTTMicroseconds: 300}
	got := must(w.client.LoadBalancers().Get(background, "lb"))(t)
	if diff := cmp.Diff(want, got.MemberStates[0]); diff != "" || cmp.Diff([]api.ZoneState{{Members: []string{"192.0.2.31"}}}, got.ZoneStates) != "" {
		t.Errorf("%+v %s", got, diff)
	}
}

// TestNoListener is known whatever the data path says.
func TestNoListener(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	w.spread()
	changed := must(w.client.LoadBalancers().Modify(background, "lb", map[string]any{"listeners": nil}))(t)
	if len(changed.Warnings) != 1 || !strings.Contains(changed.Warnings[0], "it has no listener udp/4789") {
		t.Errorf("warnings %v", changed.Warnings)
	}
	got := must(w.client.Sessions().Get(background, "s2"))(t)
	if got.Delivery != "no-listener" || got.DeliveryReason != `load balancer "lb" has no listener udp/4789, so copies are skipped (no-listener); add one to it` {
		t.Errorf("%+v", got)
	}
	if got := must(w.client.Targets().Get(background, "spread"))(t); got.State != "no-listener" {
		t.Errorf("%+v", got)
	}
}

// TestObservedIsNotSet: what the gateway observes is no setting, and in no event or export.
func TestObservedIsNotSet(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	w.spread()
	w.path.seen.Store(&ctl.Status{Underlay: ctl.Underlay{Destinations: []ctl.DestinationState{resolved("192.0.2.10")}}})
	for _, test := range []struct{ method, path, body, field string }{
		{"POST", api.PathTargets, `{"name":"x","ipAddress":"192.0.2.11","state":"reachable"}`, "state"},
		{"PATCH", api.PathTargets + "/ids", `{"stateReason":"x"}`, "stateReason"},
		{"PATCH", api.PathTargets + "/ids", `{"path":{"tunnelPort":"tun0"}}`, "path"},
		{"PATCH", api.PathSessions + "/s1", `{"delivery":"x"}`, "delivery"},
		{"PATCH", api.PathLoadBalancers + "/lb", `{"memberStates":[]}`, "memberStates"},
		{"PATCH", api.PathLoadBalancers + "/lb", `{"zoneStates":[{"skipped":"x"}]}`, "zoneStates"},
	} {
		w.refused(test.method, test.path, test.body, api.CodeInvalidValue, test.field)
	}
	must(w.client.Targets().Modify(background, "ids", map[string]any{"mtu": 1500, "state": nil, "path": nil}))(t)
	if _, text, _ := w.curl("GET", api.PathExport, "", "Accept", api.ContentType); strings.Contains(text, "reachable") || !strings.Contains(text, `"mtu":1500`) {
		t.Errorf("exported %s", text)
	}
}

func TestStateOfUnderlay(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.path.seen.Store(&ctl.Status{Underlay: ctl.Underlay{
		Addresses: []ctl.AddressState{{Port: "tun0", Prefix: netip.MustParsePrefix("192.0.2.1/24"), State: "duplicate", Rival: [6]byte{2, 0, 0, 0, 0, 0x66}},
			{Port: "tun0", Prefix: netip.MustParsePrefix("198.51.100.1/24"), State: "valid", Rival: [6]byte{2}, Disputed: noon}},
		Neighbors: []ctl.NeighborState{{Address: addr("192.0.2.10"), Port: "tun0", State: "incomplete"},
			{Address: addr("192.0.2.254"), MAC: [6]byte{2, 0, 0, 0, 2, 0xfe}, Port: "tun0", State: "reachable", Since: noon, Static: true}},
		Counters: map[string]uint64{"arp_requests": 3},
	}})
	want := api.Underlay{Addresses: []api.UnderlayAddress{{Port: "tun0", Address: "192.0.2.1/24", State: "duplicate", OtherMACAddress: "02:00:00:00:00:66"},
		{Port: "tun0", Address: "198.51.100.1/24", State: "valid", OtherMACAddress: "02:00:00:00:00:00", DisputedAt: "2026-03-04T12:00:00Z"}},
		Neighbors: []api.UnderlayNeighbor{{Address: "192.0.2.10", Port: "tun0", State: "incomplete"},
			{Address: "192.0.2.254", MACAddress: "02:00:00:00:02:fe", Port: "tun0", State: "reachable", Since: "2026-03-04T12:00:00Z", Static: true}},
		Counters: map[string]uint64{"arp_requests": 3}}
	if diff := cmp.Diff(want, must(w.client.State(background))(t).Underlay); diff != "" {
		t.Error(diff)
	}
}

// TestWatchStates: changes of state come between those of resources, for every resource concerned,
// and do not disturb the count of revisions.
func TestWatchStates(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	id := w.spread()
	must(w.client.Targets().Create(background, api.TrafficMirrorTarget{Common: api.Common{Name: "same"}, IPAddress: "192.0.2.10"}))(t)
	events, done := make(chan api.Event), make(chan error, 1)
	go func() {
		done <- w.client.Watch(background, 8, func(e api.Event) error {
			events <- e
			if e.Name == "last" {
				return errEnough
			}
			return nil
		})
	}()
	if e := <-events; e.Revision != 9 || e.Name != "same" {
		t.Fatalf("the first is %+v", e)
	}
	down := ctl.DestinationState{Address: addr("192.0.2.10"), Port: "tun0", Reason: "no answer"}
	elsewhere := ctl.DestinationState{Address: addr("192.0.2.99"), Port: "tun0"}
	member := members("unhealthy", "no answer")[0]
	for _, c := range []ctl.StateChange{{Destination: &elsewhere}, {Destination: &down}, {Balancer: "nlb-gone", Member: &member},
		{Balancer: id, Member: &member}, {Balancer: id, Zone: &ctl.ZoneState{Skip: "target-down"}}} {
		c.Time = noon
		w.path.states.Publish(c)
	}
	var got []string
	for range 4 {
		e := <-events
		if e.Action != api.ActionState || e.Revision != 9 || !e.Time.Equal(noon) || e.ID == "" {
			t.Errorf("event %+v", e)
		}
		got = append(got, e.Kind+" "+e.Name+" "+string(e.After))
	}
	state := `{"state":"unresolved","reason":"192.0.2.10 on port \"tun0\" is not resolved: no answer","path":{"tunnelPort":"tun0","mtu":9001}}`
	want := []string{"target-state ids " + state, "target-state same " + state,
		`member-state lb {"address":"192.0.2.31","weight":1,"state":"unhealthy","reason":"no answer","since":"2026-03-04T12:00:00Z","lastProbe":"2026-03-04T12:00:00Z","rttMicroseconds":300}`,
		`zone-state lb {"skipped":"target-down"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	must(w.client.Filters().Create(background, api.TrafficMirrorFilter{Common: api.Common{Name: "last"}}))(t)
	if e := <-events; e.Revision != 10 || e.Name != "last" {
		t.Errorf("the last is %+v", e)
	}
	if err := <-done; err != errEnough {
		t.Error(err)
	}
}

// TestStatesAreLost: who publishes never waits, and a slow reader is told. The stream is held up by
// a change that keeps the store to itself.
func TestStatesAreLost(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	response := must(w.raw().Get("http://x/v1/watch"))(t)
	defer response.Body.Close()
	far := ctl.DestinationState{Address: addr("192.0.2.10"), Port: "tun0"}
	_, err := w.store.Change(background, store.Request{}, func(*store.Tx) error {
		for range 40 * ctl.KeptStateChanges {
			w.path.states.Publish(ctl.StateChange{Time: noon, Destination: &far})
		}
		return errEnough
	})
	if err != errEnough {
		t.Fatal(err)
	}
	lines := json.NewDecoder(response.Body)
	for {
		var e api.Event
		if err := lines.Decode(&e); err != nil {
			t.Fatalf("the stream ends without word of a loss: %v", err)
		}
		if e.Kind == api.KindStateLost {
			return
		}
	}
}
