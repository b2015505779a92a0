package lcore

import (
	"testing"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// TestTunnelMTUHasRoomForTheTag: a copy that the MTU lets through is a frame that the port can send,
// the tunnel port's own tag included.
func TestTunnelMTUHasRoomForTheTag(t *testing.T) {
	for _, c := range []struct {
		driver       string
		kernel, vlan int
		want         int
	}{
		{"net_af_packet", 1500, 0, 1500}, {"net_af_packet", 1500, 7, 1500},
		{"net_af_packet", 9000, 0, 1968}, {"net_af_packet", 9000, 7, 1964}, {"net_af_packet", 1966, 7, 1964},
		{"net_tap", 1500, 7, 1500},
		{"net_pcap", 0, 0, 16114}, {"net_pcap", 0, 7, 16110},
	} {
		p := &Port{PortSpec: PortSpec{Role: rules.RoleTunnel, VLAN: c.vlan}, Driver: dpdk.DriverOf(c.driver)}
		p.FrameMax = p.Driver.FrameMax
		if c.kernel != 0 {
			if err := p.limitByKernel(c.kernel); err != nil {
				t.Fatal(err)
			}
		}
		if mtu := p.TunnelMTU(); mtu != c.want {
			t.Errorf("%s, kernel MTU %d, VLAN %d: MTU %d, want %d", c.driver, c.kernel, c.vlan, mtu, c.want)
		}
	}
}
