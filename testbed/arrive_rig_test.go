package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// The tests of arrive_*_test.go ask whether copies arrive: hosts talk through the gateway, and Linux
// itself is the appliance, with its own VXLAN device, its own ARP and its own routing.

// site is the network of one such test: a LAN with switches, routers and several appliances.
type site struct {
	*lan
	dir   string // of the gateway's files
	hosts []string
	ports [][2]string // of switches: the switch, the port
}

// newSite makes the gateway's namespace. Everything is removed with the test, also when the test
// program is interrupted.
func newSite(t *testing.T) *site {
	t.Helper()
	daemon.Build(t) // now: its time is not the gateway's
	s := &site{lan: newLAN(t), dir: t.TempDir(), hosts: []string{"g"}}
	t.Cleanup(daemon.OnInterrupt(s.abandon))
	return s
}

func (s *site) abandon() {
	for _, host := range s.hosts {
		_ = exec.Command("ip", "netns", "del", s.namespace(host)).Run() // nobody is left to tell
	}
	os.RemoveAll(filepath.Dir(s.dir))
}

// cable adds a host that is connected to the gateway, with IPv4 and IPv6 addresses.
func (s *site) cable(name, mac string, mtu int, addresses ...string) {
	s.t.Helper()
	s.hosts = append(s.hosts, name)
	s.host(name, addresses[0], mac, mtu)
	s.address(name, "eth0", addresses[1:]...)
}

// plain makes a namespace without any cable, IPv6 off by default.
func (s *site) plain(name string) {
	s.t.Helper()
	s.hosts = append(s.hosts, name)
	s.run("ip", "netns", "add", s.namespace(name))
	s.t.Cleanup(func() { s.remove(name) })
	s.in(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
}

// bridge adds a switch whose port eth0 is connected to the gateway.
func (s *site) bridge(name string) {
	s.t.Helper()
	s.plain(name)
	s.in(name, "ip", "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
	s.in(name, "ip", "link", "set", "br0", "up")
	s.bridgeLink(name, "eth0", s.link(name))
}

// bridgeLink connects one more of the gateway's interfaces with a switch.
func (s *site) bridgeLink(name, port, link string) {
	s.t.Helper()
	s.run("ip", "-n", s.namespace("g"), "link", "add", link, "type", "veth", "peer", "name", port, "netns", s.namespace(name))
	s.run("ip", "-n", s.namespace("g"), "link", "set", link, "arp", "off", "up")
	s.in(name, "ip", "link", "set", port, "master", "br0", "up")
	s.ports = append(s.ports, [2]string{name, port})
}

// attach adds a host on a switch. MAC "" is the kernel's choice.
func (s *site) attach(bridge, name, mac string, mtu int, addresses ...string) {
	s.t.Helper()
	s.plain(name)
	s.join(bridge, "p"+name, name, "eth0", mac, mtu, addresses...)
	s.in(bridge, "ip", "link", "set", "p"+name, "master", "br0")
	s.ports = append(s.ports, [2]string{bridge, "p" + name})
}

// switching waits until all ports of the switches forward: Linux notices a carrier up to a second
// late.
func (s *site) switching() {
	s.t.Helper()
	for _, p := range s.ports {
		sooner(s.t, arriveWait, fmt.Sprintf("port %s of switch %s to forward", p[1], p[0]), func() bool {
			return s.do(p[0], "cat", "/sys/class/net/"+p[1]+"/brport/state") == "3\n" // BR_STATE_FORWARDING
		})
	}
}

// join connects two hosts by a cable; the second one's end gets MAC, MTU and addresses.
func (s *site) join(near, nearEnd, far, farEnd, mac string, mtu int, addresses ...string) {
	s.t.Helper()
	s.in(near, "ip", "link", "add", nearEnd, "type", "veth", "peer", "name", farEnd, "netns", s.namespace(far))
	if mac != "" {
		s.in(far, "ip", "link", "set", farEnd, "address", mac)
	}
	s.in(far, "ip", "link", "set", farEnd, "mtu", fmt.Sprint(mtu), "up")
	s.in(near, "ip", "link", "set", nearEnd, "mtu", fmt.Sprint(mtu), "up")
	s.in(far, "ethtool", "-K", farEnd, "tx", "off", "gso", "off", "tso", "off")
	s.address(far, farEnd, addresses...)
}

// address gives an interface addresses. Of IPv6 it has those only, and they are valid at once; a
// neighbour that answered is believed for the length of the test, so that no probe of the host's
// falls between two captures.
func (s *site) address(host, device string, addresses ...string) {
	s.t.Helper()
	for _, address := range addresses {
		if isIPv6(address) {
			s.in(host, "sysctl", "-qw", "net.ipv6.conf."+device+".accept_dad=0", "net.ipv6.conf."+device+".disable_ipv6=0", "net.ipv6.conf."+device+".accept_ra=0",
				"net.ipv6.neigh."+device+".delay_first_probe_time=600")
			s.in(host, "ip", "address", "add", address, "dev", device, "nodad")
			continue
		}
		s.in(host, "ip", "address", "add", address, "dev", device)
	}
}

func isIPv6(address string) bool { return slices.Contains([]byte(address), ':') }

// routes makes a host forward between its cables.
func (s *site) routes(host string) {
	s.t.Helper()
	s.in(host, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
}

// receives gives an appliance a VXLAN device of Linux for one VNI and one of its addresses.
func (s *site) receives(host, device, address string, vni int) {
	s.t.Helper()
	s.in(host, "ip", "link", "add", device, "type", "vxlan", "id", fmt.Sprint(vni), "dstport", "4789", "local", address, "nolearning")
	s.in(host, "ip", "link", "set", device, "up")
}

// sooner waits until a condition holds and says how long it took. It ends the test after the time
// allowed.
func sooner(t *testing.T, allowed time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	if !within(allowed, holds) {
		t.Fatalf("waited %v for %s", allowed, what)
	}
	return time.Since(begin)
}

// within asks again and again, until the answer is yes or the time is over.
func within(allowed time.Duration, holds func() bool) bool {
	late := time.After(allowed)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-late:
			return false
		}
	}
	return true
}
