package underlay

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// EchoOutcome is how an echo probe ended.
type EchoOutcome string

// Outcomes of an echo probe.
const (
	EchoReplied     EchoOutcome = "reply"
	EchoTimedOut    EchoOutcome = "timeout"     // sent and not answered
	EchoUnreachable EchoOutcome = "unreachable" // an ICMP error quoted it
	EchoUnresolved  EchoOutcome = "unresolved"  // not sent: there was no next hop
	EchoRefused     EchoOutcome = "refused"     // not sent: too many probes or peers at once
)

// EchoResult is the end of an echo probe.
type EchoResult struct {
	Dst     netip.Addr
	Outcome EchoOutcome
	RTT     time.Duration // of a reply, between the calls of Frames.Send and Input
	Reason  string        // of the other outcomes: a Reason constant, or what the ICMP error said
}

// Reasons of refused probes.
const (
	ReasonManyProbes = "too many echo probes outstanding"
	ReasonManyPeers  = "too many peers of echo probes"
)

// echo is an outstanding probe.
type echo struct {
	timer
	id       uint32 // ICMP identifier and sequence number
	token    [8]byte
	dst, src netip.Addr
	neighbor *neighbor
	sent     time.Time // zero: it waits for the neighbour's MAC
	done     func(EchoResult)
}

type echoes struct {
	byID map[uint32]*echo
	last uint32
}

func newEchoes() echoes { return echoes{byID: map[uint32]*echo{}} }

// Echo sends an ICMP or ICMPv6 echo request to dst out of its tunnel port, and calls done once, with
// the result, at the latest when Tick is called after the timeout. dst need not be watched.
func (h *Host) Echo(now time.Time, dst netip.Addr, timeout time.Duration, done func(EchoResult)) {
	h.mu.Lock()
	defer h.unlock()
	e := &echo{dst: dst, done: done}
	e.fire = func(time.Time) { h.echoTimeout(e) }
	if outcome, reason := h.admitEcho(e); outcome != "" {
		h.endEcho(e, EchoResult{Outcome: outcome, Reason: reason})
		return
	}
	n := e.neighbor
	n.used = now
	n.echoes = append(n.echoes, e)
	h.nameEcho(e)
	h.timers.set(&e.timer, now.Add(timeout))
	h.want(n, now)
	if n.usable() {
		h.sendEcho(e, now)
	}
}

// admitEcho finds the probe's neighbour, or says why there is none.
func (h *Host) admitEcho(e *echo) (EchoOutcome, string) {
	if len(h.echoes.byID) >= h.cfg.Limits.EchoProbes {
		return EchoRefused, ReasonManyProbes
	}
	p, via, reason := h.lookup(e.dst)
	if reason != "" {
		return EchoUnresolved, reason
	}
	if !p.up {
		return EchoUnresolved, ReasonLinkDown
	}
	if _, reason := h.source(p, e.dst); reason != "" {
		return EchoUnresolved, reason
	}
	n := h.neighbors[neighborKey{p.Index, via}]
	if n == nil {
		if !h.roomForPeer() {
			return EchoRefused, ReasonManyPeers
		}
		n = h.neighbor(p, via)
	}
	if n.state == NeighborFailed {
		return EchoUnresolved, ReasonFailed
	}
	e.neighbor = n
	return "", ""
}

// roomForPeer makes room for one more neighbour that only probes need: the one that was not used
// for longest goes, if it has no probe outstanding.
func (h *Host) roomForPeer() bool {
	peers := 0
	var oldest *neighbor
	for _, n := range h.neighbors {
		if n.state == NeighborStatic || len(n.watches) > 0 {
			continue
		}
		peers++
		if len(n.echoes) == 0 && (oldest == nil || n.used.Before(oldest.used)) {
			oldest = n
		}
	}
	if peers < h.cfg.Limits.EchoPeers {
		return true
	}
	if oldest == nil {
		return false
	}
	h.forgetUnused(oldest)
	return true
}

// nameEcho gives the probe an identifier that is free and cannot be guessed.
func (h *Host) nameEcho(e *echo) {
	for h.echoes.last = h.random.Uint32(); h.echoes.byID[h.echoes.last] != nil; {
		h.echoes.last++
	}
	e.id = h.echoes.last
	h.echoes.byID[e.id] = e
	binary.BigEndian.PutUint64(e.token[:], h.random.Uint64())
}

func (h *Host) sendEcho(e *echo, now time.Time) {
	p := e.neighbor.port
	src, reason := h.source(p, e.dst)
	if reason != "" {
		h.endEcho(e, EchoResult{Outcome: EchoUnresolved, Reason: reason})
		return
	}
	e.src, e.sent = src, now
	id, seq := uint16(e.id>>16), uint16(e.id)
	if e.dst.Is6() {
		ip := ipv6(src, e.dst, hopLimit)
		h.transmit(p, "sent_echo_request", e.neighbor.mac, layers.EthernetTypeIPv6, ip, icmpv6(ip, layers.ICMPv6TypeEchoRequest),
			&layers.ICMPv6Echo{Identifier: id, SeqNumber: seq}, gopacket.Payload(e.token[:]))
		return
	}
	h.transmit(p, "sent_echo_request", e.neighbor.mac, layers.EthernetTypeIPv4, ipv4(src, e.dst),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: id, Seq: seq},
		gopacket.Payload(e.token[:]))
}

// sendWaitingEchoes is called when the neighbour has a MAC.
func (h *Host) sendWaitingEchoes(n *neighbor, now time.Time) {
	for _, e := range slices.Clone(n.echoes) {
		if e.sent.IsZero() {
			h.sendEcho(e, now)
		}
	}
}

// failEchoes ends the probes that wait for the MAC.
func (h *Host) failEchoes(n *neighbor, reason string) {
	for _, e := range slices.Clone(n.echoes) {
		if e.sent.IsZero() {
			h.endEcho(e, EchoResult{Outcome: EchoUnresolved, Reason: reason})
		}
	}
}

func (h *Host) echoTimeout(e *echo) {
	if e.sent.IsZero() {
		h.endEcho(e, EchoResult{Outcome: EchoUnresolved, Reason: ReasonIncomplete})
		return
	}
	h.endEcho(e, EchoResult{Outcome: EchoTimedOut, Reason: "no reply"})
}

// endEcho forgets the probe and tells who asked for it.
func (h *Host) endEcho(e *echo, result EchoResult) {
	h.timers.stop(&e.timer)
	if n := e.neighbor; n != nil {
		delete(h.echoes.byID, e.id)
		n.echoes = slices.DeleteFunc(n.echoes, func(other *echo) bool { return other == e })
		n.port.count("probe_" + string(result.Outcome))
		if n.state == NeighborFailed {
			h.forgetUnused(n) // else it would be asked for ever
		}
	} else {
		h.elsewhere.count("probe_" + string(result.Outcome))
	}
	result.Dst = e.dst
	h.later(func() { e.done(result) })
}

// inputEchoReply matches a reply with its probe: identifiers, both addresses and the payload.
func (h *Host) inputEchoReply(r *received, id, seq uint16, payload []byte) string {
	e := h.echoes.byID[uint32(id)<<16|uint32(seq)]
	if e == nil || e.sent.IsZero() || e.dst != r.srcIP || e.src != r.dstIP || string(payload) != string(e.token[:]) {
		return rxEchoUnknown
	}
	h.endEcho(e, EchoResult{Outcome: EchoReplied, RTT: r.now.Sub(e.sent)})
	return rxEchoReply
}

// echoUnreachable ends the probe that an ICMP error quotes; false if it quotes none.
func (h *Host) echoUnreachable(q quote, reason string) bool {
	request := q.protocol == layers.IPProtocolICMPv4 && q.head[0] == layers.ICMPv4TypeEchoRequest ||
		q.protocol == layers.IPProtocolICMPv6 && q.head[0] == layers.ICMPv6TypeEchoRequest
	e := h.echoes.byID[be32(q.head[4:])]
	if !request || e == nil || e.sent.IsZero() || e.dst != q.dst || e.src != q.src {
		return false
	}
	h.endEcho(e, EchoResult{Outcome: EchoUnreachable, Reason: reason})
	return true
}
