package history

import (
	"encoding/binary"
	"errors"
)

var errMalformed = errors.New("a record has a good checksum and makes no sense")

// appendName adds the number that a file gives a key.
func appendName(dst []byte, id uint32, k *Key) []byte {
	dst = binary.AppendUvarint(dst, uint64(id))
	dst = append(dst, byte(k.Kind), byte(k.Step))
	for _, text := range []string{k.Account, k.Name, k.Dimension, k.Group, k.Image, k.Type} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return dst
}

// eachName calls do for each key of a frameNames.
func eachName(body []byte, do func(id uint32, k Key) error) error {
	r := reader{rest: body}
	for len(r.rest) > 0 {
		id := r.uvarint()
		k := Key{Kind: Kind(r.byte()), Step: int(r.byte())}
		for _, text := range []*string{&k.Account, &k.Name, &k.Dimension, &k.Group, &k.Image, &k.Type} {
			*text = string(r.bytes(r.uvarint()))
		}
		if r.failed || id >= maxIDs || !k.valid() {
			return errMalformed
		}
		if err := do(uint32(id), k); err != nil {
			return err
		}
	}
	return nil
}

// maxIDs is how many keys one file may number.
const maxIDs = 1 << 22

// reader takes values from bytes. After the first failure everything is zero.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fail() { r.failed, r.rest = true, nil }
