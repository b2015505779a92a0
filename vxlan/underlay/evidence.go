package underlay

import (
	"log/slog"
	"time"
)

// This file decides what a received ARP packet or Neighbor Discovery message changes. It never
// makes an entry.

// lookupNeighbor finds an entry that frames may change; nil if there is none.
func (h *Host) lookupNeighbor(key neighborKey) *neighbor {
	if n := h.neighbors[key]; n != nil && n.state != NeighborStatic {
		return n
	}
	return nil
}

// answeredBy handles an answer that was sent to us: an ARP reply, or a solicited advertisement.
func (h *Host) answeredBy(n *neighbor, mac [6]byte, now time.Time) {
	switch {
	case !n.pending && n.usable() && mac != n.mac && now.Sub(n.answered) < conflictTime:
		n.port.count("conflicting_reply")
	case !n.pending:
		h.announcedBy(n, mac, now)
	case !n.usable() || mac == n.mac || n.seeksEverybody():
		h.adopt(n, mac, true, now)
	default: // only the known MAC was asked
		h.announcedBy(n, mac, now)
	}
}

// announcedBy handles what nobody asked for: a MAC that a frame names for the neighbour.
func (h *Host) announcedBy(n *neighbor, mac [6]byte, now time.Time) {
	switch {
	case !n.usable():
		h.adopt(n, mac, false, now)
	case mac == n.mac:
	case n.rival != nil || n.disputed:
		n.port.count("announcement_ignored") // the known MAC or everybody is being asked
		n.disputed = n.disputed || mac != *n.rival
	case n.state == NeighborProbe && n.seeksEverybody():
		h.adopt(n, mac, false, now)
	default:
		n.port.count("announcement_doubted")
		n.rival = &mac
		h.verify(n, now)
	}
}

// verify asks the known MAC whether it is still there, now or when the hold is over.
func (h *Host) verify(n *neighbor, now time.Time) {
	if n.state == NeighborReachable && now.Before(n.heldUntil) {
		if n.timer.at.After(n.heldUntil) {
			h.timers.set(&n.timer, n.heldUntil)
		}
		return
	}
	h.begin(n, NeighborProbe, verifyRound, now)
}

// wantedBy handles a host that checks whether it may take the neighbour's address (an ARP probe, a
// duplicate address detection): a hint that the address moves, and a reason to ask.
func (h *Host) wantedBy(n *neighbor, mac [6]byte, now time.Time) {
	if mac == n.mac || n.state != NeighborReachable || n.rival != nil || now.Before(n.heldUntil) {
		return
	}
	n.port.count("neighbor_rechecked")
	n.heldUntil = now.Add(refusedHold)
	h.begin(n, NeighborProbe, hurriedRound, now)
}

// adopt takes mac for the neighbour. solicited: it answered a request of ours, so it is reachable;
// else it is used at once and asked to confirm.
func (h *Host) adopt(n *neighbor, mac [6]byte, solicited bool, now time.Time) {
	known := n.usable()
	switch {
	case known && mac != n.mac:
		n.port.count("neighbor_mac_changed")
		h.logLater(slog.LevelInfo, "neighbor has another MAC", "port", n.port.Name, "address", n.key.addr.String(),
			"old", macString(n.mac), "new", macString(mac))
	case known && n.rival != nil:
		n.port.count("announcement_refused")
		n.heldUntil = now.Add(refusedHold)
	}
	n.mac, n.rival, n.disputed = mac, nil, false
	if solicited {
		n.answered, n.pending = now, false
		h.setState(n, NeighborReachable, now)
		h.timers.set(&n.timer, now.Add(h.jitter(reachableTime)))
	} else {
		h.begin(n, NeighborProbe, confirmRound, now)
	}
	h.neighborChanged(n, now)
}

// jitter is d times a random factor of 0.5 to 1.5.
func (h *Host) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(h.random.Int64N(int64(d)+1))
}
