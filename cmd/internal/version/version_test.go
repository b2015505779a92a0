package version

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	revision := []debug.BuildSetting{{Key: "GOARCH", Value: "amd64"},
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}, {Key: "vcs.modified", Value: "true"}}
	for _, c := range []struct {
		set  string
		info *debug.BuildInfo
		want string
	}{
		{"", nil, "devel"},
		{"", &debug.BuildInfo{}, "devel"},
		{"", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
		{"", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: revision}, "devel-0123456789ab-modified"},
		{"", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: revision}, "v1.2.3"},
		{"1.2.4", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "1.2.4"},
	} {
		if got := of(c.set, c.info); got != c.want {
			t.Errorf("%q, %+v: %q, want %q", c.set, c.info, got, c.want)
		}
	}
}

// TestMakefile: make build tells the linker the variable that String reads, for both programs.
func TestMakefile(t *testing.T) {
	out, err := exec.Command("make", "--dry-run", "--directory", filepath.Join("..", "..", ".."), "build", "VERSION=1.2.3").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := strings.Count(string(out), "-X mirrorgw/cmd/internal/version.set=1.2.3"); n != 2 {
		t.Errorf("%d programs are told their version, want 2:\n%s", n, out)
	}
}
