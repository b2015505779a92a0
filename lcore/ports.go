package lcore

import (
	"fmt"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// frameHeaders is what a frame may have in front of its IP packet: Ethernet and one VLAN tag,
// which Linux does not count towards the MTU.
const frameHeaders = 14 + 4

// lookup finds the configured device among EAL's ports.
func lookup(spec PortSpec) (*Port, error) {
	id, err := dpdk.LookupPort(spec.Device)
	if err != nil {
		return nil, fmt.Errorf("port %s: %w", spec.Name, err)
	}
	info, err := dpdk.Info(id)
	if err != nil {
		return nil, fmt.Errorf("port %s: %w", spec.Name, err)
	}
	return &Port{PortSpec: spec, ID: id, MAC: info.MAC, Driver: dpdk.DriverOf(info.Driver), info: info}, nil
}

// configure sets queues, offloads and MTU; the port is not started yet.
func (p *Port) configure(rx *dpdk.Mempool) error {
	tunnel := p.Role == rules.RoleTunnel
	granted, err := dpdk.Configure(p.ID, dpdk.PortConfig{
		RxQueues:     p.Queues,
		TxQueues:     p.Queues,
		RxDesc:       p.RxDesc,
		TxDesc:       p.TxDesc,
		RxPools:      []*dpdk.Mempool{rx},
		MTU:          p.MTU,
		RSSSymmetric: p.Queues > 1,
		TxIPv4Cksum:  tunnel,
		TxUDPCksum:   tunnel,
		TxMultiSeg:   true,
		Promiscuous:  !tunnel,
	})
	if err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	p.Granted = granted
	mtu, known, err := dpdk.KernelMTU(p.Device)
	if err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	p.FrameMax = p.Driver.FrameMax
	if known && p.Driver.KernelMTU {
		p.FrameMax = mtu + frameHeaders
	}
	return nil
}

// start makes the port receive and send.
func (p *Port) start() error {
	if err := dpdk.Start(p.ID); err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	return nil
}

// close stops the port and lets the driver write out what it has buffered.
func (p *Port) close() error {
	err := dpdk.Stop(p.ID)
	if e := dpdk.Close(p.ID); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	return nil
}

// TunnelMTU is the MTU of copies that leave here, bytes of the outer IP packet: what the port was
// granted, but no more than it can send whole; 0 when the port does not know better than the
// configuration.
func (p *Port) TunnelMTU() int {
	mtu := p.Granted.MTU
	if p.Driver.AnyFrameSize {
		mtu = 0
	}
	if p.FrameMax > 0 && (mtu == 0 || mtu > p.FrameMax-frameHeaders) {
		mtu = p.FrameMax - frameHeaders
	}
	return mtu
}
