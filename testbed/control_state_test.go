package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/daemon"
)

// TestStateSurvivesRestart creates everything over the socket; after a restart, be it by kill -9,
// it is all there, with the same identifiers, and in force before the first frame.
func TestStateSurvivesRestart(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			g := newSteered(t)
			first := g.start()
			first.mirrorAll()
			before, err := first.Sessions().Get(first.context(), "all")
			if err != nil {
				t.Fatal(err)
			}
			first.awaitFrames()
			first.Signal(signal)
			first.Wait()

			second := g.start()
			after, err := second.Sessions().Get(second.context(), "all")
			if err != nil || after.TrafficMirrorSessionID != before.TrafficMirrorSessionID || after.VirtualNetworkID != 7 {
				t.Errorf("%+v, %v; before the restart %+v", after, err, before)
			}
			second.awaitFrames()
			report := second.end()
			if matched, rx := report.Sessions["all"].Egress.MatchedPackets, report.Ports["wire0"].RxPackets; matched != rx {
				t.Errorf("%d frames matched of %d: the session was not in force before the first frame", matched, rx)
			}
		})
	}
}

// TestApplyReconcilesAtEveryStart: what was changed over the socket is undone by the next --apply.
func TestApplyReconcilesAtEveryStart(t *testing.T) {
	g := newSteered(t)
	first := g.start("--apply", "resources.toml")
	before, err := first.Interfaces().Get(first.context(), "web-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.createTarget("extra"); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Sessions().Delete(first.context(), "all"); err != nil {
		t.Fatal(err)
	}
	first.awaitFrames()
	first.end()

	second := g.start("--apply", "resources.toml")
	if _, err := second.Targets().Get(second.context(), "extra"); err == nil {
		t.Error("a target that the document lacks is still there")
	} else {
		mustFail(t, err, api.CodeNotFound)
	}
	after, err := second.Interfaces().Get(second.context(), "web-1")
	if err != nil || after.NetworkInterfaceID != before.NetworkInterfaceID {
		t.Errorf("%+v, %v; before the restart %+v", after, err, before)
	}
	second.awaitFrames()
	report := second.end()
	if matched, rx := report.Sessions["all"].Egress.MatchedPackets, report.Ports["wire0"].RxPackets; matched != rx {
		t.Errorf("%d frames matched of %d", matched, rx)
	}
}

// TestForwardAfter: production does not wait for a document that takes longer than forward_after.
func TestForwardAfter(t *testing.T) {
	g := newSteered(t)
	g.more = "forward_after = \"1ns\"\n"
	g.write()
	var large strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&large, "[[target]]\nname = \"t%d\"\naddress = \"192.0.2.10\"\n", i)
	}
	resources, err := os.ReadFile(filepath.Join(g.dir, "resources.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(g.dir, "resources.toml"), string(resources)+large.String())
	s := g.start("--apply", "resources.toml")
	if log := s.Stderr(); !strings.Contains(log, "forwarding without resources") ||
		strings.Index(log, "forwarding without resources") > strings.Index(log, daemon.Forwarding) {
		t.Errorf("ports did not start before the resources were in force:\n%s", log)
	}
	s.awaitFrames()
	if report := s.end(); report.Sessions["all"].Egress.MatchedPackets == 0 {
		t.Error("nothing was mirrored though the resources came")
	}
}

// TestMemoryOnly: without [state] the socket works, and the log says what that means.
func TestMemoryOnly(t *testing.T) {
	g := newSteered(t)
	text, err := os.ReadFile(filepath.Join(g.dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	without, _, _ := strings.Cut(string(text), "[state]")
	writeFile(t, filepath.Join(g.dir, "gateway.toml"), without)
	s := g.start()
	if !strings.Contains(s.Stderr(), "resources live in memory only") {
		t.Errorf("no notice in the log:\n%s", s.Stderr())
	}
	s.mirrorAll()
	s.awaitFrames()
	s.end()
	if _, err := os.Stat(g.state); !os.IsNotExist(err) {
		t.Errorf("a state file was made (%v)", err)
	}
}

// TestStateCommand looks after the file of a stopped daemon, and refuses that of a running one.
func TestStateCommand(t *testing.T) {
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	for _, action := range []string{"check", "export", "compact"} {
		result := daemon.Run(t, g.dir, "state", action, "--config", "gateway.toml")
		if result.ExitCode != 1 {
			t.Errorf("%s of a running daemon's file: exit code %d", action, result.ExitCode)
		}
		checkSentence(t, result.Stderr, `state\.db.*(locked|in use|open)`)
	}
	s.awaitFrames()
	s.end()

	check := daemon.Run(t, g.dir, "state", "check", "--config", "gateway.toml")
	if check.ExitCode != 0 || !strings.Contains(check.Stdout, "sessions       1\n") || !strings.Contains(check.Stdout, "resources      valid\n") {
		t.Errorf("check: exit code %d\n%s%s", check.ExitCode, check.Stdout, check.Stderr)
	}
	export := daemon.Run(t, g.dir, "state", "export", "--config", "gateway.toml")
	if export.ExitCode != 0 || !strings.Contains(export.Stdout, "[[session]]") {
		t.Fatalf("export: exit code %d\n%s%s", export.ExitCode, export.Stdout, export.Stderr)
	}
	compact := daemon.Run(t, g.dir, "state", "compact", "--config", "gateway.toml")
	if compact.ExitCode != 0 || !strings.Contains(compact.Stdout, " bytes before, ") {
		t.Errorf("compact: exit code %d\n%s%s", compact.ExitCode, compact.Stdout, compact.Stderr)
	}
	again := daemon.Run(t, g.dir, "state", "export", "--config", "gateway.toml")
	if again.Stdout != export.Stdout {
		t.Errorf("after compact the export is\n%s\nbefore\n%s", again.Stdout, export.Stdout)
	}
	writeFile(t, filepath.Join(g.dir, "resources.toml"), export.Stdout)
	g.state = filepath.Join(g.dir, "other.db")
	g.write()
	daemon.Run(t, g.dir, "--config", "gateway.toml", "--apply", "resources.toml", "--check-config")
	other := g.start("--apply", "resources.toml")
	other.awaitFrames()
	other.end()
	if copied := daemon.Run(t, g.dir, "state", "export", "--config", "gateway.toml"); copied.Stdout != export.Stdout {
		t.Errorf("the export of what was applied is\n%s\nwant\n%s", copied.Stdout, export.Stdout)
	}
}
