package main

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/BurntSushi/toml"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

// outcome is everything that a finished run left, and what went in.
type outcome struct {
	in0, in1, production, back [][]byte
	copies                     []mirrored
	report                     *daemon.Report
	sessions                   []session
}

// mirrored is one frame of mirror.pcap, taken apart by gopacket.
type mirrored struct {
	outer string // source > target
	vni   uint32
	inner []byte
}

// session is a [[session]] of resources.toml.
type session struct {
	Name         string
	Source       string
	Target       string
	Number       int
	VNI          uint32
	PacketLength int `toml:"packet_length"`
}

func load(dir string) (*outcome, error) {
	var o outcome
	for name, frames := range map[string]*[][]byte{
		"in0.pcap": &o.in0, "in1.pcap": &o.in1, "production.pcap": &o.production, "back.pcap": &o.back,
	} {
		var err error
		if *frames, err = traffic.Read(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	frames, err := traffic.Read(filepath.Join(dir, "mirror.pcap"))
	if err != nil {
		return nil, err
	}
	for i, frame := range frames {
		if ownFrame(frame) {
			continue
		}
		m, err := decapsulate(frame)
		if err != nil {
			return nil, fmt.Errorf("mirror.pcap, frame %d: %w", i+1, err)
		}
		o.copies = append(o.copies, m)
	}
	if o.report, err = daemon.ReadReport(filepath.Join(dir, "report.json")); err != nil {
		return nil, err
	}
	var resources struct{ Session []session }
	_, err = toml.DecodeFile(filepath.Join(dir, "resources.toml"), &resources)
	o.sessions = resources.Session
	return &o, err
}

// ownFrame says whether a frame is ARP or ICMPv6: the gateway is a host on the tunnel's network.
func ownFrame(frame []byte) bool {
	packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Lazy)
	if packet.Layer(layers.LayerTypeARP) != nil {
		return true
	}
	ip, ok := packet.NetworkLayer().(*layers.IPv6)
	return ok && (ip.NextHeader == layers.IPProtocolICMPv6 || ip.NextHeader == layers.IPProtocolIPv6HopByHop)
}

func decapsulate(frame []byte) (mirrored, error) {
	packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Lazy)
	header, ok := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok || packet.NetworkLayer() == nil {
		return mirrored{}, fmt.Errorf("is not VXLAN over IP")
	}
	flow := packet.NetworkLayer().NetworkFlow()
	return mirrored{fmt.Sprintf("%s > %s", flow.Src(), flow.Dst()), header.VNI, header.LayerPayload()}, nil
}

// of returns the copies of a session.
func (o *outcome) of(s session) (copies []mirrored) {
	for _, m := range o.copies {
		if m.vni == s.VNI {
			copies = append(copies, m)
		}
	}
	return copies
}

// unmirrored returns the frames that went in and of which no copy came out. Equal frames count
// each: a copy answers for one of them.
func (o *outcome) unmirrored() (left [][]byte) {
	used := make([]bool, len(o.copies))
next:
	for _, frame := range append(append([][]byte{}, o.in0...), o.in1...) {
		for i, m := range o.copies {
			if !used[i] && isCopy(m.inner, frame) {
				used[i] = true
				continue next
			}
		}
		left = append(left, frame)
	}
	return left
}

// isCopy reports whether inner is a frame, or the first bytes of it: at least 100, which tell the
// frames of the demo apart.
func isCopy(inner, frame []byte) bool {
	return bytes.Equal(inner, frame) || len(inner) >= 100 && bytes.HasPrefix(frame, inner)
}
