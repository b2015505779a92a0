package ec2

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
)

// refusal is a call that is answered with a code, and with words that its message has.
type refusal struct {
	code   string
	words  string
	name   string
	params []string
}

func p(params ...string) []string { return params }

const (
	noENI    = "eni-00000000000000000"
	noTarget = "tmt-00000000000000000"
	noFilter = "tmf-00000000000000000"
	noRule   = "tmfr-00000000000000000"
	noSess   = "tms-00000000000000000"
)

// TestRefusals provokes every code that a caller can.
func TestRefusals(t *testing.T) {
	w := newWorld(t, "sessions_per_source = 10")
	b := w.build()
	nlb := w.balancer("lb")
	w.ok("CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", nlb)
	free := w.balancer("free")
	balanced := w.ok("CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", free).at("trafficMirrorTarget", "trafficMirrorTargetId").text
	session := p("NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "2")
	rule := w.rule(b.filter, "RuleNumber", "200")
	long := strings.Repeat("x", 256)
	tests := []refusal{
		{"MissingAction", "Action", "", nil},
		{"InvalidAction", "RunInstances", "RunInstances", nil},

		// Shape of requests.
		{"UnknownParameter", "Colour", "CreateTrafficMirrorFilter", p("Colour", "red")},
		{"UnknownParameter", "description", "CreateTrafficMirrorFilter", p("description", "case matters")},
		{"UnknownParameter", "Description.1", "CreateTrafficMirrorFilter", p("Description.1", "d")},
		{"UnknownParameter", "TrafficMirrorFilterId", "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId", b.filter)},
		{"UnknownParameter", "TrafficMirrorFilterId.0", "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId.0", b.filter)},
		{"UnknownParameter", "TrafficMirrorFilterId.01", "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId.01", b.filter)},
		{"UnknownParameter", "TrafficMirrorFilterId.-1", "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId.-1", b.filter)},
		{"UnknownParameter", "TrafficMirrorFilterId.member.1", "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId.member.1", b.filter)},
		{"UnknownParameter", "Filter.1", "DescribeTrafficMirrorFilters", p("Filter.1", "x")},
		{"UnknownParameter", "Filter.1.Values.1", "DescribeTrafficMirrorFilters", p("Filter.1.Name", "description", "Filter.1.Values.1", "x")},
		{"UnknownParameter", "", "CreateTrafficMirrorFilter", p("", "x")},
		{"UnknownParameter", "SourcePortRange", "CreateTrafficMirrorFilterRule", with(rule, "SourcePortRange", "80")},
		{"InvalidParameterCombination", "Description is there 2 times", "CreateTrafficMirrorFilter", p("Description", "a", "Description", "b")},
		{"MissingParameter", "The request must contain the parameter TrafficMirrorFilterId", "CreateTrafficMirrorFilterRule", p("RuleNumber", "1")},
		{"MissingParameter", "The request must contain the parameter TrafficMirrorSessionId", "DeleteTrafficMirrorSession", p("TrafficMirrorSessionId", "")},
		{"MissingParameter", "SourcePortRange.ToPort", "CreateTrafficMirrorFilterRule", with(rule, "SourcePortRange.FromPort", "5")},
		{"MissingParameter", "Filter.1.Value", "DescribeTrafficMirrorFilters", p("Filter.1.Name", "description")},
		{"MissingParameter", "Filter.2.Name", "DescribeTrafficMirrorFilters", p("Filter.1.Name", "description", "Filter.1.Value.1", "a", "Filter.2.Value.1", "x")},
		{"MissingParameter", "ResourceId", "CreateTags", p("Tag.1.Key", "a")},
		{"MissingParameter", "Tag", "CreateTags", p("ResourceId.1", b.target)},
		{"InvalidParameterValue", "Value (yes) for parameter DryRun is invalid", "CreateTrafficMirrorFilter", p("DryRun", "yes")},
		{"InvalidParameterValue", "Value (x) for parameter SessionNumber", "CreateTrafficMirrorSession", with(session, "SessionNumber", "x")},
		{"InvalidParameterValue", "Value () for parameter SessionNumber", "ModifyTrafficMirrorSession", p("TrafficMirrorSessionId", b.session, "SessionNumber", "")},
		{"InvalidParameterValue", "Value (+5) for", "CreateTrafficMirrorSession", with(session, "SessionNumber", "+5")},
		{"InvalidParameterValue", "Description", "CreateTrafficMirrorFilter", p("Description", long)},
		{"InvalidParameterValue", "Description", "CreateTrafficMirrorFilter", p("Description", "a\x01b")},
		{"InvalidParameterValue", "Description", "CreateTrafficMirrorFilter", p("Description", "a\xffb")},
		{"InvalidParameterValue", "ClientToken", "CreateTrafficMirrorFilter", p("ClientToken", strings.Repeat("t", 65))},
		{"InvalidParameterValue", "ClientToken", "CreateTrafficMirrorFilter", p("ClientToken", "é")},
		{"InvalidParameterValue", "1001", "DescribeTrafficMirrorSessions", numbered("TrafficMirrorSessionId.", 1001, b.session)},
		{"FilterLimitExceeded", "Filter.1.Value", "DescribeTrafficMirrorSessions", append(numbered("Filter.1.Value.", 201, "x"), "Filter.1.Name", "description")},

		// Describe.
		{"InvalidParameterValue", "The filter 'colour' is invalid", "DescribeTrafficMirrorTargets", p("Filter.1.Name", "colour", "Filter.1.Value.1", "x")},
		{"InvalidParameterValue", "The filter 'tag:' is invalid", "DescribeTrafficMirrorTargets", p("Filter.1.Name", "tag:", "Filter.1.Value.1", "x")},
		{"InvalidParameterValue", "MaxResults", "DescribeTrafficMirrorTargets", p("MaxResults", "4")},
		{"InvalidParameterValue", "MaxResults", "DescribeTrafficMirrorTargets", p("MaxResults", "1001")},
		{"InvalidNextToken", "NextToken", "DescribeTrafficMirrorTargets", p("NextToken", "garbage")},
		{"InvalidNextToken", "NextToken", "DescribeTrafficMirrorTargets", p("NextToken", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")},
		{"InvalidTrafficMirrorTargetId.NotFound", noTarget, "DescribeTrafficMirrorTargets", p("TrafficMirrorTargetId.1", b.target, "TrafficMirrorTargetId.2", noTarget)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "DescribeTrafficMirrorFilters", p("TrafficMirrorFilterId.1", noFilter)},
		{"InvalidTrafficMirrorFilterRuleId.NotFound", noRule, "DescribeTrafficMirrorFilterRules", p("TrafficMirrorFilterRuleId.1", noRule)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "DescribeTrafficMirrorFilterRules", p("TrafficMirrorFilterId", noFilter)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "DescribeTrafficMirrorFilterRules", p("TrafficMirrorFilterId", noFilter, "DryRun", "true")},
		{"InvalidTrafficMirrorSessionId.NotFound", noSess, "DescribeTrafficMirrorSessions", p("TrafficMirrorSessionId.1", noSess)},
		{"InvalidNetworkInterfaceID.NotFound", noENI, "DescribeNetworkInterfaces", p("NetworkInterfaceId.1", noENI)},
		{"InvalidNetworkInterfaceId.Malformed", "eni-1", "DescribeNetworkInterfaces", p("NetworkInterfaceId.1", "eni-1")},
		{"InvalidParameterCombination", "MaxResults", "DescribeNetworkInterfaces", p("NetworkInterfaceId.1", b.source, "MaxResults", "5")},

		// Targets.
		{"MissingParameter", "NetworkInterfaceId", "CreateTrafficMirrorTarget", nil},
		{"InvalidParameterCombination", "NetworkLoadBalancerArn", "CreateTrafficMirrorTarget", p("NetworkInterfaceId", b.appliance, "NetworkLoadBalancerArn", nlb)},
		{"InvalidNetworkInterfaceID.NotFound", noENI, "CreateTrafficMirrorTarget", p("NetworkInterfaceId", noENI)},
		{"NetworkInterfaceNotSupported", "no route", "CreateTrafficMirrorTarget", p("NetworkInterfaceId", b.source)},
		{"InvalidNetworkLoadBalancerArn.Malformed", "arn:x", "CreateTrafficMirrorTarget", p("NetworkLoadBalancerArn", "arn:x")},
		{"InvalidNetworkLoadBalancerArn.NotFound", "/net/lb/", "CreateTrafficMirrorTarget", p("NetworkLoadBalancerArn", strings.Replace(nlb, region, "elsewhere-1", 1))},
		{"InvalidNetworkLoadBalancerArn.NotFound", "/net/lbx/", "CreateTrafficMirrorTarget", p("NetworkLoadBalancerArn", strings.Replace(nlb, "/lb/", "/lbx/", 1))},
		{"NlbInUseByTrafficMirrorTargetException", "tmt-", "CreateTrafficMirrorTarget", p("NetworkLoadBalancerArn", nlb)},
		{"InvalidVpcEndpointId.Malformed", "vpce-1", "CreateTrafficMirrorTarget", p("GatewayLoadBalancerEndpointId", "vpce-1")},
		{"InvalidVpcEndpointId.NotFound", "vpce-0123456789abcdef0", "CreateTrafficMirrorTarget", p("GatewayLoadBalancerEndpointId", "vpce-0123456789abcdef0")},
		{"TrafficMirrorTargetInUse", "Cannot delete " + b.target + ". Target is in use by " + b.session, "DeleteTrafficMirrorTarget", p("TrafficMirrorTargetId", b.target)},
		{"InvalidTrafficMirrorTargetId.NotFound", noTarget, "DeleteTrafficMirrorTarget", p("TrafficMirrorTargetId", noTarget)},

		// Filters and rules.
		{"TrafficMirrorFilterInUse", "Cannot delete " + b.filter + ". Filter is in use by " + b.session, "DeleteTrafficMirrorFilter", p("TrafficMirrorFilterId", b.filter)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "DeleteTrafficMirrorFilter", p("TrafficMirrorFilterId", noFilter)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "ModifyTrafficMirrorFilterNetworkServices", p("TrafficMirrorFilterId", noFilter)},
		{"InvalidParameterValue", "amazon-dns", "ModifyTrafficMirrorFilterNetworkServices", p("TrafficMirrorFilterId", b.filter, "AddNetworkService.1", "ntp")},
		{"InvalidParameterCombination", "amazon-dns", "ModifyTrafficMirrorFilterNetworkServices",
			p("TrafficMirrorFilterId", b.filter, "AddNetworkService.1", "amazon-dns", "RemoveNetworkService.1", "amazon-dns")},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "CreateTrafficMirrorFilterRule", with(rule, "TrafficMirrorFilterId", noFilter)},
		{"TrafficMirrorFilterRuleAlreadyExists", "already being used", "CreateTrafficMirrorFilterRule", with(rule, "RuleNumber", "100")},
		{"InvalidParameterValue", "Value (bogus) for parameter TrafficDirection", "CreateTrafficMirrorFilterRule", with(rule, "TrafficDirection", "bogus")},
		{"InvalidParameterValue", "RuleAction", "CreateTrafficMirrorFilterRule", with(rule, "RuleAction", "drop")},
		{"InvalidParameterValue", "RuleNumber", "CreateTrafficMirrorFilterRule", with(rule, "RuleNumber", "0")},
		{"InvalidParameterValue", "RuleNumber", "CreateTrafficMirrorFilterRule", with(rule, "RuleNumber", "32767")},
		{"InvalidParameterValue", "Protocol", "CreateTrafficMirrorFilterRule", with(rule, "Protocol", "256")},
		{"InvalidParameterValue", "Value (y) for parameter SourceCidrBlock is invalid. This is not a valid CIDR block", "CreateTrafficMirrorFilterRule", with(rule, "SourceCidrBlock", "y")},
		{"InvalidParameterValue", "DestinationCidrBlock", "CreateTrafficMirrorFilterRule", with(rule, "DestinationCidrBlock", "10.0.0.1/8")},
		{"InvalidParameterCombination", "both", "CreateTrafficMirrorFilterRule", with(rule, "SourceCidrBlock", "::/0")},
		{"InvalidParameterValue", "65536", "CreateTrafficMirrorFilterRule", with(rule, "Protocol", "6", "SourcePortRange.FromPort", "1", "SourcePortRange.ToPort", "65536")},
		{"InvalidParameterValue", "9-3", "CreateTrafficMirrorFilterRule", with(rule, "Protocol", "6", "SourcePortRange.FromPort", "9", "SourcePortRange.ToPort", "3")},
		{"InvalidParameterCombination", "Protocol", "CreateTrafficMirrorFilterRule", with(rule, "Protocol", "1", "SourcePortRange.FromPort", "1", "SourcePortRange.ToPort", "3")},
		{"InvalidParameterCombination", "Protocol", "ModifyTrafficMirrorFilterRule", p("TrafficMirrorFilterRuleId", b.rule, "RemoveField.1", "protocol")},
		{"InvalidParameterValue", "Value (bogus) for parameter RemoveField.1", "ModifyTrafficMirrorFilterRule", p("TrafficMirrorFilterRuleId", b.rule, "RemoveField.1", "bogus")},
		{"InvalidParameterCombination", "Description", "ModifyTrafficMirrorFilterRule", p("TrafficMirrorFilterRuleId", b.rule, "RemoveField.1", "description", "Description", "d")},
		{"InvalidTrafficMirrorFilterRuleId.NotFound", noRule, "ModifyTrafficMirrorFilterRule", p("TrafficMirrorFilterRuleId", noRule)},
		{"InvalidTrafficMirrorFilterRuleId.NotFound", noRule, "DeleteTrafficMirrorFilterRule", p("TrafficMirrorFilterRuleId", noRule)},

		// Sessions.
		{"InvalidNetworkInterfaceID.NotFound", noENI, "CreateTrafficMirrorSession", with(session, "NetworkInterfaceId", noENI)},
		{"InvalidTrafficMirrorTargetId.NotFound", noTarget, "CreateTrafficMirrorSession", with(session, "TrafficMirrorTargetId", noTarget)},
		{"InvalidTrafficMirrorFilterId.NotFound", noFilter, "CreateTrafficMirrorSession", with(session, "TrafficMirrorFilterId", noFilter)},
		{"InvalidParameterValue", "already being used", "CreateTrafficMirrorSession", with(session, "SessionNumber", "1")},
		{"InvalidParameterValue", "99999", "CreateTrafficMirrorSession", with(session, "SessionNumber", "99999")},
		{"InvalidParameterValue", "99999999999", "CreateTrafficMirrorSession", with(session, "VirtualNetworkId", "99999999999")},
		{"InvalidParameterValue", "VirtualNetworkId", "CreateTrafficMirrorSession", with(session, "VirtualNetworkId", "0")},
		{"InvalidParameterValue", "VirtualNetworkId", "CreateTrafficMirrorSession", with(session, "VirtualNetworkId", "16777216")},
		{"InvalidParameterValue", "PacketLength", "CreateTrafficMirrorSession", with(session, "PacketLength", "0")},
		{"InvalidParameterValue", "8501", "CreateTrafficMirrorSession", with(session, "PacketLength", "8501", "TrafficMirrorTargetId", balanced)},
		{"NetworkInterfaceNotSupported", b.appliance, "CreateTrafficMirrorSession", with(session, "NetworkInterfaceId", b.appliance)},
		{"InvalidParameterValue", "VirtualNetworkId", "ModifyTrafficMirrorSession", p("TrafficMirrorSessionId", b.session, "VirtualNetworkId", "-1")},
		{"InvalidParameterCombination", "PacketLength", "ModifyTrafficMirrorSession", p("TrafficMirrorSessionId", b.session, "PacketLength", "9", "RemoveField.1", "packet-length")},
		{"InvalidTrafficMirrorSessionId.NotFound", noSess, "ModifyTrafficMirrorSession", p("TrafficMirrorSessionId", noSess)},
		{"InvalidTrafficMirrorTargetId.NotFound", noTarget, "ModifyTrafficMirrorSession", p("TrafficMirrorSessionId", b.session, "TrafficMirrorTargetId", noTarget)},
		{"InvalidTrafficMirrorSessionId.NotFound", noSess, "DeleteTrafficMirrorSession", p("TrafficMirrorSessionId", noSess)},

		// Network interfaces.
		{"InvalidSubnetID.NotFound", "wire9", "CreateNetworkInterface", p("SubnetId", "wire9")},
		{"UnsupportedOperation", "SecurityGroupId.1", "CreateNetworkInterface", p("SubnetId", "wire0", "SecurityGroupId.1", "sg-1")},
		{"InvalidParameterValue", "PrivateIpAddress", "CreateNetworkInterface", p("SubnetId", "wire0", "PrivateIpAddress", "10.0.0.300")},
		{"InvalidParameterValue", "IPv6", "CreateNetworkInterface", p("SubnetId", "wire0", "PrivateIpAddress", "2001:db8::1")},
		{"InvalidParameterValue", "IPv4", "CreateNetworkInterface", p("SubnetId", "wire0", "Ipv6Addresses.1.Ipv6Address", "10.0.0.3")},
		{"InvalidParameterCombination", "PrivateIpAddresses", "CreateNetworkInterface", p("SubnetId", "wire0", "PrivateIpAddress", "10.0.0.3", "PrivateIpAddresses.1.PrivateIpAddress", "10.0.0.4")},
		{"InvalidNetworkInterface.InUse", "Interface is in use by " + b.target, "DeleteNetworkInterface", p("NetworkInterfaceId", b.appliance)},
		{"InvalidNetworkInterfaceID.NotFound", noENI, "DeleteNetworkInterface", p("NetworkInterfaceId", noENI)},

		// Tags.
		{"InvalidID", "The ID '" + noTarget + "' is not valid", "CreateTags", p("ResourceId.1", b.target, "ResourceId.2", noTarget, "Tag.1.Key", "a")},
		{"InvalidID", "i-1", "DeleteTags", p("ResourceId.1", "i-1")},
		{"InvalidTagKey.Malformed", "aws:", "CreateTags", p("ResourceId.1", b.target, "Tag.1.Key", "aws:x")},
		{"InvalidTagKey.Malformed", "empty", "CreateTags", p("ResourceId.1", b.target, "Tag.1.Value", "x")},
		{"InvalidTagKey.Malformed", "128", "CreateTags", p("ResourceId.1", b.target, "Tag.1.Key", strings.Repeat("я", 128))},
		{"InvalidParameterValue", "257", "CreateTags", p("ResourceId.1", b.target, "Tag.1.Key", "k", "Tag.1.Value", strings.Repeat("v", 257))},
		{"InvalidParameterValue", "Duplicate tag key", "CreateTags", p("ResourceId.1", b.target, "Tag.1.Key", "k", "Tag.2.Key", "k")},
		{"TagLimitExceeded", b.session, "CreateTags", append(numberedTags(51), "ResourceId.1", b.session)},
		{"InvalidParameterValue", "'bogus-type' is not a valid taggable resource type", "CreateTrafficMirrorFilter",
			p("TagSpecification.1.ResourceType", "bogus-type", "TagSpecification.1.Tag.1.Key", "a")},
	}
	revision := w.revision()
	for _, test := range tests {
		message := w.refused(test.code, test.name, test.params...)
		if !strings.Contains(message, test.words) {
			t.Errorf("%s %s: %q does not say %q", test.name, test.code, message, test.words)
		}
	}
	if now := w.revision(); now != revision {
		t.Errorf("refused requests changed the state: revision %d, was %d", now, revision)
	}
}

func (w *world) revision() (revision uint64) {
	w.store.Read(func(v *store.View) { revision = v.Revision() })
	return revision
}

// numbered is a list of so many members, all alike.
func numbered(prefix string, n int, value string) []string {
	var params []string
	for i := range n {
		params = append(params, prefix+strconv.Itoa(i+1), value)
	}
	return params
}

func numberedTags(n int) []string {
	var params []string
	for i := range n {
		params = append(params, "Tag."+strconv.Itoa(i+1)+".Key", "k"+strconv.Itoa(i))
	}
	return params
}

// TestQuotas provokes every limit.
func TestQuotas(t *testing.T) {
	w := newWorld(t, "sessions_per_account = 5", "targets_per_account = 2", "filters_per_account = 2", "rules_per_filter = 1", "sessions_per_source = 3", "sources_per_target = 2")
	b := w.build()
	w.put(func(tx *store.Tx) error {
		r, _ := tx.Interface(alice, b.appliance)
		c := *r
		c.Instance = "i-1"
		return tx.PutInterface(&c)
	})
	session := func(source, number string) []string {
		return p("NetworkInterfaceId", source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", number)
	}
	w.ok("CreateTrafficMirrorSession", session(b.source, "2")...)
	w.ok("CreateTrafficMirrorSession", session(b.source, "3")...)
	w.refused("TrafficMirrorSessionsPerInterfaceLimitExceeded", "CreateTrafficMirrorSession", session(b.source, "4")...)
	second := w.source("web-2", 91)
	w.ok("CreateTrafficMirrorSession", session(second, "1")...)
	if m := w.refused("TrafficMirrorSourcesPerTargetLimitExceeded", "CreateTrafficMirrorSession", session(w.source("web-3", 92), "1")...); m != "Sources per interface-target limit reached" {
		t.Error(m)
	}
	w.ok("CreateTrafficMirrorSession", session(second, "2")...)
	w.refused("TrafficMirrorSessionLimitExceeded", "CreateTrafficMirrorSession", session(second, "3")...)
	w.refused("TrafficMirrorFilterRuleLimitExceeded", "CreateTrafficMirrorFilterRule", w.rule(b.filter, "RuleNumber", "200")...)
	w.ok("CreateTrafficMirrorFilter")
	w.refused("TrafficMirrorFilterLimitExceeded", "CreateTrafficMirrorFilter")
	w.ok("CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", w.balancer("a"))
	w.refused("TrafficMirrorTargetLimitExceeded", "CreateTrafficMirrorTarget", "NetworkLoadBalancerArn", w.balancer("b"))
}

// TestBothRoles: an interface is not a source and a target at once.
func TestBothRoles(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	dual := w.ok("CreateNetworkInterface", "SubnetId", "wire1", "PrivateIpAddress", "192.0.2.99").at("networkInterface", "networkInterfaceId").text
	w.ok("CreateTrafficMirrorTarget", "NetworkInterfaceId", dual)
	if m := w.refused("InvalidParameterValue", "CreateTrafficMirrorSession", "NetworkInterfaceId", dual, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter,
		"SessionNumber", "1"); !strings.Contains(m, "already being used as a traffic mirror target") {
		t.Error(m)
	}
	w.refused("InvalidParameterValue", "CreateNetworkInterface", "SubnetId", "wire1")
	mirrored := w.ok("CreateNetworkInterface", "SubnetId", "wire0", "PrivateIpAddress", "192.0.2.98").at("networkInterface", "networkInterfaceId").text
	w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", mirrored, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "1")
	if m := w.refused("InvalidParameterValue", "CreateTrafficMirrorTarget", "NetworkInterfaceId", mirrored); !strings.Contains(m, "already being used as a traffic mirror source") {
		t.Error(m)
	}
}

// TestGatewayFaults: what is the gateway's fault and passes is told with 503, which clients repeat;
// what does not pass is not.
func TestGatewayFaults(t *testing.T) {
	path := &publisher{}
	w := openWorld(t, "", path)
	path.refuse = errors.New("no room")
	w.refused("InsufficientCapacity", "CreateTrafficMirrorFilter")
	path.refuse = nil
	path.stall = true
	w.refused("Unavailable", "CreateTrafficMirrorFilter", "ClientToken", "t")
	if n := len(w.ok("DescribeTrafficMirrorFilters").at("trafficMirrorFilterSet").children); n != 1 {
		t.Errorf("%d filters after a stall, want the one that was made", n)
	}
	if w.ok("CreateTrafficMirrorFilter", "ClientToken", "t"); len(w.ok("DescribeTrafficMirrorFilters").at("trafficMirrorFilterSet").children) != 1 {
		t.Error("the retry after a stall made a second filter")
	}
	path.stall = false
	w.service.random = strings.NewReader("")
	w.refused("InternalError", "CreateTrafficMirrorFilter")
	w.store.Close()
	w.refused("Unavailable", "DeleteTrafficMirrorFilter", "TrafficMirrorFilterId", noFilter)
}

// fullDisk is a Persistence that takes nothing.
type fullDisk struct{}

func (fullDisk) Load() (*store.Saved, error) { return &store.Saved{}, nil }
func (fullDisk) Save(*store.Batch) error     { return syscall.ENOSPC }
func (fullDisk) Close() error                { return nil }

// TestFullDisk: nothing is changed, and clients may try again.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.disk = fullDisk{}
	w.open(nil)
	defer w.store.Close()
	if m := w.refused("Unavailable", "CreateTrafficMirrorFilter", "ClientToken", "t"); !strings.Contains(m, "no space left on device") {
		t.Error(m)
	}
	if n := len(w.ok("DescribeTrafficMirrorFilters").at("trafficMirrorFilterSet").children); n != 0 {
		t.Errorf("%d filters", n)
	}
}

// TestEveryCodeIsTranslated reads the codes of the control API from their source: one that is not
// in the table would be told as a defect.
func TestEveryCodeIsTranslated(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../api/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := &request{action: &action{name: "X"}}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		fault := x.problemFault(&problem.Problem{Code: code, Text: "words"})
		server := map[string]bool{api.CodeStorageFailed: true, api.CodeLcoreStalled: true, api.CodeUnavailable: true, api.CodeInternal: true}[code]
		if strings.Contains(fault.Message, "defect") || server != (fault.Status >= 500) || fault.Code == "" {
			t.Errorf("%s is told as %d %s: %s", code, fault.Status, fault.Code, fault.Message)
		}
		return true
	})
	if seen < 20 {
		t.Errorf("found %d codes only", seen)
	}
	if f := x.fault(ctl.ErrStalled); f.Status != 503 {
		t.Error(f)
	}
	if f := x.fault(errors.New("odd")); f.Status != 500 {
		t.Error(f)
	}
}
