package underlay

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Host is the tunnel ports as hosts on their networks. See the package comment.
type Host struct {
	mu        sync.Mutex // guards everything below
	cfg       Config
	log       *slog.Logger
	random    *rand.Rand
	ports     map[int]*port
	inOrder   []*port // by index
	routes    []route
	static    map[netip.Addr]*port // of static neighbours; fixed after New
	neighbors map[neighborKey]*neighbor
	watches   map[netip.Addr]*watch
	echoes    echoes
	timers    timers
	lost      time.Time // when frames were last lost on their way to Input
	decoder   decoder

	elsewhere tallies // of frames from ports that are not ours
	answers   bucket
	echoed    bucket
	asks      bucket
	tooBig    bucket

	// queue is what is to be done without the lock, in order; frames counts the frames in it.
	queue      []func()
	frames     int
	delivering bool // some goroutine takes care of queue
}

// asksAtOnce is how many neighbours are asked in one moment, far fewer than frames that the way to a
// port has room for: after a link came up thousands are to be asked, and a request that is refused
// there is one that is not answered.
const asksAtOnce = 100

// tallies are counters by name. input has one name per frame handed to Input; events what happened
// besides.
type tallies struct{ input, events map[string]uint64 }

func newTallies() tallies {
	return tallies{input: map[string]uint64{}, events: map[string]uint64{}}
}

// port is a configured port and its state.
type port struct {
	Port
	tallies
	up        bool
	addresses []*address
	answers   bucket
	echoed    bucket
}

// New checks the configuration and makes a host that is silent until Start. Links count as up until
// LinkChanged says otherwise.
func New(c Config) (*Host, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.Limits.setDefaults()
	seed := c.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	h := &Host{
		cfg: c, log: c.Log, random: rand.New(rand.NewPCG(seed, seed)),
		ports: map[int]*port{}, static: map[netip.Addr]*port{}, neighbors: map[neighborKey]*neighbor{}, watches: map[netip.Addr]*watch{},
		echoes: newEchoes(), elsewhere: newTallies(),
		answers: newBucket(c.Limits.AnswersTotal), echoed: newBucket(c.Limits.EchoTotal),
		asks: newShallowBucket(c.Limits.Asks, asksAtOnce), tooBig: newBucket(c.Limits.TooBig),
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	for _, p := range c.Ports {
		h.addPort(p)
	}
	slices.SortFunc(h.inOrder, func(a, b *port) int { return a.Index - b.Index })
	if err := h.addRoutes(c.Routes); err != nil {
		return nil, err
	}
	if err := h.addStatic(c.Static); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Host) addPort(c Port) {
	c.Addresses = slices.Clone(c.Addresses)
	p := &port{
		Port: c, tallies: newTallies(), up: true,
		answers: newBucket(h.cfg.Limits.AnswersPerPort), echoed: newBucket(h.cfg.Limits.EchoPerPort),
	}
	for _, prefix := range hostAddresses(&p.Port) {
		h.addAddress(p, prefix)
	}
	h.ports[p.Index] = p
	h.inOrder = append(h.inOrder, p)
}

// Start begins duplicate address detection on all ports, and announces each address that passes.
// It is called once.
func (h *Host) Start(now time.Time) {
	h.mu.Lock()
	defer h.unlock()
	for _, p := range h.inOrder {
		for _, a := range p.addresses {
			a.started = true
			h.check(a, now)
		}
	}
}

// Tick does what is due at now, and returns when to call it again at the latest: the zero time if
// nothing is waiting. Other methods can make that earlier; see Next.
func (h *Host) Tick(now time.Time) (next time.Time) {
	h.mu.Lock()
	defer h.unlock()
	h.timers.run(now)
	return h.timers.next()
}

// Next is the time of the next deadline; the zero time if there is none.
func (h *Host) Next() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.timers.next()
}

// Lost says that frames for the host were lost before Input, as in a flood. Silence does not count
// against a neighbour while that goes on: its answer may have been among them.
func (h *Host) Lost(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = now
}

// LinkChanged tells the host that a port's link went up or down. Unknown ports are ignored.
func (h *Host) LinkChanged(now time.Time, index int, up bool) {
	h.mu.Lock()
	defer h.unlock()
	p := h.ports[index]
	if p == nil || p.up == up {
		return
	}
	p.up = up
	if up {
		h.linkUp(p, now)
	} else {
		h.linkDown(p, now)
	}
	h.refreshPort(p, now)
}

func (h *Host) linkUp(p *port, now time.Time) {
	p.count("link_up")
	for _, a := range p.addresses {
		switch {
		case !a.started:
		case a.state == AddressValid:
			a.announced = 0
			h.announce(a, now)
		default:
			h.check(a, now)
		}
	}
	for _, n := range h.neighborsOf(p) {
		h.resume(n, now)
	}
}

// linkDown stops asking; what is known stays known.
func (h *Host) linkDown(p *port, _ time.Time) {
	p.count("link_down")
	for _, a := range p.addresses {
		h.timers.stop(&a.timer)
	}
	for _, n := range h.neighborsOf(p) {
		h.timers.stop(&n.timer)
		n.pending, n.rival, n.disputed = false, nil, false
	}
}

// later appends to what is done without the lock.
func (h *Host) later(f func()) { h.queue = append(h.queue, f) }

// unlock does what is queued, unless another goroutine is at it and will see it, and unlocks.
func (h *Host) unlock() {
	if h.delivering {
		h.mu.Unlock()
		return
	}
	h.delivering = true
	for len(h.queue) > 0 {
		batch := h.queue
		h.queue, h.frames = nil, 0
		h.mu.Unlock()
		for _, f := range batch {
			f()
		}
		h.mu.Lock()
	}
	h.delivering = false
	h.mu.Unlock()
}

func (h *Host) logLater(level slog.Level, message string, args ...any) {
	h.later(func() { h.log.Log(context.Background(), level, message, args...) })
}

func (t *tallies) count(event string) { t.events[event]++ }
