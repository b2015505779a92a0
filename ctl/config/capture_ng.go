package config

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Numbers of the pcapng format (draft-ietf-opsawg-pcapng sections 3.1 and 4), sizes in bytes.
const (
	maxBlock       = 16 << 20 // libpcap refuses longer blocks
	minBlock       = 12
	blockSection   = 0x0a0d0d0a
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	sectionMagic   = 0x1a2b3c4d
	simpleOverhead = 16 // of a simple packet block: what is not frame
)

// walkBlocks walks pcapng; frames are counted over all interfaces.
func walkBlocks(path string, r *bufio.Reader) (frames int, err error) {
	var order binary.ByteOrder = binary.LittleEndian
	frame := 1
	for {
		header, err := r.Peek(minBlock)
		switch {
		case len(header) == 0 && err == io.EOF:
			return frame - 1, nil
		case err != nil:
			return 0, fmt.Errorf("is a truncated pcapng: it ends in the block header at frame %d; %s", frame, repair)
		}
		if binary.LittleEndian.Uint32(header) == blockSection {
			if order, err = sectionOrder(header[8:]); err != nil {
				return 0, err
			}
		}
		kind, length := order.Uint32(header), order.Uint32(header[4:])
		if length < minBlock || length%4 != 0 || length > maxBlock {
			return 0, fmt.Errorf("is damaged: the block at frame %d claims %d bytes; %s", frame, length, repair)
		}
		stored, isFrame := storedInBlock(r, order, kind, length)
		if n, _ := r.Discard(int(length)); n < int(length) {
			return 0, fmt.Errorf("is a truncated pcapng: the block at frame %d has %d of its %d bytes; %s", frame, n, length, repair)
		}
		if stored > maxFrame {
			return 0, errTooLong(path, frame, stored)
		}
		if isFrame {
			frame++
		}
	}
}

// storedInBlock returns how many bytes of a frame the block ahead holds, and whether it is a
// block of a frame at all. A block that is cut off is its caller's to find.
func storedInBlock(r *bufio.Reader, order binary.ByteOrder, kind, length uint32) (stored uint32, isFrame bool) {
	const lengthEnd = 24 // of the captured length of a packet block
	ahead, _ := r.Peek(int(min(length, lengthEnd)))
	switch kind {
	case blockPacket, blockEnhanced:
		if len(ahead) == lengthEnd {
			stored = order.Uint32(ahead[20:])
		}
		return stored, true
	case blockSimple: // says only how long the frame was on the wire
		if len(ahead) >= simpleOverhead {
			stored = min(order.Uint32(ahead[8:]), length-simpleOverhead)
		}
		return stored, true
	}
	return 0, false
}

func sectionOrder(magic []byte) (binary.ByteOrder, error) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(magic) == sectionMagic {
			return order, nil
		}
	}
	return nil, errNotCapture
}
