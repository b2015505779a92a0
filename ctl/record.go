package ctl

import (
	"maps"
	"slices"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// Base returns what all kinds have, for code that treats them alike.
func (c *Common) Base() *Common { return c }

// Position is where the document has a key of the record; zero for a record that was never text.
func (c *Common) Position(key string) problem.Position { return c.src.Position(key) }

// Position is where the document has a key of the rule.
func (r *Rule) Position(key string) problem.Position { return r.src.Position(key) }

// TakeSource returns the record's place in a document and takes it off the record, so that a
// record that is kept does not keep its document.
func (c *Common) TakeSource() *tomldoc.Table {
	src := c.src
	if src != nil {
		c.src = nil
	}
	return src
}

// Forget takes the rule's place in a document off it.
func (r *Rule) Forget() {
	if r.src != nil {
		r.src = nil
	}
}

// normalize fills in what all kinds default to.
func (c *Common) normalize() {
	if c.Account == "" {
		c.Account = DefaultAccount
	}
	if c.Tags != nil && len(c.Tags) == 0 {
		c.Tags = nil
	}
}

// Normalize fills in defaults, so that equal resources are equal records. It does not judge, and it
// does not write to a record that is normal, which others may be reading.
func (i *Interface) Normalize() {
	i.normalize()
	if i.VLAN == 0 {
		i.VLAN = rules.VLANAny
	}
	if i.Monitoring == "" {
		i.Monitoring = "basic"
	}
	if !i.HasMAC && i.MAC != [6]byte{} {
		i.MAC = [6]byte{}
	}
}

// Normalize fills in defaults.
func (t *Target) Normalize() { t.normalize() }

// Normalize fills in defaults and sorts the rules by direction and number.
func (f *Filter) Normalize() {
	f.normalize()
	if !slices.IsSortedFunc(f.Rules, CompareRules) {
		slices.SortStableFunc(f.Rules, CompareRules)
	}
	for _, r := range f.Rules {
		r.Normalize()
	}
}

// Normalize fills in defaults.
func (r *Rule) Normalize() {
	if r.Tags != nil && len(r.Tags) == 0 {
		r.Tags = nil
	}
}

// Normalize fills in defaults.
func (s *Session) Normalize() { s.normalize() }

// Normalize fills in defaults.
func (b *LoadBalancer) Normalize() { b.normalize() }

// CompareRules orders rules as they are tried: by direction, then number.
func CompareRules(a, b *Rule) int {
	if a.Direction != b.Direction {
		return int(a.Direction) - int(b.Direction)
	}
	return a.Number - b.Number
}

func (c *Common) equal(o *Common) bool {
	return c.ID == o.ID && c.Name == o.Name && c.Account == o.Account && c.Description == o.Description && maps.Equal(c.Tags, o.Tags)
}

// Equal reports whether two records say the same.
func (i *Interface) Equal(o *Interface) bool {
	return i.Common.equal(&o.Common) && i.Port == o.Port && i.MAC == o.MAC && i.HasMAC == o.HasMAC && i.VLAN == o.VLAN &&
		slices.Equal(i.Addresses, o.Addresses) && i.MTU == o.MTU && i.Zone == o.Zone && i.Instance == o.Instance && i.Image == o.Image &&
		i.InstanceType == o.InstanceType && i.AutoscalingGroup == o.AutoscalingGroup && i.Monitoring == o.Monitoring
}

// Equal reports whether two records say the same.
func (t *Target) Equal(o *Target) bool {
	return t.Common.equal(&o.Common) && t.Address == o.Address && t.Interface == o.Interface && t.LoadBalancer == o.LoadBalancer && t.MTU == o.MTU &&
		t.Limit == o.Limit
}

// EqualBase reports whether two filters say the same but for their rules.
func (f *Filter) EqualBase(o *Filter) bool {
	return f.Common.equal(&o.Common) && slices.Equal(f.Services, o.Services)
}

// Equal reports whether two rules say the same.
func (r *Rule) Equal(o *Rule) bool {
	return r.ID == o.ID && r.Direction == o.Direction && r.Number == o.Number && r.Action == o.Action && r.Protocol == o.Protocol &&
		equalPorts(r.SrcPorts, o.SrcPorts) && equalPorts(r.DstPorts, o.DstPorts) && r.Source == o.Source && r.Destination == o.Destination &&
		r.Description == o.Description && maps.Equal(r.Tags, o.Tags)
}

func equalPorts(a, b *rules.PortRange) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// Equal reports whether two records say the same.
func (s *Session) Equal(o *Session) bool {
	return s.Common.equal(&o.Common) && s.Source == o.Source && s.Target == o.Target && s.Filter == o.Filter &&
		s.Number == o.Number && s.VNI == o.VNI && s.PacketLength == o.PacketLength &&
		s.SampleOneIn == o.SampleOneIn && s.Limit == o.Limit && s.Inactive == o.Inactive
}

// Equal reports whether two records say the same.
func (b *LoadBalancer) Equal(o *LoadBalancer) bool {
	sameHealth := b.Health == o.Health || b.Health != nil && o.Health != nil && *b.Health == *o.Health
	return b.Common.equal(&o.Common) && b.CrossZone == o.CrossZone && slices.Equal(b.Listeners, o.Listeners) && sameHealth &&
		slices.Equal(b.Members, o.Members)
}
