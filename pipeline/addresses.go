package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
)

// addressSet is a set of addresses in C memory: those that copies are sent to.
type addressSet struct {
	arena arena
	c     *C.struct_mgw_address_set
}

// fill makes the set: a hash table that is at most a quarter full, so that runs of full slots are
// short, with a multiplier that nobody can guess.
func (s *addressSet) fill(destinations []*destination) error {
	memory, err := newArray[C.struct_mgw_address_set](&s.arena, 1)
	if err != nil {
		return err
	}
	s.c = &memory[0]
	width := max(bits.Len(uint(4*len(destinations))), 1)
	slots, err := newArray[C.struct_mgw_address](&s.arena, 1<<width)
	if err != nil {
		return err
	}
	s.c.slots = &slots[0]
	s.c.multiplier = C.uint64_t(rand.Uint64() | 1)
	s.c.shift, s.c.mask = C.uint32_t(64-width), C.uint32_t(len(slots)-1)
	for _, d := range destinations {
		s.add(slots, d.key.address)
	}
	return nil
}

func (s *addressSet) add(slots []C.struct_mgw_address, address netip.Addr) {
	entry := cAddress(address)
	word := uint64(entry.words[0]^entry.words[2])<<32 | uint64(entry.words[1]^entry.words[3])
	for at := uint32(word * uint64(s.c.multiplier) >> s.c.shift); ; at++ {
		slot := &slots[at&uint32(s.c.mask)]
		if slot.family == 0 {
			*slot = entry
		}
		if *slot == entry {
			return
		}
	}
}

// cAddress is an address as a frame has it in memory.
func cAddress(address netip.Addr) (out C.struct_mgw_address) {
	out.family = 6
	if address.Is4() {
		out.family = 4
	}
	raw := address.AsSlice()
	for i := 0; i < len(raw); i += 4 {
		out.words[i/4] = C.uint32_t(binary.NativeEndian.Uint32(raw[i:]))
	}
	return out
}
