package lcore

/*
#include "memory.h"
#include "gap.h"

static struct mgw_lcore *new_lcore(void) { return mgw_memory_new(sizeof(struct mgw_lcore)); }
static void free_lcore(struct mgw_lcore *l) { mgw_memory_free(l, sizeof(*l)); }
static void *run_function(void) { return (void *)mgw_lcore_run; }
static void set_program(struct mgw_lcore *l, void *program)
{
	__atomic_store_n(&l->program, program, __ATOMIC_RELEASE);
}
static void set_stop(struct mgw_lcore *l, uint32_t stop)
{
	__atomic_store_n(&l->stop, stop, __ATOMIC_RELAXED);
}
static uint64_t get_heartbeat(const struct mgw_lcore *l)
{
	return __atomic_load_n(&l->heartbeat, __ATOMIC_RELAXED);
}
static void set_epoch(struct mgw_lcore *l, uint32_t epoch)
{
	__atomic_store_n(&l->wanted_epoch, epoch, __ATOMIC_RELAXED);
}
static uint64_t get_longest_gap(const struct mgw_lcore *l)
{
	return mgw_longest_gap(l);
}
static uint64_t get_finished_gap(const struct mgw_lcore *l)
{
	return mgw_finished_gap(l);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// The loop includes pipeline's headers: depend on their contents.
var _ = pipeline.Headers()

// worker is one EAL lcore with what it works on: one that forwards production, or a mirror lcore.
type worker struct {
	cpu      int
	mirror   bool
	c        *C.struct_mgw_lcore
	counters *pipeline.Counters
	pipe     *pipeline.Pipe
	launched bool
	asked    time.Time // when it was first asked to stop; zero: it was not
}

// newWorker prepares worker number index of a group; it does not run yet.
func newWorker(index, cpu int, g *Group) (*worker, error) {
	w := &worker{cpu: cpu}
	var err error
	if w.counters, err = pipeline.NewCounters(g.spec.Capacity); err != nil {
		return nil, err
	}
	node, err := dpdk.NodeOfLcore(cpu)
	if err != nil {
		w.free()
		return nil, err
	}
	pools := g.pools[node]
	w.pipe, err = pipeline.NewPipe(pools.header.Pointer(), pools.indirect.Pointer(), w.counters, len(g.tunnels))
	if err != nil {
		w.free()
		return nil, err
	}
	if w.c = C.new_lcore(); w.c == nil {
		w.free()
		return nil, errors.New("no memory for a worker")
	}
	w.c.ring = g.slow.in[index].c
	w.c.pipe = (*C.struct_mgw_pipe)(w.pipe.Pointer())
	w.c.qsbr = (*C.struct_rte_rcu_qsbr)(g.qsbr.Pointer())
	w.c.reader = C.uint16_t(index)
	if n := len(g.spec.Workers); index >= n {
		w.mirror, index = true, index-n
	}
	w.c.queue = C.uint16_t(index)
	w.fillQueues(index, g)
	w.prepareTelemetry()
	w.fillCongestion(&g.spec)
	return w, nil
}

// polls says whether the worker receives from a port: in split mode pure tunnel ports are the
// mirror lcores' and all others the workers'.
func (w *worker) polls(g *Group, p *Port) bool {
	return !g.spec.split() || w.mirror == (p.Role == rules.RoleTunnel)
}

// fillQueues gives the worker queue index of every port that has one.
func (w *worker) fillQueues(index int, g *Group) {
	for i, p := range g.ports {
		if index >= p.Queues || !w.polls(g, p) {
			continue
		}
		rx := &w.c.rx[w.c.n_rx]
		w.c.n_rx++
		rx.ethdev, rx.queue = C.uint16_t(p.ID), C.uint16_t(index)
		rx.port, rx.role = C.uint16_t(i), C.uint8_t(p.Role)
		rx.bit = 1 << (w.c.n_rx - 1)
		if p.Role == rules.RoleWire {
			peer := g.ports[p.Peer]
			rx.peer, rx.peer_ethdev = C.uint16_t(p.Peer), C.uint16_t(peer.ID)
			rx.peer_frame_max = C.uint32_t(peer.FrameMax)
			rx.peer_tag_extra = C.uint32_t(peer.TagExtra)
		}
	}
	w.fillTunnels(index, g)
}

// fillTunnels gives the worker the tunnel ports: to send copies on, to listen to where it polls
// them, and, if it is the first, to send frames of our own on.
func (w *worker) fillTunnels(index int, g *Group) {
	w.c.n_tunnels, w.c.n_origins = C.uint16_t(len(g.tunnels)), 0
	for t, tunnel := range g.tunnels {
		p := g.ports[tunnel.Port]
		w.c.tunnels[t].ethdev, w.c.tunnels[t].port = C.uint16_t(p.ID), C.uint16_t(tunnel.Port)
		w.c.tunnels[t].queue = C.uint16_t(index)
		if p.Role == rules.RoleWire {
			w.c.tunnels[t].shared = 1
		}
		if w.mirror && p.Role != rules.RoleTunnel {
			w.c.tunnels[t].queue = C.uint16_t(p.Queues + index)
		}
		p.host().Put(unsafe.Pointer(&w.c.hosts[t]))
		for i := range w.c.rx[:w.c.n_rx] {
			if rx := &w.c.rx[i]; int(rx.port) == tunnel.Port {
				rx.host = &w.c.hosts[t]
			}
		}
		if index != 0 || !w.polls(g, p) {
			continue
		}
		w.c.origin_pool = (*C.struct_rte_mempool)(g.origins.Pointer())
		origin := &w.c.origins[w.c.n_origins]
		w.c.n_origins++
		origin.ethdev, origin.port = C.uint16_t(p.ID), C.uint16_t(tunnel.Port)
		origin.ring = g.slow.out[tunnel.Port].ring.c
	}
}

func (w *worker) setProgram(p *pipeline.Program) { C.set_program(w.c, p.Pointer()) }

// launch starts the loop. The ports have been started, and mirror lcores are launched before workers.
func (w *worker) launch(ports []*Port) error {
	C.set_stop(w.c, 0)
	w.asked = time.Time{}
	w.askDrivers(ports)
	run := C.run_function()
	if w.mirror {
		run = mirrorFunction()
		w.goOnline()
	}
	if err := dpdk.RemoteLaunch(run, unsafe.Pointer(w.c), w.cpu); err != nil {
		if w.mirror {
			w.goOffline()
		}
		return fmt.Errorf("lcore %d: %w", w.cpu, err)
	}
	w.launched = true
	return nil
}

func (w *worker) heartbeat() uint64 { return uint64(C.get_heartbeat(w.c)) }

// setEpoch makes the worker measure gaps anew.
func (w *worker) setEpoch(epoch uint32) { C.set_epoch(w.c, C.uint32_t(epoch)) }

// longestGap is what the worker has measured since the last setEpoch.
func (w *worker) longestGap() time.Duration { return cycles(uint64(C.get_longest_gap(w.c))) }

// finishedGap is what it had measured when it took the last setEpoch.
func (w *worker) finishedGap() time.Duration { return cycles(uint64(C.get_finished_gap(w.c))) }

func (w *worker) askToStop() {
	C.set_stop(w.c, 1)
	if w.asked.IsZero() {
		w.asked = time.Now()
	}
}

// wait returns once the loop has ended: within one housekeeping interval of askToStop, unless
// something keeps the lcore. Then it is an error of ErrRunning, a limit after askToStop.
func (w *worker) wait(limit time.Duration) error {
	if !w.launched {
		return nil
	}
	for dpdk.LcoreRunning(w.cpu) {
		if time.Since(w.asked) > limit {
			return fmt.Errorf("lcore %d has not ended within %v: %w", w.cpu, limit, ErrRunning)
		}
		time.Sleep(time.Millisecond)
	}
	w.launched = false
	rc, err := dpdk.WaitLcore(w.cpu)
	if err == nil && rc != 0 {
		err = fmt.Errorf("lcore %d: the poll loop returned %d", w.cpu, rc)
	}
	return err
}

func (w *worker) free() {
	if w.c != nil {
		w.freeHandover()
		C.free_lcore(w.c)
		w.c = nil
	}
	if w.pipe != nil {
		w.pipe.Free()
		w.pipe = nil
	}
	if w.counters != nil {
		w.counters.Free()
		w.counters = nil
	}
}
