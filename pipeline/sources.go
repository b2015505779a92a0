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

// keyOf is the table key of a source, or false for a whole port.
func keyOf(s *rules.Source) (uint64, bool) {
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
		return key | C.MGW_KEY_MAC_VLAN, true
	case s.HasMAC:
		return key | C.MGW_KEY_MAC, true
	case s.VLAN != rules.VLANAny:
		return key | C.MGW_KEY_VLAN, true
	}
	return 0, false
}

// fillTable lays the sources on one port out as a hash table.
func (p *Program) fillTable(table *C.struct_mgw_source_table, sources []rules.Source, slots []uint32, port int) error {
	table.whole_port.source = C.MGW_NONE
	keys := map[uint64]uint32{}
	for i := range sources {
		s := &sources[i]
		if s.Port != port {
			continue
		}
		table.any = 1
		key, hashed := keyOf(s)
		if !hashed {
			table.whole_port.source, table.whole_port.counters = C.uint32_t(i), C.uint32_t(slots[i])
			continue
		}
		keys[key] = uint32(i)
		switch key >> 60 {
		case C.MGW_KEY_MAC >> 60:
			table.by_mac = 1
		case C.MGW_KEY_MAC_VLAN >> 60:
			table.by_mac_vlan = 1
		case C.MGW_KEY_VLAN >> 60:
			table.by_vlan = 1
		}
	}
	return p.placeKeys(table, keys, slots)
}

// placeKeys tries multipliers, and now and then a larger table, until no run of full slots is long.
func (p *Program) placeKeys(table *C.struct_mgw_source_table, keys map[uint64]uint32, counters []uint32) error {
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	width := max(bits.Len(uint(4*len(keys))), 1) // at most a quarter full
	for try := 0; try < 64; try++ {
		if try > 0 && try%16 == 0 {
			width++
		}
		slots := make([]C.struct_mgw_source_slot, 1<<width)
		multiplier := random.Uint64() | 1
		if !place(slots, keys, counters, multiplier, 64-width) {
			continue
		}
		memory, err := newArray[C.struct_mgw_source_slot](&p.arena, len(slots))
		if err != nil {
			return err
		}
		copy(memory, slots)
		table.slots = &memory[0]
		table.multiplier = C.uint64_t(multiplier)
		table.shift = C.uint32_t(64 - width)
		table.mask = C.uint32_t(len(slots) - 1)
		return nil
	}
	return errors.New("sources: no hash table with short runs found; this is a defect of the gateway, please report it")
}

// place fills slots and reports whether no run of full ones is longer than maxRun.
func place(slots []C.struct_mgw_source_slot, keys map[uint64]uint32, counters []uint32, multiplier uint64, shift int) bool {
	mask := uint64(len(slots) - 1)
	for key, source := range keys {
		at := key * multiplier >> shift
		for slots[at&mask].key != 0 {
			at++
		}
		slots[at&mask] = C.struct_mgw_source_slot{key: C.uint64_t(key), source: C.uint32_t(source), counters: C.uint32_t(counters[source])}
	}
	return longestRun(slots) <= maxRun
}

// longestRun counts full slots in a row, around the end too.
func longestRun(slots []C.struct_mgw_source_slot) (longest int) {
	run := 0
	for i := range 2 * len(slots) {
		if slots[i%len(slots)].key == 0 {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
