package store

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tally"
)

// Options are what a Store works with.
type Options struct {
	Config      *config.Config
	PortMTU     map[string]int   // of ports that tell theirs, by name, bytes of an IP packet; goes before [[port]] mtu
	Publisher   ctl.Publisher    // nil: nothing is published
	Persistence Persistence      // nil: memory only
	Random      io.Reader        // of identifiers and VNIs; nil: crypto/rand
	Now         func() time.Time // nil: time.Now

	// SameOrganization tells whether two accounts are in one organisation; nil: every account stands
	// alone. It must be quick and safe for concurrent use. Whoever knows that its answers have
	// changed calls Store.Reassess.
	SameOrganization func(a, b string) bool

	clock *clock // of the pauses between batches; nil: wallClock
}

// maxQueued is how many changes may wait; those beyond wait to be queued.
const maxQueued = 1024

// Store holds the resources. Its methods may be called from any goroutine.
type Store struct {
	publisher   ctl.Publisher
	persistence Persistence
	random      io.Reader
	now         func() time.Time
	loaded      []ctl.Warning // of what was loaded

	mu      sync.RWMutex // guards st; the writer holds it from a change to its Save
	st      *state
	tokens  *tokens // the writer's
	history history
	started bool // the writer's: publish from now on
	pace    pace // the writer's
	took    tally.Changes

	queue   chan *job
	closing chan struct{} // no new changes
	stopped chan struct{} // the writer has ended
	once    sync.Once
	ending  error // of closing the persistence; valid once stopped is closed
}

// Request says how a change is to be made. The zero value is a plain change.
type Request struct {
	IfMatch uint64    // revision that must still be the last; 0: any
	DryRun  bool      // validate, compile and report, then undo
	Token   *Token    // client token of a create; nil: none
	By      ctl.Actor // who asks, for the events; zero: ctl.ActorGateway

	// Approve may refuse what the change does, once it is settled and before it is saved. It sees the
	// state with the change, and the events of the first time where Token was used before. It must be
	// quick and may not call the store. nil: everything is approved.
	Approve func(v *View, events []Event) error
}

// Token makes a create idempotent for 24 h, or until 100,000 younger ones, or ones of 200,000
// events together, are known.
type Token struct {
	Account, Action, Value string
	Fingerprint            [32]byte // of the parameters: the same Value with another one is refused
}

// Result is what a change did.
type Result struct {
	Revision uint64 // of the state that holds the change; as before when nothing changed
	Events   []Event
	Warnings []ctl.Warning
	Replayed bool // the token was used before: Revision and Events are those of the first time
}

// Open loads the state and validates it. Nothing is published before Start. What the
// configuration no longer allows (a port that is gone) is kept: such sessions are inactive, and
// Warnings says so. Errors that wrap ErrDamaged mean that the state contradicts itself. After an
// error the Persistence is still the caller's to close.
func Open(o Options) (*Store, error) {
	s := &Store{
		publisher: o.Publisher, persistence: o.Persistence, random: o.Random, now: o.Now,
		st: newState(newWays(o.Config, o.PortMTU), o.SameOrganization), tokens: &tokens{byKey: map[string]*usedToken{}},
		queue: make(chan *job, maxQueued), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.pace.clock = wallClock
	if o.clock != nil {
		s.pace.clock = *o.clock
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	go s.write()
	return s, nil
}

// Start publishes the state for the first time; until then changes are only persisted. The error
// is the publisher's; the store stays usable and Start may be called again.
func (s *Store) Start() error {
	_, err := s.submit(context.Background(), &job{start: true})
	return err
}

// Close waits for changes under way, refuses later ones (api.CodeUnavailable) and closes the
// Persistence.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closing) })
	<-s.stopped
	return s.ending
}

// Change makes one change: change describes it on a Tx and then the store validates all of it,
// compiles, prepares, saves and commits. It returns when the change is on disk and in force on
// every lcore. Changes are serialised; those that arrive together share compile, publish and disk
// transaction, but each is validated and fails alone. A change that follows on others waits up to
// 50 ms, so that all of them together take no more than a quarter of the time. A failed change
// leaves no trace. ctx ends the wait in the queue only.
//
// change runs in the writer's goroutine: it must be quick, must not call the Store, and may be
// called twice, the first time undone. An error of its own is returned as it is. Other errors are
// *problem.Error, whose Code says what failed, or wrap ctl.ErrStalled: then the change is made,
// and Result valid.
func (s *Store) Change(ctx context.Context, r Request, change func(*Tx) error) (Result, error) {
	return s.submit(ctx, &job{request: r, change: change})
}

// Read calls read with a consistent view. read must be quick, must not call Change and must not
// keep the View; records may be kept. What it sees is on disk, and in force or about to be.
func (s *Store) Read(read func(*View)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	read(&View{s.st})
}

// Export returns the state as a document that Reconcile reads back to the identity: with IDs, and
// references by name where the name is in the same account. The document belongs to the caller.
func (s *Store) Export() *ctl.Document {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.st.export()
}

// Warnings says what of the state as it is now works otherwise than its author may expect.
func (s *Store) Warnings() []ctl.Warning {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.st.warnings()
}

// Took is how long changes took, and goes on counting.
func (s *Store) Took() *tally.Changes { return &s.took }

// Events returns events of revisions after a revision, oldest first, at most about limit (a
// revision is never cut in two); limit 0 means all. Code api.CodeRevisionGone: some of them are
// no longer kept, or after lies in the future.
func (s *Store) Events(after uint64, limit int) ([]Event, error) {
	return s.history.after(after, limit)
}

// Recent returns events before a position, newest first: at most limit, and of those only the ones
// about a resource where an ID is given; those about the rules of a filter are about it too. Position 0
// is the end. next is the position to go on from; 0: there are no older ones.
func (s *Store) Recent(before uint64, limit int, id string) (list []Event, next uint64, err error) {
	return s.history.recent(before, limit, id)
}

// Wait returns when the last revision is greater than after, when ctx is done (its error), or
// when the store is closed (api.CodeUnavailable).
func (s *Store) Wait(ctx context.Context, after uint64) error { return s.history.wait(ctx, after) }

// job is a change that waits for the writer.
type job struct {
	request Request
	change  func(*Tx) error
	start   bool
	// configure is taken over instead of a change; nil: this is none of the configuration.
	configure *config.Config
	claimed   atomic.Int32 // 0: waiting, 1: the writer has it, 2: given up
	done      chan struct{}
	result    Result
	err       error
}

func (j *job) claim(by int32) bool { return j.claimed.CompareAndSwap(0, by) }

func (j *job) answer(r Result, err error) {
	j.result, j.err = r, err
	close(j.done)
}

func unavailable() error {
	return problem.Of(api.CodeUnavailable, "", "", "the gateway is shutting down; try again later")
}

// submit queues a job and waits for its answer.
func (s *Store) submit(ctx context.Context, j *job) (Result, error) {
	j.done = make(chan struct{})
	select {
	case <-s.closing:
		return Result{}, unavailable()
	default:
	}
	select {
	case s.queue <- j:
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-s.closing:
		return Result{}, unavailable()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.claim(2) {
			return Result{}, ctx.Err()
		}
		<-j.done
	case <-s.stopped:
		if j.claim(2) {
			return Result{}, unavailable()
		}
		<-j.done
	}
	return j.result, j.err
}
