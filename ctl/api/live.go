package api

// States of a target, and of the copies of an active session. Those in which copies are skipped are
// the reasons that they are counted with.
const (
	StateReachable  = "reachable"
	StateUnresolved = "unresolved"  // the next hop does not answer
	StateTargetDown = "target-down" // no member of the load balancer serves
	StateNoListener = "no-listener" // the load balancer has no listener udp/4789
	StateDegraded   = "degraded"    // some zones of a load balancer are served, others not
	StateUnserved   = "unserved"    // the configuration does not allow it
)

// TargetPath is the way to a target at this moment.
type TargetPath struct {
	TunnelPort string `json:"tunnelPort"`
	Via        string `json:"via,omitempty"`        // router; absent: it is reached directly
	MACAddress string `json:"macAddress,omitempty"` // of the next hop; absent: not resolved
	PathMTU    int    `json:"pathMtu,omitempty"`    // that the way takes, bytes of the outer IP packet; absent: not known
	MTU        int    `json:"mtu"`                  // that copies are cut to, bytes of the outer IP packet
	Since      string `json:"since,omitempty"`      // of the last change, RFC 3339

	ICMPErrors    int    `json:"icmpErrors,omitempty"`    // that quoted copies, without those about size
	LastICMPError string `json:"lastIcmpError,omitempty"` // what the last of them said, and when
}

// MemberState is what a load balancer's member does at this moment.
type MemberState struct {
	Address          string `json:"address"`
	AvailabilityZone string `json:"availabilityZone,omitempty"`
	Weight           int    `json:"weight"`
	State            string `json:"state"` // initial, healthy, unhealthy, draining or down
	Reason           string `json:"reason,omitempty"`
	Since            string `json:"since,omitempty"`           // of the last change, RFC 3339
	LastProbe        string `json:"lastProbe,omitempty"`       // RFC 3339
	RTTMicroseconds  int    `json:"rttMicroseconds,omitempty"` // of the last good probe
}

// ZoneState says which members serve the sources of a zone.
type ZoneState struct {
	AvailabilityZone string   `json:"availabilityZone,omitempty"` // absent: sources without zone
	Members          []string `json:"members,omitempty"`
	Skipped          string   `json:"skipped,omitempty"` // why copies are skipped: StateTargetDown or StateNoListener
}

// TargetState is what an event of kind target-state holds.
type TargetState struct {
	State  string      `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Path   *TargetPath `json:"path,omitempty"`
}

// LinkState is what an event of kind link-state holds.
type LinkState struct {
	State  string `json:"state"` // up, down, unknown, taken-down or coming-up
	Reason string `json:"reason,omitempty"`
}

// Underlay is what the gateway knows of the networks that copies leave into.
type Underlay struct {
	Addresses []UnderlayAddress  `json:"addresses,omitempty"`
	Neighbors []UnderlayNeighbor `json:"neighbors,omitempty"`
	Counters  map[string]uint64  `json:"counters,omitempty"` // since the daemon started
}

// UnderlayAddress is one of the gateway's own addresses.
type UnderlayAddress struct {
	Port    string `json:"port"`
	Address string `json:"address"` // with its prefix length
	State   string `json:"state"`   // duplicate: another host has it

	OtherMACAddress string `json:"otherMacAddress,omitempty"` // of the last host that was seen with it
	DisputedAt      string `json:"disputedAt,omitempty"`      // when one last claimed it while it was in use, RFC 3339; absent: never
}

// UnderlayNeighbor is an entry of the neighbour table.
type UnderlayNeighbor struct {
	Address    string `json:"address"`
	MACAddress string `json:"macAddress,omitempty"`
	Port       string `json:"port"`
	State      string `json:"state"`
	Since      string `json:"since,omitempty"` // RFC 3339
	Static     bool   `json:"static,omitempty"`
}

// Troubles are the targets and load balancers whose copies do not all arrive, and the sessions that
// have lost their target. Lists are cut at 20.
type Troubles struct {
	TargetCount       int               `json:"targetCount"` // that are known not to be reachable
	Targets           []TroubledTarget  `json:"targets,omitempty"`
	LoadBalancerCount int               `json:"loadBalancerCount"` // with members that do not serve
	LoadBalancers     []TroubledMembers `json:"loadBalancers,omitempty"`
	LostSessionCount  int               `json:"lostSessionCount"` // inactive because their target is deleted or no longer shared
	LostSessions      []LostSession     `json:"lostSessions,omitempty"`
}

// TroubledTarget is a target that is not reachable.
type TroubledTarget struct {
	TrafficMirrorTargetID string `json:"trafficMirrorTargetId"`
	Name                  string `json:"name"`
	OwnerID               string `json:"ownerId"`
	State                 string `json:"state"`
	Reason                string `json:"reason,omitempty"`
}

// LostSession is a session that has lost its target.
type LostSession struct {
	TrafficMirrorSessionID string `json:"trafficMirrorSessionId"`
	Name                   string `json:"name"`
	OwnerID                string `json:"ownerId"`
	Inactive               string `json:"inactive"` // share-deleted or target-deleted
}

// TroubledMembers are the members of a load balancer that do not serve though nobody drains them.
type TroubledMembers struct {
	LoadBalancerID string        `json:"loadBalancerId"`
	Name           string        `json:"name"`
	MemberCount    int           `json:"memberCount"` // all of them
	Members        []MemberState `json:"members"`
}

// Events of state have this action. They are not changes of resources: they are not kept, and their
// revision is that of the resources at the time.
const ActionState = "state"

// Kinds of events of state.
const (
	KindTargetState = "target-state" // of a target: after is a TargetState
	KindMemberState = "member-state" // of a load balancer: after is a MemberState
	KindZoneState   = "zone-state"   // of a load balancer: after is a ZoneState
	KindLinkState   = "link-state"   // of a port, which the event names: after is a LinkState
	KindStateLost   = "state-lost"   // the reader was too slow for some; GET /v1/state has what is
)
