package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"sync"

	"mirrorgw/rules"
)

// Tunnel is a tunnel port as copies see it.
type Tunnel struct {
	Port                int     // index in Snapshot.Ports
	MAC                 [6]byte // source of the outer Ethernet header
	VLAN                int     // VID of the tag that copies get, 1-4094; 0: none
	IPChecksumOffload   bool    // the port completes outer IPv4 header checksums
	UDPChecksumOffload  bool    // the port completes outer UDP checksums over IPv6
	OwnCopies           bool    // the port's peer receives our very mbufs, so they refer to nothing
	MaxSegments         int     // mbufs of one copy that the port sends, 0: no limit
	SingleSegmentCopies bool    // the port cannot send a chain of mbufs
}

// Repair says which partial L4 checksums are completed in copies of a port's frames.
type Repair uint8

// Whose checksums are looked at.
const (
	RepairFlagged Repair = C.MGW_REPAIR_FLAGGED // of frames that the driver says it of
	RepairAll     Repair = C.MGW_REPAIR_ALL     // of all frames: the driver does not say it
	RepairNone    Repair = C.MGW_REPAIR_NONE
)

// Layout is what every Program of one gateway has in common, and what its programs share: rule
// tables, filters in C memory, rte_acl contexts, outer headers, destinations with their next hops, and
// load balancers. It must outlive its programs and
// is safe for concurrent use.
type Layout struct {
	Tunnels   []Tunnel // at most MaxTunnels; an index here is an outbox of a pipe
	OwnCopies []bool   // by port index: its peer receives our very mbufs, so nothing may be held
	SendFirst []bool   // by port index: its peer's driver leaves frames as they are, so they may be read when they were sent
	Repair    []Repair // by port index; RepairFlagged where there is none
	Engine    Engine   // EngineAuto unless a test wants one engine
	Scattered bool     // fetch ahead as with many sources, however few there are: for tests
	Grace     Grace    // of the lcores; nil: there are none
	Sharers   []int    // by port index: lcores that poll it, who share the limits of its sources' sessions; one where there is none
	Second    uint64   // in the unit in which lcores are told the time; 0: nanoseconds

	// build is held while a program is laid out or freed, which takes seconds where rte_acl builds large
	// filters. It is taken before mu, and guards what programs are made of.
	build       sync.Mutex
	acls        map[string]*aclContext
	filters     map[*rules.CompiledFilter]*filterMemory
	serials     uint64            // of filterMemory, the last one
	chains      map[string]*chain // by the serials of their filters
	lastRules   *ruleTable        // made last and still in use, or nil
	lastSources *sourceTable      // likewise
	lastPlaces  *places           // likewise
	headers     outerHeaders      // of ways

	// mu is held for moments: next hops and balances change while a program is laid out.
	mu           sync.Mutex
	destinations map[destinationKey]*destination
	balancers    map[balancerKey]*balancer
}

// Shared is how much of a Layout its programs hold, for tests that look for leaks.
type Shared struct{ Contexts, Filters, Chains int }

// Shared returns what is held now.
func (l *Layout) Shared() Shared {
	l.build.Lock()
	defer l.build.Unlock()
	return Shared{Contexts: len(l.acls), Filters: len(l.filters), Chains: len(l.chains)}
}

func (l *Layout) wantsACL(n int) bool {
	return l.Engine == EngineACL || l.Engine == EngineAuto && n > LinearMax
}

// acquireACL returns the context of a rule list, building it if no filter has it yet. Called with
// build held.
func (l *Layout) acquireACL(key string, family int, list []*rules.Rule, classes *[256]uint8) (*aclContext, error) {
	if known := l.acls[key]; known != nil {
		known.users++
		return known, nil
	}
	built, err := buildACL(family, list, classes)
	if err != nil {
		return nil, err
	}
	if l.acls == nil {
		l.acls = map[string]*aclContext{}
	}
	built.users = 1
	l.acls[key] = built
	return built, nil
}

// releaseACL lets go of a context; the last user frees it. Called with build held.
func (l *Layout) releaseACL(key string) {
	context := l.acls[key]
	if context.users--; context.users == 0 {
		context.free()
		delete(l.acls, key)
	}
}
