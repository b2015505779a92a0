package underlay

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/gopacket/layers"
)

const (
	minMTU4   = 576  // RFC 1191 section 3 allows 68; no path of today needs less than this
	minMTU6   = 1280 // RFC 8201 section 4
	mtuExpiry = 10 * time.Minute
	vxlanPort = 4789
)

// plateaus are RFC 1191 section 7.1, for routers that do not say the next hop's MTU.
var plateaus = []int{32000, 17914, 8166, 4352, 2002, 1492, 1006, 576}

// quote is the packet that an ICMP error quotes.
type quote struct {
	src, dst netip.Addr
	length   int // total length in bytes
	protocol layers.IPProtocol
	head     []byte // what follows the IP header, at least 8 bytes
}

// copied reports whether it is a copy: UDP to the VXLAN port.
func (q *quote) copied() bool {
	return q.protocol == layers.IPProtocolUDP && be16(q.head[2:]) == vxlanPort
}

func quote4(b []byte) (q quote, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return q, false
	}
	header := int(b[0]&15) * 4
	if offset := be16(b[6:]) & 0x1fff; header < 20 || len(b) < header+8 || offset != 0 {
		return q, false
	}
	return quote{
		src: netip.AddrFrom4([4]byte(b[12:16])), dst: netip.AddrFrom4([4]byte(b[16:20])),
		length: int(be16(b[2:])), protocol: layers.IPProtocol(b[9]), head: b[header:],
	}, true
}

// quote6 takes no extension headers: neither copies nor probes have them.
func quote6(b []byte) (q quote, ok bool) {
	if len(b) < 48 || b[0]>>4 != 6 {
		return q, false
	}
	return quote{
		src: netip.AddrFrom16([16]byte(b[8:24])), dst: netip.AddrFrom16([16]byte(b[24:40])),
		length: 40 + int(be16(b[4:])), protocol: layers.IPProtocol(b[6]), head: b[40:],
	}, true
}

// inputError4 handles destination unreachable and time exceeded.
func (h *Host) inputError4(r *received, forUs bool) string {
	m := &h.decoder.icmp4
	q, ok := quote4(m.Payload)
	kind, code := m.TypeCode.Type(), m.TypeCode.Code()
	if kind == layers.ICMPv4TypeDestinationUnreachable && code == layers.ICMPv4CodeFragmentationNeeded {
		return h.inputTooBig(r, q, ok, int(m.Seq), minMTU4)
	}
	return h.inputUnreachable(r, q, ok, forUs, reason4(kind, code))
}

func (h *Host) inputError6(r *received, forUs bool) string {
	m := &h.decoder.icmp6
	if len(m.Payload) < 4 {
		return rxMalformed
	}
	q, ok := quote6(m.Payload[4:])
	if m.TypeCode.Type() == layers.ICMPv6TypePacketTooBig {
		return h.inputTooBig(r, q, ok, int(min(be32(m.Payload), 1<<20)), minMTU6)
	}
	return h.inputUnreachable(r, q, ok, forUs, reason6(m.TypeCode.Type(), m.TypeCode.Code()))
}

// watchQuoted finds the watched destination of a quoted copy of ours. An error goes to the source
// of what it quotes.
func (h *Host) watchQuoted(r *received, q quote, ok bool) *watch {
	if !ok || !q.copied() || q.src != r.dstIP {
		return nil
	}
	w := h.watches[q.dst]
	if w == nil || w.port == nil || h.cfg.OurSource != nil && !h.cfg.OurSource(q.src) {
		return nil
	}
	return w
}

// inputTooBig handles a report that copies are too big for their path (RFC 1191, RFC 8201). mtu is
// in bytes of an IP packet; 0 means that the router does not say it.
func (h *Host) inputTooBig(r *received, q quote, ok bool, mtu, least int) string {
	w := h.watchQuoted(r, q, ok)
	if w == nil {
		return rxTooBigOther
	}
	if !take(r.now, &h.tooBig) {
		return rxLimited
	}
	if mtu == 0 && least == minMTU4 {
		mtu = plateauBelow(q.length)
	}
	if mtu < least {
		w.port.count("too_big_clamped")
		mtu = least
	}
	if mtu > w.mtu() || mtu == w.port.MTU {
		return rxTooBigNot
	}
	if mtu < w.mtu() {
		w.learned = mtu
		h.logLater(slog.LevelInfo, "path MTU is lower", "destination", w.dst.String(), "mtu", mtu, "reporter", r.srcIP.String())
		h.refresh(w, r.now)
	}
	h.timers.set(&w.mtuExpiry, r.now.Add(mtuExpiry))
	return rxTooBig
}

func plateauBelow(length int) int {
	for _, p := range plateaus {
		if p < length {
			return p
		}
	}
	return minMTU4
}

// forgetMTU tries the port's MTU again.
func (h *Host) forgetMTU(w *watch, now time.Time) {
	w.learned = 0
	w.port.count("path_mtu_expired")
	h.refresh(w, now)
}

// mtu is the path MTU in bytes of the outer IP packet.
func (w *watch) mtu() int {
	if w.learned != 0 {
		return min(w.learned, w.port.MTU)
	}
	return w.port.MTU
}

// inputUnreachable handles an error that is not about size: about a copy it is remembered for
// Status, about a probe it is its result.
func (h *Host) inputUnreachable(r *received, q quote, ok, forUs bool, reason string) string {
	if w := h.watchQuoted(r, q, ok); w != nil {
		w.unreachables++
		w.unreachable, w.lastError = reason, r.now
		return rxUnreachable
	}
	if ok && forUs && h.echoUnreachable(q, reason) {
		return rxUnreachable
	}
	return rxErrorOther
}

func reason4(kind, code uint8) string {
	if kind == layers.ICMPv4TypeTimeExceeded {
		return "time exceeded"
	}
	switch code {
	case layers.ICMPv4CodeNet:
		return "network unreachable"
	case layers.ICMPv4CodeHost:
		return "host unreachable"
	case layers.ICMPv4CodeProtocol:
		return "protocol unreachable"
	case layers.ICMPv4CodePort:
		return "port unreachable"
	case layers.ICMPv4CodeNetAdminProhibited, layers.ICMPv4CodeHostAdminProhibited, layers.ICMPv4CodeCommAdminProhibited:
		return "administratively prohibited"
	}
	return "unreachable"
}

func reason6(kind, code uint8) string {
	if kind == layers.ICMPv6TypeTimeExceeded {
		return "time exceeded"
	}
	switch code {
	case layers.ICMPv6CodeNoRouteToDst:
		return "network unreachable"
	case layers.ICMPv6CodeAdminProhibited:
		return "administratively prohibited"
	case layers.ICMPv6CodeAddressUnreachable:
		return "host unreachable"
	case layers.ICMPv6CodePortUnreachable:
		return "port unreachable"
	}
	return "unreachable"
}
