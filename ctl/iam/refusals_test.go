package iam_test

import (
	"strings"
	"testing"

	"mirrorgw/ctl/iam"
)

func TestRefusals(t *testing.T) {
	condition := func(text string) string {
		return statement("Allow", "*", "*", `"Condition": `+text)
	}
	for _, c := range []struct{ document, want string }{
		{``, "ends too early"},
		{`[]`, "is a list; write an object"},
		{`{} {}`, "something follows"},
		{"{\"Version\": \"\xff\"}", "not UTF-8"},
		{`{"Version": "2012-10-17",}`, "line 1: this is not JSON"},
		{`{"Version": "2012-10-17"}`, "has no Statement"},
		{`{"Version": "2012-10-18", "Statement": []}`, `Version "2012-10-18" is not one of the policy language; write "2012-10-17"`},
		{`{"Statement": []}`, "0 statements"},
		{`{"Statement": [1]}`, "statement 1 (line 1): the statement is a number"},
		{`{"Id": 7, "Statement": []}`, "Id is a number"},
		{`{"statement": []}`, `no element "statement"; did you mean Statement?`},
		{`{"Statement": [], "Statement": []}`, `"Statement" is there twice`},
		{`{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "allow", "Action": "*", "Resource": "*"}]}`, "statement 2 (line 1): element Effect is neither"},
		{`{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}`, `"Effect" is there twice`},
		{`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}}`, "Principal belongs to policies of resources"},
		{`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": "*"}}`, "NotPrincipal belongs to policies of resources"},
		{`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}}`, `no element "Conditions"; did you mean Condition?`},
		{`{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}}`, "both Action and NotAction"},
		{`{"Statement": {"Effect": "Allow", "Resource": "*"}}`, "neither Action nor NotAction"},
		{`{"Statement": {"Effect": "Allow", "Action": "*"}}`, "neither Resource nor NotResource"},
		{`{"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}}`, "Action is an empty list"},
		{`{"Statement": {"Effect": "Allow", "NotAction": [["*"]], "Resource": "*"}}`, "NotAction is or has a list"},
		{`{"Statement": {"Effect": "Allow", "Action": "ec2", "Resource": "*"}}`, `action "ec2" is not SERVICE:ACTION`},
		{`{"Statement": {"Effect": "Allow", "Action": "ec*:X", "Resource": "*"}}`, "wildcard in the name of its service"},
		{`{"Statement": {"Effect": "Allow", "Action": "ec2:Create Tags", "Resource": "*"}}`, "has the character ' '"},
		{`{"Statement": {"Effect": "Allow", "Action": "ec2:a:b", "Resource": "*"}}`, "has the character ':'"},
		{`{"Statement": {"Sid": "a b", "Effect": "Allow", "Action": "*", "Resource": "*"}}`, "Sid is not a text"},
		{`{"Statement": {"Sid": "é", "Effect": "Allow", "Action": "*", "Resource": "*"}}`, "Sid is not a text"},
		{`{"Statement": [{"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"}]}`, "statements 1 and 2 have the same Sid"},
		{statement("Allow", "*", "tmt-1", ""), `"tmt-1" is not an ARN`},
		{statement("Allow", "*", "*:target", ""), "is not an ARN"},
		{statement("Allow", "*", "arn:aws:ec2:us-east-1:traffic-mirror-target/tmt-1", ""), "has 5 of the 6 parts"},
		{statement("Allow", "*", "arn:aws:ec2:*:*:", ""), "names no resource"},
		{statement("Allow", "*", "arn:aws-cn:ec2:*:*:*", ""), "another partition"},
		{statement("Allow", "*", "arn:aws:ec2:*:*:x/${aws:nobody}", ""), `no condition key "aws:nobody"`},
		{statement("Allow", "*", "arn:aws:ec2:*:*:x/${aws:username", ""), "${ without its }"},
		{statement("Allow", "*", "arn:aws:ec2:*:*:x/${aws:TagKeys}", ""), "may have several values"},
		{statement("Allow", "*", "arn:aws:ec2:*:*:x/${aws:username, none}", ""), "not in single quotes"},
		{`{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:x/${aws:username}"}}`, `needs "Version": "2012-10-17"`},
		{condition(`[]`), "Condition is a list"},
		{condition(`{"StringEquals": {}}`), "has no condition keys"},
		{condition(`{"StringEqual": {"aws:username": "x"}}`), "did you mean StringEquals?"},
		{condition(`{"StringEqualsIfExist": {"aws:username": "x"}}`), "no condition operator"},
		{condition(`{"ForAnyValues:StringEquals": {"aws:TagKeys": "x"}}`), `no prefix "ForAnyValues"`},
		{condition(`{"StringEquals": {"aws:usrname": "x"}}`), "did you mean aws:username?"},
		{condition(`{"NotIpAddress": {"aws:SorceIp": "10.0.0.0/8"}}`), "did you mean aws:SourceIp?"},
		{condition(`{"StringEquals": {"aws:ResourceTag/": "x"}}`), "has no tag key"},
		{condition(`{"StringEquals": {"aws:username": []}}`), "empty list of values"},
		{condition(`{"StringEquals": {"aws:username": null}}`), "is null; write a string"},
		{condition(`{"StringEquals": {"aws:TagKeys": "x"}}`), "write ForAllValues:StringEquals"},
		{condition(`{"IpAddress": {"aws:username": "10.0.0.0/8"}}`), "which IpAddress does not compare"},
		{condition(`{"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}`), "not an IP address or network"},
		{condition(`{"IpAddress": {"aws:SourceIp": "fe80::1%eth0"}}`), "not an IP address or network"},
		{condition(`{"IpAddress": {"aws:SourceIp": "::ffff:10.0.0.1"}}`), "write the IPv4 address"},
		{condition(`{"Bool": {"aws:SecureTransport": "yes"}}`), "neither true nor false"},
		{condition(`{"DateLessThan": {"aws:CurrentTime": "tomorrow"}}`), "not a time"},
		{condition(`{"NumericEquals": {"aws:RequestTag/n": "0x10"}}`), "not a number"},
		{condition(`{"NumericEquals": {"aws:RequestTag/n": "NaN"}}`), "not a number"},
		{condition(`{"Null": {"aws:username": "maybe"}}`), "takes \"true\""},
		{condition(`{"NullIfExists": {"aws:username": "true"}}`), "neither prefix nor suffix"},
		{condition(`{"ArnEquals": {"aws:PrincipalArn": "alice"}}`), "is not an ARN"},
		{condition(`{"StringEquals": {"aws:username": [[["x"]]]}}`), "deeper than policies"},
		{strings.Repeat(" ", iam.MaxPolicyBytes+1), "split it into policies of at most 32768"},
		{strings.Repeat("[", 10000), "deeper than policies"},
	} {
		p, err := iam.ParsePolicy("p", []byte(c.document))
		if err == nil {
			t.Errorf("%.120s was taken: %+v", c.document, p)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), `policy "p": `) {
			t.Errorf("%.120s: %v; want %s", c.document, err, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		document string
		want     []string
	}{
		{guidePolicy, nil},
		{statement("Deny", "ec2:DeleteTrafficMirorTarget", "*", ""), []string{`statement 1: this gateway has no action "ec2:DeleteTrafficMirorTarget"; did you mean ec2:DeleteTrafficMirrorTarget?`}},
		{statement("Allow", "s3:*", "*", `"Sid": "Buckets"`), []string{`statement "Buckets": this gateway has no action "s3:*"; remove it`}},
		{statement("Allow", "ec2:DescribeTrafficMirrorTargets", "arn:aws:ec2:*:*:*", ""), []string{"has no resource-level permissions"}},
		{`{"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}`, nil},
	} {
		got := parse(t, c.document).Warnings()
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.document, got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", c.document, got[i], c.want[i])
			}
		}
	}
}

func TestActionTable(t *testing.T) {
	seen := map[string]bool{}
	keys := strings.Join(iam.ConditionKeys(), " ")
	for _, a := range iam.Actions() {
		if lower := strings.ToLower(a.Name); seen[lower] {
			t.Errorf("%s is there twice", a.Name)
		} else {
			seen[lower] = true
		}
		kinds, ok := iam.ResourceKinds(strings.ToUpper(a.Name))
		if !ok || len(kinds) != len(a.Kinds) {
			t.Errorf("%s: ResourceKinds %v, %v", a.Name, kinds, ok)
		}
		for _, key := range a.Keys {
			if !strings.Contains(keys, key) {
				t.Errorf("%s has the condition key %s, which policies cannot ask for", a.Name, key)
			}
		}
	}
	if _, ok := iam.ResourceKinds("ec2:RunInstances"); ok {
		t.Error("there is an action ec2:RunInstances")
	}
	for _, key := range iam.CommonKeys {
		if !strings.Contains(keys, key) {
			t.Errorf("common key %s is not one of %s", key, keys)
		}
	}
}
