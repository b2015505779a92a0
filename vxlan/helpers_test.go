package vxlan

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

var (
	outer4 = Outer{
		SrcMAC: [6]byte{2, 0, 0, 0, 0, 1}, DstMAC: [6]byte{2, 0, 0, 0, 2, 0x10},
		Src: netip.MustParseAddr("10.0.0.5"), Dst: netip.MustParseAddr("192.0.2.10"), VNI: 0x123456,
	}
	outer6 = Outer{
		SrcMAC: [6]byte{2, 0, 0, 0, 0, 1}, DstMAC: [6]byte{2, 0, 0, 0, 2, 0x10},
		Src: netip.MustParseAddr("2001:db8::5"), Dst: netip.MustParseAddr("2001:db8:2::10"), VNI: 100,
	}
)

func mustTemplate(t testing.TB, o Outer) Template {
	t.Helper()
	template, err := NewTemplate(o)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// unhex reads hex digits, white space ignored.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// innerFrame is a frame of n bytes that is not all the same.
func innerFrame(n int) []byte {
	return bytes.Repeat([]byte{0x02, 0x11, 0xfe, 0x33, 0x80, 0x55, 0xff}, n/7+1)[:n]
}
