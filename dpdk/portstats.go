package dpdk

/*
#include "shim.h"
*/
import "C"

import (
	"cmp"
	"slices"
)

// Stats are a port's counters since start or ResetStats (rte_eth_stats). See Driver.Note for the
// drivers that do not count everything.
type Stats struct {
	IPackets, OPackets uint64 // frames received, sent
	IBytes, OBytes     uint64 // without FCS
	IMissed            uint64 // lost by the port: no room in the rx queue
	IErrors, OErrors   uint64 // frames that could not be received, sent
	RxNombuf           uint64 // failed allocations of rx mbufs
}

// GetStats returns the counters.
func GetStats(port PortID) (Stats, error) {
	var c C.struct_shim_stats
	if err := port.check(C.shim_port_stats(C.uint16_t(port), &c), "rte_eth_stats_get"); err != nil {
		return Stats{}, err
	}
	return Stats{
		IPackets: uint64(c.ipackets), OPackets: uint64(c.opackets),
		IBytes: uint64(c.ibytes), OBytes: uint64(c.obytes),
		IMissed: uint64(c.imissed), IErrors: uint64(c.ierrors), OErrors: uint64(c.oerrors),
		RxNombuf: uint64(c.rx_nombuf),
	}, nil
}

// ResetStats sets the counters to 0.
func ResetStats(port PortID) error {
	return port.check(C.shim_port_stats_reset(C.uint16_t(port)), "rte_eth_stats_reset")
}

// Xstat is one of a driver's own counters.
type Xstat struct {
	Name  string
	Value uint64
}

// Xstats returns all counters of the driver, sorted by name.
func Xstats(port PortID) ([]Xstat, error) {
	var c []C.struct_shim_xstat
	for {
		var first *C.struct_shim_xstat
		if len(c) > 0 {
			first = &c[0]
		}
		n := C.shim_port_xstats(C.uint16_t(port), first, C.uint(len(c)))
		if err := port.check(n, "rte_eth_xstats_get"); err != nil {
			return nil, err
		}
		if int(n) <= len(c) {
			c = c[:n]
			break
		}
		c = make([]C.struct_shim_xstat, n) // the first round only asks how many there are
	}
	stats := make([]Xstat, len(c))
	for i := range c {
		stats[i] = Xstat{Name: C.GoString(&c[i].name[0]), Value: uint64(c[i].value)}
	}
	slices.SortFunc(stats, func(a, b Xstat) int { return cmp.Compare(a.Name, b.Name) })
	return stats, nil
}

// Offloads returns DPDK's names of the offloads in force on a configured port or any of its
// queues, such as "SCATTER" and "IPV4_CKSUM".
func Offloads(port PortID) (rx, tx []string, err error) {
	var cRx, cTx C.uint64_t
	err = port.check(C.shim_port_offloads(C.uint16_t(port), &cRx, &cTx), "rte_eth_dev_conf_get")
	rx, tx = offloadNames(cRx, cTx)
	return rx, tx, err
}

// Announced returns the names of the offloads that the port's driver says it has.
func Announced(port PortID) (rx, tx []string, err error) {
	var cRx, cTx C.uint64_t
	err = port.check(C.shim_port_announced(C.uint16_t(port), &cRx, &cTx), "rte_eth_dev_info_get")
	rx, tx = offloadNames(cRx, cTx)
	return rx, tx, err
}

func offloadNames(cRx, cTx C.uint64_t) (rx, tx []string) {
	for i := range C.SHIM_OFFLOADS {
		bit := C.uint64_t(1) << i
		if cRx&bit != 0 {
			rx = append(rx, C.GoString(C.shim_rx_offload_name(bit)))
		}
		if cTx&bit != 0 {
			tx = append(tx, C.GoString(C.shim_tx_offload_name(bit)))
		}
	}
	return rx, tx
}
