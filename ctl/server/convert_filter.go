package server

import (
	"fmt"
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

func filterRecord(w *api.TrafficMirrorFilter, f *faults) *ctl.Filter {
	r := &ctl.Filter{Common: commonRecord(w.TrafficMirrorFilterID, &w.Common), Services: w.NetworkServices}
	r.Rules = append(r.Rules, groupRecords("ingress", "ingressFilterRules", w.IngressFilterRules, f)...)
	r.Rules = append(r.Rules, groupRecords("egress", "egressFilterRules", w.EgressFilterRules, f)...)
	return r
}

// groupRecords reads the rules of one direction of a filter, whose field says the direction.
func groupRecords(direction, field string, group []api.TrafficMirrorFilterRule, f *faults) []*ctl.Rule {
	var records []*ctl.Rule
	for i := range group {
		rule := group[i]
		at := fmt.Sprintf("%s[%d].", field, i)
		if rule.TrafficDirection == "" {
			rule.TrafficDirection = direction
		}
		if rule.TrafficDirection != direction {
			f.add(api.CodeInvalidValue, at+"trafficDirection", "the direction is %q in %s; put the rule where its direction is, or leave the direction out", rule.TrafficDirection, field)
		}
		records = append(records, ruleRecord(&rule, at, f))
	}
	return records
}

// ruleRecord reads a rule. at goes before the names of its fields.
func ruleRecord(w *api.TrafficMirrorFilterRule, at string, f *faults) *ctl.Rule {
	r := &ctl.Rule{Tags: w.Tags}
	r.ID, r.Number, r.Description = w.TrafficMirrorFilterRuleID, w.RuleNumber, w.Description
	switch w.TrafficDirection {
	case "ingress":
		r.Direction = rules.Ingress
	case "egress":
		r.Direction = rules.Egress
	default:
		f.choice(at+"trafficDirection", w.TrafficDirection, "ingress", "egress")
	}
	switch w.RuleAction {
	case "accept":
		r.Action = rules.Accept
	case "reject":
		r.Action = rules.Reject
	default:
		f.choice(at+"ruleAction", w.RuleAction, "accept", "reject")
	}
	r.Protocol = rules.ProtocolAny
	if w.Protocol != nil {
		protocol, err := ctl.ParseProtocol(w.Protocol.Text)
		if err != nil {
			f.add(api.CodeInvalidValue, at+"protocol", "%v", err)
		}
		r.Protocol = protocol
	}
	r.Source = f.prefix(at+"sourceCidrBlock", w.SourceCIDRBlock)
	r.Destination = f.prefix(at+"destinationCidrBlock", w.DestinationCIDRBlock)
	r.SrcPorts = f.ports(at+"sourcePortRange", w.SourcePortRange)
	r.DstPorts = f.ports(at+"destinationPortRange", w.DestinationPortRange)
	return r
}

// choice notes that a field has none of its two values.
func (f *faults) choice(field, value, one, other string) {
	if value == "" {
		f.add(api.CodeMissingValue, field, "%s is missing; give it %s or %s", field, one, other)
		return
	}
	f.add(api.CodeInvalidValue, field, "%s is %q; give it %s or %s", field, value, one, other)
}

func (f *faults) prefix(field, text string) netip.Prefix {
	if text == "" {
		return netip.Prefix{}
	}
	prefix, err := ctl.ParseCIDR(text)
	if err != nil {
		f.add(api.CodeInvalidValue, field, "%s %v", field, err)
		return netip.Prefix{}
	}
	return prefix
}

func (f *faults) ports(field string, w *api.PortRange) *rules.PortRange {
	if w == nil {
		return nil
	}
	if w.FromPort < 0 || w.ToPort > 65535 || w.FromPort > w.ToPort {
		f.add(api.CodeInvalidValue, field, "%s goes from %d to %d; give it a first and a last port from 0 to 65535, the lower one first", field, w.FromPort, w.ToPort)
		return nil
	}
	return &rules.PortRange{First: uint16(w.FromPort), Last: uint16(w.ToPort)}
}

// filterWire groups the rules by direction, each group in ascending number.
func filterWire(r *ctl.Filter) api.TrafficMirrorFilter {
	w := api.TrafficMirrorFilter{TrafficMirrorFilterID: r.ID, Common: commonWire(&r.Common), NetworkServices: r.Services}
	for _, rule := range r.Rules {
		one := ruleWire(&store.RuleRecord{FilterID: r.ID, Rule: rule})
		if rule.Direction == rules.Ingress {
			w.IngressFilterRules = append(w.IngressFilterRules, one)
		} else {
			w.EgressFilterRules = append(w.EgressFilterRules, one)
		}
	}
	return w
}

func ruleWire(record *store.RuleRecord) api.TrafficMirrorFilterRule {
	r := record.Rule
	w := api.TrafficMirrorFilterRule{
		TrafficMirrorFilterRuleID: r.ID, TrafficMirrorFilterID: record.FilterID, TrafficDirection: r.Direction.String(),
		RuleNumber: r.Number, RuleAction: r.Action.String(), Description: r.Description, Tags: r.Tags,
		SourcePortRange: portsWire(r.SrcPorts), DestinationPortRange: portsWire(r.DstPorts),
	}
	if r.Protocol != rules.ProtocolAny {
		w.Protocol = api.ProtocolNumber(r.Protocol)
	}
	if r.Source.IsValid() {
		w.SourceCIDRBlock = r.Source.String()
	}
	if r.Destination.IsValid() {
		w.DestinationCIDRBlock = r.Destination.String()
	}
	return w
}

func portsWire(ports *rules.PortRange) *api.PortRange {
	if ports == nil {
		return nil
	}
	return &api.PortRange{FromPort: int(ports.First), ToPort: int(ports.Last)}
}
