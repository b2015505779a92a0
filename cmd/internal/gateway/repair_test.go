package gateway

import (
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/pipeline"
)

// Whose checksums are completed: what the operator says, else what is known of the driver.
func TestRepairs(t *testing.T) {
	for _, c := range []struct {
		device string
		repair config.Repair
		want   pipeline.Repair
	}{
		{"net_af_packet0,iface=eth0", config.RepairAuto, pipeline.RepairEvery},
		{"net_af_packet0,iface=eth0", config.RepairOff, pipeline.RepairNone},
		{"net_tap0", config.RepairAuto, pipeline.RepairMarked},
		{"net_tap0", config.RepairOn, pipeline.RepairEvery},
		{"0000:3b:00.0", config.RepairAuto, pipeline.RepairMarked},
	} {
		p := portOf(c.device, mustDevice(t, c.device))
		p.Repair = c.repair
		if got := repairs(&p); got != c.want {
			t.Errorf("%s with %q: %v, want %v", c.device, c.repair, got, c.want)
		}
	}
}
