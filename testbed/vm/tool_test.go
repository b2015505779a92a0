package vm

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/testbed/traffic"
)

// tool is the appliance at the tunnel's cable.
var tool = traffic.NewHost("tool", "02:00:00:00:02:0a", "192.0.2.10", "2001:db8::10")

// VNIs of the sessions, whose copies go to the tool's IPv4 and IPv6 address.
const (
	vni4 = 7
	vni6 = 8
)

// toolAnswers is how the tool makes itself known: ARP, and Neighbor Discovery. It swallows what is not a copy.
func toolAnswers(frame []byte) [][]byte {
	packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	if packet.Layer(layers.LayerTypeVXLAN) != nil {
		return nil
	}
	none := [][]byte{}
	ethernet, ok := packet.LinkLayer().(*layers.Ethernet)
	if !ok {
		return none
	}
	if arp, ok := packet.Layer(layers.LayerTypeARP).(*layers.ARP); ok {
		asker, _ := netip.AddrFromSlice(arp.SourceProtAddress)
		if arp.Operation == layers.ARPRequest && net.IP(arp.DstProtAddress).Equal(tool.IPv4.AsSlice()) {
			return [][]byte{traffic.ARPReply(tool, traffic.Host{MAC: ethernet.SrcMAC, IPv4: asker})}
		}
		return none
	}
	wanted, ok := packet.Layer(layers.LayerTypeICMPv6NeighborSolicitation).(*layers.ICMPv6NeighborSolicitation)
	if !ok || !wanted.TargetAddress.Equal(tool.IPv6.AsSlice()) {
		return none
	}
	return [][]byte{advertisement(packet.NetworkLayer().(*layers.IPv6).SrcIP, ethernet.SrcMAC)}
}

// advertisement is a solicited Neighbor Advertisement, RFC 4861 section 4.4.
func advertisement(to net.IP, mac net.HardwareAddr) []byte {
	const solicited, override = 0x40, 0x20
	ip := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolICMPv6, HopLimit: 255, SrcIP: tool.IPv6.AsSlice(), DstIP: to}
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborAdvertisement, 0)}
	if err := icmp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: tool.MAC, DstMAC: mac, EthernetType: layers.EthernetTypeIPv6}, ip, icmp,
		&layers.ICMPv6NeighborAdvertisement{
			Flags: solicited | override, TargetAddress: tool.IPv6.AsSlice(),
			Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: tool.MAC}},
		})
	if err != nil {
		panic(err)
	}
	return buffer.Bytes()
}

// unwrap takes a copy apart and holds its outer headers to what the sessions say; checksums are as the card sent them.
func unwrap(frame []byte) (vni uint32, inner []byte, err error) {
	packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Lazy)
	header, ok := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok {
		return 0, nil, fmt.Errorf("no VXLAN: %s", packet)
	}
	udp := packet.Layer(layers.LayerTypeUDP).(*layers.UDP)
	inner = header.LayerPayload()
	switch ip := packet.NetworkLayer().(type) {
	case *layers.IPv4:
		if header.VNI != vni4 || !ip.DstIP.Equal(tool.IPv4.AsSlice()) {
			return 0, nil, fmt.Errorf("VNI %d to %s", header.VNI, ip.DstIP)
		}
		if checksum(ip.Contents) != 0 || int(ip.Length) != len(ip.Contents)+len(ip.Payload) || udp.Checksum != 0 {
			return 0, nil, fmt.Errorf("outer IPv4 header %x, %d bytes behind it, UDP checksum %#x", ip.Contents, len(ip.Payload), udp.Checksum)
		}
	case *layers.IPv6:
		if header.VNI != vni6 || !ip.DstIP.Equal(tool.IPv6.AsSlice()) {
			return 0, nil, fmt.Errorf("VNI %d to %s", header.VNI, ip.DstIP)
		}
		pseudo := append(append([]byte{}, ip.SrcIP.To16()...), ip.DstIP.To16()...)
		pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(ip.Payload)))
		pseudo = append(pseudo, 0, 0, 0, byte(layers.IPProtocolUDP))
		if udp.Checksum == 0 || checksum(append(pseudo, ip.Payload...)) != 0 {
			return 0, nil, fmt.Errorf("outer UDP checksum over IPv6 is %#x", udp.Checksum)
		}
	}
	if int(udp.Length) != 8+8+len(inner) || udp.DstPort != 4789 {
		return 0, nil, fmt.Errorf("outer UDP header %x for %d inner bytes", udp.Contents, len(inner))
	}
	return header.VNI, inner, nil
}
