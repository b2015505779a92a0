package pcapng

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// maxBlock is the longest block that a Reader takes, bytes: the longest packet, with its options.
const maxBlock = 1 << 20

// Reader reads what a Writer has written, block by block.
type Reader struct {
	r          io.Reader
	interfaces []Interface
	block      []byte
}

// NewReader reads from r, which is read with small reads too.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Interface is one that has been told of before a packet.
func (r *Reader) Interface(number int) *Interface { return &r.interfaces[number] }

// Packet reads up to the next packet, which is valid until the next call. io.EOF: there is none, and the
// section is whole.
func (r *Reader) Packet() (*Packet, error) {
	for {
		kind, body, err := r.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case blockSection:
			if len(body) < 16 || binary.LittleEndian.Uint32(body) != byteOrderMagic {
				return nil, fmt.Errorf("the section of the capture cannot be read: its byte order is not little-endian")
			}
		case blockInterface:
			if err := r.tellInterface(body); err != nil {
				return nil, err
			}
		case blockPacket:
			return r.packet(body)
		}
	}
}

// next reads a block. Its length stands in front of its body and behind it (section 3.1).
func (r *Reader) next() (kind uint32, body []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint32(head[4:])
	if length < 12 || length > maxBlock || length%4 != 0 {
		return 0, nil, fmt.Errorf("a block of the capture has %d bytes; at most %d, by fours, are taken", length, maxBlock)
	}
	if n := int(length - 8); cap(r.block) < n {
		r.block = make([]byte, n)
	}
	r.block = r.block[:length-8]
	if _, err := io.ReadFull(r.r, r.block); err != nil {
		return 0, nil, cutOff(err)
	}
	return binary.LittleEndian.Uint32(head[:]), r.block[:length-12], nil
}

// cutOff makes of the end of the file within a block what it is.
func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *Reader) tellInterface(body []byte) error {
	if len(body) < 8 || binary.LittleEndian.Uint16(body) != linkEthernet {
		return fmt.Errorf("interface %d of the capture is not Ethernet", len(r.interfaces))
	}
	i := Interface{Snap: binary.LittleEndian.Uint32(body[4:])}
	eachOption(body[8:], func(code uint16, value []byte) {
		switch code {
		case interfaceName:
			i.Name = string(value)
		case interfaceDescription:
			i.Description = string(value)
		}
	})
	r.interfaces = append(r.interfaces, i)
	return nil
}

func (r *Reader) packet(body []byte) (*Packet, error) {
	if len(body) < 20 {
		return nil, fmt.Errorf("a packet of the capture has no head")
	}
	number, captured := binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[12:])
	if int(number) >= len(r.interfaces) || int64(captured) > int64(len(body)-20) {
		return nil, fmt.Errorf("a packet of the capture is of interface %d of %d, or has less than its %d bytes", number, len(r.interfaces), captured)
	}
	ns := uint64(binary.LittleEndian.Uint32(body[4:]))<<32 | uint64(binary.LittleEndian.Uint32(body[8:]))
	p := &Packet{Interface: int(number), Time: time.Unix(0, int64(ns)).UTC(), Length: int(binary.LittleEndian.Uint32(body[16:])), Data: body[20 : 20+captured]}
	eachOption(body[min(len(body), int(20+captured+3)&^3):], func(code uint16, value []byte) {
		switch {
		case code == optionComment:
			p.Comment = string(value)
		case code == packetFlags && len(value) == 4:
			p.Outbound = binary.LittleEndian.Uint32(value)&3 == outbound
		}
	})
	return p, nil
}

// eachOption goes through options as far as they are whole.
func eachOption(options []byte, do func(code uint16, value []byte)) {
	for len(options) >= 4 {
		code, length := binary.LittleEndian.Uint16(options), int(binary.LittleEndian.Uint16(options[2:]))
		if code == optionEnd || 4+length > len(options) {
			return
		}
		do(code, options[4:4+length])
		options = options[min(len(options), (4+length+3)&^3):]
	}
}
