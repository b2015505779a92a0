package pipeline

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"mirrorgw/rules"
)

// benchPools are large enough to have caches. They only help on an EAL lcore, and a benchmark
// does not run on one: allocation costs more here than in the gateway.
var benchPools = HarnessPools{Frames: 1023, Headers: 2047, Indirects: 4095, FrameRoom: 2176, Cache: 0}

// flows are frames of one length in different flows.
func flows(b *testing.B, length int) [][]byte {
	frames := make([][]byte, Burst)
	for i := range frames {
		frames[i] = append([]byte(nil), fromWeb(b, length)...)
		binary.BigEndian.PutUint16(frames[i][34:], uint16(1024+i))
	}
	return frames
}

// lastAccepts is a filter of n rules of which only the last matches.
func lastAccepts(n int) (f rules.Filter) {
	for i := range n {
		rule := rules.Rule{Direction: rules.Egress, Number: i + 1, Action: rules.Accept, Protocol: rules.ProtocolTCP,
			Source: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}), 32)}
		if i == n-1 {
			rule.Source = netip.Prefix{}
		}
		f.Rules = append(f.Rules, rule)
	}
	return f
}

func benchmark(b *testing.B, length, target int, engine Engine, filter rules.Filter) {
	h := newHarness(b, benchPools)
	r := base()
	addSession(r, addInterface(r, rules.Interface{Port: wire0, HasMAC: true, MAC: webMAC, VLAN: rules.VLANAny}), target, 1, filter)
	w := newWorld(b, h, r, &Layout{Engine: engine})
	defer w.close()
	in := Input{Port: wire0, Frames: flows(b, length)}
	b.ResetTimer()
	if err := h.Repeat(w.program, in, b.N); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Burst, "ns/frame")
}

// BenchmarkMatch compares the engines by number of rules of which the last one decides. What it
// does not show: cache misses of many filters at once.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 10, 16, 32, 64, 128, 256, 1000} {
		for name, engine := range map[string]Engine{"linear": EngineLinear, "acl": EngineACL} {
			b.Run(fmt.Sprintf("engine=%s/rules=%d", name, n), func(b *testing.B) {
				benchmark(b, 60, 2, engine, lastAccepts(n)) // unresolved target: match only
			})
		}
	}
}

// BenchmarkMirror is the whole way of a mirrored frame but for the ports.
func BenchmarkMirror(b *testing.B) {
	for _, length := range []int{60, 128, 192, 256, 512, 1450} {
		b.Run(fmt.Sprintf("length=%d", length), func(b *testing.B) {
			benchmark(b, length, 0, EngineAuto, lastAccepts(10))
		})
	}
}
