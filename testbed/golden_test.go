package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/BurntSushi/toml"

	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// TestCases runs the daemon over every case of testbed/cases. Expectations are stated by people
// and written by testbed/cases/generate; nothing here can overwrite them.
func TestCases(t *testing.T) {
	found, err := filepath.Glob("cases/[0-9][0-9][0-9]_*")
	if err != nil || len(found) < 18 {
		t.Fatalf("found %d cases (%v), want at least 18", len(found), err)
	}
	for _, path := range found {
		t.Run(filepath.Base(path), func(t *testing.T) { runCase(t, path) })
	}
}

// expectation is expect.toml of a case.
type expectation struct {
	Production map[string]string                     `toml:"production"`
	Session    map[string]map[string]expectedCounter `toml:"session"` // by name and direction
}

type expectedCounter struct {
	MatchedPackets   uint64            `toml:"matched_packets"`
	MatchedBytes     uint64            `toml:"matched_bytes"`
	MirroredPackets  uint64            `toml:"mirrored_packets"`
	TruncatedPackets uint64            `toml:"truncated_packets"`
	Skipped          map[string]uint64 `toml:"skipped"`
}

func runCase(t *testing.T, path string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(path)); err != nil {
		t.Fatal(err)
	}
	var want expectation
	meta, err := toml.DecodeFile(filepath.Join(dir, "expect.toml"), &want)
	if err != nil || len(meta.Undecoded()) > 0 {
		t.Fatalf("expect.toml: %v, unknown keys %v", err, meta.Undecoded())
	}
	result := daemon.Run(t, dir, "--config", "gateway.toml", "--apply", "resources.toml",
		"--until-idle", "500ms", "--report", "report.json")
	if result.ExitCode != 0 || result.TimedOut {
		t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
	}
	checkProduction(t, dir, want)
	checkMirror(t, dir)
	if result.Report == nil {
		t.Fatalf("no report; stderr:\n%s", result.Stderr)
	}
	checkReport(t, dir, result.Report, want)
}

// checkProduction holds what left against what entered, byte for byte and in order.
func checkProduction(t *testing.T, dir string, want expectation) {
	t.Helper()
	for sent, left := range want.Production {
		compareFrames(t, left, read(t, dir, left), read(t, dir, sent))
	}
}

// checkMirror holds mirror.pcap against the copies of send.pcap and, where there is one, send1.pcap.
// How the two inputs interleave is not stated: each must be there, whole and in its order.
func checkMirror(t *testing.T, dir string) {
	t.Helper()
	got, first := copiesIn(t, dir, "mirror.pcap"), read(t, dir, "expect.pcap")
	second := readIfAny(t, dir, "expect1.pcap")
	if len(second) == 0 {
		compareFrames(t, "mirror.pcap", got, first)
		return
	}
	if interleaves(got, first, second) {
		return
	}
	t.Errorf("mirror.pcap (%d frames) is no interleaving of expect.pcap (%d) and expect1.pcap (%d):\n%s",
		len(got), len(first), len(second), explainInterleaving(got, first, second))
}

func checkReport(t *testing.T, dir string, got *daemon.Report, want expectation) {
	t.Helper()
	for _, law := range []string{"production", "mirror"} {
		if value, stated := got.Laws[law]; !stated || value != 0 {
			t.Errorf("law %s is %d (stated: %v), want 0", law, value, stated)
		}
	}
	if n := got.Dropped(); n != 0 {
		t.Errorf("%d production frames dropped: %+v", n, got.Ports)
	}
	for name, directions := range want.Session {
		for direction, counter := range directions {
			checkCounter(t, name, direction, got, counter)
		}
	}
	checkPorts(t, dir, got)
}

func checkCounter(t *testing.T, name, direction string, report *daemon.Report, want expectedCounter) {
	t.Helper()
	session, reported := report.Sessions[name]
	if !reported {
		t.Errorf("session %s is not in the report", name)
		return
	}
	got := session.Ingress
	if direction == "egress" {
		got = session.Egress
	}
	stated := expectedCounter{got.MatchedPackets, got.MatchedBytes, got.MirroredPackets, got.TruncatedPackets, nonZero(got.Skipped)}
	want.Skipped = nonZero(want.Skipped)
	if fmt.Sprint(stated) != fmt.Sprint(want) {
		t.Errorf("session %s %s:\n got %+v\nwant %+v", name, direction, stated, want)
	}
}

// nonZero drops reasons that count nothing: a report may list them or not.
func nonZero(reasons map[string]uint64) map[string]uint64 {
	kept := map[string]uint64{}
	for reason, n := range reasons {
		if n != 0 {
			kept[reason] = n
		}
	}
	return kept
}

// checkPorts holds the port counters against the files of net_pcap ports.
func checkPorts(t *testing.T, dir string, got *daemon.Report) {
	t.Helper()
	for _, p := range []struct{ port, file, what string }{
		{"wire0", "send.pcap", "rx"}, {"wire1", "send1.pcap", "rx"}, {"tap0", "send.pcap", "rx"},
		{"wire0", "back.pcap", "tx"}, {"wire1", "out.pcap", "tx"}, {"tun0", "mirror.pcap", "tx"},
	} {
		port, configured := got.Ports[p.port]
		if !configured {
			continue
		}
		packets, bytes := port.RxPackets, port.RxBytes
		if p.what == "tx" {
			packets, bytes = port.TxPackets, port.TxBytes
		}
		frames := readIfAny(t, dir, p.file)
		if packets != uint64(len(frames)) || bytes != total(frames) {
			t.Errorf("%s %s is %d packets, %d bytes; %s has %d, %d", p.port, p.what, packets, bytes, p.file, len(frames), total(frames))
		}
	}
}

func total(frames [][]byte) uint64 {
	var n uint64
	for _, f := range frames {
		n += uint64(len(f))
	}
	return n
}

func read(t *testing.T, dir, name string) [][]byte {
	t.Helper()
	frames, err := traffic.Read(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func readIfAny(t *testing.T, dir, name string) [][]byte {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, name)); os.IsNotExist(err) {
		return nil
	}
	return read(t, dir, name)
}
