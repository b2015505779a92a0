package ec2

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// TestPermissions: what each action asks for, that a denial leaves no trace, and that the caller is
// told why.
func TestPermissions(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	changes := w.changes(b)
	arn := func(kind, id string) string { return iam.ResourceARN(region, alice, kind, id) }
	eni, target, filter, rule := arn("network-interface", b.source), arn("traffic-mirror-target", b.target), arn("traffic-mirror-filter", b.filter), arn("traffic-mirror-filter-rule", b.rule)
	session := arn("traffic-mirror-session", b.session)
	wants := map[string][]string{
		"CreateNetworkInterface":                   {arn("network-interface", "*")},
		"DeleteNetworkInterface":                   {arn("network-interface", changes["DeleteNetworkInterface"][1])},
		"CreateTrafficMirrorTarget":                {arn("network-interface", b.appliance), arn("traffic-mirror-target", "*")},
		"DeleteTrafficMirrorTarget":                {arn("traffic-mirror-target", changes["DeleteTrafficMirrorTarget"][1])},
		"CreateTrafficMirrorFilter":                {arn("traffic-mirror-filter", "*")},
		"DeleteTrafficMirrorFilter":                {arn("traffic-mirror-filter", changes["DeleteTrafficMirrorFilter"][1])},
		"ModifyTrafficMirrorFilterNetworkServices": {filter},
		"CreateTrafficMirrorFilterRule":            {filter, arn("traffic-mirror-filter-rule", "*")},
		"ModifyTrafficMirrorFilterRule":            {rule, filter},
		"DeleteTrafficMirrorFilterRule":            {rule, filter},
		"CreateTrafficMirrorSession":               {eni, target, filter}, // as the guide's policy has them
		"ModifyTrafficMirrorSession":               {session, arn("traffic-mirror-target", changes["ModifyTrafficMirrorSession"][3]), arn("traffic-mirror-filter", changes["ModifyTrafficMirrorSession"][5])},
		"DeleteTrafficMirrorSession":               {session},
		"CreateTags":                               {target, rule},
		"DeleteTags":                               {target},
	}
	revision := w.revision()
	w.guard.deny = func(q *iam.Question) string { return "No statement of any policy allows it." }
	for name, params := range changes {
		w.guard.questions()
		if m := w.refused("UnauthorizedOperation", name, params...); !strings.Contains(m, "arn:aws:iam::"+alice+":user/ann is not authorized to perform: ec2:"+name) ||
			!strings.Contains(m, "No statement") {
			t.Errorf("%s: %s", name, m)
		}
		asked := w.guard.questions()
		var resources []string
		for _, r := range asked[0].Resources {
			resources = append(resources, r.ARN)
		}
		if len(asked) != 1 || asked[0].Action != "ec2:"+name || !slices.Equal(resources, wants[name]) {
			t.Errorf("%s asks %+v\nwant %v", name, asked, wants[name])
		}
		if audited := w.last.Audit.Resources; len(params) > 1 && strings.Contains(params[1], "-") && !slices.Contains(audited, params[1]) && params[0] != "Description" {
			t.Errorf("%s was denied, and the audit log tells %v", name, audited)
		}
	}
	for _, name := range describes {
		w.guard.questions()
		w.refused("UnauthorizedOperation", name)
		if asked := w.guard.questions(); len(asked) != 1 || len(asked[0].Resources) != 0 {
			t.Errorf("%s asks %+v", name, asked)
		}
	}
	if w.revision() != revision {
		t.Error("something that was denied was done")
	}
	if len(wants) != len(changes) || len(wants)+len(describes) != len(actions) {
		t.Error("an action is not in the table")
	}
	w.guard.deny = nil
	early := []string{"CreateTags", "ModifyTrafficMirrorSession", "DeleteTrafficMirrorSession"}
	for _, name := range early {
		w.ok(name, changes[name]...)
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(changes))) { // modify, delete, create
		if !slices.Contains(early, name) && name != "CreateTrafficMirrorSession" { // its filter has gone
			w.ok(name, changes[name]...)
		}
	}
}

// TestConditions: what policies can make a permission depend on.
func TestConditions(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	w.guard.questions()
	w.ok("CreateTrafficMirrorFilter", "TagSpecification.1.ResourceType", "traffic-mirror-filter", "TagSpecification.1.Tag.1.Key", "stack", "TagSpecification.1.Tag.1.Value", "prod",
		"TagSpecification.1.Tag.2.Key", "Name")
	asked := w.guard.questions()
	if len(asked) != 2 || asked[1].Action != "ec2:CreateTags" || asked[1].Resources[0].ARN != iam.ResourceARN(region, alice, "traffic-mirror-filter", "*") {
		t.Fatalf("asked %+v", asked)
	}
	for key, want := range map[string]string{"aws:SourceIp": "192.0.2.77", "aws:SecureTransport": "false", "aws:CurrentTime": "2026-11-23T12:00:00Z", "aws:EpochTime": "1795435200",
		"aws:UserAgent": "aws-cli/2.9.19", "ec2:Region": region, "aws:RequestedRegion": region, "aws:RequestTag/stack": "prod", "aws:RequestTag/Name": "",
		"aws:TagKeys": "Name stack", "ec2:CreateAction": "CreateTrafficMirrorFilter"} {
		if got := strings.Join(asked[1].Context[key], " "); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if _, there := asked[0].Context["ec2:CreateAction"]; there {
		t.Error("ec2:CreateAction is there for the create itself")
	}
	w.ok("CreateTags", "ResourceId.1", b.target, "Tag.1.Key", "k", "Tag.1.Value", "v")
	asked = w.guard.questions()
	if q := asked[0]; q.Context["aws:RequestTag/k"][0] != "v" || q.Resources[0].Tags["Name"] != "a b" {
		t.Errorf("CreateTags asks %+v", q)
	}
	w.ok("DeleteTags", "ResourceId.1", b.target, "Tag.1.Key", "k")
	if q := w.guard.questions()[0]; strings.Join(q.Context["aws:TagKeys"], " ") != "k" || q.Context["aws:RequestTag/k"] != nil {
		t.Errorf("DeleteTags asks %+v", q)
	}
	w.guard.deny = func(q *iam.Question) string {
		if q.Action == "ec2:CreateTags" {
			return "no tags"
		}
		return ""
	}
	w.refused("UnauthorizedOperation", "CreateTrafficMirrorFilter", specified("traffic-mirror-filter", 1)...)
	w.ok("CreateTrafficMirrorFilter")
}

// guidesPolicy is the example of the AWS guide, "Identity and access management for Traffic
// Mirroring", with another target.
const guidesPolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": [
	"arn:aws:ec2:*:*:traffic-mirror-target/TARGET", "arn:aws:ec2:*:*:traffic-mirror-filter/*", "arn:aws:ec2:*:*:network-interface/*"]}]}`

// TestGuidesPolicy allows one target and refuses another, and all else.
func TestGuidesPolicy(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	other := w.ok("CreateTrafficMirrorTarget", "NetworkInterfaceId", b.appliance).at("trafficMirrorTarget", "trafficMirrorTargetId").text
	policy, err := iam.ParsePolicy("guide", []byte(strings.Replace(guidesPolicy, "TARGET", b.target, 1)))
	if err != nil {
		t.Fatal(err)
	}
	w.guard.deny = func(q *iam.Question) string {
		if d := iam.Evaluate([]iam.Attached{{Policy: policy, To: `user "ann"`}}, q); !d.Allowed {
			return d.Reason
		}
		return ""
	}
	session := p("NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter, "SessionNumber", "2")
	w.ok("CreateTrafficMirrorSession", session...)
	w.refused("UnauthorizedOperation", "CreateTrafficMirrorSession", with(session, "TrafficMirrorTargetId", other, "SessionNumber", "3")...)
	w.refused("UnauthorizedOperation", "DeleteTrafficMirrorSession", "TrafficMirrorSessionId", b.session)
	w.refused("UnauthorizedOperation", "DescribeTrafficMirrorSessions")
}

// TestKindsOfResources: permission is asked on the kinds that ctl/iam documents for each action.
func TestKindsOfResources(t *testing.T) {
	for i := range actions {
		name := "ec2:" + actions[i].name
		if _, ok := iam.ResourceKinds(name); !ok {
			t.Errorf("policies cannot name %s", name)
		}
	}
	w := newWorld(t)
	b := w.build()
	changes := w.changes(b)
	w.guard.deny = func(*iam.Question) string { return "No." }
	for name, params := range changes {
		w.guard.questions()
		w.refused("UnauthorizedOperation", name, params...)
		kinds, _ := iam.ResourceKinds("ec2:" + name)
		for _, r := range w.guard.questions()[0].Resources {
			kind, _, _ := strings.Cut(r.ARN[strings.LastIndexByte(r.ARN, ':')+1:], "/")
			if !slices.Contains(kinds, kind) {
				t.Errorf("%s is asked on a %s, documented are %v", name, kind, kinds)
			}
		}
	}
}

// foreign are parameters of every action, on resources of an account; those that the caller may
// well have are its own.
func foreign(b, mine base) map[string][][]string {
	rule := func(filter string) []string {
		return (&world{}).rule(filter)
	}
	session := func(eni, target, filter string) []string {
		return p("NetworkInterfaceId", eni, "TrafficMirrorTargetId", target, "TrafficMirrorFilterId", filter, "SessionNumber", "30")
	}
	all := map[string][][]string{
		"CreateTrafficMirrorTarget":                {p("NetworkInterfaceId", b.appliance)},
		"DeleteTrafficMirrorTarget":                {p("TrafficMirrorTargetId", b.target)},
		"DescribeTrafficMirrorTargets":             {p("TrafficMirrorTargetId.1", b.target)},
		"DeleteTrafficMirrorFilter":                {p("TrafficMirrorFilterId", b.filter)},
		"DescribeTrafficMirrorFilters":             {p("TrafficMirrorFilterId.1", b.filter)},
		"ModifyTrafficMirrorFilterNetworkServices": {p("TrafficMirrorFilterId", b.filter, "AddNetworkService.1", "amazon-dns")},
		"CreateTrafficMirrorFilterRule":            {rule(b.filter)},
		"ModifyTrafficMirrorFilterRule":            {p("TrafficMirrorFilterRuleId", b.rule, "RuleNumber", "9")},
		"DeleteTrafficMirrorFilterRule":            {p("TrafficMirrorFilterRuleId", b.rule)},
		"DescribeTrafficMirrorFilterRules":         {p("TrafficMirrorFilterRuleId.1", b.rule), p("TrafficMirrorFilterId", b.filter)},
		"CreateTrafficMirrorSession":               {session(b.source, mine.target, mine.filter), session(mine.source, b.target, mine.filter), session(mine.source, mine.target, b.filter)},
		"ModifyTrafficMirrorSession": {p("TrafficMirrorSessionId", b.session, "SessionNumber", "9"), p("TrafficMirrorSessionId", mine.session, "TrafficMirrorTargetId", b.target),
			p("TrafficMirrorSessionId", mine.session, "TrafficMirrorFilterId", b.filter)},
		"DeleteTrafficMirrorSession":    {p("TrafficMirrorSessionId", b.session)},
		"DescribeTrafficMirrorSessions": {p("TrafficMirrorSessionId.1", b.session)},
		"DeleteNetworkInterface":        {p("NetworkInterfaceId", b.source)},
		"DescribeNetworkInterfaces":     {p("NetworkInterfaceId.1", b.source)},
	}
	for _, id := range []string{b.source, b.appliance, b.target, b.filter, b.rule, b.session} {
		all["CreateTags"] = append(all["CreateTags"], p("ResourceId.1", mine.target, "ResourceId.2", id, "Tag.1.Key", "x"))
		all["DeleteTags"] = append(all["DeleteTags"], p("ResourceId.1", mine.target, "ResourceId.2", id))
		all["DescribeTags"] = append(all["DescribeTags"], filtered("resource-id", id))
	}
	return all
}

// TestStrangers: what another account has is answered to, byte for byte, like what nobody has.
func TestStrangers(t *testing.T) {
	w := newWorld(t)
	theirs := w.build()
	w.account = bob
	mine := w.build()
	nobody := base{noENI, noENI, noTarget, noFilter, noRule, noSess}
	names := func(b base) *strings.Replacer {
		return strings.NewReplacer(b.source, "ENI", b.appliance, "ENI", b.target, "TARGET", b.filter, "FILTER", b.rule, "RULE", b.session, "SESSION")
	}
	revision := w.revision()
	told := func(name string, params []string, b base) string {
		reply, _ := w.call(name, params...)
		return names(b).Replace(strings.Replace(string(reply.Body), w.last.RequestID, "", 1))
	}
	called := map[string]bool{}
	for _, denied := range []bool{false, true} {
		if denied {
			w.guard.deny = func(q *iam.Question) string { return "No." }
		}
		unknown := foreign(nobody, mine)
		for name, all := range foreign(theirs, mine) {
			called[name] = true
			for i, params := range all {
				got, want := told(name, params, theirs), told(name, unknown[name][i], nobody)
				if got != want {
					t.Errorf("%s %q: %s\nwhat nobody has: %s", name, params, got, want)
				}
				if strings.Contains(got, alice) {
					t.Errorf("%s tells the other account: %s", name, got)
				}
			}
		}
	}
	w.guard.deny = nil
	for i := range actions {
		if name := actions[i].name; !called[name] && name != "CreateTrafficMirrorFilter" && name != "CreateNetworkInterface" {
			t.Errorf("%s was not called", name)
		}
	}
	for _, name := range describes {
		reply, _ := w.call(name)
		for _, id := range []string{theirs.source, theirs.appliance, theirs.target, theirs.filter, theirs.rule, theirs.session, alice} {
			if strings.Contains(string(reply.Body), id) {
				t.Errorf("%s tells %s of another account", name, id)
			}
		}
	}
	if w.revision() != revision {
		t.Error("something changed")
	}
}

// TestGuests: the owner of a target sees the sessions of others on it, without their tags, and may
// not change them.
func TestGuests(t *testing.T) {
	w := newWorld(t)
	theirs := w.build()
	w.account = bob
	mine := w.build()
	w.ok("CreateTags", "ResourceId.1", mine.session, "Tag.1.Key", "secret")
	modify := p("TrafficMirrorSessionId", mine.session, "TrafficMirrorTargetId", theirs.target)
	w.refused("InvalidTrafficMirrorTargetId.NotFound", "ModifyTrafficMirrorSession", modify...)
	share := w.share(theirs.target)
	w.refused("InvalidTrafficMirrorTargetId.NotFound", "ModifyTrafficMirrorSession", modify...) // invited only
	w.accept(share)
	w.guard.questions()
	w.ok("ModifyTrafficMirrorSession", modify...)
	if q := w.guard.questions()[0]; q.Resources[1].ARN != iam.ResourceARN(region, alice, "traffic-mirror-target", theirs.target) || q.Resources[1].Tags != nil {
		t.Errorf("asked %+v", q)
	}
	e := w.ok("DescribeTrafficMirrorTargets", filtered("owner-id", alice)...).at("trafficMirrorTargetSet", 0)
	if e.at("trafficMirrorTargetId").text != theirs.target || e.at("ownerId").text != alice || len(e.at("tagSet").children) != 0 {
		t.Errorf("the shared target: %+v", e)
	}
	w.refused("OperationNotPermitted", "DeleteTrafficMirrorTarget", "TrafficMirrorTargetId", theirs.target)
	w.refused("OperationNotPermitted", "CreateTags", "ResourceId.1", theirs.target, "Tag.1.Key", "k")
	if n := len(w.ok("DescribeTags", filtered("resource-id", theirs.target)...).at("tagSet").children); n != 0 {
		t.Error("the owner's tags are told")
	}
	w.refused("DryRunOperation", "CreateTrafficMirrorSession", "NetworkInterfaceId", mine.source, "TrafficMirrorTargetId", theirs.target, "TrafficMirrorFilterId", mine.filter,
		"SessionNumber", "8", "DryRun", "true")
	w.account = alice
	e = w.ok("DescribeTrafficMirrorSessions", "TrafficMirrorSessionId.1", mine.session).at("trafficMirrorSessionSet", 0)
	if e.at("ownerId").text != bob || len(e.at("tagSet").children) != 0 {
		t.Errorf("the guest's session: %+v", e)
	}
	if n := len(w.ok("DescribeTrafficMirrorSessions").at("trafficMirrorSessionSet").children); n != 2 {
		t.Errorf("%d sessions, want the own one and the guest's", n)
	}
	if n := len(w.ok("DescribeTrafficMirrorSessions", filtered("tag-key", "secret")...).at("trafficMirrorSessionSet").children); n != 0 {
		t.Error("the guest's tags can be guessed")
	}
	for name, params := range map[string][]string{"DeleteTrafficMirrorSession": p("TrafficMirrorSessionId", mine.session),
		"ModifyTrafficMirrorSession": p("TrafficMirrorSessionId", mine.session, "SessionNumber", "5"), "CreateTags": p("ResourceId.1", mine.session, "Tag.1.Key", "k"),
		"DeleteTags": p("ResourceId.1", mine.session)} {
		w.refused("OperationNotPermitted", name, params...)
	}
	if m := w.refused("TrafficMirrorTargetInUse", "DeleteTrafficMirrorTarget", "TrafficMirrorTargetId", theirs.target); strings.Contains(m, mine.session) || !strings.Contains(m, theirs.session) {
		t.Error(m)
	}
	w.ok("DeleteTrafficMirrorSession", "TrafficMirrorSessionId", theirs.session)
	w.ok("DeleteTrafficMirrorTarget", "TrafficMirrorTargetId", theirs.target)
	w.refused("InvalidTrafficMirrorSessionId.NotFound", "DescribeTrafficMirrorSessions", "TrafficMirrorSessionId.1", mine.session)
	w.account = bob
	if e := w.ok("DescribeTrafficMirrorSessions", "TrafficMirrorSessionId.1", mine.session).at("trafficMirrorSessionSet", 0); e.at("trafficMirrorTargetId").text != theirs.target {
		t.Errorf("a session whose target has gone: %+v", e)
	}
	w.ok("CreateTags", "ResourceId.1", mine.session, "Tag.1.Key", "orphan")
	w.ok("ModifyTrafficMirrorSession", "TrafficMirrorSessionId", mine.session, "Description", "waits for another target")
	w.ok("ModifyTrafficMirrorSession", "TrafficMirrorSessionId", mine.session, "TrafficMirrorTargetId", mine.target)
}

// share shares a target of alice's with bob, outside her organisation.
func (w *world) share(target string) (id string) {
	w.Helper()
	w.put(func(tx *store.Tx) error {
		s := &ctl.Share{Common: ctl.Common{Name: "share", Account: alice}, AllowExternal: true, Targets: []string{target}, Principals: []*ctl.SharePrincipal{{ID: bob}}}
		err := tx.PutShare(s)
		id = s.ID
		return err
	})
	return id
}

// accept accepts the invitation to a share.
func (w *world) accept(id string) {
	w.Helper()
	w.put(func(tx *store.Tx) error {
		s, _ := tx.Share(alice, id)
		c := s.Clone()
		c.Principals[0].Status = ctl.ShareAccepted
		return tx.PutShare(c)
	})
}

// TestPortsOfOthers: what passes a wire is the gateway's own account's to give. To others its ports are no subnets, so that
// they can neither take the traffic nor learn who has it; behind tunnel ports everybody has appliances.
func TestPortsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.account = bob
	told := func(subnet string) string {
		return strings.ReplaceAll(w.refused("InvalidSubnetID.NotFound", "CreateNetworkInterface", "SubnetId", subnet), subnet, "SUBNET")
	}
	if wire, nothing := told("wire1"), told("wire9"); wire != nothing {
		t.Errorf("%s\nof what is none: %s", wire, nothing)
	}
	w.refused("InvalidSubnetID.NotFound", "CreateNetworkInterface", "SubnetId", "wire1", "DryRun", "true")
	w.ok("CreateNetworkInterface", "SubnetId", "tun0")
	w.account = alice
	w.ok("CreateNetworkInterface", "SubnetId", "wire1")
}
