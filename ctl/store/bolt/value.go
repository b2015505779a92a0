package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcLength = 4

// seal puts the checksum before a value. head, if any, comes between the two.
func seal(key []byte, head []byte, content []byte) []byte {
	value := make([]byte, crcLength, crcLength+len(head)+len(content))
	value = append(append(value, head...), content...)
	binary.BigEndian.PutUint32(value, sum(key, value[crcLength:]))
	return value
}

func sum(key, content []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, content)
}

// unseal checks a value and returns a copy of its head and its content.
func unseal(key, value []byte, head int) (front, content []byte, err error) {
	if len(value) < crcLength+head {
		return nil, nil, fmt.Errorf("the value of %q has only %d bytes", key, len(value))
	}
	if binary.BigEndian.Uint32(value) != sum(key, value[crcLength:]) {
		return nil, nil, fmt.Errorf("the value of %q is not what was written", key)
	}
	whole := append([]byte(nil), value[crcLength:]...)
	return whole[:head:head], whole[head:], nil
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
