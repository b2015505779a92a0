package lcore

import (
	"fmt"

	"mirrorgw/dpdk"
)

// nodePools are the mempools on one NUMA node: frames of its ports, copies of its workers.
type nodePools struct {
	rx, header, indirect *dpdk.Mempool
}

func (p *nodePools) all() []*dpdk.Mempool { return []*dpdk.Mempool{p.rx, p.header, p.indirect} }

// pools are the mempools of a gateway by NUMA node. Each node gets what the whole configuration
// needs: which ports share a node is known only once they are probed, and a second node is worth
// the memory.
type pools map[int]*nodePools

// open makes the pools of a node, unless they are there.
func (p pools) open(node int, m Mempools) (err error) {
	if p[node] != nil {
		return nil
	}
	n := &nodePools{}
	p[node] = n
	name := func(kind string) string {
		if node == dpdk.AnyNode {
			return "mgw_" + kind
		}
		return fmt.Sprintf("mgw_%s_%d", kind, node)
	}
	if n.rx, err = dpdk.NewPktmbufPool(name("rx"), m.Rx, cacheSize, 0, m.RxRoom, node); err != nil {
		return err
	}
	if n.header, err = dpdk.NewPktmbufPool(name("header"), m.Header, cacheSize, 0, m.HeaderRoom, node); err != nil {
		return err
	}
	n.indirect, err = dpdk.NewPktmbufPool(name("indirect"), m.Indirect, cacheSize, 0, 0, node)
	return err
}

func (p pools) free() {
	for _, n := range p {
		for _, pool := range n.all() {
			if pool != nil {
				pool.Free()
			}
		}
	}
}
