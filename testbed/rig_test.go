package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

// maxWires is how many wires a rig can have: DPDK 22.11 of Debian knows 32 ports
// (RTE_MAX_ETHPORTS), two a wire, and the tunnel is one.
const maxWires = 15

// rig is a gateway of several wires in one process. Wire i reads inputs[i] on port in<i> and writes
// out<i>.pcap on port out<i>; all copies go to mirror.pcap. Interface src<i> is all of port in<i>;
// its MTU is said to be 1400, so that nothing warns of truncation.
// Targets ids and recorder are IPv4, lab is IPv6.
type rig struct {
	dir    string
	inputs []string // paths of captures
}

// write lays out gateway.toml and resources.toml; rest is what follows interfaces and targets.
func (r *rig) write(t *testing.T, rest string) {
	t.Helper()
	for name, text := range map[string]string{"gateway.toml": r.gateway(), "resources.toml": r.resources() + rest} {
		writeFile(t, filepath.Join(r.dir, name), text)
	}
}

func (r *rig) gateway() string {
	var text strings.Builder
	text.WriteString("[eal]\nlcores = \"1\"\nmemory_mb = 512\n")
	for i, input := range r.inputs {
		fmt.Fprintf(&text, "[[port]]\nname = \"in%d\"\ndevice = \"net_pcap%d,rx_pcap=%s\"\npeer = \"out%d\"\n", i, 2*i, input, i)
		fmt.Fprintf(&text, "[[port]]\nname = \"out%d\"\ndevice = \"net_pcap%d,tx_pcap=out%d.pcap\"\npeer = \"in%d\"\n", i, 2*i+1, i, i)
	}
	fmt.Fprintf(&text, "[[port]]\nname = \"tun0\"\ndevice = \"net_pcap%d,tx_pcap=mirror.pcap\"\nrole = \"tunnel\"\n", 2*len(r.inputs))
	text.WriteString(`addresses = ["192.0.2.1/24", "2001:db8::1/64"]` + "\n")
	for address, mac := range targetMACs {
		fmt.Fprintf(&text, "[[neighbor]]\naddress = %q\nmac = %q\n", address, mac)
	}
	return text.String()
}

// targetMACs are the next hops of the rig's targets.
var targetMACs = map[string]string{
	"192.0.2.10": "02:00:00:00:02:10", "192.0.2.20": "02:00:00:00:02:20", "2001:db8::10": "02:00:00:00:02:66",
}

func (r *rig) resources() string {
	var text strings.Builder
	for i := range r.inputs {
		fmt.Fprintf(&text, "[[interface]]\nname = \"src%d\"\nport = \"in%d\"\naddresses = [\"10.0.0.%d\"]\nmtu = 1400\n", i, i, i+1)
	}
	text.WriteString(`
[[target]]
name = "ids"
address = "192.0.2.10"
[[target]]
name = "recorder"
address = "192.0.2.20"
[[target]]
name = "lab"
address = "2001:db8::10"
`)
	return text.String()
}

// snapshot is what rules.Compile makes of the rig's files.
func (r *rig) snapshot(t *testing.T) *rules.Snapshot {
	t.Helper()
	cfg, err := config.Load(filepath.Join(r.dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := ctl.LoadDocument(filepath.Join(r.dir, "resources.toml"))
	if err != nil {
		t.Fatal(err)
	}
	resources, _, err := store.Resources(document, store.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := rules.Compile(resources)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// start runs the daemon over the inputs until they are idle.
func (r *rig) start(t *testing.T) daemon.Result {
	t.Helper()
	return daemon.Run(t, r.dir, "--config", "gateway.toml", "--apply", "resources.toml",
		"--until-idle", "500ms", "--report", "report.json")
}

// run is start that asserts what holds for every run that ends well.
func (r *rig) run(t *testing.T) *daemon.Report {
	t.Helper()
	result := r.start(t)
	if result.ExitCode != 0 || result.TimedOut || result.Report == nil {
		t.Fatalf("exit code %d (timed out: %v), report %v, stderr:\n%s", result.ExitCode, result.TimedOut, result.Report != nil, result.Stderr)
	}
	checkLaws(t, result.Report)
	return result.Report
}

// checkLaws asserts that every frame is accounted for and that production lost none.
func checkLaws(t *testing.T, report *daemon.Report) {
	t.Helper()
	checkAccounts(t, report)
	if n := report.Dropped(); n != 0 {
		t.Errorf("%d production frames dropped: %+v", n, report.Ports)
	}
}

// checkAccounts asserts that every frame is accounted for, be it as dropped.
func checkAccounts(t *testing.T, report *daemon.Report) {
	t.Helper()
	for _, law := range []string{"production", "mirror"} {
		if value, stated := report.Laws[law]; !stated || value != 0 {
			t.Errorf("law %s is %d (stated: %v), want 0", law, value, stated)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// writeCapture writes frames into a capture and returns the file's bytes.
func writeCapture(t *testing.T, path string, frames [][]byte) []byte {
	t.Helper()
	if err := traffic.Write(path, frames); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
