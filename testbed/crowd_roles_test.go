package testbed

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// Groups and users of the test are numbers: none needs to exist on this machine.
const (
	crowdAdmins  = 47110
	crowdReaders = 47111
	crowdOthers  = 47112
	crowdUser    = 47120
)

// TestRolesOfMirrorctl: root and members of the admin group may do everything, members of the reader group
// may look, and nobody else can connect.
func TestRolesOfMirrorctl(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("calling as other users needs root: run the tests as root")
	}
	g := newSteered(t)
	dir := publicDir(t)
	path := filepath.Join(g.dir, "gateway.toml")
	writeFile(t, path, strings.Replace(readText(t, g.dir, "gateway.toml"), `socket = "ctl.sock"`,
		`socket = "`+filepath.Join(dir, "ctl.sock")+"\"\nadmin_group = 47110\nreader_group = 47111", 1))
	p := daemon.Start(t, g.dir, "--config", "gateway.toml", "--report", "report.json")
	p.AwaitLog(ready)
	s := &steered{Process: p, Client: client.New(filepath.Join(dir, "ctl.sock")), t: t}
	t.Cleanup(s.Close)
	s.mirrorAll()
	checkSocketMode(t, filepath.Join(dir, "ctl.sock"))

	tool := control.New(t, filepath.Join(dir, "ctl.sock"))
	copyProgram(t, tool.Program(), filepath.Join(dir, "mirrorctl"))
	tool = tool.At(filepath.Join(dir, "mirrorctl"))
	as := func(group uint32, more ...uint32) *control.Tool {
		other := *tool
		other.Credential = &syscall.Credential{Uid: crowdUser, Gid: group, Groups: more}
		return &other
	}
	t.Run("reader", func(t *testing.T) { checkReader(t, as(crowdReaders)) })
	t.Run("reader by a second group", func(t *testing.T) { checkReader(t, as(crowdOthers, crowdReaders)) })
	t.Run("admin", func(t *testing.T) { checkAdmin(t, as(crowdOthers, crowdReaders, crowdAdmins)) })
	t.Run("root", func(t *testing.T) { checkAdmin(t, tool) })
	t.Run("admin group alone", func(t *testing.T) { checkStranger(t, as(crowdAdmins)) })
	t.Run("neither", func(t *testing.T) { checkStranger(t, as(crowdOthers)) })
	s.end()
}

// publicDir is a directory that all users can reach; those of testing are for one user.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mirrorgw-roles-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkSocketMode: the kernel keeps out who is not in the reader group.
func checkSocketMode(t *testing.T, path string) {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Mode&0o777 != 0o660 || stat.Gid != crowdReaders || stat.Uid != 0 {
		t.Errorf("the socket has mode %o, user %d, group %d; want 660, 0, %d", stat.Mode&0o777, stat.Uid, stat.Gid, crowdReaders)
	}
}

func checkReader(t *testing.T, user *control.Tool) {
	t.Helper()
	for _, command := range []string{"session list", "target show ids", "rule list", "tag list session/all", "export", "status", "stats", "ports",
		"lcores", "version", "explain --source web-1 --direction egress --protocol tcp --src 10.0.0.5:1 --dst 10.0.0.9:2", "watch --from 0 --count 1"} {
		if text := user.Do(strings.Fields(command)...); text == "" && command != "tag list session/all" {
			t.Errorf("mirrorctl %s printed nothing", command)
		}
	}
	before := user.Do("export")
	for _, command := range []string{"target create more --address 192.0.2.10", "target modify ids --description x", "session delete all",
		"rule delete web/egress/1", "tag set session/all a=b", "apply -f /dev/null", "apply -f /dev/null --keep-others"} {
		text := user.Refused(1, strings.Fields(command)...)
		if !strings.Contains(text, "forbidden") {
			t.Errorf("mirrorctl %s: %s", command, text)
		}
	}
	if after := user.Do("export"); after != before {
		t.Errorf("a reader changed the resources from\n%s\nto\n%s", before, after)
	}
}

func checkAdmin(t *testing.T, user *control.Tool) {
	t.Helper()
	user.Do("target", "create", "more", "--address", "192.0.2.10")
	user.Do("target", "modify", "more", "--description", "one more")
	user.Do("tag", "set", "target/more", "made=here")
	user.Do("target", "delete", "more")
	user.Do("session", "list")
}

// checkStranger: there is no answer, and the sentence says why.
func checkStranger(t *testing.T, user *control.Tool) {
	t.Helper()
	for _, command := range []string{"session list", "version", "target create more --address 192.0.2.10"} {
		if text := user.Refused(3, strings.Fields(command)...); !strings.Contains(text, "may not use the socket") {
			t.Errorf("mirrorctl %s: %s", command, text)
		}
	}
}
