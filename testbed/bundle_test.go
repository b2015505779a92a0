package testbed

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/daemon"
)

// bundleOf runs mirrorctl support-bundle in a directory and returns its files.
func bundleOf(t *testing.T, dir string, more ...string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	args := append([]string{"--socket", filepath.Join(dir, "ctl.sock"), "support-bundle", "--config", filepath.Join(dir, "gateway.toml"), "--file", file, "--interval", "300ms"}, more...)
	command := exec.Command(daemon.BuildControl(t), args...)
	command.Dir = dir // the configuration has paths from there on
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	raw, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	z, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		files[name] = string(text)
	}
}

// TestSupportBundle: of a gateway at work, then of one that was killed and left its state.
func TestSupportBundle(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	bin := t.TempDir()
	if err := os.Symlink(daemon.Build(t), filepath.Join(bin, "mirrorgw")); err != nil { // whatever the one under test is called
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	g := newSteered(t)
	g.withEndpoint(plantedEntry)
	g.more += "\n[metrics]\nsocket = \"metrics.sock\"\n"
	g.write()
	s := g.start()
	s.mirrorAll()
	s.awaitFrames()
	files := bundleOf(t, g.dir)
	for name, want := range map[string]string{"gateway/state.json": `"forwarding": true`, "gateway/metrics-2.txt": "mirrorgw_build_info", "gateway/resources.toml": "192.0.2.10",
		"config/gateway.toml": "net_null0", "config/plan.txt": "a reload takes over", "config/files.txt": "keys.toml", "host/cpu.txt": "processor"} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s lacks %q; the index:\n%s", name, want, files["INDEX.txt"])
		}
	}
	if !json.Valid([]byte(files["host/doctor.json"])) {
		t.Errorf("doctor: %s", files["host/doctor.json"])
	}
	checkRates(t, files)
	for name, text := range files {
		if strings.Contains(text, "SECRET") {
			t.Errorf("%s has a secret", name)
		}
	}
	s.Signal(syscall.SIGKILL)
	s.Wait()
	dead := bundleOf(t, g.dir, "--anonymize")
	if !strings.Contains(dead["gateway/resources.toml"], "its state on disk") || !strings.Contains(dead["gateway/resources.toml"], `name = "web-1"`) {
		t.Errorf("resources of the dead: %s\n%s", dead["gateway/resources.toml"], dead["INDEX.txt"])
	}
	if strings.Contains(dead["gateway/resources.toml"]+dead["config/gateway.toml"], "192.0.2.10") || dead["gateway/state.json"] != "" || !strings.Contains(dead["INDEX.txt"], "is mirrorgw running?") {
		t.Errorf("of the dead:\n%s", dead["INDEX.txt"])
	}
}

// checkRates: the counters of the second moment are above those of the first.
func checkRates(t *testing.T, files map[string]string) {
	t.Helper()
	var rx []int64
	for _, name := range []string{"gateway/stats-1.json", "gateway/stats-2.json"} {
		r := report.New()
		if err := json.Unmarshal([]byte(files[name]), r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rx = append(rx, r.Ports["wire0"].RxPackets)
	}
	if !slices.IsSorted(rx) || rx[0] == rx[1] {
		t.Errorf("received %v frames", rx)
	}
}
