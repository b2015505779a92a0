package dpdk_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/dpdk"
)

// inNamespace runs f on a thread of its own in a new network namespace, which ends with it.
func inNamespace(t *testing.T, f func(ip func(args string))) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		f(func(args string) {
			if said, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				t.Errorf("ip %s: %v\n%s", args, err, said)
			}
		})
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Skipf("no network namespace can be made here: %v", err)
	}
}

// awaitLink waits until an interface is as wanted, and asks for it again and again if refresh.
func awaitLink(t *testing.T, w *dpdk.KernelLinks, name string, want dpdk.KernelLink, refresh bool) {
	t.Helper()
	late := time.After(10 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for w.Link(name) != want {
		select {
		case <-w.Changed():
		case <-again.C:
			if refresh {
				w.Refresh(name)
			}
		case <-late:
			t.Errorf("%s is %+v, want %+v", name, w.Link(name), want)
			return
		}
	}
}

// TestKernelLinks: an interface comes, loses and gets its carrier, is set down and up, renamed, and goes.
func TestKernelLinks(t *testing.T) {
	inNamespace(t, func(ip func(string)) {
		ip("link add near type veth peer name far")
		ip("link add b0 type bridge")
		w, err := dpdk.WatchKernelLinks()
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		up, down := dpdk.KernelLink{Present: true, Up: true}, dpdk.KernelLink{Present: true}
		if got := w.Link("near"); got != down {
			t.Errorf("at once it is %+v, want %+v", got, down)
		}
		ip("link set near up")
		ip("link set far up")
		awaitLink(t, w, "near", up, false)
		ip("link set far down")
		awaitLink(t, w, "near", down, true)
		ip("link set far up")
		awaitLink(t, w, "near", up, true)
		for _, step := range []bool{false, true} {
			if err := dpdk.SetKernelLink("near", step); err != nil {
				t.Error(err)
			}
			awaitLink(t, w, "near", dpdk.KernelLink{Present: true, Up: step}, true)
		}
		ip("link set near master b0") // the kernel tells of bridge ports too
		ip("link set near nomaster")
		awaitLink(t, w, "near", up, true)
		ip("link set far down")
		ip("link set near down")
		ip("link set near name other")
		awaitLink(t, w, "other", down, false)
		awaitLink(t, w, "near", dpdk.KernelLink{}, false)
		ip("link del other")
		awaitLink(t, w, "other", dpdk.KernelLink{}, false)
		w.Refresh("other")
		if err := dpdk.SetKernelLink("other", true); err == nil || err.Error() != "kernel interface other: SIOCGIFFLAGS: no such device" {
			t.Errorf("an interface that is not there: %v", err)
		}
	})
}

// TestKnownWhileAsked: what was known stays known while the kernel is asked for all again, and what is
// gone by then is forgotten.
func TestKnownWhileAsked(t *testing.T) {
	inNamespace(t, func(ip func(string)) {
		ip("link add near type veth peer name far")
		w, err := dpdk.WatchKernelLinks()
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		for range 100 {
			if err := w.Overrun(); err != nil {
				t.Error(err)
			}
			if got := w.Link("near"); !got.Present {
				t.Error("an interface is unknown because others may have changed")
				return
			}
		}
		ip("link add late type veth peer name later")
		awaitLink(t, w, "late", dpdk.KernelLink{Present: true}, false)
	})
}

// TestKernelTellsMoreThanFits: what was lost is asked for again.
func TestKernelTellsMoreThanFits(t *testing.T) {
	inNamespace(t, func(ip func(string)) {
		w, err := dpdk.WatchKernelLinks()
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		ip("link add gone type veth peer name going")
		awaitLink(t, w, "gone", dpdk.KernelLink{Present: true}, false)
		w.Hold(func() { // longer than the socket has room
			ip("link add many0 type veth peer name many1")
			for range 400 {
				for _, up := range []bool{true, false} {
					if err := dpdk.SetKernelLink("many0", up); err != nil {
						t.Error(err)
						return
					}
				}
			}
			ip("link add late type veth peer name later")
			ip("link del gone")
		})
		awaitLink(t, w, "late", dpdk.KernelLink{Present: true}, false)
		awaitLink(t, w, "many0", dpdk.KernelLink{Present: true}, false)
		awaitLink(t, w, "gone", dpdk.KernelLink{}, false)
	})
}
