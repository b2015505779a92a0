package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
)

func TestNotesOf(t *testing.T) {
	for _, c := range driverNotes {
		if d := dpdk.DriverOf(c.driver); d.Note == "" {
			t.Errorf("%s: dpdk has nothing to say of it; is the name right?", c.driver)
		}
		for _, note := range c.notes {
			if !strings.HasSuffix(note, ".") || strings.Contains(note, "\n") {
				t.Errorf("%s: %q is not a sentence", c.driver, note)
			}
		}
	}
	if len(notesOf("net_af_packet")) != 5 || notesOf("net_ixgbe") != nil {
		t.Errorf("notes of af_packet %q, of an unknown driver %q", notesOf("net_af_packet"), notesOf("net_ixgbe"))
	}
}

// A port with partial checksums says what to do where.
func TestPartialAdvice(t *testing.T) {
	p := &lcore.Port{PortSpec: lcore.PortSpec{Name: "wire0"}, MAC: make([]byte, 6), Driver: dpdk.DriverOf("net_af_packet")}
	if advice := portStatus(p, lcore.Link{}, 0).Advice; len(advice) != 0 {
		t.Errorf("without any: %q", advice)
	}
	advice := portStatus(p, lcore.Link{}, 7).Advice
	if len(advice) != 1 || !strings.HasPrefix(advice[0], "7 mirrored frames arrived on wire0 ") ||
		!strings.Contains(advice[0], `"ethtool -K IFACE tx off gso off tso off"`) || !strings.Contains(advice[0], "on the host behind port wire0") {
		t.Errorf("with seven: %q", advice)
	}
}

func TestPrintNotesOncePerDriver(t *testing.T) {
	cfg := &config.Config{}
	for _, text := range []string{"net_null0", "net_null1", "0000:3b:00.0", "net_ring0"} {
		cfg.Ports = append(cfg.Ports, portOf(text, mustDevice(t, text)))
	}
	var out bytes.Buffer
	if err := printNotes(&out, cfg); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "net_null: ") != 1 || strings.Count(text, "net_ring: ") != 1 {
		t.Errorf("notes:\n%s", text)
	}
}

func TestVersion(t *testing.T) {
	if line := VersionLine(); !strings.HasPrefix(line, "mirrorgw "+version.String()+", DPDK 22.11") {
		t.Errorf("%q", line)
	}
}

// TestKeys: whoever comes first has the name; what a row of another kind refers to is found by it.
func TestKeys(t *testing.T) {
	entries := [][2]string{{"web", "tms-1"}, {"web", "tms-2"}, {"", "tms-3"}, {"db", "tms-4"}}
	got := keysOf(len(entries), func(i int) (name, id string) { return entries[i][0], entries[i][1] })
	if want := []string{"web", "tms-2", "tms-3", "db"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestCleanUp: EAL's memory stays while an lcore runs.
func TestCleanUp(t *testing.T) {
	failed := errors.New("failed")
	for _, c := range []struct {
		err     error
		cleaned bool
	}{{nil, true}, {failed, true}, {fmt.Errorf("lcore 1: %w", lcore.ErrRunning), false}} {
		cleaned := false
		err := cleanUp(c.err, func() error { cleaned = true; return nil })
		if cleaned != c.cleaned || !errors.Is(err, c.err) {
			t.Errorf("%v: cleaned %v, %v", c.err, cleaned, err)
		}
	}
}

func TestRefusing(t *testing.T) {
	fault := errors.New("state.db is damaged")
	p := refusing{fault}
	if saved, err := p.Load(); err != nil || saved == nil || len(saved.Records) != 0 {
		t.Errorf("load: %+v, %v", saved, err)
	}
	if err := p.Save(&store.Batch{}); !errors.Is(err, fault) {
		t.Errorf("save: %v", err)
	}
}

func TestCodeOf(t *testing.T) {
	var list problem.List
	list.Add(problem.Problem{Code: "in-use", Text: "x"})
	if code := codeOf(list.Err()); code != "in-use" {
		t.Errorf("code %q", code)
	}
	if code := codeOf(errors.New("x")); code != "" {
		t.Errorf("code %q of an error without", code)
	}
}

// TestListen: without [ctl] there is no socket and nothing to close; with it the socket is there
// until close, before and without anybody being served.
func TestListen(t *testing.T) {
	none, err := listen(&config.Config{}, slog.New(slog.DiscardHandler))
	if none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
	none.serve(nil, nil)
	none.close()

	path := filepath.Join(t.TempDir(), "ctl.sock")
	cfg := &config.Config{Ctl: config.Ctl{Socket: path, Mode: 0o600}}
	c, err := listen(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listen(cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a second socket at the same place: %v", err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	c.close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket stayed (%v)", err)
	}
}

func TestLockOfTheSocket(t *testing.T) {
	cfg := &config.Config{Ctl: config.Ctl{Socket: filepath.Join(t.TempDir(), "ctl.sock")}}
	first, err := takeLocks(cfg)
	if err != nil {
		t.Fatal(err)
	}
	removeLockFiles(t, first)
	if _, err := takeLocks(cfg); err == nil || !strings.HasPrefix(err.Error(), "[ctl]: socket "+canonical(cfg.Ctl.Socket)+" is in use by another mirrorgw (pid ") {
		t.Errorf("a second gateway: %v", err)
	}
	first.release()
}

// TestCheckFilesOfState: a state that cannot be used is a fault of the configuration only where
// it keeps the gateway from starting, and for --check-config.
func TestCheckFilesOfState(t *testing.T) {
	for _, c := range []struct {
		damage config.OnDamage
		always bool
		fails  bool
	}{
		{config.OnDamageRefuse, false, true},
		{config.OnDamageForwardOnly, false, false},
		{config.OnDamageForwardOnly, true, true},
	} {
		text := gatewayText(capture(t, 1)) + "[state]\npath = \"/nonexistent/state.db\"\non_damage = \"" + string(c.damage) + "\"\n"
		err := checkFiles(parse(t, text), c.always)
		if (err != nil) != c.fails || err != nil && !strings.Contains(err.Error(), "the directory /nonexistent does not exist") {
			t.Errorf("%s, always %v: %v", c.damage, c.always, err)
		}
	}
}

func TestStateOptionsCheck(t *testing.T) {
	for _, c := range []struct {
		o    StateOptions
		want string
	}{
		{StateOptions{Action: "check", Config: "gateway.toml"}, ""},
		{StateOptions{Action: "compact", Config: "gateway.toml", Path: "x"}, ""},
		{StateOptions{Config: "gateway.toml"}, "state needs an action: check, export or compact"},
		{StateOptions{Action: "repair", Config: "gateway.toml"}, `state has no action "repair": use check, export or compact`},
		{StateOptions{Action: "export"}, "--config is missing"},
	} {
		err := c.o.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}

func TestStateWithoutSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.toml")
	if err := os.WriteFile(path, []byte(gatewayText(capture(t, 1))), 0o600); err != nil {
		t.Fatal(err)
	}
	err := State(StateOptions{Action: "check", Config: path, Out: new(bytes.Buffer)})
	if err == nil || err.Error() != path+": there is no [state] section, so there is no state file; add the section or name a file with --state" {
		t.Errorf("%v", err)
	}
}
