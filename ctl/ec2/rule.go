package ec2

import (
	"fmt"
	"net/netip"
	"strconv"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// ruleFields are what a rule is; some of them are required when it is made.
func ruleFields(required func(field) field) []field {
	return []field{
		required(choice("TrafficDirection", "ingress", "egress")), required(number("RuleNumber", rules.SessionNumberMin, rules.SessionNumberMax)),
		required(choice("RuleAction", "accept", "reject")), required(text("DestinationCidrBlock", maxText)), required(text("SourceCidrBlock", maxText)),
		portRange("DestinationPortRange"), portRange("SourcePortRange"), number("Protocol", rules.ProtocolAny, 255), descriptionField,
	}
}

func optional(f field) field { return f }

var ruleActions = []action{
	{
		name: "CreateTrafficMirrorFilterRule", about: ruleResource, creates: true,
		fields: append([]field{must(id("TrafficMirrorFilterId")), tagSpecificationField, clientTokenField}, ruleFields(must)...),
		check:  func(x *request) error { return x.setRule(&ctl.Rule{Rule: rules.Rule{Protocol: rules.ProtocolAny}}) },
		on:     named(filters, "TrafficMirrorFilterId"), change: createRule,
		write: func(x *request, d *document, o *outcome) {
			writeRuleOutcome(d, o, true)
			d.maybe("clientToken", x.in.str("ClientToken"))
		},
	},
	{
		name: "DeleteTrafficMirrorFilterRule", about: ruleResource,
		fields: []field{must(id("TrafficMirrorFilterRuleId"))},
		on:     ruleAndFilter, change: remove, write: writeID("trafficMirrorFilterRuleId"),
	},
	{
		name:     "DescribeTrafficMirrorFilterRules",
		fields:   describing(list("TrafficMirrorFilterRuleId", maxIDs, id("")), id("TrafficMirrorFilterId")),
		describe: describeRules,
	},
	{
		name: "ModifyTrafficMirrorFilterRule", about: ruleResource,
		fields: append([]field{must(id("TrafficMirrorFilterRuleId")),
			list("RemoveField", 10, choice("", "destination-port-range", "source-port-range", "protocol", "description"))}, ruleFields(optional)...),
		check: removedOnce, on: ruleAndFilter, change: modifyRule,
		write: func(_ *request, d *document, o *outcome) { writeRuleOutcome(d, o, false) },
	},
}

// ownedRule is a rule of a filter of an account.
type ownedRule struct {
	*ctl.Rule
	filter *ctl.Filter
}

// filterRules are those of the account's filters.
var filterRules = &kind[ownedRule]{
	resource: ruleResource, set: "trafficMirrorFilterRuleSet", ids: "TrafficMirrorFilterRuleId",
	find: func(v *viewer, ref string) (ownedRule, bool) {
		filter, rule, ok := v.Rule(ref)
		return ownedRule{rule, filter}, ok && filter.Account == v.account
	},
	all: func(v *viewer, after string, yield func(ownedRule)) {
		filters.all(v, "", func(filter *ctl.Filter) {
			for _, rule := range filter.Rules {
				if rule.ID > after {
					yield(ownedRule{rule, filter})
				}
			}
		})
	},
	key:        func(r ownedRule) string { return r.ID },
	owner:      func(r ownedRule) string { return r.filter.Account },
	tags:       func(r ownedRule) map[string]string { return r.Tags },
	write:      func(d *document, r ownedRule) { writeRule(d, r.filter.ID, r.Rule, true) },
	attributes: ruleAttributes,
}

var ruleAttributes = map[string]func(ownedRule) []string{
	"description":                   func(r ownedRule) []string { return some(r.Description) },
	"destination-cidr-block":        func(r ownedRule) []string { return some(cidrText(r.Destination, r.Source)) },
	"protocol":                      func(r ownedRule) []string { return protocolTexts(r.Protocol) },
	"rule-action":                   func(r ownedRule) []string { return some(r.Action.String()) },
	"rule-number":                   func(r ownedRule) []string { return some(strconv.Itoa(r.Number)) },
	"source-cidr-block":             func(r ownedRule) []string { return some(cidrText(r.Source, r.Destination)) },
	"traffic-direction":             func(r ownedRule) []string { return some(r.Direction.String()) },
	"traffic-mirror-filter-id":      func(r ownedRule) []string { return some(r.filter.ID) },
	"traffic-mirror-filter-rule-id": func(r ownedRule) []string { return some(r.ID) },
}

func protocolTexts(protocol int) []string {
	if protocol == rules.ProtocolAny {
		return nil
	}
	return []string{strconv.Itoa(protocol)}
}

// ruleAndFilter are the rule that a request names, and its filter.
func ruleAndFilter(x *request, v *viewer) []subject {
	rule := filterRules.seek(v, x.in.str("TrafficMirrorFilterRuleId"))
	if rule.record == nil {
		return []subject{rule}
	}
	return []subject{rule, filters.seek(v, one[ownedRule](&rule).filter.ID)}
}

// describeRules lists rules: of one filter, if one is named.
func describeRules(x *request) ([]byte, error) {
	ref := x.in.str("TrafficMirrorFilterId")
	if ref == "" {
		return describe(x, filterRules)
	}
	of := *filterRules
	known := true
	of.all = func(v *viewer, after string, yield func(ownedRule)) {
		var filter *ctl.Filter
		if filter, known = filters.find(v, ref); !known {
			return
		}
		for _, rule := range filter.Rules {
			if rule.ID > after {
				yield(ownedRule{rule, filter})
			}
		}
	}
	of.find = func(v *viewer, id string) (ownedRule, bool) {
		rule, ok := filterRules.find(v, id)
		return rule, ok && (rule.filter.ID == ref || rule.filter.Name == ref)
	}
	body, err := describe(x, &of)
	if !known { // a dry run tells it too
		return nil, filterResource.fault(ref)
	}
	return body, err
}

func createRule(x *request, tx *store.Tx, on []subject) (any, error) {
	r := &ctl.Rule{Rule: rules.Rule{ID: x.id, Protocol: rules.ProtocolAny}, Tags: x.tags}
	if err := x.setRule(r); err != nil {
		return nil, err
	}
	filter := on[0].id
	return &store.RuleRecord{FilterID: filter, Rule: r}, tx.PutRule(filter, r)
}

func modifyRule(x *request, tx *store.Tx, on []subject) (any, error) {
	before := one[ownedRule](&on[0])
	r := *before.Rule
	for _, field := range x.in.texts("RemoveField") {
		switch field {
		case "destination-port-range":
			r.DstPorts = nil
		case "source-port-range":
			r.SrcPorts = nil
		case "protocol":
			r.Protocol = rules.ProtocolAny
		case "description":
			r.Description = ""
		}
	}
	if err := x.setRule(&r); err != nil {
		return nil, err
	}
	return &store.RuleRecord{FilterID: before.filter.ID, Rule: &r}, tx.PutRule(before.filter.ID, &r)
}

// setRule sets what the request has of a rule.
func (x *request) setRule(r *ctl.Rule) (err error) {
	in := x.in
	if in.has("TrafficDirection") {
		r.Direction, _ = ctl.ParseDirection(in.str("TrafficDirection"))
	}
	if in.has("RuleAction") {
		r.Action, _ = ctl.ParseAction(in.str("RuleAction"))
	}
	r.Number, r.Protocol = in.num("RuleNumber", r.Number), in.num("Protocol", r.Protocol)
	if in.has("Description") {
		r.Description = in.str("Description")
	}
	r.SrcPorts = x.ports("SourcePortRange", r.SrcPorts)
	r.DstPorts = x.ports("DestinationPortRange", r.DstPorts)
	if r.Source, err = x.cidr("SourceCidrBlock", r.Source); err != nil {
		return err
	}
	if r.Destination, err = x.cidr("DestinationCidrBlock", r.Destination); err != nil {
		return err
	}
	return checkRule(r)
}

// checkRule judges what parameters mean together.
func checkRule(r *ctl.Rule) error {
	if err := checkPorts("SourcePortRange", r.SrcPorts, r.Protocol); err != nil {
		return err
	}
	if err := checkPorts("DestinationPortRange", r.DstPorts, r.Protocol); err != nil {
		return err
	}
	if r.Source.IsValid() && r.Destination.IsValid() && r.Source.Addr().Is4() != r.Destination.Addr().Is4() {
		return invalid("InvalidParameterCombination", "SourceCidrBlock %s and DestinationCidrBlock %s must both be IPv4 or both be IPv6", r.Source, r.Destination)
	}
	return nil
}

func checkPorts(name string, ports *rules.PortRange, protocol int) error {
	switch {
	case ports == nil:
		return nil
	case ports.First > ports.Last:
		return badValue(fmt.Sprintf("%d-%d", ports.First, ports.Last), name, "FromPort must not be greater than ToPort")
	case protocol != rules.ProtocolTCP && protocol != rules.ProtocolUDP:
		return invalid("InvalidParameterCombination", "The parameter %s needs Protocol 6 (TCP) or 17 (UDP)", name)
	}
	return nil
}

func (x *request) ports(name string, before *rules.PortRange) *rules.PortRange {
	given := x.in.in(name)
	if given == nil {
		return before
	}
	return &rules.PortRange{First: uint16(given.num("FromPort", 0)), Last: uint16(given.num("ToPort", 0))}
}

func (x *request) cidr(name string, before netip.Prefix) (netip.Prefix, error) {
	if !x.in.has(name) {
		return before, nil
	}
	prefix, err := ctl.ParseCIDR(x.in.str(name))
	if err != nil {
		return before, badValue(x.in.str(name), name, "This is not a valid CIDR block: %v", err)
	}
	return prefix, nil
}

func writeRuleOutcome(d *document, o *outcome, tags bool) {
	r := o.made.(*store.RuleRecord)
	d.open("trafficMirrorFilterRule")
	writeRule(d, r.FilterID, r.Rule, tags)
	d.close("trafficMirrorFilterRule")
}

func writeRule(d *document, filter string, r *ctl.Rule, tags bool) {
	d.text("trafficMirrorFilterRuleId", r.ID)
	d.text("trafficMirrorFilterId", filter)
	d.text("trafficDirection", r.Direction.String())
	d.number("ruleNumber", r.Number)
	d.text("ruleAction", r.Action.String())
	if r.Protocol != rules.ProtocolAny {
		d.number("protocol", r.Protocol)
	}
	writePorts(d, "destinationPortRange", r.DstPorts)
	writePorts(d, "sourcePortRange", r.SrcPorts)
	d.text("destinationCidrBlock", cidrText(r.Destination, r.Source))
	d.text("sourceCidrBlock", cidrText(r.Source, r.Destination))
	d.maybe("description", r.Description)
	if tags {
		writeTags(d, r.Tags)
	}
}

func writePorts(d *document, name string, ports *rules.PortRange) {
	if ports == nil {
		return
	}
	d.open(name)
	d.number("fromPort", int(ports.First))
	d.number("toPort", int(ports.Last))
	d.close(name)
}
