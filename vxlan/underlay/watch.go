package underlay

import (
	"net/netip"
	"slices"
	"time"
)

// watch is a destination that is kept resolved.
type watch struct {
	dst      netip.Addr
	refs     int
	reason   string // why there is no neighbour; else empty, and port and neighbor are set
	port     *port
	neighbor *neighbor
	hop      NextHop // as last told

	learned      int   // path MTU, bytes of the outer IP packet; 0: none
	mtuExpiry    timer // forgets learned
	unreachables uint64
	unreachable  string // what the last ICMP error that quoted a copy said
	lastError    time.Time
}

// Watch keeps dst resolved until as many calls of Unwatch, and returns its next hop as it is now.
// Changed is told of what follows, not of this one.
func (h *Host) Watch(now time.Time, dst netip.Addr) NextHop {
	h.mu.Lock()
	defer h.unlock()
	if w := h.watches[dst]; w != nil {
		w.refs++
		return w.hop
	}
	w := &watch{dst: dst, refs: 1}
	w.mtuExpiry.fire = func(now time.Time) { h.forgetMTU(w, now) }
	h.watches[dst] = w
	var via netip.Addr
	if w.port, via, w.reason = h.lookup(dst); w.reason == "" {
		w.neighbor = h.neighbor(w.port, via)
		w.neighbor.watches = append(w.neighbor.watches, w)
		h.want(w.neighbor, now)
	}
	w.hop = h.hopOf(w)
	w.hop.Since = now
	return w.hop
}

// Unwatch takes back one Watch. What nobody watches is forgotten at once, its path MTU included.
func (h *Host) Unwatch(dst netip.Addr) {
	h.mu.Lock()
	defer h.unlock()
	w := h.watches[dst]
	if w == nil {
		return
	}
	if w.refs--; w.refs > 0 {
		return
	}
	delete(h.watches, dst)
	h.timers.stop(&w.mtuExpiry)
	if n := w.neighbor; n != nil {
		n.watches = slices.DeleteFunc(n.watches, func(other *watch) bool { return other == w })
		h.forgetUnused(n)
	}
}

// NextHop is the next hop of a destination as it is now. Of one that is not watched it says what
// is known already, and asks nobody; Since is zero then.
func (h *Host) NextHop(dst netip.Addr) NextHop {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.watches[dst]; w != nil {
		return w.hop
	}
	w := &watch{dst: dst}
	var via netip.Addr
	if w.port, via, w.reason = h.lookup(dst); w.reason == "" {
		if w.neighbor = h.neighbors[neighborKey{w.port.Index, via}]; w.neighbor == nil {
			w.neighbor = &neighbor{key: neighborKey{w.port.Index, via}, port: w.port, state: NeighborIncomplete}
		}
	}
	return h.hopOf(w)
}

// hopOf computes the next hop, without Since.
func (h *Host) hopOf(w *watch) NextHop {
	if w.reason != "" {
		return NextHop{Port: -1, Reason: w.reason}
	}
	n := w.neighbor
	hop := NextHop{Port: w.port.Index, Via: n.key.addr, MTU: w.mtu()}
	if hop.Reason = h.obstacle(w.port, w.dst, n); hop.Reason == "" {
		hop.Resolved, hop.MAC = true, n.mac
	}
	return hop
}

// obstacle says why nothing can be sent to dst by way of n; empty if it can.
func (h *Host) obstacle(p *port, dst netip.Addr, n *neighbor) string {
	if !p.up {
		return ReasonLinkDown
	}
	if n.state == NeighborStatic {
		return ""
	}
	if _, reason := h.source(p, dst); reason != "" {
		return reason
	}
	switch {
	case n.usable():
		return ""
	case n.state == NeighborFailed:
		return ReasonFailed
	}
	if _, reason := h.source(p, n.key.addr); reason != "" {
		return reason
	}
	return ReasonIncomplete
}

// refresh tells of the destination's next hop if it changed.
func (h *Host) refresh(w *watch, now time.Time) {
	hop := h.hopOf(w)
	hop.Since = w.hop.Since
	if hop == w.hop {
		return
	}
	hop.Since = now
	w.hop = hop
	if w.port != nil {
		w.port.count("next_hop_changed")
	}
	if changed := h.cfg.Changed; changed != nil {
		dst := w.dst
		h.later(func() { changed(dst, hop) })
	}
}

// refreshPort does so for all destinations behind a port.
func (h *Host) refreshPort(p *port, now time.Time) {
	for _, n := range h.neighborsOf(p) {
		for _, w := range n.watches {
			h.refresh(w, now)
		}
	}
}
