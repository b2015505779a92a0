package lcore

import (
	"cmp"
	"slices"

	"mirrorgw/dpdk"
)

// MempoolState is how full a mempool is, in mbufs. The stock of the workers counts as in use.
type MempoolState struct {
	Name        string
	Size, InUse int
}

// Mempools returns the state of every mempool that workers use, by name; none after Close. While
// workers use them the figures are approximations (see dpdk.Mempool.Avail).
func (g *Group) Mempools() (states []MempoolState) {
	g.read.RLock()
	defer g.read.RUnlock()
	add := func(pool *dpdk.Mempool) {
		states = append(states, MempoolState{pool.Name(), pool.Size(), pool.InUse()})
	}
	for _, node := range g.pools {
		for _, pool := range node.all() {
			add(pool)
		}
	}
	if g.origins != nil {
		add(g.origins)
	}
	slices.SortFunc(states, func(a, b MempoolState) int { return cmp.Compare(a.Name, b.Name) })
	return states
}

// Xstats returns all that a port's driver counts, in its own words, sorted by name; none after
// Close.
func (g *Group) Xstats(port int) ([]dpdk.Xstat, error) {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return nil, nil
	}
	return dpdk.Xstats(g.ports[port].ID)
}
