package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"errors"
	"math/bits"
	"math/rand/v2"

	"mirrorgw/rules"
)

// maxRun bounds how many full slots may follow each other, and so how many slots a lookup reads,
// whether the key is there or not: it takes the same short time at ten thousand sources and for
// MACs that an attacker chose.
const maxRun = 16

// keyOf is the table key of a source, 0 for a whole port.
func keyOf(s *rules.Source) uint64 {
	var key uint64
	if s.HasMAC {
		for i := len(s.MAC) - 1; i >= 0; i-- { // as memcpy into a little-endian word leaves it
			key = key<<8 | uint64(s.MAC[i])
		}
	}
	if s.VLAN != rules.VLANAny {
		key |= uint64(s.VLAN) << C.MGW_KEY_VID_SHIFT
	}
	switch {
	case s.HasMAC && s.VLAN != rules.VLANAny:
		return key | C.MGW_KEY_MAC_VLAN
	case s.HasMAC:
		return key | C.MGW_KEY_MAC
	case s.VLAN != rules.VLANAny:
		return key | C.MGW_KEY_VLAN
	}
	return 0
}

// picky is how many multipliers are tried for one that spreads the keys at least as evenly as chance would. MACs
// that were given out one after the other are spread perfectly by most multipliers and badly by some, and then
// many lookups meet another key first.
const picky = 8

// place lays the sources of one port out as a hash table. It tries multipliers, and now and then a
// larger table, until no run of full slots is long.
func (t *sourceTable) place(table *C.struct_mgw_source_table, sources []uint32) error {
	width := max(bits.Len(uint(4*len(sources))), 1) // at most a quarter full
	for range 4 {
		slots, err := newArray[C.struct_mgw_source_slot](&t.arena, 1<<width)
		if err != nil {
			return err
		}
		for try := range 16 {
			multiplier := rand.Uint64() | 1
			displaced := t.tryPlace(slots, sources, multiplier, 64-width)
			if longestRun(slots) <= maxRun && (try >= picky || displaced <= byChance(len(sources), len(slots))) {
				table.slots = &slots[0]
				table.multiplier = C.uint64_t(multiplier)
				table.shift = C.uint32_t(64 - width)
				table.mask = C.uint32_t(len(slots) - 1)
				return nil
			}
			clear(slots)
		}
		width++
	}
	return errors.New("sources: no hash table with short runs found; this is a defect of the gateway, please report it")
}

// byChance is how many of n keys find their place among slots taken, if they are spread at random, and a
// quarter more.
func byChance(n, slots int) int { return n * n * 5 / (8 * slots) }

// tryPlace fills empty slots and returns how many keys found their place taken.
func (t *sourceTable) tryPlace(slots []C.struct_mgw_source_slot, sources []uint32, multiplier uint64, shift int) (displaced int) {
	mask := uint64(len(slots) - 1)
	for _, i := range sources {
		k := &t.keys[i]
		at := k.key * multiplier >> shift
		if slots[at&mask].key != 0 {
			displaced++
		}
		for slots[at&mask].key != 0 {
			at++
		}
		slots[at&mask] = C.struct_mgw_source_slot{key: C.uint64_t(k.key), source: C.uint32_t(i), counters: C.uint32_t(k.slot)}
	}
	return displaced
}

// longestRun counts full slots in a row, around the end too.
func longestRun(slots []C.struct_mgw_source_slot) (longest int) {
	run := 0
	for i := range slots {
		if slots[i].key == 0 {
			longest, run = max(longest, run), 0
			continue
		}
		run++
	}
	for i := 0; i < len(slots) && slots[i].key != 0; i++ {
		run++
	}
	return max(longest, run)
}
