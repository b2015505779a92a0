package testbed

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/traffic"
)

// hostileMemory is how much the gateway may grow under all attacks together: its rings and tables
// are made at the start.
const hostileMemory = 16 << 20

// attacker is a host on the tunnel port's network that sends what nobody asked for.
type attacker struct {
	*arrival
	fd, index int
	mac       net.HardwareAddr
	target    net.HardwareAddr // the gateway's
	random    *rand.Rand
}

// TestAttacksOnTheTunnelPortHurtNobody floods the gateway with ARP, Neighbor Discovery, false
// answers, forged ICMP errors and garbage, from the network of the appliance, and with fragments from
// the hosts, while numbered frames pass. Production and copies must be complete, memory bounded, and
// the counters must tell.
func TestAttacksOnTheTunnelPortHurtNobody(t *testing.T) {
	frames := 10_000
	if fullTests() {
		frames = 300_000
		patient(t, 5*time.Minute)
	}
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	s.cable("b", macB, liveMTU, "10.1.0.2/24")
	s.bridge("s")
	s.attach("s", "m", macM, 1500, "192.0.2.10/24", "2001:db8:2::10/64")
	s.receives("m", "vx0", "192.0.2.10", 7)
	s.attach("s", "evil", "02:00:00:00:66:66", 1500, "192.0.2.66/24", "2001:db8:2::66/64")
	st := s.stream(hostileFrame, appliance{"m", "vx0"})
	a := s.start(s.followGateway(), arriveSource+hostileRules+arriveTarget("ids", "192.0.2.10")+arriveSession("a", "ids", 7))
	e := s.attacker(a)
	st.flow()
	st.follow("m", followAnnounced)
	st.allArrive(followFrames, "m")
	quiet := e.pace(st)
	before, memory := a.stats(), control.MemoryOf(t, a.gateway.PID())
	for _, attack := range e.attacks() {
		e.run(st, attack, frames, quiet)
	}
	st.allArrive(followFrames, "m")
	st.hold()
	e.checkMemory(memory)
	e.checkTold(before)
	if lost := a.accounts(st, report.Direction{}); lost != 0 {
		t.Errorf("%d copies did not arrive", lost)
	}
	if cut := a.session("all").TruncatedPackets; cut != 0 {
		t.Errorf("%d copies were truncated: a forged path MTU was believed", cut)
	}
	a.finish()
}

// hostileRules name ports, so that each first fragment takes a place in the fragment tables.
const hostileRules = `[[filter]]
name = "all"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
protocol = "udp"
destination_ports = "1-65535"
[[filter.rule]]
direction = "ingress"
number = 1
action = "accept"
protocol = "udp"
destination_ports = "1-65535"
`

// hostileFrame is a first fragment of a datagram, each of a datagram of its own, that no other
// fragment ever follows. It is IPv6: the kernel would put IPv4 fragments together.
func hostileFrame(n uint64) (fromA bool, frame []byte) {
	here := traffic.NewHost("here", macA, "10.1.100.1", fmt.Sprintf("2001:db8:1:100::%x", n%65000+1))
	there := traffic.NewHost("there", macB, "10.1.200.1", "2001:db8:1:200::1")
	fromA = n%2 == 1
	if !fromA {
		here, there = there, here
	}
	p := traffic.From(here).To(there).OverIPv6().UDP(4000, 53).ID(uint32(n)).Payload(numbered(n, 1000))
	return fromA, p.Fragments(600)[0]
}

func (s *site) attacker(a *arrival) *attacker {
	s.t.Helper()
	e := &attacker{arrival: a, mac: net.HardwareAddr{2, 0, 0, 0, 0x66, 0x66}, random: rand.New(rand.NewPCG(4, 7))}
	s.do("evil", "ping", "-q", "-n", "-c", "1", "-W", "3", "192.0.2.1")
	sender := s.senderAt("evil")
	e.fd, e.index = sender.fd, sender.index
	e.target = s.neighbor("evil", "192.0.2.1")
	return e
}

// neighbor is what a host knows of another's MAC.
func (s *site) neighbor(host, address string) net.HardwareAddr {
	s.t.Helper()
	var state, device, mac, lladdr string
	text := s.do(host, "ip", "neigh", "show", address, "dev", "eth0")
	if _, err := fmt.Sscan(text, &device, &lladdr, &mac, &state); err != nil {
		s.t.Fatalf("ip neigh says %q: %v", text, err)
	}
	parsed, err := net.ParseMAC(mac)
	if err != nil {
		s.t.Fatalf("ip neigh says %q: %v", text, err)
	}
	return parsed
}

// attack is a way to make frames.
type attack struct {
	name string
	make func(n int) []byte
}

func (e *attacker) attacks() []attack {
	return []attack{
		{"ARP requests", e.arpRequest}, {"false ARP answers", e.arpAnswer},
		{"solicitations", e.solicitation}, {"false advertisements", e.advertisement},
		{"echo requests", e.echoRequest},
		{"forged ICMP errors", e.tooBig}, {"forged ICMPv6 errors", e.tooBig6},
		{"garbage", e.garbage},
	}
}

// run makes an attack while frames flow, and says what became of their pace.
func (e *attacker) run(st *stream, a attack, frames int, quiet time.Duration) {
	e.t.Helper()
	done := make(chan error, 1)
	begin := time.Now()
	go func() {
		to := &unix.SockaddrLinklayer{Ifindex: e.index}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := range frames {
			if n%attackBurst == 0 {
				<-tick.C // the flood and the production that it must not hurt share a CPU
			}
			if err := unix.Sendto(e.fd, a.make(n), 0, to); err != nil && err != unix.ENOBUFS {
				done <- err
				return
			}
		}
		done <- nil
	}()
	pace := e.pace(st)
	if err := <-done; err != nil {
		e.t.Fatalf("%s: %v", a.name, err)
	}
	e.t.Logf("%s: %d frames in %v; %d production frames took %v, quiet %v", a.name, frames, time.Since(begin).Round(time.Millisecond),
		paceFrames, pace.Round(time.Millisecond), quiet.Round(time.Millisecond))
}

const (
	paceFrames  = 500
	attackBurst = 40 // frames of an attack a millisecond
)

// pace is how long a number of production frames take to pass.
func (e *attacker) pace(st *stream) time.Duration {
	e.t.Helper()
	begin := time.Now()
	st.await(st.lastSent() + paceFrames)
	return time.Since(begin)
}

func (e *attacker) checkMemory(before control.Memory) {
	e.t.Helper()
	after := control.MemoryOf(e.t, e.gateway.PID())
	e.t.Logf("memory: %v before, %v after", before, after)
	if after.Total()-before.Total() > hostileMemory {
		e.t.Errorf("memory grew from %v to %v", before, after)
	}
}

// checkTold asserts that the counters have seen the attacks.
func (e *attacker) checkTold(before *report.Report) {
	e.t.Helper()
	port, was := e.stats().Ports["tun0"], before.Ports["tun0"]
	e.t.Logf("the tunnel port: consumed %d, ignored %v, originated %d", port.Consumed-was.Consumed, port.Ignored, port.OriginatedPackets-was.OriginatedPackets)
	var status struct {
		Underlay struct{ Counters map[string]uint64 }
	}
	e.ctl.JSON(&status, "status")
	counters := status.Underlay.Counters
	e.t.Logf("the underlay: %v", counters)
	for _, told := range []string{"rate_limited", "conflicting_reply", "announcement_refused", "address_conflict", "too_big_unknown", "bad_checksum", "invalid_arp"} {
		if counters[told] == 0 {
			e.t.Errorf("the underlay's counters do not tell of %s", told)
		}
	}
	if changed := counters["neighbor_mac_changed"] + counters["too_big"]; changed != 0 {
		e.t.Errorf("%d forged frames were believed: %v", changed, counters)
	}
}
