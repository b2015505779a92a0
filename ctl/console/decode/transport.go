package decode

import (
	"fmt"
	"strings"
)

// tcpFlags are the flags in the order in which people say them: SYN, ACK.
var tcpFlags = []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"}

func shownTCPFlags(v uint64) string {
	var set []string
	for i, name := range tcpFlags {
		if v>>i&1 == 1 {
			set = append(set, name)
		}
	}
	return strings.Join(set, ", ")
}

// tcp is RFC 9293. Numbers are told as they are on the wire.
func tcp(d *decoder) step {
	d.name("TCP")
	source := d.number("Source port", 2, decimal)
	destination := d.number("Destination port", 2, decimal)
	if !d.faulty() {
		d.layer.Summary = fmt.Sprintf("%d → %d", source, destination)
		d.says("TCP", fmt.Sprintf("%d → %d", source, destination))
	}
	sequence := d.number("Sequence number", 4, decimal)
	acknowledged := d.number("Acknowledgement number", 4, decimal)
	bits := d.value(2)
	size := int(bits>>12) * 4
	d.tell("Header length", inBytes(uint64(size)))
	d.tell("Flags", fmt.Sprintf("0x%03x (%s)", bits&0xfff, shownTCPFlags(bits)))
	window := d.number("Window", 2, decimal)
	d.number("Checksum", 2, hexadecimal(2))
	d.number("Urgent pointer", 2, decimal)
	if size < 20 {
		d.fail("TCP is malformed: its header has %d bytes.", size)
	}
	if d.faulty() {
		return nil
	}
	var told []string
	if size > 20 {
		d.within(size-20, func() { told = d.tcpOptions() })
	}
	acknowledgement := ""
	if bits>>4&1 == 1 {
		acknowledgement = fmt.Sprintf(" Ack=%d", acknowledged)
	}
	length := max(d.left(), 0)
	line := fmt.Sprintf("%d → %d [%s] Seq=%d%s Win=%d Len=%d", source, destination, shownTCPFlags(bits), sequence, acknowledgement, window, length)
	d.says("TCP", strings.Join(append([]string{line}, told...), " "))
	if (source == 53 || destination == 53) && !d.fragment {
		return dnsStream(d)
	}
	return nil
}

var tcpOptionNames = map[uint64]string{0: "end", 1: "nothing", 2: "maximum segment size", 3: "window scale", 4: "selective acknowledgements permitted", 5: "selective acknowledgements",
	8: "timestamps", 19: "MD5 signature", 28: "user timeout", 29: "authentication", 30: "multipath", 34: "fast open", 69: "encryption negotiation"}

// tcpOptions returns what the line about the segment has of them.
func (d *decoder) tcpOptions() (told []string) {
	for d.left() > 0 && !d.faulty() {
		kind := uint64(0)
		d.group("Option", func() string {
			if kind = d.value(1); kind > 1 && !d.faulty() {
				if text := d.tcpOption(kind); text != "" {
					told = append(told, text)
				}
			}
			return named(tcpOptionNames, decimal)(kind)
		})
		if kind == 0 {
			break
		}
	}
	return told
}

func (d *decoder) tcpOption(kind uint64) (told string) {
	length := int(d.value(1))
	if !d.faulty() && (length < 2 || length-2 > d.left()) {
		d.fail("The TCP option %s is malformed: its length is %d and there %s.", named(tcpOptionNames, decimal)(kind), length, areLeft(d.left()+2))
	}
	switch {
	case d.faulty():
		return ""
	case kind == 2 && length == 4:
		return fmt.Sprintf("MSS=%d", d.number("Size", 2, inBytes))
	case kind == 3 && length == 3:
		return fmt.Sprintf("WS=%d", 1<<min(d.number("Shift", 1, decimal), 14))
	case kind == 4 && length == 2:
		return "SACK_PERM"
	case kind == 5 && length%8 == 2:
		for d.left() > 0 && length > 2 && !d.faulty() {
			from := d.number("Left edge", 4, decimal)
			told += fmt.Sprintf(" %d-%d", from, d.number("Right edge", 4, decimal))
			length -= 8
		}
		return "SACK=" + strings.TrimSpace(told)
	case kind == 8 && length == 10:
		value := d.number("Value", 4, decimal)
		return fmt.Sprintf("TSval=%d TSecr=%d", value, d.number("Echo", 4, decimal))
	case length > 2:
		d.bytes("Value", length-2)
	}
	return ""
}

// Ports by which UDP tells what it carries.
const (
	portDNS     = 53
	portMDNS    = 5353
	portLLMNR   = 5355
	portVXLAN   = 4789
	portVXLAN0  = 8472 // Linux's before IANA gave one
	portGENEVE  = 6081
	portMPLSUDP = 6635
)

// udp is RFC 768.
func udp(d *decoder) step {
	d.name("UDP")
	begin := d.at
	source := d.number("Source port", 2, decimal)
	destination := d.number("Destination port", 2, decimal)
	length := int(d.number("Length", 2, inBytes))
	d.number("Checksum", 2, hexadecimal(2))
	if source+destination > 0 {
		d.layer.Summary = fmt.Sprintf("%d → %d", source, destination)
		d.says("UDP", fmt.Sprintf("%d → %d Len=%d", source, destination, length-8))
	}
	if d.faulty() {
		return nil
	}
	switch {
	case length < 8 && length != 0:
		d.fail("UDP is malformed: its length is %d.", length)
		return nil
	case begin+length > d.end && !d.fragment && !d.quoted:
		d.wrong("The length of UDP is %d and there %s.", length, areLeft(d.end-begin))
	case length != 0:
		d.end = min(d.end, begin+length)
	}
	return d.byPort(source, destination)
}

func (d *decoder) byPort(source, destination uint64) step {
	if d.left() == 0 {
		return nil
	}
	switch destination {
	case portVXLAN, portVXLAN0:
		return vxlan
	case portGENEVE:
		return geneve
	case portMPLSUDP:
		return mpls
	}
	for _, port := range []uint64{source, destination} {
		switch port {
		case portDNS:
			return dns("DNS")
		case portMDNS:
			return dns("mDNS")
		case portLLMNR:
			return dns("LLMNR")
		}
	}
	return nil
}

var sctpChunks = map[uint64]string{0: "DATA", 1: "INIT", 2: "INIT ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT ACK", 6: "ABORT", 7: "SHUTDOWN", 8: "SHUTDOWN ACK", 9: "ERROR",
	10: "COOKIE ECHO", 11: "COOKIE ACK", 14: "SHUTDOWN COMPLETE"}

// sctp is RFC 9260: the common header and the first chunk's type.
func sctp(d *decoder) step {
	d.name("SCTP")
	source := d.number("Source port", 2, decimal)
	destination := d.number("Destination port", 2, decimal)
	d.number("Verification tag", 4, hexadecimal(4))
	d.number("Checksum", 4, hexadecimal(4))
	if d.faulty() {
		return nil
	}
	d.layer.Summary = fmt.Sprintf("%d → %d", source, destination)
	d.says("SCTP", d.layer.Summary)
	if next := d.peek(1); next != nil {
		d.says("SCTP", fmt.Sprintf("%d → %d %s", source, destination, named(sctpChunks, decimal)(uint64(next[0]))))
	}
	return nil
}
