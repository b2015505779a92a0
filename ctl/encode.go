package ctl

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// Encode writes the document as TOML that ParseDocument reads back to the identity. What has its
// default is left out. The error is w's.
func (d *Document) Encode(w io.Writer) error {
	e := &encoder{w: bufio.NewWriter(w)}
	for _, i := range d.Interfaces {
		e.networkInterface(i)
	}
	for _, b := range d.LoadBalancers {
		e.loadBalancer(b)
	}
	for _, t := range d.Targets {
		e.target(t)
	}
	for _, f := range d.Filters {
		e.filter(f)
	}
	for _, s := range d.Shares {
		e.share(s)
	}
	for _, s := range d.Sessions {
		e.session(s)
	}
	return e.w.Flush()
}

// encoder writes sections. Errors stick to the buffered writer until Flush tells them.
type encoder struct {
	w     *bufio.Writer
	begun bool
}

func (e *encoder) section(header string) {
	if e.begun {
		e.w.WriteByte('\n')
	}
	e.begun = true
	e.w.WriteString(header)
	e.w.WriteByte('\n')
}

// text writes a key unless its value is empty.
func (e *encoder) text(key, value string) {
	if value != "" {
		fmt.Fprintf(e.w, "%s = %s\n", key, quoteTOML(value))
	}
}

// number writes a key unless its value is the one that is assumed without it.
func (e *encoder) number(key string, value, absent int) {
	if value != absent {
		fmt.Fprintf(e.w, "%s = %d\n", key, value)
	}
}

func (e *encoder) texts(key string, values []string) {
	if len(values) == 0 {
		return
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quoteTOML(v)
	}
	fmt.Fprintf(e.w, "%s = [%s]\n", key, strings.Join(quoted, ", "))
}

func (e *encoder) tags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	pairs := make([]string, 0, len(tags))
	for _, key := range sortedKeys(tags) {
		pairs = append(pairs, quoteTOML(key)+" = "+quoteTOML(tags[key]))
	}
	fmt.Fprintf(e.w, "tags = { %s }\n", strings.Join(pairs, ", "))
}

func (e *encoder) common(c *Common) {
	e.text("name", c.Name)
	e.text("id", c.ID)
	if c.Account != DefaultAccount {
		e.text("account", c.Account)
	}
	e.text("description", c.Description)
	e.tags(c.Tags)
}

func (e *encoder) networkInterface(i *Interface) {
	e.section("[[interface]]")
	e.common(&i.Common)
	e.text("port", i.Port)
	if i.HasMAC {
		e.text("mac", config.FormatMAC(i.MAC))
	}
	e.number("vlan", i.VLAN, rules.VLANAny)
	addresses := make([]string, len(i.Addresses))
	for n, addr := range i.Addresses {
		addresses[n] = addr.String()
	}
	e.texts("addresses", addresses)
	e.number("mtu", i.MTU, 0)
	e.text("zone", i.Zone)
	e.text("instance", i.Instance)
	e.text("image", i.Image)
	e.text("instance_type", i.InstanceType)
	e.text("autoscaling_group", i.AutoscalingGroup)
	if i.Monitoring != "basic" {
		e.text("monitoring", i.Monitoring)
	}
}

func (e *encoder) target(t *Target) {
	e.section("[[target]]")
	e.common(&t.Common)
	if t.Address.IsValid() {
		e.text("address", t.Address.String())
	}
	e.text("interface", t.Interface)
	e.text("load_balancer", t.LoadBalancer)
	e.number("mtu", t.MTU, 0)
	e.limit(t.Limit)
}

func (e *encoder) filter(f *Filter) {
	e.section("[[filter]]")
	e.common(&f.Common)
	e.texts("services", f.Services)
	for _, r := range f.Rules {
		e.rule(r)
	}
}

func (e *encoder) rule(r *Rule) {
	e.w.WriteString("[[filter.rule]]\n")
	e.text("id", r.ID)
	e.text("direction", r.Direction.String())
	e.number("number", r.Number, 0)
	e.text("action", r.Action.String())
	e.protocol(r.Protocol)
	e.ports("source_ports", r.SrcPorts)
	e.ports("destination_ports", r.DstPorts)
	e.cidr("source", r.Source)
	e.cidr("destination", r.Destination)
	e.text("description", r.Description)
	e.tags(r.Tags)
}

// protocol writes the name of the protocols that most rules are about, and the number of others.
func (e *encoder) protocol(p int) {
	switch p {
	case rules.ProtocolICMP:
		e.text("protocol", "icmp")
	case rules.ProtocolTCP:
		e.text("protocol", "tcp")
	case rules.ProtocolUDP:
		e.text("protocol", "udp")
	case rules.ProtocolICMPv6:
		e.text("protocol", "icmpv6")
	default:
		e.number("protocol", p, rules.ProtocolAny)
	}
}

func (e *encoder) ports(key string, p *rules.PortRange) {
	switch {
	case p == nil:
	case p.First == p.Last:
		fmt.Fprintf(e.w, "%s = %d\n", key, p.First)
	default:
		fmt.Fprintf(e.w, "%s = \"%d-%d\"\n", key, p.First, p.Last)
	}
}

func (e *encoder) cidr(key string, p netip.Prefix) {
	if p.IsValid() {
		e.text(key, p.String())
	}
}

func (e *encoder) session(s *Session) {
	e.section("[[session]]")
	e.common(&s.Common)
	e.text("source", s.Source)
	e.text("target", s.Target)
	e.text("filter", s.Filter)
	e.number("number", s.Number, 0)
	e.number("vni", s.VNI, 0)
	e.number("packet_length", s.PacketLength, rules.PacketLengthEntire)
	e.number("sample_one_in", s.SampleOneIn, 0)
	e.limit(s.Limit)
	e.text("inactive", s.Inactive)
}

func (e *encoder) limit(l rules.Limit) {
	e.number("rate_limit_pps", l.PPS, 0)
	e.number("rate_limit_bps", l.BPS, 0)
}

func (e *encoder) loadBalancer(b *LoadBalancer) {
	e.section("[[load_balancer]]")
	e.common(&b.Common)
	if b.CrossZone {
		e.w.WriteString("cross_zone = true\n")
	}
	for _, l := range b.Listeners {
		e.w.WriteString("[[load_balancer.listeners]]\n")
		e.text("protocol", l.Protocol)
		e.number("port", l.Port, 0)
	}
	if h := b.Health; h != nil {
		e.w.WriteString("[load_balancer.health]\n")
		e.text("protocol", h.Protocol)
		e.number("port", h.Port, 0)
		e.text("path", h.Path)
		e.number("interval", h.IntervalSeconds, 0)
		e.number("timeout", h.TimeoutSeconds, 0)
		e.number("healthy_threshold", h.HealthyThreshold, 0)
		e.number("unhealthy_threshold", h.UnhealthyThreshold, 0)
	}
	for _, m := range b.Members {
		e.w.WriteString("[[load_balancer.member]]\n")
		e.text("address", m.Address.String())
		e.text("zone", m.Zone)
		e.number("weight", m.Weight, DefaultWeight)
		if m.Draining {
			e.w.WriteString("draining = true\n")
		}
	}
}

// quoteTOML writes a basic string (TOML 1.0, "String").
func quoteTOML(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
