package traffic

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// Begin is the time of the first frame in every file that Write makes; each further frame is one
// millisecond later. A fixed time keeps files the same from run to run.
var Begin = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

const snapLength = 262144 // the usual limit of libpcap; nothing here is longer

// Write writes frames into a capture file: pcap, nanosecond times, link type Ethernet. It replaces
// a file that is there.
func Write(path string, frames [][]byte) error {
	var buffer bytes.Buffer
	if err := Encode(&buffer, frames); err != nil {
		return fmt.Errorf("cannot build capture %s: %w", path, err)
	}
	return os.WriteFile(path, buffer.Bytes(), 0o644)
}

// Encode is Write into any writer.
func Encode(to io.Writer, frames [][]byte) error {
	w := pcapgo.NewWriterNanos(to)
	if err := w.WriteFileHeader(snapLength, layers.LinkTypeEthernet); err != nil {
		return err
	}
	for i, frame := range frames {
		at := Begin.Add(time.Duration(i) * time.Millisecond)
		info := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(frame), Length: len(frame)}
		if err := w.WritePacket(info, frame); err != nil {
			return fmt.Errorf("frame %d: %w", i, err)
		}
	}
	return nil
}

// Read returns the frames of a capture file: pcap with microseconds or nanoseconds in either byte
// order, or pcapng. A file that ends in the middle of a frame gives the frames before it and an
// error that says so. The caller owns the frames.
func Read(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	frames, err := Decode(bufio.NewReader(file))
	if err != nil {
		return frames, fmt.Errorf("capture %s: %w", path, err)
	}
	return frames, nil
}

// Decode is Read from any reader that can look ahead.
func Decode(from *bufio.Reader) ([][]byte, error) {
	packets, err := open(from)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for {
		frame, _, err := packets.ReadPacketData()
		if errors.Is(err, io.EOF) { // not io.ErrUnexpectedEOF, which is a cut frame
			return frames, nil
		}
		if err != nil {
			return frames, fmt.Errorf("frame %d is cut short or damaged: %w", len(frames), err)
		}
		frames = append(frames, frame)
	}
}

const pcapngMagic = 0x0a0d0d0a // section header block, the same in both byte orders

func open(from *bufio.Reader) (gopacket.PacketDataSource, error) {
	magic, err := from.Peek(4)
	if err != nil {
		return nil, fmt.Errorf("not a capture, shorter than 4 bytes: %w", err)
	}
	if binary.BigEndian.Uint32(magic) == pcapngMagic {
		return pcapgo.NewNgReader(from, pcapgo.DefaultNgReaderOptions)
	}
	return pcapgo.NewReader(from)
}
