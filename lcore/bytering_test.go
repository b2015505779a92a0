package lcore

import (
	"bytes"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"

	"pgregory.net/rapid"
)

func testRing(t testing.TB) *byteRing {
	t.Helper()
	ring, err := newByteRing()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ring.free)
	return ring
}

// all is everything that a ring has, copied.
func (r *byteRing) all() (frames [][]byte) {
	for r.take(func(_ int, f []byte) { frames = append(frames, bytes.Clone(f)) }) {
	}
	return frames
}

// TestByteRing: what goes in comes out, in order, as long as there is room, and nothing else.
func TestByteRing(t *testing.T) {
	ring := testRing(t)
	rapid.Check(t, func(t *rapid.T) {
		waiting := ring.all()[:0]
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "put") {
				for range rapid.IntRange(1, 2*SlowPathSlots).Draw(t, "frames") {
					frame := bytes.Repeat([]byte{byte(len(waiting))}, rapid.SampledFrom([]int{0, 1, 60, MaxSlowFrame}).Draw(t, "length"))
					if took := ring.put(len(frame), frame); took != (len(waiting) < SlowPathSlots) {
						t.Fatalf("with %d frames in it the ring says %t", len(waiting), took)
					} else if took {
						waiting = append(waiting, frame)
					}
				}
				continue
			}
			for range rapid.IntRange(1, SlowPathSlots).Draw(t, "takes") {
				var port int
				var got []byte
				took := ring.take(func(p int, f []byte) { port, got = p, bytes.Clone(f) })
				if took != (len(waiting) > 0) || took && (port != len(waiting[0]) || !bytes.Equal(got, waiting[0])) {
					t.Fatalf("%d frames wait: took %t, %d bytes of port %d", len(waiting), took, len(got), port)
				}
				waiting = waiting[min(1, len(waiting)):]
			}
		}
	})
}

// TestByteRingBetweenThreads: one writes, one reads, neither waits.
func TestByteRingBetweenThreads(t *testing.T) {
	const n = 100000
	ring := testRing(t)
	frame := func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 1+i%300) }
	var writer sync.WaitGroup
	writer.Add(1)
	go func() {
		defer writer.Done()
		for i := range n {
			for !ring.put(i%64, frame(i)) {
				runtime.Gosched()
			}
		}
	}()
	for i := 0; i < n; {
		runtime.Gosched()
		ring.take(func(port int, got []byte) {
			if port != i%64 || !bytes.Equal(got, frame(i)) {
				t.Errorf("frame %d: %d bytes of port %d", i, len(got), port)
			}
			i++
		})
	}
	writer.Wait()
}

// TestSendArrivesByteForByte: many goroutines send at once, on both tunnel ports, and the driver counts
// what we count.
func TestSendArrivesByteForByte(t *testing.T) {
	const senders, each = 8, 50
	tunnel0, sent0 := writes(t)
	tunnel1, sent1 := writes(t)
	spec := gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), tunnel0)
	spec.Ports = append(spec.Ports, portSpec("tun1", tunnel1, rules.RoleTunnel, rules.NoPeer))
	g := open(t, spec)
	run(t, g, mirrored(g))
	want := map[int]map[string]bool{tun0: {}, tun0 + 1: {}}
	var all sync.WaitGroup
	for s := range senders {
		for i := range each {
			want[tun0+i%2][string(ownFrame(s, i))] = true
		}
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range each {
				if err := sendAll(g, tun0+i%2, ownFrame(s, i)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	eventually(t, "all sent", func() bool {
		return g.PortCounters(tun0).Originated.Packets+g.PortCounters(tun0+1).Originated.Packets == senders*each
	})
	stop(t, g)
	for port, frames := range want {
		c := g.PortCounters(port)
		stats, err := g.DriverStats(port)
		if err != nil || stats.OPackets != c.Originated.Packets || stats.OBytes != c.Originated.Bytes || c.OriginateFailed != 0 || len(frames) != senders*each/2 {
			t.Errorf("port %d: %+v; its driver says %+v, %v", port, c, stats, err)
		}
	}
	checkQuiet(t, g)
	if n := inUse(g, "mgw_origin"); n != 0 {
		t.Errorf("%d mbufs of frames of our own are not back", n)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for port, path := range map[int]string{tun0: sent0, tun0 + 1: sent1} {
		for _, f := range dpdktest.ReadPcap(t, path) {
			if !want[port][string(f)] {
				t.Errorf("port %d sent what nobody asked for, or twice: %x", port, f)
			}
			delete(want[port], string(f))
		}
		if n := len(want[port]); n != 0 {
			t.Errorf("port %d: %d frames did not arrive", port, n)
		}
	}
}

// sendAll tries until there is room.
func sendAll(g *Group, port int, frame []byte) error {
	for {
		if err := g.Send(port, frame); !errors.Is(err, ErrSendFull) {
			return err
		}
		runtime.Gosched()
	}
}

// ownFrame is of any length that Send takes.
func ownFrame(sender, i int) []byte {
	f := bytes.Repeat([]byte{byte(sender), byte(i), 0x55}, MaxSlowFrame)
	return f[:ethernetHeader+(sender*997+i*131)%(MaxSlowFrame-ethernetHeader+1)]
}

// TestSendRefuses: what cannot be sent is an error that says so, and so is what does not fit now.
func TestSendRefuses(t *testing.T) {
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	good := make([]byte, 60)
	for _, c := range []struct {
		port   int
		length int
		says   string
	}{
		{wire0, 60, "not a tunnel port"}, {-1, 60, "not a tunnel port"}, {tun0 + 1, 60, "not a tunnel port"},
		{tun0, 13, "14 to 2040"}, {tun0, MaxSlowFrame + 1, "14 to 2040"},
	} {
		if err := g.Send(c.port, make([]byte, c.length)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%d bytes on port %d: %v, want %q", c.length, c.port, err, c.says)
		}
	}
	for i := range SlowPathSlots { // nobody takes them: the workers do not run yet
		if err := g.Send(tun0, good); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
	if err := g.Send(tun0, good); !errors.Is(err, ErrSendFull) || !strings.HasPrefix(err.Error(), "port tun0: ") {
		t.Errorf("one frame more than there is room for: %v", err)
	}
	run(t, g, mirrored(g))
	eventually(t, "room again", func() bool { return g.Send(tun0, good) == nil })
	eventually(t, "all sent", func() bool { return g.PortCounters(tun0).Originated.Packets == SlowPathSlots+1 })
	stop(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Send(tun0, good); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if n := g.Receive(1, func(int, []byte) { t.Error("a frame after Close") }); n != 0 {
		t.Errorf("Receive after Close: %d", n)
	}
}

// TestRefusedOriginatedIsCounted: nobody drains the tunnel port.
func TestRefusedOriginatedIsCounted(t *testing.T) {
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	unpolled(g, 1)
	run(t, g, mirrored(g))
	const frames = ringSlots + 500
	for range frames {
		eventually(t, "room", func() bool { return g.Send(tun0, make([]byte, 60)) == nil })
	}
	eventually(t, "all tried", func() bool {
		c := g.PortCounters(tun0)
		return c.Originated.Packets+c.OriginateFailed == frames
	})
	stop(t, g)
	if c := g.PortCounters(tun0); c.Originated.Packets != ringSlots || c.OriginateFailed != 500 {
		t.Errorf("%+v, want %d sent and 500 refused", c, ringSlots)
	}
	for i, r := range dpdktest.Receive(t, g.ports[tun0].ID, 0, frames) {
		if !bytes.Equal(r.Frame, make([]byte, 60)) {
			t.Fatalf("frame %d: %x", i, r.Frame)
		}
	}
	if n := inUse(g, "mgw_origin"); n != 0 {
		t.Errorf("%d mbufs of frames of our own are not back", n)
	}
}

func TestTunnelPortsAreChecked(t *testing.T) {
	for _, c := range []struct {
		change func(*PortSpec)
		says   string
	}{
		{func(p *PortSpec) { p.Role, p.Peer, p.Tunnel = rules.RoleTap, rules.NoPeer, true }, "is a tap"},
		{func(p *PortSpec) { p.Tunnel, p.VLAN = true, 4095 }, "VLAN 4095"},
		{func(p *PortSpec) { p.Tunnel, p.Addresses = true, addresses("::ffff:192.0.2.1") }, "without zone"},
		{func(p *PortSpec) {
			p.Tunnel, p.Addresses = true, addresses(slices.Repeat([]string{"192.0.2.1"}, 16)...)
		}, "16 addresses: at most 15"},
	} {
		spec := Spec{Workers: []int{1}, Ports: []PortSpec{
			portSpec("wire0", "net_null0", rules.RoleWire, wire1), portSpec("wire1", "net_null1", rules.RoleWire, wire0)}}
		c.change(&spec.Ports[0])
		if err := spec.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	wire := Spec{Workers: []int{1, 2}, Ports: queues([]PortSpec{
		{Name: "a", Role: rules.RoleWire, Peer: 1, Tunnel: true}, {Name: "b", Role: rules.RoleWire, Peer: 0, Tunnel: true},
		{Name: "c", Role: rules.RoleWire, Peer: 3}, {Name: "d", Role: rules.RoleWire, Peer: 2},
	}, 1, 1, 2, 2)}
	if err := wire.Check(); err == nil || !strings.Contains(err.Error(), "tunnel port a has 1 queues but frames are received on 2") {
		t.Errorf("a wire with too few queues for copies: %v", err)
	}
}

func addresses(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// TestReceiveTakesTurns: a worker with much to tell does not silence another.
func TestReceiveTakesTurns(t *testing.T) {
	g := &Group{slow: slowPath{in: []*byteRing{testRing(t), testRing(t), testRing(t)}}}
	for range 100 {
		g.slow.in[0].put(0, []byte{0})
	}
	for range 5 {
		g.slow.in[2].put(2, []byte{2})
	}
	count := map[int]int{}
	do := func(port int, _ []byte) { count[port]++ }
	if n := g.Receive(10, do); n != 10 || count[0] != 5 || count[2] != 5 {
		t.Errorf("%d frames, by worker %v; want 10, as many of each", n, count)
	}
	if n := g.Receive(1000, do) + g.Receive(1, do); n != 95 || count[0] != 100 {
		t.Errorf("then %d frames, by worker %v; want the other 95", n, count)
	}
}
