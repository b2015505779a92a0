package config

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const control = good + `
[ctl]
socket = "/run/gw/ctl.sock"
mode = "0600"
admin_group = "wheel"
reader_group = 104

[state]
path = "/srv/gw/state.db"
on_damage = "forward-only"
forward_after = "1500ms"
`

func TestControlSections(t *testing.T) {
	c := parse(t, control)
	ctl, state := c.Ctl, c.State
	ctl.src, state.src = nil, nil
	if ctl != (Ctl{Socket: "/run/gw/ctl.sock", Mode: 0o600, AdminGroup: "wheel", ReaderGroup: "104"}) {
		t.Errorf("[ctl] is %+v", ctl)
	}
	if state != (State{Path: "/srv/gw/state.db", OnDamage: OnDamageForwardOnly, ForwardAfter: 1500 * time.Millisecond}) {
		t.Errorf("[state] is %+v", state)
	}
	if c = parse(t, good); c.Ctl != (Ctl{}) || c.State != (State{}) {
		t.Errorf("absent sections are %+v and %+v", c.Ctl, c.State)
	}
	c = parse(t, good+"[ctl]\n[state]\n")
	if c.Ctl.Socket != DefaultSocket || c.Ctl.Mode != 0o660 || c.Ctl.AdminGroup != "" || c.Ctl.ReaderGroup != "" {
		t.Errorf("defaults of [ctl] are %+v", c.Ctl)
	}
	if c.State.Path != DefaultStatePath || c.State.OnDamage != OnDamageRefuse || c.State.ForwardAfter != 0 {
		t.Errorf("defaults of [state] are %+v", c.State)
	}
}

func TestBadControlSections(t *testing.T) {
	long := strings.Repeat("x", 108)
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key", "mode =", "mod =", `gateway.toml:29: [ctl]: unknown key "mod"; did you mean "mode"?`},
		{"unknown key of state", "path =", "file =", `gateway.toml:34: [state]: unknown key "file"; remove it or use one of: path, on_damage, forward_after`},
		{"list", "[ctl]", "[[ctl]]", `gateway.toml:27: ctl is a list, not a section; write it under a line [ctl]`},
		{"empty socket", "/run/gw/ctl.sock", "", `gateway.toml:28: [ctl]: socket is empty; write a value like socket = "/run/mirrorgw/ctl.sock"`},
		{"abstract socket", "/run/gw/ctl.sock", "@gw", `gateway.toml:28: [ctl]: socket "@gw" would be an abstract socket, which has no permissions; write a path like /run/mirrorgw/ctl.sock`},
		{"long socket", "/run/gw/ctl.sock", long, `gateway.toml:28: [ctl]: socket has 108 bytes and a unix socket's path at most 107; choose a shorter path like /run/mirrorgw/ctl.sock`},
		{"mode as number", `"0600"`, "660", `gateway.toml:29: [ctl]: mode is a whole number, not text; write mode = "660"`},
		{"mode not octal", `"0600"`, `"0680"`, `gateway.toml:29: [ctl]: mode "0680" is not an octal mode; write one like mode = "0660"`},
		{"mode with sticky bit", `"0600"`, `"1660"`, `gateway.toml:29: [ctl]: mode "1660" is not an octal mode; write one like mode = "0660"`},
		{"mode without owner", `"0600"`, `"0060"`, `gateway.toml:29: [ctl]: mode "0060" keeps the daemon's own user out; write one from "0600" on, like "0660"`},
		{"group empty", `"wheel"`, `""`, `gateway.toml:30: [ctl]: admin_group is empty; name a group like admin_group = "adm" or remove the line`},
		{"group of another type", `"wheel"`, `true`, `gateway.toml:30: [ctl]: admin_group is true or false, not text or a whole number; write a value in double quotes`},
		{"one group", `"wheel"`, `"104"`, `gateway.toml:31: [ctl]: reader_group "104" is the admin_group too, whose members may read anyway; name another group or remove it`},
		{"empty path", "/srv/gw/state.db", "", `gateway.toml:34: [state]: path is empty; write a value like path = "/var/lib/mirrorgw/state.db"`},
		{"on damage", "forward-only", "continue", `gateway.toml:35: [state]: on_damage "continue" is not known; use one of: refuse, forward-only`},
		{"no duration", "1500ms", "soon", `gateway.toml:36: [state]: forward_after "soon" is not a duration; write one like "500ms" or "10s"`},
		{"no time at all", "1500ms", "0s", `gateway.toml:36: [state]: forward_after "0s" is not positive; write one like "10s", or remove it to wait for the resources however long they take`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("gateway.toml", []byte(change(t, control, test.old, test.new)))
			if got := message(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestControlPlan(t *testing.T) {
	var out strings.Builder
	if err := parse(t, control).Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"socket         /run/gw/ctl.sock, mode 0600, admin group wheel, reader group 104\n",
		"state          /srv/gw/state.db, on damage forward-only, forward after 1.5s at the latest\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the plan lacks %q:\n%s", want, out.String())
		}
	}
	open := parse(t, good+"\n[ctl]\nmode = \"0666\"\n")
	want := []string{
		"gateway.toml: there is no [state] section, so resources live in memory only and changes made over the socket end with the gateway; add [state] to keep them",
		"gateway.toml:28: [ctl]: mode 0666 lets every user connect to the socket, though only members of the groups are answered; use 0660 to keep others out",
	}
	if diff := cmp.Diff(want, open.Notices()); diff != "" {
		t.Error(diff)
	}
}

// socketDir is a directory with a socket whose owner is gone, a file and a link.
func socketDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "stale.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	for _, err := range []error{listener.Close(), os.WriteFile(filepath.Join(dir, "file"), nil, 0o600),
		os.Symlink("stale.sock", filepath.Join(dir, "link.sock")), os.Mkdir(filepath.Join(dir, "dir"), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCheckControl(t *testing.T) {
	dir := socketDir(t)
	for _, test := range []struct{ name, socket, group, want string }{
		{"new", dir + "/ctl.sock", "0", ""},
		{"stale", dir + "/stale.sock", "root", ""},
		{"made at start", RunDirectory + "/ctl.sock", "2147483647", ""},
		{"no directory", dir + "/no/ctl.sock", "0", `:28: [ctl]: socket %[1]s/no/ctl.sock: the directory %[1]s/no does not exist; make it, for example with "install -d -m 0755 %[1]s/no"`},
		{"below a file", dir + "/file/ctl.sock", "0", `:28: [ctl]: socket %[1]s/file/ctl.sock: %[1]s/file is not a directory; choose another path`},
		{"file", dir + "/file", "0", `:28: [ctl]: socket %[1]s/file exists and is not a socket; move it away or choose another path`},
		{"link", dir + "/link.sock", "0", `:28: [ctl]: socket %[1]s/link.sock exists and is not a socket; move it away or choose another path`},
		{"no group", dir + "/ctl.sock", "no-such-group", `:29: [ctl]: admin_group "no-such-group" is not a group of this machine; make it, for example with "groupadd --system no-such-group", or name another`},
		{"no group number", dir + "/ctl.sock", "2147483648", `:29: [ctl]: admin_group "2147483648" is not a group number; use one from 0 to 2147483647, or a name`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := parse(t, good+"\n[ctl]\nsocket = \""+test.socket+"\"\nadmin_group = \""+test.group+"\"\n")
			if got, want := message(CheckControl(c)), located(test.want, dir); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	if err := CheckControl(parse(t, good)); err != nil {
		t.Errorf("without [ctl]: %v", err)
	}
}

// located is a sentence about dir, with the place where it stands; no sentence stays none.
func located(sentence, dir string) string {
	if sentence == "" {
		return ""
	}
	return "gateway.toml" + strings.ReplaceAll(sentence, "%[1]s", dir)
}

func TestCheckState(t *testing.T) {
	dir := socketDir(t)
	for _, test := range []struct{ name, path, want string }{
		{"new", dir + "/state.db", ""},
		{"there", dir + "/file", ""},
		{"no directory", dir + "/no/state.db", `:28: [state]: path %[1]s/no/state.db: the directory %[1]s/no does not exist; make it, for example with "install -d -m 0755 %[1]s/no"`},
		{"directory", dir + "/dir", `:28: [state]: path %[1]s/dir is a directory; give the path of a file in it, like %[1]s/dir/state.db`},
		{"socket", dir + "/stale.sock", `:28: [state]: path %[1]s/stale.sock is not a regular file; move it away or choose another path`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := parse(t, good+"\n[state]\npath = \""+test.path+"\"\n")
			if got, want := message(CheckState(c)), located(test.want, dir); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	if err := CheckState(parse(t, good)); err != nil {
		t.Errorf("without [state]: %v", err)
	}
}

// TestCheckReadOnly needs root: permissions do not bind it, but a read-only mount does.
func TestCheckReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("mirrorgw-test", dir, "tmpfs", unix.MS_RDONLY, "size=64k"); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	c := parse(t, fmt.Sprintf("%s\n[ctl]\nsocket = \"%s/ctl.sock\"\n[state]\npath = \"%s/state.db\"\n", good, dir, dir))
	want := "the directory " + dir + " is not writable (read-only file system); mount its file system read-write or choose another path"
	if got := message(CheckControl(c)); got != "gateway.toml:28: [ctl]: socket "+dir+"/ctl.sock: "+want {
		t.Errorf("socket: %s", got)
	}
	if got := message(CheckState(c)); got != "gateway.toml:30: [state]: path "+dir+"/state.db: "+want {
		t.Errorf("state: %s", got)
	}
}
