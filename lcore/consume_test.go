package lcore

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

var (
	macHost = [6]byte{2, 0, 0, 0, 9, 1} // what the tests' tunnel ports are told is their MAC
	macAll  = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

// becomeHost gives the only tunnel port of a group that is not started the tests' MAC: that of a vdev
// is known only once its capture is written.
func becomeHost(g *Group) {
	copy(unsafe.Slice((*byte)(&g.workers[0].c.hosts[0].mac[0]), 6), macHost[:])
}

// hostSpec makes a port of the spec a tunnel port with addresses.
func hostSpec(spec Spec, port, vlan int) Spec {
	p := &spec.Ports[port]
	p.Tunnel, p.VLAN, p.Addresses = true, vlan, addresses("192.0.2.1", "2001:db8::1")
	return spec
}

// tagged puts tags in front of a frame's EtherType, outer first.
func tagged(frame []byte, vids ...int) []byte {
	tags := []byte{}
	for _, vid := range vids {
		tags = append(tags, 0x81, 0, byte(vid>>8), byte(vid))
	}
	return slices.Concat(frame[:12], tags, frame[12:])
}

func arpFrame(dst [6]byte, n int) []byte {
	return slices.Concat(dst[:], macRouter[:], []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, make([]byte, 20), []byte{byte(n), byte(n >> 8)})
}

func ipFrame(t testing.TB, dst [6]byte, to string, protocol int, type_, code uint8, behind ...byte) []byte {
	t.Helper()
	p := rules.Packet{SrcMAC: macRouter, DstMAC: dst, Protocol: protocol, ICMPType: type_, ICMPCode: code,
		Src: netip.MustParseAddr("198.51.100.1"), Dst: netip.MustParseAddr(to)}
	if p.Dst.Is6() {
		p.Src = netip.MustParseAddr("2001:db8:9::1")
	}
	f, err := rules.BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	return append(f, behind...)
}

// tooBig is an ICMP error to a mirror source about a packet from it to UDP port.
func tooBig(t testing.TB, port uint16) []byte {
	t.Helper()
	f, err := rules.BuildFrame(rules.Packet{SrcMAC: macWeb, DstMAC: macRouter, Protocol: 17, SrcPort: 50000, DstPort: port,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("203.0.113.9")})
	if err != nil {
		t.Fatal(err)
	}
	behind := append(make([]byte, 4), f[14:]...) // the rest of the ICMP header
	e := ipFrame(t, macWeb, "10.0.0.1", 1, 3, 4)
	return append(e[:14+20+4], behind...)
}

// mixed is frames of every kind with the tags of the host's own traffic, and what should become of
// them: kept are not for us, taken are, and the slow path is told of some of either.
func mixed(t testing.TB, vids ...int) (frames, kept, taken, told [][]byte) {
	const solicited = "ff02::1:ff00:1"
	group := [6]byte{0x33, 0x33, 0xff, 0, 0, 1}
	add := func(frame []byte, isTaken, isTold bool) {
		frames = append(frames, frame)
		if isTaken {
			taken = append(taken, frame)
		} else {
			kept = append(kept, frame)
		}
		if isTold {
			told = append(told, frame)
		}
	}
	for n := range 20 { // more than a burst
		add(frame(t, macWeb, macRouter, 60+n, n), false, false)
		add(tagged(arpFrame(macHost, n), vids...), true, true)
		add(tagged(arpFrame(macAll, n), vids...), false, true)
		add(tagged(arpFrame(macHost, n), append(vids, 5)...), false, false) // QinQ, or another VLAN
		add(tagged(arpFrame(macRouter, n), vids...), false, false)
		add(tagged(ipFrame(t, macHost, "192.0.2.1", 1, 8, 0, byte(n)), vids...), true, true)
		add(tagged(ipFrame(t, macHost, "192.0.2.1", 17, 0, 0, byte(n)), vids...), true, false)
		add(tagged(ipFrame(t, macHost, "192.0.2.2", 1, 8, 0, byte(n)), vids...), false, false)
		add(tagged(ipFrame(t, macHost, "2001:db8::1", 58, 135, 0, byte(n)), vids...), true, true)
		add(tagged(ipFrame(t, group, solicited, 58, 135, 0, byte(n)), vids...), false, true)
		add(tagged(ipFrame(t, macHost, "192.0.2.1", 1, 8, 0), vids...)[:16+n/2], false, false)
	}
	long := append(arpFrame(macHost, 0), make([]byte, 5000)...)
	add(tagged(long, vids...), true, true)
	return frames, kept, taken, told
}

// receiveAll reads what the workers have handed over, and of which port.
func receiveAll(g *Group) (frames [][]byte, ports map[int]int) {
	ports = map[int]int{}
	for g.Receive(10, func(port int, f []byte) { frames, ports[port] = append(frames, bytes.Clone(f)), ports[port]+1 }) == 10 {
	}
	return frames, ports
}

// asTold is frames as the slow path gets them.
func asTold(frames [][]byte) (cut [][]byte) {
	for _, f := range frames {
		cut = append(cut, f[:min(len(f), MaxSlowFrame)])
	}
	return cut
}

func TestTunnelPortConsumes(t *testing.T) {
	for _, vids := range [][]int{nil, {7}} {
		frames, _, taken, told := mixed(t, vids...)
		spec := gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), reads(t, frames...))
		g := open(t, hostSpec(spec, tun0, append(vids, 0)[0]))
		becomeHost(g)
		run(t, g, mirrored(g, wire0))
		received(t, g, uint64(len(frames)))
		stop(t, g)

		got, ports := receiveAll(g)
		sameFrames(t, "told", got, asTold(told))
		c := g.PortCounters(tun0)
		if c.Rx != countOf(frames) || c.Consumed != countOf(told) || len(c.Ignored) != 1 || c.Ignored["not_ours"] != uint64(len(frames)-len(told)) || ports[tun0] != len(told) || len(taken) == 0 {
			t.Errorf("VLAN %v: %+v, want %+v consumed and the rest not ours", vids, c, countOf(told))
		}
		checkQuiet(t, g)
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSharedPortConsumes: a wire that is the tunnel port as well. What is taken no source sees.
func TestSharedPortConsumes(t *testing.T) {
	for _, vids := range [][]int{nil, {7}} {
		frames, kept, taken, told := mixed(t, vids...)
		out0, out1 := filepath.Join(t.TempDir(), "0.pcap"), filepath.Join(t.TempDir(), "1.pcap")
		back := fromWeb(t, 100, 70)
		spec := gatewaySpec(t, device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, frames...)+",tx_pcap="+out0),
			device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, back...)+",tx_pcap="+out1), "")
		spec.Ports = spec.Ports[:tun0]
		g := open(t, hostSpec(spec, wire0, append(vids, 0)[0]))
		becomeHost(g)
		r := sharedResources(g)
		run(t, g, r)
		received(t, g, uint64(len(frames)+len(back)))
		if err := g.Send(wire0, arpFrame(macAll, 1)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "sent", func() bool { return g.PortCounters(wire0).Originated.Packets == 1 })
		stop(t, g)

		got, _ := receiveAll(g)
		sameFrames(t, "told", got, asTold(told))
		c := g.PortCounters(wire0)
		if c.Consumed != countOf(taken) || g.PortCounters(wire1).Forwarded != countOf(kept) || c.Ignored["not_ours"] != 20 || len(c.Ignored) != 1 {
			t.Errorf("VLAN %v: %+v, want %+v consumed, 20 of them of no use", vids, c, countOf(taken))
		}
		if seen := g.View().SourceCounters(0, rules.Egress).Seen; seen != uint64(len(kept)) {
			t.Errorf("the source saw %d frames of %d that went on", seen, len(kept))
		}
		stats, err := g.DriverStats(wire0)
		if tx := c.Forwarded.Packets + c.Copies.Packets + c.Originated.Packets; err != nil || stats.OPackets != tx {
			t.Errorf("the driver sent %d frames, we %+v, %v", stats.OPackets, c, err)
		}
		checkLaws(t, g)
		checkQuiet(t, g)
		mirrored := g.Totals().Mirrored
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		sameFrames(t, "wire1", dpdktest.ReadPcap(t, out1), kept)
		checkSharedSent(t, dpdktest.ReadPcap(t, out0), back, kept, mirrored)
	}
}

// sharedResources has one source on wire0 whose copies leave through wire0.
func sharedResources(g *Group) *rules.Resources {
	r := plain(g)
	r.Exclude = rules.Exclude{}
	r.Targets = []rules.Target{{ID: "tmt-1", Name: "ids", Address: netip.MustParseAddr("192.0.2.10"), MTU: 9000,
		Port: wire0, NextHop: macNextHop, Resolved: true}}
	r.Interfaces = []rules.Interface{{ID: "eni-0", Port: wire0, VLAN: rules.VLANAny}}
	addSession(r, "tms-0", 0, 1)
	return r
}

// checkSharedSent: production as it came, copies of what a source saw, our own frame.
func checkSharedSent(t *testing.T, sent, back, kept [][]byte, mirrored uint64) {
	t.Helper()
	var production, copies, own [][]byte
	for _, f := range sent {
		switch {
		case [6]byte(f[:6]) == macNextHop:
			copies = append(copies, untagged(f))
		case [6]byte(f[:6]) == macAll:
			own = append(own, f)
		default:
			production = append(production, f)
		}
	}
	sameFrames(t, "wire0", production, back)
	sameFrames(t, "our own", own, [][]byte{arpFrame(macAll, 1)})
	if uint64(len(copies)) != mirrored || mirrored < uint64(len(back)) {
		t.Errorf("%d copies were sent, %d are counted", len(copies), mirrored)
	}
	for i, f := range inner(t, copies) {
		same := func(o []byte) bool { return bytes.Equal(o, f) }
		if !slices.ContainsFunc(kept, same) && !slices.ContainsFunc(back, same) {
			t.Errorf("copy %d is of no frame that went through: %x", i, f)
		}
	}
}

// untagged takes the tunnel's tag off a copy that has one.
func untagged(f []byte) []byte {
	if f[12] != 0x81 {
		return f
	}
	return append(slices.Clone(f[:12]), f[16:]...)
}

// TestFloodOfOurs: production goes on, and every frame is accounted for, while nobody reads.
func TestFloodOfOurs(t *testing.T) {
	var frames, production, ours [][]byte
	for n := range 16 {
		production = append(production, frame(t, macWeb, macRouter, 100, n))
		ours = append(ours, arpFrame(macHost, n))
		frames = append(frames, production[n], ours[n])
	}
	spec := gatewaySpec(t, repeats(t, frames...), device(t, "net_null", "no-rx=1"), repeats(t, ours...))
	spec.Ports[wire0].Tunnel = true
	spec.Ports[wire0].ExtraRxMbufs, spec.Ports[tun0].ExtraRxMbufs = len(frames), len(ours)
	g := open(t, spec)
	for i := range g.tunnels {
		copy(unsafe.Slice((*byte)(&g.workers[0].c.hosts[i].mac[0]), 6), macHost[:])
	}
	r := plain(g)
	r.Interfaces = []rules.Interface{{ID: "eni-0", Port: wire0, VLAN: rules.VLANAny}}
	run(t, g, r)
	received(t, g, 200000)
	stop(t, g)

	totals, wire, tunnel := g.Totals(), g.PortCounters(wire0), g.PortCounters(tun0)
	if wire.Consumed.Packets*2 != wire.Rx.Packets || totals.Forwarded*2 != totals.WireRx || totals.Dropped != 0 {
		t.Errorf("wire %+v, totals %+v; want half forwarded, half consumed", wire, totals)
	}
	lost := wire.Ignored["slow_path_full"] + tunnel.Ignored["slow_path_full"]
	if told := wire.Consumed.Packets + tunnel.Rx.Packets - lost; told != SlowPathSlots || len(wire.Ignored)+len(tunnel.Ignored) != 2 {
		t.Errorf("the slow path was told of %d frames: wire %+v, tunnel %+v; want %d", told, wire, tunnel, SlowPathSlots)
	}
	got, ports := receiveAll(g)
	if len(got) != SlowPathSlots || ports[wire0]+ports[tun0] != SlowPathSlots || ports[tun0] != int(tunnel.Consumed.Packets) {
		t.Errorf("received %d frames, by port %v", len(got), ports)
	}
	for _, f := range got {
		if !slices.ContainsFunc(ours, func(o []byte) bool { return bytes.Equal(o, f) }) {
			t.Fatalf("received %x", f)
		}
	}
}

// TestFloodOfBroadcastsLeavesRoom: what is for everybody takes half of the room, so that an answer to
// us is heard.
func TestFloodOfBroadcastsLeavesRoom(t *testing.T) {
	var frames [][]byte
	for n := range 300 {
		frames = append(frames, arpFrame([6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, n))
	}
	frames = append(frames, arpFrame(macHost, 300))
	g := open(t, gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), reads(t, frames...)))
	for i := range g.tunnels {
		copy(unsafe.Slice((*byte)(&g.workers[0].c.hosts[i].mac[0]), 6), macHost[:])
	}
	run(t, g, plain(g))
	received(t, g, uint64(len(frames)))
	stop(t, g)
	got, _ := receiveAll(g)
	if len(got) != SlowPathSlots/2+1 || !bytes.Equal(got[len(got)-1], frames[300]) {
		t.Errorf("received %d frames, the last is %x", len(got), got[len(got)-1])
	}
	if c := g.PortCounters(tun0); c.Ignored["slow_path_full"] != 300-SlowPathSlots/2 {
		t.Errorf("%+v", c)
	}
	checkLaws(t, g)
}

// TestNoticesAreObserved: on a wire and a tap, where a source sees them; they go on as they came.
func TestNoticesAreObserved(t *testing.T) {
	var frames, notices [][]byte
	for n := range 40 {
		notices = append(notices, append(tooBig(t, 4789), byte(n)))
		frames = append(frames, notices[n], frame(t, macRouter, macWeb, 100, n), tooBig(t, 4790), tagged(tooBig(t, 53), 7))
	}
	notices = append(notices, tagged(tooBig(t, 4789), 3, 7))
	frames = append(frames, notices[40])
	spec := gatewaySpec(t, reads(t, frames...), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	spec.Ports[wire1].Device = device(t, "net_null", "no-rx=1")
	spec.Ports = append(spec.Ports, portSpec("tap0", reads(t, frames...), rules.RoleTap, rules.NoPeer),
		portSpec("tap1", reads(t, frames...), rules.RoleTap, rules.NoPeer))
	g := open(t, spec)
	r := mirrored(g, wire1)
	r.Interfaces = append(r.Interfaces, rules.Interface{ID: "eni-tap", Port: tun0 + 1, HasMAC: true, MAC: macWeb, VLAN: rules.VLANAny})
	addSession(r, "tms-tap", 1, 1)
	run(t, g, r)
	received(t, g, uint64(3*len(frames)))
	stop(t, g)
	got, ports := receiveAll(g)
	if ports[wire0] != len(notices) || ports[tun0+1] != len(notices) || len(ports) != 2 {
		t.Errorf("observed by port: %v, want %d each where a source is", ports, len(notices))
	}
	for _, f := range got {
		if !slices.ContainsFunc(notices, func(o []byte) bool { return bytes.Equal(o, f) }) {
			t.Errorf("observed %x", f)
		}
	}
	if c := g.PortCounters(wire1); c.Forwarded != countOf(frames) || g.PortCounters(wire0).Consumed.Packets != 0 {
		t.Errorf("%+v, want all forwarded", c)
	}
	checkLaws(t, g)
	checkQuiet(t, g)
}

// TestExplainSaysWhatIsConsumed: as the poll loop would.
func TestExplainSaysWhatIsConsumed(t *testing.T) {
	spec := gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	g := open(t, hostSpec(spec, wire0, 7))
	copy(g.ports[wire0].MAC, macHost[:])
	publish(t, g, mirrored(g, wire0, wire1))
	frames, _, taken, _ := mixed(t, 7)
	consumed := 0
	for _, f := range frames {
		e, err := g.Explain(wire0, f)
		if err != nil {
			t.Fatal(err)
		}
		if there, err := g.Explain(wire1, f); err != nil || there.Consumed || e.Consumed == (len(e.Verdicts) > 0) {
			t.Errorf("consumed on wire0 %t with %d verdicts, on wire1 %t, %v: %x", e.Consumed, len(e.Verdicts), there.Consumed, err, f)
		}
		if e.Consumed {
			consumed++
		}
	}
	if consumed != len(taken) {
		t.Errorf("%d frames are said to be consumed, want %d", consumed, len(taken))
	}
}
