package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/daemon"
)

// TestSignalEndsGatewayWithStalledLcore: the only lcore hangs in its driver, which writes to a pipe
// that nobody empties. The gateway says so, writes the report, and ends with an error.
func TestSignalEndsGatewayWithStalledLcore(t *testing.T) {
	dir := lifeDir(t, true)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), strings.Replace(string(text), "net_null1,no-rx=1", "net_pcap2,tx_pcap=pipe", 1))
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // it does not wait for a writer, and reads nothing
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p := daemon.Start(t, dir, running...)
	p.AwaitLog(daemon.Forwarding)
	p.Signal(syscall.SIGTERM)
	result := p.Wait()
	if result.ExitCode != 1 || result.TimedOut || !strings.Contains(result.Stderr, "has not ended within 5s") ||
		strings.Contains(result.Stderr, "a law is broken") {
		t.Errorf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
	}
	if result.Report == nil || result.Report.Ports["wire0"].RxPackets == 0 {
		t.Errorf("report: %+v", result.Report)
	}
}
