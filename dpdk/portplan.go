package dpdk

import (
	"errors"
	"fmt"
)

// frameOverhead is what a frame has beyond its IP packet: Ethernet header, two VLAN tags, FCS.
const frameOverhead = 14 + 2*4 + 4

// defaultDesc is the number of descriptors a queue gets when none is asked for.
const defaultDesc = 1024

// PortConfig is what is wanted of a port. What a driver cannot do of the wishes (from RSSSymmetric
// on) is no error: Capabilities says so.
type PortConfig struct {
	RxQueues, TxQueues int
	RxDesc, TxDesc     int        // descriptors a queue, adjusted to the driver's limits; default 1,024
	RxPools            []*Mempool // one a rx queue, or one for all
	MTU                int        // bytes of the IP packet; 0: the driver's default
	RSSSymmetric       bool       // both directions of a flow on one rx queue
	TxIPv4Cksum        bool       // fill IPv4 header checksums of frames whose flags ask for it
	TxUDPCksum         bool       // fill UDP checksums likewise
	TxMultiSeg         bool       // frames of several mbufs are sent
	Promiscuous        bool       // receive frames for any MAC address
	AllMulticast       bool       // receive frames for any group address; promiscuous, if need be
}

// Capabilities is what a port was granted.
type Capabilities struct {
	RxQueues, TxQueues      int
	RxDesc, TxDesc          int
	MTU                     int  // bytes of the IP packet: as asked for, or the driver's when 0 was; see Driver.RefusesMTU
	RSS                     bool // frames are spread over the rx queues
	RSSSymmetric            bool // and both directions of a flow meet on one
	RxScatter               bool // long frames arrive as several mbufs
	TxIPv4Cksum, TxUDPCksum bool
	TxMultiSeg              bool
	Promiscuous             bool
	SharesMbufs             bool     // see Driver.SharesMbufs
	Refused                 []string // one clause per wish that was not granted
}

func (c *Capabilities) refuse(format string, args ...any) {
	c.Refused = append(c.Refused, fmt.Sprintf(format, args...))
}

// plan decides what to ask the driver for. It has no side effects.
func plan(info PortInfo, driver Driver, cfg PortConfig) (Capabilities, error) {
	granted := Capabilities{
		RxQueues: cfg.RxQueues, TxQueues: cfg.TxQueues, MTU: cfg.MTU,
		RxDesc: cfg.RxDesc, TxDesc: cfg.TxDesc, SharesMbufs: driver.SharesMbufs,
	}
	if granted.RxDesc == 0 {
		granted.RxDesc = defaultDesc
	}
	if granted.TxDesc == 0 {
		granted.TxDesc = defaultDesc
	}
	if err := planQueues(info, cfg); err != nil {
		return granted, err
	}
	if err := granted.planMTU(info, driver, cfg); err != nil {
		return granted, err
	}
	granted.planRSS(info, cfg)
	granted.planTx(info, driver, cfg)
	return granted, nil
}

func planQueues(info PortInfo, cfg PortConfig) error {
	if cfg.RxQueues < 0 || cfg.RxQueues > info.MaxRxQueues {
		return fmt.Errorf("%d rx queues: the driver %s has at most %d", cfg.RxQueues, info.Driver, info.MaxRxQueues)
	}
	if cfg.TxQueues < 0 || cfg.TxQueues > info.MaxTxQueues {
		return fmt.Errorf("%d tx queues: the driver %s has at most %d", cfg.TxQueues, info.Driver, info.MaxTxQueues)
	}
	if cfg.RxQueues+cfg.TxQueues == 0 {
		return errors.New("a port without any queue cannot be configured")
	}
	if n := len(cfg.RxPools); cfg.RxQueues > 0 && n != 1 && n != cfg.RxQueues {
		return fmt.Errorf("%d mempools for %d rx queues: one for each, or one for all", n, cfg.RxQueues)
	}
	const most = 1<<16 - 1
	if cfg.RxDesc < 0 || cfg.RxDesc > most || cfg.TxDesc < 0 || cfg.TxDesc > most {
		return fmt.Errorf("%d rx and %d tx descriptors: 0-%d", cfg.RxDesc, cfg.TxDesc, most)
	}
	return nil
}

// planMTU asks for scattered reception where a frame does not fit one mbuf, and refuses an MTU
// that could not be received.
func (c *Capabilities) planMTU(info PortInfo, driver Driver, cfg PortConfig) error {
	if cfg.MTU < 0 || cfg.MTU > 65535 || cfg.MTU > 0 && cfg.MTU < 68 {
		return fmt.Errorf("MTU %d: 68-65535 bytes", cfg.MTU) // RFC 791: 68 is the least
	}
	if !driver.RefusesMTU && info.MaxMTU > 0 && cfg.MTU > info.MaxMTU {
		return fmt.Errorf("MTU %d: the driver %s takes %d-%d", cfg.MTU, info.Driver, info.MinMTU, info.MaxMTU)
	}
	mtu := cfg.MTU
	if mtu == 0 {
		mtu = max(info.MTU, DefaultMTU)
	}
	room := smallestRoom(cfg.RxPools)
	switch {
	case cfg.RxQueues == 0 || driver.AnyFrameSize || mtu+frameOverhead <= room:
	case driver.RxMultiSeg:
		c.RxScatter = true
	case info.RxScatter:
		c.RxScatter = true
	default:
		return fmt.Errorf("MTU %d: the driver %s cannot split a frame over mbufs, so the data room must be at least %d bytes and is %d",
			mtu, info.Driver, mtu+frameOverhead+Headroom, room+Headroom)
	}
	return nil
}

// smallestRoom returns the bytes of a frame that one mbuf of any of the pools holds.
func smallestRoom(pools []*Mempool) int {
	room := 0
	for i, p := range pools {
		if n := p.DataRoom() - Headroom; i == 0 || n < room {
			room = n
		}
	}
	return room
}

func (c *Capabilities) planRSS(info PortInfo, cfg PortConfig) {
	if cfg.RxQueues < 2 {
		return // one queue: everything meets on it
	}
	c.RSS = info.RSS != 0
	switch {
	case !c.RSS:
		c.refuse("RSS: the driver %s has none, all frames come to rx queue 0 unless it spreads them itself", info.Driver)
	case cfg.RSSSymmetric && info.HashKeySize == 0:
		c.refuse("symmetric RSS: the driver %s takes no hash key", info.Driver)
	default:
		c.RSSSymmetric = cfg.RSSSymmetric
	}
}

func (c *Capabilities) planTx(info PortInfo, driver Driver, cfg PortConfig) {
	c.TxIPv4Cksum = cfg.TxIPv4Cksum && info.TxIPv4Cksum
	c.TxUDPCksum = cfg.TxUDPCksum && info.TxUDPCksum
	c.TxMultiSeg = cfg.TxMultiSeg && (info.TxMultiSeg || driver.TxMultiSeg)
	if cfg.TxIPv4Cksum && !c.TxIPv4Cksum {
		c.refuse("tx IPv4 checksum: the driver %s does not announce it", info.Driver)
	}
	if cfg.TxUDPCksum && !c.TxUDPCksum {
		c.refuse("tx UDP checksum: the driver %s does not announce it", info.Driver)
	}
	if cfg.TxMultiSeg && !c.TxMultiSeg {
		c.refuse("tx of several mbufs: the driver %s does not announce it", info.Driver)
	}
}
