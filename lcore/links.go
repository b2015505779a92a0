package lcore

import (
	"fmt"
	"sync"

	"mirrorgw/dpdk"
)

// Link is the state of a port's link.
type Link struct {
	Port       string
	Up         bool
	Known      bool   // Up is the link's word; else it is only what the driver says, who does not know
	SpeedMbps  uint32 // 0: unknown
	FullDuplex bool
}

// links reads and switches the links of ports. A driver may take its time for that, so nobody who
// holds another lock waits for this one, but Close.
type links struct {
	mu     sync.Mutex        // one call of a driver about links at a time
	kernel *dpdk.KernelLinks // nil: no port has its link there
	closed bool
}

// open follows the kernel's interfaces if some port has one.
func (l *links) open(ports []*Port) (err error) {
	for _, p := range ports {
		if p.kernelInterface() != "" {
			l.kernel, err = dpdk.WatchKernelLinks()
			return err
		}
	}
	return nil
}

// close is called before the ports are closed.
func (l *links) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.closed
	l.closed = true
	if l.kernel == nil || was {
		return nil
	}
	return l.kernel.Close()
}

// kernelInterface is the kernel interface whose link is the port's, or nothing.
func (p *Port) kernelInterface() string {
	if p.Driver.Link != dpdk.LinkByKernel {
		return ""
	}
	name, _ := dpdk.VdevArg(p.Device, "iface")
	return name
}

// HasLink says whether the port has a link that somebody can see. Another network namespace, to which
// the kernel interface may have been moved, makes it unknown.
func (p *Port) HasLink() bool {
	return p.Driver.Link == dpdk.LinkByDriver || p.kernelInterface() != ""
}

// of is the link of one port, without waiting for it to come up. One that the driver cannot tell
// about is down. Called with mu held.
func (l *links) of(p *Port) Link {
	said, err := dpdk.GetLink(p.ID)
	if err != nil {
		said = dpdk.Link{}
	}
	link := Link{Port: p.Name, Up: said.Up, SpeedMbps: uint32(said.Speed), FullDuplex: said.FullDuplex}
	switch name := p.kernelInterface(); {
	case name != "" && l.kernel != nil:
		if seen := l.kernel.Link(name); seen.Present {
			link.Up, link.Known = seen.Up, true
		}
	case p.Driver.Link == dpdk.LinkByDriver:
		link.Known = err == nil
	}
	return link
}

// set switches the link of one port. Called with mu held.
func (l *links) set(p *Port, up bool) error {
	name := p.kernelInterface()
	switch {
	case name != "":
		return dpdk.SetKernelLink(name, up)
	case up:
		return dpdk.SetLinkUp(p.ID)
	}
	return dpdk.SetLinkDown(p.ID)
}

// Links returns the link of each port, in configured order. None after Close.
func (g *Group) Links() []Link {
	g.links.mu.Lock()
	defer g.links.mu.Unlock()
	if g.links.closed {
		return nil
	}
	links := make([]Link, len(g.ports))
	for i, p := range g.ports {
		links[i] = g.links.of(p)
	}
	return links
}

// LinksChanged returns a channel that holds a value when the kernel has told of a change of some
// interface since the last one was taken; nil: no port has its link there. Drivers announce nothing:
// their links are looked at now and then.
func (g *Group) LinksChanged() <-chan struct{} {
	if g.links.kernel == nil {
		return nil
	}
	return g.links.kernel.Changed()
}

// RefreshLinks makes the kernel tell what it may keep to itself for up to a second; it comes by
// LinksChanged.
func (g *Group) RefreshLinks() {
	if g.links.kernel == nil {
		return
	}
	for _, p := range g.ports {
		if name := p.kernelInterface(); name != "" {
			g.links.kernel.Refresh(name)
		}
	}
}

// SetLink switches the link of a port, by index. Not every driver can; dpdk.IsNotSupported tells. The
// workers go on meanwhile. The link may take seconds to come up.
func (g *Group) SetLink(port int, up bool) error {
	g.links.mu.Lock()
	defer g.links.mu.Unlock()
	if g.links.closed {
		return errClosed
	}
	p := g.ports[port]
	if !p.HasLink() {
		return fmt.Errorf("port %s: %s has no link: nothing can be switched", p.Name, p.Driver.Name)
	}
	if err := g.links.set(p, up); err != nil {
		return fmt.Errorf("port %s: %w", p.Name, err)
	}
	return nil
}
