package testbed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// partialDatagrams is how many datagrams the checksum test sends, of each family.
const partialDatagrams = 30

// TestPartialChecksumsArriveComplete leaves checksums to host a's network card, as Linux does unless
// told otherwise. A veth never completes them, so host b drops the frames; the appliance must get
// them with right checksums, and a truncated copy as it was. Production is not altered.
func TestPartialChecksumsArriveComplete(t *testing.T) {
	needTool(t, "tcpdump")
	needTool(t, "tshark")
	s := newSite(t)
	s.cable("a", macA, liveMTU, "10.1.0.1/24", "2001:db8:1::1/64")
	s.cable("b", macB, liveMTU, "10.1.0.2/24", "2001:db8:1::2/64")
	s.cable("s", macM, 1500, "192.0.2.10/24")
	s.receives("s", "vx0", "192.0.2.10", 7)
	s.in("a", "ethtool", "-K", "eth0", "tx", "on", "tso", "off", "gso", "off")
	a := s.start(s.followGateway(), arriveSource+allRules("all")+arriveTarget("ids", "192.0.2.10")+arriveSession("a", "ids", 7))

	a.reachable("ids")
	source, atB, copies := a.partial(s)
	if bad, _ := badChecksums(t, source.path); len(bad) == 0 {
		t.Fatal("all checksums are right at the source: nothing was left to the card, the test shows nothing")
	}
	if bad, good := badChecksums(t, copies.path); len(bad) > 0 || good < 2*partialDatagrams {
		t.Errorf("tshark finds %d wrong checksums in copies and %d right ones; the first wrong one: %q", len(bad), good, bad[:min(1, len(bad))])
	}
	sent, passed := source.frames(ruled), atB.frames(ruled)
	compareSets(t, fromA(passed), fromA(sent))
	compareRepaired(t, fromA(copies.frames(ruled)), fromA(passed))
	a.namesOffload()

	a.ctl.Do("session", "modify", "all", "--packet-length", "100")
	_, atB, copies = a.partial(s)
	compareCut(t, fromA(copies.frames(ruled)), fromA(atB.frames(ruled)), 100)
	a.finish()
}

// partial sends datagrams and the beginning of a connection, and returns what passed where.
func (a *arrival) partial(s *site) (source, atB, copies *capture) {
	a.t.Helper()
	before := a.session("all").MirroredPackets
	source, atB, copies = a.capture("a", "eth0"), a.capture("b", "eth0"), a.capture("s", "vx0")
	s.inside("a", func() error {
		for _, address := range []string{"10.1.0.2", "2001:db8:1::2"} {
			if err := sendDatagrams(net.JoinHostPort(address, "9")); err != nil {
				return err
			}
			dialer := net.Dialer{Timeout: 300 * time.Millisecond} // nobody can answer
			if c, err := dialer.Dial("tcp", net.JoinHostPort(address, "9")); err == nil {
				c.Close()
				return fmt.Errorf("%s answered, though its checksums are wrong", address)
			}
		}
		return nil
	})
	want, got := [][]byte(nil), [][]byte(nil)
	if !within(arriveWait/2, func() bool {
		want, got = source.frames(ruled), copies.frames(ruled)
		return len(want) >= 2*partialDatagrams+2 && len(want) == len(got) && len(want) == len(atB.frames(ruled)) &&
			a.session("all").MirroredPackets-before == int64(len(want))
	}) {
		a.t.Errorf("%d frames at the source, %d copies", len(want), len(got))
	}
	for _, c := range []*capture{source, atB, copies} {
		c.stop()
	}
	return source, atB, copies
}

func sendDatagrams(to string) error {
	conn, err := net.Dial("udp", to)
	if err != nil {
		return err
	}
	defer conn.Close()
	for n := range partialDatagrams {
		if _, err := conn.Write(numbered(uint64(n), 40*n)); err != nil {
			return err
		}
	}
	return nil
}

func fromA(frames [][]byte) (kept [][]byte) {
	for _, frame := range frames {
		if sentByA(frame) {
			kept = append(kept, frame)
		}
	}
	return kept
}

// compareRepaired asserts that copies are the frames, but for the checksum of TCP and UDP.
func compareRepaired(t *testing.T, copies, frames [][]byte) {
	t.Helper()
	blank := func(frames [][]byte) (all [][]byte) {
		for _, frame := range frames {
			frame = bytes.Clone(frame)
			if at := checksumAt(frame); at > 0 {
				binary.BigEndian.PutUint16(frame[at:], 0)
			}
			all = append(all, frame)
		}
		return all
	}
	compareFlows(t, blank(copies), blank(frames))
}

// checksumAt is the place of the TCP or UDP checksum in an untagged frame without options and
// extension headers; 0 if there is none.
func checksumAt(frame []byte) int {
	etherType, at := network(frame)
	protocol := byte(0)
	if etherType == 0x0800 {
		protocol, at = frame[at+9], at+20
	} else if etherType == 0x86dd {
		protocol, at = frame[at+6], at+40
	}
	switch protocol {
	case 6:
		return at + 16
	case 17:
		return at + 6
	}
	return 0
}

// compareCut asserts that each copy is the beginning of its frame, unaltered.
func compareCut(t *testing.T, copies, frames [][]byte, length int) {
	t.Helper()
	var cut, whole [][]byte
	for i, frame := range frames {
		frame = frame[:min(len(frame), length)]
		if len(frames[i]) > length {
			cut = append(cut, frame)
		}
	}
	for _, c := range copies {
		if len(c) == length {
			whole = append(whole, c)
		}
	}
	compareFlows(t, whole, cut)
	if len(cut) == 0 {
		t.Error("no frame was long enough to be cut")
	}
}

// namesOffload asserts that status names the interface whose peer leaves checksums out, and the
// remedy.
func (a *arrival) namesOffload() {
	a.t.Helper()
	status := a.ctl.Run("status").Stdout
	for _, want := range []string{"wire0", "ethtool -K", "tx off"} {
		if !strings.Contains(status, want) {
			a.t.Errorf("mirrorctl status does not say %q:\n%s", want, status)
		}
	}
}
