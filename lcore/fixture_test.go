package lcore

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Ports of the usual gateway.
const (
	wire0 = iota
	wire1
	tun0
)

var (
	macWeb     = [6]byte{2, 0, 0, 0, 0, 1}
	macRouter  = [6]byte{2, 0, 0, 0, 0, 0xfe}
	macNextHop = [6]byte{2, 0, 0, 0, 2, 0x10}
)

var testCapacity = pipeline.Capacity{Sources: 8, Sessions: 8, Rules: 16, Targets: 4}

// device makes a vdev under a new name and returns how a configuration names it. It is a group
// that closes its port; a device that no group came to open goes with the test.
func device(t testing.TB, driver, args string) string {
	t.Helper()
	text := dpdktest.Name(driver)
	if args != "" {
		text += "," + args
	}
	if err := dpdk.ProbeDevice(text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if port, err := dpdk.LookupPort(text); err == nil {
			if err := dpdk.RemoveDevice(port); err != nil {
				t.Error(err)
			}
		}
	})
	return text
}

// reads is a net_pcap device that receives the frames once and drops what it sends.
func reads(t testing.TB, frames ...[]byte) string {
	t.Helper()
	return device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, frames...))
}

// repeats is a net_pcap device that receives the frames without end.
func repeats(t testing.TB, frames ...[]byte) string {
	t.Helper()
	return device(t, "net_pcap", "infinite_rx=1,rx_pcap="+dpdktest.WritePcap(t, frames...))
}

// writes is a net_pcap device that receives nothing, and the file that it writes.
func writes(t testing.TB) (text, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "out.pcap")
	return device(t, "net_pcap", "tx_pcap="+path), path
}

func portSpec(name, device string, role rules.Role, peer int) PortSpec {
	return PortSpec{Name: name, Device: device, Role: role, Peer: peer, Queues: 1, RxDesc: 64, TxDesc: 1024, ExtraRxMbufs: 32}
}

// gatewaySpec is a wire from wire0 to wire1 and a tunnel port, with one worker.
func gatewaySpec(t testing.TB, dev0, dev1, devTunnel string) Spec {
	t.Helper()
	return Spec{
		Ports: []PortSpec{
			portSpec("wire0", dev0, rules.RoleWire, wire1),
			portSpec("wire1", dev1, rules.RoleWire, wire0),
			portSpec("tun0", devTunnel, rules.RoleTunnel, rules.NoPeer),
		},
		Workers:  []int{dpdktest.Worker(t)},
		Capacity: testCapacity,
	}
}

// open opens a group that is closed with the test, when both laws must hold.
func open(t testing.TB, spec Spec) *Group {
	t.Helper()
	g, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
		checkLaws(t, g)
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func openGateway(t testing.TB, dev0, dev1, devTunnel string) *Group {
	t.Helper()
	return open(t, gatewaySpec(t, dev0, dev1, devTunnel))
}

// unpolled takes the last n ports out of the worker's sight: nobody drains a net_ring there.
func unpolled(g *Group, n int) {
	for range n {
		g.workers[0].c.n_rx--
	}
}

// checkLaws asks for all of them: the workers must have stopped.
func checkLaws(t testing.TB, g *Group) {
	t.Helper()
	if p, m := g.Laws(); p != 0 || m != 0 {
		t.Errorf("laws: production %d, mirror %d: %+v, departed %+v", p, m, g.Totals(), g.Departed())
	}
}

func publish(t testing.TB, g *Group, r *rules.Resources) {
	t.Helper()
	if err := g.Publish(compile(t, r)); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, g *Group, r *rules.Resources) {
	t.Helper()
	publish(t, g, r)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
}

// stop stops the workers, so that all counters agree, and writes out what devices buffer.
func stop(t testing.TB, g *Group) {
	t.Helper()
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(100 * time.Microsecond)
	defer look.Stop()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-look.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// received waits until so many frames have arrived and been dealt with.
func received(t testing.TB, g *Group, n uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d frames received", n), func() bool { return g.Received() >= n })
}

// twoHeartbeats waits until the worker has gone once through a whole housekeeping interval.
func twoHeartbeats(t testing.TB, g *Group) {
	t.Helper()
	before := g.Heartbeats()[0]
	eventually(t, "two heartbeats", func() bool { return g.Heartbeats()[0] >= before+2 })
}

// plain is a configuration of the group's ports with a target behind tun0, a filter that accepts
// everything, and no source.
func plain(g *Group) *rules.Resources {
	r := &rules.Resources{Exclude: rules.ExcludeAll}
	for i, p := range g.Ports() {
		r.Ports = append(r.Ports, rules.Port{Name: p.Name, Role: p.Role, Peer: p.Peer, Tunnel: p.Tunnel})
		if p.Role == rules.RoleTunnel {
			r.Targets = []rules.Target{{
				ID: "tmt-1", Name: "ids", Address: netip.MustParseAddr("192.0.2.10"), MTU: 9000,
				Port: i, NextHop: macNextHop, Resolved: true,
			}}
		}
	}
	r.Filters = []rules.Filter{{ID: "tmf-1", Name: "all", Rules: []rules.Rule{
		{Direction: rules.Ingress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolAny},
		{Direction: rules.Egress, Number: 1, Action: rules.Accept, Protocol: rules.ProtocolAny},
	}}}
	return r
}

// mirrored is plain with sessions, each of a source of its own, by port.
func mirrored(g *Group, ports ...int) *rules.Resources {
	r := plain(g)
	for i, port := range ports {
		r.Interfaces = append(r.Interfaces, rules.Interface{ID: fmt.Sprintf("eni-%d", i), Port: port, VLAN: rules.VLANAny})
		addSession(r, fmt.Sprintf("tms-%d", i), i, 1)
	}
	return r
}

// addSession adds a session of source with a number to the first target and the first filter.
func addSession(r *rules.Resources, id string, source, number int) {
	r.Sessions = append(r.Sessions, rules.Session{
		ID: id, Name: id, Source: source, Number: number, VNI: uint32(100 + len(r.Sessions)),
		OuterSource: netip.MustParseAddr("192.0.2.1"),
	})
}

func compile(t testing.TB, r *rules.Resources) *rules.Snapshot {
	t.Helper()
	s, err := rules.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// frame is a UDP frame of a length (bytes, at least 42) that n tells from the others.
func frame(t testing.TB, src, dst [6]byte, length, n int) []byte {
	t.Helper()
	f, err := rules.BuildFrame(rules.Packet{
		SrcMAC: src, DstMAC: dst, Protocol: rules.ProtocolUDP, SrcPort: uint16(1024 + n), DstPort: 4000,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(f); i < length; i++ {
		f = append(f, byte(i*7+n))
	}
	return f
}

// fromWeb is count frames that web sends, of one length.
func fromWeb(t testing.TB, length, count int) (frames [][]byte) {
	t.Helper()
	for n := range count {
		frames = append(frames, frame(t, macWeb, macRouter, length, n))
	}
	return frames
}
