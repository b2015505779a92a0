package testbed

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"mirrorgw/ctl/report"
	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

// arriveFrames makes the numbered frames of a number of flows, turn by turn: of each flow one frame
// from host a and one from host b. Even flows are UDP, odd ones TCP; every second pair is IPv6. The
// addresses are none of the hosts', so that nobody answers.
func arriveFrames(flows uint64) maker {
	return func(n uint64) (fromA bool, frame []byte) {
		return arriveFrame(n, flowOf(n, flows))
	}
}

// flowOf is the flow of a frame when there are so many.
func flowOf(n, flows uint64) uint64 { return (n - 1) / 2 % flows }

func arriveFrame(n, flow uint64) (fromA bool, frame []byte) {
	high, low := flow/200, flow%200+1
	here := traffic.NewHost("here", macA, fmt.Sprintf("10.1.%d.%d", 100+high, low), fmt.Sprintf("2001:db8:1:100::%x:%x", high, low))
	there := traffic.NewHost("there", macB, fmt.Sprintf("10.1.%d.%d", 200-high/2, low), fmt.Sprintf("2001:db8:1:200::%x:%x", low, high))
	port, service := uint16(1024+flow*7%60000), uint16(443)
	fromA = n%2 == 1
	if !fromA {
		here, there = there, here
		port, service = service, port
	}
	p := traffic.From(here).To(there)
	if flow/2%2 == 1 {
		p = p.OverIPv6()
	}
	if flow%2 == 1 {
		p = p.TCP(port, service)
	} else {
		p = p.UDP(port, service)
	}
	return fromA, p.Payload(numbered(n, int(n*37%1200))).Frame()
}

// appliance is a host with a VXLAN device: what that hands on has arrived.
type appliance struct{ host, device string }

// stream is newStream for the appliances of a site; copies are noted by the name of the host where
// they arrived.
func (s *site) stream(make maker, at ...appliance) *stream {
	s.t.Helper()
	st := &stream{t: s.t, make: make, a: s.senderAt("a"), b: s.senderAt("b"), early: map[uint64]bool{}, last: map[*sniffer]uint64{},
		copies: map[uint64][]copyFact{}, changed: newSignal()}
	atA, atB := s.sniff("a", "eth0"), s.sniff("b", "eth0")
	st.read(atA, func(frame []byte) error { return st.production(atA, false, frame) })
	st.read(atB, func(frame []byte) error { return st.production(atB, true, frame) })
	for _, m := range at {
		st.read(s.sniff(m.host, m.device), func(frame []byte) error { return st.arrived(m.host, frame) })
	}
	s.t.Cleanup(st.stop)
	return st
}

// arrived notes a frame that a VXLAN device handed on.
func (s *stream) arrived(host string, frame []byte) error {
	n, ok := numberOf(frame)
	if !ok {
		return nil // of the hosts themselves
	}
	if _, whole := s.make(n); len(frame) > len(whole) || !bytes.Equal(frame, whole[:len(frame)]) {
		return fmt.Errorf("frame %d, which arrived at %s, is not what was sent:\n%s", n, host, difference(frame, whole))
	}
	s.note(func() {
		s.copies[n] = append(s.copies[n], copyFact{dst: host, length: len(frame)})
		s.copied++
	})
	return nil
}

// arrivedOnce reports whether each of the frames has arrived once, at that host; "" is any.
func (s *stream) arrivedOnce(from, to uint64, host string) (missing uint64, ok bool) {
	for n := from; n <= to; n++ {
		if c := s.copies[n]; len(c) != 1 || host != "" && c[0].dst != host {
			return n, false
		}
	}
	return 0, true
}

// lacks is the first of the frames that has not arrived once, at that host; 0: all have.
func (s *stream) lacks(from, to uint64, host string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing, _ := s.arrivedOnce(from, to, host)
	return missing
}

// latest is the highest number of a frame that arrived at a host, 0 if none after a number did.
func (s *stream) latest(after uint64, host string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := s.sent; n > after; n-- {
		for _, c := range s.copies[n] {
			if c.dst == host {
				return n
			}
		}
	}
	return 0
}

// follow waits until frames that were sent after this call arrive at a host, and says how long it
// took.
func (s *stream) follow(host string, allowed time.Duration) time.Duration {
	s.t.Helper()
	since := s.lastSent()
	return sooner(s.t, allowed, "frames to arrive at "+host, func() bool { return s.latest(since, host) != 0 })
}

// allArrive lets so many more frames pass, and asserts that each of them arrives once at that host.
func (s *stream) allArrive(frames uint64, host string) {
	s.t.Helper()
	since := s.lastSent()
	s.await(since + frames)
	missing := uint64(0)
	if !within(arriveWait, func() (ok bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		missing, ok = s.arrivedOnce(since+1, since+frames, host)
		return ok
	}) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.t.Fatalf("frame %d of %d to %d arrived %v, want once at %q", missing, since+1, since+frames, s.copies[missing], host)
	}
}

// accounts holds the counters of a session against the frames: every frame matched, every match is a
// copy or a skip, and no copy arrived that was not counted. It returns how many copies were sent and
// did not arrive. The flow must be held.
func (a *arrival) accounts(st *stream, before report.Direction) (lost int64) {
	a.t.Helper()
	st.mu.Lock()
	sent := int64(st.sent)
	st.mu.Unlock()
	var now report.Direction
	sooner(a.t, arriveWait, "the counters to have all frames", func() bool {
		now = a.session("all")
		return now.MatchedPackets-before.MatchedPackets >= sent && now.MatchedPackets == now.MirroredPackets+now.Skipped.Sum()
	})
	arrived := 0
	within(arriveWait/10, func() bool {
		arrived = st.lastCopied()
		return int64(arrived) >= now.MirroredPackets-before.MirroredPackets
	})
	if now.MatchedPackets-before.MatchedPackets != sent || int64(arrived) > now.MirroredPackets-before.MirroredPackets {
		a.t.Errorf("%d frames sent, %d copies arrived; the session says %+v, and before %+v", sent, arrived, now, before)
	}
	a.t.Logf("%d frames: %d mirrored, skipped %v; %d copies arrived", sent, now.MirroredPackets, now.Skipped, arrived)
	return now.MirroredPackets - before.MirroredPackets - int64(arrived)
}

// patient makes daemons of this test live longer than others.
func patient(t *testing.T, longer time.Duration) {
	t.Helper()
	usual := daemon.Timeout
	daemon.Timeout += longer
	t.Cleanup(func() { daemon.Timeout = usual })
}
