package balancer

import (
	"net/netip"
	"testing"

	"mirrorgw/vxlan"
)

// conversation is number i of many between clients of one network and a few servers.
func conversation(i int) (client, server netip.Addr, clientPort, serverPort uint16) {
	return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8 & 15), byte(i)}), netip.AddrFrom4([4]byte{10, 2, 0, byte(i % 7)}),
		uint16(32768 + i*13%28000), []uint16{80, 443, 5432}[i%3]
}

func flow(i int) uint64 {
	client, server, from, to := conversation(i)
	return vxlan.FlowHash(client, server, 6, from, to, false)
}

// Both directions of 10,000 flows reach the same member of four, and each gets its quarter.
func TestFlows(t *testing.T) {
	const flows, n = 10000, 4
	s := newScript(t, Options{})
	s.set(groupOf(n))
	s.reachable(true, addrs(1, 2, 3, 4)...)
	v := s.wantView("", "", addrs(1, 2, 3, 4)...)
	got := make([]int, n)
	for i := range flows {
		client, server, from, to := conversation(i)
		there, back := Entry(flow(i)), Entry(vxlan.FlowHash(server, client, 6, to, from, false))
		if v.Table[there] != v.Table[back] {
			t.Fatalf("flow %d: member %d there and %d back", i, v.Table[there], v.Table[back])
		}
		got[v.Table[there]]++
	}
	for i, k := range got {
		if k < flows/n*95/100 || k > flows/n*105/100 {
			t.Errorf("member %d has %d of %d flows: %v", i+1, k, flows, got)
		}
	}
	t.Logf("flows by member: %v", got)
}

func TestEntryIsInTheTable(t *testing.T) {
	for hash, want := range map[uint64]int{0: 0, 1<<64 - 1: TableSize - 1, 1 << 49: TableSize / 2, 1<<18 - 1: 0, 1 << 63: 0} {
		if got := Entry(hash); got != want {
			t.Errorf("hash %#x has entry %d, want %d", hash, got, want)
		}
	}
}
