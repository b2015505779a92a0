package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
)

// observe gives a record what only the daemon can say.
func observe(t *testing.T, f *fake, kind, name string, observed any) {
	t.Helper()
	raw, err := encode(observed)
	if err != nil {
		t.Fatal(err)
	}
	i, err := f.find(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	var r record
	if err := decode(json.RawMessage(raw), &r); err != nil {
		t.Fatal(err)
	}
	for key, v := range r {
		f.records[kind][i][key] = v
	}
}

func TestShowLive(t *testing.T) {
	f := newFake()
	build(t, f)
	run(t, f, "load-balancer create sensors --listener udp:4789 --member 192.0.2.11,192.0.2.12@b*2")
	observe(t, f, "target", "ids", map[string]any{"state": "reachable", "path": api.TargetPath{TunnelPort: "tun0", Via: "192.0.2.254",
		MACAddress: "02:00:00:00:02:fe", PathMTU: 1400, MTU: 1400, Since: "2026-03-04T12:00:00Z"}})
	observe(t, f, "session", "s1", map[string]any{"state": "active", "delivery": "target-down", "deliveryReason": "no member serves"})
	observe(t, f, "load-balancer", "sensors", map[string]any{
		"memberStates": []api.MemberState{
			{Address: "192.0.2.11", Weight: 1, State: "healthy", Since: "2026-03-04T12:00:00Z", LastProbe: "2026-03-04T12:00:05Z", RTTMicroseconds: 310},
			{Address: "192.0.2.12", AvailabilityZone: "b", Weight: 2, State: "unhealthy", Since: "2026-03-04T12:00:00Z", Reason: "no answer"}},
		"zoneStates": []api.ZoneState{{Members: []string{"192.0.2.11"}}, {AvailabilityZone: "b", Skipped: "target-down"}}})
	for line, want := range map[string]string{
		"target list": `
NAME  ID                     ADDRESS     INTERFACE  LOAD BALANCER  MTU  STATE
ids   tmt-00000000000000001  192.0.2.10  -          -                -  reachable
`,
		"target show ids": `
name           ids
id             tmt-00000000000000001
address        192.0.2.10
state          reachable
tunnel-port    tun0
router         192.0.2.254
next-hop-mac   02:00:00:00:02:fe
path-mtu       1400
copies-cut-at  1400
changed        2026-03-04T12:00:00Z
`,
		"session show s1": `
name             s1
id               tms-00000000000000001
source           web-1 (eni-00000000000000001)
number           1
target           ids (tmt-00000000000000001)
filter           web (tmf-00000000000000001)
vni              100
state            active
delivery         target-down
delivery-reason  no member serves
`,
		"load-balancer show sensors": `
name      sensors
id        nlb-00000000000000001
listener  udp:4789
member    192.0.2.11, 192.0.2.12@b*2

members now
  MEMBER      ZONE  WEIGHT  STATE      SINCE                 LAST PROBE            RTT    REASON
  192.0.2.11  -          1  healthy    2026-03-04T12:00:00Z  2026-03-04T12:00:05Z  310µs  -
  192.0.2.12  b          2  unhealthy  2026-03-04T12:00:00Z  -                     -      no answer

who serves the sources of
  no zone: 192.0.2.11
  zone b: nobody, copies are skipped (target-down)
`,
	} {
		r := run(t, f, line)
		if r.code != ExitOK || r.errs != "" {
			t.Errorf("%s: exit %d, %s", line, r.code, r.errs)
		}
		same(t, line, r.out, want[1:])
	}
}

func TestStatusOfTroubles(t *testing.T) {
	f := newFake()
	f.state = healthy()
	f.state.Underlay.Addresses = []api.UnderlayAddress{{Port: "tun0", Address: "192.0.2.1/24", State: "duplicate", OtherMACAddress: "02:00:00:00:00:66"}, {Port: "tun0", Address: "2001:db8::1/64", State: "valid"},
		{Port: "tun1", Address: "198.51.100.1/24", State: "valid", OtherMACAddress: "02:00:00:00:00:67", DisputedAt: start.Add(-90 * time.Second).UTC().Format(time.RFC3339)},
		{Port: "tun2", Address: "203.0.113.1/24", State: "valid", OtherMACAddress: "02:00:00:00:00:68", DisputedAt: start.Add(-time.Hour).UTC().Format(time.RFC3339)}}
	f.state.Troubles = api.Troubles{TargetCount: 22, Targets: []api.TroubledTarget{{Name: "ids", State: "unresolved", Reason: "no answer"}, {Name: "spread", State: "degraded"}},
		LoadBalancerCount: 3, LoadBalancers: []api.TroubledMembers{{Name: "sensors", MemberCount: 4, Members: []api.MemberState{{Address: "192.0.2.11", State: "down"}}},
			{Name: "other", MemberCount: 1, Members: []api.MemberState{{Address: "192.0.2.12", State: "unhealthy", Reason: "refused"}}}}}
	r := run(t, f, "status --check")
	if r.code != ExitRefused {
		t.Errorf("exit %d", r.code)
	}
	warnings, _, _ := strings.Cut(r.out, "\n\n")
	same(t, "warnings", warnings, `WARNING: 22 targets are not reachable, so copies are skipped: ids (unresolved: no answer), spread (degraded) and 20 more
WARNING: 1 of 4 members of load balancer sensors do not serve: 192.0.2.11 (down)
WARNING: 1 of 1 member of load balancer other do not serve: 192.0.2.12 (unhealthy: refused)
WARNING: 1 more load balancer has members that do not serve
WARNING: another host (02:00:00:00:00:66) has the address 192.0.2.1/24 of port tun0; give one of the two another
WARNING: another host (02:00:00:00:00:67) claimed the address 198.51.100.1/24 of port tun1, which is in use, 1m ago; give one of the two another`)
}

func TestWatchStates(t *testing.T) {
	f := newFake()
	for _, e := range []struct {
		kind  string
		after any
	}{
		{api.KindTargetState, api.TargetState{State: "unresolved", Reason: "no answer"}},
		{api.KindTargetState, api.TargetState{State: "reachable", Path: &api.TargetPath{TunnelPort: "tun0", Via: "192.0.2.254", MACAddress: "02:00:00:00:02:fe"}}},
		{api.KindMemberState, api.MemberState{Address: "192.0.2.11", State: "unhealthy", Reason: "refused"}},
		{api.KindZoneState, api.ZoneState{AvailabilityZone: "b", Skipped: "target-down"}},
		{api.KindLinkState, api.LinkState{State: "taken-down", Reason: "the link of wire0 is down"}},
		{api.KindStateLost, nil},
	} {
		event := api.Event{Revision: 7, Time: start, Action: api.ActionState, Kind: e.kind}
		if e.after != nil {
			raw, err := encode(e.after)
			if err != nil {
				t.Fatal(err)
			}
			event.ID, event.Name, event.After = "x-1", "ids", raw
		}
		f.events = append(f.events, event)
	}
	r := run(t, f, "watch --count 6")
	at := start.Local().Format("2006-01-02 15:04:05") + "  7  state "
	same(t, "watch", r.out, at+"target-state ids x-1: unresolved: no answer\n"+
		at+"target-state ids x-1: reachable at 02:00:00:00:02:fe on tun0 via 192.0.2.254\n"+
		at+"member-state ids x-1: member 192.0.2.11 is unhealthy: refused\n"+
		at+"zone-state ids x-1: zone b: nobody, copies are skipped (target-down)\n"+
		at+"link-state ids x-1: taken-down: the link of wire0 is down\n"+
		at+"state-lost: some changes of state came faster than they could be told; see mirrorctl status\n")
}

// TestLostSessions: the status says which sessions have no target any more.
func TestLostSessions(t *testing.T) {
	state := api.State{Troubles: api.Troubles{LostSessionCount: 21, LostSessions: []api.LostSession{{Name: "s1", OwnerID: "222233334444", Inactive: "share-deleted"}}}}
	want := "21 sessions have no target any more: s1 of account 222233334444 (share-deleted) and 20 more"
	if got := troubles(&state, start); len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
}
