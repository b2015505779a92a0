package lcore

/*
#include "memory.h"
#include "lcore.h"
#include "handover_ring.h"

static struct mgw_handover *new_handover(void) { return mgw_memory_new(sizeof(struct mgw_handover)); }
static void free_handover(struct mgw_handover *h) { mgw_memory_free(h, sizeof(*h)); }
static void *mirror_function(void) { return (void *)mgw_mirror_run; }
static void go_online(struct mgw_lcore *l)
{
	rte_rcu_qsbr_thread_register(l->qsbr, l->reader);
	rte_rcu_qsbr_thread_online(l->qsbr, l->reader);
}
static void go_offline(struct mgw_lcore *l)
{
	rte_rcu_qsbr_thread_offline(l->qsbr, l->reader);
	rte_rcu_qsbr_thread_unregister(l->qsbr, l->reader);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"mirrorgw/rules"
)

// Split mode: with mirror lcores, workers receive, decide and forward, and hand the copies that they
// hold over to a mirror lcore, which puts the outer headers in front and sends them. A worker's
// time for a copy is then the same whatever sending it costs. Pure tunnel ports are the mirror
// lcores' alone: queue j belongs to mirror lcore j. On a wire that is a tunnel port too, the copies
// of mirror lcore j leave by a transmit queue of their own, behind those of the workers.

// handoverSlots is how many copies wait between a worker and its mirror lcore, and how many
// segments of frames they hold together.
const (
	handoverSlots = C.MGW_HANDOVER_COPIES
	handoverHeld  = C.MGW_HANDOVER_HELD
)

// split says whether there are mirror lcores.
func (s *Spec) split() bool { return len(s.Mirrors) > 0 }

// Lcores returns the workers and behind them the mirror lcores, as CPUs.
func (s *Spec) Lcores() []int { return slices.Concat(s.Workers, s.Mirrors) }

// copyQueues is how many transmit queues of a port only copies of mirror lcores use.
func (s *Spec) copyQueues(p *PortSpec) int {
	if p.Role == rules.RoleTunnel || !p.sendsCopies() {
		return 0
	}
	return len(s.Mirrors)
}

// checkSplit refuses mirror lcores without work, and tunnel ports that they cannot share.
func (s *Spec) checkSplit() error {
	if !s.split() {
		return nil
	}
	if len(s.Mirrors) > len(s.Workers) {
		return fmt.Errorf("%d mirror lcores for %d workers: each worker hands its copies to one of them, so name at most %d", len(s.Mirrors), len(s.Workers), len(s.Workers))
	}
	for i := range s.Ports {
		p := &s.Ports[i]
		if p.Role == rules.RoleTunnel && p.Queues != len(s.Mirrors) {
			return fmt.Errorf("tunnel port %s has %d queues for %d mirror lcores, which each need one to send copies on; set queues = %d", p.Name, p.Queues, len(s.Mirrors), len(s.Mirrors))
		}
	}
	return nil
}

// openSplit lets each worker hand its copies over to a mirror lcore, in turn.
func (g *Group) openSplit() error {
	workers, mirrors := g.workers[:len(g.spec.Workers)], g.workers[len(g.spec.Workers):]
	if len(mirrors) == 0 {
		return nil
	}
	for i, w := range workers {
		ring := C.new_handover()
		if ring == nil {
			return errors.New("no memory for the copies between a worker and its mirror lcore")
		}
		w.c.handover = ring
		m := mirrors[i%len(mirrors)]
		m.c.feeders[m.c.n_feeders] = C.struct_mgw_feeder{worker: w.c, ring: ring}
		m.c.n_feeders++
	}
	return nil
}

func (w *worker) freeHandover() {
	if w.c.handover != nil {
		C.free_handover(w.c.handover)
		w.c.handover = nil
	}
}

// stopOrder lets workers end first: what they hand over at the last is still sent.
func (g *Group) stopOrder() [][]*worker {
	n := min(len(g.spec.Workers), len(g.workers)) // no workers after Close
	return [][]*worker{g.workers[:n], g.workers[n:]}
}

// goOnline makes changes wait for a mirror lcore from before its launch on: workers may hand copies over
// before it has got its CPU, and a program that they were decided by must not go meanwhile.
func (w *worker) goOnline() { C.go_online(w.c) }

// goOffline undoes it, if the lcore could not be launched.
func (w *worker) goOffline() { C.go_offline(w.c) }

func mirrorFunction() unsafe.Pointer { return C.mirror_function() }
