package live

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/history/sampler"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

// Options are what a Hub tells of. The functions are called from its goroutines, one at a time.
type Options struct {
	Store   *store.Store
	Config  *config.Config
	Status  func() ctl.Status                 // of the data path, now
	Report  func(report.Kinds) *report.Report // counters, now; it belongs to the hub
	History *history.Store                    // what was counted before anybody watched; nil: nothing is known
	Fault   error                             // why the state on disk is not in use; nil: it is, or there is none
	Log     *slog.Logger
	Clock   sampler.Clock // nil: the machine's

	MaxViewers  int           // at once; 0: 512
	MaxOfOne    int           // of them of one user; 0: 64
	Heartbeat   time.Duration // between signs of life on a stream where nothing happens; 0: 15 s
	WriteTime   time.Duration // that a viewer may take to read a piece; 0: 20 s
	Linger      time.Duration // how long the hub goes on when the last viewer has gone; 0: 30 s
	Interval    time.Duration // between two looks; 0: 1 s
	Remembrance time.Duration // how far back a topic's plots reach; 0: 5 minutes
}

// Hub is what all viewers watch. Make it with New; any goroutine may call its methods.
type Hub struct {
	Options
	instance string // of this run of the gateway
	started  time.Time

	mu      sync.Mutex
	groups  map[groupKey]*group
	viewers map[*viewer]struct{}
	users   map[string]int // how many viewers each has
	touched time.Duration  // when somebody last watched, by the clock
	running bool
	closed  bool
	picture *picture // the last one since the hub runs; nil: there is none with rates yet
	counts  Counts

	sampling sync.Mutex // of who makes a sample; taken before mu

	ctx  context.Context // until Close
	stop context.CancelFunc
	done sync.WaitGroup
}

// Counts is what a hub has counted since its start.
type Counts struct {
	Viewers int    // now
	Looks   uint64 // at the data path
	Encoded uint64 // messages, each once for all of a group
	Sent    uint64 // messages put into mailboxes of viewers
	Missed  uint64 // samples that a viewer did not take before the next one
	Lost    uint64 // times that a viewer was told to have missed changes
	Refused uint64 // viewers beyond the limits
}

// New makes a hub, which rests until somebody watches.
func New(o Options) *Hub {
	o.setDefaults()
	h := &Hub{Options: o, instance: newInstance(), groups: map[groupKey]*group{}, viewers: map[*viewer]struct{}{}, users: map[string]int{}}
	h.started, _ = o.Clock.Now()
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = sampler.NewSystem()
	}
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{{&o.Heartbeat, 15 * time.Second}, {&o.WriteTime, 20 * time.Second}, {&o.Linger, 30 * time.Second}, {&o.Interval, time.Second}, {&o.Remembrance, 5 * time.Minute}} {
		if *d.of == 0 {
			*d.of = d.def
		}
	}
	if o.MaxViewers == 0 {
		o.MaxViewers = 512
	}
	if o.MaxOfOne == 0 {
		o.MaxOfOne = 64
	}
}

func newInstance() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Since is what a page knows of changes that is made from now on: Viewer.Since of whoever looks at it.
func (h *Hub) Since() string { return h.id(h.revision()) }

// Instance names this run of the gateway: another run has another name.
func (h *Hub) Instance() string { return h.instance }

// Close ends all streams and waits until nothing of the hub runs any more.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.stop()
	h.done.Wait()
}

// Counts is what the hub has counted.
func (h *Hub) Counts() Counts {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.counts
	c.Viewers = len(h.viewers)
	return c
}

// wake begins to look at the gateway if nobody does. The caller holds mu.
func (h *Hub) wake() {
	_, h.touched = h.Clock.Now()
	if h.running || h.closed {
		return
	}
	h.running = true
	ctx, cancel := context.WithCancel(h.ctx)
	h.done.Add(2)
	go func() {
		defer h.done.Done()
		defer cancel()
		h.look(ctx)
	}()
	from := h.revision()
	go func() {
		defer h.done.Done()
		h.follow(ctx, from)
	}()
}

func (h *Hub) revision() (revision uint64) {
	h.Store.Read(func(v *store.View) { revision = v.Revision() })
	return revision
}

// rest says whether nobody has watched for so long that the hub stops, which it then does.
func (h *Hub) rest() bool {
	_, now := h.Clock.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.viewers) > 0 {
		h.touched = now
	}
	if now-h.touched < h.Linger && !h.closed {
		return false
	}
	h.running, h.picture = false, nil
	clear(h.groups)
	return true
}

// first is how soon after the first look the second comes: rates need two.
const first = 250 * time.Millisecond

// look looks at the gateway and tells everybody, until nobody watches.
func (h *Hub) look(ctx context.Context) {
	m := newMeter(&h.Options)
	m.look(h.wanted())
	wait := min(first, h.Interval)
	for h.Clock.Wait(ctx, wait) && !h.rest() {
		h.publish(m.look(h.wanted()))
		wait = h.Interval
	}
	if ctx.Err() != nil {
		h.mu.Lock()
		h.running = false
		h.mu.Unlock()
	}
}
