package console

import (
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/console/live"
)

// filters say what is mirrored.
var filters = &resource[api.TrafficMirrorFilter]{
	path: "/filters", api: api.PathFilters, title: "Mirror filters", one: "traffic mirror filter", many: "traffic mirror filters",
	collection: (*client.Client).Filters,
	id:         func(w *api.TrafficMirrorFilter) string { return w.TrafficMirrorFilterID },
	common:     func(w *api.TrafficMirrorFilter) *api.Common { return &w.Common },
	columns: []column[api.TrafficMirrorFilter]{
		{"Name", "name", func(_ *look, w *api.TrafficMirrorFilter) cell {
			return cell{Text: w.Name, Path: "/filters/" + w.TrafficMirrorFilterID}
		}},
		{"Identifier", "trafficMirrorFilterId", func(_ *look, w *api.TrafficMirrorFilter) cell {
			return cell{Text: w.TrafficMirrorFilterID, Code: true}
		}},
		{"Inbound rules", "", func(_ *look, w *api.TrafficMirrorFilter) cell {
			return cell{Text: grouped(int64(len(w.IngressFilterRules)))}
		}},
		{"Outbound rules", "", func(_ *look, w *api.TrafficMirrorFilter) cell {
			return cell{Text: grouped(int64(len(w.EgressFilterRules)))}
		}},
		{"Network services", "networkServices", func(_ *look, w *api.TrafficMirrorFilter) cell {
			return cell{Text: strings.Join(w.NetworkServices, " ")}
		}},
		{"Description", "description", func(_ *look, w *api.TrafficMirrorFilter) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).filterFields, groups: ruleGroups, texts: filterTexts, body: filterBody, sections: filterSections,
	aliases: map[string]string{"networkServices": "amazonDns", "ruleNumber": "ingressFilterRules", "ruleAction": "ingressFilterRules", "protocol": "ingressFilterRules",
		"sourcePortRange": "ingressFilterRules", "destinationPortRange": "ingressFilterRules", "sourceCidrBlock": "ingressFilterRules", "destinationCidrBlock": "ingressFilterRules"},
}

// serviceDNS is the one network service that there is.
const serviceDNS = "amazon-dns"

func (v *visit) filterFields() ([]field, error) {
	return append(commonFields("Unique among the filters of the account."),
		field{Name: "amazonDns", Label: serviceDNS, Kind: kindCheck, Hint: "Mirror Amazon DNS traffic, both ways, whatever the rules say."}), nil
}

func filterTexts(_ *visit, w *api.TrafficMirrorFilter) map[string]string {
	texts := commonTexts(&w.Common)
	if len(w.NetworkServices) > 0 {
		texts["amazonDns"] = "true"
	}
	return texts
}

func filterBody(f *form) map[string]any {
	body := f.body()
	if body["amazonDns"] == true {
		body["networkServices"] = []string{serviceDNS}
	}
	delete(body, "amazonDns")
	for name, direction := range map[string]string{"ingressFilterRules": "ingress", "egressFilterRules": "egress"} {
		if rules := ruleBodies(f, name, direction); rules != nil {
			body[name] = rules
		}
	}
	return body
}

func filterSections(v *visit, w *api.TrafficMirrorFilter) ([]section, error) {
	services := "none"
	if len(w.NetworkServices) > 0 {
		services = strings.Join(w.NetworkServices, " ")
	}
	facts := append(commonFacts(w.TrafficMirrorFilterID, &w.Common), fact{"Network services", cell{Text: services}})
	sections := []section{{ID: "details", Heading: "Details", Facts: facts},
		v.ruleSection(w, "ingress", "Inbound rules", w.IngressFilterRules), v.ruleSection(w, "egress", "Outbound rules", w.EgressFilterRules)}
	sessions, err := v.sessionsOf("trafficMirrorFilterId", w.TrafficMirrorFilterID)
	return append(sections, sessions...), err
}

// shownRules is how many rules of a direction the page about a filter lists.
const shownRules = live.ShownRules

func (v *visit) ruleSection(w *api.TrafficMirrorFilter, direction, heading string, rules []api.TrafficMirrorFilterRule) section {
	s := section{ID: directionWords[direction], Heading: heading}
	if len(rules) > pageRows {
		s.More = &action{Label: "Search all " + grouped(int64(len(rules))) + " " + directionWords[direction] + " rules", Path: rulesPath(w.TrafficMirrorFilterID, direction)}
	}
	if len(rules) > shownRules {
		s.Note = "These are the first " + digits(shownRules) + " of " + grouped(int64(len(rules))) + "."
		rules = rules[:shownRules]
	}
	s.Table = v.ruleTable(heading, rules)
	if v.may("POST", api.PathRules) {
		s.Action = &action{Label: "Add " + directionWords[direction] + " rule", Path: newRulePath(w.TrafficMirrorFilterID, direction)}
	}
	return s
}

// ruleTable lists rules in the order in which they are asked.
func (v *visit) ruleTable(caption string, rules []api.TrafficMirrorFilterRule) *table {
	t := &table{Caption: caption, Empty: "There are no rules: nothing of this direction is mirrored.", Headings: []heading{{Label: "Number"}, {Label: "Action"}, {Label: "Protocol"},
		{Label: "Source port range"}, {Label: "Destination port range"}, {Label: "Source CIDR block"}, {Label: "Destination CIDR block"}, {Label: "Description"}, {Label: "Change"}, {Label: "Remove"}}}
	for i := range rules {
		r := &rules[i]
		badge := "good"
		if r.RuleAction != "accept" {
			badge = "plain"
		}
		row := []cell{{Text: digits(r.RuleNumber), Title: r.TrafficMirrorFilterRuleID}, {Text: r.RuleAction, Badge: badge}, {Text: protocolName(r.Protocol)},
			{Text: portRange(r.SourcePortRange)}, {Text: portRange(r.DestinationPortRange)}, {Text: orAny(r.SourceCIDRBlock), Code: true}, {Text: orAny(r.DestinationCIDRBlock), Code: true},
			{Text: r.Description}, {}, {}}
		at := "/rules/" + r.TrafficMirrorFilterRuleID
		if v.may("PATCH", api.PathRules+"/"+r.TrafficMirrorFilterRuleID) {
			row[8] = cell{Text: "Modify", Path: at + "/modify", Title: "Modify rule " + ruleName(r)}
		}
		if v.may("DELETE", api.PathRules+"/"+r.TrafficMirrorFilterRuleID) {
			row[9] = cell{Text: "Delete", Path: at + "/delete", Title: "Delete rule " + ruleName(r)}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// protocolName is a protocol for people.
func protocolName(p *api.Protocol) string {
	if p == nil || p.Text == "-1" || p.Text == "" {
		return "all"
	}
	if name, known := protocolNames[p.Text]; known {
		return name
	}
	return p.Text
}

// protocolNames are of the protocols that most rules are about.
var protocolNames = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "icmpv6", "132": "sctp"}

func portRange(r *api.PortRange) string {
	switch {
	case r == nil:
		return "all"
	case r.FromPort == r.ToPort:
		return digitsOf(r.FromPort)
	}
	return digitsOf(r.FromPort) + "–" + digitsOf(r.ToPort)
}

func orAny(block string) string {
	if block == "" {
		return "any"
	}
	return block
}
