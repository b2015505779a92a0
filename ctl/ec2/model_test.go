package ec2

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// member is a line of testdata/model.txt.
type member struct {
	typ      string
	required bool
	choices  []string
}

// modelled is what the model has of an action.
type modelled struct{ in, out map[string]member }

func readModel(t *testing.T) map[string]modelled {
	t.Helper()
	text, err := os.ReadFile("testdata/model.txt")
	if err != nil {
		t.Fatal(err)
	}
	model := map[string]modelled{}
	action := ""
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "action":
			action = words[1]
			model[action] = modelled{map[string]member{}, map[string]member{}}
		default:
			m := member{typ: words[2], required: words[3] == "required"}
			if words[4] != "-" {
				m.choices = strings.Split(words[4], "|")
			}
			side := model[action].in
			if words[0] == "out" {
				side = model[action].out
			}
			side[words[1]] = m
		}
	}
	return model
}

// TestActionsAreModelled: the tables take what the model has, with the same types, no less and no
// more.
func TestActionsAreModelled(t *testing.T) {
	model := readModel(t)
	for i := range actions {
		a := &actions[i]
		m, ok := model[a.name]
		if !ok {
			t.Errorf("the model has no %s", a.name)
			continue
		}
		root := structure("", a.fields...)
		seen := map[string]bool{}
		compareFields(t, a.name, &root, "", m.in, seen)
		for name := range m.in {
			if !seen[name] && !slices.ContainsFunc(a.fields, func(f field) bool { return f.form == formRefused && strings.HasPrefix(name, f.name+".") }) {
				t.Errorf("%s does not take %s", a.name, name)
			}
		}
	}
	if len(actions) != len(model) {
		t.Errorf("%d actions, the model has %d", len(actions), len(model))
	}
}

var forms = map[form]string{formText: "text", formNumber: "number", formFlag: "flag", formChoice: "text", formList: "list", formStructure: "structure"}

func compareFields(t *testing.T, action string, f *field, at string, in map[string]member, seen map[string]bool) {
	if at != "" {
		m, ok := in[at]
		seen[at] = true
		switch {
		case !ok:
			t.Errorf("%s takes %s, which the model does not have", action, at)
		case f.form != formRefused && m.typ != forms[f.form]:
			t.Errorf("%s: %s is %s, the model has %s", action, at, forms[f.form], m.typ)
		case m.required && !f.required:
			t.Errorf("%s: %s must be required", action, at)
		case f.form == formChoice && m.choices != nil && f.name != "InterfaceType" && !equalSets(f.choices, m.choices):
			t.Errorf("%s: %s is one of %v, the model has %v", action, at, f.choices, m.choices)
		}
		at += "."
	}
	for i := range f.fields {
		compareFields(t, action, &f.fields[i], at+f.fields[i].name, in, seen)
	}
	if f.form == formList {
		compareFields(t, action, f.item, at+"N", in, seen)
	}
}

func equalSets(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// always are the elements that an answer has whatever the resource: clients take a missing list
// for none and a missing word for nothing.
var always = map[string][]string{
	"trafficMirrorTarget":     {"trafficMirrorTargetId", "type", "ownerId", "tagSet"},
	"trafficMirrorFilter":     {"trafficMirrorFilterId", "ingressFilterRuleSet", "egressFilterRuleSet", "networkServiceSet", "tagSet"},
	"trafficMirrorFilterRule": {"trafficMirrorFilterRuleId", "trafficMirrorFilterId", "trafficDirection", "ruleNumber", "ruleAction", "destinationCidrBlock", "sourceCidrBlock"},
	"trafficMirrorSession": {"trafficMirrorSessionId", "trafficMirrorTargetId", "trafficMirrorFilterId", "networkInterfaceId", "ownerId", "sessionNumber",
		"virtualNetworkId", "tagSet"},
	"networkInterface": {"networkInterfaceId", "ownerId", "status", "groupSet", "privateIpAddressesSet", "ipv6AddressesSet", "interfaceType", "tagSet"},
	"tag":              {"resourceId", "resourceType", "key", "value"},
}

// conform checks an answer against the model, and that it has what it always has.
func conform(t *testing.T, action string, e *element, out map[string]member) {
	t.Helper()
	for _, c := range e.children[1:] { // the first is requestId
		if c.name == "return" && len(out) == 0 {
			continue // the model leaves it out, the service sends it
		}
		conformAt(t, action, c, c.name, out)
	}
}

func conformAt(t *testing.T, action string, e *element, at string, out map[string]member) {
	t.Helper()
	m, ok := out[at]
	if !ok {
		t.Errorf("%s answers with %s, which the model does not have", action, at)
		return
	}
	switch {
	case m.typ == "structure" && len(e.children) == 0:
		t.Errorf("%s: %s is empty: an unset structure must be left out", action, at)
	case m.typ == "number" && strings.Trim(e.text, "0123456789") != "" || m.typ != "text" && m.typ != "number" && m.typ != "flag" && strings.TrimSpace(e.text) != "":
		t.Errorf("%s: %s is %q, want a %s", action, at, e.text, m.typ)
	case m.typ == "flag" && e.text != "true" && e.text != "false":
		t.Errorf("%s: %s is %q", action, at, e.text)
	case m.choices != nil && !slices.Contains(m.choices, e.text):
		t.Errorf("%s: %s is %q, not one of %v", action, at, e.text, m.choices)
	}
	seen := map[string]bool{}
	for _, c := range e.children {
		if seen[c.name] && m.typ == "structure" {
			t.Errorf("%s: %s has %s twice", action, at, c.name)
		}
		seen[c.name] = true
		conformAt(t, action, c, at+"/"+c.name, out)
	}
	requireMembers(t, action, at, seen)
}

func requireMembers(t *testing.T, action, at string, seen map[string]bool) {
	t.Helper()
	name := strings.TrimSuffix(at[strings.LastIndexByte(strings.TrimSuffix(at, "/item"), '/')+1:], "Set/item")
	name = strings.TrimSuffix(name, "/item")
	if name == "ingressFilterRule" || name == "egressFilterRule" {
		name = "trafficMirrorFilterRule"
	}
	if name == "tag" && at != "tagSet/item" {
		return
	}
	for _, want := range always[name] {
		if !seen[want] {
			t.Errorf("%s: %s has no %s", action, at, want)
		}
	}
}

// TestAnswersConform calls every action, on rich resources and on bare ones.
func TestAnswersConform(t *testing.T) {
	model := readModel(t)
	w := newWorld(t)
	called := map[string]bool{}
	do := func(name string, params ...string) *element {
		t.Helper()
		e := w.ok(name, params...)
		conform(t, name, e, model[name].out)
		called[name] = true
		return e
	}
	b := w.build()
	tags := func(typ string) []string {
		return []string{"TagSpecification.1.ResourceType", typ, "TagSpecification.1.Tag.1.Key", "k<", "TagSpecification.1.Tag.1.Value", "&v"}
	}
	eni := do("CreateNetworkInterface", append(tags("network-interface"), "SubnetId", "wire1", "Description", "d", "PrivateIpAddress", "10.9.0.1", "Ipv6Addresses.1.Ipv6Address", "2001:db8::9", "ClientToken", "t")...)
	target := do("CreateTrafficMirrorTarget", append(tags("traffic-mirror-target"), "NetworkLoadBalancerArn", w.balancer("lb"), "Description", "d", "ClientToken", "t")...)
	filter := do("CreateTrafficMirrorFilter", append(tags("traffic-mirror-filter"), "Description", "d", "ClientToken", "t")...).at("trafficMirrorFilter", "trafficMirrorFilterId").text
	rule := do("CreateTrafficMirrorFilterRule", append(w.rule(filter, "Protocol", "17", "SourcePortRange.FromPort", "0", "SourcePortRange.ToPort", "65535",
		"DestinationPortRange.FromPort", "53", "DestinationPortRange.ToPort", "53", "Description", "d", "ClientToken", "t"), tags("traffic-mirror-filter-rule")...)...)
	do("CreateTrafficMirrorFilterRule", w.rule(filter, "TrafficDirection", "egress", "SourceCidrBlock", "::/0", "DestinationCidrBlock", "2001:db8::/32")...)
	session := do("CreateTrafficMirrorSession", append(tags("traffic-mirror-session"), "NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", filter,
		"SessionNumber", "2", "PacketLength", "100", "Description", "d", "ClientToken", "t")...)
	do("ModifyTrafficMirrorFilterNetworkServices", "TrafficMirrorFilterId", filter, "AddNetworkService.1", "amazon-dns")
	do("ModifyTrafficMirrorFilterRule", "TrafficMirrorFilterRuleId", rule.at("trafficMirrorFilterRule", "trafficMirrorFilterRuleId").text, "RuleNumber", "7")
	do("ModifyTrafficMirrorSession", "TrafficMirrorSessionId", b.session, "TrafficMirrorTargetId", target.at("trafficMirrorTarget", "trafficMirrorTargetId").text)
	do("CreateTags", "ResourceId.1", b.session, "Tag.1.Key", "a", "Tag.1.Value", "b")
	for _, name := range []string{"DescribeTrafficMirrorTargets", "DescribeTrafficMirrorFilters", "DescribeTrafficMirrorFilterRules", "DescribeTrafficMirrorSessions",
		"DescribeNetworkInterfaces", "DescribeTags"} {
		do(name)
		if e := do(name, "Filter.1.Name", map[bool]string{true: "key", false: "tag-key"}[name == "DescribeTags"], "Filter.1.Value.1", "no such"); len(e.at(1).children) != 0 {
			t.Errorf("%s finds %v", name, e.at(1).children)
		}
	}
	do("DeleteTags", "ResourceId.1", b.session)
	do("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", session.at("trafficMirrorSession", "trafficMirrorSessionId").text)
	do("DeleteTrafficMirrorFilterRule", "TrafficMirrorFilterRuleId", rule.at("trafficMirrorFilterRule", "trafficMirrorFilterRuleId").text)
	do("DeleteTrafficMirrorFilter", "TrafficMirrorFilterId", filter)
	do("DeleteTrafficMirrorTarget", "TrafficMirrorTargetId", b.target)
	do("DeleteNetworkInterface", "NetworkInterfaceId", eni.at("networkInterface", "networkInterfaceId").text)
	for i := range actions {
		if !called[actions[i].name] {
			t.Errorf("%s was not called", actions[i].name)
		}
	}
}
