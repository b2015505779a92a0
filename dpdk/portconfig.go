package dpdk

/*
#include "shim.h"
*/
import "C"

import "fmt"

// Configure sets a stopped port up, queues and pools included, and says what was granted. It never
// enables MBUF_FAST_FREE (held frames reach tx with refcnt 2), VLAN strip or LRO (they alter
// bytes). The pools must outlive the port.
func Configure(port PortID, cfg PortConfig) (Capabilities, error) {
	info, err := Info(port)
	if err != nil {
		return Capabilities{}, err
	}
	driver := DriverOf(info.Driver)
	granted, err := plan(info, driver, cfg)
	if err != nil {
		return granted, fmt.Errorf("%s: %w", port.subject(), err)
	}
	steps := []func() error{
		func() error { return port.configure(info, driver, &granted) },
		func() error { return port.adjustDesc(&granted) },
		func() error { return port.setupQueues(cfg, &granted) },
		func() error { return port.applyMTU(driver, cfg, &granted) },
		func() error { return port.applyPromiscuous(cfg, &granted) },
		func() error { return port.applyMulticast(cfg, &granted) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return granted, err
		}
	}
	return granted, nil
}

func (p PortID) configure(info PortInfo, driver Driver, granted *Capabilities) error {
	conf := C.struct_shim_port_conf{
		rx_queues:  C.uint16_t(granted.RxQueues),
		tx_queues:  C.uint16_t(granted.TxQueues),
		rx_scatter: C.bool(granted.RxScatter && info.RxScatter),
		// What the driver does without announcing it must not be asked for.
		tx_multi_segs: C.bool(granted.TxMultiSeg && info.TxMultiSeg),
		tx_ipv4_cksum: C.bool(granted.TxIPv4Cksum),
		tx_udp_cksum:  C.bool(granted.TxUDPCksum),
	}
	if !driver.RefusesMTU {
		conf.mtu = C.uint16_t(granted.MTU)
	}
	if granted.RSS {
		conf.rss_types = C.uint8_t(info.RSS)
	}
	if granted.RSSSymmetric {
		conf.hash_key_size = C.uint8_t(info.HashKeySize)
	}
	return p.check(C.shim_port_configure(C.uint16_t(p), &conf), "rte_eth_dev_configure")
}

func (p PortID) adjustDesc(granted *Capabilities) error {
	rx, tx := C.uint16_t(granted.RxDesc), C.uint16_t(granted.TxDesc)
	rc := C.shim_port_adjust_desc(C.uint16_t(p), &rx, &tx)
	granted.RxDesc, granted.TxDesc = int(rx), int(tx)
	return p.check(rc, "rte_eth_dev_adjust_nb_rx_tx_desc")
}

func (p PortID) setupQueues(cfg PortConfig, granted *Capabilities) error {
	for q := range cfg.RxQueues {
		pool := cfg.RxPools[min(q, len(cfg.RxPools)-1)]
		rc := C.shim_port_rx_queue(C.uint16_t(p), C.uint16_t(q), C.uint16_t(granted.RxDesc), pool.Pointer())
		if err := check(rc, "rte_eth_rx_queue_setup", fmt.Sprintf("%s rx queue %d", p.subject(), q)); err != nil {
			return err
		}
	}
	for q := range cfg.TxQueues {
		rc := C.shim_port_tx_queue(C.uint16_t(p), C.uint16_t(q), C.uint16_t(granted.TxDesc))
		if err := check(rc, "rte_eth_tx_queue_setup", fmt.Sprintf("%s tx queue %d", p.subject(), q)); err != nil {
			return err
		}
	}
	return nil
}

// applyMTU tells a driver that has the call; for the others the MTU of the configuration, or of
// the kernel, is the one in force.
func (p PortID) applyMTU(driver Driver, cfg PortConfig, granted *Capabilities) error {
	if cfg.MTU != 0 && !driver.RefusesMTU {
		err := p.check(C.shim_port_set_mtu(C.uint16_t(p), C.uint16_t(cfg.MTU)), "rte_eth_dev_set_mtu")
		if err != nil && !IsNotSupported(err) {
			return err
		}
	}
	if cfg.MTU == 0 {
		info, err := Info(p)
		if err != nil {
			return err
		}
		granted.MTU = info.MTU
	}
	return nil
}

func (p PortID) applyPromiscuous(cfg PortConfig, granted *Capabilities) error {
	if !cfg.Promiscuous {
		return nil
	}
	err := p.check(C.shim_port_promiscuous(C.uint16_t(p)), "rte_eth_promiscuous_enable")
	if IsNotSupported(err) {
		granted.refuse("promiscuous: the driver has no such mode; a virtual device receives everything anyway")
		return nil
	}
	granted.Promiscuous = err == nil
	return err
}

// applyMulticast falls back to receiving everything where the driver knows no other way.
func (p PortID) applyMulticast(cfg PortConfig, granted *Capabilities) error {
	if !cfg.AllMulticast || granted.Promiscuous {
		return nil
	}
	err := p.check(C.shim_port_allmulticast(C.uint16_t(p)), "rte_eth_allmulticast_enable")
	if IsNotSupported(err) {
		cfg.Promiscuous = true
		return p.applyPromiscuous(cfg, granted)
	}
	return err
}
