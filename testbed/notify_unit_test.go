package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

const packagedUnit = "../packaging/debian/mirrorgw.service"

func readUnit(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(packagedUnit)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPackagedUnitIsValid asks systemd itself, with the program where it is.
func TestPackagedUnitIsValid(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: only systemd can judge a unit")
	}
	path := filepath.Join(t.TempDir(), "mirrorgw.service")
	program := regexp.MustCompile(`/usr/bin/mirror(gw|ctl)\b`) // systemd looks whether there is one
	writeFile(t, path, program.ReplaceAllString(readUnit(t), daemon.Build(t)))
	if said, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
}

// TestPackagedUnitHasThePrivileges runs the daemon with the capabilities of the unit and nothing else, on
// a port that makes a kernel interface, in a network namespace that goes with it.
func TestPackagedUnitHasThePrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("capabilities are taken from root: run the tests as root")
	}
	needTool(t, "setpriv")
	needTool(t, "unshare")
	found := regexp.MustCompile(`(?m)^CapabilityBoundingSet=(.+)$`).FindStringSubmatch(readUnit(t))
	if found == nil {
		t.Fatal("the unit bounds no capabilities")
	}
	bounds := "-all" + strings.ToLower(strings.ReplaceAll(" "+found[1], " CAP_", ",+"))
	wrapper := filepath.Join(t.TempDir(), "mirrorgw")
	script := fmt.Sprintf("#!/bin/sh\nexec unshare --net setpriv --bounding-set %s \"%s\" \"$@\"\n", bounds, daemon.Build(t))
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MIRRORGW_BIN", wrapper)
	dir := lifeDir(t, true)
	withSocket(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), strings.Replace(string(text), "net_null1,no-rx=1", "net_tap0,iface=mgwtap0", 1))
	manager := notified(t, filepath.Join(dir, "notify"), 5*time.Second)
	p := daemon.Start(t, dir, running...)
	p.AwaitLog("msg=ready") // or why it cannot be
	manager.await("READY=1")
	p.Signal(syscall.SIGTERM)
	if result := p.Wait(); result.ExitCode != 0 {
		t.Errorf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
}
