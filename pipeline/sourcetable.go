package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"slices"

	"mirrorgw/rules"
)

// sourceTable finds the sources of a snapshot: one hash table a port. Programs with the same
// sources share it, for most changes are to sessions and filters.
type sourceTable struct {
	keys  []sourceKey // what it was made from
	ports []C.struct_mgw_source_table
	arena arena
	users int // programs; guarded by Layout.build
}

// sourceKey is all that the tables say of a source.
type sourceKey struct {
	port int
	key  uint64 // 0: the whole port
	slot uint32 // of its counters
}

func sourceKeys(sources []rules.Source, slots []uint32) []sourceKey {
	keys := make([]sourceKey, len(sources))
	for i := range sources {
		keys[i] = sourceKey{sources[i].Port, keyOf(&sources[i]), slots[i]}
	}
	return keys
}

// acquireSources returns the tables of a snapshot's sources, made anew unless the last ones do.
func (l *Layout) acquireSources(s *rules.Snapshot, slots []uint32) (*sourceTable, error) {
	keys := sourceKeys(s.Sources, slots)
	l.build.Lock()
	defer l.build.Unlock()
	if last := l.lastSources; last != nil && len(last.ports) == len(s.Ports) && slices.Equal(last.keys, keys) {
		last.users++
		return last, nil
	}
	t := &sourceTable{keys: keys, ports: make([]C.struct_mgw_source_table, len(s.Ports)), users: 1}
	if err := t.fill(); err != nil {
		t.arena.free()
		return nil, err
	}
	l.lastSources = t
	return t, nil
}

// releaseSources lets go of tables; the last user frees them.
func (l *Layout) releaseSources(t *sourceTable) {
	l.build.Lock()
	defer l.build.Unlock()
	if t.users--; t.users > 0 {
		return
	}
	t.arena.free()
	if l.lastSources == t {
		l.lastSources = nil
	}
}

func (t *sourceTable) fill() error {
	hashed := make([][]uint32, len(t.ports)) // indices of sources by port
	for i := range t.ports {
		t.ports[i].whole_port.source = C.MGW_NONE
	}
	for i := range t.keys {
		k := &t.keys[i]
		table := &t.ports[k.port]
		table.any = 1
		switch k.key >> 60 {
		case 0:
			table.whole_port.source, table.whole_port.counters = C.uint32_t(i), C.uint32_t(k.slot)
			continue
		case C.MGW_KEY_MAC >> 60:
			table.by_mac = 1
		case C.MGW_KEY_MAC_VLAN >> 60:
			table.by_mac_vlan = 1
		case C.MGW_KEY_VLAN >> 60:
			table.by_vlan = 1
		}
		hashed[k.port] = append(hashed[k.port], uint32(i))
	}
	for i := range t.ports {
		if err := t.place(&t.ports[i], hashed[i]); err != nil {
			return err
		}
	}
	return nil
}
