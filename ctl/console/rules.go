package console

import (
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// filterRules are shown on the page of their filter.
var filterRules = &resource[api.TrafficMirrorFilterRule]{
	path: "/rules", nav: "/filters", api: api.PathRules, title: "Rules", one: "rule", many: "rules",
	collection: (*client.Client).Rules,
	id:         func(w *api.TrafficMirrorFilterRule) string { return w.TrafficMirrorFilterRuleID },
	common: func(w *api.TrafficMirrorFilterRule) *api.Common {
		return &api.Common{Name: ruleName(w), Description: w.Description, Tags: w.Tags}
	},
	fields: (*visit).ruleFields, texts: ruleTexts, body: ruleBody,
	aliases: map[string]string{"sourcePortRange": "sourcePorts", "destinationPortRange": "destinationPorts"},
	owner:   func(w *api.TrafficMirrorFilterRule) string { return "/filters/" + w.TrafficMirrorFilterID },
	crumbs: func(v *visit, w *api.TrafficMirrorFilterRule) []crumb {
		return ofFilter(w.TrafficMirrorFilterID, v.filterName(w.TrafficMirrorFilterID))
	},
	made: func(v *visit, f *form) (string, []crumb) {
		id := f.texts()["trafficMirrorFilterId"]
		if strings.ContainsAny(id, "/?#%\\") || id == "" {
			return "/filters", []crumb{{"Mirror filters", "/filters"}}
		}
		return "/filters/" + id, ofFilter(id, v.filterName(id))
	},
}

func ofFilter(id, name string) []crumb {
	return []crumb{{"Mirror filters", "/filters"}, {name, "/filters/" + id}}
}

// ruleName is what people call a rule, in messages.
func ruleName(w *api.TrafficMirrorFilterRule) string {
	return directionWords[w.TrafficDirection] + " " + strconv.Itoa(w.RuleNumber)
}

var directionWords = map[string]string{"ingress": "inbound", "egress": "outbound"}

// ruleColumns are the fields of a rule in the order of the guide.
func ruleColumns() []field {
	return []field{
		{Name: "ruleNumber", Label: "Rule number", Kind: kindNumber, Required: true, Hint: "1 to 32766; the lowest is asked first."},
		{Name: "ruleAction", Label: "Rule action", Kind: kindChoice, Required: true, Value: "accept", Options: []option{{"accept", "accept"}, {"reject", "reject"}}},
		{Name: "protocol", Label: "Protocol", Kind: kindSuggest, Options: protocolChoices, Hint: "A name, or a number from 0 to 255. Empty: all."},
		{Name: "sourcePorts", Label: "Source port range", Hint: "With tcp and udp: 80, or 80-443."},
		{Name: "destinationPorts", Label: "Destination port range", Hint: "With tcp and udp: 80, or 80-443."},
		{Name: "sourceCidrBlock", Label: "Source CIDR block", Hint: "Such as 10.0.0.0/16. Empty: any address."},
		{Name: "destinationCidrBlock", Label: "Destination CIDR block", Hint: "Such as 10.0.0.0/16. Empty: any address."},
		{Name: "description", Label: "Description"},
	}
}

var protocolChoices = []option{{"tcp", "6"}, {"udp", "17"}, {"icmp", "1"}, {"icmpv6", "58"}, {"sctp", "132"}, {"gre", "47"}, {"esp", "50"}}

func (v *visit) ruleFields() ([]field, error) {
	return append([]field{
		{Name: "trafficMirrorFilterId", Label: "Filter", Required: true},
		{Name: "trafficDirection", Label: "Traffic direction", Kind: kindChoice, Required: true, Options: []option{{"ingress", "Inbound"}, {"egress", "Outbound"}}},
	}, ruleColumns()...), nil
}

func ruleTexts(_ *visit, w *api.TrafficMirrorFilterRule) map[string]string {
	texts := map[string]string{"trafficMirrorFilterId": w.TrafficMirrorFilterID, "trafficDirection": w.TrafficDirection, "ruleNumber": digits(w.RuleNumber),
		"ruleAction": w.RuleAction, "sourceCidrBlock": w.SourceCIDRBlock, "destinationCidrBlock": w.DestinationCIDRBlock, "description": w.Description,
		"sourcePorts": portText(w.SourcePortRange), "destinationPorts": portText(w.DestinationPortRange)}
	if name := protocolName(w.Protocol); name != "all" {
		texts["protocol"] = name
	}
	return texts
}

func portText(r *api.PortRange) string {
	if r == nil {
		return ""
	}
	return strings.ReplaceAll(portRange(r), "–", "-")
}

func ruleBody(f *form) map[string]any { return withPorts(f.body()) }

// withPorts makes port ranges of texts such as 80 and 80-443. What is no range goes to the API as it is.
func withPorts(body map[string]any) map[string]any {
	for text, name := range map[string]string{"sourcePorts": "sourcePortRange", "destinationPorts": "destinationPortRange"} {
		value, has := body[text].(string)
		delete(body, text)
		if !has {
			continue
		}
		from, to, isRange := strings.Cut(value, "-")
		if !isRange {
			to = from
		}
		first, wrong := strconv.Atoi(strings.TrimSpace(from))
		last, wrongToo := strconv.Atoi(strings.TrimSpace(to))
		if body[name] = value; wrong == nil && wrongToo == nil {
			body[name] = map[string]any{"fromPort": first, "toPort": last}
		}
	}
	return body
}

// ruleGroups are the rules that a form makes with a filter.
func ruleGroups() []*rowEditor {
	return []*rowEditor{{Name: "ingressFilterRules", Legend: "Inbound rules", Noun: "rule", Columns: ruleColumns()},
		{Name: "egressFilterRules", Legend: "Outbound rules", Noun: "rule", Columns: ruleColumns()}}
}

// ruleBodies are what the API takes of a group of rules.
func ruleBodies(f *form, name, direction string) any {
	group := f.group(name)
	if group == nil {
		return nil
	}
	bodies := group.bodies()
	for i := range bodies {
		withPorts(bodies[i])["trafficDirection"] = direction
	}
	if len(bodies) == 0 {
		return nil
	}
	return bodies
}
