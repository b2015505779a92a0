package reference

import "slices"

// Resources has the sections of resources.toml, in the order of the page. The first, without a name, has the keys that all
// kinds have.
func Resources() []Section {
	return slices.Concat([]Section{{Keys: commonKeys()}}, pointSections(), balancerSections(), filterSections(), sessionSections())
}

func commonKeys() []Key {
	return []Key{
		{Name: "name", Type: Text, Required: true, Most: "64", Form: "a name, unique per kind and account", Meaning: "what others call it"},
		{Name: "id", Type: Text, Absent: "drawn when it is created",
			Form: "`eni-`, `tmt-`, `tmf-`, `tmfr-` (rules), `tms-`, `nlb-` and 17 digits of `0-9a-f`; of a share, a UUID", Meaning: "what never changes"},
		{Name: "account", Type: Text, Default: `"000000000000"`, Form: "12 digits", Meaning: "the owner"},
		{Name: "description", Type: Text, Most: "255", Meaning: "for people"},
		{Name: "tags", Type: Table, Most: "50", Form: "key of 1 to 128 characters that does not begin with `aws:`; value of up to 256", Meaning: "for people, policies and selection"},
	}
}

// pointSections are what copies come from and go to.
func pointSections() []Section {
	return []Section{
		{Name: "interface", Many: true, Keys: []Key{
			{Name: "port", Type: Text, Most: "128", Form: "a wire or tap port", Meaning: "where it is seen. Without it the interface cannot be a source"},
			{Name: "mac", Type: Text, Form: "`\"02:00:00:00:00:01\"`",
				Meaning: "frames from this MAC are its egress, frames to it its ingress. Without it: everything that enters the port, and everything that leaves it. Required on a tap"},
			{Name: "vlan", Type: Integer, Absent: "any tag or none", Least: "1", Most: "4094", Meaning: "VID of the outer tag; needs `mac`"},
			{Name: "addresses", Type: Texts, Most: "256", Form: "`[\"10.0.0.5\", \"2001:db8:1::5\"]`",
				Meaning: "the first of a family is the outer source of its copies; the first is where a target sends"},
			{Name: "mtu", Type: Integer, Unit: "bytes", Absent: "1500", Least: "68", Most: "65535", Meaning: "of an IP packet; used to warn when copies are bound to be truncated"},
			{Name: "zone", Type: Text, Absent: "that of the gateway", Most: "128", Meaning: "which members of a load balancer get its copies"},
			{Name: "instance", Type: Text, Most: "128", Meaning: "recorded; matters to quotas and to metrics"},
			{Name: "image", Type: Text, Most: "128", Meaning: "recorded, for metrics"},
			{Name: "instance_type", Type: Text, Most: "128", Meaning: "recorded; matters to quotas and to metrics"},
			{Name: "autoscaling_group", Type: Text, Most: "128", Meaning: "recorded, for metrics"},
			{Name: "monitoring", Type: Text, Default: `"basic"`, Words: []string{"basic", "detailed"}, Meaning: "of its metrics: every 5 minutes, or every minute and with more dimensions ([history.md](history.md))"},
		}},
		{Name: "target", Many: true, Keys: append([]Key{
			{Name: "address", Type: Text, Absent: "one of three is required", Form: "an address", Meaning: "where copies go"},
			{Name: "interface", Type: Text, Absent: "one of three is required", Form: "name or ID", Meaning: "copies go to its first address"},
			{Name: "load_balancer", Type: Text, Absent: "one of three is required", Form: "name or ID", Meaning: "copies are spread over its members"},
			{Name: "mtu", Type: Integer, Unit: "bytes", Absent: "the tunnel port's", Least: "576", Most: "65535", Form: "IPv6: from 1280",
				Meaning: "of the outer IP packet; the tunnel port's MTU limits it, for a load balancer that of the narrowest port that leads to a member"},
		}, limitKeys("of all copies to it together")...)},
	}
}

func limitKeys(of string) []Key {
	return []Key{
		{Name: "rate_limit_pps", Type: Integer, Unit: "packets/s", Absent: "no limit", Least: "1", Most: "1000000000", Meaning: "[rate limit](semantics.md#rate-limits) " + of},
		{Name: "rate_limit_bps", Type: Integer, Unit: "bits/s", Absent: "no limit", Least: "64000", Most: "1000000000000", Meaning: "[rate limit](semantics.md#rate-limits) " + of},
	}
}

func balancerSections() []Section {
	const second = "seconds"
	return []Section{
		{Name: "load_balancer", Many: true, Keys: []Key{
			{Name: "cross_zone", Type: Boolean, Default: "false", Meaning: "members of other zones are used when none is left in the source's"},
			{Name: "listeners", Type: Tables, Most: "50", Form: "`[{port = 4789}]`", Meaning: "what is accepted: `[[load_balancer.listeners]]`, below"},
			{Name: "health", Type: Table, Absent: "members are not probed", Form: "`{protocol = \"tcp\", port = 80}`", Meaning: "how members are probed: `[load_balancer.health]`, below"},
			{Name: "member", Type: Tables, Most: "1000", Meaning: "the appliances: `[[load_balancer.member]]`, below"},
		}},
		{Name: "load_balancer.listeners", Many: true, Keys: []Key{
			{Name: "protocol", Type: Text, Default: `"udp"`, Words: []string{"udp"}, Meaning: "VXLAN is UDP"},
			{Name: "port", Type: Integer, Required: true, Least: "1", Most: "65535", Meaning: "each once; copies go to 4789"},
		}},
		{Name: "load_balancer.health", Keys: []Key{
			{Name: "protocol", Type: Text, Required: true, Words: []string{"tcp", "http", "icmp"}, Meaning: "what a probe is"},
			{Name: "port", Type: Integer, Absent: "required, but for icmp", Least: "1", Most: "65535", Meaning: "of `tcp` and `http`; `icmp` has none"},
			{Name: "path", Type: Text, Most: "1024", Form: "begins with `/`", Meaning: "of `http` only"},
			{Name: "interval", Type: Integer, Unit: second, Absent: "30", Least: "1", Most: "300", Form: "or 0, the default", Meaning: "from one probe of a member to the next"},
			{Name: "timeout", Type: Integer, Unit: second, Absent: "10, http 6", Least: "1", Most: "120", Form: "or 0, the default", Meaning: "how long an answer may take; at most the interval"},
			{Name: "healthy_threshold", Type: Integer, Absent: "5", Least: "1", Most: "10", Form: "or 0, the default", Meaning: "answers in a row that make a member healthy"},
			{Name: "unhealthy_threshold", Type: Integer, Absent: "2", Least: "1", Most: "10", Form: "or 0, the default", Meaning: "probes in a row without an answer that make it unhealthy"},
		}},
		{Name: "load_balancer.member", Many: true, Keys: []Key{
			{Name: "address", Type: Text, Required: true, Form: "an address", Meaning: "of one appliance; all members IPv4, or all IPv6"},
			{Name: "zone", Type: Text, Absent: "it belongs to every zone", Most: "128", Meaning: "its availability zone"},
			{Name: "weight", Type: Integer, Default: "1", Least: "0", Most: "255", Meaning: "share of the flows; 0: none"},
			{Name: "draining", Type: Boolean, Default: "false", Meaning: "taken out for maintenance: no flows, but probed"},
		}},
	}
}

func filterSections() []Section {
	return []Section{
		{Name: "filter", Many: true, Keys: []Key{
			{Name: "services", Type: Texts, Form: "`[\"amazon-dns\"]`", Meaning: "see [semantics.md](semantics.md#dns-of-the-resolver)"},
			{Name: "rule", Type: Tables, Meaning: "what is accepted and rejected: `[[filter.rule]]`, below"},
		}},
		{Name: "filter.rule", Many: true, Keys: []Key{
			{Name: "direction", Type: Text, Required: true, Words: []string{"ingress", "egress"}, Meaning: "as the source sees it"},
			{Name: "number", Type: Integer, Required: true, Least: "1", Most: "32766", Meaning: "unique per direction; the lowest is tried first"},
			{Name: "action", Type: Text, Required: true, Words: []string{"accept", "reject"}, Meaning: "what becomes of packets that match"},
			{Name: "protocol", Type: TextNumber, Absent: "any", Form: "`tcp`, `udp`, `icmp`, `icmpv6`, …, 0 to 255, `-1`, `all`", Meaning: "of the IP packet"},
			{Name: "source", Type: Text, Absent: "any", Form: "a CIDR block without host bits", Meaning: "source and destination are both IPv4 or both IPv6"},
			{Name: "destination", Type: Text, Absent: "any", Form: "a CIDR block without host bits", Meaning: "as `source`"},
			{Name: "source_ports", Type: TextNumber, Absent: "any", Form: "`80`, `\"80\"`, `\"80-443\"`", Meaning: "TCP and UDP only"},
			{Name: "destination_ports", Type: TextNumber, Absent: "any", Form: "as `source_ports`", Meaning: "TCP and UDP only"},
			{Name: "description", Type: Text, Most: "255", Meaning: "for people"},
			{Name: "id", Type: Text, Absent: "drawn when it is created", Form: "`tmfr-` and 17 digits", Meaning: "rules have no names"},
			{Name: "tags", Type: Table, Most: "50", Form: "as of every kind", Meaning: "for people and policies"},
		}},
	}
}

func sessionSections() []Section {
	return []Section{
		{Name: "session", Many: true, Keys: append([]Key{
			{Name: "source", Type: Text, Required: true, Form: "name or ID of an interface", Meaning: "whose traffic is mirrored"},
			{Name: "target", Type: Text, Required: true, Form: "name or ID of a target", Meaning: "where copies go"},
			{Name: "filter", Type: Text, Required: true, Form: "name or ID of a filter", Meaning: "what is mirrored"},
			{Name: "number", Type: Integer, Required: true, Least: "1", Most: "32766", Meaning: "unique per source; the lowest is asked first"},
			{Name: "vni", Type: Integer, Absent: "drawn when it is created, and then unique in the account", Least: "1", Most: "16777215",
				Meaning: "set it where the tool depends on it: without `[state]` a drawn one differs at every start"},
			{Name: "packet_length", Type: Integer, Unit: "bytes", Absent: "whole frames", Least: "1", Most: "65535", Meaning: "of each frame to mirror, from its Ethernet header on"},
			{Name: "sample_one_in", Type: Integer, Absent: "all flows", Least: "2", Most: "1000000", Meaning: "[mirror one flow in so many](semantics.md#sampling)"},
			{Name: "inactive", Type: Text, Words: []string{"share-deleted", "target-deleted"},
				Meaning: "written by an export: the session has [lost its target](semantics.md#accounts-and-shared-targets), which is then allowed to be missing"},
		}, limitKeys("of its copies")...)},
		{Name: "share", Many: true, Keys: []Key{
			{Name: "targets", Type: Texts, Most: "1000", Form: "names or IDs of targets of the account", Meaning: "what is shared. An account has at most 5000 shares"},
			{Name: "allow_external", Type: Boolean, Default: "true", Meaning: "accounts outside the organisation may be invited"},
			{Name: "title", Type: Text, Absent: "the name", Most: "255", Meaning: "its name in AWS RAM"},
			{Name: "principal", Type: Tables, Most: "1000", Meaning: "with whom: `[[share.principal]]`, below"},
		}},
		{Name: "share.principal", Many: true, Keys: []Key{
			{Name: "id", Type: Text, Required: true, Form: "12 digits, or the ARN of the organisation", Meaning: "who may use the targets"},
			{Name: "status", Type: Text, Absent: "as it is, or as it has to be", Words: []string{"associated", "pending", "accepted", "rejected"},
				Meaning: "a document speaks for all accounts: `accepted` answers for one that is invited"},
			{Name: "invitation", Type: Text, Absent: "as it is, or drawn", Form: "a UUID", Meaning: "ID of the invitation"},
		}},
	}
}
