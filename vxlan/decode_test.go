package vxlan

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDecodeInvertsEncapsulate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := genOuter(t)
		inner := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "inner")
		template, err := NewTemplate(o)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(template.Encapsulate(nil, inner, 55555))
		if err != nil {
			t.Fatal(err)
		}
		want := Packet{Outer: o, SrcPort: 55555, HopLimit: 64, Inner: inner}
		if !bytes.Equal(p.Inner, inner) {
			t.Fatalf("inner is %x, want %x", p.Inner, inner)
		}
		p.Inner = want.Inner
		if !reflect.DeepEqual(p, want) {
			t.Fatalf("got %+v, want %+v", p, want)
		}
	})
}

// fix4 makes the IPv4 header checksum right again after a change.
func fix4(f []byte) {
	h := f[etherLen : etherLen+ipv4Len]
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], ^foldSum(sumWords(0, h)))
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		outer Outer
		spoil func(f []byte) []byte
		want  string
	}{
		{"cut Ethernet", outer4, func(f []byte) []byte { return f[:13] }, "frame has 13 bytes"},
		{"VLAN tag", outer4, func(f []byte) []byte { f[12], f[13] = 0x81, 0; return f }, "EtherType is 0x8100"},
		{"cut IPv4", outer4, func(f []byte) []byte { return f[:33] }, "IPv4 header has 19 bytes"},
		{"IPv4 version", outer4, func(f []byte) []byte { f[14] = 0x55; return f }, "IPv4 version is 5"},
		{"IHL", outer4, func(f []byte) []byte { f[14] = 0x46; return f }, "IHL 6"},
		{"padding", outer4, func(f []byte) []byte { return append(f, 0) }, "IPv4 total length is 56; the frame carries 57"},
		{"no DF", outer4, func(f []byte) []byte { f[20] = 0; fix4(f); return f }, "DF flag is not set"},
		{"reserved flag", outer4, func(f []byte) []byte { f[20] = 0xc0; fix4(f); return f }, "reserved flag is set"},
		{"MF", outer4, func(f []byte) []byte { f[20] = 0x60; fix4(f); return f }, "is a fragment"},
		{"offset", outer4, func(f []byte) []byte { f[21] = 1; fix4(f); return f }, "is a fragment"},
		{"TCP", outer4, func(f []byte) []byte { f[23] = 6; fix4(f); return f }, "IPv4 protocol is 6"},
		{"header checksum", outer4, func(f []byte) []byte { f[24] ^= 1; return f }, "IPv4 header checksum is"},
		{"UDP port", outer4, func(f []byte) []byte { f[37]++; return f }, "UDP destination port is 4790"},
		{"UDP length", outer4, func(f []byte) []byte { f[39]--; return f }, "UDP length is 35; the packet carries 36"},
		{"UDP checksum on IPv4", outer4, func(f []byte) []byte { f[41] = 1; return f }, "must be zero over IPv4"},
		{"VXLAN flags", outer4, func(f []byte) []byte { f[42] = 0x0c; return f }, "VXLAN flags are 0x0c"},
		{"VXLAN reserved", outer4, func(f []byte) []byte { f[44] = 1; return f }, "VXLAN reserved bits are 000100 and 00"},
		{"VXLAN last byte", outer4, func(f []byte) []byte { f[49] = 7; return f }, "VXLAN reserved bits are 000000 and 07"},
		{"cut UDP", outer4, func(f []byte) []byte { f = f[:40]; f[17] = 26; fix4(f); return f }, "UDP header has 6 bytes"},
		{"cut VXLAN", outer4, func(f []byte) []byte { f = f[:45]; f[17], f[39] = 31, 11; fix4(f); return f }, "VXLAN header has 3 bytes"},
		{"cut IPv6", outer6, func(f []byte) []byte { return f[:53] }, "IPv6 header has 39 bytes"},
		{"IPv6 version", outer6, func(f []byte) []byte { f[14] = 0x40; return f }, "IPv6 version is 4"},
		{"IPv6 length", outer6, func(f []byte) []byte { return f[:len(f)-1] }, "IPv6 payload length is 36; the frame carries 35"},
		{"IPv6 next header", outer6, func(f []byte) []byte { f[20] = 0; return f }, "IPv6 next header is 0"},
		{"no checksum", outer6, func(f []byte) []byte { f[60], f[61] = 0, 0; return f }, "UDP checksum is zero"},
		{"inner bit", outer6, func(f []byte) []byte { f[80] ^= 4; return f }, "UDP checksum is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			template := mustTemplate(t, c.outer)
			frame := c.spoil(template.Encapsulate(nil, innerFrame(20), 50000))
			p, err := Decode(frame)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			if !reflect.DeepEqual(p, Packet{}) {
				t.Errorf("a packet came with the error: %+v", p)
			}
		})
	}
}

func TestDecodeAcceptsWhatRoutersChange(t *testing.T) {
	for _, o := range []Outer{outer4, outer6} {
		template := mustTemplate(t, o)
		frame := template.Encapsulate(nil, innerFrame(20), 50000)
		if o.Src.Is4() {
			frame[15], frame[22] = 0xb8, 7
			fix4(frame)
		} else {
			frame[14], frame[15], frame[21] = 0x6b, 0x80, 7
		}
		p, err := Decode(frame)
		if err != nil || p.HopLimit != 7 || p.TrafficClass != 0xb8 {
			t.Errorf("hop limit %d, traffic class %#x, error %v; want 7, 0xb8, nil", p.HopLimit, p.TrafficClass, err)
		}
	}
}

// FuzzDecode: never panics, and what is accepted is what Encapsulate makes of the same fields.
func FuzzDecode(f *testing.F) {
	for _, o := range []Outer{outer4, outer6} {
		template := mustTemplate(f, o)
		f.Add(template.Encapsulate(nil, innerFrame(61), 50000))
		f.Add(template.Bytes)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, err := Decode(frame)
		if err != nil {
			if p.Inner != nil {
				t.Error("inner bytes came with an error")
			}
			return
		}
		template, err := NewTemplate(p.Outer)
		if err != nil {
			// Mapped addresses and VNI 0 are legal on the wire and not ours to send.
			if p.VNI != 0 && !p.Src.Is4In6() && !p.Dst.Is4In6() {
				t.Fatalf("decoded outer header cannot be made: %v", err)
			}
			return
		}
		again, err := Decode(template.Encapsulate(nil, p.Inner, p.SrcPort))
		p.TrafficClass, p.HopLimit = 0, hopLimit
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("again: %+v, %v; want %+v", again, err, p)
		}
	})
}
