package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// program is Debian's browser.
const program = "/usr/bin/chromium"

// asked is the environment variable that make test-console sets.
const asked = "MIRRORGW_BROWSER"

// flags keep the browser from everything but the pages of a test.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
	"--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB", "--remote-debugging-pipe",
}

// Browser is a running browser; it ends with the test.
type Browser struct {
	t       testing.TB
	conn    *conn
	process *exec.Cmd
}

// Needed skips a test unless make test-console runs it, for the browser is a large package that
// nobody else has to install.
func Needed(t testing.TB) {
	t.Helper()
	if os.Getenv(asked) == "" {
		t.Skip("needs a browser: make test-console runs it")
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("the browser is missing (%v): make test-console installs it", err)
	}
}

// Launch starts a browser with a new empty profile. What prefix names runs it, for instance in a
// network namespace: "ip", "netns", "exec", name.
func Launch(t testing.TB, prefix ...string) *Browser {
	t.Helper()
	Needed(t)
	home := t.TempDir()
	command := append(append([]string{}, prefix...), program)
	command = append(command, flags...)
	command = append(command, "--user-data-dir="+filepath.Join(home, "profile"), "about:blank")
	b := &Browser{t: t, process: exec.Command(command[0], command[1:]...)}
	b.process.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "TMPDIR="+home)
	b.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	fromUs, toBrowser := pipe(t)
	fromBrowser, toUs := pipe(t)
	b.process.ExtraFiles = []*os.File{fromUs, toUs} // descriptors 3 and 4
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	fromUs.Close()
	toUs.Close()
	b.conn = newConn(toBrowser, fromBrowser)
	t.Cleanup(b.close)
	t.Cleanup(daemon.OnInterrupt(func() { b.kill() }))
	var version struct{ Product string }
	if err := b.conn.call("", "Browser.getVersion", nil, &version); err != nil {
		t.Fatalf("%s does not start: %v", strings.Join(command[:len(prefix)+1], " "), err)
	}
	return b
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// kill ends the browser and all its processes, which are a group of their own.
func (b *Browser) kill() { _ = syscall.Kill(-b.process.Process.Pid, syscall.SIGKILL) }

func (b *Browser) close() {
	_, _ = b.conn.send("", "Browser.close", nil)
	select {
	case <-b.conn.gone:
	case <-time.After(5 * time.Second):
	}
	b.kill()
	_ = b.process.Wait() // killed, if it did not end by itself
	b.conn.to.Close()
}
