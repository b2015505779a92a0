package history

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A chunk is the slots of one series in one hour:
//
//	uvarint  length of what follows, without the checksum
//	uvarint  set of slots that are present
//	uvarint  set of columns that are not all 0; for each of them, one of
//	         0, varint           all present slots have this value
//	         1, varint ...       a value for each present slot
//	         2, varint ...       the first value, and differences
//	4 bytes  CRC-32C of what is between, little-endian
const (
	encodedSame  = 0
	encodedPlain = 1
	encodedDelta = 2
)

// appendChunk encodes slots.
func appendChunk(dst []byte, s *slots) []byte {
	var body []byte
	body = binary.AppendUvarint(body, s.present)
	var set uint64
	for i := range s.columns {
		if s.columns[i] != nil && !allZero(s.columns[i]) {
			set |= 1 << i
		}
	}
	body = binary.AppendUvarint(body, set)
	values := make([]int64, 0, hourMinutes)
	for i := range s.columns {
		if set>>i&1 == 1 {
			values = values[:0]
			for rest := s.present; rest != 0; rest &= rest - 1 {
				values = append(values, s.columns[i][bits.TrailingZeros64(rest)])
			}
			body = appendColumn(body, values)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	dst = append(dst, body...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(body, castagnoli))
}

func allZero(values []int64) bool {
	for _, v := range values {
		if v != 0 {
			return false
		}
	}
	return true
}

// appendColumn encodes values the shortest way.
func appendColumn(dst []byte, values []int64) []byte {
	same := true
	plain, delta := []byte{encodedPlain}, []byte{encodedDelta}
	last := int64(0)
	for _, v := range values {
		same = same && v == values[0]
		plain = binary.AppendVarint(plain, v)
		delta = binary.AppendVarint(delta, v-last)
		last = v
	}
	switch {
	case same:
		return binary.AppendVarint(append(dst, encodedSame), values[0])
	case len(delta) < len(plain):
		return append(dst, delta...)
	}
	return append(dst, plain...)
}

// chunkBody takes a chunk from the beginning of data. need > 0: data ends before the chunk does, which
// has that many bytes.
func chunkBody(data []byte) (body []byte, need int, err error) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > maxChunk {
		return nil, 0, errMalformed
	}
	end := n + int(length)
	if len(data) < end+4 {
		return nil, end + 4, nil
	}
	body = data[n:end]
	if binary.LittleEndian.Uint32(data[end:]) != crc32.Checksum(body, castagnoli) {
		return nil, 0, errMalformed
	}
	return body, 0, nil
}

// maxChunk is more than a chunk can have: a set of slots, one of columns, and 60 values of 10 bytes in
// each.
const maxChunk = 20 + maxColumns*(1+hourMinutes*binary.MaxVarintLen64)

// decodeChunk reads the body of a chunk of a key.
func decodeChunk(body []byte, k *Key) (*slots, error) {
	r := reader{rest: body}
	s := &slots{present: r.uvarint()}
	set := r.uvarint()
	n := len(columns[k.Kind])
	if s.present>>slotsOf(k.Step) != 0 || set>>n != 0 {
		return nil, errMalformed
	}
	s.columns = make([][]int64, n)
	for i := range n {
		if set>>i&1 == 1 {
			s.columns[i] = r.column(s.present, slotsOf(k.Step))
		}
	}
	if r.failed || len(r.rest) > 0 {
		return nil, errMalformed
	}
	return s, nil
}

func (r *reader) column(present uint64, n int) []int64 {
	values := make([]int64, n)
	mode, last := r.byte(), int64(0)
	if mode > encodedDelta {
		r.fail()
	}
	if mode == encodedSame {
		last = r.varint()
	}
	for rest := present; rest != 0; rest &= rest - 1 {
		switch mode {
		case encodedPlain:
			last = r.varint()
		case encodedDelta:
			last += r.varint()
		}
		if last < 0 {
			r.fail()
		}
		values[bits.TrailingZeros64(rest)] = last
	}
	return values
}
