package gateway

import (
	"log/slog"
	"maps"
	"net/netip"
	"time"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/lcore"
	"mirrorgw/vxlan/underlay"
)

// How often the rings of the workers are looked at: often while something arrives, and seldom when
// nothing has for a while. A neighbour waits that long for our answer.
const (
	busyLook  = time.Millisecond
	idleLook  = 5 * time.Millisecond
	busyFor   = time.Second
	lookLimit = 256                    // frames of one look; more wait in the rings, which are bounded
	linkLook  = 250 * time.Millisecond // at links, and at members for whoever watches
)

// start begins to answer on the tunnel networks; the workers run.
func (w *ways) start() {
	w.ending, w.ended = make(chan struct{}), make(chan struct{})
	go w.run()
}

// stop returns when nobody answers any more. Next hops stay as they are. It may be called again,
// and without start.
func (w *ways) stop() {
	if w.ending != nil {
		close(w.ending)
		<-w.ended
		w.ending = nil
	}
}

// run is the hosts' life: frames in, timers, links.
func (w *ways) run() {
	defer close(w.ended)
	w.host.Start(time.Now())
	look := time.NewTimer(0)
	defer look.Stop()
	var busyUntil, links time.Time
	up := map[int]bool{}
	for {
		select {
		case <-w.ending:
			return
		case <-look.C:
		case <-w.wake:
		}
		now := time.Now()
		if w.receive(now) {
			busyUntil = now.Add(busyFor)
		}
		if !now.Before(links) {
			links = now.Add(linkLook)
			w.lookAtLinks(now, up)
			w.tellMembers(now)
		}
		w.host.Tick(now)
		w.setDirty()
		w.tickBalancer(now)
		if now.Before(busyUntil) {
			look.Reset(busyLook)
		} else {
			look.Reset(idleLook)
		}
	}
}

// receive hands on what has arrived, and whether more of it was lost or still waits. It returns
// whether there was any.
func (w *ways) receive(now time.Time) bool {
	n := w.group.Receive(lookLimit, func(port int, frame []byte) { w.host.Input(now, port, frame) })
	if lost := w.group.ReceiveLost(); lost != w.lost || n == lookLimit {
		w.lost = lost
		w.host.Lost(now)
	}
	return n > 0
}

// lookAtLinks tells the host of links that went up or down; up is what they were, absent is up.
func (w *ways) lookAtLinks(now time.Time, up map[int]bool) {
	links := w.group.Links()
	for _, port := range w.tunnels {
		if port >= len(links) {
			continue
		}
		was, known := up[port]
		if is := links[port].Up; is != was || !known {
			up[port] = is
			w.host.LinkChanged(now, port, is)
			if known || !is {
				w.log.Info("tunnel port", "name", links[port].Port, "link_up", is)
			}
		}
	}
}

// setDirty sets the next hops that changed.
func (w *ways) setDirty() {
	w.dirtyMu.Lock()
	dirty := w.dirty
	if len(dirty) > 0 {
		w.dirty = map[netip.Addr]bool{}
	}
	w.dirtyMu.Unlock()
	if len(dirty) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, resolved, late := time.Now(), map[netip.Addr]bool{}, 0
	for _, f := range []*followed{w.now, w.next} {
		for _, d := range f.destinations {
			if !dirty[d.address] {
				continue
			}
			delete(dirty, d.address)
			hop, done := w.set(d)
			resolved[d.address] = hop.Resolved
			if !done {
				late++
				continue
			}
			w.tellHop(now, d.address, &hop)
		}
	}
	w.balancer.Reachable(now, resolved)
	w.late.note(now, late, w.log)
}

// lateHops tells once when an lcore keeps next hops from being set.
type lateHops struct {
	since time.Time // zero: none is late
	told  bool
}

// lateAfter is far more than a worker takes for a burst.
const lateAfter = time.Second

func (l *lateHops) note(now time.Time, late int, log *slog.Logger) {
	switch {
	case late == 0:
		*l = lateHops{}
	case l.since.IsZero():
		l.since = now
	case !l.told && now.Sub(l.since) > lateAfter:
		l.told = true
		log.Warn("next hops cannot be changed until every lcore has reported; they stay as they were", "next_hops", late)
	}
}

func (w *ways) tickBalancer(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, late := range maps.Clone(w.unset) {
		w.rebalanced(late)
	}
	w.balancer.Tick(now)
}

// underlayConfig is the tunnel ports as hosts on their networks.
func underlayConfig(ports []*lcore.Port, cfg *config.Config) (c underlay.Config) {
	for i := range cfg.Ports {
		p := &cfg.Ports[i]
		if !p.Tunnel {
			continue
		}
		mtu := ports[i].TunnelMTU()
		if mtu == 0 {
			mtu = max(p.MTU, store.DefaultPortMTU)
		}
		c.Ports = append(c.Ports, underlay.Port{
			Index: i, Name: p.Name, MAC: [6]byte(ports[i].MAC), VLAN: p.VLAN, MTU: mtu, Addresses: p.Addresses,
		})
	}
	for _, r := range cfg.Routes {
		c.Routes = append(c.Routes, underlay.Route{Prefix: r.Prefix, Via: r.Via, Port: cfg.PortIndex(r.Port)})
	}
	for _, n := range cfg.Neighbors {
		if !cfg.Reaches(&n) { // no target is behind it
			continue
		}
		port := -1
		if n.Port != "" {
			port = cfg.PortIndex(n.Port)
		}
		c.Static = append(c.Static, underlay.Static{Address: n.Address, MAC: n.MAC, Port: port})
	}
	return c
}
