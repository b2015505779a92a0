package traffic_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"mirrorgw/testbed/traffic"
)

var (
	client = traffic.NewHost("client", "02:00:00:00:01:01", "198.51.100.20", "2001:db8:99::20")
	web    = traffic.NewHost("web", "02:00:00:00:00:01", "10.0.0.5", "2001:db8:1::5")
)

// sum is the Internet checksum of RFC 1071: 0 over data that includes a right checksum.
func sum(parts ...[]byte) uint16 {
	var total uint32
	for _, b := range parts {
		if len(b)%2 == 1 {
			b = append(append([]byte{}, b...), 0)
		}
		for i := 0; i < len(b); i += 2 {
			total += uint32(binary.BigEndian.Uint16(b[i:]))
		}
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return ^uint16(total)
}

func pseudo(source, dest netip.Addr, protocol uint8, length int) []byte {
	b := append(source.AsSlice(), dest.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, uint32(length))
	return binary.BigEndian.AppendUint32(b, uint32(protocol))
}

func TestChecksumsOverIPv4(t *testing.T) {
	packet := traffic.From(client).To(web)
	for name, p := range map[string]traffic.Packet{
		"tcp": packet.TCP(40000, 80).Payload([]byte("odd")), "udp": packet.UDP(1, 2).Payload([]byte("even")),
		"icmp": packet.Ping(1).Payload([]byte("x")),
	} {
		frame := p.Frame()
		ip, upper := frame[14:34], frame[34:]
		if sum(ip) != 0 {
			t.Errorf("%s: IPv4 header checksum is wrong", name)
		}
		header := pseudo(client.IPv4, web.IPv4, ip[9], len(upper))
		if ip[9] == 1 {
			header = nil // ICMP has no pseudo header
		}
		if sum(header, upper) != 0 {
			t.Errorf("%s: transport checksum is wrong", name)
		}
	}
}

func TestExtensionHeaderChain(t *testing.T) {
	frame := traffic.From(client).To(web).HopByHop().Routing().AtomicFragment().DestinationOptions().AH().
		UDP(1000, 2000).Payload([]byte("hello")).Frame()
	want := []uint8{0, 43, 44, 60, 51, 17}
	got, at := []uint8{frame[14+6]}, 14+40
	for next := got[0]; next != 17; got = append(got, next) {
		length := 8 + 8*int(frame[at+1])
		switch next {
		case 44:
			length = 8
		case 51:
			length = 4 * (int(frame[at+1]) + 2)
		}
		next, at = frame[at], at+length
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("chain is %v, want %v", got, want)
	}
	udp := frame[at:]
	if string(udp[8:]) != "hello" || sum(pseudo(client.IPv6, web.IPv6, 17, len(udp)), udp) != 0 {
		t.Errorf("UDP behind the chain is % x", udp)
	}
	if length := int(binary.BigEndian.Uint16(frame[18:])); length != len(frame)-54 {
		t.Errorf("payload length is %d, want %d", length, len(frame)-54)
	}
}

func TestFragmentsCarryTheWholeDatagram(t *testing.T) {
	payload := traffic.Bytes("fragmented", 3000)
	p := traffic.From(client).To(web).ID(77).UDP(5000, 6000).Payload(payload)
	for name, p := range map[string]traffic.Packet{"IPv4": p, "IPv6": p.OverIPv6()} {
		frames := p.Fragments(1200)
		if len(frames) != 3 {
			t.Fatalf("%s: %d fragments, want 3", name, len(frames))
		}
		var joined []byte
		for i, frame := range frames {
			packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
			offset, more, part := fragmentOf(t, packet)
			if offset != len(joined) || more != (i < 2) {
				t.Errorf("%s fragment %d: offset %d more %v", name, i, offset, more)
			}
			joined = append(joined, part...)
		}
		if !bytes.Equal(joined[8:], payload) {
			t.Errorf("%s: the fragments do not carry the payload", name)
		}
	}
}

func fragmentOf(t *testing.T, p gopacket.Packet) (offset int, more bool, part []byte) {
	t.Helper()
	if ip, ok := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4); ok {
		return int(ip.FragOffset) * 8, ip.Flags&layers.IPv4MoreFragments != 0, ip.Payload
	}
	header, ok := p.Layer(layers.LayerTypeIPv6Fragment).(*layers.IPv6Fragment)
	if !ok {
		t.Fatalf("no fragment in %v", p)
	}
	return int(header.FragmentOffset) * 8, header.MoreFragments, header.LayerPayload()
}

func TestTags(t *testing.T) {
	p := traffic.From(client).To(web).UDP(1, 2)
	for name, c := range map[string]struct {
		packet traffic.Packet
		want   []byte
	}{
		"VLAN":   {p.VLAN(100), []byte{0x81, 0, 0, 100, 8, 0}},
		"QinQ":   {p.QinQ(200, 100), []byte{0x88, 0xa8, 0, 200, 0x81, 0, 0, 100, 8, 0}},
		"0x9100": {p.VLAN(100).Tagged(0x9100, 300), []byte{0x91, 0, 1, 44, 0x81, 0, 0, 100, 8, 0}},
	} {
		frame := c.packet.Frame()
		if got := frame[12 : 12+len(c.want)]; !bytes.Equal(got, c.want) {
			t.Errorf("%s: % x, want % x", name, got, c.want)
		}
		if rest := frame[12+len(c.want):]; !bytes.Equal(rest, p.Frame()[14:]) {
			t.Errorf("%s: the packet behind the tags changed", name)
		}
	}
}

func TestConversationIsOneTCPStream(t *testing.T) {
	request, response := traffic.HTTPRequest("web", "/"), traffic.HTTPResponse(3000)
	c := traffic.Dial(client, 40000, web, 80, nil).Asks(request).Answers(response).Closes()
	next := map[string]uint32{}
	said := map[string][]byte{}
	for i, s := range c.Said() {
		p := gopacket.NewPacket(s.Frame, layers.LayerTypeEthernet, gopacket.Default)
		tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if tcp.Seq != next[s.By.Name] {
			t.Errorf("segment %d of %s has sequence %d, want %d", i, s.By.Name, tcp.Seq, next[s.By.Name])
		}
		next[s.By.Name] += uint32(len(tcp.Payload))
		if tcp.SYN || tcp.FIN {
			next[s.By.Name]++
		}
		said[s.By.Name] = append(said[s.By.Name], tcp.Payload...)
	}
	if !bytes.Equal(said["client"], request) || !bytes.Equal(said["web"], response) {
		t.Error("the stream does not carry request and response")
	}
	if n := len(c.By(client)) + len(c.By(web)); n != len(c.Said()) {
		t.Errorf("By gives %d frames of %d", n, len(c.Said()))
	}
}

func TestFilesComeBack(t *testing.T) {
	frames := [][]byte{
		traffic.LLDP(web), traffic.Runt(traffic.LLDP(web), 9),
		traffic.From(client).To(web).UDP(1, 2).Payload(traffic.Bytes("jumbo", 8972)).Frame(),
	}
	path := filepath.Join(t.TempDir(), "frames.pcap")
	if err := traffic.Write(path, frames); err != nil {
		t.Fatal(err)
	}
	got, err := traffic.Read(path)
	if err != nil || !same(got, frames) {
		t.Fatalf("read %d frames, %v", len(got), err)
	}
	if got, err := traffic.Decode(bufio.NewReader(pcapng(t, frames))); err != nil || !same(got, frames) {
		t.Fatalf("read %d frames of pcapng, %v", len(got), err)
	}
	if _, err := traffic.Read(filepath.Join(t.TempDir(), "none.pcap")); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestCutFileGivesTheGoodFramesAndAnError(t *testing.T) {
	var file bytes.Buffer
	if err := traffic.Encode(&file, [][]byte{traffic.LLDP(web), traffic.LLDP(client)}); err != nil {
		t.Fatal(err)
	}
	file.Truncate(file.Len() - 3)
	frames, err := traffic.Decode(bufio.NewReader(&file))
	if err == nil || len(frames) != 1 {
		t.Errorf("%d frames, error %v", len(frames), err)
	}
}

func pcapng(t *testing.T, frames [][]byte) *bytes.Buffer {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapgo.NewNgWriter(&file, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range frames {
		info := gopacket.CaptureInfo{Timestamp: traffic.Begin, CaptureLength: len(frame), Length: len(frame)}
		if err := w.WritePacket(info, frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return &file
}

func same(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
