package rules

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	macs = "02000000000a 02000000000b "
	// IPv4 10.0.0.1 > 10.0.0.2 with protocol and the word of flags and offset left open.
	ip4Head = "45 00 0028 0001 "
	ip4Addr = " 0000 0a000001 0a000002 "
	// IPv6 2001:db8::1 > 2001:db8::2 with next header left open.
	ip6Head = "60000000 0020 "
	ip6Addr = " 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
	ports   = "1234 0050 00000000"
)

func ip4(flags, protocol string) string {
	return macs + "0800 " + ip4Head + flags + " 40 " + protocol + ip4Addr
}
func ip6(next string) string { return macs + "86dd " + ip6Head + next + ip6Addr }

// baseKey is what every frame of these tests with a whole Ethernet header begins with.
func baseKey(etherType uint16) Key {
	return Key{HasEthernet: true, DstMAC: [6]byte{2, 0, 0, 0, 0, 0xa}, SrcMAC: [6]byte{2, 0, 0, 0, 0, 0xb},
		VLAN: VLANNone, EtherType: etherType, Protocol: ProtocolUnknown}
}

func key4(protocol int, change func(*Key)) Key {
	k := baseKey(0x0800)
	k.Family, k.Src, k.Dst, k.Protocol = 4, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), protocol
	change(&k)
	return k
}

func key6(protocol int, change func(*Key)) Key {
	k := baseKey(0x86dd)
	k.Family, k.Src, k.Dst, k.Protocol = 6, netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), protocol
	change(&k)
	return k
}

func other(etherType uint16, class Class, vlan int) Key {
	k := baseKey(etherType)
	k.Class, k.VLAN = class, vlan
	return k
}

func nothing(*Key)      {}
func withPorts(k *Key)  { k.HasPorts, k.SrcPort, k.DstPort = true, 0x1234, 80 }
func badChain(k *Key)   { k.Class = ClassBadChain }
func first(k *Key)      { k.Fragment, k.FirstFragment, k.Identification = true, true, 1 }
func nonFirst(k *Key)   { k.Fragment, k.NonFirst, k.Identification = true, true, 1 }
func firstPorts(k *Key) { first(k); withPorts(k) }
func icmp(k *Key)       { k.HasICMP, k.ICMPType, k.ICMPCode = true, 3, 4 }

func onVLAN(vlan int, k Key) Key { k.VLAN = vlan; return k }

var parseCases = []struct {
	name  string
	frame string
	want  Key
}{
	{"empty", "", Key{Class: ClassShort, VLAN: VLANNone, Protocol: ProtocolUnknown}},
	{"13 bytes", macs + "08", Key{Class: ClassShort, VLAN: VLANNone, Protocol: ProtocolUnknown}},
	{"ARP", macs + "0806", other(0x0806, ClassNotIP, VLANNone)},
	{"802.3 length", macs + "0026 4242", other(0x0026, ClassNotIP, VLANNone)},

	{"tag cut off", macs + "8100", other(0x8100, ClassShort, VLANNone)},
	{"tag without EtherType", macs + "8100 0005", other(0x8100, ClassShort, VLANNone)},
	{"tag before nothing", macs + "8100 2005 0800", other(0x0800, ClassShort, 5)},
	{"priority tag", macs + "8100 e000 0806", other(0x0806, ClassNotIP, 0)},
	{"VID 4095", macs + "9100 ffff 0806", other(0x0806, ClassNotIP, 4095)},
	{"second tag cut off", macs + "88a8 0005 8100 00", other(0x8100, ClassShort, 5)},
	{"QinQ: the outer VID", macs + "88a8 0005 8100 0006 0806", other(0x0806, ClassNotIP, 5)},
	{"third tag", macs + "88a8 0005 8100 0006 9100 0007 0800" + ip4Head, other(0x9100, ClassNotIP, 5)},
	{"tagged TCP", macs + "88a8 0005 8100 0006 0800" + ip4Head + "0000 40 06" + ip4Addr + ports, onVLAN(5, key4(6, withPorts))},

	{"IPv4 of 19 bytes", macs + "0800" + ip4Head + "0000 40 06 0000 0a000001 0a0000", other(0x0800, ClassShort, VLANNone)},
	{"IPv4 with version 6", macs + "0800 65" + ip4Head[2:] + "0000 40 06" + ip4Addr, other(0x0800, ClassMalformed, VLANNone)},
	{"IHL 4", macs + "0800 44" + ip4Head[2:] + "0000 40 06" + ip4Addr + ports, other(0x0800, ClassMalformed, VLANNone)},
	{"options cut off", macs + "0800 46" + ip4Head[2:] + "0000 40 06" + ip4Addr + "010101", other(0x0800, ClassMalformed, VLANNone)},
	{"options, nothing else", macs + "0800 46" + ip4Head[2:] + "0000 40 06" + ip4Addr + "01010101", key4(6, nothing)},
	{"options and ports", macs + "0800 46" + ip4Head[2:] + "0000 40 06" + ip4Addr + "01010101" + ports, key4(6, withPorts)},
	{"total length is not judged", macs + "0800 45 00 0000 0000 0000 40 06" + ip4Addr + ports, key4(6, withPorts)},
	{"TCP", ip4("4000", "06") + ports, key4(6, withPorts)},
	{"UDP", ip4("0000", "11") + ports, key4(17, withPorts)},
	{"SCTP", ip4("0000", "84") + ports, key4(132, withPorts)},
	{"exactly the ports", ip4("0000", "06") + "1234 0050", key4(6, withPorts)},
	{"ports cut off", ip4("0000", "06") + "1234 00", key4(6, nothing)},
	{"GRE has no ports", ip4("0000", "2f") + ports, key4(47, nothing)},
	{"AH on IPv4 is a protocol", ip4("0000", "33") + ports, key4(51, nothing)},
	{"ICMP", ip4("0000", "01") + "0304", key4(1, icmp)},
	{"ICMP cut off", ip4("0000", "01") + "03", key4(1, nothing)},
	{"ICMPv6 on IPv4", ip4("0000", "3a") + "0304", key4(58, nothing)},
	{"reserved flag is no fragment", ip4("8000", "06") + ports, key4(6, withPorts)},
	{"first fragment", ip4("2000", "11") + ports, key4(17, firstPorts)},
	{"middle fragment", ip4("2001", "11") + ports, key4(17, nonFirst)},
	{"last fragment", ip4("1fff", "01") + ports, key4(1, nonFirst)},
	{"top bit of the offset", ip4("1000", "06") + ports, key4(6, nonFirst)},

	{"IPv6 of 39 bytes", strings.TrimSuffix(ip6("06"), "02 "), other(0x86dd, ClassShort, VLANNone)},
	{"IPv6 with version 4", strings.Replace(ip6("06"), "60000000", "40000000", 1), other(0x86dd, ClassMalformed, VLANNone)},
	{"IPv6 TCP", ip6("06") + ports, key6(6, withPorts)},
	{"IPv6 ports cut off", ip6("11") + "1234", key6(17, nothing)},
	{"ICMPv6", ip6("3a") + "0304", key6(58, icmp)},
	{"ICMP on IPv6", ip6("01") + "0304", key6(1, nothing)},
	{"no next header", ip6("3b") + ports, key6(59, nothing)},
	{"ESP ends the chain", ip6("32") + ports, key6(50, nothing)},
	{"hop-by-hop, routing, destination", ip6("00") + "2b00 000000000000 3c01 " + strings.Repeat("00", 14) + "1100 000000000000" + ports, key6(17, withPorts)},
	{"AH of 12 bytes", ip6("33") + "0601 00000000000000000000" + ports, key6(6, withPorts)},
	{"mobility, HIP, shim6", ip6("87") + "8b00 000000000000 8c00 000000000000 8400 000000000000" + ports, key6(132, withPorts)},
	{"header before the end, length beyond it", ip6("3c") + "0609", key6(6, nothing)},
	{"chain header beyond the frame", ip6("3c") + "3c09", key6(ProtocolUnknown, badChain)},
	{"chain cut off", ip6("00") + "06", key6(ProtocolUnknown, badChain)},
	{"chain not begun", ip6("2b"), key6(ProtocolUnknown, badChain)},
	{"fragment header of 7 bytes", ip6("2c") + "0600 0001 000000", key6(ProtocolUnknown, badChain)},
	{"atomic fragment", ip6("2c") + "0600 0000 00000001" + ports, key6(6, withPorts)},
	{"atomic fragment, reserved bits", ip6("2c") + "06ff 0006 00000001" + ports, key6(6, withPorts)},
	{"IPv6 first fragment", ip6("2c") + "1100 0001 00000001" + ports, key6(17, firstPorts)},
	{"IPv6 middle fragment", ip6("2c") + "1100 0009 00000001" + ports, key6(17, nonFirst)},
	{"IPv6 last fragment", ip6("2c") + "3a00 fff8 00000001" + ports, key6(58, nonFirst)},
	{"IPv6 top bit of the offset", ip6("2c") + "0600 8000 00000001" + ports, key6(6, nonFirst)},
	{"non-first: next header as it stands", ip6("2c") + "3c00 0008 00000001" + "0600", key6(60, nonFirst)},
	{"first fragment, then cut", ip6("2c") + "3c00 0001 00000001" + "06", key6(ProtocolUnknown, func(k *Key) { first(k); badChain(k) })},
	{"first, then non-first", ip6("2c") + "2c00 0001 00000001 0600 0008 00000001" + ports, key6(6, nonFirst)},
	{"8 headers", ip6("3c") + strings.Repeat("3c00 000000000000", 7) + "0600 000000000000" + ports, key6(6, withPorts)},
	{"9 headers", ip6("3c") + strings.Repeat("3c00 000000000000", 8) + "0600 000000000000" + ports, key6(ProtocolUnknown, badChain)},
	{"8 headers and a non-first fragment header", ip6("3c") + strings.Repeat("3c00 000000000000", 7) + "2c00 000000000000 0600 0008 00000000", key6(ProtocolUnknown, badChain)},
	{"mapped address stays IPv6", macs + "86dd 60000000 0000 06 40 00000000000000000000ffff0a000001 00000000000000000000ffff0a000002",
		func() Key {
			k := key6(6, nothing)
			k.Src, k.Dst = netip.MustParseAddr("::ffff:10.0.0.1"), netip.MustParseAddr("::ffff:10.0.0.2")
			return k
		}()},
}

func TestParse(t *testing.T) {
	for _, c := range parseCases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Parse(unhex(t, c.frame)), comparers); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// FuzzParse: never panics, changes nothing, and the fields agree with each other.
func FuzzParse(f *testing.F) {
	for _, c := range parseCases {
		f.Add(unhex(f, c.frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := string(frame)
		k := Parse(frame)
		if string(frame) != before {
			t.Fatal("Parse changed the frame")
		}
		checkInvariants(t, &k, len(frame))
		// Bytes behind what was understood change nothing (padding, trailers).
		if k.Class == ClassIP && (k.HasPorts || k.HasICMP || k.NonFirst) {
			if longer := Parse(append(frame[:len(frame):len(frame)], 1, 2, 3)); longer != k {
				t.Fatalf("with three bytes more: %+v, without %+v", longer, k)
			}
		}
	})
}

func checkInvariants(t testing.TB, k *Key, length int) {
	t.Helper()
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"HasEthernet iff 14 bytes", k.HasEthernet == (length >= 14)},
		{"addresses iff family", (k.Family != 0) == k.Src.IsValid() && (k.Family != 0) == k.Dst.IsValid()},
		{"family of addresses", k.Family == 0 || k.Src.Is4() == (k.Family == 4) && k.Dst.Is4() == (k.Family == 4)},
		{"family iff understood", (k.Family != 0) == (k.Class == ClassIP || k.Class == ClassBadChain)},
		{"family iff EtherType", k.Family != 4 || k.EtherType == EtherTypeIPv4},
		{"protocol iff ClassIP", (k.Protocol >= 0) == (k.Class == ClassIP)},
		{"bad chains are IPv6", k.Class != ClassBadChain || k.Family == 6},
		{"a fragment is first or not", k.Fragment == (k.FirstFragment != k.NonFirst) && !(k.FirstFragment && k.NonFirst)},
		{"identification of fragments", k.Fragment || k.Identification == 0},
		{"ports of TCP, UDP, SCTP", !k.HasPorts || k.Protocol == 6 || k.Protocol == 17 || k.Protocol == 132},
		{"no L4 in non-first fragments", !k.NonFirst || !k.HasPorts && !k.HasICMP},
		{"ports or ICMP", !(k.HasPorts && k.HasICMP)},
		{"absent ports are zero", k.HasPorts || k.SrcPort == 0 && k.DstPort == 0},
		{"absent ICMP is zero", k.HasICMP || k.ICMPType == 0 && k.ICMPCode == 0},
		{"VLAN range", k.VLAN >= VLANNone && k.VLAN <= 4095},
		{"text", k.String() != ""},
	} {
		if !c.ok {
			t.Errorf("%s: %+v", c.name, *k)
		}
	}
}
