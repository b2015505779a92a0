package underlay

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// sim is one Ethernet segment with hosts under test and stations, on scripted time. Frames arrive
// in the order in which they were sent, 10 µs later.
type sim struct {
	t        testing.TB
	now      time.Time
	start    time.Time
	hosts    []*attached
	stations []*station
	air      []flight
	sent     []flight // by hosts, all of them
	changes  []change
	quiet    bool // do not keep sent and changes
}

type attached struct {
	host *Host
	port int
	up   bool
}

type flight struct {
	at    time.Time
	from  any
	frame []byte
}

type change struct {
	at  time.Time
	dst netip.Addr
	hop NextHop
}

const airTime = 10 * time.Microsecond

func newSim(t testing.TB) *sim {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	return &sim{t: t, now: start, start: start}
}

// at is the time since the beginning.
func (s *sim) at(d time.Duration) time.Time { return s.start.Add(d) }

// senderTo is the Frames of a host with one or more ports on the segment.
type senderTo struct {
	s    *sim
	host **Host
}

func (f senderTo) Send(port int, frame []byte) bool {
	for _, a := range f.s.hosts {
		if a.host == *f.host && a.port == port {
			f.s.judge(frame)
			fl := flight{f.s.now, a, frame}
			if !f.s.quiet {
				f.s.sent = append(f.s.sent, fl)
			}
			if a.up {
				f.s.air = append(f.s.air, fl)
			}
			return true
		}
	}
	return false
}

// host attaches all ports of a new host.
func (s *sim) host(c Config) *Host {
	s.t.Helper()
	var h *Host
	c.Frames = senderTo{s, &h}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Changed == nil {
		c.Changed = func(dst netip.Addr, hop NextHop) {
			if !s.quiet {
				s.changes = append(s.changes, change{s.now, dst, hop})
			}
		}
	}
	var err error
	if h, err = New(c); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range c.Ports {
		s.hosts = append(s.hosts, &attached{h, p.Index, true})
	}
	return h
}

// link plugs a host's port in or out.
func (s *sim) link(h *Host, port int, up bool) {
	for _, a := range s.hosts {
		if a.host == h && a.port == port {
			a.up = up
		}
	}
	h.LinkChanged(s.now, port, up)
}

// run lets time pass.
func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	for {
		next := end
		if len(s.air) > 0 {
			next = minTime(next, s.air[0].at.Add(airTime))
		}
		for _, a := range s.hosts {
			if t := a.host.Next(); !t.IsZero() {
				next = minTime(next, t)
			}
		}
		if next.After(s.now) {
			s.now = next
		}
		s.deliver()
		for _, a := range s.hosts {
			if next := a.host.Tick(s.now); !next.IsZero() && !next.After(s.now) {
				s.t.Fatalf("Tick at %v asks for %v", s.now, next)
			}
		}
		if !s.now.Before(end) && len(s.air) == 0 {
			return
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (s *sim) deliver() {
	for len(s.air) > 0 && !s.air[0].at.Add(airTime).After(s.now) {
		f := s.air[0]
		s.air = s.air[1:]
		for _, a := range s.hosts {
			if a != f.from && a.up {
				a.host.Input(s.now, a.port, f.frame)
			}
		}
		for _, st := range s.stations {
			if st != f.from {
				st.hear(f.frame)
			}
		}
	}
}

// inject puts a frame of nobody on the segment.
func (s *sim) inject(frame []byte) { s.air = append(s.air, flight{s.now, nil, frame}) }

// judge is the independent oracle for frames that hosts send: gopacket understands all of it, and
// encodes the same bytes with checksums of its own.
func (s *sim) judge(frame []byte) {
	s.t.Helper()
	if len(frame) < 60 {
		s.t.Fatalf("frame of %d bytes: %x", len(frame), frame)
	}
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
	if e := p.ErrorLayer(); e != nil {
		s.t.Fatalf("gopacket does not understand %x: %v", frame, e.Error())
	}
	if p.Layer(layers.LayerTypeIPv6HopByHop) != nil {
		judgeMLD(s.t, frame)
		return
	}
	for _, l := range p.Layers() {
		if m, ok := l.(*layers.ICMPv6); ok {
			if err := m.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	again := gopacket.NewSerializeBuffer()
	var list []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		if l.LayerType() == gopacket.LayerTypePayload && p.Layer(layers.LayerTypeARP) != nil {
			continue // padding
		}
		list = append(list, l.(gopacket.SerializableLayer))
	}
	if err := gopacket.SerializeLayers(again, gopacket.SerializeOptions{ComputeChecksums: true}, list...); err != nil {
		s.t.Fatal(err)
	}
	if b := again.Bytes(); len(b) > len(frame) || !bytes.Equal(b, frame[:len(b)]) || bytes.Count(frame[len(b):], []byte{0}) != len(frame)-len(b) {
		s.t.Fatalf("gopacket encodes %x\nas            %x", frame, b)
	}
}

// judgeMLD sums a report by hand: gopacket 1.1.19 does not encode one.
func judgeMLD(t testing.TB, frame []byte) {
	t.Helper()
	ip := frame[14:]
	if be16(frame[12:]) == 0x8100 {
		ip = frame[18:]
	}
	message := ip[48 : 40+int(be16(ip[4:]))]
	sum := uint32(58 + len(message))
	for _, part := range [][]byte{ip[8:40], message} {
		for i := 0; i < len(part); i += 2 {
			sum += uint32(part[i])<<8 | uint32(part[i+1])
		}
	}
	if sum = sum>>16 + sum&0xffff; sum != 0xffff && sum != 0x1fffe {
		t.Fatalf("MLD report has a wrong checksum: %x", frame)
	}
}

// station is a simple host, written with gopacket alone. It answers ARP and Neighbor Solicitations.
type station struct {
	s         *sim
	mac       [6]byte
	addresses []netip.Addr
	vlan      uint16
	dead      bool
	heard     int // requests for its addresses
	unicast   int // those sent to its MAC alone
}

func (s *sim) station(last byte, addresses ...string) *station {
	st := &station{s: s, mac: mac(last)}
	for _, a := range addresses {
		st.addresses = append(st.addresses, netip.MustParseAddr(a))
	}
	s.stations = append(s.stations, st)
	return st
}

func mac(last byte) [6]byte { return [6]byte{2, 0, 0, 0, 0, last} }

func (st *station) has(a []byte) bool {
	addr, _ := netip.AddrFromSlice(a)
	return slices.Contains(st.addresses, addr)
}

func (st *station) hear(frame []byte) {
	if st.dead {
		return
	}
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	if eth == nil || eth.DstMAC[0]&1 == 0 && [6]byte(eth.DstMAC) != st.mac {
		return
	}
	unicast := eth.DstMAC[0]&1 == 0
	if a, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP); ok && a.Operation == 1 && st.has(a.DstProtAddress) && !st.has(a.SourceProtAddress) {
		st.count(unicast)
		st.send(arpFrame(2, st.mac, addr4(a.DstProtAddress), [6]byte(a.SourceHwAddress), addr4(a.SourceProtAddress)))
	}
	ip, _ := p.Layer(layers.LayerTypeIPv6).(*layers.IPv6)
	if ns, ok := p.Layer(layers.LayerTypeICMPv6NeighborSolicitation).(*layers.ICMPv6NeighborSolicitation); ok && st.has(ns.TargetAddress) {
		st.count(unicast)
		target, src := addr6(ns.TargetAddress), addr6(ip.SrcIP)
		if src.IsUnspecified() {
			st.send(naFrame(st.mac, [6]byte{0x33, 0x33, 0, 0, 0, 1}, target, netip.MustParseAddr("ff02::1"), 0x20, true))
			return
		}
		st.send(naFrame(st.mac, [6]byte(eth.SrcMAC), target, src, 0x60, true))
	}
}

func (st *station) count(unicast bool) {
	st.heard++
	if unicast {
		st.unicast++
	}
}

func (st *station) send(frame []byte) { st.s.air = append(st.s.air, flight{st.s.now, st, frame}) }

func addr4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }
func addr6(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b)) }

// describe is a short form of a frame for comparisons.
func describe(frame []byte) string {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	eth := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	to := eth.DstMAC.String()
	if to == "ff:ff:ff:ff:ff:ff" {
		to = "all"
	}
	if a, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP); ok {
		return fmt.Sprintf("arp %d %s is %s to %s", a.Operation, addr4(a.SourceProtAddress), addr4(a.DstProtAddress), to)
	}
	ip6, _ := p.Layer(layers.LayerTypeIPv6).(*layers.IPv6)
	if ns, ok := p.Layer(layers.LayerTypeICMPv6NeighborSolicitation).(*layers.ICMPv6NeighborSolicitation); ok {
		return fmt.Sprintf("ns %s is %s to %s", addr6(ip6.SrcIP), addr6(ns.TargetAddress), to)
	}
	if na, ok := p.Layer(layers.LayerTypeICMPv6NeighborAdvertisement).(*layers.ICMPv6NeighborAdvertisement); ok {
		return fmt.Sprintf("na %s flags %#x to %s", addr6(na.TargetAddress), na.Flags, to)
	}
	if p.Layer(layers.LayerTypeIPv6HopByHop) != nil {
		return "mld"
	}
	return p.Layers()[len(p.Layers())-1].LayerType().String()
}

// sentSince describes what hosts sent after a time, without MLD reports, with the milliseconds since.
func (s *sim) sentSince(t time.Time) (list []string) {
	for _, f := range s.sent {
		if d := describe(f.frame); !f.at.Before(t) && d != "mld" {
			list = append(list, fmt.Sprintf("%d %s", f.at.Sub(t).Milliseconds(), d))
		}
	}
	return list
}
