package lcore

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Group is the running gateway: ports, mempools, and workers that share one program.
//
// Life: Open, Publish (at least once), Start, any number of Publish, Stop, Close. EAL must be
// initialised before Open and cleaned up after Close.
type Group struct {
	spec     Spec
	ports    []*Port
	tunnels  []pipeline.Tunnel
	pools    pools
	home     int // NUMA node of the first worker
	qsbr     *dpdk.QSBR
	layout   *pipeline.Layout
	workers  []*worker // mirror lcores last
	slow     slowPath
	captures captures
	links    links
	origins  *dpdk.Mempool // of frames of our own
	limit    time.Duration // how long Stop waits for the workers

	// changes is held while a change is prepared, put in force or given up, which may take seconds:
	// laying out large filters, waiting for an lcore. It is taken before mu, and guards slots.
	changes sync.Mutex
	slots   slotTable

	// mu is held for moments by changes, and by Start, Stop, Close, Explain and who sets next hops; it
	// guards what follows.
	mu       sync.Mutex
	program  *pipeline.Program // in force
	prepared *Prepared         // neither committed nor discarded yet, or nil
	explain  *pipeline.Harness

	// read keeps what readers of counters look at while they do: ports, pools and workers above,
	// and what follows. Writers hold changes or mu too, and read only for moments: nobody waits for an
	// lcore behind it.
	read       sync.RWMutex
	snapshot   *rules.Snapshot // of program
	current    pipeline.Slots  // of snapshot
	generation uint64
	pending    []retired // programs that an lcore may still use, oldest first
	departed   departed
	closed     bool
	started    time.Time     // of the last Start; zero: stopped
	ran        time.Duration // between the last Start and its Stop
	epoch      atomic.Uint32 // of the measurement of gaps
}

// stopLimit is how long Stop waits for the workers, which end within a millisecond.
const stopLimit = 5 * time.Second

// ErrRunning says that an lcore goes on, or may: nothing that it uses was freed. Counters can be
// read as before; what is left is to end the process, without EAL's cleanup.
var ErrRunning = errors.New("its memory is kept until the process ends; see what keeps its CPU, or its driver")

var errClosed = errors.New("the group is closed")

// Open opens every port and prepares the workers. On error nothing stays open.
func Open(spec Spec) (*Group, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	g := &Group{spec: spec, limit: stopLimit, pools: pools{}, slots: newSlotTable(spec.Capacity)}
	if err := g.open(); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *Group) open() (err error) {
	for _, spec := range g.spec.Ports {
		port, err := lookup(spec)
		if err != nil {
			return err
		}
		g.ports = append(g.ports, port)
	}
	if err := g.links.open(g.ports); err != nil {
		return err
	}
	if err := g.openPools(); err != nil {
		return err
	}
	for _, port := range g.ports {
		if err := port.configure(g.pools[g.nodeOf(port)].rx, g.spec.copyQueues(&port.PortSpec)); err != nil {
			return err
		}
	}
	if g.qsbr, err = dpdk.NewQSBR(len(g.spec.Lcores())); err != nil {
		return err
	}
	g.plan()
	g.layout.Grace = grace{g.qsbr}
	if err := g.slow.open(g); err != nil {
		return err
	}
	if err := g.openOrigins(); err != nil {
		return err
	}
	for i, cpu := range g.spec.Lcores() {
		w, err := newWorker(i, cpu, g)
		if err != nil {
			return err
		}
		g.workers = append(g.workers, w)
	}
	if err := g.openSplit(); err != nil {
		return err
	}
	return g.openExplain()
}

// plan derives from the opened ports what programs need to know of them.
func (g *Group) plan() {
	g.layout = &pipeline.Layout{OwnCopies: make([]bool, len(g.ports)), SendFirst: make([]bool, len(g.ports)), Second: dpdk.TSCHz()}
	for i, p := range g.ports {
		g.layout.Repair = append(g.layout.Repair, p.Repair)
		g.layout.Sharers = append(g.layout.Sharers, p.Queues)
		if p.sendsCopies() {
			g.tunnels = append(g.tunnels, pipeline.Tunnel{
				Port:                i,
				MAC:                 [6]byte(p.MAC),
				VLAN:                p.VLAN,
				IPChecksumOffload:   p.Granted.TxIPv4Cksum,
				UDPChecksumOffload:  p.Granted.TxUDPCksum,
				SingleSegmentCopies: !p.Granted.TxMultiSeg,
				OwnCopies:           p.Granted.SharesMbufs,
				MaxSegments:         p.maxSegments(),
			})
		}
		if p.Role == rules.RoleWire {
			peer := g.ports[p.Peer]
			g.layout.OwnCopies[i] = peer.Granted.SharesMbufs
			g.layout.SendFirst[i] = peer.Driver.LeavesSent && !peer.Granted.SharesMbufs
		}
	}
	g.layout.Tunnels = g.tunnels
}

// Ports returns the opened ports, in configured order.
func (g *Group) Ports() []*Port { return g.ports }

// Start starts the ports and launches the workers. A program must have been published.
func (g *Group) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.program == nil {
		return errors.New("start before the first publish: the workers would have no program")
	}
	for _, p := range g.ports {
		if err := p.start(); err != nil {
			return err
		}
	}
	for _, some := range slices.Backward(g.stopOrder()) {
		for _, w := range some {
			if err := w.launch(g.ports); err != nil {
				return err
			}
		}
	}
	g.read.Lock()
	defer g.read.Unlock()
	g.started = time.Now()
	return nil
}

// Ran returns how long the workers ran, from Start to Stop, or to now while they run.
func (g *Group) Ran() time.Duration {
	g.read.RLock()
	defer g.read.RUnlock()
	if !g.started.IsZero() {
		return time.Since(g.started)
	}
	return g.ran
}

// Stop ends the poll loops after their current burst and waits until the ports have sent what they were
// given, 0.1 s at most. Counters stay readable until Close. An lcore
// that does not end within 5 s of the first Stop is an error of ErrRunning.
func (g *Group) Stop() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for _, some := range g.stopOrder() {
		for _, w := range some {
			w.askToStop()
		}
		for _, w := range some {
			errs = append(errs, w.wait(g.limit))
		}
	}
	stopped := errors.Join(errs...)
	if stopped == nil && !g.started.IsZero() {
		drain(g.ports, dpdk.TxPending)
	}
	g.read.Lock()
	defer g.read.Unlock()
	if !g.started.IsZero() {
		g.ran, g.started = time.Since(g.started), time.Time{}
	}
	return stopped
}

// Close stops what runs, closes the ports and frees everything. It may be called on a group that
// Open did not finish, and again. Counters read as zero afterwards. With ErrRunning nothing is
// closed or freed.
func (g *Group) Close() error {
	stopped := g.Stop()
	if errors.Is(stopped, ErrRunning) {
		return stopped
	}
	errs := []error{stopped}
	g.changes.Lock()
	defer g.changes.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read.Lock()
	defer g.read.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	errs = append(errs, g.links.close())
	for _, p := range g.ports {
		errs = append(errs, p.close())
	}
	g.closeCaptures()
	for _, w := range g.workers {
		w.free()
	}
	g.workers = nil
	if g.explain != nil {
		g.explain.Free()
	}
	g.freePrograms()
	g.departed = departed{}
	g.slow.close()
	g.pools.free()
	g.pools = nil
	if g.origins != nil {
		g.origins.Free()
		g.origins = nil
	}
	if g.qsbr != nil {
		g.qsbr.Free()
	}
	return errors.Join(errs...)
}
