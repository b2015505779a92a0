package lcore

/*
#include "congestion.h"
*/
import "C"

import "time"

// machine is what congestion.h makes of signs, by itself, for tests: no worker looks here. Its time
// counts microseconds.
type machine struct {
	c C.struct_mgw_congestion
	b C.struct_mgw_budget
}

func newMachine(c Congestion) *machine {
	m := &machine{}
	m.c.interval = C.uint64_t(budgetInterval / time.Microsecond)
	m.c.patience, m.c.recovery = C.uint64_t(c.Backlog/time.Microsecond), C.uint64_t(c.Recovery/time.Microsecond)
	C.mgw_forget(&m.c, &m.b, 0)
	return m
}

// look is one look at a time: signs are those since the last, matched the copies wanted ever.
func (m *machine) look(now uint64, signs Signs, matched uint64) {
	C.mgw_note_look(&m.c, &m.b, C.uint32_t(signs), C.uint64_t(now))
	C.mgw_judge(&m.c, &m.b, C.uint32_t(signs), C.uint64_t(now))
	C.mgw_note_interval(&m.c, &m.b, C.uint64_t(matched), C.uint64_t(now))
}

func (m *machine) state() Congested { return Congested(m.b.state) }
func (m *machine) budget() int      { return int(m.b.copies) }
func (m *machine) refuse()          { m.b.refused++ }
