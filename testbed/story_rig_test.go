package testbed

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// storyTargets are both the monitor's, told apart by address.
const targetA, targetB = "192.0.2.10", "192.0.2.20"

// storyGateway is a gateway with nothing to mirror, a control socket and a state file. It takes no
// hugepages, so that it starts whatever else runs on the machine.
func storyGateway(l *lan) string {
	return strings.Replace(liveGateway(l), "[eal]\n", "[eal]\nhugepages = \"never\"\n", 1) + fmt.Sprintf(`[[neighbor]]
address = "%s"
mac = "%s"
[quotas]
sessions_per_source = 16
[ctl]
socket = "ctl.sock"
[state]
path = "state.db"
`, targetB, macM)
}

// storyLAN makes the namespaces and the directory of a gateway.
func storyLAN(t *testing.T) (l *lan, dir string) {
	t.Helper()
	l = newLAN(t)
	l.host("a", addressA+"/24", macA, liveMTU)
	l.host("b", addressB+"/24", macB, liveMTU)
	l.host("m", targetA+"/24", macM, 1500)
	dir = t.TempDir()
	t.Cleanup(daemon.OnInterrupt(func() { l.abandon(dir) }))
	writeFile(t, filepath.Join(dir, "gateway.toml"), storyGateway(l))
	return l, dir
}

// abandon removes what would outlive an interrupted test.
func (l *lan) abandon(dir string) {
	for _, host := range []string{"a", "b", "m", "g"} {
		_ = exec.Command("ip", "netns", "del", l.namespace(host)).Run() // nobody is left to tell
	}
	os.RemoveAll(filepath.Dir(dir))
}

// startStory starts the daemon between the hosts; its socket is answered on return.
func startStory(t *testing.T, l *lan, dir string) *daemon.Process {
	t.Helper()
	p := daemon.StartIn(t, l.namespace("g"), dir, "--config", "gateway.toml", "--report", "report.json")
	p.AwaitLog(ready)
	return p
}

// epoch is the time in which one policy is in force: from the answer to the change that made it
// to the request of the next one.
type epoch struct {
	step   string
	before uint64 // the last frame that was through before the change was asked for
	after  uint64 // the last frame that can have been on its way when it was acknowledged
	want   policy
}

// story is a gateway that is steered step by step while numbered frames pass.
type story struct {
	t      *testing.T
	stream *stream
	ctl    *control.Tool
	api    *client.Client
	epochs []epoch
	since  uint64   // sessions count frames after this one
	told   []string // what the change stream must tell, one string a revision
}

// do makes one change by mirrorctl. events are what it must do, such as "create session web-1-to-a".
func (s *story) do(want policy, events []string, args ...string) {
	s.t.Helper()
	before := s.stream.lastThrough()
	var changed struct {
		Revision uint64
		Warnings []string
	}
	s.ctl.JSON(&changed, args...)
	s.changed(strings.Join(args, " "), before, changed.Revision, want, events)
	if len(changed.Warnings) > 0 {
		s.t.Errorf("mirrorctl %s warns: %q", strings.Join(args, " "), changed.Warnings)
	}
}

// changed notes an acknowledged change, and lets frames of every kind pass before the next.
func (s *story) changed(step string, before, revision uint64, want policy, events []string) {
	s.t.Helper()
	after := s.stream.lastSent()
	s.epochs = append(s.epochs, epoch{step, before, after, want})
	if len(events) > 0 {
		s.told = append(s.told, toldAs(revision, events))
	}
	s.explain(step, want)
	s.stream.await(after + 3*uint64(len(storyKinds)))
	s.laws(step)
}

func toldAs(revision uint64, events []string) string {
	slices.Sort(events)
	return fmt.Sprintf("%d: %s", revision, strings.Join(events, ", "))
}

// explain asks the data path about a frame of every kind, as they pass at this moment.
func (s *story) explain(step string, want policy) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	for i := range storyKinds {
		kind := &storyKinds[i]
		frame := kind.frame(0, 300)
		got, err := s.api.Explain(ctx, api.ExplainRequest{Source: "web-1", Direction: kind.direction(), Frame: hex.EncodeToString(frame)})
		if err != nil {
			if len(want) == 0 { // there may be no web-1, or none that is a source
				return
			}
			s.t.Fatalf("%s: explain %s: %v", step, kind.name, err)
		}
		s.explained(step, kind, want[kind.name], got, frame)
	}
}

// explained judges one explanation by what must become of the next frame of the kind.
func (s *story) explained(step string, kind *storyKind, f fate, got *api.Explanation, frame []byte) {
	s.t.Helper()
	if f.vni == 0 {
		if got.Outcome == "matched" || got.Copy != nil {
			s.t.Errorf("%s: explain says that %s is mirrored: %s", step, kind.name, got.Text)
		}
		return
	}
	if got.Outcome != "matched" || got.Copy == nil || got.Session != f.session {
		s.t.Errorf("%s: explain says that %s is %s by session %q, want %s: %s", step, kind.name, got.Outcome, got.Session, f.session, got.Text)
		return
	}
	outer, err := hex.DecodeString(got.Copy.Frame)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := decapsulate(outer)
	if err != nil {
		s.t.Errorf("%s: explain's copy of %s %v", step, kind.name, err)
		return
	}
	compareFrames(s.t, step+", explain's copy of "+kind.name, [][]byte{c.inner}, [][]byte{frame[:f.length(len(frame))]})
	if c.vni != f.vni || c.dst.String() != f.dst || got.Copy.InnerLength != len(c.inner) || got.Copy.OuterDestination != f.dst {
		s.t.Errorf("%s: explain's copy of %s goes to %s with VNI %d and %+v, want %s and %d", step, kind.name, c.dst, c.vni, got.Copy, f.dst, f.vni)
	}
}

// laws asserts that both laws hold at this moment.
func (s *story) laws(step string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	stats, err := s.api.Stats(ctx, client.StatsQuery{Kinds: []string{"laws"}})
	if err != nil {
		s.t.Fatalf("%s: stats: %v", step, err)
	}
	if stats.Laws != (report.Laws{}) {
		s.t.Errorf("%s: the laws are %+v", step, stats.Laws)
	}
}

// judge accounts for every frame: those through before a change was asked for do not obey it, those
// sent after it was acknowledged do, those between may do either.
func (s *story) judge() {
	s.t.Helper()
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	if s.stream.through != s.stream.sent || len(s.stream.early) > 0 {
		s.t.Errorf("%d frames were sent, all up to %d came out", s.stream.sent, s.stream.through)
	}
	i, between, wrong := 0, 0, 0
	for n := uint64(1); n <= s.stream.sent; n++ {
		for i+1 < len(s.epochs) && n > s.epochs[i+1].after {
			i++
		}
		_, frame := storyFrame(n)
		copies := s.stream.copies[n]
		ok := s.epochs[i].want.keeps(n, len(frame), copies)
		if i+1 < len(s.epochs) && n > s.epochs[i+1].before {
			between++
			ok = ok || s.epochs[i+1].want.keeps(n, len(frame), copies)
		}
		if !ok {
			if wrong++; wrong <= 5 {
				s.t.Errorf("frame %d (%s, %d bytes) after %q has the copies %v, want %+v", n, storyKindOf(n).name, len(frame),
					s.epochs[i].step, copies, s.epochs[i].want[storyKindOf(n).name])
			}
		}
	}
	s.t.Logf("%d frames, %d copies, %d changes; %d frames were on their way during a change, %d frames wrong",
		s.stream.sent, s.stream.copied, len(s.epochs)-1, between, wrong)
}

// counters holds the counters against the frames: the flow stops, and everything must add up.
// mirrored are the packets of each session and direction that copies were seen of.
func (s *story) counters() {
	s.t.Helper()
	s.stream.hold()
	var stats report.Report
	for late := time.Now().Add(streamWait); ; {
		s.ctl.JSON(&stats, "stats")
		copied := s.stream.lastCopied()
		if int(stats.Ports["tun0"].CopiesPackets) == copied && int(stats.Ports["wire0"].RxPackets+stats.Ports["wire1"].RxPackets) >= int(s.stream.lastSent()) {
			break
		}
		if time.Now().After(late) {
			s.t.Fatalf("the tunnel port counts %d copies, %d were seen", stats.Ports["tun0"].CopiesPackets, copied)
		}
	}
	s.compareCounters(&stats)
	s.stream.flow()
}

// compareCounters asserts what the counters say of the sessions that there are: a session has kept
// its counters through all changes of its name, number, VNI, target and filter.
func (s *story) compareCounters(stats *report.Report) {
	s.t.Helper()
	if stats.Laws != (report.Laws{}) {
		s.t.Errorf("the laws are %+v", stats.Laws)
	}
	for name, port := range stats.Ports {
		if port.Dropped.Sum() != 0 || port.Driver.Sum() != 0 {
			s.t.Errorf("port %s dropped %v and the driver %v", name, port.Dropped, port.Driver)
		}
	}
	for name, session := range stats.Sessions {
		ingress, egress := s.seen(session.VNI)
		if session.Ingress.MirroredPackets != ingress || session.Egress.MirroredPackets != egress {
			s.t.Errorf("session %s mirrored %d and %d packets, copies were seen of %d and %d", name,
				session.Ingress.MirroredPackets, session.Egress.MirroredPackets, ingress, egress)
		}
	}
	wire0, wire1 := stats.Ports["wire0"], stats.Ports["wire1"]
	if wire0.RxPackets != wire1.TxPackets || wire1.RxPackets != wire0.TxPackets {
		s.t.Errorf("wire0 received %d and sent %d, wire1 received %d and sent %d", wire0.RxPackets, wire0.TxPackets, wire1.RxPackets, wire1.TxPackets)
	}
}

// seen counts the copies with a VNI. Sessions whose VNI changes list their former ones.
func (s *story) seen(vni uint32) (ingress, egress int64) {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	for n, copies := range s.stream.copies {
		for _, c := range copies {
			if n <= s.since || c.vni != vni && storyFormerVNI[c.vni] != vni {
				continue
			}
			if storyKindOf(n).outbound {
				egress++
			} else {
				ingress++
			}
		}
	}
	return ingress, egress
}
