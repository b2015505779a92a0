package ec2

import (
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// TestSessionLife: a session as the guide makes, changes and deletes it.
func TestSessionLife(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	made := w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter,
		"SessionNumber", "2", "Description", "hello world & <x>", "TagSpecification.1.ResourceType", "traffic-mirror-session",
		"TagSpecification.1.Tag.1.Key", "Name", "TagSpecification.1.Tag.1.Value", "a b", "ClientToken", "tok").at("trafficMirrorSession")
	id := made.at("trafficMirrorSessionId").text
	if vni := made.at("virtualNetworkId").text; vni == "" || vni == "0" || vni == "7" {
		t.Errorf("VNI %q was drawn", vni)
	}
	for name, want := range map[string]string{"networkInterfaceId": b.source, "trafficMirrorTargetId": b.target, "trafficMirrorFilterId": b.filter, "ownerId": alice,
		"sessionNumber": "2", "description": "hello world & <x>", "packetLength": ""} {
		if got := made.at(name).text; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if tag := made.at("tagSet", "item"); tag.at("key").text != "Name" || tag.at("value").text != "a b" {
		t.Errorf("tag %+v", tag)
	}
	if made.at("packetLength").is() {
		t.Error("a packet length that is not set")
	}
	change := func(params ...string) *element {
		t.Helper()
		return w.ok("ModifyTrafficMirrorSession", append(p("TrafficMirrorSessionId", id), params...)...).at("trafficMirrorSession")
	}
	e := change("Description", "", "PacketLength", "100", "VirtualNetworkId", "42", "SessionNumber", "9")
	if e.at("description").is() || e.at("packetLength").text != "100" || e.at("virtualNetworkId").text != "42" || e.at("sessionNumber").text != "9" {
		t.Errorf("changed: %+v", e)
	}
	e = change("RemoveField.1", "packet-length", "RemoveField.2", "virtual-network-id", "RemoveField.3", "description")
	if e.at("packetLength").is() || e.at("virtualNetworkId").text == "42" || e.at("virtualNetworkId").text == "" || len(e.at("tagSet").children) != 1 {
		t.Errorf("removed: %+v", e)
	}
	lb := w.ok("CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", w.balancer("lb")).at("trafficMirrorTarget")
	if lb.at("type").text != "network-load-balancer" || !strings.HasPrefix(lb.at("networkLoadBalancerArn").text, "arn:aws:elasticloadbalancing:moon-base-1:111111111111:loadbalancer/net/lb/") {
		t.Errorf("load balancer target: %+v", lb)
	}
	e = change("TrafficMirrorTargetId", lb.at("trafficMirrorTargetId").text)
	if e.at("trafficMirrorSessionId").text != id || e.at("packetLength").text != "8500" {
		t.Errorf("over a load balancer: %+v", e)
	}
	if e := change(); e.at("sessionNumber").text != "9" {
		t.Errorf("nothing changed: %+v", e)
	}
	if e := w.ok("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", id); e.at("trafficMirrorSessionId").text != id {
		t.Errorf("deleted: %+v", e)
	}
	w.refused("InvalidTrafficMirrorSessionId.NotFound", "DescribeTrafficMirrorSessions", "TrafficMirrorSessionId.1", id)
}

// TestRuleLife: what Terraform does with a rule.
func TestRuleLife(t *testing.T) {
	w := newWorld(t)
	filter := w.ok("CreateTrafficMirrorFilter", "Description", "f").at("trafficMirrorFilter", "trafficMirrorFilterId").text
	made := w.ok("CreateTrafficMirrorFilterRule", w.rule(filter, "Protocol", "-1")...).at("trafficMirrorFilterRule")
	id := made.at("trafficMirrorFilterRuleId").text
	for _, name := range []string{"protocol", "sourcePortRange", "destinationPortRange", "description"} {
		if made.at(name).is() {
			t.Errorf("%s is there though it is not set", name)
		}
	}
	change := func(params ...string) *element {
		t.Helper()
		return w.ok("ModifyTrafficMirrorFilterRule", append(p("TrafficMirrorFilterRuleId", id), params...)...).at("trafficMirrorFilterRule")
	}
	e := change("Protocol", "6", "SourcePortRange.FromPort", "32000", "SourcePortRange.ToPort", "64000", "DestinationPortRange.FromPort", "10000",
		"DestinationPortRange.ToPort", "10001", "Description", "d", "TrafficDirection", "egress", "RuleAction", "reject", "RuleNumber", "2", "SourceCidrBlock", "10.1.0.0/16")
	for _, c := range []struct{ got, want string }{{e.at("protocol").text, "6"}, {e.at("sourcePortRange", "fromPort").text, "32000"}, {e.at("destinationPortRange", "toPort").text, "10001"},
		{e.at("trafficDirection").text, "egress"}, {e.at("ruleAction").text, "reject"}, {e.at("ruleNumber").text, "2"}, {e.at("sourceCidrBlock").text, "10.1.0.0/16"}, {e.at("description").text, "d"}} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if e.at("tagSet").is() {
		t.Error("ModifyTrafficMirrorFilterRule does not tell tags")
	}
	shown := w.ok("DescribeTrafficMirrorFilters", "TrafficMirrorFilterId.1", filter).at("trafficMirrorFilterSet", 0)
	if len(shown.at("ingressFilterRuleSet").children) != 0 || shown.at("egressFilterRuleSet", 0, "trafficMirrorFilterRuleId").text != id || !shown.at("egressFilterRuleSet", 0, "tagSet").is() {
		t.Errorf("the filter: %+v", shown)
	}
	e = change("RemoveField.1", "protocol", "RemoveField.2", "source-port-range", "RemoveField.3", "destination-port-range", "RemoveField.4", "description")
	for _, name := range []string{"protocol", "sourcePortRange", "destinationPortRange", "description"} {
		if e.at(name).is() {
			t.Errorf("%s was removed and is there", name)
		}
	}
	services := func(params ...string) int {
		t.Helper()
		e := w.ok("ModifyTrafficMirrorFilterNetworkServices", append(p("TrafficMirrorFilterId", filter), params...)...).at("trafficMirrorFilter")
		if len(e.at("egressFilterRuleSet").children) != 1 || e.at("description").text != "f" {
			t.Errorf("the rest of the filter changed: %+v", e)
		}
		return len(e.at("networkServiceSet").children)
	}
	for _, step := range []struct {
		parameter string
		want      int
	}{{"AddNetworkService.1", 1}, {"AddNetworkService.1", 1}, {"RemoveNetworkService.1", 0}, {"RemoveNetworkService.1", 0}, {"AddNetworkService.3", 1}} {
		if got := services(step.parameter, "amazon-dns"); got != step.want {
			t.Errorf("%s: %d services, want %d", step.parameter, got, step.want)
		}
	}
	if w.ok("DeleteTrafficMirrorFilterRule", "TrafficMirrorFilterRuleId", id).at("trafficMirrorFilterRuleId").text != id {
		t.Error("the answer of the deletion has another id")
	}
}

// TestInterfaces: what the gateway has of network interfaces.
func TestInterfaces(t *testing.T) {
	w := newWorld(t)
	source := w.source("eth", 5)
	w.put(func(tx *store.Tx) error {
		r, _ := tx.Interface(alice, source)
		c := *r
		c.Instance, c.Zone, c.Description = "i-1", "a", "eth0"
		return tx.PutInterface(&c)
	})
	e := w.ok("DescribeNetworkInterfaces", "Filter.1.Name", "attachment.instance-id", "Filter.1.Value.1", "i-*").at("networkInterfaceSet", 0)
	for _, c := range []struct{ got, want string }{{e.at("networkInterfaceId").text, source}, {e.at("subnetId").text, "wire0"}, {e.at("status").text, "in-use"},
		{e.at("macAddress").text, "02:00:00:00:31:05"}, {e.at("privateIpAddress").text, "10.0.49.5"}, {e.at("privateIpAddressesSet", 0, "primary").text, "true"},
		{e.at("attachment", "instanceId").text, "i-1"}, {e.at("availabilityZone").text, "a"}, {e.at("ownerId").text, alice}, {e.at("tagSet", 0, "value").text, "eth"}} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	w.refused("InvalidParameterValue", "DeleteNetworkInterface", "NetworkInterfaceId", source)
	e = w.ok("CreateNetworkInterface", "SubnetId", "tun0", "PrivateIpAddresses.1.PrivateIpAddress", "192.0.2.8", "PrivateIpAddresses.2.PrivateIpAddress", "192.0.2.9",
		"PrivateIpAddresses.2.Primary", "true", "Ipv6Addresses.1.Ipv6Address", "2001:db8::8").at("networkInterface")
	if e.at("privateIpAddress").text != "192.0.2.9" || e.at("privateIpAddressesSet", 1, "privateIpAddress").text != "192.0.2.8" || e.at("ipv6AddressesSet", 0, "ipv6Address").text != "2001:db8::8" ||
		e.at("subnetId").is() || e.at("status").text != "available" {
		t.Errorf("made: %+v", e)
	}
	if w.ok("DeleteNetworkInterface", "NetworkInterfaceId", e.at("networkInterfaceId").text).at("return").text != "true" {
		t.Error("no return")
	}
	b := w.build()
	eni := w.ok("CreateNetworkInterface", "SubnetId", "wire1").at("networkInterface", "networkInterfaceId").text
	session := w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", eni, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "1").
		at("trafficMirrorSession", "trafficMirrorSessionId").text
	w.ok("DeleteNetworkInterface", "NetworkInterfaceId", eni)
	if !slices.Contains(w.last.Audit.Resources, session) {
		t.Errorf("the audit log does not tell the session that went with its source: %v", w.last.Audit.Resources)
	}
	w.refused("InvalidTrafficMirrorSessionId.NotFound", "DeleteTrafficMirrorSession", "TrafficMirrorSessionId", session)
}

// TestNames: a name of the gateway is taken wherever an identifier is, and the answer has the
// identifier; and what EC2 made has a name that is made of its identifier.
func TestNames(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	e := w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", "web-1", "TrafficMirrorTargetId", nameOf(b.target), "TrafficMirrorFilterId", b.filter, "SessionNumber", "3").at("trafficMirrorSession")
	if e.at("networkInterfaceId").text != b.source || e.at("trafficMirrorTargetId").text != b.target {
		t.Errorf("made of names: %+v", e)
	}
	if got := w.ok("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", nameOf(e.at("trafficMirrorSessionId").text)).at("trafficMirrorSessionId").text; got != e.at("trafficMirrorSessionId").text {
		t.Errorf("deleted %s", got)
	}
	w.account = bob
	w.refused("InvalidTrafficMirrorTargetId.NotFound", "DescribeTrafficMirrorTargets", "TrafficMirrorTargetId.1", nameOf(b.target))
}

// TestDryRun: validated and permitted, but nothing is done and no token is used up.
func TestDryRun(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	changes := w.changes(b)
	revision := w.revision()
	for name, params := range changes {
		w.refused("DryRunOperation", name, append(params, "DryRun", "true")...)
	}
	for _, name := range describes {
		w.refused("DryRunOperation", name, "DryRun", "true")
	}
	w.refused("InvalidTrafficMirrorFilterId.NotFound", "DeleteTrafficMirrorFilter", "TrafficMirrorFilterId", noFilter, "DryRun", "true")
	w.refused("TrafficMirrorFilterInUse", "DeleteTrafficMirrorFilter", "TrafficMirrorFilterId", b.filter, "DryRun", "true")
	w.refused("InvalidNextToken", "DescribeTags", "DryRun", "true", "NextToken", "x")
	if now := w.revision(); now != revision {
		t.Errorf("revision %d after dry runs, was %d", now, revision)
	}
	w.refused("DryRunOperation", "CreateTrafficMirrorFilter", "ClientToken", "t", "Description", "one", "DryRun", "true")
	w.ok("CreateTrafficMirrorFilter", "ClientToken", "t", "Description", "another", "DryRun", "false")
	w.guard.deny = func(*iam.Question) string { return "no" }
	w.refused("UnauthorizedOperation", "CreateTrafficMirrorFilter", "DryRun", "true")
	w.refused("UnauthorizedOperation", "DescribeTags", "DryRun", "true")
}

var describes = []string{"DescribeTrafficMirrorTargets", "DescribeTrafficMirrorFilters", "DescribeTrafficMirrorFilterRules", "DescribeTrafficMirrorSessions",
	"DescribeNetworkInterfaces", "DescribeTags"}

// changes are parameters with which every action that changes something succeeds, each by itself.
func (w *world) changes(b base) map[string][]string {
	w.Helper()
	idle := w.ok("CreateTrafficMirrorFilter").at("trafficMirrorFilter", "trafficMirrorFilterId").text
	spare := w.ok("CreateNetworkInterface", "SubnetId", "tun0", "PrivateIpAddress", "192.0.2.250").at("networkInterface", "networkInterfaceId").text
	target := w.ok("CreateTrafficMirrorTarget", "NetworkInterfaceId", spare).at("trafficMirrorTarget", "trafficMirrorTargetId").text
	lone := w.ok("CreateNetworkInterface", "SubnetId", "tun0").at("networkInterface", "networkInterfaceId").text
	return map[string][]string{
		"CreateNetworkInterface":                   p("SubnetId", "tun0"),
		"DeleteNetworkInterface":                   p("NetworkInterfaceId", lone),
		"CreateTrafficMirrorTarget":                p("NetworkInterfaceId", b.appliance),
		"DeleteTrafficMirrorTarget":                p("TrafficMirrorTargetId", target),
		"CreateTrafficMirrorFilter":                p("Description", "d"),
		"DeleteTrafficMirrorFilter":                p("TrafficMirrorFilterId", idle),
		"ModifyTrafficMirrorFilterNetworkServices": p("TrafficMirrorFilterId", b.filter, "AddNetworkService.1", "amazon-dns"),
		"CreateTrafficMirrorFilterRule":            w.rule(b.filter, "RuleNumber", "300"),
		"ModifyTrafficMirrorFilterRule":            p("TrafficMirrorFilterRuleId", b.rule, "RuleNumber", "301"),
		"DeleteTrafficMirrorFilterRule":            p("TrafficMirrorFilterRuleId", b.rule),
		"CreateTrafficMirrorSession":               p("NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "77"),
		"ModifyTrafficMirrorSession":               p("TrafficMirrorSessionId", b.session, "TrafficMirrorTargetId", target, "TrafficMirrorFilterId", idle),
		"DeleteTrafficMirrorSession":               p("TrafficMirrorSessionId", b.session),
		"CreateTags":                               p("ResourceId.1", b.target, "ResourceId.2", b.rule, "Tag.1.Key", "k", "Tag.1.Value", "v"),
		"DeleteTags":                               p("ResourceId.1", b.target, "Tag.1.Key", "Name", "Tag.2.Key", "x", "Tag.2.Value", "y"),
	}
}

// TestTokens: a create with a token is made once, also over a restart.
func TestTokens(t *testing.T) {
	w := openWorld(t, t.TempDir(), nil)
	b := w.build()
	creates := map[string][]string{
		"CreateTrafficMirrorTarget":     p("NetworkInterfaceId", b.appliance, "Description", "again"),
		"CreateTrafficMirrorFilter":     p("Description", "d"),
		"CreateTrafficMirrorFilterRule": w.rule(b.filter, "RuleNumber", "300"),
		"CreateTrafficMirrorSession":    p("NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "77"),
		"CreateNetworkInterface":        p("SubnetId", "tun0"),
	}
	first := map[string]string{}
	for name, params := range creates {
		e := w.ok(name, append(params, "ClientToken", "same-for-all")...)
		first[name] = e.at(1, 0).text
		if e.at("clientToken").text != "same-for-all" {
			t.Errorf("%s does not tell the token", name)
		}
	}
	revision := w.revision()
	for round := range 2 {
		for name, params := range creates {
			if again := w.ok(name, append(params, "ClientToken", "same-for-all")...).at(1, 0).text; again != first[name] {
				t.Errorf("%s made %s, then %s", name, first[name], again)
			}
			w.refused("IdempotentParameterMismatch", name, append(with(params, "Description", "other"), "ClientToken", "same-for-all")...)
		}
		if round == 0 {
			if err := w.store.Close(); err != nil {
				t.Fatal(err)
			}
			w.open(nil)
		}
	}
	if w.revision() != revision {
		t.Error("a replay changed something")
	}
	w.account = bob // has tokens of its own
	if id := w.ok("CreateTrafficMirrorFilter", "Description", "d", "ClientToken", "same-for-all").at(1, 0).text; id == first["CreateTrafficMirrorFilter"] {
		t.Error("another account got the filter")
	}
	w.account = alice
	w.ok("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", first["CreateTrafficMirrorSession"])
	if id := w.ok("CreateTrafficMirrorSession", append(creates["CreateTrafficMirrorSession"], "ClientToken", "same-for-all")...).at(1, 0).text; id != first["CreateTrafficMirrorSession"] {
		t.Error("a replay after the deletion made another one")
	}
	w.guard.deny = func(*iam.Question) string { return "no longer" }
	w.refused("UnauthorizedOperation", "CreateTrafficMirrorFilter", "Description", "d", "ClientToken", "same-for-all")
}

// TestTextThatXMLCannotHold may come over the control socket.
func TestTextThatXMLCannotHold(t *testing.T) {
	w := newWorld(t)
	w.put(func(tx *store.Tx) error {
		return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: "odd", Account: alice, Description: "bell\a, \"quote\" & <tag> ]]> end\ufffe\r\n", Tags: map[string]string{"\x02k": "\x1bv"}}})
	})
	e := w.ok("DescribeTrafficMirrorFilters").at("trafficMirrorFilterSet", 0)
	if got := e.at("description").text; got != "bell\ufffd, \"quote\" & <tag> ]]> end\ufffd\r\n" {
		t.Errorf("description %q", got)
	}
	if got := e.at("tagSet", 0, "key").text; got != "\ufffdk" {
		t.Errorf("key %q", got)
	}
}
