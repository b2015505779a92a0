package lcore

import (
	"errors"
	"net/netip"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
)

// grace is the workers' grace period as pipeline sees it.
type grace struct{ qsbr *dpdk.QSBR }

func (g grace) Start() uint64            { return uint64(g.qsbr.Start()) }
func (g grace) Passed(token uint64) bool { return g.qsbr.Check(dpdk.Token(token), false) }

// SetNextHop changes how copies get to an address behind a tunnel port (by index in the
// configuration), at once and without a new program. It applies to programs that are prepared as
// well; for an address that nothing is sent to it does nothing. The only errors are ErrStalled,
// after which nothing has changed, and that the group is closed.
func (g *Group) SetNextHop(address netip.Addr, port int, hop pipeline.NextHop) error {
	return g.changeHop(func() error { return g.layout.SetNextHop(address, port, hop) })
}

// TrySetNextHop is SetNextHop that waits for no lcore: ErrStalled means later.
func (g *Group) TrySetNextHop(address netip.Addr, port int, hop pipeline.NextHop) error {
	return g.changeHop(func() error { return g.layout.TrySetNextHop(address, port, hop) })
}

func (g *Group) changeHop(change func() error) error {
	g.mu.Lock() // Explain is no reader that the grace period knows
	defer g.mu.Unlock()
	if g.closed {
		return errClosed
	}
	err := change()
	if errors.Is(err, pipeline.ErrStalled) {
		return ErrStalled
	}
	return err
}

// SetBalance changes which member of a load balancer gets which flow, at once and without a new
// program; see pipeline.Layout.
func (g *Group) SetBalance(key pipeline.BalancerKey, b *pipeline.Balance) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed
	}
	return g.layout.SetBalance(key, b)
}
