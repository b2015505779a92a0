package testbed

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// copyFrame is a frame of a mirror file, taken apart by gopacket.
type copyFrame struct {
	src, dst netip.Addr // outer
	vni      uint32
	inner    []byte
}

// Sizes of the outer headers, RFC 7348 section 5.
const (
	udpHeader   = 8
	vxlanHeader = 8
)

// decapsulate takes a copy apart and refuses one whose outer lengths do not fit its frame.
func decapsulate(frame []byte) (c copyFrame, err error) {
	packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Lazy)
	header, ok := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok {
		return c, errors.New("is not VXLAN over UDP: " + summary(frame))
	}
	udp := packet.Layer(layers.LayerTypeUDP).(*layers.UDP)
	c.vni, c.inner = header.VNI, header.LayerPayload()
	want := udpHeader + vxlanHeader + len(c.inner)
	switch ip := packet.NetworkLayer().(type) {
	case *layers.IPv4:
		c.src, c.dst = addr(ip.SrcIP), addr(ip.DstIP)
		if int(ip.Length) != 20+want || ip.IHL != 5 {
			return c, fmt.Errorf("outer IPv4 length is %d for %d inner bytes", ip.Length, len(c.inner))
		}
	case *layers.IPv6:
		c.src, c.dst = addr(ip.SrcIP), addr(ip.DstIP)
		if int(ip.Length) != want {
			return c, fmt.Errorf("outer IPv6 length is %d for %d inner bytes", ip.Length, len(c.inner))
		}
	}
	switch {
	case int(udp.Length) != want:
		return c, fmt.Errorf("outer UDP length is %d for %d inner bytes", udp.Length, len(c.inner))
	case udp.DstPort != 4789 || udp.SrcPort < 49152:
		return c, fmt.Errorf("outer UDP ports are %d > %d", udp.SrcPort, udp.DstPort)
	case !header.ValidIDFlag:
		return c, errors.New("the VXLAN header does not say that its VNI is valid")
	}
	return c, nil
}

func addr(ip []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
