package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/testbed/daemon"
)

// pciDevice is a card as examples name it; kernelDevice a port on a kernel interface. This machine
// has neither.
var (
	pciDevice    = regexp.MustCompile(`"0000:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"`)
	kernelDevice = regexp.MustCompile(`"net_af_packet\d+,iface=[a-z-]+"`)
)

// onThisMachine puts virtual devices in place of an example's ports, and CPUs, groups and directories
// that are there.
func onThisMachine(t *testing.T, example string) string {
	t.Helper()
	dir, n := t.TempDir(), 0
	null := func(string) string { n++; return fmt.Sprintf(`"net_null%d,no-rx=1"`, n) }
	text := kernelDevice.ReplaceAllStringFunc(pciDevice.ReplaceAllStringFunc(example, null), null)
	text = regexp.MustCompile(`lcores = "[0-9-]+"`).ReplaceAllString(text, `lcores = "1"`)
	text = regexp.MustCompile(`queues = \d+`).ReplaceAllString(text, "queues = 1")
	text = strings.NewReplacer(`"mirrorgw-admin"`, `"0"`, `"mirrorgw-reader"`, `"1"`).Replace(text)
	text = regexp.MustCompile(`(?m)^\[state\]$`).ReplaceAllString(text, "[state]\npath = \"/var/lib/mirrorgw/state.db\"")
	text = strings.Replace(text, "path = \"/var/lib/mirrorgw/state.db\"\npath", "path", 1)
	return strings.ReplaceAll(text, "/var/lib/mirrorgw", dir)
}

// TestPackagedConfigurations: what the package installs, and each example, passes --check-config.
func TestPackagedConfigurations(t *testing.T) {
	examples, err := filepath.Glob("../packaging/examples/*.toml")
	if err != nil || len(examples) < 5 {
		t.Fatalf("%v, %v", examples, err)
	}
	for _, path := range append(examples, "../packaging/debian/mirrorgw.toml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(t.TempDir(), "gateway.toml")
			writeFile(t, config, onThisMachine(t, string(text)))
			if said, err := exec.Command(daemon.Build(t), "--config", config, "--check-config").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}

// differs are the lines in which the templated unit may differ from the plain one: paths.
var differs = regexp.MustCompile(`(?m)^(Description=.*|ExecStart=.*|ExecReload=.*|ExecStopPost=.*|StateDirectory=.*|RuntimeDirectory=.*|# Locks that all gateways of the host share\.\n|ReadWritePaths=-/run/mirrorgw\n)`)

// TestTemplatedUnit: mirrorgw@.service is mirrorgw.service with paths of its own.
func TestTemplatedUnit(t *testing.T) {
	templated, err := os.ReadFile("../packaging/debian/mirrorgw@.service")
	if err != nil {
		t.Fatal(err)
	}
	plain, other := differs.ReplaceAllString(readUnit(t), ""), differs.ReplaceAllString(string(templated), "")
	if plain != other {
		t.Errorf("mirrorgw@.service differs in more than paths:\n%s\nmirrorgw.service:\n%s", other, plain)
	}
	for _, want := range []string{"/etc/mirrorgw/%i.toml", "StateDirectory=mirrorgw/%i\n", "RuntimeDirectory=mirrorgw/%i\n"} {
		if !strings.Contains(string(templated), want) {
			t.Errorf("mirrorgw@.service has no %q", want)
		}
	}
}

// TestUnitsMayWriteTheAuditLog: where its path is by default, which is the one place of /var/log.
func TestUnitsMayWriteTheAuditLog(t *testing.T) {
	want := "LogsDirectory=" + strings.TrimPrefix(config.LogDirectory, "/var/log/") + "\n"
	for _, unit := range []string{"mirrorgw.service", "mirrorgw@.service"} {
		text, err := os.ReadFile("../packaging/debian/" + unit)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "ProtectSystem=strict\n") || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q", unit, want)
		}
	}
}

// TestUnitsAreConfined asks systemd how exposed the units are; 10 is everything.
func TestUnitsAreConfined(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: only systemd can judge a unit")
	}
	for _, unit := range []string{"mirrorgw.service", "mirrorgw@.service"} {
		said, err := exec.Command("systemd-analyze", "security", "--offline=yes", "../packaging/debian/"+unit).CombinedOutput()
		found := regexp.MustCompile(`exposure level for .*: ([0-9.]+)`).FindSubmatch(said)
		if err != nil || found == nil {
			t.Fatalf("%s: %v\n%s", unit, err, said)
		}
		if exposure, err := strconv.ParseFloat(string(found[1]), 64); err != nil || exposure >= 4 {
			t.Errorf("%s: exposure %s, must be under 4.0", unit, found[1])
		}
	}
}
