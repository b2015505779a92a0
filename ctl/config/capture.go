package config

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes of the pcap format (draft-ietf-opsawg-pcap sections 4 and 5) and of pcapng
// (draft-ietf-opsawg-pcapng sections 3.1 and 4.1), bytes.
const (
	pcapFileHeader   = 24
	pcapRecordHeader = 16
	maxCaptured      = 262144   // libpcap refuses longer frames
	maxBlock         = 16 << 20 // libpcap refuses longer pcapng blocks
	minBlock         = 12
	blockSection     = 0x0a0d0d0a
	sectionMagic     = 0x1a2b3c4d
)

const repair = `repair it with "editcap -F pcap BAD GOOD" or capture it again`

// walkCapture reads the headers of a capture from its start and returns what is wrong with it,
// as the end of a sentence that begins with the name of the file.
func walkCapture(file io.Reader) error {
	r := bufio.NewReaderSize(file, 1<<18)
	magic, err := r.Peek(4)
	switch {
	case err == io.EOF && len(magic) == 0:
		return errors.New("is empty; give a pcap or pcapng capture")
	case err != nil && err != io.EOF:
		return fmt.Errorf("cannot be read (%w); make it readable for this user", rootCause(err))
	case len(magic) < 4:
		return errNotCapture
	}
	if binary.LittleEndian.Uint32(magic) == blockSection {
		return walkBlocks(r)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case 0xa1b2c3d4, 0xa1b23c4d: // micro- and nanoseconds
			return walkRecords(r, order)
		}
	}
	return errNotCapture
}

var errNotCapture = errors.New("is not a capture; give a pcap or pcapng file, not compressed")

func walkRecords(r *bufio.Reader, order binary.ByteOrder) error {
	if n, _ := r.Discard(pcapFileHeader); n < pcapFileHeader {
		return errors.New("is a truncated pcap: it ends in the file header; " + repair)
	}
	header := make([]byte, pcapRecordHeader)
	for frame := 1; ; frame++ {
		switch _, err := io.ReadFull(r, header); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return fmt.Errorf("is a truncated pcap: it ends in the header of frame %d; %s", frame, repair)
		}
		length := order.Uint32(header[8:])
		if length > maxCaptured {
			return fmt.Errorf("is damaged: frame %d claims %d bytes, more than any capture holds; %s", frame, length, repair)
		}
		if n, _ := r.Discard(int(length)); n < int(length) {
			return fmt.Errorf("is a truncated pcap: frame %d has %d of its %d bytes; %s", frame, n, length, repair)
		}
	}
}

// walkBlocks walks pcapng; frames are counted over all interfaces.
func walkBlocks(r *bufio.Reader) error {
	var order binary.ByteOrder = binary.LittleEndian
	frame := 1
	for {
		header, err := r.Peek(minBlock)
		switch {
		case len(header) == 0 && err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("is a truncated pcapng: it ends in the block header at frame %d; %s", frame, repair)
		}
		if binary.LittleEndian.Uint32(header) == blockSection {
			if order, err = sectionOrder(header[8:]); err != nil {
				return err
			}
		}
		kind, length := order.Uint32(header), order.Uint32(header[4:])
		if length < minBlock || length%4 != 0 || length > maxBlock {
			return fmt.Errorf("is damaged: the block at frame %d claims %d bytes; %s", frame, length, repair)
		}
		if n, _ := r.Discard(int(length)); n < int(length) {
			return fmt.Errorf("is a truncated pcapng: the block at frame %d has %d of its %d bytes; %s", frame, n, length, repair)
		}
		switch kind {
		case 2, 3, 6: // packet (obsolete), simple packet, enhanced packet
			frame++
		}
	}
}

func sectionOrder(magic []byte) (binary.ByteOrder, error) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(magic) == sectionMagic {
			return order, nil
		}
	}
	return nil, errNotCapture
}
