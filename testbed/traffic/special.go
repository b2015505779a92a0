package traffic

import (
	"net"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// ARPRequest asks, by broadcast, who has the IPv4 address of a host.
func ARPRequest(from, whoHas Host) []byte {
	return arp(from, Broadcast.MAC, layers.ARPRequest, make([]byte, 6), whoHas)
}

// ARPReply tells a host where the sender's IPv4 address is.
func ARPReply(from, to Host) []byte { return arp(from, to.MAC, layers.ARPReply, to.MAC, to) }

func arp(from Host, dest net.HardwareAddr, operation uint16, targetMAC []byte, target Host) []byte {
	return serialize(
		&layers.Ethernet{SrcMAC: from.MAC, DstMAC: dest, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{
			AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
			Operation: operation, SourceHwAddress: from.MAC, SourceProtAddress: from.IPv4.AsSlice(),
			DstHwAddress: targetMAC, DstProtAddress: target.IPv4.AsSlice(),
		})
}

// DHCPDiscover is what a host without an address broadcasts (RFC 2131 section 3.1).
func DHCPDiscover(from Host) []byte {
	nobody := NewHost(from.Name, from.MAC.String(), "0.0.0.0")
	message := &layers.DHCPv4{
		Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, HardwareLen: 6, Xid: 0x1234,
		ClientHWAddr: from.MAC, ClientIP: net.IPv4zero, YourClientIP: net.IPv4zero,
		NextServerIP: net.IPv4zero, RelayAgentIP: net.IPv4zero,
		Options: layers.DHCPOptions{
			layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(layers.DHCPMsgTypeDiscover)}),
			layers.NewDHCPOption(layers.DHCPOptEnd, nil),
		},
	}
	return From(nobody).To(Broadcast).UDP(68, 67).Payload(serialize(message)).Frame()
}

// DHCPv6Solicit is a Solicit message to all DHCPv6 servers (RFC 8415 section 16.2).
func DHCPv6Solicit(from Host) []byte {
	servers := NewHost("dhcpv6-servers", "33:33:00:01:00:02", "ff02::1:2")
	message := []byte{1, 0, 0x12, 0x34, 0, 8, 0, 2, 0, 0} // solicit, transaction id, elapsed time 0
	return From(from).To(servers).OverIPv6().UDP(546, 547).Payload(message).Frame()
}

// LLDP announces a host to its switch (IEEE 802.1AB): a frame that is not IP.
func LLDP(from Host) []byte {
	bridge := net.HardwareAddr{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}
	return serialize(
		&layers.Ethernet{SrcMAC: from.MAC, DstMAC: bridge, EthernetType: layers.EthernetTypeLinkLayerDiscovery},
		gopacket.Payload(lldpUnit(from)))
}

// lldpUnit writes the three mandatory TLVs (7 bits type, 9 bits length) and the end.
func lldpUnit(from Host) []byte {
	unit := append([]byte{1 << 1, 7, 4}, from.MAC...)                // chassis: MAC address
	unit = append(unit, 2<<1, byte(1+len(from.Name)), 7)             // port: locally assigned
	unit = append(append(unit, from.Name...), 3<<1, 2, 0, 120, 0, 0) // TTL 120 s, end
	return append(unit, make([]byte, max(0, 46-len(unit)))...)       // padding
}

// Runt returns the first n bytes of a frame: a short or cut frame. IP lengths in it are not changed.
func Runt(frame []byte, n int) []byte { return append([]byte{}, frame[:n]...) }

// WithVersion returns an untagged IP frame with another IP version nibble: malformed.
func WithVersion(frame []byte, version uint8) []byte {
	changed := append([]byte{}, frame...)
	changed[14] = version<<4 | changed[14]&0x0f
	return changed
}

// WithIHL returns an untagged IPv4 frame with another header length, in 4-byte words: less than 5
// is malformed.
func WithIHL(frame []byte, words uint8) []byte {
	changed := append([]byte{}, frame...)
	changed[14] = changed[14]&0xf0 | words&0x0f
	return changed
}
