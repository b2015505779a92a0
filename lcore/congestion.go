package lcore

/*
#include <rte_ethdev.h>

#include "lcore.h"

#define MGW_NAME(symbol, name) name,
static const char *state_name(int i)
{
	static const char *const names[] = {MGW_CONGESTION_STATES(MGW_NAME) NULL};

	return names[i];
}
static const char *sign_name(int i)
{
	static const char *const names[] = {MGW_SIGNS_OF_CONGESTION(MGW_NAME) NULL};

	return names[i];
}

static int queue_count(uint16_t port, uint16_t queue) { return rte_eth_rx_queue_count(port, queue); }
static int descriptor_status(uint16_t port, uint16_t queue, uint16_t offset)
{
	return rte_eth_tx_descriptor_status(port, queue, offset);
}
static uint64_t load64(const uint64_t *value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
static uint32_t load32(const uint32_t *value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
*/
import "C"

import (
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// Signs of congestion, a set.
type Signs uint32

// The signs: frames wait to be received, production is not sent at once, a tunnel port does not take
// copies, the mirror's mempools run out.
const (
	SignReceive  Signs = 1 << C.MGW_SIGN_RECEIVE
	SignTransmit Signs = 1 << C.MGW_SIGN_TRANSMIT
	SignTunnel   Signs = 1 << C.MGW_SIGN_TUNNEL
	SignMempool  Signs = 1 << C.MGW_SIGN_MEMPOOL
	AllSigns     Signs = 1<<C.MGW_SIGNS - 1
)

// Congestion says what counts as congestion, and for how long (docs/congestion.md). With the zero
// value nothing does: every copy is made, whatever it costs production.
type Congestion struct {
	Heeded   Signs
	Backlog  time.Duration // for which a queue gives full bursts only, and its frames wait for too long
	Recovery time.Duration // without signs, from one step back to the next
}

// budgetInterval is the time for which copies are handed out. It is short beside the time in which
// receive queues fill up: copies at its beginning may use up what was meant for all of it.
const budgetInterval = 50 * time.Microsecond

// Congested is how congested a lcore is.
type Congested uint8

// The states, from none to the worst.
const (
	Calm      Congested = C.MGW_CALM      // every copy is made
	Limited   Congested = C.MGW_LIMITED   // as many copies as the budget has
	Unmatched Congested = C.MGW_UNMATCHED // no rule is asked
	Blind     Congested = C.MGW_BLIND     // no source is looked up
	States              = C.MGW_CONGESTION_STATE_COUNT
)

// Names of states and signs, in order.
var (
	StateNames = cStrings(func(i int) *C.char { return C.state_name(C.int(i)) })
	SignNames  = cStrings(func(i int) *C.char { return C.sign_name(C.int(i)) })
)

func cStrings(name func(int) *C.char) (names []string) {
	for i := 0; name(i) != nil; i++ {
		names = append(names, C.GoString(name(i)))
	}
	return names
}

// String is the state's name.
func (c Congested) String() string { return StateNames[c] }

// CongestionState is how a worker does about congestion.
type CongestionState struct {
	State       Congested
	Budget      int           // copies in an interval of 50 µs, or of 16 loops where they take longer; 0 when calm
	Changed     time.Duration // since the state last changed; 0: it never has
	Transitions uint64        // from one state to another
	Loops       [States]uint64
	Time        [States]time.Duration
	Signs       [C.MGW_SIGNS]uint64 // how often each was seen, by looks, which are 16 loops apart
}

// Sum is how often any sign was seen; of two at once both count.
func (c *CongestionState) Sum() (n uint64) {
	for _, signs := range c.Signs {
		n += signs
	}
	return n
}

// congestion reads what the worker writes: each value by itself is right.
func (w *worker) congestion() CongestionState {
	c, b := &w.c.congestion, &w.c.pipe.budget
	s := CongestionState{State: Congested(C.load32(&b.state)), Transitions: uint64(C.load64(&c.transitions))}
	if s.State != Calm {
		s.Budget = int(C.load32(&b.copies))
	}
	changed := uint64(C.load64(&c.changed))
	if looked := uint64(C.load64(&c.looked)); changed != 0 && looked > changed {
		s.Changed = cycles(looked - changed)
	}
	for i := range s.Loops {
		s.Loops[i], s.Time[i] = uint64(C.load64(&c.loops[i])), cycles(uint64(C.load64(&c.cycles[i])))
	}
	for i := range s.Signs {
		s.Signs[i] = uint64(C.load64(&c.signs[i]))
	}
	return s
}

// fillCongestion tells the worker what counts as congestion.
func (w *worker) fillCongestion(spec *Spec) {
	c := &w.c.congestion
	c.heeded = C.uint32_t(spec.Congestion.Heeded)
	c.interval = tscCycles(budgetInterval)
	c.patience, c.recovery = tscCycles(spec.Congestion.Backlog), tscCycles(spec.Congestion.Recovery)
	for i := range w.c.rx[:w.c.n_rx] {
		rx := &w.c.rx[i]
		if p := &spec.Ports[rx.port]; !p.Lossless && p.Role != rules.RoleTunnel {
			c.watched |= rx.bit
		}
	}
}

// askDrivers finds out which queues can tell how full they are. Ports must have been started. In split
// mode queues of copies are the mirror lcores' to ask about: nobody else may touch them.
func (w *worker) askDrivers(ports []*Port) {
	for i := range w.c.rx[:w.c.n_rx] {
		rx := &w.c.rx[i]
		rx.backlog = 0
		if C.queue_count(rx.ethdev, rx.queue) >= 0 {
			rx.backlog = C.uint32_t(ports[rx.port].Granted.RxDesc / 2)
		}
	}
	for i := range w.c.tunnels[:w.c.n_tunnels] {
		tx := &w.c.tunnels[i]
		tx.room = C.uint16_t(ports[tx.port].Granted.TxDesc / 4)
		if w.c.handover != nil || C.descriptor_status(tx.ethdev, tx.queue, tx.room) < 0 {
			tx.room = 0
		}
	}
}

// tscCycles turns a time below a day into cycles of the time stamp counter.
func tscCycles(d time.Duration) C.uint64_t {
	hz, us := dpdk.TSCHz(), uint64(d/time.Microsecond)
	return C.uint64_t(us/1e6*hz + us%1e6*hz/1e6)
}
