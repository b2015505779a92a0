package main

import (
	"fmt"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Why a frame was not mirrored, in the order of the table.
const (
	whyARP      = "ARP: never mirrored"
	whyDHCP     = "DHCP: never mirrored"
	whyMetadata = "instance metadata (169.254.169.254): never mirrored"
	whyNTP      = "NTP: never mirrored"
	whyDNS      = "resolver DNS of a source without the service amazon-dns"
	whyNotIP    = "not IP (LLDP): no rule matches it"
	whyBroken   = "short or malformed: forwarded as it came, no rule matches it"
	whyNoMatch  = "no session: its host is no mirror source, or no rule of its sessions accepts it"
)

var reasons = []string{whyARP, whyDHCP, whyMetadata, whyNTP, whyDNS, whyNotIP, whyBroken, whyNoMatch}

// reason tells from a frame alone, by gopacket, why the demo's configuration does not mirror it.
func reason(frame []byte) string {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	ethernet, ok := p.LinkLayer().(*layers.Ethernet)
	switch {
	case !ok || p.ErrorLayer() != nil:
		return whyBroken
	case p.Layer(layers.LayerTypeARP) != nil:
		return whyARP
	case ethernet.EthernetType == layers.EthernetTypeLinkLayerDiscovery:
		return whyNotIP
	case p.NetworkLayer() == nil:
		return whyBroken
	}
	return reasonOfIP(p)
}

func reasonOfIP(p gopacket.Packet) string {
	addresses := p.NetworkLayer().NetworkFlow().String()
	ip, is4 := p.NetworkLayer().(*layers.IPv4)
	switch {
	case is4 && ip.Version != 4:
		return whyBroken
	case strings.Contains(addresses, "169.254.169.254"):
		return whyMetadata
	case strings.Contains(addresses, "169.254.169.253") && hasPort(p, 53):
		return whyDNS
	case hasPort(p, 123):
		return whyNTP
	case hasPort(p, 67), hasPort(p, 547):
		return whyDHCP
	}
	return whyNoMatch
}

func hasPort(p gopacket.Packet, port layers.UDPPort) bool {
	udp, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
	return ok && (udp.SrcPort == port || udp.DstPort == port)
}

// inWords describes a frame in a few words: tags, addresses, transport.
func inWords(frame []byte) string {
	var words []string
	for _, l := range gopacket.NewPacket(untagged9100(frame), layers.LayerTypeEthernet, gopacket.Default).Layers() {
		switch l := l.(type) {
		case *layers.Dot1Q:
			words = append(words, fmt.Sprintf("VLAN %d", l.VLANIdentifier))
		case *layers.IPv4:
			words = append(words, fmt.Sprintf("%s > %s", l.SrcIP, l.DstIP))
			if l.FragOffset != 0 {
				words = append(words, fmt.Sprintf("fragment at %d", l.FragOffset*8))
			}
		case *layers.IPv6:
			words = append(words, fmt.Sprintf("%s > %s", l.SrcIP, l.DstIP))
		case *layers.TCP:
			if len(l.Contents) == 0 {
				return strings.Join(append(words, "TCP, header cut"), " ")
			}
			words = append(words, fmt.Sprintf("TCP %d > %d", l.SrcPort, l.DstPort), flags(l))
		case *layers.UDP:
			words = append(words, fmt.Sprintf("UDP %d > %d", l.SrcPort, l.DstPort))
		case *layers.DNS:
			words = append(words, "DNS")
		case *layers.IPv6HopByHop, *layers.IPv6Routing, *layers.IPv6Destination, *layers.IPv6Fragment, *layers.IPSecAH,
			*layers.ICMPv4, *layers.ICMPv6:
			words = append(words, l.LayerType().String())
		}
	}
	return strings.Join(words, " ")
}

// untagged9100 writes the old QinQ EtherType as the one that gopacket knows.
func untagged9100(frame []byte) []byte {
	if len(frame) < 14 || frame[12] != 0x91 {
		return frame
	}
	changed := append([]byte{}, frame...)
	changed[12] = 0x81
	return changed
}

func flags(t *layers.TCP) string {
	var set []string
	for _, f := range []struct {
		on   bool
		name string
	}{{t.SYN, "SYN"}, {t.ACK, "ACK"}, {t.PSH, "PSH"}, {t.FIN, "FIN"}, {t.RST, "RST"}} {
		if f.on {
			set = append(set, f.name)
		}
	}
	return strings.Join(set, "+")
}
