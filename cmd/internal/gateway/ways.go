package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/lcore"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
	"mirrorgw/vxlan/balancer"
	"mirrorgw/vxlan/underlay"
)

// hopGroup is what the underlay needs of an lcore.Group.
type hopGroup interface {
	Receive(limit int, do func(port int, frame []byte)) int
	ReceiveLost() uint64
	Send(port int, frame []byte) error
	TrySetNextHop(address netip.Addr, port int, hop pipeline.NextHop) error
	SetBalance(key pipeline.BalancerKey, b *pipeline.Balance) error
	Links() []lcore.Link
}

// ways keeps the data path's next hops and balances right: it runs the tunnel ports as hosts on
// their networks and the health checks of load balancers, and tells the workers what changes.
//
// follow, settle and retreat go with Prepare, Commit and Discard; one goroutine (run) does the rest.
type ways struct {
	group    hopGroup
	host     *underlay.Host
	balancer *balancer.Balancer
	log      *slog.Logger
	tunnels  []int // indices of tunnel ports

	ports  []*lcore.Port
	states *ctl.StateEvents
	toldOf []ctl.BalancerState // run's: what tellMembers has told
	late   lateHops            // run's
	lost   uint64              // run's: frames that the workers had no room for

	ending, ended chan struct{} // ending is nil while nothing runs

	sources atomic.Pointer[sources] // of the snapshot in force

	mu  sync.Mutex // serialises calls of the balancer, and guards what follows
	now *followed  // by the snapshot in force
	// next is what the prepared snapshot sends to: now, where it sends to the same.
	next   *followed
	groups []balancer.Group                       // of the snapshot in force
	given  []balancer.Group                       // what the balancer has
	unset  map[pipeline.BalancerKey]balancer.View // what an lcore keeps from being set

	hops sync.Mutex // makes reading a next hop and setting it one step; taken after mu

	dirtyMu sync.Mutex
	dirty   map[netip.Addr]bool // destinations whose next hop changed
	wake    chan struct{}       // buffered: something is dirty, or the balancer wants a Tick
}

// followed is what a snapshot sends to. It holds one Watch of each destination.
type followed struct {
	targets      []rules.Target // by identity: a snapshot's is never changed
	destinations []destination  // each once
}

// destination is an address that copies are sent to, and the tunnel port that leads there.
type destination struct {
	address netip.Addr
	port    int
}

func newWays(group hopGroup, ports []*lcore.Port, cfg *config.Config, log *slog.Logger) (*ways, error) {
	w := &ways{group: group, log: log, ports: ports, states: &ctl.StateEvents{}, now: &followed{}, dirty: map[netip.Addr]bool{}, unset: map[pipeline.BalancerKey]balancer.View{}, wake: make(chan struct{}, 1)}
	w.next = w.now
	w.sources.Store(&sources{of: &rules.Snapshot{}})
	c := underlayConfig(ports, cfg)
	for _, p := range c.Ports {
		w.tunnels = append(w.tunnels, p.Index)
	}
	c.Frames, c.Changed, c.OurSource, c.Log = frames{group}, w.changed, w.isOurSource, log
	host, err := underlay.New(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	w.host = host
	w.balancer = balancer.New(balancer.Options{
		Prober: &balancer.NetProber{Echo: echo{host}}, Changed: w.rebalanced, Wake: w.poke, Log: log,
	})
	return w, nil
}

// frames is the tunnel ports as the underlay sends on them.
type frames struct{ group hopGroup }

func (f frames) Send(port int, frame []byte) bool { return f.group.Send(port, frame) == nil }

// echo is ICMP as health checks use it.
type echo struct{ host *underlay.Host }

func (e echo) Echo(to netip.Addr, timeout time.Duration, done func(time.Duration, error)) {
	e.host.Echo(time.Now(), to, timeout, func(r underlay.EchoResult) {
		switch r.Outcome {
		case underlay.EchoReplied:
			done(r.RTT, nil)
		case underlay.EchoTimedOut:
			done(0, errors.New("timed out"))
		case underlay.EchoUnresolved, underlay.EchoRefused:
			done(0, fmt.Errorf("%w: %s", balancer.ErrNotSent, r.Reason))
		default:
			done(0, fmt.Errorf("%s: %s", r.Outcome, r.Reason))
		}
	})
}

// sources are the outer source addresses of a snapshot. They are listed when somebody asks: nobody
// does but for ICMP errors, and those may come in floods.
type sources struct {
	of   *rules.Snapshot
	once sync.Once
	set  map[netip.Addr]bool
}

func (s *sources) has(address netip.Addr) bool {
	s.once.Do(func() {
		s.set = map[netip.Addr]bool{}
		for i := range s.of.Sessions {
			s.set[s.of.Sessions[i].OuterSource] = true
		}
	})
	return s.set[address]
}

func (w *ways) isOurSource(address netip.Addr) bool { return w.sources.Load().has(address) }

// changed is the underlay's: it may come from any goroutine that calls the host, with locks of ours
// held. What the next hop is by then is looked up when it is set.
func (w *ways) changed(dst netip.Addr, _ underlay.NextHop) {
	w.again(dst)
	w.poke()
}

// again makes run set a next hop when it looks next.
func (w *ways) again(dst netip.Addr) {
	w.dirtyMu.Lock()
	defer w.dirtyMu.Unlock()
	w.dirty[dst] = true
}

// poke makes run look soon.
func (w *ways) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// follow begins to look after everything that a prepared snapshot sends to, so that the ways are
// right when it is put in force.
func (w *ways) follow(s *rules.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if !sameTargets(w.now.targets, s.Targets) {
		w.next = &followed{s.Targets, destinationsOf(s.Targets)}
		resolved := make(map[netip.Addr]bool, len(w.next.destinations))
		for _, d := range w.next.destinations {
			w.host.Watch(now, d.address)
			hop, _ := w.set(d) // in memory that is new to the data path
			resolved[d.address] = hop.Resolved
		}
		w.balancer.Reachable(now, resolved)
	}
	w.regroup(now, withOthers(groupsOf(s), w.groups))
}

// withOthers are groups, and of others those that are not among them: what is known of the health of
// their members is worth keeping until it is certain that nobody needs it.
func withOthers(groups, others []balancer.Group) []balancer.Group {
	known := make(map[string]bool, len(groups))
	for i := range groups {
		known[groups[i].ID] = true
	}
	for i := range others {
		if !known[others[i].ID] {
			groups = append(groups, others[i])
		}
	}
	return groups
}

// settle ends what only the replaced snapshot needed; s is in force.
func (w *ways) settle(s *rules.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources.Store(&sources{of: s})
	w.groups = groupsOf(s)
	w.regroup(time.Now(), w.groups)
	gone := w.now
	w.now = w.next
	w.leave(gone)
}

// retreat undoes follow.
func (w *ways) retreat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone := w.next
	w.next = w.now
	w.leave(gone)
	w.regroup(time.Now(), w.groups)
}

// leave gives up the watches of what is not followed any more. Called with mu held.
func (w *ways) leave(gone *followed) {
	if gone == w.now {
		return
	}
	for _, d := range gone.destinations {
		w.host.Unwatch(d.address)
	}
	kept, lost := w.now.addresses(), map[netip.Addr]bool{}
	for _, d := range gone.destinations {
		if !kept[d.address] {
			lost[d.address] = false
		}
	}
	w.balancer.Reachable(time.Now(), lost)
}

func (f *followed) addresses() map[netip.Addr]bool {
	set := make(map[netip.Addr]bool, len(f.destinations))
	for _, d := range f.destinations {
		set[d.address] = true
	}
	return set
}

// regroup hands the balancer its configuration, if it is another one. Called with mu held.
func (w *ways) regroup(now time.Time, groups []balancer.Group) {
	if !reflect.DeepEqual(groups, w.given) {
		w.given = groups
		w.balancer.Set(now, groups)
	}
}

// set tells the data path how a destination is reached now. It waits for no lcore; what cannot be
// set yet is tried again when run looks next, and is not done.
func (w *ways) set(d destination) (hop underlay.NextHop, done bool) {
	w.hops.Lock()
	defer w.hops.Unlock()
	hop = w.host.NextHop(d.address)
	err := w.group.TrySetNextHop(d.address, d.port, pipeline.NextHop{MAC: hop.MAC, Resolved: hop.Resolved, MTU: hop.MTU})
	if errors.Is(err, lcore.ErrStalled) {
		w.again(d.address)
	}
	return hop, err == nil
}

// rebalanced is the balancer's: called with mu held. What cannot be set yet is tried again when run
// looks next.
func (w *ways) rebalanced(v balancer.View) {
	key := pipeline.BalancerKey{ID: v.ID, Zone: v.Zone}
	b := &pipeline.Balance{Members: v.Members, Table: v.Table, NoListener: v.Skip == balancer.SkipNoListener}
	delete(w.unset, key)
	switch err := w.group.SetBalance(key, b); {
	case errors.Is(err, lcore.ErrStalled):
		w.unset[key] = v
	case err != nil:
		w.log.Warn("a load balancer could not be changed", "id", v.ID, "error", err)
	}
}
