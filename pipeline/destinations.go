package pipeline

/*
#include "program.h"

static void set_current_hop(struct mgw_destination *to, int record)
{
	__atomic_store_n(&to->current, &to->records[record], __ATOMIC_RELEASE);
}
static int current_hop(const struct mgw_destination *to)
{
	return to->current == &to->records[1];
}
*/
import "C"

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mirrorgw/rules"
)

// Grace tells when every lcore has been seen past a moment. lcore has one; without lcores there is
// nothing to wait for.
type Grace interface {
	Start() uint64      // a token for now
	Passed(uint64) bool // whether every lcore has been seen past it
}

// ErrStalled says that an lcore has not been seen past the last change for graceLimit.
var ErrStalled = errors.New("an lcore has not reported within 1 s; its next hops stay as they were")

const graceLimit = time.Second

// destinationKey names a destination: an address has one way, tests may give it two.
type destinationKey struct {
	address netip.Addr
	port    int // tunnel port, index in Snapshot.Ports
}

// destination is an address that copies are sent to, with its next hop. Programs, and balances of
// load balancers, that send there share it. Guarded by Layout.mu.
type destination struct {
	key    destinationKey
	tunnel int // index in Layout.Tunnels
	c      *C.struct_mgw_destination
	arena  arena
	users  int
	hop    NextHop // the current one
	token  uint64  // of the last swap
	swaps  int
}

// acquireDestination returns the destination of an address. hop is how it is reached as long as
// SetNextHop has not said otherwise.
func (l *Layout) acquireDestination(key destinationKey, hop NextHop) (*destination, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.destinations[key]; known != nil {
		known.users++
		return known, nil
	}
	tunnel := l.tunnelOf(key.port)
	if tunnel < 0 {
		return nil, fmt.Errorf("the port that leads to %s is not a tunnel port of this gateway", key.address)
	}
	d := &destination{key: key, tunnel: tunnel, users: 1, hop: hop}
	memory, err := newArray[C.struct_mgw_destination](&d.arena, 1)
	if err != nil {
		return nil, err
	}
	d.c = &memory[0]
	hop.fill(&d.c.records[0], &l.Tunnels[tunnel], tunnel, key.address)
	C.set_current_hop(d.c, 0)
	if l.destinations == nil {
		l.destinations = map[destinationKey]*destination{}
	}
	l.destinations[key] = d
	return d, nil
}

// releaseDestination lets go of a destination; the last user frees it. Called with mu held.
func (l *Layout) releaseDestination(d *destination) {
	if d.users--; d.users == 0 {
		delete(l.destinations, d.key)
		d.arena.free()
	}
}

func (l *Layout) tunnelOf(port int) int {
	for i := range l.Tunnels {
		if l.Tunnels[i].Port == port {
			return i
		}
	}
	return -1
}

// SetNextHop changes how copies get to an address behind a tunnel port, for all programs at once
// and without a new one; an address that nothing is sent to is none of its business. It waits for
// lcores that may still be using what was there two changes before: at most a second, then
// ErrStalled, and nothing has changed.
func (l *Layout) SetNextHop(address netip.Addr, port int, hop NextHop) error {
	for begin := time.Now(); ; time.Sleep(20 * time.Microsecond) {
		if err := l.TrySetNextHop(address, port, hop); err == nil || time.Since(begin) > graceLimit {
			return err
		}
	}
}

// TrySetNextHop is SetNextHop without waiting: ErrStalled means later.
func (l *Layout) TrySetNextHop(address netip.Addr, port int, hop NextHop) error {
	if !l.trySetNextHop(destinationKey{address, port}, &hop) {
		return ErrStalled
	}
	return nil
}

func (l *Layout) trySetNextHop(key destinationKey, hop *NextHop) (done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.destinations[key]
	if d == nil || d.hop == *hop {
		return true
	}
	if l.Grace != nil && d.swaps > 0 && !l.Grace.Passed(d.token) {
		return false
	}
	other := 1 - C.current_hop(d.c)
	hop.fill(&d.c.records[other], &l.Tunnels[d.tunnel], d.tunnel, key.address)
	C.set_current_hop(d.c, other)
	d.hop = *hop
	d.swaps++
	if l.Grace != nil {
		d.token = l.Grace.Start()
	}
	return true
}

// places are the destinations of a snapshot's targets. Programs with the same targets share them,
// for most changes are to sessions and filters. users is guarded by Layout.build.
type places struct {
	targets []rules.Target // what they were made from; never changed
	of      []*destination // by target; nil: a load balancer
	members []*destination // of all load balancers, so that balances find them
	known   addressSet
	users   int
}

// acquirePlaces returns the places of a snapshot's targets, made anew unless the last ones do.
func (l *Layout) acquirePlaces(targets []rules.Target) (*places, error) {
	l.build.Lock()
	defer l.build.Unlock()
	if last := l.lastPlaces; last != nil && sameSlice(last.targets, targets) {
		last.users++
		return last, nil
	}
	p := &places{targets: targets, of: make([]*destination, len(targets)), users: 1}
	if err := l.fillPlaces(p); err != nil {
		l.freePlaces(p)
		return nil, err
	}
	l.lastPlaces = p
	return p, nil
}

// sameSlice reports whether two slices are the same memory: a snapshot's is never changed.
func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (l *Layout) fillPlaces(p *places) (err error) {
	for i := range p.targets {
		t := &p.targets[i]
		if t.Balancer == nil {
			if p.of[i], err = l.acquireDestination(destinationKey{t.Address, t.Port}, NextHop{MAC: t.NextHop, Resolved: t.Resolved}); err != nil {
				return fmt.Errorf("target %s: %w", t.Name, err)
			}
			continue
		}
		for k := range t.Balancer.Members {
			m := &t.Balancer.Members[k]
			d, err := l.acquireDestination(destinationKey{m.Address, m.Port}, NextHop{MAC: m.NextHop, Resolved: m.Resolved})
			if err != nil {
				return fmt.Errorf("load balancer %s: %w", t.Balancer.Name, err)
			}
			p.members = append(p.members, d)
		}
	}
	return p.known.fill(p.all())
}

// all returns every destination; some may be named twice.
func (p *places) all() (all []*destination) {
	for _, d := range p.of {
		if d != nil {
			all = append(all, d)
		}
	}
	return append(all, p.members...)
}

func (l *Layout) releasePlaces(p *places) {
	l.build.Lock()
	defer l.build.Unlock()
	if p.users--; p.users == 0 {
		l.freePlaces(p)
		if l.lastPlaces == p {
			l.lastPlaces = nil
		}
	}
}

// freePlaces is called with build held.
func (l *Layout) freePlaces(p *places) {
	l.mu.Lock()
	for _, d := range p.all() {
		l.releaseDestination(d)
	}
	l.mu.Unlock()
	p.known.arena.free()
}
