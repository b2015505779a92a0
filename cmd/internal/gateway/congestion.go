package gateway

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/lcore"
)

// congestionOf is the [congestion] section as the data path wants it.
func congestionOf(c *config.Congestion) lcore.Congestion {
	spec := lcore.Congestion{Backlog: c.Backlog, Recovery: c.Recovery}
	for _, sign := range []struct {
		heeded bool
		sign   lcore.Signs
	}{
		{c.Receive != config.BacklogOff, lcore.SignReceive}, {c.Transmit, lcore.SignTransmit},
		{c.Tunnel, lcore.SignTunnel}, {c.Mempool, lcore.SignMempool},
	} {
		if sign.heeded {
			spec.Heeded |= sign.sign
		}
	}
	return spec
}

// lossless says of a device that its frames wait until they are received: a file has as many as are
// asked for, a generator too. Bursts of it are always full, which says nothing.
func lossless(d *config.Device) bool {
	return d.Driver == "net_null" || d.Driver == "net_pcap" && d.Has("rx_pcap")
}

// congestionState is how congested a worker is, as the control plane knows it.
func congestionState(s *lcore.CongestionState) ctl.Congestion {
	c := ctl.Congestion{State: s.State.String(), Budget: s.Budget, Changed: s.Changed, Transitions: s.Transitions}
	for i, name := range lcore.StateNames {
		c.States = append(c.States, ctl.CongestionTime{State: name, Loops: s.Loops[i], Time: s.Time[i]})
	}
	for i, name := range lcore.SignNames {
		c.Signs = append(c.Signs, ctl.CongestionSign{Sign: name, Looks: s.Signs[i]})
	}
	return c
}
