package underlay

import (
	"log/slog"
	"net/netip"
	"time"
)

// AddressState is what duplicate address detection found.
type AddressState string

// States of an own address. Only a valid one is used and answered for. Once valid it stays so.
const (
	AddressTentative AddressState = "tentative"
	AddressValid     AddressState = "valid"
	AddressDuplicate AddressState = "duplicate"
)

// Times of duplicate address detection. RFC 5227 section 1.1 asks for up to 7 s of ARP probes with
// random waits, meant for many hosts powered up together; a gateway sends the same three probes in
// a fixed second. For IPv6, RFC 4862 section 5.1: one Neighbor Solicitation, 1 s.
const (
	arpProbes        = 3
	arpProbeGap      = 300 * time.Millisecond
	arpProbeWait     = 400 * time.Millisecond // after the last one
	ndProbeWait      = time.Second
	announcements    = 2
	announceGap      = 2 * time.Second
	defendInterval   = 10 * time.Second
	duplicateRecheck = 30 * time.Second
	recheckSpread    = 5 * time.Second // sooner, at random: two hosts that see each other's probes are not to meet again
)

// address is one of our own.
type address struct {
	timer
	port      *port
	addr      netip.Addr
	prefix    netip.Prefix // the connected network
	state     AddressState
	since     time.Time
	started   bool
	checking  bool // detection is under way; a duplicate one stays duplicate meanwhile
	probes    int
	announced int
	defended  time.Time
	rival     [6]byte   // who has it too, if anybody was seen
	disputed  time.Time // when that was last claimed of the address in use; zero: never
}

// hostAddresses are the configured addresses and, with IPv6, the link-local one unless it is given.
func hostAddresses(p *Port) []netip.Prefix {
	has6, hasLinkLocal := false, false
	for _, prefix := range p.Addresses {
		has6 = has6 || prefix.Addr().Is6()
		hasLinkLocal = hasLinkLocal || prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast()
	}
	if !has6 || hasLinkLocal {
		return p.Addresses
	}
	return append(p.Addresses[:len(p.Addresses):len(p.Addresses)], netip.PrefixFrom(linkLocal(p.MAC), 64))
}

// linkLocal is fe80:: and the modified EUI-64 of the MAC (RFC 4291 appendix A).
func linkLocal(mac [6]byte) netip.Addr {
	return netip.AddrFrom16([16]byte{
		0: 0xfe, 1: 0x80,
		8: mac[0] ^ 2, 9: mac[1], 10: mac[2], 11: 0xff, 12: 0xfe, 13: mac[3], 14: mac[4], 15: mac[5],
	})
}

func (h *Host) addAddress(p *port, prefix netip.Prefix) {
	a := &address{port: p, addr: prefix.Addr(), prefix: prefix.Masked(), state: AddressTentative}
	a.fire = func(now time.Time) {
		if a.checking {
			h.checkStep(a, now)
		} else if a.state == AddressDuplicate {
			h.check(a, now)
		} else {
			h.announce(a, now)
		}
	}
	p.addresses = append(p.addresses, a)
}

// own finds a valid address of ours on the port.
func (p *port) own(addr netip.Addr) *address {
	if a := p.find(addr); a != nil && a.state == AddressValid {
		return a
	}
	return nil
}

// find finds an address of ours on the port in any state.
func (p *port) find(addr netip.Addr) *address {
	for _, a := range p.addresses {
		if a.addr == addr {
			return a
		}
	}
	return nil
}

// check begins duplicate address detection.
func (h *Host) check(a *address, now time.Time) {
	a.checking, a.probes = true, 0
	h.checkStep(a, now)
}

func (h *Host) checkStep(a *address, now time.Time) {
	if !a.port.up {
		return // linkUp begins again
	}
	if a.addr.Is6() {
		if a.probes == 1 {
			h.claim(a, now)
			return
		}
		a.probes++
		h.sendNDProbe(a)
		h.timers.set(&a.timer, now.Add(ndProbeWait))
		return
	}
	if a.probes == arpProbes {
		h.claim(a, now)
		return
	}
	a.probes++
	h.sendARPProbe(a)
	wait := arpProbeGap
	if a.probes == arpProbes {
		wait = arpProbeWait
	}
	h.timers.set(&a.timer, now.Add(wait))
}

// claim takes the address into use.
func (h *Host) claim(a *address, now time.Time) {
	a.checking, a.state, a.since, a.announced = false, AddressValid, now, 0
	a.port.count("address_valid")
	h.logLater(slog.LevelInfo, "address is ours", "port", a.port.Name, "address", a.addr.String())
	h.announce(a, now)
	for _, n := range h.neighborsOf(a.port) {
		if n.waitsForSource() {
			h.resume(n, now)
		}
	}
	h.refreshPort(a.port, now)
}

// announce sends one announcement of a round.
func (h *Host) announce(a *address, now time.Time) {
	h.sendAnnouncement(a)
	if a.announced++; a.announced < announcements {
		h.timers.set(&a.timer, now.Add(announceGap))
	}
}

// conflict handles a frame of another host that has, or wants, our address. claimed tells having
// from wanting: only the first counts against an address in use.
func (h *Host) conflict(a *address, rival [6]byte, claimed bool, now time.Time) {
	switch {
	case a.checking:
		a.rival = rival
		a.checking = false
		h.timers.set(&a.timer, now.Add(duplicateRecheck-time.Duration(h.random.Int64N(int64(recheckSpread)))))
		a.port.count("address_duplicate")
		if a.state != AddressDuplicate {
			a.state, a.since = AddressDuplicate, now
			h.logLater(slog.LevelError, "duplicate address", "port", a.port.Name, "address", a.addr.String(), "mac", macString(rival))
		}
		h.refreshPort(a.port, now)
	case a.state == AddressValid && claimed:
		a.rival, a.disputed = rival, now
		a.port.count("address_conflict")
		if a.defended.IsZero() || now.Sub(a.defended) >= defendInterval {
			a.defended = now
			h.sendAnnouncement(a)
			a.port.count("address_defended")
			h.logLater(slog.LevelWarn, "another host claims our address", "port", a.port.Name, "address", a.addr.String(), "mac", macString(rival))
		}
	}
}

// source picks the address of ours with which to speak to target from the port, or says why there
// is none. A link-local address serves link-local targets only, unless the port has no other.
func (h *Host) source(p *port, target netip.Addr) (netip.Addr, string) {
	best, bestScore := netip.Addr{}, 0
	wider := false
	for _, a := range p.addresses {
		wider = wider || a.addr.Is6() && !a.addr.IsLinkLocalUnicast()
	}
	reason := ReasonNoIPv4
	if target.Is6() {
		reason = ReasonNoIPv6
	}
	for _, a := range p.addresses {
		narrow := a.addr.Is6() && a.addr.IsLinkLocalUnicast() && !target.IsLinkLocalUnicast() && wider
		if a.addr.Is6() != target.Is6() || narrow {
			continue
		}
		if a.state != AddressValid {
			if reason != ReasonDuplicate {
				reason = unusable(a)
			}
			continue
		}
		score := 1
		if a.prefix.Contains(target) {
			score = 2
		}
		if score > bestScore {
			best, bestScore = a.addr, score
		}
	}
	if bestScore > 0 {
		return best, ""
	}
	return best, reason
}

func unusable(a *address) string {
	if a.state == AddressDuplicate {
		return ReasonDuplicate
	}
	return ReasonTentative
}
