package vm

import (
	"encoding/binary"
	"fmt"

	"mirrorgw/testbed/traffic"
)

// sample is a frame with what is special about it.
type sample struct {
	name  string
	frame []byte
}

var (
	ann = traffic.NewHost("ann", "02:00:00:00:01:01", "10.1.0.1", "2001:db8:1::1")
	bob = traffic.NewHost("bob", "02:00:00:00:01:02", "10.1.0.2", "2001:db8:1::2")
)

// samples are frames from one host to another that a card could treat in its own way: by checksum, by tag, by size. mtu is the
// wire's, bytes of the IP packet.
func samples(from, to traffic.Host, mtu int) []sample {
	talk := traffic.From(from).To(to)
	udp := func(payload int) traffic.Packet { return talk.UDP(1111, 2222).Payload(traffic.Bytes("vm", payload)) }
	largest := udp(mtu - 20 - 8)
	list := []sample{
		{"the shortest frame, 60 bytes", udp(60 - 14 - 20 - 8).Frame()},
		{"61 bytes", udp(61 - 14 - 20 - 8).Frame()},
		{"TCP", talk.TCP(1111, 80).At(7, 9).Payload(traffic.Bytes("tcp", 300)).Frame()},
		{"ping", talk.Ping(3).Payload(traffic.Bytes("ping", 56)).Frame()},
		{"UDP over IPv6", udp(200).OverIPv6().Frame()},
		{"TCP over IPv6", talk.OverIPv6().TCP(1111, 80).Payload(traffic.Bytes("tcp6", 500)).Frame()},
		{"wrong IPv4 checksum", spoiled(udp(100).Frame(), 24)},
		{"wrong UDP checksum", spoiled(udp(100).Frame(), 40)},
		{"wrong TCP checksum", spoiled(talk.TCP(1111, 80).Payload(traffic.Bytes("x", 90)).Frame(), 50)},
		{"wrong UDP checksum over IPv6", spoiled(udp(100).OverIPv6().Frame(), 60)},
		{"no UDP checksum", zeroed(udp(100).Frame(), 40)},
		{"partial TCP checksum", partial(talk.TCP(1111, 80).Payload(traffic.Bytes("x", 90)).Frame(), 50)},
		{"broadcast", traffic.From(from).To(traffic.Broadcast).UDP(1111, 2222).Payload(traffic.Bytes("all", 80)).Frame()},
		{"multicast", traffic.From(from).To(traffic.MDNS).UDP(5353, 5353).Payload(traffic.Bytes("mdns", 80)).Frame()},
		{"VLAN tag", udp(150).VLAN(100).Frame()},
		{"VLAN tag 4094", udp(150).VLAN(4094).Frame()},
		{"priority tag", priority(udp(150).VLAN(1).Frame())},
		{"two tags", udp(150).QinQ(200, 300).Frame()},
		{"two tags 0x8100", udp(150).VLAN(300).VLAN(200).Frame()},
		{"as long as the MTU allows", largest.Frame()},
		{"and with a tag", largest.VLAN(100).Frame()},
		{"and with two tags", largest.QinQ(200, 300).Frame()},
	}
	for i, f := range udp(1200).Fragments(500) {
		list = append(list, sample{fmt.Sprint("fragment ", i), f})
	}
	return list
}

// spoiled returns a frame with a wrong checksum at an offset.
func spoiled(frame []byte, at int) []byte {
	frame[at] ^= 0x5a
	return frame
}

func zeroed(frame []byte, at int) []byte {
	frame[at], frame[at+1] = 0, 0
	return frame
}

// partial has the sum of the pseudo header only in the place of an IPv4 frame's checksum, as a host's kernel leaves it to its card.
func partial(frame []byte, at int) []byte {
	pseudo := append([]byte{0, frame[23]}, frame[26:34]...) // protocol, addresses
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(frame)-34))
	binary.BigEndian.PutUint16(frame[at:], ^checksum(pseudo))
	return frame
}

// priority turns a frame's tag into one without a VLAN.
func priority(frame []byte) []byte {
	binary.BigEndian.PutUint16(frame[14:], 5<<13)
	return frame
}

// checksum is the Internet checksum, RFC 1071; over data that ends with its own it is 0.
func checksum(data []byte) uint16 {
	var sum uint32
	for ; len(data) > 1; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// burstLength is how many frames are on their way at once in a stream: fewer than any card has descriptors.
const burstLength = 48

// stream is a burst of numbered frames of sizes from the shortest to the longest.
func stream(from, mtu int) (frames [][]byte) {
	for i := range burstLength {
		n := from + i
		payload := binary.BigEndian.AppendUint32(nil, uint32(n))
		payload = append(payload, traffic.Bytes("stream", 14+n*97%(mtu-20-8-4-14))...)
		frames = append(frames, traffic.From(ann).To(bob).UDP(uint16(1024+n%5000), 2222).Payload(payload).Frame())
	}
	return frames
}
