package decode

import (
	"encoding/binary"
	"fmt"
	"strings"
)

var dnsTypes = map[uint64]string{1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 41: "OPT", 43: "DS", 46: "RRSIG",
	47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA"}

var dnsCodes = map[uint64]string{0: "no error", 1: "format error", 2: "server failure", 3: "no such name", 4: "not implemented", 5: "refused"}

var dnsOperations = map[uint64]string{0: "query", 1: "inverse query", 2: "status", 4: "notify", 5: "update"}

// Bounds of what is told of a message.
const (
	maxRecords   = 16
	maxPointers  = 16
	maxNameBytes = 255 // RFC 1035 section 3.1
)

// dnsStream is DNS over TCP, if the segment has one whole message (RFC 1035 section 4.2.2).
func dnsStream(d *decoder) step {
	prefix := d.peek(2)
	if prefix == nil || d.left() < 14 || int(binary.BigEndian.Uint16(prefix)) != d.left()-2 {
		return nil
	}
	return func(d *decoder) step {
		d.layer.Name = "DNS"
		d.number("Length", 2, inBytes)
		return d.message("DNS")
	}
}

// dns is RFC 1035, in brief.
func dns(name string) step {
	return func(d *decoder) step { return d.message(name) }
}

func (d *decoder) message(name string) step {
	d.name(name)
	begin := d.at
	identifier := d.number("Identifier", 2, hexadecimal(2))
	bits := d.value(2)
	d.tell("Flags", shownFlags(2, "response", "", "", "", "", "authoritative", "truncated", "recursion desired", "recursion available", "", "authentic", "checking disabled", "", "", "", "")(bits))
	d.tell("Operation", named(dnsOperations, decimal)(bits>>11&15))
	d.tell("Response code", named(dnsCodes, decimal)(bits&15))
	questions := d.number("Questions", 2, decimal)
	answers := d.number("Answers", 2, decimal)
	authorities := d.number("Authorities", 2, decimal)
	additions := d.number("Additional records", 2, decimal)
	if d.faulty() {
		return nil
	}
	words := []string{"Query"}
	if bits>>15 == 1 {
		words[0] = "Response"
	}
	if operation := bits >> 11 & 15; operation != 0 {
		words = append(words, named(dnsOperations, decimal)(operation))
	}
	words = append(words, fmt.Sprintf("0x%04x", identifier))
	if code := bits & 15; code != 0 {
		words = append(words, named(dnsCodes, decimal)(code))
	}
	m := &message{d: d, begin: begin, told: words}
	m.records("Question", questions, m.question)
	m.records("Answer", answers, func() string { return m.record(true) })
	m.records("Authority", authorities, func() string { return m.record(false) })
	m.records("Additional", additions, func() string { return m.record(false) })
	d.layer.Summary = m.told[0]
	d.says(name, strings.Join(m.told, " "))
	if d.at < d.end && !d.faulty() && !m.more {
		d.wrong("%s has %s behind its last record.", name, plural(d.left(), "byte"))
	}
	if m.more && !d.faulty() {
		d.skip(max(0, min(d.end, len(d.data))-d.at))
	}
	return nil
}

// message is one being read.
type message struct {
	d     *decoder
	begin int      // offset of the message: pointers count from there
	told  []string // of the line about it
	seen  int      // records
	more  bool     // there are more than are told
}

func (m *message) records(name string, count uint64, one func() string) {
	for ; count > 0 && !m.d.faulty(); count-- {
		if m.seen++; m.seen > maxRecords {
			m.more = true
			return
		}
		m.d.group(name, one)
	}
}

func (m *message) question() string {
	name := m.name()
	kind := m.d.number("Type", 2, named(dnsTypes, decimal))
	m.d.number("Class", 2, decimal)
	if m.d.faulty() {
		return name
	}
	m.told = append(m.told, typeName(kind), name)
	return typeName(kind) + " " + name
}

func typeName(kind uint64) string {
	if name, ok := dnsTypes[kind]; ok {
		return name
	}
	return "TYPE" + decimal(kind) // RFC 3597 section 5
}

// record is a resource record; that of an answer is told in the line.
func (m *message) record(answer bool) string {
	d := m.d
	name := m.name()
	kind := d.number("Type", 2, named(dnsTypes, decimal))
	d.number("Class", 2, decimal)
	if lifetime := d.value(4); kind != 41 { // of OPT it means something else
		d.tell("Time to live", inSeconds(lifetime))
	}
	length := int(d.value(2))
	if d.faulty() {
		return name
	}
	end, value := d.at+length, ""
	d.within(length, func() { value = m.value(kind, length) })
	if d.faulty() {
		return name
	}
	d.at = end
	text := strings.TrimSpace(typeName(kind) + " " + value)
	if answer {
		m.told = append(m.told, text)
	}
	return strings.TrimSpace(name + " " + text)
}

// value reads what a record of a type has.
func (m *message) value(kind uint64, length int) string {
	d := m.d
	switch {
	case kind == 1 && length == 4, kind == 28 && length == 16:
		return d.address("Address", length).String()
	case kind == 2 || kind == 5 || kind == 12:
		return m.name()
	case kind == 15 && length > 2:
		preference := d.number("Preference", 2, decimal)
		return decimal(preference) + " " + m.name()
	case kind == 16 && length > 0:
		text := d.take(length)
		return `"` + printable(text[min(1, len(text)):min(len(text), 1+shownBytes)]) + `"`
	case length > 0:
		d.bytes("Value", length)
	}
	return ""
}

// name reads one, with the pointers in it (RFC 1035 section 4.1.4), which lead backwards only.
func (m *message) name() string {
	d := m.d
	var labels []string
	at, jumps, size := d.at, 0, 0
	for before := d.at; ; {
		head := m.byteAt(at)
		switch {
		case head < 0:
			m.off(at, jumps)
			return join(labels)
		case head == 0:
			if jumps == 0 {
				d.at = at + 1
			}
			return join(labels)
		case head >= 0xc0:
			low := m.byteAt(at + 1)
			if jumps == 0 && low >= 0 {
				d.at = at + 2
			}
			to := m.begin + (head&0x3f)<<8 + low
			if jumps++; low < 0 || to >= before || jumps > maxPointers {
				m.off(at, jumps)
				return join(labels)
			}
			at, before = to, to
		case head >= 0x40 || m.byteAt(at+head) < 0 || size+head+1 > maxNameBytes:
			m.off(at, jumps)
			return join(labels)
		default:
			labels = append(labels, strings.ReplaceAll(printable(d.data[at+1:at+1+head]), ".", `\x2e`))
			at, size = at+1+head, size+head+1
		}
	}
}

// byteAt is a byte of the message; -1: it is not there.
func (m *message) byteAt(at int) int {
	if at >= m.d.end || at >= len(m.d.data) || at < m.begin {
		return -1
	}
	return int(m.d.data[at])
}

// off tells of a name that leads nowhere, or that the capture has cut.
func (m *message) off(at, jumps int) {
	d := m.d
	if jumps == 0 && at < d.end && len(d.data) < d.end {
		d.at = len(d.data)
		d.take(1) // tells that it is cut
		return
	}
	d.fail("%s is malformed: the name at byte %d leads nowhere.", d.layer.Name, at)
}

func join(labels []string) string {
	if len(labels) == 0 {
		return "."
	}
	return strings.Join(labels, ".")
}
