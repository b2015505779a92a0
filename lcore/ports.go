package lcore

import (
	"fmt"
	"net/netip"
	"slices"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// ethernetHeader is what every frame has in front of its IP packet, bytes.
const (
	ethernetHeader = 14
	vlanTag        = 4
)

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
// copyQueues are further transmit queues, of mirror lcores.
func (p *Port) configure(rx *dpdk.Mempool, copyQueues int) error {
	tunnel := p.sendsCopies()
	granted, err := dpdk.Configure(p.ID, dpdk.PortConfig{
		RxQueues:     p.Queues,
		TxQueues:     p.Queues + copyQueues,
		RxDesc:       p.RxDesc,
		TxDesc:       p.TxDesc,
		RxPools:      []*dpdk.Mempool{rx},
		MTU:          p.MTU,
		RSSSymmetric: p.Queues > 1,
		TxIPv4Cksum:  tunnel,
		TxUDPCksum:   tunnel,
		TxMultiSeg:   true,
		Promiscuous:  p.Role != rules.RoleTunnel,
		AllMulticast: tunnel,
	})
	if err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	p.Granted = granted
	p.Granted.SharesMbufs = dpdk.SharesMbufs(p.Device)
	mtu, known, err := dpdk.KernelMTU(p.Device)
	if err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	p.FrameMax = p.Driver.FrameMax
	if known && p.Driver.KernelMTU {
		return p.limitByKernel(mtu)
	}
	return nil
}

// limitByKernel takes over the MTU of a kernel interface: longer frames cannot leave, and a port
// that would receive longer ones than its driver can take is refused, for it would cut them.
func (p *Port) limitByKernel(mtu int) error {
	p.kernelMTU = mtu
	p.FrameMax, p.TagExtra = mtu+p.Driver.Overhead, p.Driver.TagOverhead
	longest := p.Driver.RxFrameMax
	if longest == 0 {
		return nil
	}
	if p.Role == rules.RoleTunnel {
		p.FrameMax = min(p.FrameMax, longest) // its ring has the same slots for sending
		p.TagExtra = min(p.TagExtra, longest-p.FrameMax)
		return nil
	}
	if allowed := longest - ethernetHeader - p.Driver.TagOverhead; mtu > allowed {
		return fmt.Errorf("port %s: its kernel interface has MTU %d, but %s takes frames of at most %d bytes and would cut longer ones; set the interface's MTU to %d or less",
			p.Name, mtu, p.Driver.Name, longest, allowed)
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

// TunnelMTU is the MTU of copies that leave here, bytes of the outer IP packet: the kernel's where
// it has one, else what the port was granted, and no more than it can send whole; 0 when the port
// does not know better than the configuration.
func (p *Port) TunnelMTU() int {
	mtu := p.Granted.MTU
	if p.Driver.AnyFrameSize {
		mtu = 0
	}
	if p.kernelMTU > 0 {
		mtu = p.kernelMTU
		if p.MTU > 0 {
			mtu = min(mtu, p.MTU)
		}
	}
	room := p.FrameMax - ethernetHeader
	if p.VLAN != 0 {
		room -= vlanTag - min(p.TagExtra, vlanTag)
	}
	if p.FrameMax > 0 && (mtu == 0 || mtu > room) {
		mtu = room
	}
	return mtu
}

// maxSegments is how many mbufs one frame may have when it is sent here, or 0 without a limit.
func (p *Port) maxSegments() int {
	if p.info.MaxTxSegs >= 1<<16-1 {
		return 0
	}
	return p.info.MaxTxSegs
}

// host is who the gateway is on a tunnel port: where it speaks IPv6 it has a link-local address too.
func (p *Port) host() *pipeline.Host {
	h := &pipeline.Host{MAC: [6]byte(p.MAC), VLAN: p.VLAN, Addresses: slices.Clone(p.Addresses)}
	if slices.ContainsFunc(p.Addresses, netip.Addr.Is6) {
		given := func(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() }
		if !slices.ContainsFunc(p.Addresses, given) {
			h.Addresses = append(h.Addresses, linkLocal(h.MAC))
		}
	}
	return h
}

// linkLocal is the address that a MAC gives (RFC 4291 section 2.5.6 and appendix A).
func linkLocal(mac [6]byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80,
		8: mac[0] ^ 2, 9: mac[1], 10: mac[2], 11: 0xff, 12: 0xfe, 13: mac[3], 14: mac[4], 15: mac[5]})
}
