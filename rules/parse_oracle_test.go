package rules

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"pgregory.net/rapid"
)

// oracleKey is what gopacket says about the outermost packet of a frame, as far as it goes:
// gopacket believes total lengths and stops at them, and hides what follows any IPv6 fragment
// header. There it says less than Parse, and knownL4 is false.
type oracleKey struct {
	vlan               int
	src, dst           netip.Addr
	protocol           int
	fragment, nonFirst bool
	hasPorts           bool
	srcPort, dstPort   uint16
	hasIP, knownL4     bool
}

func oracle(frame []byte) (o oracleKey) {
	o = oracleKey{vlan: VLANNone, protocol: ProtocolUnknown}
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
	tags := 0
	for _, layer := range p.Layers() {
		switch l := layer.(type) {
		case *layers.Ethernet:
		case *layers.Dot1Q:
			if tags++; tags == 1 {
				o.vlan = int(l.VLANIdentifier)
			}
			if tags > maxTags {
				return o
			}
		case *layers.IPv4:
			if o.hasIP {
				return o // a tunnel
			}
			o.ipv4(l)
		case *layers.IPv6:
			if o.hasIP {
				return o
			}
			o.hasIP, o.protocol = true, int(l.NextHeader)
			o.src, _ = netip.AddrFromSlice(l.SrcIP)
			o.dst, _ = netip.AddrFromSlice(l.DstIP)
			if l.HopByHop != nil {
				o.protocol = int(l.HopByHop.NextHeader)
			}
		case *layers.IPv6HopByHop:
			o.protocol = int(l.NextHeader)
		case *layers.IPv6Destination:
			o.protocol = int(l.NextHeader)
		case *layers.IPv6Routing:
			o.protocol = int(l.NextHeader)
		case *layers.IPSecAH:
			if o.src.Is4() {
				return o
			}
			o.protocol = int(l.NextHeader)
		case *layers.IPv6Fragment:
			o.fragment, o.nonFirst = l.FragmentOffset != 0 || l.MoreFragments, l.FragmentOffset != 0
			o.protocol = int(l.NextHeader)
			return o
		default:
			o.l4(layer)
			return o
		}
	}
	return o
}

func (o *oracleKey) ipv4(l *layers.IPv4) {
	o.hasIP, o.protocol = true, int(l.Protocol)
	o.src, _ = netip.AddrFromSlice(l.SrcIP)
	o.dst, _ = netip.AddrFromSlice(l.DstIP)
	o.nonFirst = l.FragOffset != 0
	o.fragment = o.nonFirst || l.Flags&layers.IPv4MoreFragments != 0
}

func (o *oracleKey) l4(layer gopacket.Layer) {
	// gopacket adds a transport layer that it failed to decode, without contents.
	o.hasPorts = len(layer.LayerContents()) > 0
	switch l := layer.(type) {
	case *layers.TCP:
		o.srcPort, o.dstPort = uint16(l.SrcPort), uint16(l.DstPort)
	case *layers.UDP:
		o.srcPort, o.dstPort = uint16(l.SrcPort), uint16(l.DstPort)
	case *layers.SCTP:
		o.srcPort, o.dstPort = uint16(l.SrcPort), uint16(l.DstPort)
	default:
		o.hasPorts = false
	}
	o.knownL4 = o.hasPorts
}

// compareWithOracle reports whether gopacket understood the IP header, so that something was
// compared, and whether it saw ports.
func compareWithOracle(t testing.TB, where string, frame []byte) (ip, l4 bool) {
	t.Helper()
	o, k := oracle(frame), Parse(frame)
	checkInvariants(t, &k, len(frame))
	// gopacket does not judge the IP version, and stops in front of chain headers it does not know.
	if !o.hasIP || k.Class != ClassIP || IsChainHeader(uint8(o.protocol)) && o.src.Is6() {
		return false, false
	}
	same := k.VLAN == o.vlan && k.Src == o.src && k.Dst == o.dst && k.Fragment == o.fragment && k.NonFirst == o.nonFirst && k.Protocol == o.protocol
	if o.knownL4 {
		same = same && k.HasPorts && k.SrcPort == o.srcPort && k.DstPort == o.dstPort
	}
	if !same {
		t.Errorf("%s: Parse says %+v, gopacket %+v, of %x", where, k, o, frame)
	}
	return true, o.knownL4
}

// Frames that gopacket builds are read back, field by field.
func TestParseReadsWhatGopacketBuilds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stack, want := genStack(t)
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, stack...); err != nil {
			t.Fatal(err)
		}
		got := Parse(buffer.Bytes())
		if diff := cmp.Diff(want, got, comparers); diff != "" {
			t.Fatalf("want (-), got (+):\n%s\n%x", diff, buffer.Bytes())
		}
	})
}

// genStack draws layers and the key that must come out.
func genStack(t *rapid.T) ([]gopacket.SerializableLayer, Key) {
	bytesOf := func(n int, label string) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, label) }
	k := Key{HasEthernet: true, VLAN: VLANNone, EtherType: EtherTypeIPv4, Family: 4,
		SrcMAC: [6]byte(bytesOf(6, "srcMAC")), DstMAC: [6]byte(bytesOf(6, "dstMAC"))}
	n := 4
	if rapid.Bool().Draw(t, "v6") {
		k.Family, k.EtherType, n = 6, EtherTypeIPv6, 16
	}
	src, dst := bytesOf(n, "src"), bytesOf(n, "dst")
	k.Src, _ = netip.AddrFromSlice(src)
	k.Dst, _ = netip.AddrFromSlice(dst)
	k.SrcPort, k.DstPort, k.HasPorts = rapid.Uint16().Draw(t, "sport"), rapid.Uint16().Draw(t, "dport"), true
	l4 := genL4(t, &k)

	types := []layers.EthernetType{}
	for range rapid.IntRange(0, maxTags).Draw(t, "tags") {
		types = append(types, rapid.SampledFrom([]layers.EthernetType{0x8100, 0x88a8, 0x9100}).Draw(t, "tpid"))
	}
	types = append(types, layers.EthernetType(k.EtherType))
	stack := []gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: k.SrcMAC[:], DstMAC: k.DstMAC[:], EthernetType: types[0]}}
	for i, next := range types[1:] {
		vid := rapid.Uint16Range(0, 4095).Draw(t, "vid")
		if i == 0 {
			k.VLAN = int(vid)
		}
		stack = append(stack, &layers.Dot1Q{VLANIdentifier: vid, Type: next, Priority: uint8(vid & 7)})
	}
	protocol := layers.IPProtocol(k.Protocol)
	if k.Family == 4 {
		stack = append(stack, &layers.IPv4{Version: 4, Protocol: protocol, SrcIP: src, DstIP: dst, Flags: layers.IPv4DontFragment})
	} else {
		stack = append(stack, ipv6Chain(t, protocol, src, dst)...)
	}
	return append(stack, l4), k
}

func genL4(t *rapid.T, k *Key) gopacket.SerializableLayer {
	switch k.Protocol = rapid.SampledFrom([]int{ProtocolTCP, ProtocolUDP, ProtocolSCTP, ProtocolICMP, 47}).Draw(t, "protocol"); k.Protocol {
	case ProtocolTCP:
		return &layers.TCP{SrcPort: layers.TCPPort(k.SrcPort), DstPort: layers.TCPPort(k.DstPort)}
	case ProtocolUDP:
		return &layers.UDP{SrcPort: layers.UDPPort(k.SrcPort), DstPort: layers.UDPPort(k.DstPort)}
	case ProtocolSCTP:
		return &layers.SCTP{SrcPort: layers.SCTPPort(k.SrcPort), DstPort: layers.SCTPPort(k.DstPort)}
	}
	k.HasPorts, k.SrcPort, k.DstPort = false, 0, 0
	if k.Protocol == ProtocolICMP && k.Family == 4 {
		k.HasICMP, k.ICMPType, k.ICMPCode = true, 8, 1
	}
	return &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 1)}
}

// ipv6Chain is an IPv6 header with up to three destination-option headers, which gopacket cannot
// serialize with padding of any kind, so that they are raw bytes.
func ipv6Chain(t *rapid.T, protocol layers.IPProtocol, src, dst []byte) []gopacket.SerializableLayer {
	headers := rapid.SliceOfN(rapid.SampledFrom([]layers.IPProtocol{0, 43, 51, 60, 135, 139, 140}), 0, maxChain).Draw(t, "chain")
	next := append(headers, protocol)
	stack := []gopacket.SerializableLayer{&layers.IPv6{Version: 6, NextHeader: next[0], SrcIP: src, DstIP: dst, HopLimit: 1}}
	for i, kind := range headers {
		units := rapid.IntRange(0, 3).Draw(t, "length")
		size := (units + 1) * 8
		if kind == chainAuthHdr {
			size = (units + 2) * 4
		}
		header := append([]byte{byte(next[i+1]), byte(units)}, bytes.Repeat([]byte{0xa5}, size-2)...)
		stack = append(stack, gopacket.Payload(header))
	}
	return stack
}

// Real frames: wherever gopacket understands the IP header, both must agree.
func TestParseAgreesWithGopacketOnCaptures(t *testing.T) {
	folder := os.Getenv("MIRRORGW_CAPTURES")
	if folder == "" {
		folder = "../../shared/captures"
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in %s; set MIRRORGW_CAPTURES to a folder of captures", folder)
	}
	frames, ips, l4s := 0, 0, 0
	for _, file := range files {
		forEachFrame(t, file, func(frame []byte) {
			ip, l4 := compareWithOracle(t, filepath.Base(file), frame)
			frames++
			if ip {
				ips++
			}
			if l4 {
				l4s++
			}
		})
	}
	t.Logf("%d files, %d frames: %d IP headers and %d pairs of ports compared", len(files), frames, ips, l4s)
	if ips == 0 || l4s == 0 {
		t.Error("nothing was compared")
	}
}

// frameReader is what the two capture formats have in common.
type frameReader interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

// forEachFrame calls f with every Ethernet frame of a capture, up to a damaged record if any.
func forEachFrame(t *testing.T, file string, f func(frame []byte)) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var reader frameReader
	reader, err = pcapgo.NewReader(bytes.NewReader(content))
	if err != nil {
		reader, err = pcapgo.NewNgReader(bytes.NewReader(content), pcapgo.DefaultNgReaderOptions)
	}
	if err != nil {
		t.Logf("%s is not a capture that can be read: %v", filepath.Base(file), err)
		return
	}
	if reader.LinkType() != layers.LinkTypeEthernet {
		return
	}
	for {
		frame, _, err := reader.ReadPacketData()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Logf("%s ends early: %v", filepath.Base(file), err)
			return
		}
		f(frame)
	}
}
