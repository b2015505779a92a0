package vxlan

import "encoding/binary"

// sumWords adds data, as big-endian 16-bit words, to a one's complement sum (RFC 1071 section 1).
// An odd last byte counts as if a zero byte followed. The sum stays unfolded; 64 bits take any
// frame.
func sumWords(sum uint64, data []byte) uint64 {
	for len(data) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(data))
		data = data[2:]
	}
	if len(data) == 1 {
		sum += uint64(data[0]) << 8
	}
	return sum
}

// foldSum adds the carries back in until 16 bits are left.
func foldSum(sum uint64) uint16 {
	for sum > maxUint16 {
		sum = sum&maxUint16 + sum>>16
	}
	return uint16(sum)
}
