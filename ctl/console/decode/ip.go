package decode

import (
	"fmt"
	"strings"
)

var protocols = map[uint64]string{
	0: "IPv6 hop-by-hop options", 1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 8: "EGP", 17: "UDP", 33: "DCCP", 41: "IPv6", 43: "IPv6 routing", 44: "IPv6 fragment",
	46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 59: "no next header", 60: "IPv6 destination options", 88: "EIGRP", 89: "OSPF", 97: "EtherIP", 103: "PIM",
	108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 135: "Mobility", 136: "UDP-Lite", 137: "MPLS", 139: "HIP", 140: "Shim6", 143: "Ethernet", 253: "experiment", 254: "experiment",
}

// protocolName is the name of an IP protocol, or its number.
func protocolName(number uint64) string {
	if name, ok := protocols[number]; ok {
		return name
	}
	return "IP protocol " + decimal(number)
}

// byProtocol is what is known of an IP protocol.
func byProtocol(number uint64) step {
	switch number {
	case 1:
		return icmp
	case 2:
		return igmp
	case 4:
		return ipv4
	case 6:
		return tcp
	case 17:
		return udp
	case 41:
		return ipv6
	case 47:
		return gre
	case 58:
		return icmpv6
	case 0, 43, 60, 135, 139, 140:
		return extension(number)
	case 44:
		return ipv6Fragment
	case 51:
		return authentication
	case 132:
		return sctp
	case 137:
		return mpls
	case 143:
		return ethernet
	}
	return nil
}

// transport goes on to what an IP packet carries, or says that it is not known.
func (d *decoder) transport(protocol uint64) step {
	if d.faulty() {
		return nil
	}
	next := byProtocol(protocol)
	if next == nil {
		d.says(protocolName(protocol), plural(d.left(), "byte"))
	}
	return next
}

var congestionNotification = map[uint64]string{0: "not capable", 1: "capable", 2: "capable", 3: "congestion experienced"}

// ipv4 is RFC 791.
func ipv4(d *decoder) step {
	d.name("IPv4")
	begin := d.at
	first := d.value(1)
	size := int(first&15) * 4
	d.tell("Version", decimal(first>>4))
	d.tell("Header length", inBytes(uint64(size)))
	if !d.faulty() && (first>>4 != 4 || size < 20) {
		d.fail("IPv4 is malformed: its version is %d and its header has %d bytes.", first>>4, size)
	}
	service := d.value(1)
	d.tell("DSCP", decimal(service>>2))
	d.tell("ECN", named(congestionNotification, decimal)(service&3))
	total := int(d.number("Total length", 2, inBytes))
	identification := d.number("Identification", 2, hexadecimal(2))
	fragment := d.value(2)
	d.tell("Flags", shownFlags(1, "reserved", "don't fragment", "more fragments")(fragment>>13))
	d.tell("Fragment offset", inBytes(fragment&0x1fff*8))
	d.number("TTL", 1, decimal)
	protocol := d.number("Protocol", 1, named(protocols, decimal))
	d.value(2)
	d.tell("Header checksum", d.headerChecksum(begin, size))
	source := d.address("Source", 4)
	destination := d.address("Destination", 4)
	if d.faulty() {
		return nil
	}
	d.between(source.String(), destination.String())
	d.bound("IPv4", begin, total, size)
	if size > 20 {
		d.within(size-20, d.ipv4Options)
	}
	if fragment&0x3fff != 0 {
		offset, more := int(fragment&0x1fff)*8, fragment&0x2000 != 0
		return d.fragmentOf(protocol, offset, more, identification)
	}
	return d.transport(protocol)
}

// bound sets the end of an IP packet that begins at an offset. A total of 0 is what stacks leave to
// hardware that cuts segments.
func (d *decoder) bound(name string, begin, total, header int) {
	switch end := begin + total; {
	case total == 0:
	case total < header:
		d.wrong("The total length of %s is %d, less than its header.", name, total)
	case end > d.end && !d.quoted && !d.fragment:
		d.wrong("The total length of %s is %d and there %s.", name, total, areLeft(d.end-begin))
	default:
		d.end = min(d.end, end)
	}
}

func (d *decoder) headerChecksum(begin, size int) string {
	if d.faulty() {
		return ""
	}
	text := hexadecimal(2)(uint64(d.data[d.at-2])<<8 | uint64(d.data[d.at-1]))
	if begin+size > len(d.data) || d.quoted {
		return text
	}
	if checksum(d.data[begin:begin+size]) == 0 {
		return text + " (right)"
	}
	return text + " (wrong)"
}

// fragmentOf is a part of a packet: the first one has the header of what it carries.
func (d *decoder) fragmentOf(protocol uint64, offset int, more bool, identification uint64) step {
	if d.faulty() {
		return nil
	}
	rest := ""
	if more {
		rest = ", more follow"
	}
	d.fragment = true
	d.wrap(fmt.Sprintf("fragment at %d", offset))
	d.says(protocolName(protocol), fmt.Sprintf("Fragment at %d, %s%s, identification 0x%04x", offset, plural(d.left(), "byte"), rest, identification))
	if offset > 0 {
		return nil
	}
	return byProtocol(protocol)
}

var ipv4OptionNames = map[uint64]string{0: "end", 1: "nothing", 7: "record route", 68: "timestamp", 130: "security", 131: "loose source route", 136: "stream", 137: "strict source route",
	148: "router alert"}

func (d *decoder) ipv4Options() {
	for d.left() > 0 && !d.faulty() {
		end := false
		d.group("Option", func() string {
			kind := d.value(1)
			if end = kind == 0; kind > 1 {
				d.optionBody("The IPv4 option", 2)
			}
			return named(ipv4OptionNames, decimal)(kind)
		})
		if end {
			return
		}
	}
}

// optionBody reads the length of an option, which counts from head bytes before what follows, and the rest.
func (d *decoder) optionBody(what string, head int) {
	length := int(d.value(1))
	if !d.faulty() && (length < head || length-head > d.left()) {
		d.fail("%s is malformed: its length is %d and there %s.", what, length, areLeft(d.left()+head))
		return
	}
	if length > head {
		d.bytes("Value", length-head)
	}
}

// maxPadding is what Ethernet adds to an IPv6 packet without a payload, bytes.
const maxPadding = 6

// ipv6 is RFC 8200.
func ipv6(d *decoder) step {
	d.name("IPv6")
	begin := d.at
	first := d.value(4)
	if !d.faulty() && first>>28 != 6 {
		d.fail("IPv6 is malformed: its version is %d.", first>>28)
	}
	d.tell("Version", decimal(first>>28))
	d.tell("DSCP", decimal(first>>22&63))
	d.tell("ECN", named(congestionNotification, decimal)(first>>20&3))
	d.tell("Flow label", fmt.Sprintf("0x%05x", first&0xfffff))
	payload := int(d.number("Payload length", 2, inBytes))
	next := d.number("Next header", 1, named(protocols, decimal))
	d.number("Hop limit", 1, decimal)
	source := d.address("Source", 16)
	destination := d.address("Destination", 16)
	if d.faulty() {
		return nil
	}
	d.between(source.String(), destination.String())
	if payload > 0 {
		d.bound("IPv6", begin, payload+40, 40)
	} else if d.left() <= maxPadding {
		d.end = d.at
	} // else a jumbogram, or what stacks leave to hardware that cuts segments
	return d.transport(next)
}

// extension is a header of which the length counts 8 bytes after the first 8.
func extension(protocol uint64) step {
	return func(d *decoder) step {
		d.name(protocolName(protocol))
		next := d.number("Next header", 1, named(protocols, decimal))
		size := int(d.value(1))*8 + 8
		d.tell("Length", inBytes(uint64(size)))
		if d.faulty() {
			return nil
		}
		switch protocol {
		case 0, 60:
			d.within(size-2, d.ipv6Options)
		case 43:
			d.within(size-2, d.routing)
		default:
			d.bytes("Value", size-2)
		}
		return d.transport(next)
	}
}

var ipv6OptionNames = map[uint64]string{0: "padding", 1: "padding", 4: "tunnel limit", 5: "router alert", 0x26: "quick start", 0x63: "RPL", 0xc2: "jumbo payload", 0xc9: "home address"}

func (d *decoder) ipv6Options() {
	for d.left() > 0 && !d.faulty() {
		d.group("Option", func() string {
			kind := d.value(1)
			if kind != 0 && !d.faulty() {
				length := int(d.value(1))
				if length > 0 {
					d.bytes("Value", length)
				}
			}
			return named(ipv6OptionNames, decimal)(kind)
		})
	}
}

func (d *decoder) routing() {
	kind := d.number("Routing type", 1, named(map[uint64]string{0: "source route", 2: "mobility", 3: "RPL", 4: "segment routing"}, decimal))
	d.number("Segments left", 1, decimal)
	if d.number("Reserved", 4, hexadecimal(4)); kind == 0 || kind == 2 || kind == 4 {
		for d.left() >= 16 && !d.faulty() {
			d.address("Address", 16)
		}
	}
	if d.left() > 0 && !d.faulty() {
		d.bytes("Value", d.left())
	}
}

func ipv6Fragment(d *decoder) step {
	d.name("IPv6 fragment")
	next := d.number("Next header", 1, named(protocols, decimal))
	d.skip(1)
	where := d.value(2)
	d.tell("Fragment offset", inBytes(where&^7))
	d.tell("More fragments", yesNo(where&1))
	identification := d.number("Identification", 4, hexadecimal(4))
	if where&^6 == 0 { // an atomic fragment is whole (RFC 6946)
		return d.transport(next)
	}
	return d.fragmentOf(next, int(where&^7), where&1 == 1, identification)
}

// authentication is RFC 4302: its length counts 4 bytes after the first 8.
func authentication(d *decoder) step {
	d.name("AH")
	next := d.number("Next header", 1, named(protocols, decimal))
	size := int(d.value(1))*4 + 8
	d.tell("Length", inBytes(uint64(size)))
	d.skip(2)
	d.number("Security parameters index", 4, hexadecimal(4))
	d.number("Sequence number", 4, decimal)
	if size < 12 {
		d.fail("AH is malformed: it has %d bytes.", size)
	} else if size > 12 {
		d.bytes("Integrity check value", size-12)
	}
	return d.transport(next)
}

var igmpTypes = map[uint64]string{0x11: "Membership query", 0x12: "Membership report (v1)", 0x16: "Membership report (v2)", 0x17: "Leave group", 0x22: "Membership report (v3)"}

// igmp is RFC 2236 and RFC 3376: their common head.
func igmp(d *decoder) step {
	d.name("IGMP")
	kind := d.number("Type", 1, named(igmpTypes, hexadecimal(1)))
	d.number("Maximum response time", 1, decimal)
	d.number("Checksum", 2, hexadecimal(2))
	if kind == 0x22 {
		d.number("Reserved", 2, hexadecimal(2))
		records := d.number("Group records", 2, decimal)
		d.says("IGMP", fmt.Sprintf("%s, %s", igmpTypes[kind], plural(int(records), "group record")))
		return nil
	}
	if group := d.address("Group", 4); !d.faulty() {
		d.says("IGMP", strings.TrimSpace(named(igmpTypes, hexadecimal(1))(kind)+" "+group.String()))
	}
	return nil
}
