package pipeline

/*
#include "budget.h"
*/
import "C"

// budget is the arithmetic of budget.h by itself, for tests: no lcore counts here.
type budget struct{ c C.struct_mgw_budget }

func (b *budget) begin(copies uint32) { C.mgw_budget_begin(&b.c, C.uint32_t(copies)) }
func (b *budget) set(copies uint32)   { C.mgw_budget_set(&b.c, C.uint32_t(copies)) }
func (b *budget) next()               { C.mgw_budget_next(&b.c) }

// credit is what one session has had.
type credit struct{ c C.struct_mgw_credit }

func (b *budget) admits(s *credit) bool { return bool(C.mgw_budget_admits(&b.c, &s.c)) }
