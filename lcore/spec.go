package lcore

/*
#include "lcore.h"
*/
import "C"

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// PortSpec is a port as configured. Its index in Spec.Ports is its identity.
type PortSpec struct {
	Name         string
	Device       string // PCI address or vdev, with arguments
	Role         rules.Role
	Peer         int // index of the other side of a wire, else rules.NoPeer
	Queues       int // rx and tx queues; queue i belongs to worker i
	RxDesc       int // descriptors a queue
	TxDesc       int
	MTU          int // bytes of the IP packet; 0: the kernel's or the driver's default
	ExtraRxMbufs int // that the device keeps for itself, such as a preloaded capture

	Lossless bool // frames wait for us without harm, as those of a file do: no sign of congestion

	Repair pipeline.Repair // which partial checksums are completed in copies

	Tunnel    bool         // a wire that copies leave through too; RoleTunnel implies it
	VLAN      int          // VID of the tunnel's own traffic, 1-4094; 0: untagged
	Addresses []netip.Addr // our own on that network: at most MaxAddresses
}

// MaxAddresses is how many addresses of its own a tunnel port can have.
const MaxAddresses = pipeline.MaxHostAddresses - 1 // the link-local one

// sendsCopies says whether copies and frames of our own leave here.
func (p *PortSpec) sendsCopies() bool { return p.Tunnel || p.Role == rules.RoleTunnel }

// Spec is everything a Group is made of.
type Spec struct {
	Ports    []PortSpec
	Workers  []int // lcore of each worker
	Mirrors  []int // of each mirror lcore; empty: workers send copies themselves
	Capacity pipeline.Capacity
	DataRoom int // bytes of an rx mbuf, headroom included; 0: room for a frame of 2,048

	Congestion Congestion
}

// dataRoom is DataRoom or its default.
func (s *Spec) dataRoom() int {
	if s.DataRoom == 0 {
		return rxDataRoom
	}
	return s.DataRoom
}

// DefaultCapacity holds what the engine's limits allow, twice: a change that replaces everything
// keeps the old slots until no lcore counts in them, and the new ones are taken before, so that a
// change that is prepared cannot fail any more. Unused slots cost address space only.
var DefaultCapacity = pipeline.Capacity{Sources: 1 << 18, Sessions: 2 * rules.MaxSessions, Rules: 1 << 22, Targets: 1 << 18}

// Mempools are the sizes of the pools that every NUMA node with a port or a worker gets. The sum
// is what keeps a stalled tunnel port from starving production: see PlanMempools.
type Mempools struct {
	Rx, Header, Indirect int // mbufs
	RxRoom               int // data room of rx mbufs, bytes
	HeaderRoom           int // data room of header mbufs, bytes
	Origin               int // mbufs for frames of our own; on one node only

	Explain pipeline.HarnessPools // those of Explain, which lie on one node only
}

// Data rooms and caches of the mempools, bytes and mbufs.
const (
	rxDataRoom = 2048 + 128 // unless configured: one MTU-sized frame in one segment, with headroom
	cacheSize  = 256
)

// PlanMempools says how many mbufs a configuration needs.
//
// Copies of long frames pin the rx mbufs that they refer to, for as long as the tunnel port has
// them. So the rx pool must hold, besides what the rx and tx rings can hold, every mbuf that the
// indirect pool can pin; then even a tunnel port that never sends again takes nothing from
// production. The mirror's own pools are the ones that run out first. A wire that copies leave
// through has production in its tx rings, or copies, which pin more.
//
// What workers have handed over to mirror lcores pins mbufs too, until it is sent.
//
// A driver may keep sent mbufs until it needs their descriptors, so frames of our own need as many
// as queue 0 of the tunnel ports has, or a quiet port would keep the last one for ever.
func PlanMempools(spec *Spec) Mempools {
	workers := len(spec.Lcores())
	var ringSlots, tunnelSlots, originSlots, extra int
	for _, p := range spec.Ports {
		extra += p.ExtraRxMbufs
		ringSlots += p.Queues * p.RxDesc
		if p.sendsCopies() {
			tunnelSlots += (p.Queues + spec.copyQueues(&p)) * p.TxDesc
			originSlots += p.TxDesc + C.MGW_ORIGINATE
		}
		if p.Role != rules.RoleTunnel {
			ringSlots += p.Queues * p.TxDesc
		}
	}
	perWorker := cacheSize*3/2 + 2*pipeline.Burst
	indirect := 2*tunnelSlots + workers*(pipeline.MaxHeldABurst+cacheSize*3/2)
	room := spec.headerRoom()
	waiting, pinned := 0, 0 // between workers and mirror lcores
	if spec.split() {
		waiting, pinned = len(spec.Workers)*handoverSlots, len(spec.Workers)*handoverHeld
	}
	return Mempools{
		RxRoom:     spec.dataRoom(),
		Rx:         ringSlots + indirect + pinned + workers*perWorker + extra,
		Header:     tunnelSlots + waiting + workers*(pipeline.Stock+pipeline.MaxCopies+cacheSize*3/2),
		HeaderRoom: room,
		Indirect:   indirect,
		Origin:     originSlots,
		Explain:    planExplain(room),
	}
}

// planExplain is enough for one frame of the longest length, seen by two sources: its segments,
// references to them, and the stock that every pipe keeps, out of which copies that own their
// bytes come too.
func planExplain(headerRoom int) pipeline.HarnessPools {
	most := len(segments(MaxFrame))
	return pipeline.HarnessPools{
		Frames:     most,
		Headers:    pipeline.Stock + 2*most,
		Indirects:  2 * most,
		HeaderRoom: headerRoom,
	}
}

// headerRoom is the data room of header mbufs: small, unless some port's peer receives our very
// mbufs, or checksums are repaired, so that whole copies must fit in place of references.
func (s *Spec) headerRoom() int {
	for _, p := range s.Ports {
		if p.Repair == pipeline.RepairAll || dpdk.SharesMbufs(p.Device) {
			return max(rxDataRoom, s.dataRoom())
		}
	}
	return pipeline.HeaderRoom
}

// Bytes is the memory that the pools take on pages of the given size, bytes: those of one node,
// that of frames of our own, and those of Explain.
func (m Mempools) Bytes(pageSize int) int {
	return dpdk.PktmbufPoolBytes(m.Rx, cacheSize, 0, m.RxRoom, pageSize) +
		dpdk.PktmbufPoolBytes(m.Header, cacheSize, 0, m.HeaderRoom, pageSize) +
		dpdk.PktmbufPoolBytes(m.Indirect, cacheSize, 0, 0, pageSize) +
		dpdk.PktmbufPoolBytes(m.Origin, 0, 0, rxDataRoom, pageSize) +
		m.Explain.Bytes(pageSize)
}

// Check refuses a configuration whose ports and queues do not fit together, with the numbers.
func (s *Spec) Check() error {
	if len(s.Workers) == 0 {
		return fmt.Errorf("no worker lcore: name at least one CPU in [eal] lcores")
	}
	if len(s.Ports) > pipeline.MaxPorts {
		return fmt.Errorf("%d ports: at most %d are possible", len(s.Ports), pipeline.MaxPorts)
	}
	most, tunnels := 0, 0
	for i := range s.Ports {
		p := &s.Ports[i]
		if p.sendsCopies() {
			tunnels++
			if err := p.checkTunnel(); err != nil {
				return err
			}
		}
		if p.Role == rules.RoleTunnel {
			continue
		}
		most = max(most, p.Queues)
		if err := s.checkPeer(i); err != nil {
			return err
		}
	}
	if tunnels > pipeline.MaxTunnels {
		return fmt.Errorf("%d tunnel ports: at most %d are possible", tunnels, pipeline.MaxTunnels)
	}
	if err := s.checkSplit(); err != nil {
		return err
	}
	return s.checkQueues(most)
}

// checkTunnel refuses a tunnel port that cannot be a host on its network as it is configured.
func (p *PortSpec) checkTunnel() error {
	switch {
	case p.Role == rules.RoleTap:
		return fmt.Errorf("port %s is a tap, which never sends: copies need a tunnel port or a wire", p.Name)
	case p.VLAN < 0 || p.VLAN > rules.VLANMax:
		return fmt.Errorf("port %s has VLAN %d: it must be %d to %d, or 0 for untagged", p.Name, p.VLAN, rules.VLANMin, rules.VLANMax)
	case slices.ContainsFunc(p.Addresses, func(a netip.Addr) bool { return !a.IsValid() || a.Is4In6() || a.Zone() != "" }):
		return fmt.Errorf("port %s has addresses %v: each must be an IPv4 or IPv6 address without zone", p.Name, p.Addresses)
	case len(p.Addresses) > MaxAddresses:
		return fmt.Errorf("port %s has %d addresses: at most %d are possible", p.Name, len(p.Addresses), MaxAddresses)
	}
	return nil
}

// checkPeer refuses a wire that does not end in another wire, which ends in it.
func (s *Spec) checkPeer(i int) error {
	p := &s.Ports[i]
	if p.Role != rules.RoleWire {
		return nil
	}
	if p.Peer < 0 || p.Peer >= len(s.Ports) || p.Peer == i {
		return fmt.Errorf("port %s has no peer: a wire has two sides; name the other one", p.Name)
	}
	if peer := &s.Ports[p.Peer]; peer.Role != rules.RoleWire || peer.Peer != i {
		return fmt.Errorf("port %s has peer %s, whose peer is another: the two sides of a wire name each other", p.Name, peer.Name)
	}
	return nil
}

// checkQueues refuses a port that a worker would send on without a queue of its own, and a queue
// that no worker would poll. most is the largest number of queues that frames are received on.
func (s *Spec) checkQueues(most int) error {
	for i := range s.Ports {
		p := &s.Ports[i]
		if s.split() && p.Role == rules.RoleTunnel {
			continue // the mirror lcores': see checkSplit
		}
		if p.Queues > len(s.Workers) {
			return fmt.Errorf("port %s has %d queues for %d workers: a queue beyond the last worker would never be polled; set queues = %d or add lcores", p.Name, p.Queues, len(s.Workers), len(s.Workers))
		}
		if p.Role == rules.RoleWire && s.Ports[p.Peer].Queues < p.Queues {
			return fmt.Errorf("port %s has %d queues but its peer %s only %d: each worker needs its own queue to send on; set queues = %d on both", p.Name, p.Queues, s.Ports[p.Peer].Name, s.Ports[p.Peer].Queues, p.Queues)
		}
		if p.sendsCopies() && p.Queues < most {
			return fmt.Errorf("tunnel port %s has %d queues but frames are received on %d: each worker needs its own queue to send copies on; set queues = %d", p.Name, p.Queues, most, most)
		}
	}
	return nil
}

// Port is an opened port.
type Port struct {
	PortSpec
	ID       dpdk.PortID
	MAC      net.HardwareAddr
	Driver   dpdk.Driver
	Granted  dpdk.Capabilities
	FrameMax int // longest frame it can send, bytes; 0: no limit known
	TagExtra int // bytes more for a frame whose outer tag is 0x8100

	kernelMTU int // 0: no kernel interface behind it
	info      dpdk.PortInfo
}
