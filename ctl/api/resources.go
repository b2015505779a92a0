package api

// Common is what every resource has.
type Common struct {
	Name        string            `json:"name"` // unique per kind and owner
	Description string            `json:"description,omitempty"`
	OwnerID     string            `json:"ownerId,omitempty"` // 12 digits; the default account when absent from a request
	Tags        map[string]string `json:"tags,omitempty"`
}

// NetworkInterface is a mirror source, or what a target points at.
type NetworkInterface struct {
	NetworkInterfaceID string `json:"networkInterfaceId,omitempty"` // eni-
	Common
	Port             string   `json:"port,omitempty"`       // wire or tap port; absent: it cannot be a source
	MACAddress       string   `json:"macAddress,omitempty"` // absent: everything on the port is its traffic
	VLAN             int      `json:"vlan,omitempty"`       // VID of the outer tag, 1-4094; absent: any tag or none
	IPAddresses      []string `json:"ipAddresses,omitempty"`
	MTU              int      `json:"mtu,omitempty"` // bytes of an IP packet
	AvailabilityZone string   `json:"availabilityZone,omitempty"`
	InstanceID       string   `json:"instanceId,omitempty"`
	ImageID          string   `json:"imageId,omitempty"`
	InstanceType     string   `json:"instanceType,omitempty"`
	AutoScalingGroup string   `json:"autoScalingGroup,omitempty"`
	Monitoring       string   `json:"monitoring,omitempty"` // basic or detailed
}

// TrafficMirrorTarget is where copies go: exactly one of IPAddress, NetworkInterfaceID and
// LoadBalancerID.
type TrafficMirrorTarget struct {
	TrafficMirrorTargetID string `json:"trafficMirrorTargetId,omitempty"` // tmt-
	Common
	IPAddress          string `json:"ipAddress,omitempty"`
	NetworkInterfaceID string `json:"networkInterfaceId,omitempty"`
	LoadBalancerID     string `json:"loadBalancerId,omitempty"`
	MTU                int    `json:"mtu,omitempty"`          // bytes of the outer IP packet
	RateLimitPPS       int    `json:"rateLimitPps,omitempty"` // copies a second, of all sessions to it together; absent: no limit
	RateLimitBPS       int64  `json:"rateLimitBps,omitempty"` // bits a second of their outer frames, 64000-1000000000000; absent: no limit

	State       string      `json:"state,omitempty"`       // StateReachable and its kin; absent: nothing is known of it; GET only
	StateReason string      `json:"stateReason,omitempty"` // a sentence; GET only
	Path        *TargetPath `json:"path,omitempty"`        // not of load balancers; GET only
}

// TrafficMirrorFilter is a set of rules and of network services. A create request may bring its
// rules along.
type TrafficMirrorFilter struct {
	TrafficMirrorFilterID string `json:"trafficMirrorFilterId,omitempty"` // tmf-
	Common
	NetworkServices    []string                  `json:"networkServices,omitempty"` // amazon-dns
	IngressFilterRules []TrafficMirrorFilterRule `json:"ingressFilterRules,omitempty"`
	EgressFilterRules  []TrafficMirrorFilterRule `json:"egressFilterRules,omitempty"`
}

// PortRange is an inclusive range of TCP or UDP ports.
type PortRange struct {
	FromPort int `json:"fromPort"`
	ToPort   int `json:"toPort"`
}

// TrafficMirrorFilterRule is one rule of a filter.
type TrafficMirrorFilterRule struct {
	TrafficMirrorFilterRuleID string            `json:"trafficMirrorFilterRuleId,omitempty"` // tmfr-
	TrafficMirrorFilterID     string            `json:"trafficMirrorFilterId,omitempty"`
	TrafficDirection          string            `json:"trafficDirection"` // ingress or egress
	RuleNumber                int               `json:"ruleNumber"`       // 1-32766, unique per filter and direction
	RuleAction                string            `json:"ruleAction"`       // accept or reject
	Protocol                  *Protocol         `json:"protocol,omitempty"`
	SourceCIDRBlock           string            `json:"sourceCidrBlock,omitempty"` // absent: any address
	DestinationCIDRBlock      string            `json:"destinationCidrBlock,omitempty"`
	SourcePortRange           *PortRange        `json:"sourcePortRange,omitempty"`
	DestinationPortRange      *PortRange        `json:"destinationPortRange,omitempty"`
	Description               string            `json:"description,omitempty"`
	Tags                      map[string]string `json:"tags,omitempty"`
}

// TrafficMirrorSession mirrors what a filter selects of a source to a target.
type TrafficMirrorSession struct {
	TrafficMirrorSessionID string `json:"trafficMirrorSessionId,omitempty"` // tms-
	Common
	NetworkInterfaceID    string `json:"networkInterfaceId"`
	TrafficMirrorTargetID string `json:"trafficMirrorTargetId"`
	TrafficMirrorFilterID string `json:"trafficMirrorFilterId"`
	SessionNumber         int    `json:"sessionNumber"`              // 1-32766, unique per source; the lowest is tried first
	VirtualNetworkID      int    `json:"virtualNetworkId,omitempty"` // 1-16777215; drawn when absent
	PacketLength          int    `json:"packetLength,omitempty"`     // bytes from the inner Ethernet header; absent: whole frames
	SampleOneIn           int    `json:"sampleOneIn,omitempty"`      // one flow in so many is mirrored, 2-1000000; absent: all
	RateLimitPPS          int    `json:"rateLimitPps,omitempty"`     // copies a second; absent: no limit
	RateLimitBPS          int64  `json:"rateLimitBps,omitempty"`     // bits a second of their outer frames, 64000-1000000000000; absent: no limit
	Inactive              string `json:"inactive,omitempty"`         // share-deleted or target-deleted: it has lost its target; responses and documents only
	State                 string `json:"state,omitempty"`            // active or inactive; responses only
	StateReason           string `json:"stateReason,omitempty"`      // why it is inactive; responses only
	Delivery              string `json:"delivery,omitempty"`         // of copies while it is active: StateReachable and its kin; GET only
	DeliveryReason        string `json:"deliveryReason,omitempty"`   // why copies are skipped, a sentence; GET only
}

// LoadBalancer spreads the copies of one target over its members.
type LoadBalancer struct {
	LoadBalancerID string `json:"loadBalancerId,omitempty"` // nlb-
	Common
	CrossZone bool                 `json:"crossZone,omitempty"`
	Listeners []Listener           `json:"listeners,omitempty"`
	Health    *HealthCheck         `json:"health,omitempty"`
	Members   []LoadBalancerMember `json:"members,omitempty"`

	MemberStates []MemberState `json:"memberStates,omitempty"` // in the order of members; GET only
	ZoneStates   []ZoneState   `json:"zoneStates,omitempty"`   // of the zones of sources that use it; GET only
}

// Listener is a protocol and port that a load balancer accepts.
type Listener struct {
	Protocol string `json:"protocol"` // udp
	Port     int    `json:"port"`     // 1-65535
}

// HealthCheck says how members are probed. Absent numbers have the service's defaults.
type HealthCheck struct {
	Protocol           string `json:"protocol,omitempty"` // tcp, http or icmp
	Port               int    `json:"port,omitempty"`
	Path               string `json:"path,omitempty"`
	IntervalSeconds    int    `json:"intervalSeconds,omitempty"`
	TimeoutSeconds     int    `json:"timeoutSeconds,omitempty"`
	HealthyThreshold   int    `json:"healthyThreshold,omitempty"`
	UnhealthyThreshold int    `json:"unhealthyThreshold,omitempty"`
}

// LoadBalancerMember is one appliance behind a load balancer.
type LoadBalancerMember struct {
	Address          string `json:"address"`
	AvailabilityZone string `json:"availabilityZone,omitempty"`
	Weight           *int   `json:"weight,omitempty"`   // 0-255, share of the flows; 0: none; absent: 1
	Draining         bool   `json:"draining,omitempty"` // taken out for maintenance: no flows, but probed
}
