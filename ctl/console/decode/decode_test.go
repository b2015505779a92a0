package decode

import (
	"encoding/hex"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

var (
	macA = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	macB = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	ipA  = net.IP{10, 0, 0, 1}
	ipB  = net.IP{10, 0, 0, 2}
	ip6A = net.ParseIP("2001:db8::1")
	ip6B = net.ParseIP("2001:db8::2")
)

// what frames are made of, by gopacket, which knows nothing of the decoder.
func eth(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: kind}
}

func ip4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: ipA, DstIP: ipB}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: next, SrcIP: ip6A, DstIP: ip6B}
}

func udpTo(source, destination layers.UDPPort) *layers.UDP {
	return &layers.UDP{SrcPort: source, DstPort: destination}
}

func question() *layers.DNS {
	return &layers.DNS{ID: 0x1234, RD: true, Questions: []layers.DNSQuestion{{Name: []byte("www.example.com"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}}
}

func response() *layers.DNS {
	answer := question()
	answer.QR, answer.Answers = true, []layers.DNSResourceRecord{{Name: []byte("www.example.com"), Type: layers.DNSTypeCNAME, Class: 1, CNAME: []byte("web.example.com"), TTL: 60},
		{Name: []byte("web.example.com"), Type: layers.DNSTypeA, Class: 1, IP: ipB, TTL: 60}}
	return answer
}

func hostile() *layers.DNS {
	d := question()
	d.Questions[0].Name = []byte("<script>alert(1)</script>\x1b[31m")
	return d
}

type oneCase struct {
	name    string
	parts   []gopacket.SerializableLayer
	hex     string // instead of parts
	source  string
	told    string // protocol: info
	wrapped string // with ", " between
	fault   string // beginning
	field   string // LAYER/NAME=VALUE that is there
}

func (c *oneCase) frame(t testing.TB) []byte {
	t.Helper()
	if c.hex != "" {
		frame, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	buffer := gopacket.NewSerializeBuffer()
	for _, part := range c.parts {
		if withSum, ok := part.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := withSum.SetNetworkLayerForChecksum(ip4(0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, c.parts...); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return slices.Clone(buffer.Bytes())
}

type parts = []gopacket.SerializableLayer

const ethHead = "020000000002 020000000001 "

var cases = []oneCase{
	{name: "tcp", parts: parts{eth(layers.EthernetTypeIPv4), ip4(6), &layers.TCP{SrcPort: 50000, DstPort: 443, Seq: 7, Ack: 9, SYN: true, ACK: true, Window: 1024, Options: []layers.TCPOption{
		{OptionType: 2, OptionLength: 4, OptionData: []byte{5, 180}}, {OptionType: 3, OptionLength: 3, OptionData: []byte{7}}, {OptionType: 4, OptionLength: 2}}}, gopacket.Payload("hello")},
		source: "10.0.0.1", told: "TCP: 50000 → 443 [SYN, ACK] Seq=7 Ack=9 Win=1024 Len=5 MSS=1460 WS=128 SACK_PERM", field: "IPv4/TTL=64"},
	{name: "udp", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(1000, 2000), gopacket.Payload("hello")}, source: "10.0.0.1", told: "UDP: 1000 → 2000 Len=5", field: "UDP/Length=13 bytes"},
	{name: "arp request", parts: parts{eth(layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1, SourceHwAddress: macA,
		SourceProtAddress: ipA, DstHwAddress: make([]byte, 6), DstProtAddress: ipB}, gopacket.Payload(make([]byte, 18))}, source: "02:00:00:00:00:01", told: "ARP: Who has 10.0.0.2? Tell 10.0.0.1"},
	{name: "qinq", parts: parts{eth(0x88a8), &layers.Dot1Q{VLANIdentifier: 100, Priority: 3, Type: layers.EthernetTypeDot1Q}, &layers.Dot1Q{VLANIdentifier: 200, Type: layers.EthernetTypeIPv4}, ip4(17), udpTo(1, 2)},
		source: "10.0.0.1", told: "UDP: 1 → 2 Len=0", wrapped: "VLAN 100, VLAN 200", field: "802.1ad VLAN/Priority=3"},
	{name: "vxlan", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(50000, 4789), &layers.VXLAN{ValidIDFlag: true, VNI: 77}, eth(layers.EthernetTypeIPv6), ip6(17), udpTo(1, 2)},
		source: "2001:db8::1", told: "UDP: 1 → 2 Len=0", wrapped: "VXLAN 77 to 10.0.0.2", field: "VXLAN/VNI=77"},
	{name: "geneve", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(50000, 6081), gopacket.Payload("\x00\x00\x65\x58\x00\x00\x2a\x00"), eth(layers.EthernetTypeIPv4), ip4(1),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 1, Seq: 2}}, source: "10.0.0.1", told: "ICMP: Echo request id=0x0001 seq=2, 0 bytes", wrapped: "GENEVE 42 to 10.0.0.2"},
	{name: "gre", parts: parts{eth(layers.EthernetTypeIPv4), ip4(47), &layers.GRE{KeyPresent: true, Key: 5, Protocol: layers.EthernetTypeIPv4}, ip4(17), udpTo(1, 2)},
		source: "10.0.0.1", told: "UDP: 1 → 2 Len=0", wrapped: "GRE 5 to 10.0.0.2"},
	{name: "mpls", parts: parts{eth(layers.EthernetTypeMPLSUnicast), &layers.MPLS{Label: 16, TTL: 1}, &layers.MPLS{Label: 17, StackBottom: true, TTL: 1}, ip4(17), udpTo(1, 2)},
		source: "10.0.0.1", told: "UDP: 1 → 2 Len=0", wrapped: "MPLS 16, MPLS 17"},
	{name: "dns query", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(4000, 53), question()}, source: "10.0.0.1", told: "DNS: Query 0x1234 A www.example.com"},
	{name: "dns response", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(53, 4000), response()}, source: "10.0.0.1",
		told: "DNS: Response 0x1234 A www.example.com CNAME web.example.com A 10.0.0.2"},
	{name: "dns script", parts: parts{eth(layers.EthernetTypeIPv4), ip4(17), udpTo(4000, 53), hostile()}, source: "10.0.0.1", told: `DNS: Query 0x1234 A <script>alert(1)</script>\x1b[31m`},
	{name: "dns loop", hex: ethHead + "0800 45000030 00000000 40110000 0a000001 0a000002 0fa00035 001c0000 1234 0100 0001 0000 0000 0000 01 61 c00c 0001 0001", source: "10.0.0.1",
		told: "DNS: Query 0x1234", fault: "DNS is malformed: the name"},
	{name: "fragment", parts: parts{eth(layers.EthernetTypeIPv4), &layers.IPv4{Version: 4, TTL: 64, Id: 0x77, Protocol: 17, FragOffset: 185, Flags: layers.IPv4MoreFragments, SrcIP: ipA, DstIP: ipB}, gopacket.Payload("12345678")},
		source: "10.0.0.1", told: "UDP: Fragment at 1480, 8 bytes, more follow, identification 0x0077", wrapped: "fragment at 1480"},
	{name: "icmpv6 neighbour", hex: ethHead + "86dd 60000000 0020 3a ff fe800000000000000000000000000001 ff0200000000000000000001ff000002 8700 0000 00000000 20010db8000000000000000000000002 0101 020000000001",
		source: "fe80::1", told: "ICMPv6: Neighbor solicitation for 2001:db8::2 from 02:00:00:00:00:01"},
	{name: "ipv6 extensions", hex: ethHead + "86dd 60000000 0018 00 40 20010db8000000000000000000000001 20010db8000000000000000000000002 2c00 0502 0000 0100 1100 0001 00000099 0035 0fa0 0008 0000",
		source: "2001:db8::1", told: "UDP: 53 → 4000 Len=0", wrapped: "fragment at 0", field: "IPv6 fragment/More fragments=yes"},
	{name: "icmp unreachable", hex: ethHead + "0800 45000038 00000000 40010000 0a000001 0a000002 0303 0000 00000000 45000100 00000000 40110000 0a000002 08080808 0fa0 0035 00ec 0000",
		source: "10.0.0.1", told: "ICMP: Destination unreachable (port) for 10.0.0.2 → 8.8.8.8", field: "IPv4 (quoted)/Total length=256 bytes"},
	{name: "short", hex: "0200", source: "", told: "Ethernet: ", fault: "Ethernet is malformed: it needs 6 bytes more and there are 2."},
	{name: "empty", hex: "", parts: parts{}, told: "Ethernet: ", fault: "Ethernet is malformed: it needs 6 bytes more and there are 0."},
	{name: "tcp header too short", hex: ethHead + "0800 45000028 00000000 40060000 0a000001 0a000002 0001 0002 00000000 00000000 4000 0000 0000 0000", source: "10.0.0.1", told: "TCP: 1 → 2",
		fault: "TCP is malformed: its header has 16 bytes."},
	{name: "tcp option of length 0", hex: ethHead + "0800 4500002c 00000000 40060000 0a000001 0a000002 0001 0002 00000000 00000000 6002 0000 0000 0000 02000000", source: "10.0.0.1",
		told: "TCP: 1 → 2 [SYN] Seq=0 Win=0 Len=0", fault: "The TCP option 2 (maximum segment size) is malformed: its length is 0 and there are 4."},
	{name: "total length too long", hex: ethHead + "0800 45000064 00000000 40110000 0a000001 0a000002 0001 0002 0008 0000", source: "10.0.0.1", told: "UDP: 1 → 2 Len=0",
		fault: "The total length of IPv4 is 100 and there are 28."},
	{name: "version", hex: ethHead + "0800 65000064 00000000 40110000 0a000001 0a000002", source: "02:00:00:00:00:01", told: "IPv4: ", fault: "IPv4 is malformed: its version is 6"},
	{name: "pppoe", hex: ethHead + "8864 1100 0007 001e 0021 4500001c 00000000 40110000 0a000001 0a000002 0001 0002 0008 0000 0000", source: "10.0.0.1", told: "UDP: 1 → 2 Len=0", wrapped: "PPPoE 0x0007"},
	{name: "ipv6 cut by hardware", hex: ethHead + "86dd 60000000 0000 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002 0001 0002 0010 0000 0000000000000000", source: "2001:db8::1",
		told: "UDP: 1 → 2 Len=8"},
	{name: "unknown type", hex: ethHead + "1234 0102", source: "02:00:00:00:00:01", told: "Ethernet: Type 0x1234, 2 bytes"},
	{name: "spanning tree", hex: "0180c2000000 020000000001 0007 424203 00000000 0000", source: "02:00:00:00:00:01", told: "STP: Spanning tree, 4 bytes"},
}

func fieldOf(p *Packet, path string) bool {
	place, value, _ := strings.Cut(path, "=")
	layer, name, _ := strings.Cut(place, "/")
	for _, l := range p.Layers {
		if l.Name == layer && slices.ContainsFunc(l.Fields, func(f Field) bool { return f.Name == name && f.Value == value }) {
			return true
		}
	}
	return false
}

func TestFrames(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			frame := c.frame(t)
			p := decoded(t, frame, len(frame))
			if got := p.Protocol + ": " + p.Info; got != c.told || p.Source != c.source || strings.Join(p.Wrapped, ", ") != c.wrapped {
				t.Errorf("got  %q from %q in %q\nwant %q from %q in %q", got, p.Source, p.Wrapped, c.told, c.source, c.wrapped)
			}
			if !strings.HasPrefix(p.Fault, c.fault) || c.fault == "" && p.Fault != "" || p.Cut {
				t.Errorf("fault %q, want %q", p.Fault, c.fault)
			}
			if c.field != "" && !fieldOf(p, c.field) {
				t.Errorf("no field %s in %+v", c.field, p.Layers)
			}
			if same := Frame(frame, len(frame)); same.Info != p.Info {
				t.Errorf("Frame tells %q", same.Info)
			}
		})
	}
}

// TestCut: of a frame that was captured in part everything is told that is there, and no part of it is
// called malformed.
func TestCut(t *testing.T) {
	for _, c := range cases {
		frame := c.frame(t)
		if c.fault != "" {
			continue
		}
		for n := range frame {
			p := decoded(t, frame[:n:n], len(frame))
			if strings.Contains(p.Fault, "malformed") || p.Fault != "" && !p.Cut {
				t.Errorf("%s: %d of %d bytes: %q", c.name, n, len(frame), p.Fault)
			}
		}
	}
}

// TestBounds: nests of headers end.
func TestBounds(t *testing.T) {
	label, frame := "00010001", ethHead+"8847 "+strings.Repeat("00010001", 1000)
	c := oneCase{hex: frame + label}
	p := decoded(t, c.frame(t), 0)
	if !strings.Contains(p.Fault, "more than 32 layers") {
		t.Errorf("%q", p.Fault)
	}
	c = oneCase{hex: ethHead + "86dd 60000000 2800 00 40 20010db8000000000000000000000001 20010db8000000000000000000000002" + strings.Repeat("00ff"+strings.Repeat("00", 2046), 5)}
	if p = decoded(t, c.frame(t), 0); !strings.Contains(p.Fault, "more than 400 fields") {
		t.Errorf("%q", p.Fault)
	}
}

// TestDefect: a panic of the decoder is a fault of that one frame.
func TestDefect(t *testing.T) {
	p := contained(newDecoder(nil, 0), func() { panic("out of range") })
	if !strings.HasPrefix(p.Fault, "The decoder has a defect") || p.Protocol == "" {
		t.Errorf("%+v", p)
	}
}
