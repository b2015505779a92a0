package pipeline

/*
#include <stdlib.h>
#include "acl.h"
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"syscall"
	"unsafe"

	"mirrorgw/rules"
)

// Classes are the first byte of an rte_acl key: the protocols as one rule set tells them apart.
// A rule on TCP or UDP without ports masks the lowest bit, so it matches with and without ports.
const (
	classOther    = 0 // a protocol that no rule names, or an unknown one
	classTCP      = 2
	classTCPPorts = 3
	classUDP      = 4
	classUDPPorts = 5
	classFirst    = 6 // the rest, in order of appearance
)

// aclContext is an rte_acl context that filters share: a change rebuilds only what it touches.
type aclContext struct {
	context *C.struct_rte_acl_ctx
	serial  C.uint64_t      // of this process alone: match caches know the context by it
	classes *[256]C.uint8_t // C memory
	memory  arena
	users   int // filters in memory; guarded by Layout.build
}

var aclSerials atomic.Uint64 // of contexts; rte_acl finds them by name, which has it

// classesOf numbers the protocols that rules name; false when a byte cannot hold them all.
func classesOf(list []*rules.Rule) (classes [256]uint8, ok bool) {
	classes[rules.ProtocolTCP], classes[rules.ProtocolUDP] = classTCP, classUDP
	next := classFirst
	for i := range list {
		protocol := list[i].Protocol
		if protocol == rules.ProtocolAny || classes[protocol] != classOther {
			continue
		}
		if next > 255 {
			return classes, false
		}
		classes[protocol] = uint8(next)
		next++
	}
	return classes, true
}

// classOf returns value and mask of a rule's first field.
func classOf(r *rules.Rule, classes *[256]uint8) (value, mask C.uint8_t) {
	switch {
	case r.Protocol == rules.ProtocolAny:
		return 0, 0
	case r.HasPorts():
		return C.uint8_t(classes[r.Protocol] | 1), 0xff
	case r.Protocol == rules.ProtocolTCP, r.Protocol == rules.ProtocolUDP:
		return C.uint8_t(classes[r.Protocol]), 0xfe
	}
	return C.uint8_t(classes[r.Protocol]), 0xff
}

func aclWords(prefix netip.Prefix) (words [4]C.uint32_t, length C.uint8_t) {
	if !prefix.IsValid() {
		return
	}
	address := prefix.Masked().Addr().AsSlice()
	for w := 0; w < len(address)/4; w++ {
		words[w] = C.uint32_t(binary.BigEndian.Uint32(address[4*w:]))
	}
	return words, C.uint8_t(prefix.Bits())
}

// buildACL compiles one family's rules; it can take a second for ten thousand.
func buildACL(family int, list []*rules.Rule, classes *[256]uint8) (*aclContext, error) {
	entries := make([]C.struct_mgw_acl_rule, len(list))
	for i := range list {
		e := &entries[i]
		e.class_value, e.class_mask = classOf(list[i], classes)
		e.source, e.source_length = aclWords(list[i].Source)
		e.destination, e.destination_length = aclWords(list[i].Destination)
		e.source_first, e.source_last = portsOf(list[i].SrcPorts)
		e.destination_first, e.destination_last = portsOf(list[i].DstPorts)
	}
	built := &aclContext{serial: C.uint64_t(aclSerials.Add(1))}
	memory, err := newArray[[256]C.uint8_t](&built.memory, 1)
	if err != nil {
		return nil, err
	}
	built.classes = &memory[0]
	for i, class := range classes {
		built.classes[i] = C.uint8_t(class)
	}
	name := C.CString(fmt.Sprintf("mgw_acl_%d", built.serial))
	defer C.free(unsafe.Pointer(name))
	var call *C.char
	rc := C.mgw_acl_build(name, C.int(family), &entries[0], C.uint32_t(len(entries)),
		C.int(anyNode), &built.context, &call)
	if rc != 0 {
		built.memory.free()
		return nil, fmt.Errorf("%s: %d IPv%d rules: %w; raise [eal] memory_mb", C.GoString(call), len(list), family, syscall.Errno(-rc))
	}
	return built, nil
}

const anyNode = -1 // SOCKET_ID_ANY

func (c *aclContext) free() {
	C.mgw_acl_free(c.context)
	c.memory.free()
}
