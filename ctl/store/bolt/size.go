package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// A bbolt file begins with two meta pages. Each has, after a page header of 16 bytes: magic (4),
// version (4), page size (4), flags (4), root bucket (16), freelist page (8), number of pages in
// use (8), transaction (8), checksum (8), all in the byte order of the machine.
const (
	pageHeader = 16
	metaMagic  = 0xED0CDAED
	metaLength = 64
)

// checkSize refuses a file that is shorter than its own meta pages say: bbolt maps it into memory,
// and what lies behind its end would be a fault.
func checkSize(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // it is new, or bbolt says what is wrong with it
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil
	}
	need := int64(0)
	if pages, size, ok := readMeta(f, 0); ok {
		need = pages * size
		if pages2, size2, ok := readMeta(f, size); ok {
			need = min(need, pages2*size2) // the older of the two may be all that a crash left
		}
	}
	if info.Size() < need {
		return damaged(path, fmt.Sprintf("it has %d bytes and should have %d", info.Size(), need))
	}
	return nil
}

// readMeta reads the number of pages and their size from the meta page at an offset.
func readMeta(f *os.File, offset int64) (pages, size int64, ok bool) {
	var meta [metaLength]byte
	if _, err := f.ReadAt(meta[:], offset+pageHeader); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, false
	}
	if binary.NativeEndian.Uint32(meta[0:]) != metaMagic {
		return 0, 0, false
	}
	size = int64(binary.NativeEndian.Uint32(meta[8:]))
	pages = int64(binary.NativeEndian.Uint64(meta[40:]))
	return pages, size, size >= 1024 && size <= 1<<20 && pages > 0 && pages < 1<<32
}
