package testbed

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/report"
)

// The members' health check: one probe a second, two failures take a member out, two successes bring
// it back.
const (
	healthInterval = time.Second
	healthTimeout  = time.Second
	healthCount    = 2
	// healthPromise is how long a change of a member may take to be known, docs/receiving.md, and one
	// second for a busy machine.
	healthPromise = healthCount*healthInterval + healthTimeout + time.Second
)

var balanceMembers = []string{"m1", "m2", "m3", "m4"}

func memberAddress(i int) string { return fmt.Sprintf("192.0.2.%d", 11+i) }

// balance is a gateway with a load balancer of four appliances.
type balance struct {
	*arrival
	stream *stream
	flows  uint64
}

// TestFlowsStayTogetherBehindALoadBalancer spreads flows over four appliances: both directions of
// each flow reach the same one. One appliance dies, and only its flows move; it comes back; another
// is drained, and no copy is lost.
func TestFlowsStayTogetherBehindALoadBalancer(t *testing.T) {
	flows, uneven := uint64(1000), 0.20 // of 250 a member, three standard deviations are 16 %
	if fullTests() {
		flows, uneven = 10_000, 0.05
		patient(t, 5*time.Minute)
	}
	b := balanceStart(t, flows)
	first := b.owners()
	checkEven(t, first, uneven)

	b.kill("m3")
	b.checkMoved(first, b.owners(), "m3")
	b.revive("m3")
	b.checkMoved(first, b.owners(), "")

	b.maintain("drain", "m2")
	b.checkMoved(first, b.owners(), "m2")
	b.maintain("resume", "m2")
	b.checkMoved(first, b.owners(), "")
	b.finish()
}

func balanceStart(t *testing.T, flows uint64) *balance {
	t.Helper()
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24")
	s.cable("b", macB, liveMTU, "10.1.0.2/24")
	s.bridge("s")
	var appliances []appliance
	for i, host := range balanceMembers {
		s.attach("s", host, "", 1500, memberAddress(i)+"/24")
		s.receives(host, "vx0", memberAddress(i), 7)
		appliances = append(appliances, appliance{host, "vx0"})
	}
	st := s.stream(arriveFrames(flows), appliances...)
	b := &balance{s.start(s.followGateway(), balanceResources()), st, flows}
	b.healthy(len(balanceMembers))
	return b
}

// healthy waits until so many members of the load balancer are.
func (a *arrival) healthy(members int) {
	a.t.Helper()
	sooner(a.t, arriveWait, fmt.Sprintf("%d members to be healthy", members), func() bool {
		var shown struct{ MemberStates []struct{ State string } }
		a.ctl.JSON(&shown, "load-balancer", "show", "tools")
		n := 0
		for _, m := range shown.MemberStates {
			if m.State == "healthy" {
				n++
			}
		}
		return n == members
	})
}

func balanceResources() string {
	var text strings.Builder
	text.WriteString(arriveSource + allRules("all") + `[[load_balancer]]
name = "tools"
listeners = [{port = 4789}]
`)
	fmt.Fprintf(&text, "[load_balancer.health]\nprotocol = \"icmp\"\ninterval = %d\ntimeout = %d\nhealthy_threshold = %d\nunhealthy_threshold = %d\n",
		healthInterval/time.Second, healthTimeout/time.Second, healthCount, healthCount)
	for i := range balanceMembers {
		fmt.Fprintf(&text, "[[load_balancer.member]]\naddress = %q\n", memberAddress(i))
	}
	text.WriteString("[[target]]\nname = \"tools\"\nload_balancer = \"tools\"\n" + arriveSession("a", "tools", 7))
	return text.String()
}

// owners sends one frame of each direction of each flow, waits for all copies, and returns the member
// of each flow.
func (b *balance) owners() map[uint64]string {
	b.t.Helper()
	before := b.session("all")
	since := b.stream.lastSent()
	b.stream.send(2 * b.flows)
	b.complete(since, before)
	b.stream.mu.Lock()
	defer b.stream.mu.Unlock()
	owners, split := map[uint64]string{}, 0
	for n := since + 1; n <= since+2*b.flows; n++ {
		flow, host := flowOf(n, b.flows), b.stream.copies[n][0].dst
		if owner, known := owners[flow]; known && owner != host {
			if split++; split == 1 {
				b.t.Errorf("flow %d reaches %s one way and %s the other", flow, owner, host)
			}
		}
		owners[flow] = host
	}
	if split > 0 || uint64(len(owners)) != b.flows {
		b.t.Errorf("%d of %d flows are split, %d seen", split, b.flows, len(owners))
	}
	return owners
}

// complete asserts that all frames after one have arrived once, and that no copy was skipped.
func (b *balance) complete(since uint64, before report.Direction) {
	b.t.Helper()
	last := b.stream.lastSent()
	missing := uint64(0)
	if !within(arriveWait, func() (ok bool) {
		b.stream.mu.Lock()
		defer b.stream.mu.Unlock()
		missing, ok = b.stream.arrivedOnce(since+1, last, "")
		return ok
	}) {
		b.stream.mu.Lock()
		defer b.stream.mu.Unlock()
		b.t.Fatalf("frame %d of %d to %d arrived %v, want once", missing, since+1, last, b.stream.copies[missing])
	}
	if now := b.session("all"); now.Skipped.Sum() != before.Skipped.Sum() {
		b.t.Errorf("copies were skipped: %v, before %v", now.Skipped, before.Skipped)
	}
}

func checkEven(t *testing.T, owners map[uint64]string, uneven float64) {
	t.Helper()
	share := map[string]int{}
	for _, host := range owners {
		share[host]++
	}
	even := float64(len(owners)) / float64(len(balanceMembers))
	for _, host := range balanceMembers {
		if off := math.Abs(float64(share[host])-even) / even; off > uneven {
			t.Errorf("%s has %d flows, %.1f %% off the even %.0f; want at most %.0f %%", host, share[host], 100*off, even, 100*uneven)
		}
	}
	t.Logf("flows of each member: %v", share)
}

// checkMoved asserts that exactly the flows of one member have another one now.
func (b *balance) checkMoved(before, now map[uint64]string, gone string) {
	b.t.Helper()
	wrong, heirs := 0, map[string]int{}
	for flow, owner := range before {
		if owner == gone {
			heirs[now[flow]]++
		}
		if (owner == gone) != (owner != now[flow]) {
			if wrong++; wrong == 1 {
				b.t.Errorf("flow %d of %s is %s's now, though %q is gone", flow, owner, now[flow], gone)
			}
		}
	}
	if wrong > 0 {
		b.t.Errorf("%d flows are where they should not be", wrong)
	}
	if gone != "" {
		b.t.Logf("%s gone, its flows went to %v", gone, heirs)
	}
}

// kill takes a member's link away while frames flow.
func (b *balance) kill(host string) {
	b.t.Helper()
	b.stream.flow()
	before, lost := b.session("all"), b.stream.lastSent()
	b.in(host, "ip", "link", "set", "eth0", "down")
	begin := time.Now()
	sooner(b.t, healthPromise, host+"'s flows to move", func() bool { return b.elsewhere(lost, host) })
	b.t.Logf("%s dead: its flows moved after %v", host, time.Since(begin).Round(time.Millisecond))
	b.stream.hold()
	if now := b.session("all"); now.Skipped.Sum() != before.Skipped.Sum() {
		b.t.Errorf("copies were skipped though three members live: %v, before %v", now.Skipped, before.Skipped)
	}
}

// elsewhere reports whether the latest frame that arrived of a flow that host had before a number is
// another's.
func (b *balance) elsewhere(since uint64, host string) bool {
	b.stream.mu.Lock()
	defer b.stream.mu.Unlock()
	owned := map[uint64]bool{}
	for n := since; n > 0 && n+2*b.flows > since; n-- {
		if c := b.stream.copies[n]; len(c) == 1 && c[0].dst == host {
			owned[flowOf(n, b.flows)] = true
		}
	}
	for n := b.stream.sent; n > since; n-- {
		if c := b.stream.copies[n]; len(c) == 1 && owned[flowOf(n, b.flows)] {
			return c[0].dst != host
		}
	}
	return false
}

// revive gives the link back and waits until the member gets copies.
func (b *balance) revive(host string) {
	b.t.Helper()
	b.stream.flow()
	b.in(host, "ip", "link", "set", "eth0", "up")
	b.t.Logf("%s alive: it got copies after %v", host, b.stream.follow(host, healthPromise+arriveWait).Round(time.Millisecond))
	b.stream.hold()
}

// maintain takes a member out for maintenance, or puts it back, while frames flow; not one copy may
// be lost.
func (b *balance) maintain(verb, host string) {
	b.t.Helper()
	before, since := b.session("all"), b.stream.lastSent()
	b.stream.flow()
	b.stream.await(since + b.flows/2)
	b.ctl.Do("load-balancer", "member", verb, "tools", memberAddress(slices.Index(balanceMembers, host)))
	b.stream.await(b.stream.lastSent() + b.flows/2)
	b.stream.hold()
	b.complete(since, before)
}
