package vxlan

import (
	"math/bits"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// flowHashSpelledOut is the definition, step by step and without helper, as C would write it.
func flowHashSpelledOut(a, b, sum, xor, protocol uint64, l3Only bool) uint64 {
	h := (a+b)*11400714819323198485 + (a ^ b)
	if !l3Only {
		h = h + sum<<32
		h = h + xor
		h = h + protocol
	}
	h = (h ^ h>>32) * 18397679294719823053
	return (h ^ h>>32) * 14181476777654086739
}

func TestFlowHashDefinition(t *testing.T) {
	addr := netip.MustParseAddr
	lo := uint64(5) // ::5
	golden := uint64(11400714819323198485)
	hi := uint64(0x20010db800000000)
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"ipv4 udp", FlowHash(addr("10.0.0.5"), addr("192.0.2.10"), 17, 53, 40000, false),
			flowHashSpelledOut(0x0500000a, 0x0a0200c0, 0x3500+0x409c, 0x3500^0x409c, 17, false)},
		{"ipv4 l3 only", FlowHash(addr("10.0.0.5"), addr("192.0.2.10"), 17, 53, 40000, true),
			flowHashSpelledOut(0x0500000a, 0x0a0200c0, 0, 0, 0, true)},
		{"ipv6 tcp", FlowHash(addr("2001:db8::5"), addr("2001:db8::6"), 6, 443, 65535, false),
			flowHashSpelledOut(hi^lo*golden, hi^(lo+1)*golden, 0xbb01+0xffff, 0xbb01^0xffff, 6, false)},
		{"invalid", FlowHash(netip.Addr{}, netip.Addr{}, 0, 0, 0, false), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, c.got, c.want)
		}
	}
}

// Fixed values, so that a change of the definition cannot pass unseen; C is tested with them too.
func TestFlowHashGolden(t *testing.T) {
	addr := netip.MustParseAddr
	for _, c := range []struct {
		src, dst     string
		protocol     uint8
		sport, dport uint16
		l3Only       bool
		hash         uint64
		port         uint16
	}{
		{"10.0.0.5", "192.0.2.10", 17, 53, 40000, false, 0x4b9c3d88867d9c10, 53991},
		{"192.0.2.10", "10.0.0.5", 17, 40000, 53, false, 0x4b9c3d88867d9c10, 53991},
		{"10.0.0.5", "192.0.2.10", 17, 53, 40000, true, 0x8cd12e46067df4ef, 58164},
		{"0.0.0.0", "255.255.255.255", 17, 68, 67, false, 0xe06a10147f1ad19b, 63514},
		{"10.0.0.5", "10.0.0.6", 1, 0, 0, false, 0xa997751571820591, 60005},
		{"255.255.255.255", "255.255.255.255", 132, 65535, 65535, false, 0x898382998a0813f8, 57952},
		{"2001:db8::5", "2001:db8:1::10", 6, 51234, 443, false, 0x3afc1f8c9a7db27d, 52927},
		{"fe80::1", "ff02::1", 58, 0, 0, false, 0x4212bf196bc97fe5, 53380},
		{"2001:db8::5", "2001:db8:1::10", 6, 51234, 443, true, 0x33f5a34825fe962d, 52477},
		{"::ffff:10.0.0.5", "::", 6, 1, 2, false, 0xa640d8af27745836, 59792},
	} {
		h := FlowHash(addr(c.src), addr(c.dst), c.protocol, c.sport, c.dport, c.l3Only)
		if h != c.hash || SourcePort(h) != c.port {
			t.Errorf("%s %d > %s %d: hash %#x port %d, want %#x %d", c.src, c.sport, c.dst, c.dport, h, SourcePort(h), c.hash, c.port)
		}
	}
}

func TestFlowHashIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := genOuter(t)
		protocol := rapid.Byte().Draw(t, "protocol")
		sport, dport := rapid.Uint16().Draw(t, "sport"), rapid.Uint16().Draw(t, "dport")
		l3Only := rapid.Bool().Draw(t, "l3Only")
		there := FlowHash(o.Src, o.Dst, protocol, sport, dport, l3Only)
		back := FlowHash(o.Dst, o.Src, protocol, dport, sport, l3Only)
		if there != back {
			t.Fatalf("there %#x, back %#x", there, back)
		}
		if l3Only && there != FlowHash(o.Src, o.Dst, protocol+1, sport+1, dport, true) {
			t.Fatal("l3Only looks at protocol or ports")
		}
		if p := SourcePort(there); p < 49152 {
			t.Fatalf("source port %d is outside the dynamic range", p)
		}
	})
}

func TestSourcePortUsesTopBits(t *testing.T) {
	for h, want := range map[uint64]uint16{0: 49152, 1<<50 - 1: 49152, 1 << 50: 49153, ^uint64(0): 65535} {
		if got := SourcePort(h); got != want {
			t.Errorf("SourcePort(%#x) = %d, want %d", h, got, want)
		}
	}
}

// chiSquare says how evenly counts are spread; for random ones its mean is len(counts) - 1.
func chiSquare(counts []int, total int) float64 {
	expected, chi := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	return chi
}

// flowPatterns are families of plausible flows: i counts the flows of one server.
func flowPatterns() map[string]func(server, i int) uint64 {
	v6 := func(net, i int) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 5: byte(net), 14: byte(i >> 8), 15: byte(i)})
	}
	v4 := func(net, i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(net), byte(i >> 8), byte(i)}) }
	return map[string]func(server, i int) uint64{
		"one client, many ports":  func(s, i int) uint64 { return FlowHash(v4(0, 1), v4(9, s), 6, uint16(32768+i), 443, false) },
		"many clients, one port":  func(s, i int) uint64 { return FlowHash(v4(0, i), v4(9, s), 17, 5060, 5060, false) },
		"many clients, fragments": func(s, i int) uint64 { return FlowHash(v4(0, i), v4(9, s), 17, 0, 0, true) },
		"ipv6 clients":            func(s, i int) uint64 { return FlowHash(v6(0, i), v6(9, s), 6, uint16(40000+i%7), 443, false) },
		"ipv6 even ports":         func(s, i int) uint64 { return FlowHash(v6(0, 1), v6(9, s), 6, uint16(32768+2*i), 443, false) },
	}
}

// The balance that matters: 1,024 flows over the 16 queues or appliances that may be behind the
// tunnel, by modulo and by top bits of the port. Each pattern is judged over 200 servers: a random
// hash has a mean chi-square of 15 (15 degrees of freedom; standard error of the mean 0.4).
func TestSourcePortBalance(t *testing.T) {
	const flows, buckets, servers, meanLimit = 1024, 16, 200, 17
	for name, hash := range flowPatterns() {
		sumLow, sumHigh := 0.0, 0.0
		for server := range servers {
			var low, high [buckets]int
			for i := range flows {
				p := SourcePort(hash(server, i))
				low[p%buckets]++
				high[(p-sourcePortFirst)>>10]++
			}
			sumLow += chiSquare(low[:], flows)
			sumHigh += chiSquare(high[:], flows)
		}
		t.Logf("%s: mean chi-square %.1f (low bits), %.1f (high bits)", name, sumLow/servers, sumHigh/servers)
		if sumLow/servers > meanLimit || sumHigh/servers > meanLimit {
			t.Errorf("%s: mean chi-square %.1f and %.1f; a random hash has 15, the limit is %d",
				name, sumLow/servers, sumHigh/servers, meanLimit)
		}
	}
}

// One changed input bit changes about half of the 64 output bits.
func TestFlowHashAvalanche(t *testing.T) {
	src, dst := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("172.16.9.4")
	base := FlowHash(src, dst, 6, 12345, 443, false)
	for bit := range 16 {
		changed := bits.OnesCount64(base ^ FlowHash(src, dst, 6, 12345^1<<bit, 443, false))
		if changed < 12 || changed > 52 {
			t.Errorf("port bit %d changes %d bits of 64", bit, changed)
		}
	}
}
