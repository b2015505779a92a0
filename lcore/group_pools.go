package lcore

import (
	"fmt"

	"mirrorgw/dpdk"
)

// openPools makes mempools on every node that has a worker or a port.
func (g *Group) openPools() error {
	nodes := []int{}
	for _, cpu := range g.spec.Lcores() {
		node, err := dpdk.NodeOfLcore(cpu)
		if err != nil {
			return err
		}
		nodes = append(nodes, node)
	}
	g.home = nodes[0]
	for _, port := range g.ports {
		nodes = append(nodes, g.nodeOf(port))
	}
	for _, node := range nodes {
		if err := g.pools.open(node, g.mempools()); err != nil {
			return outOfMemory(err)
		}
	}
	return nil
}

// openOrigins makes the mempool of frames of our own, where the first worker is.
func (g *Group) openOrigins() (err error) {
	n := g.mempools().Origin
	if n == 0 {
		return nil
	}
	if g.origins, err = dpdk.NewPktmbufPool("mgw_origin", n, 0, 0, rxDataRoom, g.home); err != nil {
		return outOfMemory(err)
	}
	return nil
}

// outOfMemory says what the operator can do.
func outOfMemory(err error) error {
	return fmt.Errorf("%w; raise [eal] memory_mb, or lower rx_descriptors and tx_descriptors", err)
}

// nodeOf is the port's NUMA node; virtual devices have none and live with the first worker.
func (g *Group) nodeOf(p *Port) int {
	if p.info.Node < 0 {
		return g.home
	}
	return p.info.Node
}

// mempools is the plan, now that the ports have said what they can do: copies for a tunnel port
// that sends no chains must fit into one mbuf.
func (g *Group) mempools() Mempools {
	m := PlanMempools(&g.spec)
	for _, p := range g.ports {
		if p.sendsCopies() && !p.info.TxMultiSeg && !p.Driver.TxMultiSeg {
			m.HeaderRoom = max(rxDataRoom, m.RxRoom)
			m.Explain.HeaderRoom = m.HeaderRoom
		}
	}
	return m
}
