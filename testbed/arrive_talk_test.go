package testbed

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"mirrorgw/testbed/control"
	"mirrorgw/testbed/traffic"
)

// talkVNI is the VNI of the talks.
const talkVNI = 4711

// way is one way for copies to an appliance.
type way struct {
	name    string
	target  string // of the session
	host    string // the appliance
	device  string // its VXLAN device
	link    string // where the outer frames come in, "" where this is not a kernel interface with whole frames
	address string // outer destination
	hops    int    // routers in between
	ping    string // the gateway's address there
	short   bool   // taken in short runs too
}

// talkWays: the appliance is on the tunnel port's network, behind a router, or on a tagged network.
var talkWays = []way{
	{"an IPv4 underlay", "near4", "m", "vx4", "eth0", "192.0.2.10", 0, "192.0.2.1", true},
	{"an IPv6 underlay", "near6", "m", "vx6", "eth0", "2001:db8:2::10", 0, "2001:db8:2::1", false},
	{"a router over IPv4", "far4", "far", "vx4", "eth0", "198.51.100.10", 1, "192.0.2.1", false},
	{"a router over IPv6", "far6", "far", "vx6", "eth0", "2001:db8:3::10", 1, "2001:db8:2::1", true},
	{"a tagged tunnel port over IPv4", "tagged4", "v", "vx4", "vlan30", "203.0.113.10", 0, "203.0.113.1", true},
	{"a tagged tunnel port over IPv6", "tagged6", "v", "vx6", "vlan30", "2001:db8:4::10", 0, "2001:db8:4::1", false},
}

// TestTwoHostsTalkAndTheirFramesArrive has two hosts ping each other, transfer bulk data over TCP and
// fetch a page, over IPv4, IPv6 and a VLAN, while copies of all of it go to appliances on several
// kinds of networks, one after the other. What Linux's VXLAN device hands on there must be what
// passes the source's interface.
func TestTwoHostsTalkAndTheirFramesArrive(t *testing.T) {
	if fullTests() {
		patient(t, 5*time.Minute)
	}
	s := talkSite(t)
	page := s.servers()
	a := s.start(s.talkGateway(), talkResources())
	for _, w := range talkWays {
		if !fullTests() && !w.short {
			s.pingGateway(w)
			continue
		}
		t.Run("over "+w.name, func(t *testing.T) { a.at(t).talk(w, page) })
	}
	a.finish()
}

// at returns the arrival for a subtest.
func (a *arrival) at(t *testing.T) *arrival {
	l, s, other := *a.lan, *a.site, *a
	l.t, s.lan, other.site = t, &l, &s
	other.ctl = control.New(t, filepath.Join(a.dir, "ctl.sock"))
	return &other
}

func talkSite(t *testing.T) *site {
	t.Helper()
	for _, tool := range []string{"iperf3", "curl", "ping", "tcpdump", "tshark"} {
		needTool(t, tool)
	}
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24", "2001:db8:1::1/64")
	s.cable("b", macB, liveMTU, "10.1.0.2/24", "2001:db8:1::2/64")
	s.vlan("a", "vlan7", 7, liveMTU, "10.1.7.1/24", "2001:db8:1:7::1/64")
	s.vlan("b", "vlan7", 7, liveMTU, "10.1.7.2/24", "2001:db8:1:7::2/64")
	s.bridge("s")
	s.attach("s", "m", macM, 1500, "192.0.2.10/24", "2001:db8:2::10/64")
	s.attach("s", "r", "", 1500, "192.0.2.2/24", "2001:db8:2::2/64")
	s.plain("far")
	s.join("r", "eth1", "far", "eth0", "", 1500, "198.51.100.10/24", "2001:db8:3::10/64")
	s.address("r", "eth1", "198.51.100.1/24", "2001:db8:3::1/64")
	s.routes("r")
	s.in("far", "ip", "route", "add", "default", "via", "198.51.100.1")
	s.in("far", "ip", "-6", "route", "add", "default", "via", "2001:db8:3::1")
	s.cable("v", "02:00:00:00:30:10", 1500, "169.254.30.1/24")
	s.vlan("v", "vlan30", 30, 1500, "203.0.113.10/24", "2001:db8:4::10/64")
	for _, w := range talkWays {
		s.receives(w.host, w.device, w.address, talkVNI)
	}
	return s
}

func (s *site) talkGateway() string {
	return s.wires() +
		s.afPacket(2, "tun0", "s", "role = \"tunnel\"\naddresses = [\"192.0.2.1/24\", \"2001:db8:2::1/64\"]") +
		s.afPacket(3, "tun1", "v", "role = \"tunnel\"\nvlan = 30\naddresses = [\"203.0.113.1/24\", \"2001:db8:4::1/64\"]") + `
[[route]]
prefix = "198.51.100.0/24"
via = "192.0.2.2"
port = "tun0"
[[route]]
prefix = "2001:db8:3::/64"
via = "2001:db8:2::2"
port = "tun0"
`
}

func talkResources() string {
	text := arriveSource + allRules("all")
	for _, w := range talkWays {
		text += arriveTarget(w.target, w.address)
	}
	return text + arriveSession("a", talkWays[0].target, talkVNI)
}

// servers starts what host b offers: iperf3, and a page over HTTP on all its addresses.
func (s *site) servers() (page []byte) {
	s.t.Helper()
	s.begin("b", "iperf3", "-s", "--forceflush").says("Server listening")
	page = traffic.Bytes("page", 50_000)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(page) // what is missing is missed by curl
	})}
	for network, address := range map[string]string{"tcp4": "0.0.0.0:8080", "tcp6": "[::]:8080"} {
		var listener net.Listener
		s.inside("b", func() (err error) {
			listener, err = net.Listen(network, address)
			return err
		})
		go func() { _ = server.Serve(listener) }() // until it is closed
	}
	s.t.Cleanup(func() { server.Close() })
	return page
}

// talk has the hosts talk, and compares the source's frames with the appliance's.
func (a *arrival) talk(w way, page []byte) {
	a.t.Helper()
	a.ctl.Do("session", "modify", "all", "--target", w.target)
	a.reachable(w.target)
	a.pingGateway(w)
	before := a.session("all")
	e := ends{a.capture("a", "eth0"), a.capture("b", "eth0"), a.capture(w.host, w.device)}
	outer := a.capture(w.host, w.link, "udp port 4789")
	begin := time.Now()
	a.hostsTalk(page)
	took := time.Since(begin)
	a.settle(e, before.MirroredPackets)
	outer.stop()
	frames, flowCount := e.compare()
	after := a.session("all")
	if skipped := after.Skipped.Sum() - before.Skipped.Sum(); skipped != 0 || after.TruncatedPackets != before.TruncatedPackets {
		a.t.Errorf("%d copies skipped %v, %d truncated", skipped, after.Skipped, after.TruncatedPackets-before.TruncatedPackets)
	}
	a.judge(w, e, outer, frames)
	a.t.Logf("%d frames in %d flows, %v", frames, flowCount, took.Round(time.Millisecond))
}

// ends are the captures of a talk: of both hosts, and of the appliance's VXLAN device.
type ends struct{ source, peer, device *capture }

// compare asserts that the appliance got the frames of the source's interface, and in each flow in
// the order in which the gateway had them: the one in which they left it. A host that sends on two
// CPUs at once may have captured them in another.
func (e ends) compare() (frames, flowCount int) {
	t := e.source.t
	t.Helper()
	var left [][]byte
	atSource := e.source.frames(ruled)
	for _, frame := range e.peer.frames(ruled) {
		if sentByA(frame) {
			left = append(left, frame)
		}
	}
	for _, frame := range atSource {
		if !sentByA(frame) {
			left = append(left, frame)
		}
	}
	compareSets(t, left, atSource)
	return len(left), compareFlows(t, e.device.frames(ruled), left)
}

// compareSets asserts that the same frames are in both, in any order.
func compareSets(t *testing.T, got, want [][]byte) {
	t.Helper()
	count := map[string]int{}
	for _, frame := range got {
		count[string(frame)]++
	}
	for _, frame := range want {
		if count[string(frame)]--; count[string(frame)] < 0 {
			t.Errorf("a frame of the source did not come out:\n%s", summary(frame))
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d frames came out, want %d", len(got), len(want))
	}
}

// hostsTalk is the traffic.
func (a *arrival) hostsTalk(page []byte) {
	a.t.Helper()
	bytes4, bytes6, bytesTagged := "500K", "300K", "200K"
	if fullTests() {
		bytes4, bytes6, bytesTagged = "50M", "20M", "20M"
	}
	for _, address := range []string{"10.1.0.2", "2001:db8:1::2", "10.1.7.2", "2001:db8:1:7::2"} {
		a.do("a", "ping", "-q", "-n", "-c", "5", "-i", "0.01", "-W", "3", address)
		a.fetch(address, page)
	}
	// The window keeps the frames on their way far below the rings of net_af_packet.
	for address, amount := range map[string]string{"10.1.0.2": bytes4, "2001:db8:1::2": bytes6, "10.1.7.2": bytesTagged} {
		a.do("a", "iperf3", "-c", address, "-n", amount, "-w", "64K", "--connect-timeout", "3000")
	}
}

// fetch gets the page with curl.
func (a *arrival) fetch(address string, page []byte) {
	a.t.Helper()
	got := a.do("a", "curl", "-sS", "-m", "10", "http://"+net.JoinHostPort(address, "8080")+"/")
	if !bytes.Equal([]byte(got), page) {
		a.t.Errorf("curl got %d bytes from %s, not the %d of the page", len(got), address, len(page))
	}
}

// settle waits until as many copies have come as frames passed at the source and were mirrored, and
// ends the captures.
func (a *arrival) settle(e ends, before int64) {
	a.t.Helper()
	var want, copies int
	enough := func() bool {
		want, copies = len(e.source.frames(ruled)), len(e.device.frames(ruled))
		return want == copies && want == len(e.peer.frames(ruled)) && a.session("all").MirroredPackets-before == int64(want)
	}
	if !within(arriveWait/2, enough) {
		a.t.Errorf("%d frames at the source, %d copies at the appliance, %d mirrored", want, copies, a.session("all").MirroredPackets-before)
	}
	for _, c := range []*capture{e.source, e.peer, e.device} {
		c.stop()
	}
}

// judge has tshark check what came: all checksums, inside and outside. What a host itself sent with a
// wrong one arrives with it.
func (a *arrival) judge(w way, e ends, outer *capture, frames int) {
	a.t.Helper()
	sent, _ := badChecksums(a.t, e.source.path)
	bad, good := badChecksums(a.t, e.device.path)
	if len(bad) != len(sent) || len(bad) > frames/1000 || good < frames/2 {
		a.t.Errorf("tshark finds %d wrong checksums and %d right ones in the copies, and %d wrong ones at the source; the first is %q",
			len(bad), good, len(sent), bad[:min(1, len(bad))])
	}
	lines := tshark(a.t, outer.path, outerColumns...)
	for i, line := range lines {
		if w.hops > 0 { // a router counts them down
			line = a.uphill(line, w.hops)
		}
		if problem := outerProblem(line); problem != "" {
			a.t.Errorf("copy %d: tshark says %s; all columns: %q", i+1, problem, line)
			return
		}
	}
	if len(lines) != frames {
		a.t.Errorf("%d outer frames came, want %d", len(lines), frames)
	}
}

// uphill gives TTL or hop limit of a line of outerColumns back what routers took.
func (a *arrival) uphill(line string, hops int) string {
	old, now := fmt.Sprintf("|%d|", 64-hops), "|64|"
	return string(bytes.Replace([]byte(line), []byte(old), []byte(now), 1))
}

// pingGateway asks the gateway itself from an appliance.
func (s *site) pingGateway(w way) {
	s.t.Helper()
	s.do(w.host, "ping", "-q", "-n", "-c", "3", "-i", "0.05", "-W", "3", w.ping)
}
