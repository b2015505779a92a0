package underlay

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// NeighborState is a state of RFC 4861 section 7.3.2, for both families, plus failed and static.
type NeighborState string

// States of a neighbour. There is no delay state: copies prove nothing about a neighbour, so that
// a watched one goes from reachable to probe; stale is for peers of echo probes. Reachable, stale,
// probe and static ones are sent to.
const (
	NeighborIncomplete NeighborState = "incomplete" // asked by multicast, no answer yet
	NeighborReachable  NeighborState = "reachable"  // answered within the reachable time
	NeighborStale      NeighborState = "stale"      // answered once; nobody needs it now
	NeighborProbe      NeighborState = "probe"      // being asked whether it is still there
	NeighborFailed     NeighborState = "failed"     // did not answer; asked again from time to time
	NeighborStatic     NeighborState = "static"     // configured
)

// Times of RFC 4861 section 10 and of the rules in the package comment.
const (
	reachableTime    = 30 * time.Second
	retransmitTime   = time.Second
	unicastProbes    = 3
	multicastProbes  = 3
	verifyProbes     = 2
	verifyGap        = 500 * time.Millisecond
	refusedHold      = time.Second // after a refused announcement no other is looked into
	conflictTime     = time.Second // a second, different answer within it is ignored
	firstRetry       = time.Second
	lastRetry        = 30 * time.Second
	idleTime         = time.Minute // for which a stale peer is remembered
	limitedRetryBase = 10 * time.Millisecond
)

type neighborKey struct {
	port int
	addr netip.Addr
}

// neighbor is one entry of the ARP and Neighbor Discovery table.
type neighbor struct {
	timer
	key      neighborKey
	port     *port
	state    NeighborState
	since    time.Time
	mac      [6]byte // if usable
	answered time.Time
	watches  []*watch
	echoes   []*echo   // outstanding; those not yet sent wait for the MAC
	used     time.Time // last echo probe

	round   round
	asked   int  // requests sent in this round
	pending bool // a request of this round may still be answered
	begun   time.Time
	backoff time.Duration

	rival     *[6]byte  // announced, and to be adopted unless the MAC answers
	disputed  bool      // others were announced meanwhile: then everybody is asked instead
	heldUntil time.Time // earliest time to look into another announcement
}

// round is a series of requests: first to the known MAC, then to everybody.
type round struct {
	unicast, multicast int
	gap                time.Duration
}

var (
	resolveRound = round{multicast: multicastProbes, gap: retransmitTime}
	confirmRound = round{unicast: unicastProbes, multicast: multicastProbes, gap: retransmitTime}
	hurriedRound = round{unicast: 1, multicast: multicastProbes, gap: retransmitTime}
	verifyRound  = round{unicast: verifyProbes, gap: verifyGap}
	disputeRound = round{multicast: multicastProbes, gap: retransmitTime}
)

func (n *neighbor) usable() bool {
	switch n.state {
	case NeighborReachable, NeighborStale, NeighborProbe, NeighborStatic:
		return true
	}
	return false
}

// waitsForSource reports whether asking stopped for want of an address of ours.
func (n *neighbor) waitsForSource() bool { return n.timer.place == 0 && n.state != NeighborStatic }

// seeksEverybody reports whether the round got past the known MAC, which did not answer.
func (n *neighbor) seeksEverybody() bool { return n.asked > n.round.unicast }

// neighborsOf lists the neighbours of a port in order of their addresses.
func (h *Host) neighborsOf(p *port) (list []*neighbor) {
	for _, n := range h.neighbors {
		if n.port == p {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *neighbor) int { return a.key.addr.Compare(b.key.addr) })
	return list
}

// neighbor finds or makes an entry. It is called for destinations of ours only, never for what a
// received frame says.
func (h *Host) neighbor(p *port, addr netip.Addr) *neighbor {
	key := neighborKey{p.Index, addr}
	if n := h.neighbors[key]; n != nil {
		return n
	}
	n := &neighbor{key: key, port: p, state: NeighborIncomplete}
	n.fire = func(now time.Time) { h.neighborTimer(n, now) }
	h.neighbors[key] = n
	return n
}

func (h *Host) addStatic(static []Static) error {
	for _, s := range static {
		if !isUnicast(s.Address) || s.MAC == ([6]byte{}) || s.MAC[0]&1 != 0 {
			return fmt.Errorf("neighbor %s: address and MAC %s must be unicast", s.Address, macString(s.MAC))
		}
		p := h.staticPort(&s)
		if p == nil {
			return fmt.Errorf("neighbor %s: no tunnel port %d, or no route to it; name the port", s.Address, s.Port)
		}
		n := h.neighbor(p, s.Address)
		if n.state == NeighborStatic {
			return fmt.Errorf("neighbor %s is given twice for port %s; once is enough", s.Address, p.Name)
		}
		n.state, n.mac = NeighborStatic, s.MAC
		h.static[s.Address] = p
	}
	return nil
}

// staticPort is the port that a static neighbour names, else the one that the routes say, else the
// only one; nil if there is none.
func (h *Host) staticPort(s *Static) *port {
	if s.Port != -1 {
		return h.ports[s.Port]
	}
	p, _, _ := h.lookup(s.Address)
	if p == nil && len(h.inOrder) == 1 && !h.isOwn(s.Address) {
		p = h.inOrder[0]
	}
	return p
}

// want makes sure that the neighbour is known or being asked.
func (h *Host) want(n *neighbor, now time.Time) {
	switch {
	case n.state == NeighborStale:
		h.begin(n, NeighborProbe, confirmRound, now)
	case n.state == NeighborIncomplete && n.timer.place == 0:
		h.begin(n, NeighborIncomplete, resolveRound, now)
	}
}

// resume asks at once, after a link came up or an address of ours became valid.
func (h *Host) resume(n *neighbor, now time.Time) {
	switch {
	case n.state == NeighborStatic:
	case n.usable():
		h.begin(n, NeighborProbe, hurriedRound, now)
	default:
		h.begin(n, NeighborIncomplete, resolveRound, now)
	}
}

// begin starts a round.
func (h *Host) begin(n *neighbor, state NeighborState, r round, now time.Time) {
	h.setState(n, state, now)
	n.round, n.asked, n.pending, n.begun = r, 0, false, now
	h.step(n, now)
}

// neighborTimer is called when the neighbour's timer fires.
func (h *Host) neighborTimer(n *neighbor, now time.Time) {
	switch n.state {
	case NeighborReachable:
		switch {
		case n.rival != nil:
			h.begin(n, NeighborProbe, verifyRound, now)
		case len(n.watches) > 0 || len(n.echoes) > 0:
			h.begin(n, NeighborProbe, confirmRound, now)
		default:
			h.setState(n, NeighborStale, now)
			h.timers.set(&n.timer, now.Add(idleTime))
		}
	case NeighborStale:
		h.forgetUnused(n)
	case NeighborIncomplete, NeighborProbe, NeighborFailed:
		h.step(n, now)
	}
}

// step sends the next request of a round, or ends it.
func (h *Host) step(n *neighbor, now time.Time) {
	src, reason := h.source(n.port, n.key.addr)
	if !n.port.up || reason != "" {
		h.timers.stop(&n.timer) // resume follows
		return
	}
	if n.state != NeighborFailed && n.asked >= n.round.unicast+n.round.multicast {
		h.endRound(n, now)
		return
	}
	if !take(now, &h.asks) {
		n.port.count("ask_limited")
		h.timers.set(&n.timer, now.Add(limitedRetryBase+time.Duration(h.random.Int64N(int64(100*time.Millisecond)))))
		return
	}
	n.asked++
	n.pending = true
	h.sendAsk(n, src, n.state == NeighborProbe && n.asked <= n.round.unicast)
	wait := n.round.gap
	if n.state == NeighborFailed {
		n.backoff = min(2*n.backoff, lastRetry)
		wait = n.backoff
	}
	h.timers.set(&n.timer, now.Add(wait))
}

// endRound: nobody answered, as far as we can tell: where frames were lost meanwhile the answer may
// have been one of them, and a neighbour that was there is asked again.
func (h *Host) endRound(n *neighbor, now time.Time) {
	if n.usable() && !h.lost.Before(n.begun) {
		n.port.count("silence_doubted")
		h.begin(n, n.state, n.round, now)
		return
	}
	switch rival := n.rival; {
	case rival != nil && n.disputed:
		n.rival = nil
		h.begin(n, NeighborProbe, disputeRound, now)
		return
	case rival != nil:
		h.adopt(n, *rival, false, now)
		return
	}
	n.disputed = false
	n.port.count("neighbor_failed")
	h.setState(n, NeighborFailed, now)
	n.round, n.asked, n.pending, n.backoff = resolveRound, 0, false, firstRetry
	h.timers.set(&n.timer, now.Add(n.backoff))
	h.failEchoes(n, ReasonFailed)
	h.neighborChanged(n, now)
	h.forgetUnused(n)
}

// forgetUnused removes an entry that nobody needs.
func (h *Host) forgetUnused(n *neighbor) {
	if n.state == NeighborStatic || len(n.watches) > 0 || len(n.echoes) > 0 {
		return
	}
	h.timers.stop(&n.timer)
	delete(h.neighbors, n.key)
}

func (h *Host) setState(n *neighbor, s NeighborState, now time.Time) {
	if n.state != s || n.since.IsZero() {
		n.state, n.since = s, now
	}
}

// neighborChanged passes a new MAC or state on to who waits for it.
func (h *Host) neighborChanged(n *neighbor, now time.Time) {
	if n.usable() {
		h.sendWaitingEchoes(n, now)
	}
	for _, w := range n.watches {
		h.refresh(w, now)
	}
}
