package decode

import (
	"fmt"
)

var icmpTypes = map[uint64]string{0: "Echo reply", 3: "Destination unreachable", 4: "Source quench", 5: "Redirect", 8: "Echo request", 9: "Router advertisement", 10: "Router solicitation",
	11: "Time exceeded", 12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply", 17: "Address mask request", 18: "Address mask reply"}

var icmpUnreachable = map[uint64]string{0: "network", 1: "host", 2: "protocol", 3: "port", 4: "fragmentation needed", 5: "source route failed", 6: "network unknown", 7: "host unknown",
	9: "network prohibited", 10: "host prohibited", 11: "network, for this service", 12: "host, for this service", 13: "prohibited"}

var exceeded = map[uint64]string{0: "in transit", 1: "while fragments were awaited"}

// codes are the names of what the types' codes mean.
type codes map[uint64]map[uint64]string

var icmpCodes = codes{3: icmpUnreachable, 5: {0: "network", 1: "host"}, 11: exceeded}

// icmp is RFC 792.
func icmp(d *decoder) step {
	d.name("ICMP")
	kind := d.messageHead(icmpTypes, icmpCodes)
	switch kind {
	case 0, 8:
		d.echo(kind == 8)
	case 3:
		d.skip(2)
		if mtu := d.value(2); mtu > 0 && !d.faulty() {
			d.tell("Next hop's MTU", decimal(mtu))
		}
		return d.quotation(ipv4)
	case 5:
		d.address("Gateway", 4)
		return d.quotation(ipv4)
	case 11, 12, 4:
		d.number("Rest of the header", 4, hexadecimal(4))
		return d.quotation(ipv4)
	}
	return nil
}

// messageHead reads type, code and checksum, and begins the line with them.
func (d *decoder) messageHead(types map[uint64]string, codes codes) uint64 {
	kind := d.number("Type", 1, named(types, decimal))
	code := d.value(1)
	d.tell("Code", named(codes[kind], decimal)(code))
	d.number("Checksum", 2, hexadecimal(2))
	if d.faulty() {
		return ^uint64(0)
	}
	text, ok := types[kind]
	if !ok {
		text = fmt.Sprintf("Type %d code %d", kind, code)
	}
	if name, ok := codes[kind][code]; ok {
		text += " (" + name + ")"
	}
	d.layer.Summary = text
	d.says(d.layer.Name, text)
	return kind
}

func (d *decoder) echo(request bool) {
	word := "reply"
	if request {
		word = "request"
	}
	identifier := d.number("Identifier", 2, hexadecimal(2))
	sequence := d.number("Sequence number", 2, decimal)
	if !d.faulty() {
		d.says(d.layer.Name, fmt.Sprintf("Echo %s id=0x%04x seq=%d, %s", word, identifier, sequence, plural(d.left(), "byte")))
	}
}

// quotation goes on with the packet that an error is about: the line names where it went.
func (d *decoder) quotation(first step) step {
	if d.faulty() || d.left() == 0 {
		return nil
	}
	if d.quoted {
		return first
	}
	d.quoted, d.ends = true, ends{}
	return func(d *decoder) step {
		next := first(d)
		if d.ends.source != "" {
			d.out.Info += fmt.Sprintf(" for %s → %s", d.ends.source, d.ends.destination)
		}
		d.layer.Name += " (quoted)"
		return next
	}
}

var icmpv6Types = map[uint64]string{1: "Destination unreachable", 2: "Packet too big", 3: "Time exceeded", 4: "Parameter problem", 128: "Echo request", 129: "Echo reply",
	130: "Listener query", 131: "Listener report", 132: "Listener done", 133: "Router solicitation", 134: "Router advertisement", 135: "Neighbor solicitation",
	136: "Neighbor advertisement", 137: "Redirect", 143: "Listener report (v2)"}

var icmpv6Codes = codes{1: {0: "no route", 1: "prohibited", 2: "beyond the scope", 3: "address", 4: "port", 5: "policy", 6: "route rejected"}, 3: exceeded,
	4: {0: "header field", 1: "next header", 2: "option"}}

// icmpv6 is RFC 4443, and neighbour discovery (RFC 4861).
func icmpv6(d *decoder) step {
	d.name("ICMPv6")
	kind := d.messageHead(icmpv6Types, icmpv6Codes)
	switch kind {
	case 1, 3, 4:
		d.number("Rest of the header", 4, hexadecimal(4))
		return d.quotation(ipv6)
	case 2:
		d.number("MTU", 4, decimal)
		return d.quotation(ipv6)
	case 128, 129:
		d.echo(kind == 128)
	case 133:
		d.skip(4)
		d.neighbourOptions()
	case 134:
		d.advertisement()
	case 135, 136, 137:
		d.neighbour(kind)
	}
	return nil
}

func (d *decoder) advertisement() {
	d.number("Hop limit", 1, decimal)
	d.number("Flags", 1, shownFlags(1, "managed", "other", "home agent", "", "", "proxy", "", ""))
	d.number("Router lifetime", 2, inSeconds)
	d.number("Reachable time", 4, decimal)
	d.number("Retransmission timer", 4, decimal)
	d.neighbourOptions()
}

func (d *decoder) neighbour(kind uint64) {
	if kind == 136 {
		d.number("Flags", 4, shownFlags(4, append([]string{"router", "solicited", "override"}, make([]string, 29)...)...))
	} else {
		d.skip(4)
	}
	target := d.address("Target", 16)
	if kind == 137 {
		d.address("Destination", 16)
	}
	if d.faulty() {
		return
	}
	from := d.ends.source
	if link := d.neighbourOptions(); link != "" {
		from = link
	}
	switch kind {
	case 135:
		d.says("ICMPv6", fmt.Sprintf("Neighbor solicitation for %s from %s", target, from))
	case 136:
		d.says("ICMPv6", fmt.Sprintf("Neighbor advertisement %s is at %s", target, from))
	}
}

var neighbourOptionNames = map[uint64]string{1: "source link-layer address", 2: "target link-layer address", 3: "prefix", 4: "redirected header", 5: "MTU", 14: "nonce", 24: "route", 25: "DNS servers",
	31: "DNS search list"}

// neighbourOptions returns the first link-layer address of the options, whose lengths count 8 bytes.
func (d *decoder) neighbourOptions() (link string) {
	d.within(max(d.left(), 0), func() {
		for d.left() > 0 && !d.faulty() {
			d.group("Option", func() string {
				kind := d.value(1)
				if text := d.neighbourOption(kind); link == "" {
					link = text
				}
				return named(neighbourOptionNames, decimal)(kind)
			})
		}
	})
	return link
}

func (d *decoder) neighbourOption(kind uint64) (link string) {
	size := int(d.value(1)) * 8
	if !d.faulty() && (size == 0 || size-2 > d.left()) {
		d.fail("The option %s is malformed: its length is %d and there %s.", named(neighbourOptionNames, decimal)(kind), size, areLeft(d.left()+2))
	}
	switch {
	case d.faulty():
	case kind <= 2 && size == 8:
		return d.mac("Address")
	case kind == 3 && size == 32:
		length := d.value(1)
		d.tell("Prefix length", decimal(length))
		d.number("Flags", 1, shownFlags(1, "on link", "autonomous", "", "", "", "", "", ""))
		d.number("Valid lifetime", 4, inSeconds)
		d.number("Preferred lifetime", 4, inSeconds)
		d.skip(4)
		d.address("Prefix", 16)
	case kind == 5 && size == 8:
		d.skip(2)
		d.number("MTU", 4, decimal)
	default:
		d.bytes("Value", size-2)
	}
	return ""
}
