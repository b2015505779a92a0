package api

import (
	"encoding/json"
	"time"
)

// List is one page of resources of one kind, oldest first.
type List[T any] struct {
	Items     []T    `json:"items"`
	NextToken string `json:"nextToken,omitempty"` // absent on the last page
	Revision  uint64 `json:"revision"`

	Total int               `json:"total,omitempty"` // of what is selected, where search, sort or skip is asked for
	Names map[string]string `json:"names,omitempty"` // of resources that the items refer to, by identifier, where names is asked for
}

// Changed answers a create, modify or delete: the change is on disk and in force on every lcore.
type Changed[T any] struct {
	Resource T        `json:"resource"` // as it is now; as it was, for a delete
	Revision uint64   `json:"revision"`
	Warnings []string `json:"warnings,omitempty"`
}

// ErrorBody is what every answer of 400 and above holds, but for a Health with status 503.
type ErrorBody struct {
	Error Error `json:"error"`
}

// Error says what went wrong, where, and what would be right.
type Error struct {
	Status  int     `json:"-"` // of HTTP
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Field   string  `json:"field,omitempty"`   // JSON name of the field at fault
	Details []Error `json:"details,omitempty"` // further faults of the same request
}

// Error returns the message and the code.
func (e *Error) Error() string { return e.Message + " (" + e.Code + ")" }

// Event is one change of one resource, in the change stream and in a difference; in the stream also
// of the state of a target or load balancer (ActionState).
type Event struct {
	Revision uint64          `json:"revision"`
	Time     time.Time       `json:"time"`
	Action   string          `json:"action"` // create, modify or delete; ActionState
	Kind     string          `json:"kind"`   // interface, target, filter, rule, session or load-balancer; KindTargetState and its kin
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	OwnerID  string          `json:"ownerId,omitempty"`
	Actor    *Actor          `json:"actor,omitempty"`  // who made the change; absent: nobody did (ActionState), or it is from before that was kept
	Before   json.RawMessage `json:"before,omitempty"` // the resource before; absent for a create
	After    json.RawMessage `json:"after,omitempty"`  // the resource after; absent for a delete
}

// Accounts are those that are known: the gateway's own, those of the directory, and owners of resources.
type Accounts struct {
	Items []Account `json:"items"` // by number
}

// Account is one of them.
type Account struct {
	AccountID string `json:"accountId"`
	Resources int    `json:"resources"` // that it owns, rules apart
}

// Changes is a page of the events that are kept, the newest first.
type Changes struct {
	Items []Event `json:"items"`
	Next  string  `json:"next,omitempty"` // before of the page with older ones; absent: there are none
}

// Applied answers an apply: what was changed, or what would be, for a dry run.
type Applied struct {
	DryRun   bool     `json:"dryRun"`
	Revision uint64   `json:"revision"`
	Events   []Event  `json:"events"`
	Warnings []string `json:"warnings,omitempty"`
}

// State is what the gateway is and does at this moment.
type State struct {
	Version    string    `json:"version"`
	StartedAt  time.Time `json:"startedAt"`
	Revision   uint64    `json:"revision"`   // of the resources
	Generation uint64    `json:"generation"` // of the program in force; grows by one a publish
	Pending    int       `json:"pending"`    // changes that a stalled lcore has not taken yet
	Forwarding bool      `json:"forwarding"`
	Lcores     []Lcore   `json:"lcores"`
	Ports      []Port    `json:"ports"`
	Resources  Resources `json:"resources"`
	Laws       Laws      `json:"laws"`
	Underlay   Underlay  `json:"underlay"`
	Troubles   Troubles  `json:"troubles"`

	Configuration Configuration `json:"configuration"`
	Bypass        *Bypass       `json:"bypass,omitempty"` // absent without [bypass]
}

// Resources counts the resources of each kind.
type Resources struct {
	Interfaces    int `json:"interfaces"`
	Targets       int `json:"targets"`
	Filters       int `json:"filters"`
	Rules         int `json:"rules"`
	Sessions      int `json:"sessions"`
	LoadBalancers int `json:"loadBalancers"`
	Shares        int `json:"shares"`
}

// Laws are the gauges that must read 0: packets unaccounted for.
type Laws struct {
	Production int64 `json:"production"`
	Mirror     int64 `json:"mirror"`
}

// Lcore is one worker, or one mirror lcore.
type Lcore struct {
	Lcore                  int    `json:"lcore"`
	CPU                    int    `json:"cpu"`
	Role                   string `json:"role"`                   // worker; or mirror, which sends the copies that workers hand over
	Heartbeat              uint64 `json:"heartbeat"`              // housekeeping intervals; one that stands still does not run
	Generation             uint64 `json:"generation"`             // of the program that its last loop began with
	LongestGapMicroseconds int64  `json:"longestGapMicroseconds"` // between two polls, in the last 60 whole seconds or as many as were asked for
	Loop                   Loop   `json:"loop"`                   // of the same seconds

	Congestion Congestion `json:"congestion"`

	HandedOver uint64 `json:"handedOver,omitempty"` // copies, by a worker in split mode, since the daemon started
	TakenOver  uint64 `json:"takenOver,omitempty"`  // copies, by a mirror lcore, since the daemon started
}

// Loop is what the poll loop of one worker has measured of itself. Cycles are those of the time stamp
// counter. A packet's are those of loops that received something; of a mirror lcore, copies are packets
// here.
type Loop struct {
	BusyShare                   float64      `json:"busyShare"`        // of time in loops that received something: 0 to 1
	Packets                     uint64       `json:"packets"`          // received
	Copies                      uint64       `json:"copies,omitempty"` // that a mirror lcore got from workers
	CyclesPerPacket             float64      `json:"cyclesPerPacket"`
	CyclesPerSecond             uint64       `json:"cyclesPerSecond"` // 0 in the first seconds, as everything else
	HousekeepingCyclesPerSecond float64      `json:"housekeepingCyclesPerSecond"`
	RulesCached                 uint64       `json:"rulesCached,omitempty"`   // answers for rule sets of more than 64 rules that the match cache knew
	RulesSearched               uint64       `json:"rulesSearched,omitempty"` // and those that were searched for
	Stages                      []LoopStage  `json:"stages"`
	Bursts                      []LoopBursts `json:"bursts"`
	Gaps                        []LoopGaps   `json:"gaps"`
}

// LoopStage is a part of the loop, measured in one loop of 256.
type LoopStage struct {
	Stage           string  `json:"stage"`
	CyclesPerPacket float64 `json:"cyclesPerPacket"`
}

// LoopBursts counts polls of one queue that received so many packets, or fewer, but more than the
// entry before says.
type LoopBursts struct {
	UpTo  int    `json:"upTo"`
	Polls uint64 `json:"polls"`
}

// LoopGaps counts loops that took less than so long, and not less than the entry before says.
type LoopGaps struct {
	BelowMicroseconds float64 `json:"belowMicroseconds,omitempty"` // absent: however long
	Loops             uint64  `json:"loops"`
}

// Congestion is how an lcore does about signs that copies get in the way of production.
type Congestion struct {
	State         string                    `json:"state"`                  // calm, limited, unmatched or blind
	Budget        int                       `json:"budget,omitempty"`       // copies in 50 microseconds, or in 16 loops where those take longer; absent when calm
	ChangedMillis int64                     `json:"changedMillisecondsAgo"` // since the state last changed; 0: it never has
	Transitions   uint64                    `json:"transitions"`            // from one state to another
	States        map[string]CongestionTime `json:"states"`                 // what was spent in each state
	Signs         map[string]uint64         `json:"signs"`                  // receive, transmit, tunnel, mempool: looks, 16 loops apart, that saw it
}

// CongestionTime is what an lcore has spent in one state of congestion.
type CongestionTime struct {
	Loops   uint64  `json:"loops"`
	Seconds float64 `json:"seconds"`
}

// Port is one configured port.
type Port struct {
	Name      string   `json:"name"`
	Device    string   `json:"device"`
	Driver    string   `json:"driver"`
	Role      string   `json:"role"` // wire, tap or tunnel
	Peer      string   `json:"peer,omitempty"`
	MAC       string   `json:"macAddress"`
	MTU       int      `json:"mtu"`
	Queues    int      `json:"queues"`
	Addresses []string `json:"addresses,omitempty"`
	Link      Link     `json:"link"`
	Notes     []string `json:"notes,omitempty"`  // what this driver loses or alters
	Advice    []string `json:"advice,omitempty"` // what to do about frames that it has received
}

// Link is the state of a port's link.
type Link struct {
	Up         bool   `json:"up"`
	SpeedMbps  uint32 `json:"speedMbps,omitempty"` // absent: unknown
	FullDuplex bool   `json:"fullDuplex,omitempty"`

	// Of a side of a wire.
	Propagation    string `json:"propagation,omitempty"`    // of this link to the peer's: on, off or impossible
	TakenDown      bool   `json:"takenDown,omitempty"`      // by the gateway, because the peer's is down
	TakenDownAt    string `json:"takenDownAt,omitempty"`    // when it last was, RFC 3339; absent: never
	TimesTakenDown uint64 `json:"timesTakenDown,omitempty"` // since the daemon started
	Changes        uint64 `json:"changes,omitempty"`        // of the link, flaps included; those made by the gateway are none
}

// ExplainRequest asks what the data path does with one packet: either Frame, or the fields of a
// packet to build one from.
type ExplainRequest struct {
	Source          string    `json:"source"`          // interface, name or ID
	Direction       string    `json:"direction"`       // ingress or egress
	Frame           string    `json:"frame,omitempty"` // hexadecimal, from the Ethernet header
	Protocol        *Protocol `json:"protocol,omitempty"`
	SourceAddr      string    `json:"sourceAddress,omitempty"` // 10.0.0.9, 10.0.0.9:4000 or [2001:db8::1]:4000
	DestinationAddr string    `json:"destinationAddress,omitempty"`
	Length          int       `json:"length,omitempty"` // bytes of the frame to build; absent: the shortest
}

// Explanation is the verdict of the production data path, and why.
type Explanation struct {
	Outcome    string             `json:"outcome"` // matched, missed, excluded, or not-seen by the source
	Exclusion  string             `json:"exclusion,omitempty"`
	Packet     string             `json:"packet"` // the packet in one line, as it was understood
	Frame      string             `json:"frame"`  // the frame that was judged, hexadecimal
	Source     string             `json:"source"`
	SourceID   string             `json:"networkInterfaceId"`
	Direction  string             `json:"direction"`
	Session    string             `json:"session,omitempty"` // that mirrors it: name
	SessionID  string             `json:"trafficMirrorSessionId,omitempty"`
	RuleNumber int                `json:"ruleNumber,omitempty"` // that accepted it; absent for a service
	RuleID     string             `json:"trafficMirrorFilterRuleId,omitempty"`
	Sessions   []ExplainedSession `json:"sessions,omitempty"` // in the order they were asked
	Copy       *ExplainedCopy     `json:"copy,omitempty"`
	Skipped    string             `json:"skipped,omitempty"` // why no copy would leave though a session matched
	Others     []ExplainedSource  `json:"others,omitempty"`  // what other sources decided that saw the same frame
	Text       string             `json:"text"`              // all of this for people
}

// ExplainedSource is what another source decided of the frame, which it saw too.
type ExplainedSource struct {
	Source     string             `json:"source"`
	SourceID   string             `json:"networkInterfaceId"`
	Direction  string             `json:"direction"`
	Outcome    string             `json:"outcome"` // matched, missed or excluded
	Exclusion  string             `json:"exclusion,omitempty"`
	Session    string             `json:"session,omitempty"`
	SessionID  string             `json:"trafficMirrorSessionId,omitempty"`
	RuleNumber int                `json:"ruleNumber,omitempty"`
	RuleID     string             `json:"trafficMirrorFilterRuleId,omitempty"`
	Sessions   []ExplainedSession `json:"sessions,omitempty"`
	Copy       *ExplainedCopy     `json:"copy,omitempty"`
	Skipped    string             `json:"skipped,omitempty"`
}

// ExplainedSession says what one session decided, and by which rule.
type ExplainedSession struct {
	Session    string `json:"session"`
	SessionID  string `json:"trafficMirrorSessionId"`
	Number     int    `json:"sessionNumber"`
	Filter     string `json:"filter"`
	FilterID   string `json:"trafficMirrorFilterId"`
	Decision   string `json:"decision"` // accepted, rejected, no-match, service, no-service
	RuleNumber int    `json:"ruleNumber,omitempty"`
	RuleID     string `json:"trafficMirrorFilterRuleId,omitempty"`
	Why        string `json:"why"`
}

// ExplainedCopy is what would be sent to the target.
type ExplainedCopy struct {
	Target           string `json:"target"`
	TargetID         string `json:"trafficMirrorTargetId"`
	TunnelPort       string `json:"tunnelPort"`
	SourceMAC        string `json:"outerSourceMac"`
	DestinationMAC   string `json:"outerDestinationMac"` // of the next hop
	OuterSource      string `json:"outerSource"`
	OuterDestination string `json:"outerDestination"`
	HopLimit         int    `json:"hopLimit"` // TTL over IPv4
	SourcePort       int    `json:"udpSourcePort"`
	VirtualNetworkID int    `json:"virtualNetworkId"`
	InnerLength      int    `json:"innerLength"` // bytes of the frame in it
	Truncated        bool   `json:"truncated"`
	Frame            string `json:"frame"` // the outer frame, hexadecimal
}

// Health answers /v1/health and /v1/ready.
type Health struct {
	Status string   `json:"status"` // ok or failing
	Faults []string `json:"faults,omitempty"`
}

// Version answers /v1/version.
type Version struct {
	Version string `json:"version"`
	API     string `json:"api"`
	DPDK    string `json:"dpdk,omitempty"`
}

// Tags are the tags of one resource. A PUT replaces all, a PATCH sets those it names and removes
// those it gives as null.
type Tags struct {
	ResourceID string            `json:"resourceId,omitempty"` // responses only
	Tags       map[string]string `json:"tags"`
}

// Document is the JSON form of a resource document: everything there is, references by name or
// identifier.
type Document struct {
	Interfaces    []NetworkInterface     `json:"interfaces,omitempty"`
	Targets       []TrafficMirrorTarget  `json:"targets,omitempty"`
	Filters       []TrafficMirrorFilter  `json:"filters,omitempty"` // with their rules
	Sessions      []TrafficMirrorSession `json:"sessions,omitempty"`
	LoadBalancers []LoadBalancer         `json:"loadBalancers,omitempty"`
	Shares        []ResourceShare        `json:"shares,omitempty"`
}
