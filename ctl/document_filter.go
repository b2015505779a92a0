package ctl

import (
	"net/netip"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// ServiceAmazonDNS is the only network service of a filter.
const ServiceAmazonDNS = "amazon-dns"

func readFilter(t *tomldoc.Table) Filter {
	defer t.Done()
	f := Filter{Common: readCommon(t, "filter", PrefixFilter, "web")}
	f.Services, _ = t.Strings("services")
	seen := map[string]bool{}
	for _, service := range f.Services {
		switch {
		case service != ServiceAmazonDNS:
			t.Errorf("services", "service %q is not known; use %q", service, ServiceAmazonDNS)
		case seen[service]:
			t.Errorf("services", "service %q is named twice; keep one of the two", service)
		}
		seen[service] = true
	}
	for i, sub := range t.Tables("rule") {
		f.Rules = append(f.Rules, readRule(sub, t.Subject(), i))
	}
	return f
}

func readRule(t *tomldoc.Table, filter string, index int) Rule {
	defer t.Done()
	t.SetSubject("%s rule %d", filter, index+1)
	r := Rule{src: t}
	r.Direction = readDirection(t)
	if t.Has("number") {
		r.Number = t.IntOr("number", 0, rules.SessionNumberMin, rules.SessionNumberMax)
	} else {
		t.Missing("number", "number is missing; add number = 100, the lowest is tried first")
	}
	if r.Number > 0 && t.Has("direction") {
		t.SetSubject("%s %s rule %d", filter, r.Direction, r.Number)
	}
	r.Action = readAction(t)
	readID(t, &r)
	r.Protocol = readProtocol(t)
	r.SrcPorts = readPorts(t, "source_ports", r.Protocol)
	r.DstPorts = readPorts(t, "destination_ports", r.Protocol)
	r.Source = readCIDR(t, "source")
	r.Destination = readCIDR(t, "destination")
	checkFamilies(t, r.Source, r.Destination)
	r.Description = readText(t, "description", maxDescription)
	return r
}

func readDirection(t *tomldoc.Table) rules.Direction {
	if !t.Has("direction") {
		t.Missing("direction", `direction is missing; add direction = "ingress" or direction = "egress"`)
	}
	if t.OneOf("direction", "ingress", "ingress", "egress") == "egress" {
		return rules.Egress
	}
	return rules.Ingress
}

func readAction(t *tomldoc.Table) rules.Action {
	if !t.Has("action") {
		t.Missing("action", `action is missing; add action = "accept" or action = "reject"`)
	}
	if t.OneOf("action", "reject", "accept", "reject") == "accept" {
		return rules.Accept
	}
	return rules.Reject
}

func readID(t *tomldoc.Table, r *Rule) {
	id, ok := t.String("id")
	if ok && !isIDOf(PrefixRule, id) {
		t.Errorf("id", "id %q is not the ID of a rule; write %s and 17 digits of 0-9a-f, or remove it to get one", id, PrefixRule)
	}
	r.ID = id
}

func readProtocol(t *tomldoc.Table) int {
	text, ok := t.TextOrInt("protocol")
	if !ok {
		return rules.ProtocolAny
	}
	protocol, err := ParseProtocol(text)
	if err != nil {
		t.Errorf("protocol", "%v", err)
		return rules.ProtocolTCP // so that ports are not reported as well
	}
	return protocol
}

func readPorts(t *tomldoc.Table, key string, protocol int) *rules.PortRange {
	text, ok := t.TextOrInt(key)
	if !ok {
		return nil
	}
	if protocol != rules.ProtocolTCP && protocol != rules.ProtocolUDP {
		t.Errorf(key, `%s needs protocol = "tcp" or protocol = "udp"; set one of them or remove %s`, key, key)
		return nil
	}
	ports, err := ParsePorts(text)
	if err != nil {
		t.Errorf(key, "%s %v", key, err)
	}
	return ports
}

func readCIDR(t *tomldoc.Table, key string) netip.Prefix {
	text, ok := t.String(key)
	if !ok {
		return netip.Prefix{}
	}
	prefix, err := ParseCIDR(text)
	if err != nil {
		t.Errorf(key, "%s %v", key, err)
		return netip.Prefix{}
	}
	return prefix
}

func checkFamilies(t *tomldoc.Table, source, destination netip.Prefix) {
	if source.IsValid() && destination.IsValid() && source.Addr().Is4() != destination.Addr().Is4() {
		t.Errorf("destination", "source %s is %s and destination %s is %s; use two IPv4 or two IPv6 blocks",
			source, family(source.Addr()), destination, family(destination.Addr()))
	}
}
