package server

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

// MACs of an end of a packet that no record tells: locally administered (IEEE 802-2014 8.2), and
// unlike those that people make up, so that no other source on the port takes the frame for its own.
var (
	nearMAC = [6]byte{0x02, 'm', 'g', 'w', 0, 0x01}
	farMAC  = [6]byte{0x02, 'm', 'g', 'w', 0, 0x02}
)

const (
	minFrame   = 14    // bytes of an Ethernet header
	maxFrame   = 9728  // bytes; no port takes longer ones
	someL4Port = 49152 // source port where none is given: the first dynamic one (RFC 6335 section 6)
)

// readFrame is the frame that a request asks about: the one it brings, or one built from fields
// with the MAC and VLAN of the source on the side that the direction asks for.
func readFrame(w *api.ExplainRequest, source *ctl.Interface, d rules.Direction) ([]byte, error) {
	if w.Frame != "" {
		return readHex(w)
	}
	var f faults
	p := packetOf(w, &f)
	near := nearMAC
	if source.HasMAC {
		near = source.MAC
	}
	p.SrcMAC, p.DstMAC = farMAC, near
	if d == rules.Egress {
		p.SrcMAC, p.DstMAC = near, farMAC
	}
	p.VLAN = max(source.VLAN, 0)
	if err := f.err(); err != nil {
		return nil, err
	}
	frame, err := rules.BuildFrame(p)
	if err != nil {
		return nil, fault(api.CodeInvalidValue, "", "%v", err)
	}
	return lengthen(frame, w.Length)
}

func readHex(w *api.ExplainRequest) ([]byte, error) {
	if w.Protocol != nil || w.SourceAddr != "" || w.DestinationAddr != "" || w.Length != 0 {
		return nil, fault(api.CodeInvalidValue, "frame", "frame comes with other fields of a packet; give either the frame or the fields")
	}
	frame, err := hex.DecodeString(w.Frame)
	if err != nil {
		return nil, fault(api.CodeInvalidValue, "frame", "frame is not hexadecimal (%v); give two digits a byte, without spaces", err)
	}
	if len(frame) < minFrame || len(frame) > maxFrame {
		return nil, fault(api.CodeInvalidValue, "frame", "frame has %d bytes; give %d to %d, from the Ethernet header on", len(frame), minFrame, maxFrame)
	}
	return frame, nil
}

// packetOf reads the fields of a packet but for its link layer.
func packetOf(w *api.ExplainRequest, f *faults) rules.Packet {
	p := rules.Packet{Protocol: rules.ProtocolAny}
	if w.Protocol == nil {
		f.add(api.CodeMissingValue, "protocol", "protocol is missing; give it a name like tcp or a number, or give a frame")
	} else if number, err := ctl.ParseProtocol(w.Protocol.Text); err != nil || number < 0 {
		f.add(api.CodeInvalidValue, "protocol", "protocol %q is not one that a packet has; give it a name like tcp or a number from 0 to 255", w.Protocol.Text)
	} else {
		p.Protocol = number
	}
	withPorts := slices.Contains([]int{rules.ProtocolTCP, rules.ProtocolUDP, rules.ProtocolSCTP}, p.Protocol)
	src, srcPort, hasSrc := f.end("sourceAddress", w.SourceAddr, withPorts)
	dst, dstPort, hasDst := f.end("destinationAddress", w.DestinationAddr, withPorts)
	p.Src, p.SrcPort, p.Dst, p.DstPort = src, srcPort, dst, dstPort
	if withPorts && !hasSrc {
		p.SrcPort = someL4Port
	}
	if withPorts && !hasDst && dst.IsValid() {
		f.add(api.CodeMissingValue, "destinationAddress", "destinationAddress %s has no port; write it like %s", dst, netip.AddrPortFrom(dst, 443))
	}
	if src.IsValid() && dst.IsValid() && src.Is4() != dst.Is4() {
		f.add(api.CodeInvalidValue, "destinationAddress", "the packet goes from %s to %s; give two IPv4 or two IPv6 addresses", src, dst)
	}
	return p
}

// end reads an address with or without a port.
func (f *faults) end(field, text string, withPorts bool) (address netip.Addr, port uint16, hasPort bool) {
	if text == "" {
		f.add(api.CodeMissingValue, field, "%s is missing; give it an address like 10.0.0.9 or 10.0.0.9:4000, or give a frame", field)
		return address, 0, false
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(text)
		address, port, hasPort = both.Addr(), both.Port(), true
	}
	switch {
	case err != nil || address.Zone() != "" || address.Is4In6():
		f.add(api.CodeInvalidValue, field, "%s %q is not an address; write it like 10.0.0.9, 10.0.0.9:4000 or [2001:db8::1]:4000", field, text)
		return netip.Addr{}, 0, false
	case hasPort && !withPorts:
		f.add(api.CodeInvalidValue, field, "%s %q has a port, which only tcp, udp and sctp have; leave it out", field, text)
	}
	return address, port, hasPort
}

// lengthen adds zero bytes of payload to a frame of BuildFrame and corrects its lengths.
func lengthen(frame []byte, length int) ([]byte, error) {
	if length == 0 || length == len(frame) {
		return frame, nil
	}
	if length < len(frame) || length > maxFrame {
		return nil, fault(api.CodeInvalidValue, "length", "length is %d; give %d, which the headers need, to %d, or leave it out", length, len(frame), maxFrame)
	}
	frame = append(frame, make([]byte, length-len(frame))...)
	ip := 14
	if binary.BigEndian.Uint16(frame[12:]) == 0x8100 {
		ip += 4
	}
	l4, protocol := ip+40, frame[ip+6]
	if frame[ip]>>4 == 4 {
		l4, protocol = ip+20, frame[ip+9]
		binary.BigEndian.PutUint16(frame[ip+2:], uint16(length-ip))
		binary.BigEndian.PutUint16(frame[ip+10:], 0)
		binary.BigEndian.PutUint16(frame[ip+10:], checksum(frame[ip:l4]))
	} else {
		binary.BigEndian.PutUint16(frame[ip+4:], uint16(length-l4))
	}
	if protocol == rules.ProtocolUDP {
		binary.BigEndian.PutUint16(frame[l4+4:], uint16(length-l4))
	}
	return frame, nil
}

// checksum is that of an IPv4 header (RFC 791 section 3.1) whose own field is zero.
func checksum(header []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
