package testbed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/daemon"
)

// stateFaults make a state file unusable: how, and what the daemon must say of it.
var stateFaults = []struct {
	name, want string
	spoil      func(t *testing.T, g *steeredGateway)
}{
	{"garbage", `state\.db.*(damaged|not a state file).*(state check|backup|move)`, func(t *testing.T, g *steeredGateway) {
		writeFile(t, g.state, strings.Repeat("this is no database\n", 2000))
	}},
	{"cut off", `state\.db.*(damaged|cut|not a state file)`, func(t *testing.T, g *steeredGateway) {
		makeState(t, g)
		if err := os.Truncate(g.state, 5000); err != nil {
			t.Fatal(err)
		}
	}},
	{"one byte changed", `state\.db: the state is damaged \(.*\); see mirrorgw state check, then restore a copy`, func(t *testing.T, g *steeredGateway) {
		makeState(t, g)
		changed := strings.ReplaceAll(readText(t, g.dir, "state.db"), "web-1", "web-2")
		writeFile(t, g.state, changed)
	}},
	{"newer schema", `state\.db: it has schema 99 and this mirrorgw knows none above \d+; use the newer mirrorgw that wrote it`, func(t *testing.T, g *steeredGateway) {
		db, err := bbolt.Open(g.state, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			meta, err := tx.CreateBucket([]byte("meta"))
			if err != nil {
				return err
			}
			return meta.Put([]byte("schema"), binary.BigEndian.AppendUint64(nil, 99))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}},
	{"locked", `state\.db.*(locked|in use|open).*;`, func(t *testing.T, g *steeredGateway) {
		makeState(t, g)
		lockFile(t, g.state)
	}},
	{"directory that is not there", `^mirrorgw: gateway\.toml:\d+: \[state\]: path .*: the directory .* does not exist; make it, for example with "install -d -m 0755 `, func(t *testing.T, g *steeredGateway) {
		g.state = filepath.Join(g.dir, "no", "state.db")
	}},
	{"directory instead of a file", `^mirrorgw: gateway\.toml:\d+: \[state\]: path .* is a directory; give the path of a file in it`, func(t *testing.T, g *steeredGateway) {
		if err := os.Mkdir(g.state, 0o755); err != nil {
			t.Fatal(err)
		}
	}},
}

// TestCheckDamagedState: "state check" lists what is wrong, and export does not write half of it.
func TestCheckDamagedState(t *testing.T) {
	g := newSteered(t)
	makeState(t, g)
	writeFile(t, g.state, strings.ReplaceAll(readText(t, g.dir, "state.db"), "web-1", "web-2"))
	check := daemon.Run(t, g.dir, "state", "check", "--config", "gateway.toml")
	if check.ExitCode != 1 || !strings.Contains(check.Stdout, "problem        ") {
		t.Errorf("check: exit code %d\n%s", check.ExitCode, check.Stdout)
	}
	checkSentence(t, check.Stderr, `^mirrorgw: state file .*state\.db is not usable \(problems: \d+, listed above\); restore a copy of it`)
	export := daemon.Run(t, g.dir, "state", "export", "--config", "gateway.toml")
	if export.ExitCode != 1 || export.Stdout != "" {
		t.Errorf("export: exit code %d\n%s", export.ExitCode, export.Stdout)
	}
	checkSentence(t, export.Stderr, `state\.db: the state is damaged`)
}

// makeState runs a daemon that leaves a state file with one session.
func makeState(t *testing.T, g *steeredGateway) {
	t.Helper()
	s := g.start()
	s.mirrorAll()
	s.awaitFrames()
	s.end()
}

// lockFile locks a file for this process until the test ends.
func lockFile(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
}

// TestUnusableState: on_damage decides between a sentence and production without mirroring.
func TestUnusableState(t *testing.T) {
	for _, c := range stateFaults {
		t.Run(c.name, func(t *testing.T) {
			g := newSteered(t)
			c.spoil(t, g)
			g.write()
			g.refused(c.want)
			g.more = "on_damage = \"forward-only\"\n"
			g.write()
			forwardsOnly(t, g.start(), c.want)
		})
	}
}

// forwardsOnly judges a gateway without its state: frames pass, reads are answered, changes are
// refused with the reason, health says it.
func forwardsOnly(t *testing.T, s *steered, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "^mirrorgw: ")
	if !regexp.MustCompile(want).MatchString(strings.ReplaceAll(s.Stderr(), `\"`, `"`)) {
		t.Errorf("the log does not say %s:\n%s", want, s.Stderr())
	}
	if state, err := s.State(s.context()); err != nil || !state.Forwarding || state.Resources.Sessions != 0 {
		t.Errorf("state %+v, %v", state, err)
	}
	e := mustFail(t, s.createTarget("ids"), api.CodeStorageFailed)
	if !regexp.MustCompile(want).MatchString(e.Message) {
		t.Errorf("the refusal is %q, want a match of %s", e.Message, want)
	}
	if health, err := s.Health(s.context()); err == nil && health.Status != "failing" || health != nil && len(health.Faults) == 0 {
		t.Errorf("health %+v, %v", health, err)
	}
	s.awaitFrames()
	if report := s.end(); report.Ports["tun0"].Copies != 0 {
		t.Errorf("%d copies were sent", report.Ports["tun0"].Copies)
	}
}

// onSmallDisk makes the daemon run with a file system of 2 MiB of its own at disk/. It lives in the
// daemon's mount namespace, so that it goes with the daemon however that ends.
func onSmallDisk(t *testing.T, g *steeredGateway, options string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root: run the tests as root")
	}
	needTool(t, "unshare")
	disk := filepath.Join(g.dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	wrapper := filepath.Join(t.TempDir(), "mirrorgw")
	script := fmt.Sprintf("#!/bin/sh\nexec unshare --mount sh -c 'mount -t tmpfs -o %s none \"%s\" && exec \"%s\" \"$@\"' mirrorgw \"$@\"\n", options, disk, daemon.Build(t))
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MIRRORGW_BIN", wrapper)
	g.state = filepath.Join(disk, "state.db")
	g.write()
}

// TestFullDisk: a change that cannot be written is refused and leaves no trace; frames pass all
// the while, and once there is room changes are accepted again.
func TestFullDisk(t *testing.T) {
	g := newSteered(t)
	onSmallDisk(t, g, "size=2m")
	s := g.start()
	s.mirrorAll()
	filler := fmt.Sprintf("/proc/%d/root%s/filler", s.PID(), filepath.Dir(g.state))
	fill(t, filler)
	made := 0
	var err error
	for ; err == nil && made < 10000; made++ {
		err = s.createTarget(fmt.Sprintf("t%d", made))
	}
	made--
	e := mustFail(t, err, api.CodeStorageFailed)
	if !strings.Contains(e.Message, "no space left") {
		t.Errorf("the refusal is %q", e.Message)
	}
	s.awaitFrames()
	if state, err := s.State(s.context()); err != nil || state.Resources.Targets != made+1 {
		t.Errorf("state %+v, %v, want %d targets", state, err, made+1)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := s.createTarget("with-room"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	s.awaitFrames()
	report := s.end()
	if report.Sessions["all"].Egress.MatchedPackets == 0 {
		t.Error("nothing was mirrored")
	}
}

// fill takes all room that is left on a file system.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	if !strings.Contains(err.Error(), "no space left") {
		t.Fatal(err)
	}
}

// TestReadOnlyDisk: [state] on a read-only file system.
func TestReadOnlyDisk(t *testing.T) {
	const want = `^mirrorgw: gateway\.toml:\d+: \[state\]: path .*: the directory .* is not writable \(read-only file system\); mount its file system read-write or choose another path$`
	g := newSteered(t)
	onSmallDisk(t, g, "ro,size=64k")
	g.refused(want)
	g.more = "on_damage = \"forward-only\"\n"
	g.write()
	forwardsOnly(t, g.start(), strings.TrimSuffix(want, "$"))
}

// TestSocketOfAnotherDaemon: a socket whose daemon is dead is replaced, that of a live one is not.
func TestSocketOfAnotherDaemon(t *testing.T) {
	g := newSteered(t)
	first := g.start()
	first.mirrorAll()
	other := newSteered(t)
	writeFile(t, filepath.Join(other.dir, "gateway.toml"), strings.Replace(readText(t, other.dir, "gateway.toml"),
		`socket = "ctl.sock"`, `socket = "`+filepath.Join(g.dir, "ctl.sock")+`"`, 1))
	other.refused(fmt.Sprintf(`^mirrorgw: \[ctl\]: socket %s is in use by another mirrorgw \(pid %d\): stop that one, or configure another$`,
		regexp.QuoteMeta(filepath.Join(g.dir, "ctl.sock")), first.PID()))
	first.awaitFrames()
	first.Signal(syscall.SIGKILL)
	first.Wait()
	if _, err := os.Stat(filepath.Join(g.dir, "ctl.sock")); err != nil {
		t.Fatalf("a killed daemon left no socket: %v", err)
	}
	second := g.start()
	second.awaitFrames()
	second.end()
	if _, err := os.Stat(filepath.Join(g.dir, "ctl.sock")); !os.IsNotExist(err) {
		t.Errorf("a stopped daemon left its socket (%v)", err)
	}
}

func readText(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSocketRefusals: what [ctl] names and is not usable, one sentence each.
func TestSocketRefusals(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no directory", `"ctl.sock"`, `"nodir/ctl.sock"`, `\[ctl\]: socket nodir/ctl\.sock: the directory nodir does not exist; make it`},
		{"file", `"ctl.sock"`, `"in.pcap"`, `\[ctl\]: socket in\.pcap exists and is not a socket; move it away or choose another path$`},
		{"no such group", `"ctl.sock"`, "\"ctl.sock\"\nadmin_group = \"no-such-group\"", `\[ctl\]: admin_group "no-such-group" is not a group of this machine; make it`},
		{"unknown key", `"ctl.sock"`, "\"ctl.sock\"\ngroup = \"adm\"", `\[ctl\]: unknown key "group"`},
		{"read-only directory", `"ctl.sock"`, `"/proc/ctl.sock"`, `\[ctl\]: socket /proc/ctl\.sock: the directory /proc is not writable|cannot be made`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newSteered(t)
			writeFile(t, filepath.Join(g.dir, "gateway.toml"), strings.Replace(readText(t, g.dir, "gateway.toml"), c.old, c.new, 1))
			g.refused(c.want)
		})
	}
}
