package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/history"
	"mirrorgw/testbed/daemon"
)

// historyDir is a case whose source belongs to an instance, on a gateway with a history.
func historyDir(t *testing.T, section string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("cases/001_seed_inbound_tcp")); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "gateway.toml"), func(text string) string { return text + "\n[history]\n" + section })
	edit(t, filepath.Join(dir, "resources.toml"), func(text string) string {
		return strings.Replace(text, `name = "web-1"`, "name = \"web-1\"\ninstance = \"i-1\"\nmonitoring = \"detailed\"", 1)
	})
	return dir
}

func edit(t *testing.T, path string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, change(string(text)))
}

// kept adds up what a history has of a column.
func kept(t *testing.T, dir string, k history.Key, column string) (sum uint64) {
	t.Helper()
	h, err := history.Open(history.Options{Dir: dir, Days: 15})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	points, err := h.Points(k, []int{k.Kind.Column(column)}, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil || len(points) == 0 {
		t.Fatalf("%d points of %s, %v", len(points), column, err)
	}
	for _, p := range points {
		sum += uint64(p.Values[0])
	}
	return sum
}

var historyInstance = history.Key{Kind: history.Instance, Step: 1, Account: "000000000000", Name: "i-1"}

// TestHistoryOutlivesTheDaemon: what was counted in two runs is there after a third that was killed.
func TestHistoryOutlivesTheDaemon(t *testing.T) {
	dir := historyDir(t, `path = "history"`)
	var mirrored, received uint64
	for range 2 {
		result := daemon.Run(t, dir, untilIdle...)
		if result.ExitCode != 0 || result.Report == nil {
			t.Fatalf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
		}
		mirrored += result.Report.Sessions["web-1-to-a"].Ingress.MirroredBytes
		received += result.Report.Ports["wire0"].RxPackets
	}
	p := daemon.Start(t, dir, running...)
	p.AwaitLog(daemon.Forwarding)
	p.Signal(syscall.SIGKILL)
	p.Wait()
	path := filepath.Join(dir, "history")
	if got := kept(t, path, historyInstance, "NetworkMirrorIn"); got != mirrored || got == 0 {
		t.Errorf("the history has %d mirrored bytes, the reports %d", got, mirrored)
	}
	if got := kept(t, path, history.Key{Kind: history.Port, Step: 1, Name: "wire0"}, "rx_packets"); got != received || got == 0 {
		t.Errorf("the history has %d received frames, the reports %d", got, received)
	}
}

// TestHistoryThatCannotBeKept: production goes on without, and --check-config refuses.
func TestHistoryThatCannotBeKept(t *testing.T) {
	dir := historyDir(t, `path = "gateway.toml"`)
	result := daemon.Run(t, dir, untilIdle...)
	if result.ExitCode != 0 || !strings.Contains(result.Stderr, "no history is kept; production goes on") {
		t.Errorf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	result = daemon.Run(t, dir, "--config", "gateway.toml", "--check-config")
	if result.ExitCode != 1 || !strings.Contains(result.Stderr, "[history]: path gateway.toml: gateway.toml is not a directory") {
		t.Errorf("--check-config: exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
}
