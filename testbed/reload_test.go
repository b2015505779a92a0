package testbed

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
)

// TestReloadWhileForwarding: what is never mirrored changes in a gateway at full work, without a frame
// lost; a file that is no good changes nothing; the service manager is told of both.
func TestReloadWhileForwarding(t *testing.T) {
	manager := notified(t, filepath.Join(t.TempDir(), "notify"), time.Second)
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	s.awaitFrames()
	manager.await("READY=1")
	ctx := s.context()
	ntp := api.ExplainRequest{Source: "web-1", Direction: "egress", Protocol: api.ProtocolNumber(17), SourceAddr: "10.0.0.5:4000", DestinationAddr: "192.0.2.99:123"}
	outcome := func() string {
		explained, err := s.Explain(ctx, ntp)
		if err != nil {
			t.Fatal(err)
		}
		return explained.Outcome
	}
	if got := outcome(); got != "excluded" {
		t.Fatalf("NTP is %s", got)
	}
	g.more = "\n[exclude]\nntp = false\n[quotas]\nsessions_per_source = 1\n[history]\npath = \"history\"\n"
	g.write()
	result, err := s.Reload(ctx, false)
	if err != nil || len(result.Changed) != 2 || !slices.Equal(result.RestartNeeded, []string{"[history]: not there -> there"}) {
		t.Fatalf("%v, %+v", err, result)
	}
	if got := outcome(); got != "matched" {
		t.Errorf("NTP is %s after the reload", got)
	}
	checkReloadTold(t, manager)
	_, err = s.Sessions().Create(ctx, api.TrafficMirrorSession{Common: api.Common{Name: "more"}, NetworkInterfaceID: "web-1", TrafficMirrorTargetID: "ids", TrafficMirrorFilterID: "web", SessionNumber: 2})
	if err == nil || !strings.Contains(err.Error(), api.CodeQuotaExceeded) {
		t.Errorf("a session beyond the new quota: %v", err)
	}
	g.more = "\n[exclude]\nntpp = true\n"
	g.write()
	s.Signal(syscall.SIGHUP)
	s.AwaitLog("did you mean")
	checkReloadTold(t, manager)
	state, err := s.State(ctx)
	if err != nil || state.Configuration.LastReload == nil || state.Configuration.LastReload.Result != api.ReloadFailed ||
		len(state.Configuration.RestartNeeded) != 1 || outcome() != "matched" {
		t.Errorf("%v, %+v", err, state.Configuration)
	}
	s.end()
}

// checkReloadTold: RELOADING with the time, as systemd 253 and later want it, and READY after it.
func checkReloadTold(t *testing.T, manager *serviceManager) {
	t.Helper()
	told := manager.await("RELOADING=1\n")
	var at int64
	if _, err := fmt.Sscanf(told[len(told)-1], "RELOADING=1\nMONOTONIC_USEC=%d\nSTATUS=reloading", &at); err != nil || at <= 0 {
		t.Errorf("%v: %q", err, told[len(told)-1])
	}
	if after := manager.await("READY=1\nSTATUS=forwarding"); len(after) > 3 {
		t.Errorf("%q", after)
	}
}
