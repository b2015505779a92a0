package decode

import (
	"fmt"
)

// Types of what is in an Ethernet frame (IEEE 802 Numbers).
const (
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
	typeTEB  = 0x6558 // Ethernet in GRE and GENEVE
)

var etherTypes = map[uint64]string{
	typeIPv4: "IPv4", 0x0806: "ARP", 0x0842: "Wake-on-LAN", 0x22f0: "AVTP", 0x6558: "Ethernet", 0x8035: "RARP", 0x8100: "802.1Q", 0x8137: "IPX", typeIPv6: "IPv6", 0x8808: "Ethernet flow control",
	0x8809: "Slow protocols", 0x8847: "MPLS", 0x8848: "MPLS multicast", 0x8863: "PPPoE discovery", 0x8864: "PPPoE session", 0x888e: "EAPOL", 0x88a8: "802.1ad",
	0x88be: "ERSPAN", 0x88cc: "LLDP", 0x88e5: "MACsec", 0x88f7: "PTP", 0x8902: "CFM", 0x9000: "Loopback", 0x9100: "QinQ", 0x893a: "IEEE 1905.1", 0x893f: "802.1BR",
}

// byType is what is known of an Ethernet type.
func byType(kind uint64) step {
	switch kind {
	case typeIPv4:
		return ipv4
	case typeIPv6:
		return ipv6
	case 0x0806:
		return arp
	case 0x8100, 0x88a8, 0x9100:
		return vlan(kind)
	case 0x8847, 0x8848:
		return mpls
	case 0x8864:
		return pppoe
	case 0x893f:
		return etag
	case typeTEB:
		return ethernet
	}
	return nil
}

func ethernet(d *decoder) step {
	d.name("Ethernet")
	destination := d.mac("Destination")
	source := d.mac("Source")
	if d.faulty() {
		return nil
	}
	d.between(source, destination)
	return d.typed()
}

// typed reads the type of what follows, or the length of what has an LLC header (IEEE 802.3).
func (d *decoder) typed() step {
	kind := d.value(2)
	if kind < 0x600 && !d.faulty() {
		d.tell("Length", inBytes(kind))
		if int(kind) > d.left() {
			d.wrong("The length of %s is %d and there %s.", d.layer.Name, kind, areLeft(d.left()))
		}
		d.end = min(d.end, d.at+int(kind))
		d.says("LLC", "")
		return llc
	}
	d.tell("Type", named(etherTypes, hexadecimal(2))(kind))
	next := byType(kind)
	if next == nil && !d.faulty() {
		name, known := etherTypes[kind]
		if !known {
			name = d.layer.Name
		}
		d.says(name, fmt.Sprintf("Type %s, %s", named(etherTypes, hexadecimal(2))(kind), plural(d.left(), "byte")))
	}
	return next
}

var vlanNames = map[uint64]string{0x8100: "802.1Q VLAN", 0x88a8: "802.1ad VLAN", 0x9100: "QinQ VLAN"}

func vlan(kind uint64) step {
	return func(d *decoder) step {
		d.name(vlanNames[kind])
		tag := d.value(2)
		d.tell("Priority", decimal(tag>>13))
		d.tell("Drop eligible", yesNo(tag>>12&1))
		d.tell("VLAN", decimal(tag&0xfff))
		if d.faulty() {
			return nil
		}
		d.layer.Summary = decimal(tag & 0xfff)
		d.wrap("VLAN " + decimal(tag&0xfff))
		return d.typed()
	}
}

// etag is IEEE 802.1BR.
func etag(d *decoder) step {
	d.name("802.1BR E-tag")
	d.number("Priority and ingress channel", 2, hexadecimal(2))
	d.number("Channel", 2, hexadecimal(2))
	d.number("Channel extension", 2, hexadecimal(2))
	return d.typed()
}

var pppProtocols = map[uint64]string{0x21: "IPv4", 0x57: "IPv6", 0x281: "MPLS", 0x8021: "IPv4 control", 0x8057: "IPv6 control", 0xc021: "link control", 0xc023: "PAP", 0xc223: "CHAP"}

// pppoe is RFC 2516 with the head of PPP.
func pppoe(d *decoder) step {
	d.name("PPPoE")
	d.number("Version and type", 1, hexadecimal(1))
	d.number("Code", 1, hexadecimal(1))
	session := d.number("Session", 2, hexadecimal(2))
	length := int(d.number("Length", 2, inBytes))
	if d.faulty() {
		return nil
	}
	d.wrap(fmt.Sprintf("PPPoE 0x%04x", session))
	if length > d.left() {
		d.wrong("The length of PPPoE is %d and there %s.", length, areLeft(d.left()))
	}
	d.end = min(d.end, d.at+length)
	protocol := d.number("Protocol", 2, named(pppProtocols, hexadecimal(2)))
	d.says("PPP", named(pppProtocols, hexadecimal(2))(protocol))
	return map[uint64]step{0x21: ipv4, 0x57: ipv6, 0x281: mpls}[protocol]
}

func yesNo(v uint64) string {
	if v == 0 {
		return "no"
	}
	return "yes"
}

var serviceAccessPoints = map[uint64]string{0x00: "null", 0x06: "IP", 0x42: "spanning tree", 0xaa: "SNAP", 0xe0: "IPX", 0xf0: "NetBIOS", 0xfe: "OSI", 0xff: "global"}

// llc is IEEE 802.2, and SNAP in it.
func llc(d *decoder) step {
	d.name("LLC")
	destination := d.number("DSAP", 1, named(serviceAccessPoints, hexadecimal(1)))
	source := d.number("SSAP", 1, named(serviceAccessPoints, hexadecimal(1)))
	control := d.number("Control", 1, hexadecimal(1))
	if d.faulty() {
		return nil
	}
	if destination == 0x42 && control == 3 {
		d.says("STP", "Spanning tree, "+plural(d.left(), "byte"))
		return nil
	}
	d.says("LLC", fmt.Sprintf("DSAP %s SSAP %s control 0x%02x", named(serviceAccessPoints, hexadecimal(1))(destination), named(serviceAccessPoints, hexadecimal(1))(source), control))
	if destination == 0xaa && source == 0xaa && control == 3 {
		if organisation := d.number("Organisation", 3, hexadecimal(3)); organisation == 0 {
			return d.typed()
		}
		d.number("Protocol", 2, hexadecimal(2))
	}
	return nil
}

// mpls is one label of the stack (RFC 3032).
func mpls(d *decoder) step {
	d.name("MPLS")
	entry := d.value(4)
	d.tell("Label", named(map[uint64]string{0: "IPv4 explicit null", 1: "router alert", 2: "IPv6 explicit null", 3: "implicit null"}, decimal)(entry>>12))
	d.tell("Traffic class", decimal(entry>>9&7))
	d.tell("Bottom of the stack", yesNo(entry>>8&1))
	d.tell("TTL", decimal(entry&0xff))
	if d.faulty() {
		return nil
	}
	d.layer.Summary = "label " + decimal(entry>>12)
	d.wrap("MPLS " + decimal(entry>>12))
	d.says("MPLS", plural(d.left(), "byte"))
	if entry>>8&1 == 0 {
		return mpls
	}
	return underMPLS(d.peek(4))
}

// underMPLS guesses as everybody does: the label alone knows. An Ethernet pseudowire may begin with a
// control word of zeros (RFC 4385 section 3).
func underMPLS(next []byte) step {
	switch {
	case next == nil:
		return nil
	case next[0]>>4 == 4:
		return ipv4
	case next[0]>>4 == 6:
		return ipv6
	case next[0]>>4 == 0 && next[0] == 0 && next[1] == 0:
		return controlWord
	}
	return nil
}

func controlWord(d *decoder) step {
	d.name("Pseudowire control word")
	d.number("Flags", 2, hexadecimal(2))
	d.number("Sequence", 2, decimal)
	return ethernet
}

var arpOperations = map[uint64]string{1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply", 8: "inverse request", 9: "inverse reply"}

// arp is RFC 826, for Ethernet and IPv4; of others the head is told.
func arp(d *decoder) step {
	d.name("ARP")
	hardware := d.number("Hardware", 2, named(map[uint64]string{1: "Ethernet"}, decimal))
	protocol := d.number("Protocol", 2, named(etherTypes, hexadecimal(2)))
	hardwareSize := d.number("Hardware address length", 1, decimal)
	protocolSize := d.number("Protocol address length", 1, decimal)
	operation := d.number("Operation", 2, named(arpOperations, decimal))
	if d.faulty() {
		return nil
	}
	d.layer.Summary = named(arpOperations, decimal)(operation)
	if hardware != 1 || protocol != typeIPv4 || hardwareSize != 6 || protocolSize != 4 {
		d.wrong("ARP is not of Ethernet and IPv4.")
		return nil
	}
	sender := d.mac("Sender hardware address")
	from := d.address("Sender address", 4)
	d.mac("Target hardware address")
	to := d.address("Target address", 4)
	if d.faulty() {
		return nil
	}
	d.end = d.at
	switch {
	case operation == 1 && from == to:
		d.says("ARP", fmt.Sprintf("Gratuitous: %s is at %s", from, sender))
	case operation == 1:
		d.says("ARP", fmt.Sprintf("Who has %s? Tell %s", to, from))
	case operation == 2:
		d.says("ARP", fmt.Sprintf("%s is at %s", from, sender))
	default:
		d.says("ARP", fmt.Sprintf("Operation %s of %s to %s", named(arpOperations, decimal)(operation), from, to))
	}
	return nil
}
