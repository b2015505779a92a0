package iam_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/iam"
)

// guidePolicy is the example of the AWS guide, "Identity and access management for Traffic
// Mirroring".
const guidePolicy = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "ec2:CreateTrafficMirrorSession",
      "Resource": [
        "arn:aws:ec2:*:*:traffic-mirror-target/tmt-12345645678",
        "arn:aws:ec2:*:*:traffic-mirror-filter/*",
        "arn:aws:ec2:*:*:network-interface/*"
      ]
    }
  ]
}`

const account = "111111111111"

var alice = iam.Principal{Account: account, User: "alice"}

func parse(t testing.TB, document string) *iam.Policy {
	t.Helper()
	p, err := iam.ParsePolicy("p", []byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

func attach(policies ...*iam.Policy) (all []iam.Attached) {
	for _, p := range policies {
		all = append(all, iam.Attached{Policy: p, To: `user "alice"`})
	}
	return all
}

func arn(kind, id string) string { return iam.ResourceARN("us-east-1", account, kind, id) }

func createSession(target string) *iam.Question {
	return &iam.Question{Principal: alice, Action: "ec2:CreateTrafficMirrorSession", Resources: []iam.Resource{
		{ARN: arn(iam.KindInterface, "eni-1")}, {ARN: arn(iam.KindFilter, "tmf-1")}, {ARN: arn(iam.KindTarget, target)}}}
}

func TestGuideExample(t *testing.T) {
	policies := attach(parse(t, guidePolicy))
	if d := iam.Evaluate(policies, createSession("tmt-12345645678")); !d.Allowed || d.Policy != "p" || d.Statement != "1" || d.Resource != "" {
		t.Errorf("the target of the example: %+v", d)
	}
	d := iam.Evaluate(policies, createSession("tmt-99999999999"))
	if d.Allowed || d.Resource != arn(iam.KindTarget, "tmt-99999999999") || d.Policy != "" || d.Statement != "" {
		t.Errorf("another target: %+v", d)
	}
	if want := "statement 1 of policy \"p\" of user \"alice\" is about it, but not for this resource"; !strings.Contains(d.Reason, want) {
		t.Errorf("reason %q lacks %q", d.Reason, want)
	}
	q := createSession("tmt-12345645678")
	q.Action = "ec2:DeleteTrafficMirrorSession"
	if d := iam.Evaluate(policies, q); d.Allowed {
		t.Errorf("another action: %+v", d)
	}
	kinds, ok := iam.ResourceKinds("ec2:CreateTrafficMirrorSession")
	if !ok || len(kinds) != len(q.Resources) {
		t.Errorf("the action is checked on %v, the example allows network interface, filter and target", kinds)
	}
}

func statement(effect, action, resource, more string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": %q, "Action": %q, "Resource": %q%s}]}`, effect, action, resource, more)
}

func TestDecisions(t *testing.T) {
	allowAll := statement("Allow", "*", "*", "")
	target := iam.Resource{ARN: arn(iam.KindTarget, "tmt-1"), Tags: map[string]string{"team": "alice", "Env": "prod"}}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	facts := iam.RequestFacts{SourceIP: netip.MustParseAddr("203.0.113.9"), Time: at, UserAgent: "aws-cli/2.9.19", Region: "us-east-1",
		Tags: map[string]string{"team": "red", "cost": "7"}}
	when := func(condition string) string {
		return statement("Allow", "ec2:DeleteTrafficMirrorTarget", "*", `"Condition": {`+condition+`}`)
	}
	for _, c := range []struct {
		name     string
		policies []string
		allowed  bool
	}{
		{"nothing attached", nil, false},
		{"all", []string{allowAll}, true},
		{"deny wins before", []string{statement("Deny", "ec2:Delete*", "*", ""), allowAll}, false},
		{"deny wins after", []string{allowAll, statement("Deny", "ec2:Delete*", "*", "")}, false},
		{"deny of another", []string{allowAll, statement("Deny", "ec2:Create*", "*", "")}, true},
		{"deny of another resource", []string{allowAll, statement("Deny", "*", "arn:aws:ec2:*:*:traffic-mirror-filter/*", "")}, true},
		{"action in other case", []string{statement("Allow", "EC2:deletetrafficmirrortarget", "*", "")}, true},
		{"action with ?", []string{statement("Allow", "ec2:?eleteTrafficMirrorTarge?", "*", "")}, true},
		{"ARN in other case", []string{statement("Allow", "*", "arn:aws:ec2:*:*:traffic-mirror-target/TMT-1", "")}, false},
		{"ARN prefix", []string{statement("Allow", "*", "arn:aws:ec2:*", "")}, true},
		{"* does not reach over a colon", []string{statement("Allow", "*", "arn:aws:ec2:*:1*:*", "")}, true},
		{"region apart", []string{statement("Allow", "*", "arn:aws:ec2:us*1:222222222222:*", "")}, false},
		{"? is one", []string{statement("Allow", "*", "arn:aws:ec2:*:*:traffic-mirror-target/tmt-??", "")}, false},
		{"NotAction", []string{`{"Statement": {"Effect": "Allow", "NotAction": ["ec2:Create*", "ram:*"], "Resource": "*"}}`}, true},
		{"NotAction of it", []string{`{"Statement": {"Effect": "Allow", "NotAction": "ec2:Delete*", "Resource": "*"}}`}, false},
		{"NotResource", []string{`{"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*:*:network-interface/*"}}`}, true},
		{"NotResource of it", []string{`{"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*:*:traffic-mirror-target/*"}}`}, false},
		{"variable", []string{when(`"StringEquals": {"ec2:ResourceTag/team": "${aws:username}"}`)}, true},
		{"variable in ARN", []string{statement("Allow", "*", "arn:aws:ec2:*:${aws:PrincipalAccount}:*", "")}, true},
		{"variable with default", []string{when(`"StringEquals": {"aws:ResourceTag/team": "${aws:RequestTag/none, 'alice'}"}`)}, true},
		{"variable without value", []string{when(`"StringNotEquals": {"aws:ResourceTag/team": "${aws:RequestTag/none}"}`)}, false},
		{"denies with a variable without value", []string{allowAll, statement("Deny", "*", "*", `"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:RequestTag/none}"}}`)}, false},
		{"wildcards of variables are none", []string{when(`"StringLike": {"aws:ResourceTag/team": "${*}"}`)}, false},
		{"tag key in other case", []string{when(`"StringEquals": {"aws:resourcetag/ENV": "prod"}`)}, true},
		{"tag differs", []string{when(`"StringEquals": {"aws:ResourceTag/Env": "Prod"}`)}, false},
		{"tag ignoring case", []string{when(`"StringEqualsIgnoreCase": {"aws:ResourceTag/Env": "PROD"}`)}, true},
		{"tag not ignoring case", []string{when(`"StringNotEqualsIgnoreCase": {"aws:ResourceTag/Env": "PROD"}`)}, false},
		{"source in", []string{when(`"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}`)}, true},
		{"source out", []string{when(`"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}`)}, false},
		{"source is v6", []string{when(`"IpAddress": {"aws:SourceIp": "::/0"}`)}, false},
		{"before", []string{when(`"DateLessThan": {"aws:CurrentTime": "2026-11-23T12:00:01Z"}, "DateGreaterThanEquals": {"aws:EpochTime": "2026-11-23"}`)}, true},
		{"after", []string{when(`"DateGreaterThan": {"aws:CurrentTime": "2026-11-23T13:00:00+01:00"}`)}, false},
		{"not by TLS", []string{when(`"Bool": {"aws:SecureTransport": true}`)}, false},
		{"number", []string{when(`"NumericLessThan": {"aws:RequestTag/cost": 7.5}`)}, true},
		{"text is no number", []string{when(`"NumericNotEquals": {"aws:RequestTag/team": 7}`)}, false},
		{"denies what is no number", []string{allowAll, statement("Deny", "*", "*", `"Condition": {"NumericEquals": {"aws:RequestTag/team": 7}}`)}, false},
		{"null", []string{when(`"Null": {"aws:RequestTag/none": "true", "aws:RequestTag/team": "false"}`)}, true},
		{"absent and not equal", []string{when(`"StringNotEquals": {"aws:RequestTag/none": "x"}`)}, true},
		{"absent and equal", []string{when(`"StringEquals": {"aws:RequestTag/none": "x"}`)}, false},
		{"absent and equal if it exists", []string{when(`"StringEqualsIfExists": {"aws:RequestTag/none": "x"}`)}, true},
		{"all tag keys", []string{when(`"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost", "x"]}`)}, true},
		{"not all tag keys", []string{when(`"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}`)}, false},
		{"a tag key", []string{when(`"ForAnyValue:StringLike": {"aws:TagKeys": ["te*"]}`)}, true},
		{"two conditions, one fails", []string{when(`"StringLike": {"aws:UserAgent": "aws-cli/*", "ec2:Region": "eu-*"}`)}, false},
		{"principal", []string{when(`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/al*"}`)}, true},
		{"account of the resource", []string{when(`"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}`)}, true},
	} {
		var policies []*iam.Policy
		for _, document := range c.policies {
			policies = append(policies, parse(t, document))
		}
		q := &iam.Question{Principal: alice, Action: "ec2:DeleteTrafficMirrorTarget", Resources: []iam.Resource{target}, Context: facts.Context()}
		q.Context["aws:username"] = []string{"mallory"} // a door cannot say who asks by a key
		d := iam.Evaluate(attach(policies...), q)
		if d.Allowed != c.allowed || d.Allowed != strings.HasPrefix(d.Reason, "allowed: ") || d.Allowed != (d.Resource == "") {
			t.Errorf("%s: %+v", c.name, d)
		}
		if naive := naiveAllows(t, c.policies, q); naive != c.allowed {
			t.Errorf("%s: the naive evaluator says %v", c.name, naive)
		}
	}
}

func TestEveryResourceMustBeAllowed(t *testing.T) {
	policies := attach(parse(t, statement("Allow", "ec2:CreateTags", "arn:aws:ec2:*:*:*/a*", "")))
	ask := func(ids ...string) iam.Decision {
		q := &iam.Question{Principal: alice, Action: "ec2:CreateTags"}
		for _, id := range ids {
			q.Resources = append(q.Resources, iam.Resource{ARN: arn(iam.KindTarget, id)})
		}
		return iam.Evaluate(policies, q)
	}
	if d := ask("a1", "a2", "a3"); !d.Allowed || !strings.Contains(d.Reason, "2 other resources") {
		t.Errorf("all in a*: %+v", d)
	}
	if d := ask("a1", "b2", "c3"); d.Allowed || d.Resource != arn(iam.KindTarget, "b2") {
		t.Errorf("b2 is not in a*: %+v", d)
	}
	if d := ask(); d.Allowed || d.Resource != "*" {
		t.Errorf("no resource means *, which a pattern of names does not match: %+v", d)
	}
}

func TestQuestionsThatMakeNoSense(t *testing.T) {
	policies := attach(parse(t, statement("Allow", "*", "*", "")))
	for _, q := range []iam.Question{
		{Action: ""}, {Action: "ec2:"}, {Action: "ec2:*"}, {Action: "CreateTags"},
		{Action: "ec2:CreateTags", Resources: []iam.Resource{{ARN: ""}}},
		{Action: "ec2:CreateTags", Resources: []iam.Resource{{ARN: "*"}, {ARN: "tmt-1"}}},
		{Action: "ec2:CreateTags", Resources: []iam.Resource{{ARN: "arn:aws:ec2:r:a"}}},
	} {
		if d := iam.Evaluate(policies, &q); d.Allowed || !strings.HasPrefix(d.Reason, "denied: ") {
			t.Errorf("%+v: %+v", q, d)
		}
	}
}

// TestWildcardsTakeNoLongerThanTheProduct would not end if wildcards were tried in every way.
func TestWildcardsTakeNoLongerThanTheProduct(t *testing.T) {
	pattern := "arn:aws:ec2:*:*:" + strings.Repeat("*a?", 2000) + "b"
	policies := attach(parse(t, statement("Allow", "ec2:CreateTags", pattern, "")))
	q := &iam.Question{Principal: alice, Action: "ec2:CreateTags", Resources: []iam.Resource{{ARN: arn("x", strings.Repeat("a", 5000))}}}
	began := time.Now()
	if d := iam.Evaluate(policies, q); d.Allowed {
		t.Errorf("there is no b at the end: %+v", d)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestManagedPolicies(t *testing.T) {
	writes := 0
	for _, a := range iam.Actions() {
		reading := strings.Contains(a.Name, ":Describe") || strings.Contains(a.Name, ":Get") || strings.Contains(a.Name, ":List") ||
			a.Name == "mirrorgw:Explain" || a.Name == "mirrorgw:Export" || a.Name == "mirrorgw:Watch"
		mirroring := strings.Contains(a.Name, "TrafficMirror")
		for policy, want := range map[string]bool{"AdministratorAccess": true, "ReadOnlyAccess": reading && !strings.HasPrefix(a.Name, "sts:")} {
			if got := managedAllows(t, policy, a); got != want {
				t.Errorf("%s on %s: %v, want %v", policy, a.Name, got, want)
			}
		}
		if mirroring && !managedAllows(t, "TrafficMirroringFullAccess", a) {
			t.Errorf("TrafficMirroringFullAccess does not allow %s", a.Name)
		}
		if !reading {
			writes++
		}
	}
	if writes < 20 {
		t.Errorf("only %d actions change something; the test looks at too few", writes)
	}
	for _, name := range []string{"ram:CreateResourceShare", "ec2:DeleteNetworkInterface", "mirrorgw:Apply"} {
		a, _ := iam.FindAction(name)
		if managedAllows(t, "TrafficMirroringFullAccess", a) {
			t.Errorf("TrafficMirroringFullAccess allows %s", name)
		}
	}
}

func managedAllows(t *testing.T, policy string, a iam.Action) bool {
	t.Helper()
	p, ok := iam.ManagedPolicy(policy)
	if !ok {
		t.Fatalf("there is no policy %s", policy)
	}
	if warnings := p.Warnings(); warnings != nil {
		t.Errorf("%s: %v", policy, warnings)
	}
	q := &iam.Question{Principal: alice, Action: a.Name}
	for _, kind := range a.Kinds {
		if a.Name == "ec2:CreateTags" || a.Name == "ec2:DeleteTags" {
			if kind == iam.KindInterface {
				continue // TrafficMirroringFullAccess leaves sources alone
			}
		}
		q.Resources = append(q.Resources, iam.Resource{ARN: arn(kind, "*")})
	}
	return iam.Evaluate(attach(p), q).Allowed
}
