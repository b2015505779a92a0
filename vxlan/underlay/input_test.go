package underlay

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// edit changes a copy of a frame.
func edit(frame []byte, change func(b []byte)) []byte {
	b := bytes.Clone(frame)
	change(b)
	return b
}

// resum4 makes the IPv4 header checksum of an untagged frame right.
func resum4(b []byte) {
	b[24], b[25] = 0, 0
	binary.BigEndian.PutUint16(b[24:], ^uint16(onesSum(0, b[14:34])))
}

// resum6 makes the ICMPv6 checksum of an untagged frame right.
func resum6(b []byte) {
	b[56], b[57] = 0, 0
	binary.BigEndian.PutUint16(b[56:], ^uint16(onesSum(pseudo6(b[22:38], b[38:54], len(b)-54), b[54:])))
}

func tagged(frame []byte, tpid, vlan uint16) []byte {
	b := bytes.Clone(frame[:12])
	b = binary.BigEndian.AppendUint16(b, tpid)
	b = binary.BigEndian.AppendUint16(b, vlan)
	return append(b, frame[12:]...)
}

func TestOutcomes(t *testing.T) {
	peer := mac(9)
	arp := arpFrame(1, peer, ip("192.0.2.9"), [6]byte{}, ip("192.0.2.1"))
	ns := nsFrame(peer, ip("2001:db8::9"), ip("2001:db8::1"))
	na := naFrame(peer, hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 0x60, true)
	dad := nsFrame(peer, netip.IPv6Unspecified(), ip("2001:db8::1"))
	echo := echoFrame(peer, hostMAC, "192.0.2.9", "192.0.2.1", make([]byte, 56))
	echo6 := echo6Frame(peer, hostMAC, "2001:db8::9", "2001:db8::1", make([]byte, 56))
	udp := bytesOf(ether(peer, hostMAC, layers.EthernetTypeIPv4), func() *layers.IPv4 {
		h := ip4Header("192.0.2.9", "192.0.2.1")
		h.Protocol = layers.IPProtocolUDP
		return h
	}(), gopacket.Payload(make([]byte, 40)))
	set := func(at int, values ...byte) func([]byte) { return func(b []byte) { copy(b[at:], values) } }
	set6 := func(at int, values ...byte) func([]byte) {
		return func(b []byte) { copy(b[at:], values); resum6(b) }
	}
	set4 := func(at int, values ...byte) func([]byte) {
		return func(b []byte) { copy(b[at:], values); resum4(b) }
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
		reply string
	}{
		{"ARP request", arp, rxARPRequest, "arp 2 192.0.2.1 is 192.0.2.9 to 02:00:00:00:00:09"},
		{"priority tag", tagged(arp, 0x8100, 0xe000), rxARPRequest, "arp 2 192.0.2.1 is 192.0.2.9 to 02:00:00:00:00:09"},
		{"VLAN", tagged(arp, 0x8100, 5), rxOtherVLAN, ""},
		{"service tag", tagged(arp, 0x88a8, 0), rxOtherVLAN, ""},
		{"ARP for another", arpFrame(1, peer, ip("192.0.2.9"), [6]byte{}, ip("192.0.2.7")), rxUnheard, ""},
		{"ARP cut", arp[:41], rxInvalidARP, ""},
		{"ARP sizes", edit(arp, set(18, 200, 200)), rxInvalidARP, ""},
		{"ARP of Token Ring", edit(arp, set(15, 6)), rxInvalidARP, ""},
		{"ARP operation", edit(arp, set(21, 3)), rxInvalidARP, ""},
		{"ARP multicast sender", edit(arp, set(22, 1)), rxInvalidARP, ""},
		{"ARP broadcast sender address", edit(arp, set(28, 255, 255, 255, 255)), rxInvalidARP, ""},
		{"ARP to another MAC", edit(arp, set(0, 2, 0, 0, 0, 0, 99)), rxOtherMAC, ""},
		{"own ARP", edit(arp, set(22, hostMAC[:]...)), rxOwnFrame, ""},
		{"own frame", edit(arp, set(6, hostMAC[:]...)), rxOwnFrame, ""},
		{"multicast source", edit(arp, set(6, 1)), rxBadSource, ""},
		{"zero source", edit(arp, set(6, 0, 0, 0, 0, 0, 0)), rxBadSource, ""},
		{"empty", nil, rxMalformed, ""},
		{"cut Ethernet", arp[:13], rxMalformed, ""},
		{"cut tag", tagged(arp, 0x8100, 0)[:16], rxMalformed, ""},
		{"LLDP", edit(arp, set(12, 0x88, 0xcc)), rxEtherType, ""},
		{"802.3 length", edit(arp, set(12, 0, 20)), rxEtherType, ""},

		{"solicitation", ns, rxSolicitation, "na 2001:db8::1 flags 0x60 to 02:00:00:00:00:09"},
		{"solicitation by unicast", edit(ns, func(b []byte) {
			copy(b, hostMAC[:])
			a := ip("2001:db8::1").As16()
			copy(b[38:], a[:])
			resum6(b)
		}), rxSolicitation, "na 2001:db8::1 flags 0x60 to 02:00:00:00:00:09"},
		{"address check", dad, rxSolicitation, "na 2001:db8::1 flags 0x20 to 33:33:00:00:00:01"},
		{"solicitation for another", nsFrame(peer, ip("2001:db8::9"), ip("2001:db8:1::1")), rxUnheard, ""},
		{"solicitation hop limit", edit(ns, set(21, 254)), rxInvalidND, ""},
		{"solicitation checksum", edit(ns, set(57, 0)), rxChecksum, ""},
		{"solicitation code", edit(ns, set6(55, 1)), rxInvalidND, ""},
		{"solicitation multicast target", edit(ns, set6(62, 0xff)), rxInvalidND, ""},
		{"solicitation option length 0", edit(ns, set6(79, 0)), rxInvalidND, ""},
		{"solicitation option cut", edit(ns, set6(79, 9)), rxInvalidND, ""},
		{"solicitation multicast option", edit(ns, set6(80, 1)), rxInvalidND, ""},
		{"solicitation that names our MAC", edit(ns, set6(80, hostMAC[:]...)), rxInvalidND, ""},
		{"address check with option", edit(ns, set6(22, make([]byte, 16)...)), rxInvalidND, ""},
		{"address check not to group", edit(dad, set6(38, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), rxInvalidND, ""},
		{"solicitation too short", icmp6Frame(peer, hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 255, 135, 0, gopacket.Payload(make([]byte, 12))), rxInvalidND, ""},
		{"advertisement", na, rxUnheard, ""},
		{"advertisement solicited to all", naFrame(peer, multicastMAC(allNodes), ip("2001:db8::9"), allNodes, 0x60, true), rxInvalidND, ""},
		{"advertisement hop limit", edit(na, set(21, 64)), rxInvalidND, ""},
		{"router advertisement", icmp6Frame(peer, hostMAC, ip("fe80::9"), ip("2001:db8::1"), 255, 134, 0, gopacket.Payload(make([]byte, 12))), rxICMPType, ""},

		{"echo", echo, rxEchoRequest, "Payload"},
		{"echo padded", append(bytes.Clone(echo), make([]byte, 30)...), rxEchoRequest, "Payload"},
		{"echo cut", echo[:len(echo)-1], rxTruncated, ""},
		{"echo to another MAC", edit(echo, set(5, 99)), rxOtherIP, ""},
		{"echo to broadcast MAC", edit(echo, set(0, 255, 255, 255, 255, 255, 255)), rxOtherIP, ""},
		{"echo to another address", edit(echo, set4(33, 7)), rxOtherIP, ""},
		{"echo to broadcast", edit(echo, set4(33, 255)), rxOtherIP, ""},
		{"echo from us", edit(echo, set4(29, 1)), rxBadAddress, ""},
		{"echo from multicast", edit(echo, set4(26, 224)), rxBadAddress, ""},
		{"echo from nobody", edit(echo, set4(26, 0, 0, 0, 0)), rxBadAddress, ""},
		{"echo header checksum", edit(echo, set(24, 1, 2)), rxChecksum, ""},
		{"echo checksum", edit(echo, set(50, 1)), rxChecksum, ""},
		{"echo first fragment", edit(echo, set4(20, 0x20)), rxFragment, ""},
		{"echo later fragment", edit(echo, set4(20, 0, 5)), rxFragment, ""},
		{"IPv4 version", edit(echo, set4(14, 0x65)), rxMalformed, ""},
		{"IPv4 header length", edit(echo, set4(14, 0x44)), rxMalformed, ""},
		{"IPv4 total length 0", edit(echo, set4(16, 0, 0)), rxMalformed, ""},
		{"ICMP too short", edit(echo, set4(16, 0, 24)), rxMalformed, ""},
		{"timestamp request", bytesOf(ether(peer, hostMAC, 0x800), ip4Header("192.0.2.9", "192.0.2.1"), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(13, 0)}), rxICMPType, ""},
		{"echo reply nobody wants", bytesOf(ether(peer, hostMAC, 0x800), ip4Header("192.0.2.9", "192.0.2.1"), &layers.ICMPv4{}), rxEchoUnknown, ""},
		{"UDP", udp, rxProtocol, ""},
		{"UDP to another", edit(udp, set4(33, 7)), rxOtherIP, ""},

		{"echo6", echo6, rxEchoRequest, "ICMPv6Echo"},
		{"echo6 cut", echo6[:len(echo6)-1], rxTruncated, ""},
		{"echo6 checksum", edit(echo6, set(70, 1)), rxChecksum, ""},
		{"echo6 to another", echo6Frame(peer, hostMAC, "2001:db8::9", "2001:db8::7", nil), rxOtherIP, ""},
		{"echo6 to another MAC", edit(echo6, set(5, 99)), rxOtherMAC, ""},
		{"echo6 from us", echo6Frame(peer, hostMAC, "2001:db8::1", "2001:db8::1", nil), rxBadAddress, ""},
		{"echo6 from multicast", echo6Frame(peer, hostMAC, "ff02::1", "2001:db8::1", nil), rxBadAddress, ""},
		{"echo6 cut header", icmp6Frame(peer, hostMAC, ip("2001:db8::9"), ip("2001:db8::1"), 64, 128, 0), rxMalformed, ""},
		{"IPv6 fragment", edit(echo6, set(20, 44)), rxFragment, ""},
		{"IPv6 TCP", edit(echo6, set(20, 6)), rxProtocol, ""},
		{"IPv6 hop-by-hop", edit(echo6, set(20, 0)), rxProtocol, ""},
		{"IPv6 version", edit(echo6, set(14, 0x40)), rxMalformed, ""},
		{"IPv6 cut header", echo6[:53], rxMalformed, ""},
		{"IPv6 length 0", edit(echo6, set(18, 0, 0)), rxMalformed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, h := ready(t, nil)
			before := s.now
			if got := outcome(t, h, s, c.frame); got != c.want {
				t.Fatalf("outcome is %s, want %s", got, c.want)
			}
			sent := ""
			if list := s.sentSince(before); len(list) > 0 {
				sent = list[0][2:]
			}
			if sent != c.reply {
				t.Fatalf("sent %q, want %q", sent, c.reply)
			}
		})
	}
}

func TestEchoReplyIsTheRequestTurnedRound(t *testing.T) {
	payload := []byte("abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklm")
	for _, vlan := range []int{0, 42} {
		s, h := ready(t, func(c *Config) { c.Ports[0].VLAN = vlan })
		for _, request := range [][]byte{
			echoFrame(mac(9), hostMAC, "198.51.100.7", "192.0.2.1", payload),
			echo6Frame(mac(9), hostMAC, "2001:db8:9::9", "2001:db8::1", payload),
		} {
			if vlan != 0 {
				request = tagged(request, 0x8100, uint16(vlan))
			}
			if got := outcome(t, h, s, request); got != rxEchoRequest {
				t.Fatalf("outcome is %s", got)
			}
			asked := gopacket.NewPacket(request, layers.LayerTypeEthernet, gopacket.Default)
			reply := gopacket.NewPacket(s.sent[len(s.sent)-1].frame, layers.LayerTypeEthernet, gopacket.Default)
			if reply.LinkLayer().LinkFlow() != asked.LinkLayer().LinkFlow().Reverse() ||
				reply.NetworkLayer().NetworkFlow() != asked.NetworkLayer().NetworkFlow().Reverse() {
				t.Fatalf("reply %v", reply)
			}
			if vlan != 0 && reply.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q).VLANIdentifier != 42 {
				t.Fatalf("reply %v", reply)
			}
			if m, ok := reply.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok && (m.TypeCode != 0 || m.Id != 7 || m.Seq != 9) {
				t.Fatalf("reply %v", reply)
			}
			if m, ok := reply.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok && m.TypeCode.Type() != 129 {
				t.Fatalf("reply %v", reply)
			}
			if !bytes.HasSuffix(s.sent[len(s.sent)-1].frame, payload) {
				t.Fatalf("reply %v", reply)
			}
		}
	}
}

func TestEchoReplyUpToTheMTU(t *testing.T) {
	s, h := ready(t, nil)
	for size, want := range map[int]string{1472: rxEchoRequest, 1473: rxTooLong} {
		if got := outcome(t, h, s, echoFrame(mac(9), hostMAC, "192.0.2.9", "192.0.2.1", make([]byte, size))); got != want {
			t.Errorf("IPv4, %d bytes: %s", size, got)
		}
		if got := outcome(t, h, s, echo6Frame(mac(9), hostMAC, "2001:db8::9", "2001:db8::1", make([]byte, size-20))); got != want {
			t.Errorf("IPv6, %d bytes: %s", size-20, got)
		}
	}
}

func TestOnlyFramesOfThePortsVLAN(t *testing.T) {
	arp := arpFrame(1, mac(9), ip("192.0.2.9"), [6]byte{}, ip("192.0.2.1"))
	s, h := ready(t, func(c *Config) { c.Ports[0].VLAN = 42 })
	for _, c := range []struct {
		frame []byte
		want  string
	}{
		{arp, rxOtherVLAN}, {tagged(arp, 0x8100, 0), rxOtherVLAN}, {tagged(arp, 0x8100, 43), rxOtherVLAN},
		{tagged(arp, 0x88a8, 42), rxOtherVLAN}, {tagged(tagged(arp, 0x8100, 7), 0x8100, 42), rxOtherVLAN},
		{tagged(arp, 0x8100, 42), rxARPRequest},
	} {
		if got := outcome(t, h, s, c.frame); got != c.want {
			t.Errorf("outcome of %x is %s, want %s", c.frame[12:18], got, c.want)
		}
	}
}

func TestMulticastListenerQueryIsAnswered(t *testing.T) {
	s, h := ready(t, nil)
	src, dst := ip("fe80::9"), allNodes
	message := append([]byte{mldQuery, 0, 0, 0, 0, 100, 0, 0}, make([]byte, 20)...)
	sum := ^uint16(onesSum(pseudo6(src.AsSlice(), dst.AsSlice(), len(message)), message))
	message[2], message[3] = byte(sum>>8), byte(sum)
	header := ipv6(src, dst, 1)
	header.NextHeader = 0
	query := bytesOf(ether(mac(9), multicastMAC(dst), layers.EthernetTypeIPv6), header, gopacket.Payload(append(hopByHop[:], message...)))
	before := len(s.sent)
	if got := outcome(t, h, s, query); got != rxMLDQuery || len(s.sent) != before+1 {
		t.Fatalf("outcome is %s", got)
	}
	report := s.sent[before].frame[14+48:]
	g1, g2 := ip("ff02::1:ff00:1").As16(), ip("ff02::1:ff00:1").As16()
	if report[0] != 143 || report[7] != 2 || report[8] != 2 || !bytes.Equal(report[12:28], g1[:]) || !bytes.Equal(report[32:48], g2[:]) {
		t.Fatalf("report %x", report)
	}
	for name, bad := range map[string][]byte{
		rxChecksum:  edit(query, func(b []byte) { b[70] = 1 }),
		rxMalformed: edit(query, func(b []byte) { b[21] = 2 }),
		rxTruncated: edit(query, func(b []byte) { b[18] = 9 }),
	} {
		if got := outcome(t, h, s, bad); got != name {
			t.Errorf("outcome is %s, want %s", got, name)
		}
	}
}
