package ctl

import (
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/vxlan/balancer"
)

// Bounds of lists in a load balancer.
const (
	maxListeners = 50
	maxMembers   = 1000
)

// Check judges the record by itself; what is wrong with it is added to problems.
func (b *LoadBalancer) Check(problems *problem.List) {
	c := &checker{problems, b.src, b.Subject()}
	c.common(&b.Common, "load balancer", PrefixLoadBalancer, "tools")
	if n := len(b.Listeners); n > maxListeners {
		c.fail("listeners", "there are %d listeners; keep at most %d", n, maxListeners)
		return
	}
	if n := len(b.Members); n > maxMembers {
		c.fail("member", "there are %d members; keep at most %d", n, maxMembers)
		return
	}
	ports := map[int]bool{}
	for _, l := range b.Listeners {
		c.oneOf("listeners", "listener protocol", l.Protocol, "udp")
		c.number("listeners", "listener port", l.Port, 1, 65535)
		if ports[l.Port] {
			c.fail("listeners", "listener port %d is named twice; keep one of the two", l.Port)
		}
		ports[l.Port] = true
	}
	b.checkMembers(c)
	if b.Health != nil {
		b.Health.check(c)
	}
}

// CheckAgreement judges whether the parts of a record that passes Check go together. A state that an
// earlier version saved may hold records that do not; they are kept as they are until they change.
func (b *LoadBalancer) CheckAgreement(problems *problem.List) {
	c := &checker{problems, b.src, b.Subject()}
	for _, m := range b.Members {
		if first := b.Members[0]; m.Address.Is4() != first.Address.Is4() {
			c.fail("member", "members %s and %s are of different families; make all members IPv4 or all IPv6, and the others a load balancer of their own",
				first.Address, m.Address)
			break
		}
	}
	if b.Health != nil {
		b.Health.checkTimeout(c)
	}
}

// checkTimeout refuses a probe that would still be waiting when the next one is due.
func (h *HealthCheck) checkTimeout(c *checker) {
	interval, words := h.IntervalSeconds, ""
	if interval == 0 {
		interval, words = int(balancer.DefaultInterval/time.Second), ", the default"
	}
	if h.TimeoutSeconds > interval {
		c.fail("health", "health check timeout %d is longer than the interval %d%s; use a timeout of at most %d seconds", h.TimeoutSeconds, interval, words, interval)
	}
}

func (b *LoadBalancer) checkMembers(c *checker) {
	seen := map[string]bool{}
	for _, m := range b.Members {
		address := m.Address.String()
		if !m.Address.IsValid() {
			c.failCode(api.CodeMissingValue, "member", "a member has no address; give it one like 192.0.2.10")
			continue
		}
		if _, err := config.ParseUnicast(address); err != nil {
			c.fail("member", "member %v", err)
		} else if seen[address] {
			c.fail("member", "member %s is named twice; keep one of the two", address)
		}
		seen[address] = true
		c.text("member", "zone of member "+address, m.Zone, maxText)
		if m.Weight < 0 || m.Weight > 255 {
			c.fail("member", "weight %d of member %s is out of range; use a number from 0 to 255", m.Weight, address)
		}
	}
}

// check judges a health check: its key is that of the whole.
func (h *HealthCheck) check(c *checker) {
	c.oneOf("health", "health check protocol", h.Protocol, "tcp", "http", "icmp")
	for _, n := range []struct {
		words           string
		value, low, top int
	}{
		{"interval", h.IntervalSeconds, 1, 300},
		{"timeout", h.TimeoutSeconds, 1, 120},
		{"healthy threshold", h.HealthyThreshold, 1, 10},
		{"unhealthy threshold", h.UnhealthyThreshold, 1, 10},
	} {
		if n.value != 0 && (n.value < n.low || n.value > n.top) {
			c.fail("health", "health check %s %d is out of range; use a number from %d to %d", n.words, n.value, n.low, n.top)
		}
	}
	switch {
	case h.Protocol == "icmp" && h.Port != 0:
		c.fail("health", "a health check by icmp has no port; leave the port out")
	case h.Protocol != "icmp" && (h.Port < 1 || h.Port > 65535):
		c.fail("health", "health check port %d is out of range; use a number from 1 to 65535", h.Port)
	case h.Path != "" && h.Protocol != "http":
		c.fail("health", "a health check by %s has no path; leave it out or use http", clip(h.Protocol))
	case h.Path != "" && (h.Path[0] != '/' || len(h.Path) > 1024):
		c.fail("health", "health check path %q is not a path; begin it with / and use at most 1024 characters", clip(h.Path))
	}
	c.text("health", "health check path", h.Path, 1024)
}
