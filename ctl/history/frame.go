package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Every file is a sequence of frames. A frame is a header of headerBytes bytes, little-endian:
//
//	0  4  length of the body
//	4  4  how many bytes of the body, from its beginning, the checksum at 12 covers
//	8  4  kind of the frame
//	12 4  CRC-32C of these bytes
//	16 4  CRC-32C of the 16 bytes before
//
// and the body. A block's body is covered as far as its index goes; each chunk after it has a
// checksum of its own, so that opening a file does not mean reading all of it.
const headerBytes = 20

// maxBody bounds what a damaged length can ask for.
const maxBody = 1 << 30

type frameKind uint32

const (
	frameBegin  frameKind = 1 // the first of each file; the body is magic
	frameNames  frameKind = 2
	frameMinute frameKind = 3
	frameBlock  frameKind = 4
)

// magic has the version of everything in the file.
var magic = []byte("mirrorgw history 1\n")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that a file ends within a frame, as it does after a kill or a full disk.
var errTorn = errors.New("the file ends in the middle of a record")

// appendFrame adds a frame whose checksum covers the first covered bytes of the body.
func appendFrame(dst []byte, kind frameKind, body []byte, covered int) []byte {
	var h [headerBytes]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(len(body)))
	binary.LittleEndian.PutUint32(h[4:], uint32(covered))
	binary.LittleEndian.PutUint32(h[8:], uint32(kind))
	binary.LittleEndian.PutUint32(h[12:], crc32.Checksum(body[:covered], castagnoli))
	binary.LittleEndian.PutUint32(h[16:], crc32.Checksum(h[:16], castagnoli))
	return append(append(dst, h[:]...), body...)
}

// frame is a frame of a file, with what its checksum covers.
type frame struct {
	kind    frameKind
	body    int64 // offset of the body in the file
	length  int   // of the body
	covered []byte
}

// end is the offset of what follows the frame.
func (f *frame) end() int64 { return f.body + int64(f.length) }

// readFrame reads the frame at an offset of a file of a size. io.EOF: there is none; errTorn: it is
// not all there; any other error: it is damaged.
func readFrame(r io.ReaderAt, at, size int64) (*frame, error) {
	if at == size {
		return nil, io.EOF
	}
	if size-at < headerBytes {
		return nil, errTorn
	}
	var h [headerBytes]byte
	if _, err := r.ReadAt(h[:], at); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(h[16:]) != crc32.Checksum(h[:16], castagnoli) {
		return nil, unlessZero(r, at, size, fmt.Errorf("the record at byte %d has a damaged header", at))
	}
	f := &frame{kind: frameKind(binary.LittleEndian.Uint32(h[8:])), body: at + headerBytes, length: int(binary.LittleEndian.Uint32(h[0:]))}
	covered := int(binary.LittleEndian.Uint32(h[4:]))
	if f.length > maxBody || covered > f.length {
		return nil, fmt.Errorf("the record at byte %d has impossible lengths", at)
	}
	if f.end() > size {
		return nil, errTorn
	}
	f.covered = make([]byte, covered)
	if _, err := r.ReadAt(f.covered, f.body); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(h[12:]) != crc32.Checksum(f.covered, castagnoli) {
		if f.end() == size {
			return nil, errTorn // the length reached the disk before the bytes did
		}
		return nil, fmt.Errorf("the record at byte %d is damaged", at)
	}
	return f, nil
}

// unlessZero returns errTorn where nothing but zeros follows, as after a power cut, else err.
func unlessZero(r io.ReaderAt, at, size int64, err error) error {
	rest := io.NewSectionReader(r, at, size-at)
	buffer := make([]byte, 64<<10)
	for {
		n, readErr := rest.Read(buffer)
		if len(bytes.Trim(buffer[:n], "\x00")) > 0 {
			return err
		}
		if readErr == io.EOF {
			return errTorn
		}
		if readErr != nil {
			return readErr
		}
	}
}

// checkBegin looks at the first frame of a file and returns the offset of what follows.
func checkBegin(r io.ReaderAt, size int64) (int64, error) {
	f, err := readFrame(r, 0, size)
	if err == io.EOF {
		return 0, errTorn
	}
	if err != nil {
		return 0, err
	}
	if f.kind != frameBegin || !bytes.Equal(f.covered, magic) {
		return 0, errors.New("the file is no history of this version")
	}
	return f.end(), nil
}
