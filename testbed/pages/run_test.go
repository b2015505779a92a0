package pages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// steered is the daemon that pages talk to which start none: ports wire0, wire1 and tun0, endless production, every door.
const steered = `[eal]
lcores = "1"
[[port]]
name = "wire0"
device = "net_pcap0,rx_pcap=in.pcap,infinite_rx=1"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_null0,no-rx=1"
peer = "wire0"
[[port]]
name = "tun0"
device = "net_null1,no-rx=1"
role = "tunnel"
addresses = ["192.0.2.1/24"]
[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"
[ctl]
socket = "ctl.sock"
[state]
path = "state.db"
[metrics]
socket = "metrics.sock"
`

// steps is what the shell of a page begins with. Where pages name places of an installed gateway, those of the test are taken;
// what runs until it is interrupted is interrupted; alert, post and jq stand for programs of the reader's. A change that an lcore
// has not taken yet (exit code 6, lcore-stalled) is made: the machine is busy.
const steps = `set -eE -o pipefail
trap 'echo "failed at $BLOCK: $BASH_COMMAND" >&2' ERR
export PATH="$BIN:$PATH"
bounded() { local code=0; timeout "$@" || code=$?; [ $code = 124 ] || [ $code = 28 ] || return $code; }
made() { local code=0; "$@" || code=$?; [ $code = 6 ] || return $code; }
request() {
    local code=0 out
    out=$(command curl --fail-with-body -sS "$@") || code=$?
    echo "$out"
    [[ $out == *lcore-stalled* ]] || return $code
}
mirrorctl() {
    set -- "${@//\/etc\/mirrorgw\/iam.toml/iam.toml}"
    case "${1-}" in
    top) "$BIN/mirrorctl" "$@" --count 1 ;;
    watch) bounded 1 "$BIN/mirrorctl" "$@" ;;
    *) made "$BIN/mirrorctl" "$@" ;;
    esac
}
curl() {
    set -- "${@//\/run\/mirrorgw\/ctl.sock/$MIRRORCTL_SOCKET}"
    case "$*" in
    *127.0.0.1:9464*) request --unix-socket "$METRICS" "${@//127.0.0.1:9464/mirrorgw}" ;;
    *v1/watch*) bounded 3 curl --fail-with-body -sS --max-time 1 "$@" ;;
    *) request "${@//\/run\/mirrorgw\/metrics.sock/$METRICS}" ;;
    esac
}
api() { curl --unix-socket "$MIRRORCTL_SOCKET" "$@"; }
alert() { echo "alert"; return 1; }
post() { :; }
jq() { [ "$*" = .revision ]; sed -n 's/^  "revision": *\([0-9]*\).*/\1/p'; }
`

// TestPages runs the commands of the pages, those of a page in one shell and in their order.
func TestPages(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "tshark", "timeout"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: scripts/install-deps.sh does it", tool)
		}
	}
	dir := scene(t)
	gateway := filepath.Join(dir, "gateway")
	p := daemon.Start(t, gateway, "--config", "gateway.toml")
	p.AwaitLog("msg=ready")
	names, blocks := all(t)
	ran := 0
	for _, name := range names {
		if script, own := scriptOf(t, dir, blocks[name]); script != "" {
			ran++
			t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
				if own {
					t.Setenv("MIRRORCTL_SOCKET", filepath.Join(t.TempDir(), "none.sock")) // the page names its own
				} else {
					t.Setenv("MIRRORCTL_SOCKET", filepath.Join(gateway, "ctl.sock"))
					script = "mirrorctl apply -f /dev/null\n" + script
				}
				t.Setenv("METRICS", filepath.Join(gateway, "metrics.sock"))
				t.Setenv("BIN", filepath.Join(dir, "tree", "bin"))
				shell(t, filepath.Join(dir, "tree"), nil, steps+"BLOCK=the-start\n"+script)
			})
		}
	}
	if ran < 10 {
		t.Errorf("only %d pages have commands that are run", ran)
	}
	p.Signal(syscall.SIGTERM)
	if result := p.Wait(); result.ExitCode != 0 {
		t.Errorf("the daemon ended with %d: %s", result.ExitCode, result.Stderr)
	}
}

// scene is a directory with the daemon's files in gateway, and in tree what pages find in a tree that is built.
func scene(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, sub := range []string{"gateway", "tree/bin", "tree/out/demo"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	capture, err := os.ReadFile(filepath.Join(root(t), "testbed", "demo", "in0.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"gateway/gateway.toml": steered, "tree/gateway.toml": steered, "tree/resources.toml": "",
		"tree/in.pcap": string(capture), "tree/out/demo/in0.pcap": string(capture)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A capture that is repeated for ever must fit mbufs.
	short := exec.Command("tshark", "-r", "tree/in.pcap", "-Y", "frame.len < 1500", "-F", "pcap", "-w", "gateway/in.pcap")
	short.Dir = dir
	if out, err := short.CombinedOutput(); err != nil {
		t.Fatalf("tshark: %v %s", err, out)
	}
	for name, path := range map[string]string{"mirrorgw": daemon.Build(t), "mirrorctl": daemon.BuildControl(t)} {
		if err := os.Symlink(path, filepath.Join(dir, "tree", "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// scriptOf is what the shell of a page does, empty for nothing; own says that the page starts a daemon.
func scriptOf(t *testing.T, dir string, blocks []Block) (script string, own bool) {
	t.Helper()
	var b strings.Builder
	runs := false
	for i := range blocks {
		block := &blocks[i]
		switch mark := block.Mark; {
		case mark.File != "":
			file := filepath.Join(dir, fmt.Sprintf("%s-%s", filepath.Base(block.Page), mark.File))
			if err := os.WriteFile(file, []byte(block.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "cp %q %q\n", file, mark.File)
		case mark.Run == "gateway":
			runs = true
			fmt.Fprintf(&b, "BLOCK=%s\n%s\n%s\n", block, mark.Before, block.Script())
		case mark.Run == "start":
			own = true
			fmt.Fprintf(&b, "BLOCK=%s\n( %s ) 2>daemon.log & daemon=$!\ntrap 'kill $daemon; cat daemon.log >&2' EXIT\n"+
				"until grep -q msg=ready daemon.log; do kill -0 $daemon; done\n", block, strings.TrimSpace(block.Script()))
		}
	}
	if !runs {
		return "", false
	}
	return b.String(), own
}

// shell runs a script, behind a prefix, ends all that it started, and returns what was printed.
func shell(t *testing.T, dir string, prefix []string, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	line := slices.Concat(prefix, []string{"bash", "-c", script})
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of the group, if anything
	}
	if err != nil {
		t.Errorf("%v (%v):\n%s", err, ctx.Err(), out)
	}
	return string(out)
}
