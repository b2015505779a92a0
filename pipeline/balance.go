package pipeline

/*
#include "program.h"

static void set_balance(struct mgw_balancer *b, const struct mgw_balance *balance)
{
	__atomic_store_n(&b->current, balance, __ATOMIC_RELEASE);
}
*/
import "C"

import (
	"fmt"
	"net/netip"

	"mirrorgw/rules"
)

// Balance says which member of a load balancer gets which flow.
type Balance struct {
	Members    []netip.Addr
	Table      []uint16 // indices in Members; a flow's hash chooses one. Empty: nobody is there
	NoListener bool     // why nobody is there: no listener, else no member that is up
}

// BalancerKey names a load balancer as the sources of one zone see it.
type BalancerKey struct{ ID, Zone string }

// balancerKey is a load balancer as programs share it: the outer headers of sessions to it are of the
// family that its members have. While members of another family replace them, the program in force
// and the prepared one have a balancer each.
type balancerKey struct {
	BalancerKey
	family int // 4 or 6; 0: it has no members
}

var families = []int{0, 4, 6}

// maxOldBalances bounds what a stalled lcore keeps from being freed: each has a table of 128 KiB.
const maxOldBalances = 64

func familyOf(address netip.Addr) int {
	if address.Is4() {
		return 4
	}
	return 6
}

// balancer is shared by the programs with sessions to it. Guarded by Layout.mu.
type balancer struct {
	key   balancerKey
	c     *C.struct_mgw_balancer
	arena arena
	users int
	now   *balance
	old   []*balance // replaced, oldest first, until no lcore can read them
}

// balance is one Balance in C memory. It keeps the destinations of its members.
type balance struct {
	arena   arena
	c       *C.struct_mgw_balance
	members []*destination
	token   uint64 // when it was replaced
}

// acquireBalancer returns the load balancer of a session. Until SetBalance has been called nobody
// is there.
func (l *Layout) acquireBalancer(b *rules.Balancer, zone string) (*balancer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := balancerKey{BalancerKey: BalancerKey{b.ID, zone}}
	if len(b.Members) > 0 {
		key.family = familyOf(b.Members[0].Address)
	}
	if known := l.balancers[key]; known != nil {
		known.users++
		return known, nil
	}
	n := &balancer{key: key, users: 1}
	memory, err := newArray[C.struct_mgw_balancer](&n.arena, 1)
	if err != nil {
		return nil, err
	}
	n.c = &memory[0]
	if n.now, err = l.newBalance(&Balance{NoListener: !b.Listening}); err != nil {
		n.arena.free()
		return nil, err
	}
	C.set_balance(n.c, n.now.c)
	if l.balancers == nil {
		l.balancers = map[balancerKey]*balancer{}
	}
	l.balancers[key] = n
	return n, nil
}

// releaseBalancer lets go of a load balancer; the last user frees it. Called with mu held.
func (l *Layout) releaseBalancer(b *balancer) {
	if b.users--; b.users > 0 {
		return
	}
	delete(l.balancers, b.key)
	for _, old := range append(b.old, b.now) {
		l.freeBalance(old)
	}
	b.arena.free()
}

func (l *Layout) releaseBalancers(all map[BalancerKey]*balancer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range all {
		l.releaseBalancer(b)
	}
}

// newBalance is called with mu held.
func (l *Layout) newBalance(b *Balance) (*balance, error) {
	n := &balance{}
	if err := l.fillBalance(n, b); err != nil {
		l.freeBalance(n)
		return nil, err
	}
	return n, nil
}

func (l *Layout) fillBalance(n *balance, b *Balance) error {
	memory, err := newArray[C.struct_mgw_balance](&n.arena, 1)
	if err != nil {
		return err
	}
	n.c = &memory[0]
	n.c.none.skip = C.MGW_SKIP_TARGET_DOWN + 1
	if b.NoListener {
		n.c.none.skip = C.MGW_SKIP_NO_LISTENER + 1
	}
	if len(b.Table) == 0 {
		return nil
	}
	members, err := newArray[*C.struct_mgw_destination](&n.arena, len(b.Members))
	if err != nil {
		return err
	}
	for i, address := range b.Members {
		d := l.destinationAt(address)
		if d == nil {
			return fmt.Errorf("member %s is no destination of any session", address)
		}
		d.users++
		n.members = append(n.members, d)
		members[i] = d.c
	}
	table, err := newArray[C.uint16_t](&n.arena, len(b.Table))
	if err != nil {
		return err
	}
	for i, member := range b.Table {
		if int(member) >= len(members) {
			return fmt.Errorf("the table names member %d of %d", member, len(members))
		}
		table[i] = C.uint16_t(member)
	}
	n.c.members, n.c.table, n.c.size = &members[0], &table[0], C.uint32_t(len(table))
	return nil
}

// destinationAt finds a destination by address alone: an address has one way.
func (l *Layout) destinationAt(address netip.Addr) *destination {
	for i := range l.Tunnels {
		if d := l.destinations[destinationKey{address, l.Tunnels[i].Port}]; d != nil {
			return d
		}
	}
	return nil
}

func (l *Layout) freeBalance(n *balance) {
	for _, d := range n.members {
		l.releaseDestination(d)
	}
	n.arena.free()
}

// SetBalance changes who gets which flow of a load balancer, for all programs at once and without a
// new one; one that no session uses is none of its business. Every member must be a destination of
// a program that is in force or prepared; programs in which the load balancer has members of
// another family stay as they are. ErrStalled says that too many changes wait for an lcore to
// report; it is to be tried again.
func (l *Layout) SetBalance(key BalancerKey, b *Balance) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, family := range families {
		at := l.balancers[balancerKey{key, family}]
		if at == nil || len(b.Table) > 0 && familyOf(b.Members[0]) != family {
			continue
		}
		if l.freeOld(at); len(at.old) >= maxOldBalances {
			return ErrStalled
		}
		made, err := l.newBalance(b)
		if err != nil {
			return fmt.Errorf("load balancer %s: %w", key.ID, err)
		}
		l.replace(at, made)
	}
	return nil
}

// replace puts a balance in force. Called with mu held.
func (l *Layout) replace(at *balancer, made *balance) {
	old := at.now
	at.now = made
	C.set_balance(at.c, made.c)
	if l.Grace != nil {
		old.token = l.Grace.Start()
	}
	at.old = append(at.old, old)
	l.freeOld(at)
}

// freeOld frees replaced balances that no lcore can read. Called with mu held.
func (l *Layout) freeOld(at *balancer) {
	for len(at.old) > 0 && (l.Grace == nil || l.Grace.Passed(at.old[0].token)) {
		l.freeBalance(at.old[0])
		at.old = at.old[1:]
	}
}
