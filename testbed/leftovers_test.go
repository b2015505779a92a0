package testbed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"mirrorgw/testbed/daemon"
)

// TestKilledGatewayIsCleanedUpAfter: the next start removes the runtime directory of a gateway that was
// killed, and not that of one that lives.
func TestKilledGatewayIsCleanedUpAfter(t *testing.T) {
	killed, living := daemon.Start(t, lifeDir(t, false), running...), lifeDir(t, false)
	killed.AwaitLog(daemon.Forwarding)
	left := runtimeDirOf(t, killed.PID())
	killed.Signal(syscall.SIGKILL)
	killed.Wait() // from now on any gateway that starts may remove it, those of other tests too
	second := daemon.Start(t, living, running...)
	second.AwaitLog(daemon.Forwarding)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there after the next start (%v)", left, err)
	}
	checkCleanEnd(t, daemon.Run(t, lifeDir(t, false), untilIdle...)) // it looks for leftovers too
	kept := runtimeDirOf(t, second.PID())
	if _, err := os.Stat(filepath.Join(kept, "config")); err != nil {
		t.Errorf("the directory of a gateway that lives: %v", err)
	}
	second.Signal(syscall.SIGTERM)
	checkCleanEnd(t, second.Wait())
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there after an end in order (%v)", kept, err)
	}
}

// runtimeDirOf is EAL's runtime directory of a gateway: it has files in it open.
func runtimeDirOf(t *testing.T, pid int) string {
	t.Helper()
	inRuntimeDir := regexp.MustCompile(`^.*/dpdk/gw-[0-9a-f]{12}/owner$`)
	links, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && inRuntimeDir.MatchString(target) {
			return filepath.Dir(target)
		}
	}
	t.Fatalf("process %d has no file of a runtime directory open", pid)
	return ""
}
