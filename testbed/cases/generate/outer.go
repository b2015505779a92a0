package main

import (
	"net"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// tunnelMAC is the address of net_pcap2: 02:70:63:61:70 and the number in order of creation.
const tunnelMAC = "02:70:63:61:70:02"

const vxlanPort = 4789 // RFC 7348 section 5

// copyOf builds the frame that must leave the tunnel port for a frame and a fate.
func (o Outer) copyOf(frame []byte, fate Fate, tunnel string) ([]byte, error) {
	inner := frame
	if fate.Cut > 0 {
		inner = frame[:fate.Cut]
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(sourcePort(flowOf(frame))), DstPort: vxlanPort}
	vxlan := &layers.VXLAN{ValidIDFlag: true, VNI: o.VNI}
	if netip.MustParseAddr(o.Target).Is4() {
		return o.overIPv4(tunnel, udp, vxlan, inner)
	}
	return o.overIPv6(tunnel, udp, vxlan, inner)
}

func (o Outer) ethernet(tunnel string, t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: mac(tunnel), DstMAC: mac(o.NextHop), EthernetType: t}
}

// overIPv4: DF, identification 0, TTL 64, UDP checksum zero (RFC 7348 section 5).
func (o Outer) overIPv4(tunnel string, udp *layers.UDP, vxlan *layers.VXLAN, inner []byte) ([]byte, error) {
	ip := &layers.IPv4{
		Version: 4, TTL: 64, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolUDP,
		SrcIP: netip.MustParseAddr(o.Source).AsSlice(), DstIP: netip.MustParseAddr(o.Target).AsSlice(),
	}
	udp.Length = uint16(8 + 8 + len(inner))
	datagram, err := serialize(gopacket.SerializeOptions{}, udp, vxlan, gopacket.Payload(inner))
	if err != nil {
		return nil, err
	}
	fix := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	return serialize(fix, o.ethernet(tunnel, layers.EthernetTypeIPv4), ip, gopacket.Payload(datagram))
}

// overIPv6: hop limit 64, flow label 0, UDP checksum computed (RFC 8200 section 8.1).
func (o Outer) overIPv6(tunnel string, udp *layers.UDP, vxlan *layers.VXLAN, inner []byte) ([]byte, error) {
	ip := &layers.IPv6{
		Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP,
		SrcIP: netip.MustParseAddr(o.Source).AsSlice(), DstIP: netip.MustParseAddr(o.Target).AsSlice(),
	}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		return nil, err
	}
	fix := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	return serialize(fix, o.ethernet(tunnel, layers.EthernetTypeIPv6), ip, udp, vxlan, gopacket.Payload(inner))
}

func serialize(how gopacket.SerializeOptions, l ...gopacket.SerializableLayer) ([]byte, error) {
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, how, l...); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func mac(text string) net.HardwareAddr {
	m, err := net.ParseMAC(text)
	if err != nil {
		panic("a case names " + text + ", which is not a MAC address")
	}
	return m
}
