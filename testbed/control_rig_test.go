package testbed

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/daemon"
)

// ready is what the daemon logs once the socket is answered.
const ready = "msg=ready"

// steeredGateway is a directory with the files of a gateway at full work, with a control socket and
// a state file, and nothing to mirror yet.
type steeredGateway struct {
	t     *testing.T
	dir   string
	state string // path of the state file
	more  string // further keys of [state]
}

func newSteered(t *testing.T) *steeredGateway {
	t.Helper()
	dir := lifeDir(t, true)
	g := &steeredGateway{t: t, dir: dir, state: filepath.Join(dir, "state.db")}
	g.write()
	return g
}

// write writes gateway.toml anew.
func (g *steeredGateway) write() {
	g.t.Helper()
	gateway := strings.NewReplacer("rx_pcap=in.pcap", "rx_pcap=in.pcap,infinite_rx=1",
		"net_pcap1,tx_pcap=out.pcap", "net_null0,no-rx=1", "net_pcap2,tx_pcap=mirror.pcap", "net_null1,no-rx=1").Replace(goodGateway)
	writeFile(g.t, filepath.Join(g.dir, "gateway.toml"), gateway+lifeNeighbor+
		"\n[ctl]\nsocket = \"ctl.sock\"\n\n[state]\npath = \""+g.state+"\"\n"+g.more)
}

// start starts the daemon; more arguments may follow.
func (g *steeredGateway) start(args ...string) *steered {
	g.t.Helper()
	return g.startLogging(ready, args...)
}

// startLogging is start for a log that says otherwise that the gateway is ready.
func (g *steeredGateway) startLogging(ready string, args ...string) *steered {
	g.t.Helper()
	p := daemon.Start(g.t, g.dir, append([]string{"--config", "gateway.toml", "--report", "report.json"}, args...)...)
	p.AwaitLog(ready)
	c := client.New(filepath.Join(g.dir, "ctl.sock"))
	g.t.Cleanup(c.Close)
	return &steered{Process: p, Client: c, t: g.t, gateway: g}
}

// refused runs a daemon that must not start, and judges the sentence that it says.
func (g *steeredGateway) refused(want string) {
	g.t.Helper()
	result := daemon.Run(g.t, g.dir, "--config", "gateway.toml", "--report", "report.json", "--until-idle", "100ms")
	if result.ExitCode != 1 || result.TimedOut {
		g.t.Errorf("exit code %d (timed out: %v), want 1", result.ExitCode, result.TimedOut)
	}
	checkSentence(g.t, result.Stderr, want)
}

// steered is a running gateway and a client of its socket.
type steered struct {
	*daemon.Process
	*client.Client
	t       *testing.T
	gateway *steeredGateway
}

func (s *steered) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	s.t.Cleanup(cancel)
	return ctx
}

// mirrorAll creates interface, target, filter and session of a gateway that mirrors everything.
func (s *steered) mirrorAll() {
	s.t.Helper()
	ctx := s.context()
	_, e1 := s.Interfaces().Create(ctx, api.NetworkInterface{Common: api.Common{Name: "web-1"}, Port: "wire0"})
	_, e2 := s.Targets().Create(ctx, api.TrafficMirrorTarget{Common: api.Common{Name: "ids"}, IPAddress: "192.0.2.10"})
	_, e3 := s.Filters().Create(ctx, api.TrafficMirrorFilter{Common: api.Common{Name: "web"}, EgressFilterRules: []api.TrafficMirrorFilterRule{
		{TrafficDirection: "egress", RuleNumber: 1, RuleAction: "accept"}}})
	_, e4 := s.Sessions().Create(ctx, api.TrafficMirrorSession{Common: api.Common{Name: "all"}, NetworkInterfaceID: "web-1",
		TrafficMirrorTargetID: "ids", TrafficMirrorFilterID: "web", SessionNumber: 1, VirtualNetworkID: 7})
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		s.t.Fatal(err)
	}
}

// createTarget creates one more target, with a description of some size.
func (s *steered) createTarget(name string) error {
	_, err := s.Targets().Create(s.context(), api.TrafficMirrorTarget{IPAddress: "192.0.2.10",
		Common: api.Common{Name: name, Description: strings.Repeat("x", 250)}})
	return err
}

// awaitFrames returns once production has moved on by some frames.
func (s *steered) awaitFrames() {
	s.t.Helper()
	ctx := s.context()
	for first := int64(-1); ; {
		r, err := s.Stats(ctx, client.StatsQuery{})
		if err != nil {
			s.t.Fatal(err)
		}
		if r.Laws.Production != 0 || r.Laws.Mirror != 0 {
			s.t.Fatalf("the laws are %+v while the gateway runs", r.Laws)
		}
		now := r.Ports["wire1"].TxPackets
		if first < 0 {
			first = now
		}
		if now > first+1000 {
			return
		}
	}
}

// end stops the gateway and judges that production lost nothing and every frame is accounted for.
func (s *steered) end() *daemon.Report {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	result := s.Wait()
	if result.ExitCode != 0 || result.TimedOut || result.Report == nil {
		s.t.Fatalf("exit code %d (timed out: %v), report %v, stderr:\n%s", result.ExitCode, result.TimedOut, result.Report != nil, result.Stderr)
	}
	checkLaws(s.t, result.Report)
	rx, tx := result.Report.Ports["wire0"].RxPackets, result.Report.Ports["wire1"].TxPackets
	if rx == 0 || rx != tx {
		s.t.Errorf("%d frames received, %d sent", rx, tx)
	}
	return result.Report
}

// mustFail returns the error of the API that a request must end with.
func mustFail(t *testing.T, err error, code string) *api.Error {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
	return e
}
