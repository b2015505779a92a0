package history

import (
	"encoding/binary"
	"io"
)

// A block is one hour, or part of one, of many series. Its body, little-endian:
//
//	0  8  the hour, in hours since 1970
//	8  8  identity of the head that it was made of
//	16 8  set of minutes that were sampled
//	24 8  set of those that are partial
//	32 4  entries of the index
//	36 4  an entry for each key that the file had numbered: offset of its chunk in the body, 0: none
//	...   chunks
const blockHeader = 36

// block is what is known of a block without reading it.
type block struct {
	cover
	head    uint64
	entries uint32
	body    int64 // offset in the file
	length  int
}

// cover says which minutes of an hour were sampled, and which of these not as they should be.
type cover struct {
	hour             int64 // hours since 1970
	sampled, partial uint64
}

// parseBlock reads the covered part of a frameBlock. do is called with the number of every key that
// has a chunk.
func parseBlock(f *frame, do func(id uint32) error) (*block, error) {
	c := f.covered
	if len(c) < blockHeader {
		return nil, errMalformed
	}
	b := &block{
		cover: cover{int64(binary.LittleEndian.Uint64(c[0:])), binary.LittleEndian.Uint64(c[16:]), binary.LittleEndian.Uint64(c[24:])},
		head:  binary.LittleEndian.Uint64(c[8:]), entries: binary.LittleEndian.Uint32(c[32:]), body: f.body, length: f.length,
	}
	if uint64(len(c)) != blockHeader+4*uint64(b.entries) || b.sampled>>hourMinutes != 0 || b.hour < 0 || b.hour > maxHour {
		return nil, errMalformed
	}
	for id := range b.entries {
		at := binary.LittleEndian.Uint32(c[blockHeader+4*id:])
		if at == 0 {
			continue
		}
		if int(at) < len(c) || int(at) >= f.length {
			return nil, errMalformed
		}
		if err := do(id); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// maxHour is beyond the year 9999 and far from overflows.
const maxHour = 1 << 27

// usualChunk is what is read of a chunk at first, bytes: most are shorter.
const usualChunk = 512

// chunk reads the chunk of a key. nil: the block has none.
func (b *block) chunk(r io.ReaderAt, id uint32, k *Key) (*slots, error) {
	if id >= b.entries {
		return nil, nil
	}
	var entry [4]byte
	if _, err := r.ReadAt(entry[:], b.body+blockHeader+4*int64(id)); err != nil {
		return nil, err
	}
	at := int(binary.LittleEndian.Uint32(entry[:]))
	if at == 0 {
		return nil, nil
	}
	need := usualChunk
	for {
		data := make([]byte, max(0, min(need, b.length-at)))
		if _, err := r.ReadAt(data, b.body+int64(at)); err != nil {
			return nil, err
		}
		body, more, err := chunkBody(data)
		if err != nil {
			return nil, err
		}
		if more == 0 {
			return decodeChunk(body, k)
		}
		if more <= len(data) || more > b.length-at {
			return nil, errMalformed
		}
		need = more
	}
}

// blockBuilder makes a block, with the names that its file does not have yet.
type blockBuilder struct {
	names  []byte // body of a frameNames
	index  []uint32
	chunks []byte
	budget int // bytes of all that may still be added
}

// put adds a chunk for a number. name is what to add to the names; nil: it is there. false: there is
// no space.
func (b *blockBuilder) put(id uint32, name, chunk []byte) bool {
	grow := max(0, int(id)+1-len(b.index))
	cost := len(name) + len(chunk) + 4*grow
	if cost > b.budget || int(id) >= maxIDs {
		return false
	}
	b.budget -= cost
	b.names = append(b.names, name...)
	b.index = append(b.index, make([]uint32, grow)...)
	b.index[id] = uint32(len(b.chunks)) + 1 // until frames knows where chunks begin
	b.chunks = append(b.chunks, chunk...)
	return true
}

// frames returns the frames to append to a file, and the block as it will be when they are at an
// offset.
func (b *blockBuilder) frames(c cover, head uint64, at int64) ([]byte, *block) {
	covered := blockHeader + 4*len(b.index)
	body := make([]byte, covered, covered+len(b.chunks))
	binary.LittleEndian.PutUint64(body[0:], uint64(c.hour))
	binary.LittleEndian.PutUint64(body[8:], head)
	binary.LittleEndian.PutUint64(body[16:], c.sampled)
	binary.LittleEndian.PutUint64(body[24:], c.partial)
	binary.LittleEndian.PutUint32(body[32:], uint32(len(b.index)))
	for id, offset := range b.index {
		if offset > 0 {
			binary.LittleEndian.PutUint32(body[blockHeader+4*id:], uint32(covered)+offset-1)
		}
	}
	body = append(body, b.chunks...)
	var out []byte
	if len(b.names) > 0 {
		out = appendFrame(out, frameNames, b.names, len(b.names))
	}
	out = appendFrame(out, frameBlock, body, covered)
	made := &block{cover: c, head: head, entries: uint32(len(b.index)), length: len(body)}
	made.body = at + int64(len(out)-len(body))
	return out, made
}
