package vxlan

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"pgregory.net/rapid"
)

// The golden bytes were written down from the RFCs and summed by hand.
const (
	golden4 = `
		020000000210 020000000001 0800
		45 00 0000 0000 4000 40 11 0000 0a000005 c000020a
		0000 12b5 0000 0000
		08 000000 123456 00`
	golden6 = `
		020000000210 020000000001 86dd
		60000000 0000 11 40
		20010db8000000000000000000000005 20010db8000200000000000000000010
		0000 12b5 0000 0000
		08 000000 000064 00`
)

func TestNewTemplateGolden(t *testing.T) {
	for _, c := range []struct {
		name       string
		outer      Outer
		want       string
		length     int
		v6         bool
		partialSum uint32
	}{
		// 4500 + 4000 + 4011 + 0a00 + 0005 + c000 + 020a = 19120 -> 9121
		{"ipv4", outer4, golden4, 50, false, 0x9121},
		// 0011 + 2001 + 0db8 + 0005 + 2001 + 0db8 + 0002 + 0010 + 12b5 + 0800 + 6400 = da4f
		{"ipv6", outer6, golden6, 70, true, 0xda4f},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustTemplate(t, c.outer)
			if !bytes.Equal(got.Bytes, unhex(t, c.want)) {
				t.Errorf("bytes are\n%x, want\n%x", got.Bytes, unhex(t, c.want))
			}
			if len(got.Bytes) != c.length || got.IPv6 != c.v6 {
				t.Errorf("length %d, IPv6 %v; want %d, %v", len(got.Bytes), got.IPv6, c.length, c.v6)
			}
			if got.PartialSum != c.partialSum {
				t.Errorf("partial sum is %#x, want %#x", got.PartialSum, c.partialSum)
			}
		})
	}
}

func TestNewTemplateRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Outer)
		want  string
	}{
		{"mixed families", func(o *Outer) { o.Src = outer6.Src }, "both addresses must be IPv4 or both IPv6"},
		{"no source", func(o *Outer) { o.Src = netip.Addr{} }, "outer source address is invalid IP"},
		{"mapped destination", func(o *Outer) { o.Dst = netip.MustParseAddr("::ffff:1.2.3.4") }, "outer destination address is ::ffff:1.2.3.4"},
		{"zone", func(o *Outer) { o.Src, o.Dst = netip.MustParseAddr("fe80::1%eth0"), outer6.Dst }, "without zone"},
		{"VNI 0", func(o *Outer) { o.VNI = 0 }, "VNI 0; it must be 1 to 16777215"},
		{"VNI of 25 bits", func(o *Outer) { o.VNI = 1 << 24 }, "VNI 16777216"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := outer4
			c.spoil(&o)
			if _, err := NewTemplate(o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestEncapsulateGolden(t *testing.T) {
	inner := unhex(t, "0102030405")
	for _, c := range []struct {
		name  string
		outer Outer
		want  string
	}{
		// total length 20+16+5 = 0x29; 0x9121 + 0x29 = 0x914a, complement 0x6eb5
		{"ipv4", outer4, `
			020000000210 020000000001 0800
			45 00 0029 0000 4000 40 11 6eb5 0a000005 c000020a
			c001 12b5 0015 0000
			08 000000 123456 00  0102030405`},
		// da4f + 2*0015 + c001 + 0102 + 0304 + 0500 = 1a380 -> a381, complement 5c7e
		{"ipv6, odd inner length", outer6, `
			020000000210 020000000001 86dd
			60000000 0015 11 40
			20010db8000000000000000000000005 20010db8000200000000000000000010
			c001 12b5 0015 5c7e
			08 000000 000064 00  0102030405`},
	} {
		t.Run(c.name, func(t *testing.T) {
			template := mustTemplate(t, c.outer)
			before := bytes.Clone(template.Bytes)
			got := template.Encapsulate([]byte("kept"), inner, 0xc001)
			if want := append([]byte("kept"), unhex(t, c.want)...); !bytes.Equal(got, want) {
				t.Errorf("got\n%x, want\n%x", got, want)
			}
			if !bytes.Equal(template.Bytes, before) {
				t.Error("Encapsulate changed the template")
			}
		})
	}
}

// An inner frame whose sum makes the UDP checksum 0 must be sent with 0xffff (RFC 8200 8.1).
func TestEncapsulateIPv6NeverSendsZeroChecksum(t *testing.T) {
	template := mustTemplate(t, outer6)
	inner := make([]byte, 16)
	frame := template.Encapsulate(nil, inner, 50000)
	// Putting the checksum of the frame without data into the data makes the sum all ones.
	copy(inner[14:], frame[OffsetIPv6UDPChecksum:OffsetIPv6UDPChecksum+2])
	frame = template.Encapsulate(nil, inner, 50000)
	if got := frame[OffsetIPv6UDPChecksum : OffsetIPv6UDPChecksum+2]; !bytes.Equal(got, []byte{0xff, 0xff}) {
		t.Errorf("checksum is %x, want ffff", got)
	}
	if _, err := Decode(frame); err != nil {
		t.Error(err)
	}
}

func TestEncapsulateRefusesWhatNoHeaderCanCarry(t *testing.T) {
	for _, c := range []struct {
		outer Outer
		limit int
	}{{outer4, MaxInnerIPv4}, {outer6, MaxInnerIPv6}} {
		template := mustTemplate(t, c.outer)
		if _, err := Decode(template.Encapsulate(nil, innerFrame(c.limit), 49152)); err != nil {
			t.Errorf("the longest inner frame, %d bytes: %v", c.limit, err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an inner frame of %d bytes did not panic", c.limit+1)
				}
			}()
			template.Encapsulate(nil, innerFrame(c.limit+1), 49152)
		}()
	}
}

func genOuter(t *rapid.T) Outer {
	mac := rapid.SliceOfN(rapid.Byte(), 6, 6)
	o := Outer{
		SrcMAC: [6]byte(mac.Draw(t, "srcMAC")), DstMAC: [6]byte(mac.Draw(t, "dstMAC")),
		VNI: rapid.Uint32Range(VNIMin, VNIMax).Draw(t, "vni"),
	}
	if rapid.Bool().Draw(t, "v6") {
		address := rapid.SliceOfN(rapid.Byte(), 16, 16).Filter(func(b []byte) bool {
			return !netip.AddrFrom16([16]byte(b)).Is4In6()
		})
		o.Src = netip.AddrFrom16([16]byte(address.Draw(t, "src")))
		o.Dst = netip.AddrFrom16([16]byte(address.Draw(t, "dst")))
		return o
	}
	address := rapid.SliceOfN(rapid.Byte(), 4, 4)
	o.Src = netip.AddrFrom4([4]byte(address.Draw(t, "src")))
	o.Dst = netip.AddrFrom4([4]byte(address.Draw(t, "dst")))
	return o
}

// gopacket, given the same fields, must serialize the same bytes, checksums included.
func TestEncapsulateAgreesWithGopacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := genOuter(t)
		inner := rapid.SliceOfN(rapid.Byte(), 0, 1600).Draw(t, "inner")
		srcPort := rapid.Uint16().Draw(t, "srcPort")
		template, err := NewTemplate(o)
		if err != nil {
			t.Fatal(err)
		}
		got := template.Encapsulate(nil, inner, srcPort)
		want := gopacketEncapsulate(t, o, inner, srcPort)
		if !bytes.Equal(got, want) {
			t.Fatalf("got\n%x, gopacket says\n%x", got, want)
		}
	})
}

func gopacketEncapsulate(t *rapid.T, o Outer, inner []byte, srcPort uint16) []byte {
	ether := &layers.Ethernet{SrcMAC: o.SrcMAC[:], DstMAC: o.DstMAC[:]}
	udp := &layers.UDP{SrcPort: layers.UDPPort(srcPort), DstPort: 4789}
	vx := &layers.VXLAN{ValidIDFlag: true, VNI: o.VNI}
	var ip gopacket.SerializableLayer
	if o.Src.Is4() {
		ether.EthernetType = layers.EthernetTypeIPv4
		ip = &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, Flags: layers.IPv4DontFragment,
			SrcIP: o.Src.AsSlice(), DstIP: o.Dst.AsSlice()}
	} else {
		ether.EthernetType = layers.EthernetTypeIPv6
		ip6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP, SrcIP: o.Src.AsSlice(), DstIP: o.Dst.AsSlice()}
		if err := udp.SetNetworkLayerForChecksum(ip6); err != nil {
			t.Fatal(err)
		}
		ip = ip6
	}
	payload := gopacket.Payload(inner)
	buffer := gopacket.NewSerializeBuffer()
	serialize := func(l gopacket.SerializableLayer, checksums bool) {
		if err := l.SerializeTo(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: checksums}); err != nil {
			t.Fatal(err)
		}
	}
	serialize(payload, true)
	serialize(vx, true)
	serialize(udp, !o.Src.Is4()) // RFC 7348 section 5: zero over IPv4
	serialize(ip, true)
	// gopacket pads short frames to 60 bytes in its Ethernet layer; padding is not ours to make.
	length := buffer.Bytes()
	body := append([]byte(nil), length...)
	if udp.Checksum == 0 && !o.Src.Is4() {
		// gopacket leaves a computed zero as it is.
		body[ipv6Len+6], body[ipv6Len+7] = 0xff, 0xff
	}
	serialize(ether, true)
	return append(buffer.Bytes()[:etherLen:etherLen], body...)
}

// And gopacket must read the fields back.
func TestGopacketDecodesCopies(t *testing.T) {
	for _, o := range []Outer{outer4, outer6} {
		template := mustTemplate(t, o)
		inner := innerFrame(300)
		p := gopacket.NewPacket(template.Encapsulate(nil, inner, 60000), layers.LayerTypeEthernet, gopacket.NoCopy)
		vx, ok := p.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
		if !ok {
			t.Fatalf("gopacket finds no VXLAN in %v", p)
		}
		if vx.VNI != o.VNI || !vx.ValidIDFlag || !bytes.Equal(vx.Payload, inner) {
			t.Errorf("gopacket reads VNI %d, flag %v, %d inner bytes", vx.VNI, vx.ValidIDFlag, len(vx.Payload))
		}
		udp := p.TransportLayer().(*layers.UDP)
		if udp.SrcPort != 60000 || udp.DstPort != 4789 {
			t.Errorf("gopacket reads ports %d > %d", udp.SrcPort, udp.DstPort)
		}
		if ip, ok := p.NetworkLayer().(*layers.IPv4); ok && (ip.Flags != layers.IPv4DontFragment || ip.TTL != 64 || ip.Id != 0 || ip.TOS != 0) {
			t.Errorf("gopacket reads flags %v, TTL %d, id %d, TOS %d", ip.Flags, ip.TTL, ip.Id, ip.TOS)
		}
	}
}
