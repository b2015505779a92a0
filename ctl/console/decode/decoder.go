package decode

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
)

// decoder reads one frame. After a fault every read returns zero and tells nothing, so that layers look
// for faults only where they loop or choose.
type decoder struct {
	data   []byte // what was captured
	length int    // of the frame
	at     int    // offset of what is read next
	begin  int    // of the layer
	end    int    // where the layer's content ends, as the headers around it say; it may lie behind data
	last   span   // of the last read

	out    *Packet
	layer  Layer
	fields []Field // of the layer, or of the group, so far
	told   int     // fields of the frame

	stopped  bool // a fault, at which decoding ends
	quoted   bool // in the frame that an ICMP error quotes: it is not what the frame is about
	fragment bool // in a fragment: lengths are of the whole
	ends     ends
}

// span is a place in the frame.
type span struct{ at, length int }

// ends are the addresses of the packet around, for what tunnels and ICMP tell.
type ends struct{ source, destination string }

func newDecoder(data []byte, length int) *decoder {
	length = max(length, len(data))
	return &decoder{data: data, length: length, end: length, out: &Packet{}}
}

func (d *decoder) faulty() bool { return d.stopped }

// left is how many bytes the layer's content still has, captured or not.
func (d *decoder) left() int { return d.end - d.at }

// name begins to tell of a layer.
func (d *decoder) name(name string) {
	d.layer.Name = name
	d.says(name, "")
}

// says is the line about the frame, as far as it is known: inner layers know better.
func (d *decoder) says(protocol, info string) {
	if !d.quoted {
		d.out.Protocol, d.out.Info = protocol, info
	}
}

// between tells from where to where the layer goes.
func (d *decoder) between(source, destination string) {
	d.layer.Summary = source + " → " + destination
	d.ends = ends{source, destination}
	if !d.quoted {
		d.out.Source, d.out.Destination = source, destination
	}
}

// wrap notes that what follows is wrapped in the layer.
func (d *decoder) wrap(text string) {
	if !d.quoted {
		d.out.Wrapped = append(d.out.Wrapped, text)
	}
}

// wrong notes a fault that what follows can be read in spite of.
func (d *decoder) wrong(format string, args ...any) {
	if d.layer.Fault != "" {
		return
	}
	d.layer.Fault = fmt.Sprintf(format, args...)
	if d.out.Fault == "" && !d.quoted {
		d.out.Fault = d.layer.Fault
	}
}

// fail notes a fault, at which decoding ends.
func (d *decoder) fail(format string, args ...any) {
	if !d.stopped {
		d.wrong(format, args...)
		d.stopped = true
	}
}

// take reads n bytes; nil: they are not there.
func (d *decoder) take(n int) []byte {
	switch {
	case d.stopped:
		return nil
	case n > d.left() && d.quoted:
		d.fail("The quotation ends in %s.", d.layer.Name)
		return nil
	case n > d.left():
		d.fail("%s is malformed: it needs %s more and there %s.", d.layer.Name, plural(n, "byte"), areLeft(d.left()))
		return nil
	case d.at+n > len(d.data):
		text := fmt.Sprintf("The capture has only %d of %d bytes, which end in %s.", len(d.data), d.length, d.layer.Name)
		if d.out.Fault == "" {
			d.out.Fault, d.out.Cut = text, true
		}
		d.fail("%s", text)
		return nil
	}
	d.last = span{d.at, n}
	d.at += n
	return d.data[d.last.at:d.at]
}

// peek returns n bytes that are not read yet; nil: they are not there.
func (d *decoder) peek(n int) []byte {
	if d.stopped || n > d.left() || d.at+n > len(d.data) {
		return nil
	}
	return d.data[d.at : d.at+n]
}

// tell adds a field about what was read last.
func (d *decoder) tell(name, value string) { d.tellAt(d.last, name, value, nil) }

func (d *decoder) tellAt(where span, name, value string, inside []Field) {
	if d.stopped && inside == nil {
		return
	}
	if d.told++; d.told == maxFields {
		d.wrong("The frame has more than %d fields; not all are told.", maxFields)
	}
	if d.told < maxFields {
		d.fields = append(d.fields, Field{Name: name, Value: value, At: where.at, Length: where.length, Fields: inside})
	}
}

// number reads a number of 1 to 8 bytes.
func (d *decoder) number(name string, size int, show shown) uint64 {
	value := d.value(size)
	d.tell(name, show(value))
	return value
}

// value reads a number without telling of it.
func (d *decoder) value(size int) (value uint64) {
	for _, b := range d.take(size) {
		value = value<<8 | uint64(b)
	}
	return value
}

// skip reads what nobody wants to be told of.
func (d *decoder) skip(size int) { d.take(size) }

// mac reads an Ethernet address.
func (d *decoder) mac(name string) string {
	text := net.HardwareAddr(d.take(6)).String()
	d.tell(name, text)
	return text
}

// address reads an IP address of 4 or 16 bytes.
func (d *decoder) address(name string, size int) netip.Addr {
	address, _ := netip.AddrFromSlice(d.take(size))
	if address.IsValid() {
		d.tell(name, address.String())
	}
	return address
}

// shownBytes is how much of a field of bytes is written out.
const shownBytes = 32

// bytes reads bytes that are shown in hexadecimal.
func (d *decoder) bytes(name string, n int) []byte {
	all := d.take(n)
	text := hex.EncodeToString(all[:min(len(all), shownBytes)])
	if len(all) > shownBytes {
		text += "…"
	}
	d.tell(name, text)
	return all
}

// group tells of a field that has fields; inside returns its value.
func (d *decoder) group(name string, inside func() string) {
	outer, at := d.fields, d.at
	d.fields = nil
	value := inside()
	inner := d.fields
	d.fields = outer
	if d.at > at || len(inner) > 0 {
		d.tellAt(span{at, d.at - at}, name, value, inner)
	}
}

// within reads the next n bytes as a list of its own, whose faults are told and not those of what
// follows it.
func (d *decoder) within(n int, inside func()) {
	if n > d.left() {
		d.take(n) // tells of the fault
		return
	}
	outer, end := d.end, d.at+n
	d.end = end
	inside()
	d.end = outer
	if d.at = end; end <= len(d.data) {
		d.stopped = false
	}
}
