package store

import (
	"net/netip"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// state is everything that the store knows, with its indexes. Only the writer changes it, in
// place, with an undo log (tx.go); readers hold the store's lock.
type state struct {
	revision uint64
	sequence uint64 // of the next node, so that lists can be oldest first

	interfaces *table[*interfaceNode]
	balancers  *table[*balancerNode]
	targets    *table[*targetNode]
	filters    *table[*filterNode]
	sessions   *table[*sessionNode]
	shares     *table[*shareNode]

	bySource  map[sourceKey]*interfaceNode
	byAddress map[netip.Addr]nodes[*interfaceNode] // interfaces that have an address
	targetsAt map[netip.Addr]nodes[*targetNode]    // targets by address, of members too
	rules     map[string]*filterNode               // rule ID -> its filter
	vnis      map[vniKey]int                       // how many sessions have it
	orphans   map[string]nodes[*sessionNode]       // sessions by the ID of their target, which is deleted

	sameOrganization func(a, b string) bool // whether two accounts are in one organisation

	ways *ways
	laid laid
}

func newState(w *ways, sameOrganization func(a, b string) bool) *state {
	if sameOrganization == nil {
		sameOrganization = func(a, b string) bool { return a == b }
	}
	return &state{
		interfaces: newTable[*interfaceNode](KindInterface), balancers: newTable[*balancerNode](KindLoadBalancer),
		targets: newTable[*targetNode](KindTarget), filters: newTable[*filterNode](KindFilter), sessions: newTable[*sessionNode](KindSession),
		shares: newTable[*shareNode](KindShare), orphans: map[string]nodes[*sessionNode]{}, sameOrganization: sameOrganization,
		bySource: map[sourceKey]*interfaceNode{}, byAddress: map[netip.Addr]nodes[*interfaceNode]{},
		targetsAt: map[netip.Addr]nodes[*targetNode]{}, rules: map[string]*filterNode{}, vnis: map[vniKey]int{},
		ways: w,
	}
}

// entry is what all nodes have.
type entry struct {
	sequence uint64
	fault    string // why it cannot be served, in the configuration as it is; empty: it can
	touch    *touch // not nil while a transaction has it in hand
}

func (e *entry) seq() uint64 { return e.sequence }

// touch is what a transaction knows of a node that it has in hand.
type touch struct {
	put      bool // by the caller; else it only depends on such a one
	created  bool
	deleted  bool
	failed   bool   // a problem of it was reported
	oldFault string // its fault before
	returns  bool   // of a session that gets its target back: a fault of that is no reason to refuse
}

// interfaceNode is an interface with what refers to it.
type interfaceNode struct {
	entry
	rec, before *ctl.Interface
	key         sourceKey // entered in bySource iff keyed
	keyed       bool
	addresses   []netip.Addr // entered in byAddress
	source      rules.Interface
	sessions    []*sessionNode         // that mirror it, ascending number
	targets     nodes[*targetNode]     // that name it
	feeds       map[*interfaceNode]int // sources that are sent to it as a target: how many sessions
	index       int                    // in the snapshot; -1: not there
}

func (n *interfaceNode) base() *ctl.Common { return &n.rec.Common }

// sourceKey is what frames of an interface are recognised by.
type sourceKey struct {
	port   string
	mac    [6]byte
	hasMAC bool
	vlan   int
}

// balancerNode is a load balancer with the targets that name it.
type balancerNode struct {
	entry
	rec, before *ctl.LoadBalancer
	targets     nodes[*targetNode]
	placed      *rules.Balancer // with the members that there is a way to
	hop         hop             // of the first of those
	mtu         int             // the least of the ports that lead to them, bytes of an IP packet; 0: there are none
	left        []string        // the other members, and why copies cannot be sent to them
}

func (n *balancerNode) base() *ctl.Common { return &n.rec.Common }

// targetNode is a target with what it points at and the sessions that use it.
type targetNode struct {
	entry
	rec, before *ctl.Target
	via         *interfaceNode // that it names
	balancer    *balancerNode  // that it names
	at          []netip.Addr   // entered in targetsAt: its address, or those of its load balancer's members
	placed      rules.Target   // without address and load balancer while there is no way to it
	hop         hop            // the way; that to the first member of a load balancer
	sessions    nodes[*sessionNode]
	shares      nodes[*shareNode] // that it is in
	index       int
	gone        bool // it stands for a target that is deleted, and is in no table
}

func (n *targetNode) base() *ctl.Common { return &n.rec.Common }

// filterNode is a filter, compiled.
type filterNode struct {
	entry
	rec, before *ctl.Filter
	compiled    *rules.CompiledFilter // nil: to be compiled
	sessions    nodes[*sessionNode]
	index       int
}

func (n *filterNode) base() *ctl.Common { return &n.rec.Common }

// sessionNode is a session with what it refers to. It is entered in the lists of those while
// linked.
type sessionNode struct {
	entry
	rec, before *ctl.Session
	linked      bool
	source      *interfaceNode
	target      *targetNode
	filter      *filterNode
	via         *interfaceNode // target.via when it was linked
	number      int            // by which it stands in source.sessions
	outer       netip.Addr
	zone        string   // whose members of a load balancer serve it; empty: all
	reason      string   // why it is inactive; empty: active
	cut         [2]int   // longest frame and room of the truncation that was warned of
	vni         vniKey   // entered in vnis iff its vni is not 0
	was         *linking // of before the transaction
}

func (n *sessionNode) base() *ctl.Common { return &n.rec.Common }

// linking is what quotas compare: what a session was linked to before a transaction.
type linking struct{ source, via *interfaceNode }

type vniKey struct {
	account string
	vni     int
}

// nodes is a set of nodes, oldest first.
type nodes[N interface{ seq() uint64 }] []N

func (l nodes[N]) find(n N) (int, bool) {
	return slices.BinarySearchFunc(l, n.seq(), func(a N, seq uint64) int {
		switch s := a.seq(); {
		case s < seq:
			return -1
		case s > seq:
			return 1
		}
		return 0
	})
}

func (l nodes[N]) with(n N) nodes[N] {
	at, found := l.find(n)
	if found {
		return l
	}
	return slices.Insert(l, at, n)
}

func (l nodes[N]) without(n N) nodes[N] {
	at, found := l.find(n)
	if !found {
		return l
	}
	return slices.Delete(l, at, at+1)
}
