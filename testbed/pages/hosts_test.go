package pages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

// TestPagesWithHosts runs the commands of pages that make hosts and interfaces, each page in a network of its own that goes with it.
func TestPagesWithHosts(t *testing.T) {
	for _, tool := range []string{"unshare", "ip", "ethtool", "tcpdump", "mount", "timeout"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: scripts/install-deps.sh does it", tool)
		}
	}
	private := []string{"unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"}
	if out, err := exec.Command(private[0], append(private[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody make a network of its own (run the tests as root): %s", out)
	}
	names, blocks := all(t)
	ran := 0
	for _, name := range names {
		var b strings.Builder
		for _, block := range blocks[name] {
			if block.Mark.Run == "hosts" {
				fmt.Fprintf(&b, "BLOCK=%s\n%s\n%s", block.String(), block.Mark.Before, block.Script())
			}
		}
		if b.Len() == 0 {
			continue
		}
		ran++
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			bin := t.TempDir()
			for program, path := range map[string]string{"mirrorgw": daemon.Build(t), "mirrorctl": daemon.BuildControl(t)} {
				if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
					t.Fatal(err)
				}
			}
			const network = "mount -t proc proc /proc; mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns; ip link set lo up\n"
			out := shell(t, t.TempDir(), private, "set -eE -o pipefail\ntrap 'echo \"failed at $BLOCK: $BASH_COMMAND\" >&2' ERR\n"+
				"export PATH="+bin+":$PATH BLOCK=the-start\n"+network+b.String())
			if strings.Contains(b.String(), "tcpdump") && strings.Count(out, "vni 7") != 3 {
				t.Errorf("tcpdump did not see three copies with VNI 7:\n%s", out)
			}
		})
	}
	if ran < 2 {
		t.Errorf("only %d pages have hosts", ran)
	}
}
