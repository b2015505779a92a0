package balancer

import (
	"cmp"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Member is one appliance of a group.
type Member struct {
	Address  netip.Addr // unique in the group
	Zone     string     // empty: it belongs to every zone
	Weight   int        // share of the flows; 0: none
	Draining bool       // true: it gets no flows, and keeps being probed
}

// Group is one load balancer as it is configured.
type Group struct {
	ID, Name  string
	CrossZone bool
	Listening bool   // it has a listener udp/4789
	Check     *Check // nil, or protocol none: members are not probed
	Members   []Member
	Zones     []string // zones of the sources that use it, one View each; "" is a zone like any other
}

// View is what the sources of one zone get of one load balancer. Nobody writes to it any more.
type View struct {
	ID, Zone string
	Members  []netip.Addr // usable and with weight
	Table    []uint16     // TableSize indices into Members, by Entry of the flow's hash
	Skip     string       // why there is no member: SkipNoListener or SkipTargetDown; else ""
}

// Skip reasons of a View, the words of the counters.
const (
	SkipNoListener = "no-listener"
	SkipTargetDown = "target-down"
)

// DefaultMaxProbes is how many probes may be under way at a time: enough for 750 dead members at the
// default interval and timeout.
const DefaultMaxProbes = 256

// probeGrace is how long after its timeout a probe may be silent before it counts as failed.
const probeGrace = time.Second

// Options are what a Balancer works with.
type Options struct {
	Prober  Prober
	Changed func(View) // called by Set, Tick and Reachable, after the lock is released; nil: nobody asks
	Wake    func()     // Tick should be called soon; any goroutine may call it, it must not block; nil: nobody asks
	Log     *slog.Logger
	// MaxProbes is how many probes may be under way at a time; 0: DefaultMaxProbes.
	MaxProbes int
}

// Balancer keeps the health of all members of all load balancers. One goroutine calls Set, Tick and
// Reachable, with times that do not go back; Status may be called by any.
type Balancer struct {
	options Options

	mu       sync.Mutex
	groups   []*group // in the order of the last Set
	resolved map[netip.Addr]bool
	flights  map[uint64]*flight // probes under way, by number
	landed   []landing          // results that Tick has not seen yet
	flown    uint64             // number of the last flight
	deferred uint64
}

// flight is a probe under way.
type flight struct {
	group    *group
	member   *member // nil: nobody waits for the result any more
	deadline time.Time
}

// landing is the result of a flight.
type landing struct {
	flight uint64
	result Result
}

// New makes a balancer without groups.
func New(o Options) *Balancer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxProbes <= 0 {
		o.MaxProbes = DefaultMaxProbes
	}
	if o.Changed == nil {
		o.Changed = func(View) {}
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	return &Balancer{options: o, resolved: map[netip.Addr]bool{}, flights: map[uint64]*flight{}}
}

// Set makes groups the whole configuration. Members that stay keep their health, also when the check
// changes. Views that are new or different are handed to Changed; those of groups and zones that
// are not named any more are forgotten silently.
func (b *Balancer) Set(now time.Time, groups []Group) {
	b.mu.Lock()
	old := make(map[string]*group, len(b.groups))
	for _, g := range b.groups {
		old[g.ID] = g
	}
	b.groups = make([]*group, 0, len(groups))
	for _, spec := range groups {
		g := old[spec.ID]
		if g == nil {
			g = &group{views: map[string]shown{}}
		}
		delete(old, spec.ID)
		b.configure(now, g, spec)
		b.groups = append(b.groups, g)
	}
	for _, g := range old {
		for _, m := range g.members {
			b.abandon(m)
		}
	}
	b.finish(now)
}

// Reachable says whether the next hops towards addresses are resolved. Unknown addresses are not. The
// balancer remembers what is resolved, whether it is a member yet or not: report false for an
// address that is no longer looked after. What changes together is told together: each call makes
// the tables of its load balancers anew.
func (b *Balancer) Reachable(now time.Time, resolved map[netip.Addr]bool) {
	b.mu.Lock()
	changed := map[netip.Addr]bool{}
	for address, is := range resolved {
		if b.resolved[address] == is {
			continue
		}
		changed[address] = true
		if is {
			b.resolved[address] = true
		} else {
			delete(b.resolved, address)
		}
	}
	if len(changed) == 0 {
		b.mu.Unlock()
		return
	}
	for _, g := range b.groups {
		for _, m := range g.members {
			if changed[m.Address] {
				b.reach(now, g, m, resolved[m.Address])
			}
		}
	}
	b.finish(now)
}

// reach pauses the probing of a member whose next hop went and resumes it, soon but not faster than
// once a second, when it came back.
func (b *Balancer) reach(now time.Time, g *group, m *member, resolved bool) {
	g.stale = true
	m.resolved = resolved
	if !resolved {
		b.abandon(m)
		return
	}
	if g.check != nil {
		m.due = later(g.turn(now), m.asked.Add(time.Second))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Tick takes in results, starts the probes that are due, and returns when it wants to be called
// again; the zero time when nothing is under way.
func (b *Balancer) Tick(now time.Time) time.Time {
	b.mu.Lock()
	b.land(now)
	probes := b.launch(now)
	b.publish(now)
	for _, p := range probes {
		number := p.flight
		b.options.Prober.Probe(p.Probe, func(r Result) { b.done(number, r) })
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next(now)
}

// done is called by the prober, in any goroutine.
func (b *Balancer) done(number uint64, r Result) {
	b.mu.Lock()
	b.landed = append(b.landed, landing{number, r})
	b.mu.Unlock()
	b.options.Wake()
}

// finish is the end of every call that changes something. It releases the lock.
func (b *Balancer) finish(now time.Time) {
	b.publish(now)
	b.options.Wake()
}

// publish hands out the views that changed. It releases the lock.
func (b *Balancer) publish(now time.Time) {
	var changed []View
	for _, g := range b.groups {
		changed = append(changed, g.refresh(now, b.options.Log)...)
	}
	b.mu.Unlock()
	for _, v := range changed {
		b.options.Changed(v)
	}
}

// next is when something happens next without a call from outside.
func (b *Balancer) next(now time.Time) (next time.Time) {
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if len(b.landed) > 0 {
		return now
	}
	for _, f := range b.flights {
		sooner(f.deadline.Add(1)) // after it
	}
	for _, g := range b.groups {
		for _, m := range g.members {
			if g.waiting(m) && m.due.After(now) { // else it waits for room
				sooner(m.due)
			}
		}
	}
	return next
}

// sortedZones are the zones of a group without repetition.
func sortedZones(zones []string) []string {
	zones = slices.Clone(zones)
	slices.SortFunc(zones, cmp.Compare[string])
	return slices.Compact(zones)
}
