package testbed

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// lan is a set of network namespaces for one test: hosts a and b on the two sides of the gateway g,
// and the monitor m behind its tunnel port. Each host has an interface eth0 whose other end is in g
// under the name of link. Every name has a random part, and everything goes with the test.
type lan struct {
	t   *testing.T
	tag string
}

func newLAN(t *testing.T) *lan {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making network namespaces needs root: run the tests as root")
	}
	needTool(t, "ip")
	needTool(t, "ethtool")
	random := make([]byte, 3)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	l := &lan{t: t, tag: hex.EncodeToString(random)}
	if output, err := exec.Command("ip", "netns", "add", l.namespace("g")).CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody make network namespaces: %s", output)
	}
	t.Cleanup(func() { l.remove("g") })
	l.in("g", "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
	return l
}

func (l *lan) namespace(host string) string { return "mgw-" + l.tag + "-" + host }

// link is the gateway's end of a host's cable.
func (l *lan) link(host string) string { return "w" + host + l.tag }

func (l *lan) remove(host string) {
	if output, err := exec.Command("ip", "netns", "del", l.namespace(host)).CombinedOutput(); err != nil {
		l.t.Errorf("namespace %s could not be removed: %v\n%s", l.namespace(host), err, output)
	}
}

// host adds a namespace with one interface, connected to the gateway's. The host computes whole
// checksums and sends no frame longer than its MTU (offloads off): what it sends is what is on the
// wire. The gateway's end has no address, no ARP and no IPv6, so that its kernel keeps silent.
func (l *lan) host(name, address, mac string, mtu int) {
	l.t.Helper()
	l.run("ip", "netns", "add", l.namespace(name))
	l.t.Cleanup(func() { l.remove(name) })
	l.in(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
	l.run("ip", "-n", l.namespace("g"), "link", "add", l.link(name), "type", "veth", "peer", "name", "eth0", "netns", l.namespace(name))
	l.run("ip", "-n", l.namespace("g"), "link", "set", l.link(name), "arp", "off", "up")
	l.in(name, "ip", "link", "set", "eth0", "address", mac, "mtu", fmt.Sprint(mtu), "up")
	l.in(name, "ip", "address", "add", address, "dev", "eth0")
	l.in(name, "ethtool", "-K", "eth0", "tx", "off", "gso", "off", "tso", "off")
}

// in runs a program in a namespace.
func (l *lan) in(host, program string, args ...string) {
	l.t.Helper()
	l.run("ip", append([]string{"netns", "exec", l.namespace(host), program}, args...)...)
}

func (l *lan) run(program string, args ...string) {
	l.t.Helper()
	if output, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, output)
	}
}

// inside calls f on a thread that is in a namespace; sockets that f opens stay there. The thread
// ends with f, for it is of no use to others.
func (l *lan) inside(host string, f func() error) {
	l.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		file, err := os.Open(filepath.Join("/run/netns", l.namespace(host)))
		if err == nil {
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
			file.Close()
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		l.t.Fatalf("in namespace %s: %v", l.namespace(host), err)
	}
}
