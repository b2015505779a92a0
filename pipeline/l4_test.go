package pipeline

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"pgregory.net/rapid"

	"mirrorgw/rules"
)

// l4 is a frame of web's with a TCP or UDP segment, and where that is.
type l4 struct {
	frame           []byte
	start, end      int // of the segment
	udp, six        bool
	source, destiny []byte
}

// newL4 puts headers in front of a segment. chain are IPv6 extension headers or IPv4 options, in
// units of 8 or 4 bytes; tags are outer VLAN tags.
func newL4(udp, six bool, tags, chain, l4header int, payload []byte) *l4 {
	f := &l4{frame: append(clientMAC[:], webMAC[:]...), udp: udp, six: six}
	for range tags {
		f.frame = append(f.frame, 0x81, 0, 0, 10)
	}
	segment := append(make([]byte, l4header), payload...)
	copy(segment, []byte{0x9c, 0x40, 0, 99})
	protocol := byte(rules.ProtocolTCP)
	if udp {
		protocol = rules.ProtocolUDP
		binary.BigEndian.PutUint16(segment[4:], uint16(len(segment)))
	} else {
		segment[12] = byte(l4header/4) << 4
		for i := 20; i < l4header; i++ {
			segment[i] = 1 // no operation
		}
	}
	if six {
		f.appendIPv6(protocol, chain, len(segment))
	} else {
		f.appendIPv4(protocol, chain, len(segment))
	}
	f.start = len(f.frame)
	f.frame = append(f.frame, segment...)
	f.end = len(f.frame)
	return f
}

func (f *l4) appendIPv4(protocol byte, options, length int) {
	h := make([]byte, 20+4*options)
	for i := 20; i < len(h); i++ {
		h[i] = 1
	}
	h[0], h[8], h[9] = 0x40|byte(len(h)/4), 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+length))
	copy(h[12:], []byte{10, 0, 0, 5, 10, 0, 0, 9})
	f.source, f.destiny = h[12:16], h[16:20]
	f.frame = append(append(f.frame, 8, 0), h...)
}

func (f *l4) appendIPv6(protocol byte, chain, length int) {
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, protocol, 64
	binary.BigEndian.PutUint16(h[4:], uint16(8*chain+length))
	copy(h[8:], []byte{0x20, 1, 0xd, 0xb8, 15: 5})
	copy(h[24:], []byte{0x20, 1, 0xd, 0xb8, 15: 9})
	f.source, f.destiny = h[8:24], h[24:40]
	for i := range chain {
		next := byte(60)
		if i == chain-1 {
			next = protocol
		}
		h[6] = 60
		h = append(h, next, 0, 1, 4, 0, 0, 0, 0)
	}
	f.frame = append(append(f.frame, 0x86, 0xdd), h...)
}

func (f *l4) field() int {
	if f.udp {
		return f.start + 6
	}
	return f.start + 16
}

func (f *l4) checksum() uint16     { return binary.BigEndian.Uint16(f.frame[f.field():]) }
func (f *l4) setChecksum(c uint16) { binary.BigEndian.PutUint16(f.frame[f.field():], c) }

// setPartial leaves the checksum to a network card: the sum of the pseudo header.
func (f *l4) setPartial() {
	pseudo := append(append([]byte(nil), f.source...), f.destiny...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(f.end-f.start))
	protocol := uint16(rules.ProtocolTCP)
	if f.udp {
		protocol = rules.ProtocolUDP
	}
	f.setChecksum(sumOf(binary.BigEndian.AppendUint16(pseudo, protocol)))
}

func sumOf(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

// complete is the frame with the checksum that gopacket computes.
func (f *l4) complete(t rapid.TB) []byte {
	var network gopacket.NetworkLayer = &layers.IPv4{SrcIP: f.source, DstIP: f.destiny, Protocol: layers.IPProtocolTCP}
	if f.six {
		network = &layers.IPv6{SrcIP: f.source, DstIP: f.destiny, NextHeader: layers.IPProtocolTCP}
	}
	segment := f.frame[f.start:f.end]
	var transport gopacket.SerializableLayer
	var payload []byte
	if f.udp {
		l := &layers.UDP{}
		decode(t, l.DecodeFromBytes(segment, gopacket.NilDecodeFeedback), l.SetNetworkLayerForChecksum(network))
		transport, payload = l, l.Payload
	} else {
		l := &layers.TCP{}
		decode(t, l.DecodeFromBytes(segment, gopacket.NilDecodeFeedback), l.SetNetworkLayerForChecksum(network))
		transport, payload = l, l.Payload
	}
	buffer := gopacket.NewSerializeBuffer()
	decode(t, gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{ComputeChecksums: true}, transport, gopacket.Payload(payload)))
	whole := append([]byte(nil), f.frame...)
	at := f.field() - f.start
	copy(whole[f.field():], buffer.Bytes()[at:at+2])
	if f.udp && binary.BigEndian.Uint16(whole[f.field():]) == 0 {
		binary.BigEndian.PutUint16(whole[f.field():], 0xffff) // RFC 768; gopacket leaves 0
	}
	return whole
}

func decode(t rapid.TB, errs ...error) {
	for _, err := range errs {
		if err != nil {
			t.Fatalf("gopacket: %v", err)
		}
	}
}

func drawL4(t *rapid.T, longest int) *l4 {
	udp, six := rapid.Bool().Draw(t, "udp"), rapid.Bool().Draw(t, "six")
	header := 8
	if !udp {
		header = 4 * rapid.IntRange(5, 15).Draw(t, "doff")
	}
	n := rapid.OneOf(rapid.IntRange(0, 80), rapid.IntRange(0, longest)).Draw(t, "payload")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	f := newL4(udp, six, rapid.IntRange(0, 2).Draw(t, "tags"), rapid.IntRange(0, 3).Draw(t, "chain"), header, randomBytes(r, n))
	f.frame = append(f.frame, make([]byte, rapid.IntRange(0, 18).Draw(t, "padding"))...)
	return f
}

// partial is a segment of web's with a partial checksum.
func partial(udp bool, payload int) *l4 {
	header := 20
	if udp {
		header = 8
	}
	f := newL4(udp, false, 0, 0, header, bytes.Repeat([]byte{0xa5, 3}, payload/2))
	f.setPartial()
	return f
}
