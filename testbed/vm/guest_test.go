package vm

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

// addresses of the cards, in the order of the example's ports: wire0, wire1, tun0.
var addresses = []string{"0000:00:10.0", "0000:00:11.0", "0000:00:12.0"}

const (
	configPath = "/etc/mirrorgw/mirrorgw.toml"
	bindCards  = "mirrorgw-host bind "
)

// install brings the package in, as dpkg does on any machine.
func (m *machine) install(deb string) {
	m.t.Helper()
	file, err := os.Stat(deb)
	if err != nil {
		m.t.Fatal(err)
	}
	m.run("head -c " + strconv.FormatInt(file.Size(), 10) + " /dev/vdb > /root/mirrorgw.deb && dpkg -i /root/mirrorgw.deb && mirrorgw --version")
}

// gatewayConfig is the example for a gateway between two switches, with the guest's cards and its one worker.
func gatewayConfig(t *testing.T, mtu int) string {
	t.Helper()
	text, err := os.ReadFile("../../packaging/examples/inline.toml")
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	for _, change := range [][2]string{
		{`lcores = "2-3"`, `lcores = "1"`},
		{`memory_mb = 1024`, `memory_mb = 320`},
		{"queues = 2\n", ""},
		{`device = "0000:3b:00.0"`, `device = "` + addresses[0] + "\"\nmtu = " + strconv.Itoa(mtu)},
		{`device = "0000:3b:00.1"`, `device = "` + addresses[1] + "\"\nmtu = " + strconv.Itoa(mtu)},
		{`device = "0000:5e:00.0"`, `device = "` + addresses[2] + "\"\nmtu = " + strconv.Itoa(mtu)},
		{`addresses = ["192.0.2.1/24"]`, `addresses = ["192.0.2.1/24", "2001:db8::1/64"]`},
	} {
		if !strings.Contains(config, change[0]) {
			t.Fatalf("inline.toml has no %q any more", change[0])
		}
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	return config + "\n[log]\nlevel = \"debug\"\n"
}

// networkCards is what docs/install.md has its reader type for network cards.
func networkCards(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(page), "\n### Network cards\n")
	commands := regexp.MustCompile(`(?m)^    (.*)$`)
	chapter, _, _ = strings.Cut(chapter, "\n### ")
	var script strings.Builder
	for _, line := range commands.FindAllStringSubmatch(chapter, -1) {
		script.WriteString(line[1] + "\n")
	}
	if !strings.Contains(script.String(), "hardware.conf") {
		t.Fatalf("docs/install.md says nothing of hardware.conf for network cards:\n%s", chapter)
	}
	return script.String()
}

// doctor runs "mirrorgw doctor" and returns the names of what it found, by level.
func (m *machine) doctor() map[string][]string {
	m.t.Helper()
	code, text := m.try("mirrorgw doctor --json --config " + configPath)
	var report struct {
		Findings []struct{ Level, Finding, Text string }
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		m.t.Fatalf("mirrorgw doctor: %v:\n%s", err, text)
	}
	found := map[string][]string{}
	for _, f := range report.Findings {
		if f.Level != "ok" {
			m.t.Logf("doctor: %s %s: %s", f.Level, f.Finding, f.Text)
			found[f.Level] = append(found[f.Level], f.Finding)
		}
	}
	if (code != 0) != (len(found["fault"]) > 0) {
		m.t.Errorf("mirrorgw doctor ends with %d: %s", code, text)
	}
	return found
}

// stats are the counters that mirrorctl prints.
func (m *machine) stats() *daemon.Report {
	m.t.Helper()
	var r daemon.Report
	text := m.run("mirrorctl stats -o json")
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		m.t.Fatalf("mirrorctl stats: %v:\n%s", err, text)
	}
	return &r
}
