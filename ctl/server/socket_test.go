package server_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
)

func TestListenRefuses(t *testing.T) {
	directory := socketDirectory(t)
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	live, err := server.Listen(server.SocketOptions{Path: filepath.Join(directory, "live")})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	tests := []struct {
		name string
		o    server.SocketOptions
		want string
	}{
		{"a file", server.SocketOptions{Path: file}, "is not a socket; move it away"},
		{"a directory", server.SocketOptions{Path: directory}, "is not a socket; move it away"},
		{"a live daemon", server.SocketOptions{Path: filepath.Join(directory, "live")}, "another daemon answers"},
		{"no directory", server.SocketOptions{Path: filepath.Join(directory, "no", "s")}, "there is no directory"},
		{"below a file", server.SocketOptions{Path: filepath.Join(file, "s")}, "is not a directory"},
		{"unwritable", server.SocketOptions{Path: "/proc/ctl.sock"}, "make its directory writable"},
		{"too long", server.SocketOptions{Path: "/tmp/" + strings.Repeat("x", 110)}, "use at most 107"},
		{"nothing", server.SocketOptions{}, "set [ctl] socket"},
		{"unknown group", server.SocketOptions{Path: filepath.Join(directory, "s"), AdminGroup: "no-such-group"}, `admin_group "no-such-group" is not a group`},
	}
	for _, test := range tests {
		if l, err := server.Listen(test.o); err == nil {
			l.Close()
			t.Errorf("%s: accepted", test.name)
		} else if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
	}
	if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the file is gone: %v", err)
	}
}

func TestListenReplacesAStaleSocketAndRemovesOnlyItsOwn(t *testing.T) {
	path := filepath.Join(socketDirectory(t), "ctl.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	first := must(server.Listen(server.SocketOptions{Path: path}))(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second := must(server.Listen(server.SocketOptions{Path: path, Mode: 0o640, AdminGroup: "12345", ReaderGroup: "23456"}))(t)
	first.Close()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatalf("the first removed the socket of the second: %v", err)
	}
	if owner := info.Sys().(*syscall.Stat_t); info.Mode() != fs.ModeSocket|0o640 || owner.Gid != 23456 {
		t.Errorf("mode %v, group %d", info.Mode(), owner.Gid)
	}
	second.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

const (
	adminGroup  = 54321
	readerGroup = 54322
	childSocket = "MIRRORGW_TEST_CHILD_SOCKET"
)

// outcome is what a child of another user may do.
type outcome struct{ Read, Explain, Change string }

// TestMain makes the test binary a client of another user when the environment says so.
func TestMain(m *testing.M) {
	if socket := os.Getenv(childSocket); socket != "" {
		c := client.New(socket)
		word := func(err error) string {
			if e, ok := err.(*api.Error); ok {
				return e.Code
			}
			if err != nil {
				return err.Error()
			}
			return "done"
		}
		var o outcome
		_, err := c.Interfaces().List(background)
		o.Read = word(err)
		_, err = c.Explain(background, api.ExplainRequest{Source: "web-1", Direction: "ingress", Protocol: &api.Protocol{Text: "icmp"}, SourceAddr: "10.0.0.9", DestinationAddr: "10.0.0.5"})
		o.Explain = word(err)
		_, err = c.Sessions().Modify(background, "s1", map[string]any{"packetLength": 100 + os.Getuid()%2})
		o.Change = word(err)
		json.NewEncoder(os.Stdout).Encode(o)
		return
	}
	os.Exit(m.Run())
}

func TestRolesByPeerCredentials(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become other users")
	}
	w := newWorldWith(t, server.Limits{}, server.SocketOptions{AdminGroup: fmt.Sprint(adminGroup), ReaderGroup: fmt.Sprint(readerGroup)})
	w.build()
	all := outcome{"done", "done", "done"}
	readOnly := outcome{"done", "done", api.CodeForbidden}
	kept := fmt.Sprintf("this user may not use the socket %s: is this the user you meant? join the group that owns the socket, or run this as root", w.socket)
	tests := []struct {
		name string
		as   syscall.Credential
		want outcome
	}{
		{"root", syscall.Credential{}, all},
		{"admin", syscall.Credential{Uid: 4001, Gid: 4001, Groups: []uint32{adminGroup, readerGroup}}, all},
		{"reader", syscall.Credential{Uid: 4002, Gid: 4002, Groups: []uint32{readerGroup}}, readOnly},
		{"reader by primary group", syscall.Credential{Uid: 4003, Gid: readerGroup}, readOnly},
		{"reader with many groups", syscall.Credential{Uid: 4005, Gid: 4005, Groups: append(manyGroups(200), readerGroup)}, readOnly},
		{"admin who cannot read", syscall.Credential{Uid: 4006, Gid: 4006, Groups: []uint32{adminGroup}}, outcome{kept, kept, kept}},
		{"neither", syscall.Credential{Uid: 4004, Gid: 4004}, outcome{kept, kept, kept}},
	}
	binary := copyOfTestBinary(t)
	for _, test := range tests {
		if got := runAs(t, binary, w.socket, test.as); got != test.want {
			t.Errorf("%s: %+v; want %+v", test.name, got, test.want)
		}
	}
	// A socket that everybody may connect to still knows who may do what.
	if err := os.Chmod(w.socket, 0o666); err != nil {
		t.Fatal(err)
	}
	none := outcome{api.CodeForbidden, api.CodeForbidden, api.CodeForbidden}
	if got := runAs(t, binary, w.socket, syscall.Credential{Uid: 4004, Gid: 4004}); got != none {
		t.Errorf("neither, past the mode: %+v", got)
	}
}

func manyGroups(n int) []uint32 {
	groups := make([]uint32, n)
	for i := range groups {
		groups[i] = uint32(70000 + i)
	}
	return groups
}

// copyOfTestBinary is where other users may execute it.
func copyOfTestBinary(t *testing.T) string {
	self := must(os.Executable())(t)
	binary := filepath.Join(socketDirectory(t), "child")
	if err := os.WriteFile(binary, must(os.ReadFile(self))(t), 0o755); err != nil {
		t.Fatal(err)
	}
	return binary
}

func runAs(t *testing.T, binary, socket string, as syscall.Credential) outcome {
	t.Helper()
	child := exec.Command(binary)
	child.Dir = "/"
	child.Env = []string{childSocket + "=" + socket}
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &as}
	output, err := child.Output()
	var o outcome
	if err != nil || json.Unmarshal(output, &o) != nil {
		t.Fatalf("child: %v: %s", err, output)
	}
	return o
}
