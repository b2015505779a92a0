package iam_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"mirrorgw/ctl/iam"
)

// Few values, so that policies and questions meet often.
var (
	someActions = []string{"ec2:CreateTags", "ec2:DeleteTags", "ec2:CreateTrafficMirrorSession", "ram:GetResourceShares"}
	globActions = append([]string{"*", "ec2:*", "ec2:*Tags", "EC2:createtags", "ec2:??eateTags", "ram:*", "ec2:*e*a*e*"}, someActions...)
	someARNs    = []string{"*", arn("traffic-mirror-target", "tmt-1"), arn("traffic-mirror-target", "tmt-2"), arn("network-interface", "*"),
		"arn:aws:ec2:eu-west-1:222222222222:traffic-mirror-filter/a:b", arn("x", "alice"), arn("x", "")}
	globARNs = append([]string{"arn:aws:ec2:*:*:traffic-mirror-*", "arn:aws:ec2:*", "arn:*", "arn:aws:ec2:*:1*:*", "arn:a*:ec?:us*1:*:*/tmt-?",
		"arn:aws:ec2:*:${aws:PrincipalAccount}:*", "arn:aws:ec2:*:*:x/${aws:username}", "arn:aws:ec2:*:*:x/${aws:RequestTag/a, 'alice'}",
		"arn:aws:ec2:${aws:RequestTag/b}:*:traffic-mirror-target/*", "arn:aws:ec2:*:*:*${*}"}, someARNs...)
	someTexts = []string{"", "a", "b", "ab", "AB", "alice", "7", "7.0", "8", "true", "False", "10.0.0.1", "2001:db8::1", "2026-11-23", "2026-11-23T12:00:00Z",
		"*", "é", "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:root"}
	globTexts = append([]string{"a*", "?", "*b", "${aws:username}", "${aws:RequestTag/a}", "x${aws:ResourceTag/b, 'b'}", "${*}", "*:user/*"}, someTexts...)
	contextOf = []string{"aws:SourceIp", "aws:CurrentTime", "aws:SecureTransport", "aws:UserAgent", "aws:RequestTag/a", "aws:requesttag/A",
		"aws:RequestTag/b", "aws:TagKeys", "aws:username"}
	keysAsked = append([]string{"aws:ResourceTag/a", "ec2:resourcetag/B", "aws:PrincipalArn", "aws:PrincipalType", "aws:ResourceAccount"}, contextOf...)
	operators = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"ArnEquals", "ArnNotLike", "Bool", "IpAddress", "NotIpAddress", "DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals",
		"NumericEquals", "NumericNotEquals", "NumericLessThanEquals", "NumericGreaterThan", "Null"}
)

func oneOrMore(t *rapid.T, from []string, name string) any {
	if rapid.Bool().Draw(t, name+" alone") {
		return rapid.SampledFrom(from).Draw(t, name)
	}
	return rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, name+" list")
}

func drawStatement(t *rapid.T) map[string]any {
	not := func(name string) string {
		if rapid.IntRange(0, 4).Draw(t, "not "+name) == 0 {
			return "Not" + name
		}
		return name
	}
	s := map[string]any{"Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect"),
		not("Action"): oneOrMore(t, globActions, "action"), not("Resource"): oneOrMore(t, globARNs, "resource")}
	if n := rapid.IntRange(0, 2).Draw(t, "conditions"); n > 0 {
		conditions := map[string]any{}
		for range n {
			operator := rapid.SampledFrom([]string{"", "", "", "ForAllValues:", "ForAnyValue:"}).Draw(t, "set") + rapid.SampledFrom(operators).Draw(t, "operator") +
				rapid.SampledFrom([]string{"", "", "IfExists"}).Draw(t, "exists")
			conditions[operator] = map[string]any{rapid.SampledFrom(keysAsked).Draw(t, "key"): oneOrMore(t, globTexts, "value")}
		}
		s["Condition"] = conditions
	}
	return s
}

// drawPolicy draws until the parser takes it: many drawn conditions make no sense.
func drawPolicy(t *rapid.T) (*iam.Policy, string) {
	statements := []any{}
	for range rapid.IntRange(1, 3).Draw(t, "statements") {
		for {
			s := drawStatement(t)
			one, err := json.Marshal(map[string]any{"Version": iam.Version, "Statement": s})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := iam.ParsePolicy("p", one); err == nil {
				statements = append(statements, s)
				break
			}
		}
	}
	document, err := json.MarshalIndent(map[string]any{"Version": iam.Version, "Statement": statements}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	p, err := iam.ParsePolicy("p", document)
	if err != nil {
		t.Fatalf("each statement was taken alone: %v\n%s", err, document)
	}
	return p, string(document)
}

func drawQuestion(t *rapid.T) *iam.Question {
	q := &iam.Question{Principal: rapid.SampledFrom([]iam.Principal{alice, {Account: "222222222222", User: "bob"}, {Account: account}}).Draw(t, "who"),
		Action: rapid.SampledFrom(someActions).Draw(t, "action asked"), Context: map[string][]string{}}
	for range rapid.IntRange(0, 3).Draw(t, "resources") {
		r := iam.Resource{ARN: rapid.SampledFrom(someARNs).Filter(func(a string) bool { return !strings.HasSuffix(a, "x/") }).Draw(t, "ARN"), Tags: map[string]string{}}
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "A", "b"}), rapid.ID).Draw(t, "tags") {
			r.Tags[key] = rapid.SampledFrom(someTexts).Draw(t, "tag")
		}
		q.Resources = append(q.Resources, r)
	}
	for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom(contextOf), rapid.ID).Draw(t, "context") {
		most := 1
		if key == "aws:TagKeys" {
			most = 3
		}
		q.Context[key] = rapid.SliceOfN(rapid.SampledFrom(someTexts), 1, most).Draw(t, key)
	}
	return q
}

// TestAgainstNaive draws policies and questions that both evaluators must answer alike. It counts
// both answers, so that it cannot agree on "denied" only.
func TestAgainstNaive(t *testing.T) {
	allowed, denied := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var policies []*iam.Policy
		var documents []string
		for range rapid.IntRange(1, 2).Draw(t, "policies") {
			p, document := drawPolicy(t)
			policies, documents = append(policies, p), append(documents, document)
		}
		for range 10 {
			q := drawQuestion(t)
			d := iam.Evaluate(attach(policies...), q)
			if naive := naiveAllows(t, documents, q); naive != d.Allowed {
				t.Fatalf("%+v, the naive evaluator says %v\n%+v\n%s", d, naive, q, strings.Join(documents, "\n"))
			}
			if d.Allowed {
				allowed++
			} else {
				denied++
			}
		}
	})
	t.Logf("%d allowed, %d denied", allowed, denied)
	if allowed < 50 || denied < 50 {
		t.Errorf("%d questions were allowed and %d denied; too few to compare", allowed, denied)
	}
}

// TestDenyNeverAllows adds a statement that denies: no question may be allowed by that.
func TestDenyNeverAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, document := drawPolicy(t)
		more, _ := drawPolicy(t)
		denying, err := iam.ParsePolicy("deny", []byte(strings.ReplaceAll(more.Source, `"Allow"`, `"Deny"`)))
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			q := drawQuestion(t)
			if iam.Evaluate(attach(p, denying), q).Allowed && !iam.Evaluate(attach(p), q).Allowed {
				t.Fatalf("%+v is allowed because of\n%s\nbesides\n%s", q, denying.Source, document)
			}
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(guidePolicy)
	f.Add(statement("Deny", "ec2:*", "arn:aws:ec2:*:*:x/${aws:username, 'a'}", `"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*", 1, true]}, "Null": {"aws:RequestTag/a": true}}`))
	f.Add(statement("Allow", "*", "*", `"Condition": {"NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}, "DateLessThan": {"aws:CurrentTime": "2026-11-23T12:00Z"}}`))
	f.Add(`{"Statement": {"Effect": "Allow", "NotAction": "a:b", "NotResource": "arn:*"}}`)
	f.Fuzz(func(t *testing.T, document string) {
		p, err := iam.ParsePolicy("p", []byte(document))
		if err != nil {
			if p != nil || !utf8.ValidString(err.Error()) && utf8.ValidString(document) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, %q", p, err)
			}
			return
		}
		p.Warnings()
		for _, q := range []*iam.Question{createSession("tmt-12345645678"), {Principal: alice, Action: "ec2:CreateTags"}} {
			if d := iam.Evaluate(attach(p), q); d.Allowed != naiveAllows(t, []string{document}, q) || d.Reason == "" {
				t.Fatalf("%+v: the naive evaluator says otherwise\n%s", d, document)
			}
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	f.Add("ec2:*Tags", "arn:aws:ec2:*:*:*/a?c", "a*", "ec2:CreateTags", arn("x", "abc"), "abc")
	f.Add("*", "*", "${aws:username}", "ec2:CreateTags", arn("x", "é"), "alice")
	f.Fuzz(func(t *testing.T, action, resource, value, asked, name, tag string) {
		document, err := json.Marshal(map[string]any{"Version": iam.Version, "Statement": map[string]any{"Effect": "Allow", "Action": action, "Resource": resource,
			"Condition": map[string]any{"StringLike": map[string]any{"aws:ResourceTag/t": value}}}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := iam.ParsePolicy("p", document)
		if err != nil || !utf8.ValidString(name+tag+asked+action+resource+value) {
			return
		}
		q := &iam.Question{Principal: alice, Action: asked, Resources: []iam.Resource{{ARN: name, Tags: map[string]string{"t": tag}}}}
		d := iam.Evaluate(attach(p), q)
		if strings.Contains(d.Reason, "is not an action") || strings.Contains(d.Reason, "it is not an ARN") {
			return // refused before any policy is asked
		}
		if naive := naiveAllows(t, []string{string(document)}, q); naive != d.Allowed {
			t.Fatalf("%+v, the naive evaluator says %v\n%s\n%+v", d, naive, document, q)
		}
	})
}
