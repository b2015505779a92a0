package testbed

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// copiesIn reads the copies of a mirror file. The gateway is a host on the tunnel's network, so the
// file has ARP, Neighbor Discovery and multicast listener reports of its own as well, and nothing
// else.
func copiesIn(t *testing.T, dir, name string) (copies [][]byte) {
	t.Helper()
	all := read(t, dir, name)
	for i, frame := range all {
		if !isOwn(frame) {
			copies = append(copies, frame)
			continue
		}
		if tunnel := frame[6:12]; string(tunnel) != string(all[0][6:12]) {
			t.Errorf("%s, frame %d is the gateway's own but has source MAC %x", name, i+1, tunnel)
		}
	}
	return copies
}

// isOwn says whether a frame that left a tunnel port is none of the copies.
func isOwn(frame []byte) bool {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Lazy)
	if p.Layer(layers.LayerTypeARP) != nil {
		return true
	}
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		return ip.Protocol == layers.IPProtocolICMPv4
	case *layers.IPv6:
		return ip.NextHeader == layers.IPProtocolICMPv6 || ip.NextHeader == layers.IPProtocolIPv6HopByHop
	}
	return false
}
