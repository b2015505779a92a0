package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Groups and a user of the test; nobody needs to have heard of them.
const (
	readerGroup = 64101
	adminGroup  = 64102
	plainUser   = 64103
)

// TestRolesOfTheSocket: who may connect is decided by the socket's mode and group, who may change
// things by the groups of the peer.
func TestRolesOfTheSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root: run the tests as root")
	}
	needTool(t, "curl")
	g := newSteered(t)
	for _, dir := range []string{g.dir, filepath.Dir(g.dir)} { // others must get as far as to the socket
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := strings.Replace(readText(t, g.dir, "gateway.toml"), `"ctl.sock"`, "\"ctl.sock\"\nreader_group = 64101\nadmin_group = \"64102\"", 1)
	writeFile(t, filepath.Join(g.dir, "gateway.toml"), config)
	s := g.start()
	s.mirrorAll()
	for _, c := range []struct {
		name         string
		groups       []uint32
		list, change string // status of the answer; 000: no connection
	}{
		{"neither group", nil, "000", "000"},
		{"reader", []uint32{readerGroup}, "200", "403"},
		{"admin and reader", []uint32{adminGroup, readerGroup}, "200", "200"},
		{"admin who may not connect", []uint32{adminGroup}, "000", "000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := g.curlAs(c.groups, "GET", "/v1/sessions"); got != c.list {
				t.Errorf("list: %s, want %s", got, c.list)
			}
			if got := g.curlAs(c.groups, "PATCH", "/v1/sessions/all"); got != c.change {
				t.Errorf("change: %s, want %s", got, c.change)
			}
		})
	}
	if want := "uid=64103 action=modify kind=session name=all"; !strings.Contains(s.Stderr(), want) {
		t.Errorf("the log lacks %q:\n%s", want, s.Stderr())
	}
	s.awaitFrames()
	s.end()
}

// curlAs sends a request as a plain user with some groups and returns the status, 000 if there was
// no answer.
func (g *steeredGateway) curlAs(groups []uint32, method, path string) string {
	curl := exec.Command("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", filepath.Join(g.dir, "ctl.sock"),
		"-X", method, "http://localhost"+path)
	if method == "PATCH" {
		curl.Args = append(curl.Args, "-H", "Content-Type: application/json", "-d", `{"description":"changed"}`)
	}
	curl.Dir = "/"
	curl.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: plainUser, Gid: plainUser, Groups: groups}}
	output, _ := curl.Output() // the exit code says again that there was no connection
	return string(output)
}
