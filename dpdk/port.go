package dpdk

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"unsafe"
)

// PortID is DPDK's number of a port.
type PortID uint16

// String gives the port's device name, which is how errors call it.
func (p PortID) String() string {
	var name [C.SHIM_NAME]C.char
	if C.shim_port_name(C.uint16_t(p), &name[0]) != 0 {
		return fmt.Sprintf("%d", uint16(p))
	}
	return C.GoString(&name[0])
}

func (p PortID) subject() string { return "port " + p.String() }

// check is check with the port as subject.
func (p PortID) check(rc C.int, call string) error {
	if rc >= 0 {
		return nil
	}
	return check(rc, call, p.subject())
}

// LookupPort finds the port of a device: a vdev, with or without its arguments, or a PCI
// address. EAL does not fail when a device does, it has no port then.
func LookupPort(device string) (PortID, error) {
	name, err := portName(device)
	if err != nil {
		return 0, err
	}
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	var port C.uint16_t
	rc := C.shim_port_by_name(cName, &port)
	if rc == 0 {
		return PortID(port), nil
	}
	failed := check(rc, "rte_eth_dev_get_port_by_name", "port "+name)
	return 0, fmt.Errorf("%w: EAL made no such port, its messages say why; check %s", failed, whatToCheck(device))
}

func whatToCheck(device string) string {
	switch name := VdevName(device); {
	case strings.HasPrefix(name, "net_pcap"):
		return "that the vdev's captures exist, are whole pcap files and that the output directory is writable"
	case strings.HasPrefix(name, "net_af_"):
		return "that the interface iface= exists and that the process has CAP_NET_RAW"
	case strings.HasPrefix(name, "net_tap"):
		return "that /dev/net/tun exists and that the process has CAP_NET_ADMIN"
	case IsVdev(name):
		return "the vdev's name and arguments"
	}
	return "that the device exists, is bound to vfio-pci or another driver DPDK can use, and is allowed in the EAL options"
}

// ProbeDevice creates a device after Init, "net_null0,size=64"; its port is then there for
// LookupPort.
func ProbeDevice(devargs string) error {
	cArgs := C.CString(devargs)
	defer C.free(unsafe.Pointer(cArgs))
	return check(C.shim_dev_probe(cArgs), "rte_dev_probe", "device "+devargs)
}

// RemoveDevice closes a stopped port and removes its device, and with it the device's other
// ports.
func RemoveDevice(port PortID) error {
	subject := port.subject()
	return check(C.shim_dev_remove(C.uint16_t(port)), "rte_dev_remove", subject)
}

// RSSTypes are the headers that a port can hash.
type RSSTypes uint8

// The bits of RSSTypes.
const (
	RSSIPv4 RSSTypes = C.SHIM_RSS_IPV4
	RSSIPv6 RSSTypes = C.SHIM_RSS_IPV6
	RSSTCP  RSSTypes = C.SHIM_RSS_TCP
	RSSUDP  RSSTypes = C.SHIM_RSS_UDP
	RSSSCTP RSSTypes = C.SHIM_RSS_SCTP
)

func (t RSSTypes) String() string {
	var names []string
	for i, name := range []string{"ipv4", "ipv6", "tcp", "udp", "sctp"} {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// PortInfo is what a port's driver announces.
type PortInfo struct {
	Driver, Device                      string
	MAC                                 net.HardwareAddr
	Node                                int // NUMA node, AnyNode when it has none
	MaxRxQueues, MaxTxQueues            int
	MaxRxDesc, MaxTxDesc                int // descriptors a queue
	MaxTxSegs                           int // mbufs of one frame that are sent; 0 or 65535: no limit known
	MinMTU, MaxMTU, MTU                 int // bytes of the IP packet; 0: not known
	MinRxBuf                            int // bytes an rx mbuf must hold, headroom not counted
	RSS                                 RSSTypes
	HashKeySize                         int // bytes, 0: not known
	RetaSize                            int // entries
	RxScatter                           bool
	TxIPv4Cksum, TxUDPCksum, TxMultiSeg bool
	TxFastFree                          bool // announced; this package never enables it
}

// Info returns what the driver announces.
func Info(port PortID) (PortInfo, error) {
	var c C.struct_shim_port_info
	if err := port.check(C.shim_port_info(C.uint16_t(port), &c), "rte_eth_dev_info_get"); err != nil {
		return PortInfo{}, err
	}
	return PortInfo{
		Driver: C.GoString(&c.driver[0]), Device: C.GoString(&c.device[0]),
		MAC:         net.HardwareAddr(C.GoBytes(unsafe.Pointer(&c.mac[0]), C.int(len(c.mac)))),
		Node:        int(c.node),
		MaxRxQueues: int(c.max_rx_queues), MaxTxQueues: int(c.max_tx_queues),
		MaxRxDesc: int(c.max_rx_desc), MaxTxDesc: int(c.max_tx_desc),
		MaxTxSegs: int(c.max_tx_segs),
		MinMTU:    int(c.min_mtu), MaxMTU: int(c.max_mtu), MTU: int(c.mtu),
		MinRxBuf: int(c.min_rx_buf),
		RSS:      RSSTypes(c.rss_types), HashKeySize: int(c.hash_key_size), RetaSize: int(c.reta_size),
		RxScatter:   bool(c.rx_scatter),
		TxIPv4Cksum: bool(c.tx_ipv4_cksum), TxUDPCksum: bool(c.tx_udp_cksum),
		TxMultiSeg: bool(c.tx_multi_segs), TxFastFree: bool(c.tx_fast_free),
	}, nil
}

// MAC returns the port's address.
func MAC(port PortID) (net.HardwareAddr, error) {
	info, err := Info(port)
	return info.MAC, err
}

// Start lets a configured port receive and send.
func Start(port PortID) error {
	return port.check(C.shim_port_start(C.uint16_t(port)), "rte_eth_dev_start")
}

// Stop ends that; no lcore may be in a burst of the port. Its rx mbufs go back to their pools
// with Close.
func Stop(port PortID) error {
	return port.check(C.shim_port_stop(C.uint16_t(port)), "rte_eth_dev_stop")
}

// Close gives up a stopped port: its queues are freed and its number is invalid from then on.
func Close(port PortID) error {
	subject := port.subject()
	return check(C.shim_port_close(C.uint16_t(port)), "rte_eth_dev_close", subject)
}

// TxPending reports whether a transmit queue of a started port has frames that the device has not
// sent yet. No lcore may send on it meanwhile. Not every driver can tell (IsNotSupported).
func TxPending(port PortID, queue, descriptors int) (bool, error) {
	rc := C.shim_port_tx_pending(C.uint16_t(port), C.uint16_t(queue), C.uint16_t(descriptors))
	return rc > 0, port.check(rc, "rte_eth_tx_descriptor_status")
}

// Link is the state of a port's link.
type Link struct {
	Up, FullDuplex, Autoneg bool
	Speed                   int // Mbit/s, 0 when not known
}

// GetLink returns the link's state without waiting for it to come up.
func GetLink(port PortID) (Link, error) {
	var c C.struct_shim_link
	if err := port.check(C.shim_port_link(C.uint16_t(port), &c), "rte_eth_link_get_nowait"); err != nil {
		return Link{}, err
	}
	link := Link{Up: bool(c.up), FullDuplex: bool(c.full_duplex), Autoneg: bool(c.autoneg)}
	const unknown = 1<<32 - 1 // RTE_ETH_SPEED_NUM_UNKNOWN
	if c.speed != unknown {
		link.Speed = int(c.speed)
	}
	return link, nil
}

// SetLinkUp and SetLinkDown switch the link; many vdevs do not know how (ENOTSUP).
func SetLinkUp(port PortID) error {
	return port.check(C.shim_port_set_link(C.uint16_t(port), true), "rte_eth_dev_set_link_up")
}

// SetLinkDown is SetLinkUp's opposite.
func SetLinkDown(port PortID) error {
	return port.check(C.shim_port_set_link(C.uint16_t(port), false), "rte_eth_dev_set_link_down")
}

// IsNotSupported reports whether an error says that the driver has no such function.
func IsNotSupported(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS)
}
