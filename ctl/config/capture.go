package config

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes of the pcap format (draft-ietf-opsawg-pcap sections 4 and 5), bytes.
const (
	pcapFileHeader   = 24
	pcapRecordHeader = 16
	maxCaptured      = 262144 // libpcap refuses longer frames
)

// maxFrame is the longest frame that fits an mbuf chain's 16-bit lengths, bytes. net_pcap of DPDK
// 22.11 crashes on longer ones.
const maxFrame = 65535

const repair = `repair it with "editcap -F pcap BAD GOOD" or capture it again`

// walkCapture reads the headers of the capture called path from its start. It returns the number
// of its frames, or what is wrong with it, as the end of a sentence that begins with path.
func walkCapture(path string, file io.Reader) (frames int, err error) {
	r := bufio.NewReaderSize(file, 1<<18)
	magic, err := r.Peek(4)
	switch {
	case err == io.EOF && len(magic) == 0:
		return 0, errors.New("is empty; give a pcap or pcapng capture")
	case err != nil && err != io.EOF:
		return 0, fmt.Errorf("cannot be read (%w); make it readable for this user", rootCause(err))
	case len(magic) < 4:
		return 0, errNotCapture
	}
	if binary.LittleEndian.Uint32(magic) == blockSection {
		return walkBlocks(path, r)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case 0xa1b2c3d4, 0xa1b23c4d: // micro- and nanoseconds
			return walkRecords(path, r, order)
		}
	}
	return 0, errNotCapture
}

var errNotCapture = errors.New("is not a capture; give a pcap or pcapng file, not compressed")

func errTooLong(path string, frame int, length uint32) error {
	return fmt.Errorf(`has a frame of %d bytes (frame %d), but a DPDK frame has at most %d; cut it, for example with "editcap -s %d %s GOOD"`,
		length, frame, maxFrame, maxFrame, path)
}

// pcapFile is what the header of a pcap says about its records.
type pcapFile struct {
	order   binary.ByteOrder
	version [2]uint16
	snapLen uint32 // libpcap cuts longer frames to it
}

func readPcapFile(r *bufio.Reader, order binary.ByteOrder) (pcapFile, error) {
	header := make([]byte, pcapFileHeader)
	if _, err := io.ReadFull(r, header); err != nil {
		return pcapFile{}, errors.New("is a truncated pcap: it ends in the file header; " + repair)
	}
	f := pcapFile{order, [2]uint16{order.Uint16(header[4:]), order.Uint16(header[6:])}, order.Uint32(header[16:])}
	if f.snapLen == 0 || f.snapLen > maxCaptured {
		f.snapLen = maxCaptured // what libpcap takes nonsense for
	}
	return f, nil
}

// captured returns the length of a record's data. It was the second of the two lengths before
// version 2.3, and either one in version 2.3, where libpcap takes the smaller.
func (f *pcapFile) captured(record []byte) uint32 {
	first, second := f.order.Uint32(record[8:]), f.order.Uint32(record[12:])
	switch major, minor := f.version[0], f.version[1]; {
	case major == 2 && minor < 3:
		return second
	case major == 2 && minor == 3:
		return min(first, second)
	}
	return first
}

func walkRecords(path string, r *bufio.Reader, order binary.ByteOrder) (frames int, err error) {
	file, err := readPcapFile(r, order)
	if err != nil {
		return 0, err
	}
	header := make([]byte, pcapRecordHeader)
	for frame := 1; ; frame++ {
		switch _, err := io.ReadFull(r, header); err {
		case nil:
		case io.EOF:
			return frame - 1, nil
		default:
			return 0, fmt.Errorf("is a truncated pcap: it ends in the header of frame %d; %s", frame, repair)
		}
		length := file.captured(header)
		if length > maxCaptured {
			return 0, fmt.Errorf("is damaged: frame %d claims %d bytes, more than any capture holds; %s", frame, length, repair)
		}
		if n, _ := r.Discard(int(length)); n < int(length) {
			return 0, fmt.Errorf("is a truncated pcap: frame %d has %d of its %d bytes; %s", frame, n, length, repair)
		}
		if stored := min(length, file.snapLen); stored > maxFrame {
			return 0, errTooLong(path, frame, stored)
		}
	}
}
