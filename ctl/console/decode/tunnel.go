package decode

import (
	"fmt"
)

// tunnel notes what the frame is wrapped in, and where the wrapping goes.
func (d *decoder) tunnel(name string, number uint64, has bool) {
	text := name
	if has {
		text += " " + decimal(number)
	}
	d.layer.Summary = text
	d.wrap(fmt.Sprintf("%s to %s", text, d.ends.destination))
	d.says(name, text)
	d.fragment = false
}

// vxlan is RFC 7348.
func vxlan(d *decoder) step {
	d.name("VXLAN")
	set := d.number("Flags", 1, shownFlags(1, "", "", "", "", "VNI is valid", "", "", ""))
	d.number("Reserved", 3, hexadecimal(3))
	vni := d.number("VNI", 3, decimal)
	d.number("Reserved", 1, hexadecimal(1))
	if d.faulty() {
		return nil
	}
	if set&8 == 0 {
		d.wrong("VXLAN does not say that its VNI is valid.")
	}
	d.tunnel("VXLAN", vni, true)
	return ethernet
}

// geneve is RFC 8926. The length of options counts 4 bytes.
func geneve(d *decoder) step {
	d.name("GENEVE")
	head := d.value(1)
	d.tell("Version", decimal(head>>6))
	options := int(head&63) * 4
	d.tell("Length of options", inBytes(uint64(options)))
	d.number("Flags", 1, shownFlags(1, "control", "critical options", "", "", "", "", "", ""))
	kind := d.number("Protocol", 2, named(etherTypes, hexadecimal(2)))
	vni := d.number("VNI", 3, decimal)
	d.number("Reserved", 1, hexadecimal(1))
	if options > 0 && !d.faulty() {
		d.within(options, d.geneveOptions)
	}
	if d.faulty() {
		return nil
	}
	d.tunnel("GENEVE", vni, true)
	if head>>6 != 0 {
		d.wrong("GENEVE has version %d, which is not known.", head>>6)
		return nil
	}
	return byType(kind)
}

func (d *decoder) geneveOptions() {
	for d.left() > 0 && !d.faulty() {
		d.group("Option", func() string {
			class := d.number("Class", 2, hexadecimal(2))
			kind := d.number("Type", 1, hexadecimal(1))
			size := int(d.value(1)&31) * 4
			if size > 0 && !d.faulty() {
				d.bytes("Value", size)
			}
			return fmt.Sprintf("0x%04x 0x%02x", class, kind)
		})
	}
}

// gre is RFC 2784 with key and sequence number (RFC 2890); version 1 is PPTP's (RFC 2637).
func gre(d *decoder) step {
	d.name("GRE")
	bits := d.value(2)
	d.tell("Flags", shownFlags(2, "checksum", "routing", "key", "sequence number", "strict source route", "", "", "", "", "", "", "", "", "", "", "")(bits))
	d.tell("Version", decimal(bits&7))
	kind := d.number("Protocol", 2, named(etherTypes, hexadecimal(2)))
	if bits&7 != 0 {
		d.says("GRE", fmt.Sprintf("Version %d, %s", bits&7, plural(d.left(), "byte")))
		return nil
	}
	if bits&0xc000 != 0 {
		d.number("Checksum", 2, hexadecimal(2))
		d.number("Offset", 2, decimal)
	}
	key := uint64(0)
	if bits&0x2000 != 0 {
		key = d.number("Key", 4, decimal)
	}
	if bits&0x1000 != 0 {
		d.number("Sequence number", 4, decimal)
	}
	if d.faulty() {
		return nil
	}
	d.tunnel("GRE", key, bits&0x2000 != 0)
	if bits&0x4000 != 0 {
		d.wrong("GRE has source routes, which are not decoded.")
		return nil
	}
	if kind == 0x88be {
		return erspan(bits&0x1000 != 0)
	}
	if next := byType(kind); next != nil {
		return next
	}
	d.says("GRE", fmt.Sprintf("Type %s, %s", named(etherTypes, hexadecimal(2))(kind), plural(d.left(), "byte")))
	return nil
}

// erspan is draft-foschiano-erspan-03: of type I there is no header, and no sequence number in GRE.
func erspan(second bool) step {
	if !second {
		return ethernet
	}
	return func(d *decoder) step {
		d.name("ERSPAN")
		head := d.value(2)
		d.tell("Version", decimal(head>>12))
		d.tell("VLAN", decimal(head&0xfff))
		session := d.value(2)
		d.tell("Session", decimal(session&0x3ff))
		d.number("Index", 4, hexadecimal(4))
		d.layer.Summary = "session " + decimal(session&0x3ff)
		return ethernet
	}
}
