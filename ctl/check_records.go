package ctl

import (
	"fmt"
	"net/netip"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/rules"
)

// ServiceAmazonDNS is the only network service of a filter.
const ServiceAmazonDNS = "amazon-dns"

// subjectOf is what sentences call a record: by its name, else as its document does.
func subjectOf(word string, c *Common) string {
	if c.Name == "" && c.src != nil {
		return c.src.Subject()
	}
	return fmt.Sprintf("%s %q", word, clip(c.Name))
}

// Subject is what sentences call the interface.
func (i *Interface) Subject() string { return subjectOf("interface", &i.Common) }

// Subject is what sentences call the target.
func (t *Target) Subject() string { return subjectOf("target", &t.Common) }

// Subject is what sentences call the filter.
func (f *Filter) Subject() string { return subjectOf("filter", &f.Common) }

// Subject is what sentences call the session.
func (s *Session) Subject() string { return subjectOf("session", &s.Common) }

// Subject is what sentences call the load balancer.
func (b *LoadBalancer) Subject() string { return subjectOf("load balancer", &b.Common) }

// Subject is what sentences call the rule; filter is what they call its filter.
func (r *Rule) Subject(filter string) string {
	if r.src != nil {
		return r.src.Subject()
	}
	return fmt.Sprintf("%s %s rule %d", filter, r.Direction, r.Number)
}

// Check judges the record by itself; what is wrong with it is added to problems.
func (i *Interface) Check(problems *problem.List) {
	c := &checker{problems, i.src, i.Subject()}
	c.common(&i.Common, "interface", PrefixInterface, "web-1")
	c.text("port", "port", i.Port, maxText)
	if i.HasMAC {
		_, err := config.ParseMAC(config.FormatMAC(i.MAC))
		c.failErr("mac", err)
	}
	c.number("vlan", "vlan", i.VLAN, rules.VLANMin, rules.VLANMax, rules.VLANAny, 0)
	if i.VLAN > 0 && !i.HasMAC {
		c.fail("vlan", "vlan without mac selects nothing; add the interface's mac or leave vlan out")
	}
	c.addresses(i.Addresses)
	c.number("mtu", "mtu", i.MTU, minSourceMTU, maxMTU, 0)
	c.text("zone", "zone", i.Zone, maxText)
	c.text("instance", "instance", i.Instance, maxText)
	c.text("image", "image", i.Image, maxText)
	c.text("instance_type", "instance type", i.InstanceType, maxText)
	c.text("autoscaling_group", "autoscaling group", i.AutoscalingGroup, maxText)
	if i.Monitoring != "" || c.src.Has("monitoring") {
		c.oneOf("monitoring", "monitoring", i.Monitoring, "basic", "detailed")
	}
}

func (c *checker) addresses(addresses []netip.Addr) {
	for n, addr := range addresses {
		_, err := config.ParseUnicast(addr.String())
		c.failErr("addresses", err)
		for _, other := range addresses[:n] {
			if addr == other {
				c.fail("addresses", "address %s is named twice; keep one of the two", addr)
			}
		}
		if n == maxAddresses {
			c.fail("addresses", "there are %d addresses; keep at most %d", len(addresses), maxAddresses)
			return
		}
	}
}

// maxAddresses of one interface; generous, and a bound for what is compared with each other.
const maxAddresses = 256

// Check judges the record by itself; what is wrong with it is added to problems.
func (t *Target) Check(problems *problem.List) {
	c := &checker{problems, t.src, t.Subject()}
	c.common(&t.Common, "target", PrefixTarget, "ids")
	kinds := 0
	for _, has := range []bool{t.Address.IsValid(), t.Interface != "", t.LoadBalancer != ""} {
		if has {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		c.failCode(api.CodeMissingValue, "address", "the target points nowhere; give it an address, an interface or a load balancer")
	case kinds > 1:
		c.fail("", "the target has more than one of address, interface and load balancer; keep one")
	}
	if t.Address.IsValid() {
		_, err := config.ParseUnicast(t.Address.String())
		c.failErr("address", err)
	}
	c.number("mtu", "mtu", t.MTU, MinTargetMTU, MaxTargetMTU, 0)
	c.limit(t.Limit)
}

// Check judges the record and its rules by themselves; what is wrong with them is added to
// problems. Numbers and identifiers of rules must be unique in the filter.
func (f *Filter) Check(problems *problem.List) {
	c := &checker{problems, f.src, f.Subject()}
	c.common(&f.Common, "filter", PrefixFilter, "web")
	for n, service := range f.Services {
		if service != ServiceAmazonDNS {
			c.fail("services", "service %q is not known; use %q", clip(service), ServiceAmazonDNS)
		} else if n > 0 {
			c.fail("services", "service %q is named twice; keep one of the two", service)
		}
	}
	for _, r := range f.Rules {
		r.Check(c.subject, problems)
	}
	f.checkUnique(problems)
}

// checkUnique reports rules whose number in their direction, or whose ID, an earlier one has.
func (f *Filter) checkUnique(problems *problem.List) {
	type key struct {
		direction rules.Direction
		number    int
	}
	numbers, ids := make(map[key]int, len(f.Rules)), map[string]bool{}
	for i, r := range f.Rules {
		c := &checker{problems, r.src, ""}
		k := key{r.Direction, r.Number}
		if other, taken := numbers[k]; taken {
			c.subject = r.Subject(f.Subject())
			c.failCode(api.CodeAlreadyExists, "number", "the number is taken in this direction by rule %d of the filter; choose another", other+1)
		} else {
			numbers[k] = i
		}
		if r.ID != "" && ids[r.ID] {
			c.subject = r.Subject(f.Subject())
			c.failCode(api.CodeAlreadyExists, "id", "the id is taken by another rule of the filter; remove one of the two")
		}
		ids[r.ID] = true
	}
}

// Check judges the rule by itself; what is wrong with it is added to problems. filter is what
// sentences call its filter.
func (r *Rule) Check(filter string, problems *problem.List) {
	c := &checker{problems: problems, src: r.src}
	before := problems.Len()
	c.subject = filter // refined below, where it is needed: rules are many and mostly right
	r.check(c)
	if problems.Len() > before {
		problems.Rename(before, r.Subject(filter))
	}
}

func (r *Rule) check(c *checker) {
	c.required("number", "rule number", r.Number, rules.SessionNumberMin, rules.SessionNumberMax, 100)
	c.id(r.ID, "rule", PrefixRule)
	if r.Protocol < rules.ProtocolAny || r.Protocol > 255 {
		c.fail("protocol", "protocol %d is out of range; use a number from 0 to 255, or -1 for all", r.Protocol)
	}
	c.ports("source_ports", "source ports", r.SrcPorts, r.Protocol)
	c.ports("destination_ports", "destination ports", r.DstPorts, r.Protocol)
	c.cidr("source", r.Source)
	c.cidr("destination", r.Destination)
	if r.Source.IsValid() && r.Destination.IsValid() && r.Source.Addr().Is4() != r.Destination.Addr().Is4() {
		c.fail("destination", "source %s is %s and destination %s is %s; use two IPv4 or two IPv6 blocks",
			r.Source, Family(r.Source.Addr()), r.Destination, Family(r.Destination.Addr()))
	}
	c.text("description", "description", r.Description, maxDescription)
	c.tags(r.Tags)
}

func (c *checker) ports(key, words string, ports *rules.PortRange, protocol int) {
	if ports == nil {
		return
	}
	if protocol != rules.ProtocolTCP && protocol != rules.ProtocolUDP {
		c.fail(key, "%s need protocol tcp or udp; set one of them or leave the ports out", words)
		return
	}
	if ports.First > ports.Last {
		c.fail(key, "%s %d-%d run backwards; write %d-%d", words, ports.First, ports.Last, ports.Last, ports.First)
	}
}

func (c *checker) cidr(key string, prefix netip.Prefix) {
	if prefix == (netip.Prefix{}) {
		return
	}
	if _, err := ParseCIDR(prefix.String()); err != nil {
		c.fail(key, "%s %v", key, err)
	}
}

// Check judges the record by itself; what is wrong with it is added to problems.
func (s *Session) Check(problems *problem.List) {
	c := &checker{problems, s.src, s.Subject()}
	c.common(&s.Common, "session", PrefixSession, "web-1-to-ids")
	c.reference("source", s.Source, "an interface")
	c.reference("target", s.Target, "a target")
	c.reference("filter", s.Filter, "a filter")
	c.required("number", "session number", s.Number, rules.SessionNumberMin, rules.SessionNumberMax, 1)
	c.number("vni", "VNI", s.VNI, rules.VNIMin, rules.VNIMax, 0)
	c.number("packet_length", "packet length", s.PacketLength, 1, maxLength, rules.PacketLengthEntire)
	c.number("sample_one_in", "sample_one_in", s.SampleOneIn, rules.SampleMin, rules.SampleMax, 0)
	c.limit(s.Limit)
	if s.Inactive != "" || c.src.Has("inactive") {
		c.oneOf("inactive", "inactive", s.Inactive, InactiveShareDeleted, InactiveTargetDeleted)
	}
	if s.Inactive == InactiveTargetDeleted && !isIDOf(PrefixTarget, s.Target) {
		c.fail("target", "target %q is deleted, so only its ID is left; write %s and 17 digits of 0-9a-f", clip(s.Target), PrefixTarget)
	}
}

func (c *checker) limit(l rules.Limit) {
	c.number("rate_limit_pps", "rate limit (packets per second)", l.PPS, rules.PPSMin, rules.PPSMax, 0)
	c.number("rate_limit_bps", "rate limit (bits per second)", l.BPS, rules.BPSMin, rules.BPSMax, 0)
}

func (c *checker) reference(key, ref, kind string) {
	if ref == "" {
		c.failCode(api.CodeMissingValue, key, "%s is missing; name %s", key, kind)
	}
}
