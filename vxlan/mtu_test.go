package vxlan

import (
	"testing"

	"pgregory.net/rapid"
)

func TestInnerLimit(t *testing.T) {
	for _, c := range []struct {
		mtu      int
		v4, v6   int
		whatItIs string
	}{
		{1500, 1464, 1444, "plain Ethernet"},
		{9001, 8965, 8945, "jumbo"},
		{MTUMinIPv4, 32, 12, "the smallest IPv4 link"},
		{MTUMinIPv6, 1244, 1224, "the smallest IPv6 link"},
		{36, 0, 0, "headers only"},
		{0, 0, 0, "nothing"},
		{-5, 0, 0, "nonsense"},
		{1 << 20, MaxInnerIPv4, MaxInnerIPv6, "more than length fields can say"},
	} {
		if v4, v6 := InnerLimit(c.mtu, false), InnerLimit(c.mtu, true); v4 != c.v4 || v6 != c.v6 {
			t.Errorf("%s: InnerLimit(%d) is %d and %d, want %d and %d", c.whatItIs, c.mtu, v4, v6, c.v4, c.v6)
		}
	}
}

// The AWS guide: a source MTU 54 bytes below the target's over IPv4 and 74 over IPv6 avoids
// truncation: that is our overhead, and one VLAN tag to spare.
func TestSeedHeadroomIsEnough(t *testing.T) {
	const ether, tag = 14, 4
	for _, target := range []int{1500, 9001} {
		if limit := InnerLimit(target, false); limit < target-54+ether+tag {
			t.Errorf("target MTU %d over IPv4: limit %d cuts a source with MTU %d", target, limit, target-54)
		}
		if limit := InnerLimit(target, true); limit < target-74+ether+tag {
			t.Errorf("target MTU %d over IPv6: limit %d cuts a source with MTU %d", target, limit, target-74)
		}
	}
}

func TestMTUNeededInvertsInnerLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v6 := rapid.Bool().Draw(t, "v6")
		longest := MaxInnerIPv4
		if v6 {
			longest = MaxInnerIPv6
		}
		inner := rapid.IntRange(0, longest).Draw(t, "inner")
		mtu := MTUNeeded(inner, v6)
		if InnerLimit(mtu, v6) != inner || InnerLimit(mtu-1, v6) >= inner && inner > 0 {
			t.Fatalf("MTU %d for %d bytes: limit %d, one less %d", mtu, inner, InnerLimit(mtu, v6), InnerLimit(mtu-1, v6))
		}
		o := outer4
		if v6 {
			o = outer6
		}
		template, err := NewTemplate(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(template.Encapsulate(nil, make([]byte, inner), 49152)) - etherLen; got != mtu {
			t.Fatalf("the outer packet has %d bytes, MTUNeeded says %d", got, mtu)
		}
	})
}
