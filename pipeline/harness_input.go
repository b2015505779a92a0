package pipeline

/*
#include "harness.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"
)

// flatInput is an Input as C takes it.
type flatInput struct {
	bytes           []byte
	counts, lengths []C.uint32_t
}

func flatten(in Input) (*flatInput, error) {
	if len(in.Frames) > Burst {
		return nil, fmt.Errorf("harness: %d frames are more than a burst of %d", len(in.Frames), Burst)
	}
	flat := &flatInput{}
	for i, frame := range in.Frames {
		cuts := []int{len(frame)}
		if in.Segments != nil {
			cuts = in.Segments[i]
		}
		total := 0
		for _, n := range cuts {
			flat.lengths = append(flat.lengths, C.uint32_t(n))
			total += n
		}
		if total != len(frame) || len(frame) > math.MaxUint16 {
			return nil, errors.New("harness: segment lengths do not add up to a frame of at most 65,535 bytes")
		}
		flat.counts = append(flat.counts, C.uint32_t(len(cuts)))
		flat.bytes = append(flat.bytes, frame...)
	}
	return flat, nil
}

// toC copies the input into C memory, for cgo hands no Go pointers inside structs.
func (f *flatInput) toC(a *arena, in Input) (*C.struct_mgw_input, error) {
	input, err := newArray[C.struct_mgw_input](a, 1)
	if err != nil {
		return nil, err
	}
	bytes, err := newArray[byte](a, len(f.bytes))
	if err != nil {
		return nil, err
	}
	counts, err := newArray[C.uint32_t](a, len(f.counts))
	if err != nil {
		return nil, err
	}
	lengths, err := newArray[C.uint32_t](a, len(f.lengths))
	if err != nil {
		return nil, err
	}
	flagged, err := newArray[C.uint8_t](a, len(in.Frames))
	if err != nil {
		return nil, err
	}
	for i := range in.Flagged {
		flagged[i] = cBool(in.Flagged[i])
	}
	copy(bytes, f.bytes)
	copy(counts, f.counts)
	copy(lengths, f.lengths)
	c := &input[0]
	c.bytes = (*C.uint8_t)(unsafe.Pointer(&bytes[0]))
	c.frame_segments, c.segment_lengths = &counts[0], &lengths[0]
	c.frames, c.port = C.uint32_t(len(in.Frames)), C.uint16_t(in.Port)
	c.production_accepts = C.uint16_t(max(len(in.Frames)-in.ProductionRefuses, 0))
	c.spare = C.uint32_t(in.Spare)
	c.now, c.flagged = C.uint64_t(in.Now), &flagged[0]
	c.tunnel_accepts = MaxCopies
	if in.TunnelTakes > 0 {
		c.tunnel_accepts = C.uint16_t(in.TunnelTakes)
	}
	return c, nil
}
