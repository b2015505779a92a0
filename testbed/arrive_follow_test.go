package testbed

import (
	"testing"
	"time"

	"mirrorgw/ctl/report"
)

// Times within which copies follow an appliance, docs/receiving.md, and one second for a busy machine.
const (
	followAnnounced = 2*time.Second + time.Second
	followSilent    = 49*time.Second + time.Second
	followLink      = 2*time.Second + time.Second
)

// followFrames is how many frames must arrive without a gap after each change.
const followFrames = 400

// follower is an appliance that changes while numbered frames pass.
type follower struct {
	*arrival
	stream *stream
}

// TestCopiesFollowTheAppliance changes an appliance's MAC, takes its link down and up, and moves its
// address to another host, while numbered frames pass. The copies must follow within the documented
// time, the counters must account for each, and production must lose nothing.
func TestCopiesFollowTheAppliance(t *testing.T) {
	if fullTests() {
		patient(t, 5*time.Minute)
	}
	for _, underlay := range []struct{ name, address, gateway string }{
		{"IPv4", "192.0.2.10", "192.0.2.1"},
		{"IPv6", "2001:db8:2::10", "2001:db8:2::1"},
	} {
		t.Run("over "+underlay.name, func(t *testing.T) { followStory(t, underlay.address, underlay.gateway) })
	}
}

func followStory(t *testing.T, address, gateway string) {
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	s.cable("b", macB, liveMTU, "10.1.0.2/24")
	s.bridge("s")
	for _, host := range []string{"m", "n"} {
		s.attach("s", host, "", 1500)
		s.receives(host, "vx0", address, 7)
	}
	with := address + "/24"
	if isIPv6(address) {
		with = address + "/64"
	}
	s.address("m", "eth0", with)
	st := s.stream(arriveFrames(50), appliance{"m", "vx0"}, appliance{"n", "vx0"})
	a := s.start(s.followGateway(), arriveSource+allRules("all")+arriveTarget("ids", address)+arriveSession("a", "ids", 7))
	f := &follower{a, st}
	f.stream.flow()
	t.Logf("the first copy arrived after %v", f.stream.follow("m", followAnnounced))
	f.stream.allArrive(followFrames, "m")

	f.change("MAC, announced", "m", followAnnounced, func() {
		f.in("m", "ip", "link", "set", "eth0", "address", "02:00:00:00:02:11")
		f.announce("m", gateway)
	})
	f.change("link down and up", "m", followLink, func() {
		f.in("m", "ip", "link", "set", "eth0", "down")
		f.in("m", "ip", "link", "set", "eth0", "up")
		f.again("m", with)
	})
	f.change("address moves, announced", "n", followAnnounced, func() {
		f.in("m", "ip", "address", "del", with, "dev", "eth0")
		f.address("n", "eth0", with)
		f.announce("n", gateway)
	})
	if fullTests() {
		f.silent(with)
	}
	f.stream.hold()
	f.accounts(f.stream, report.Direction{})
	f.finish()
}

func (s *site) followGateway() string {
	return s.wires() + s.afPacket(2, "tun0", "s", "role = \"tunnel\"\naddresses = [\"192.0.2.1/24\", \"2001:db8:2::1/64\"]")
}

// change makes a change and waits until copies arrive at a host, all of them.
func (f *follower) change(what, host string, allowed time.Duration, make func()) {
	f.t.Helper()
	before := f.stream.lastCopied()
	make()
	took := f.stream.follow(host, allowed)
	f.t.Logf("%s: copies followed after %v; %d arrived meanwhile", what, took.Round(time.Millisecond), f.stream.lastCopied()-before)
	f.stream.allArrive(followFrames, host)
}

// announce has a host say where its address is now: it asks for the gateway, and thereby names itself
// (RFC 826; RFC 4861 section 7.2.3).
func (f *follower) announce(host, gateway string) {
	f.t.Helper()
	f.in(host, "ip", "neigh", "flush", "dev", "eth0")
	f.do(host, "ping", "-q", "-n", "-c", "1", "-W", "3", gateway)
}

// again gives an address back that IPv6 lost with its link.
func (f *follower) again(host, with string) {
	f.t.Helper()
	if isIPv6(with) {
		f.in(host, "ip", "address", "replace", with, "dev", "eth0", "nodad")
	}
}

// silent makes the changes that nobody tells the gateway of.
func (f *follower) silent(with string) {
	f.t.Helper()
	f.change("MAC, silent", "n", followSilent, func() {
		f.in("n", "ip", "link", "set", "eth0", "address", "02:00:00:00:02:22")
	})
	f.change("address moves, silent", "m", followSilent, func() {
		f.in("n", "ip", "address", "del", with, "dev", "eth0")
		f.address("m", "eth0", with)
	})
	f.dead("m", with)
}

// dead takes the appliance's link away until the gateway says that copies are skipped, and gives it
// back.
func (f *follower) dead(host, with string) {
	f.t.Helper()
	before := f.session("all").Skipped["unresolved"]
	f.in(host, "ip", "link", "set", "eth0", "down")
	took := sooner(f.t, followSilent+3*time.Second, "copies to be skipped as unresolved", func() bool {
		return f.session("all").Skipped["unresolved"] > before
	})
	f.t.Logf("dead: skipped after %v", took.Round(time.Millisecond))
	f.change("back from the dead", host, 35*time.Second, func() {
		f.in(host, "ip", "link", "set", "eth0", "up")
		f.again(host, with)
	})
}
