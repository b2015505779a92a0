package ctl

import (
	"net/netip"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// The functions of this file turn sections into records. They judge types only: that a number is a
// number and a MAC address one. Everything else is the records' Check.

// readCommon reads what all kinds have and names the table for errors.
func readCommon(t *tomldoc.Table, kind string) Common {
	c := Common{src: t, Account: DefaultAccount}
	if name, ok := t.String("name"); ok {
		c.Name = name
		t.SetSubject("%s %q", kind, clip(name))
	}
	c.ID, _ = t.String("id")
	if account, ok := t.String("account"); ok {
		c.Account = account
	}
	c.Description, _ = t.String("description")
	c.Tags = readTags(t)
	return c
}

func readTags(t *tomldoc.Table) map[string]string {
	if !t.Has("tags") {
		return nil
	}
	table := t.Table("tags")
	table.SetSubject("%s tags", t.Subject())
	tags := map[string]string{}
	for _, key := range table.Keys() {
		tags[key], _ = table.String(key)
	}
	return tags
}

func readInterface(t *tomldoc.Table) *Interface {
	defer t.Done()
	i := &Interface{Common: readCommon(t, "interface")}
	i.Port, _ = t.String("port")
	if text, ok := t.String("mac"); ok {
		mac, err := config.ParseMAC(text)
		if err != nil {
			t.Errorf("mac", "%v", err)
		}
		i.MAC, i.HasMAC = mac, true
	}
	i.VLAN = t.Number("vlan", rules.VLANAny)
	texts, _ := t.Strings("addresses")
	for _, text := range texts {
		i.Addresses = append(i.Addresses, readAddress(t, "addresses", text))
	}
	i.MTU = t.Number("mtu", 0)
	i.Zone, _ = t.String("zone")
	i.Instance, _ = t.String("instance")
	i.Image, _ = t.String("image")
	i.InstanceType, _ = t.String("instance_type")
	i.AutoscalingGroup, _ = t.String("autoscaling_group")
	i.Monitoring = "basic"
	if monitoring, ok := t.String("monitoring"); ok {
		i.Monitoring = monitoring
	}
	return i
}

func readAddress(t *tomldoc.Table, key, text string) netip.Addr {
	addr, err := config.ParseUnicast(text)
	if err != nil {
		t.Errorf(key, "%v", err)
	}
	return addr
}

func readTarget(t *tomldoc.Table) *Target {
	defer t.Done()
	target := &Target{Common: readCommon(t, "target")}
	if text, ok := t.String("address"); ok {
		target.Address = readAddress(t, "address", text)
	}
	target.Interface, _ = t.String("interface")
	target.LoadBalancer, _ = t.String("load_balancer")
	target.MTU = t.Number("mtu", 0)
	target.Limit = readLimit(t)
	return target
}

func readSession(t *tomldoc.Table) *Session {
	defer t.Done()
	s := &Session{Common: readCommon(t, "session")}
	s.Source, _ = t.String("source")
	s.Target, _ = t.String("target")
	s.Filter, _ = t.String("filter")
	s.Number = t.Number("number", 0)
	s.VNI = t.Number("vni", 0)
	s.PacketLength = t.Number("packet_length", rules.PacketLengthEntire)
	s.SampleOneIn = t.Number("sample_one_in", 0)
	s.Limit = readLimit(t)
	s.Inactive, _ = t.String("inactive")
	return s
}

func readLimit(t *tomldoc.Table) rules.Limit {
	return rules.Limit{PPS: t.Number("rate_limit_pps", 0), BPS: t.Number("rate_limit_bps", 0)}
}

func readLoadBalancer(t *tomldoc.Table) *LoadBalancer {
	defer t.Done()
	b := &LoadBalancer{Common: readCommon(t, "load balancer"), CrossZone: t.BoolOr("cross_zone", false)}
	for _, sub := range t.Tables("listeners") {
		l := Listener{Protocol: "udp", Port: sub.Number("port", 0)}
		if protocol, ok := sub.String("protocol"); ok {
			l.Protocol = protocol
		}
		sub.Done()
		b.Listeners = append(b.Listeners, l)
	}
	if t.Has("health") {
		b.Health = readHealth(t.Table("health"))
	}
	for _, sub := range t.Tables("member") {
		m := Member{Weight: sub.Number("weight", DefaultWeight)}
		if text, ok := sub.String("address"); ok {
			m.Address = readAddress(sub, "address", text)
		}
		m.Zone, _ = sub.String("zone")
		m.Draining = sub.BoolOr("draining", false)
		sub.Done()
		b.Members = append(b.Members, m)
	}
	return b
}

func readHealth(t *tomldoc.Table) *HealthCheck {
	defer t.Done()
	h := &HealthCheck{}
	h.Protocol, _ = t.String("protocol")
	h.Port = t.Number("port", 0)
	h.Path, _ = t.String("path")
	h.IntervalSeconds = t.Number("interval", 0)
	h.TimeoutSeconds = t.Number("timeout", 0)
	h.HealthyThreshold = t.Number("healthy_threshold", 0)
	h.UnhealthyThreshold = t.Number("unhealthy_threshold", 0)
	return h
}
