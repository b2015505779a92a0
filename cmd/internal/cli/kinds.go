package cli

import "mirrorgw/ctl/api"

const (
	maxNumber = 32766
	maxPort   = 65535
	maxVNI    = 1<<24 - 1
	maxSample = 1_000_000
	maxPPS    = 1_000_000_000
	minBPS    = 64_000
	maxBPS    = 1_000_000_000_000
)

var directions = []string{"ingress", "egress"}

// kinds are all kinds of resources, in the order in which one creates them.
var kinds = []*kind{interfaceKind, loadBalancerKind, targetKind, filterKind, ruleKind, sessionKind, shareKind}

var interfaceKind = &kind{
	word: "interface", path: api.PathInterfaces, idKey: "networkInterfaceId", prefix: "eni-",
	short:   "network interfaces: mirror sources, and what targets point at",
	example: "mirrorctl interface create web-1 --port wire0 --mac 02:00:00:00:00:05 --address 10.0.0.5",
	fields: []*field{
		{flag: "port", json: "port", value: word("PORT"), refers: "port", column: "PORT",
			usage: "wire or tap port it is seen on; without one it cannot be a source"},
		{flag: "mac", json: "macAddress", value: word("MAC"), column: "MAC",
			usage: "its MAC address; without one everything on the port is its traffic"},
		{flag: "vlan", json: "vlan", value: number(1, 4094), column: "VLAN", number: true,
			usage: "VID of the outer tag; absent: any tag or none"},
		{flag: "address", json: "ipAddresses", value: words("ADDRESS"), column: "ADDRESSES",
			usage: "its IP addresses, the primary one of each family first"},
		{flag: "mtu", json: "mtu", value: number(1, maxPort), column: "MTU", number: true,
			usage: "the longest IP packet it sends, bytes"},
		{flag: "zone", json: "availabilityZone", value: word("ZONE"), usage: "availability zone"},
		{flag: "instance", json: "instanceId", value: word("ID"), usage: "instance that it belongs to"},
		{flag: "image", json: "imageId", value: word("ID"), usage: "image of that instance"},
		{flag: "instance-type", json: "instanceType", value: word("TYPE"), usage: "type of that instance"},
		{flag: "autoscaling-group", json: "autoScalingGroup", value: word("NAME"), usage: "group of that instance"},
		{flag: "monitoring", json: "monitoring", value: word("HOW"), choices: []string{"basic", "detailed"},
			usage: "basic (5 minutes) or detailed (1 minute)"},
	},
}

var targetKind = &kind{
	word: "target", path: api.PathTargets, idKey: "trafficMirrorTargetId", prefix: "tmt-",
	short:   "targets: where copies go",
	example: "mirrorctl target create ids --address 192.0.2.10",
	fields: []*field{
		{flag: "address", json: "ipAddress", value: word("ADDRESS"), column: "ADDRESS",
			usage: "IP address of a monitoring appliance"},
		{flag: "interface", json: "networkInterfaceId", value: word("INTERFACE"), refers: "interface", column: "INTERFACE",
			usage: "interface of a monitoring appliance, name or ID"},
		{flag: "load-balancer", json: "loadBalancerId", value: word("LOAD-BALANCER"), refers: "load-balancer",
			column: "LOAD BALANCER", usage: "load balancer before several appliances, name or ID"},
		{flag: "mtu", json: "mtu", value: number(1, maxPort), column: "MTU", number: true,
			usage: "the longest outer IP packet it can take, bytes; longer copies are truncated"},
		{flag: "rate-limit-pps", json: "rateLimitPps", value: rate(1, maxPPS), number: true,
			usage: "copies a second, of all sessions to it together; absent: no limit"},
		{flag: "rate-limit-bps", json: "rateLimitBps", value: rate(minBPS, maxBPS), number: true,
			usage: "bits a second of all copies to it, outer headers included; absent: no limit"},
		{flag: "state", json: "state", shown: true, column: "STATE"},
		{flag: "state-reason", json: "stateReason", shown: true},
		{flag: "tunnel-port", json: "path.tunnelPort", shown: true},
		{flag: "router", json: "path.via", shown: true},
		{flag: "next-hop-mac", json: "path.macAddress", shown: true},
		{flag: "path-mtu", json: "path.pathMtu", shown: true},
		{flag: "copies-cut-at", json: "path.mtu", shown: true},
		{flag: "changed", json: "path.since", shown: true},
		{flag: "icmp-errors", json: "path.icmpErrors", shown: true},
		{flag: "last-icmp-error", json: "path.lastIcmpError", shown: true},
	},
}

var filterKind = &kind{
	word: "filter", path: api.PathFilters, idKey: "trafficMirrorFilterId", prefix: "tmf-",
	short:   "filters: sets of rules and of network services",
	example: "mirrorctl filter create web --service amazon-dns",
	fields: []*field{
		{flag: "service", json: "networkServices", value: words("SERVICE"), choices: []string{"amazon-dns"},
			column: "SERVICES", usage: "network service to mirror, whatever the rules say"},
		{flag: "ingress-rules", json: "ingressFilterRules", value: value{format: count, always: true}, shown: true,
			column: "INGRESS RULES", number: true},
		{flag: "egress-rules", json: "egressFilterRules", value: value{format: count, always: true}, shown: true,
			column: "EGRESS RULES", number: true},
	},
}

var ruleKind = &kind{
	word: "rule", path: api.PathRules, idKey: "trafficMirrorFilterRuleId", prefix: "tmfr-", unnamed: true,
	short: "rules of filters; one is named by its ID or as FILTER/ingress/100",
	example: "mirrorctl rule create --filter web --direction ingress --number 100 --action accept --protocol tcp \\\n" +
		"      --source 0.0.0.0/0 --destination 10.0.0.0/16 --destination-ports 80-443",
	fields: []*field{
		{flag: "filter", json: "trafficMirrorFilterId", value: word("FILTER"), refers: "filter", column: "FILTER",
			needed: true, fixed: true, usage: "filter that the rule belongs to, name or ID"},
		{flag: "direction", json: "trafficDirection", value: word("DIRECTION"), choices: directions, column: "DIRECTION",
			needed: true, usage: "ingress (towards the source) or egress (from it)"},
		{flag: "number", json: "ruleNumber", value: number(1, maxNumber), column: "NUMBER", number: true,
			needed: true, usage: "the lowest number that matches decides"},
		{flag: "action", json: "ruleAction", value: word("ACTION"), choices: []string{"accept", "reject"},
			column: "ACTION", needed: true, usage: "accept (mirror) or reject (do not)"},
		{flag: "protocol", json: "protocol", value: protocol(), choices: []string{"all", "icmp", "icmpv6", "sctp", "tcp", "udp"},
			column: "PROTOCOL", usage: "IP protocol by name or number; absent: all"},
		{flag: "source", json: "sourceCidrBlock", value: word("CIDR"), column: "SOURCE",
			usage: "source addresses, as 10.0.0.0/16; absent: any"},
		{flag: "source-ports", json: "sourcePortRange", value: portRange(), column: "PORTS",
			usage: "source ports of TCP or UDP, as 1024-65535"},
		{flag: "destination", json: "destinationCidrBlock", value: word("CIDR"), column: "DESTINATION",
			usage: "destination addresses; absent: any"},
		{flag: "destination-ports", json: "destinationPortRange", value: portRange(), column: "PORTS",
			usage: "destination ports of TCP or UDP, as 443"},
	},
}

var sessionKind = &kind{
	word: "session", path: api.PathSessions, idKey: "trafficMirrorSessionId", prefix: "tms-",
	short:   "sessions: mirror what a filter selects of a source to a target",
	example: "mirrorctl session create s1 --source web-1 --target ids --filter web --number 1 --vni 100",
	fields: []*field{
		{flag: "source", json: "networkInterfaceId", value: word("INTERFACE"), refers: "interface", column: "SOURCE",
			needed: true, fixed: true, usage: "interface to mirror, name or ID"},
		{flag: "number", json: "sessionNumber", value: number(1, maxNumber), column: "NUMBER", number: true,
			needed: true, usage: "the lowest number of a source is tried first"},
		{flag: "target", json: "trafficMirrorTargetId", value: word("TARGET"), refers: "target", column: "TARGET",
			needed: true, usage: "where copies go, name or ID"},
		{flag: "filter", json: "trafficMirrorFilterId", value: word("FILTER"), refers: "filter", column: "FILTER",
			needed: true, usage: "filter that selects, name or ID"},
		{flag: "vni", json: "virtualNetworkId", value: number(1, maxVNI), column: "VNI", number: true,
			usage: "VXLAN network identifier; absent: one that is not in use"},
		{flag: "packet-length", json: "packetLength", value: number(1, maxPort), column: "LENGTH", number: true,
			usage: "bytes of each frame to mirror; absent: all"},
		{flag: "sample-one-in", json: "sampleOneIn", value: number(2, maxSample), number: true,
			usage: "mirror one flow in so many; absent: all"},
		{flag: "rate-limit-pps", json: "rateLimitPps", value: rate(1, maxPPS), number: true,
			usage: "copies a second; absent: no limit"},
		{flag: "rate-limit-bps", json: "rateLimitBps", value: rate(minBPS, maxBPS), number: true,
			usage: "bits a second of copies, outer headers included; absent: no limit"},
		{flag: "inactive", json: "inactive", shown: true},
		{flag: "state", json: "state", shown: true, column: "STATE"},
		{flag: "state-reason", json: "stateReason", shown: true},
		{flag: "delivery", json: "delivery", shown: true},
		{flag: "delivery-reason", json: "deliveryReason", shown: true},
	},
}

var loadBalancerKind = &kind{
	word: "load-balancer", path: api.PathLoadBalancers, idKey: "loadBalancerId", prefix: "nlb-",
	short:   "load balancers: spread the copies of one target over several appliances",
	example: "mirrorctl load-balancer create sensors --listener udp:4789 --member 192.0.2.11 --member 192.0.2.12@zone-b*2",
	fields: []*field{
		{flag: "listener", json: "listeners", value: listeners(), column: "LISTENERS", usage: "what it accepts, as udp:4789"},
		{flag: "member", json: "members", value: members(), column: "MEMBERS",
			usage: "an appliance; zone and weight (0-255, absent 1) as 192.0.2.11@zone-a*10, +draining behind it takes it out"},
		{flag: "cross-zone", json: "crossZone", value: yesNo(), column: "CROSS ZONE", usage: "use members of other zones when none is left in the own one"},
		{flag: "health-protocol", json: "health.protocol", value: word("PROTOCOL"), choices: []string{"tcp", "http", "icmp"},
			usage: "how members are probed; absent: not at all"},
		{flag: "health-port", json: "health.port", value: number(1, maxPort), usage: "port that is probed"},
		{flag: "health-path", json: "health.path", value: word("PATH"), usage: "path that an http probe asks for"},
		{flag: "health-interval", json: "health.intervalSeconds", value: number(1, 300), usage: "seconds between probes; absent: 30"},
		{flag: "health-timeout", json: "health.timeoutSeconds", value: number(1, 120), usage: "seconds until a probe has failed, at most the interval; absent: 10, http 6"},
		{flag: "healthy-threshold", json: "health.healthyThreshold", value: number(1, 10), usage: "good probes in a row until healthy; absent: 5"},
		{flag: "unhealthy-threshold", json: "health.unhealthyThreshold", value: number(1, 10), usage: "bad probes in a row until unhealthy; absent: 2"},
	},
}

// count writes how many there are.
func count(v any) string {
	list, _ := v.([]any)
	return plain(len(list))
}
