package traffic

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// extension is one IPv6 extension header: its protocol number and its bytes, the first of which
// (Next Header) is filled in when the chain is put together.
type extension struct {
	number uint8
	bytes  []byte
}

// padN8 is what hop-by-hop and destination options hold here: length 0 (8 bytes) and a PadN option
// of 4 bytes (RFC 8200 sections 4.2 and 4.3).
var padN8 = []byte{0, 0, 1, 4, 0, 0, 0, 0}

// HopByHop appends a hop-by-hop options header (RFC 8200 section 4.3). Implies IPv6.
func (p Packet) HopByHop() Packet { return p.extended(0, padN8) }

// DestinationOptions appends a destination options header (RFC 8200 section 4.6). Implies IPv6.
func (p Packet) DestinationOptions() Packet { return p.extended(60, padN8) }

// Routing appends a routing header of experimental type 253 with no segments left (RFC 8200
// section 4.4), so that the destination in the IPv6 header is the final one. Implies IPv6.
func (p Packet) Routing() Packet { return p.extended(43, []byte{0, 0, 253, 0, 0, 0, 0, 0}) }

// AH appends an authentication header with 12 bytes of integrity check value (RFC 4302 section 2);
// its length field counts 4-byte units, unlike every other header here. Implies IPv6.
func (p Packet) AH() Packet {
	b := make([]byte, 24)
	b[1] = 24/4 - 2
	binary.BigEndian.PutUint32(b[4:], 0x100) // security parameters index
	binary.BigEndian.PutUint32(b[8:], 1)     // sequence number
	return p.extended(51, b)
}

// AtomicFragment appends a fragment header that says "first and only fragment" (RFC 6946).
// Implies IPv6.
func (p Packet) AtomicFragment() Packet {
	h := fragmentHeader(0, false, p.id)
	return p.extended(h.number, h.bytes)
}

func (p Packet) extended(number uint8, header []byte) Packet {
	p.ipv6 = true
	p.extensions = append(append([]extension{}, p.extensions...), extension{number, header})
	return p
}

// fragmentHeader is RFC 8200 section 4.5; offset is in bytes, a multiple of 8.
func fragmentHeader(offset int, more bool, id uint32) extension {
	b := make([]byte, 8)
	binary.BigEndian.PutUint16(b[2:], uint16(offset)) // 13 bits of 8-byte units, then 3 flag bits
	if more {
		b[3] |= 1
	}
	binary.BigEndian.PutUint32(b[4:], id)
	return extension{uint8(layers.IPProtocolIPv6Fragment), b}
}

// joinExtensions returns the number of the first header and the bytes of the whole chain, the last
// of which points at protocol.
func joinExtensions(chain []extension, protocol uint8) (first uint8, joined []byte) {
	next := protocol
	for i := len(chain) - 1; i >= 0; i-- {
		header := append([]byte{next}, chain[i].bytes[1:]...)
		joined = append(header, joined...)
		next = chain[i].number
	}
	return next, joined
}
