package iam

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

// valueKind is what the values of a condition key are.
type valueKind int

const (
	textValue valueKind = iota
	arnValue
	addressValue
	timeValue
	boolValue
	numberValue
	tagValue // a text of whoever tags: it may mean anything
)

func (k valueKind) String() string {
	return [...]string{"a text", "an ARN", "an IP address", "a time", "true or false", "a number", "a tag's text"}[k]
}

// conditionKey is a key that conditions may ask for.
type conditionKey struct {
	name string // as IAM writes it; of tags with its slash
	kind valueKind
	many bool // it may have several values
	tag  bool // name goes on with the key of a tag
}

// Names of condition keys that doors and services fill into Question.Context.
const (
	KeySourceIP        = "aws:SourceIp"
	KeyCurrentTime     = "aws:CurrentTime" // RFC 3339
	KeyEpochTime       = "aws:EpochTime"   // seconds since 1970
	KeySecureTransport = "aws:SecureTransport"
	KeyUserAgent       = "aws:UserAgent"
	KeyRequestedRegion = "aws:RequestedRegion"
	KeyRegion          = "ec2:Region"
	KeyTagKeys         = "aws:TagKeys"     // of the tags in the request
	KeyRequestTag      = "aws:RequestTag/" // with the key of a tag in the request
	KeyCreateAction    = "ec2:CreateAction"
)

// Names of condition keys that follow from the question itself; what Context says of them does not
// count.
const (
	keyUsername         = "aws:username"
	keyPrincipalARN     = "aws:PrincipalArn"
	keyPrincipalAccount = "aws:PrincipalAccount"
	keyPrincipalType    = "aws:PrincipalType" // Account or User
	keyResourceTag      = "aws:ResourceTag/"
	keyResourceTagEC2   = "ec2:ResourceTag/"
	keyResourceAccount  = "aws:ResourceAccount"
)

// conditionKeys are all that there are. A key that no door fills in would make a condition that
// never holds or always does, so that others are refused.
var conditionKeys = []conditionKey{
	{name: KeySourceIP, kind: addressValue},
	{name: KeyCurrentTime, kind: timeValue},
	{name: KeyEpochTime, kind: timeValue},
	{name: KeySecureTransport, kind: boolValue},
	{name: KeyUserAgent},
	{name: KeyRequestedRegion},
	{name: KeyRegion},
	{name: KeyTagKeys, many: true},
	{name: KeyRequestTag, kind: tagValue, tag: true},
	{name: KeyCreateAction},
	{name: keyUsername},
	{name: keyPrincipalARN, kind: arnValue},
	{name: keyPrincipalAccount},
	{name: keyPrincipalType},
	{name: keyResourceTag, kind: tagValue, tag: true},
	{name: keyResourceTagEC2, kind: tagValue, tag: true},
	{name: keyResourceAccount},
}

// ConditionKeys are the names of all condition keys, those of tags with KEY for the tag's.
func ConditionKeys() []string {
	var names []string
	for _, k := range conditionKeys {
		if k.tag {
			names = append(names, k.name+"KEY")
			continue
		}
		names = append(names, k.name)
	}
	slices.Sort(names)
	return names
}

// findKey finds a condition key by the name that a policy has for it.
func findKey(name string) (*conditionKey, error) {
	for i := range conditionKeys {
		k := &conditionKeys[i]
		if strings.EqualFold(name, k.name) && !k.tag {
			return k, nil
		}
		if k.tag && len(name) >= len(k.name) && strings.EqualFold(name[:len(k.name)], k.name) {
			if len(name) == len(k.name) {
				return nil, fmt.Errorf("%s has no tag key; write it like %steam", name, k.name)
			}
			return k, nil
		}
	}
	var known []string
	for i := range conditionKeys {
		known = append(known, conditionKeys[i].name)
	}
	return nil, fmt.Errorf("this gateway has no condition key %q; %s", name, didYouMean(name, known, strings.Join(ConditionKeys(), ", ")))
}

// didYouMean is the remedy for a misspelt word: the nearest one, or all that there are.
func didYouMean(word string, known []string, all string) string {
	lower := strings.ToLower(word)
	for _, candidate := range known {
		if tomldoc.Nearest(lower, []string{strings.ToLower(candidate)}) != "" {
			return fmt.Sprintf("did you mean %s?", candidate)
		}
	}
	return "there are " + all
}

// facts are the values of condition keys for one question and one of its resources.
type facts struct {
	context  map[string][]string // by lower-case name
	tags     map[string][]string // of the resource, by lower-case key
	resource *Resource
}

// factsOf gathers what a question says; forResource adds what its resources say.
func factsOf(q *Question) *facts {
	f := &facts{context: map[string][]string{}}
	for name, values := range q.Context {
		lower := strings.ToLower(name)
		f.context[lower] = append(f.context[lower], values...)
	}
	p := &q.Principal
	own := map[string]string{keyUsername: p.User, keyPrincipalAccount: p.Account, keyPrincipalARN: p.ARN(), keyPrincipalType: "User"}
	if p.User == "" {
		own[keyPrincipalType] = "Account"
	}
	for name, value := range own {
		delete(f.context, strings.ToLower(name))
		if value != "" {
			f.context[strings.ToLower(name)] = []string{value}
		}
	}
	return f
}

func (f *facts) forResource(r *Resource) *facts {
	g := &facts{context: f.context, resource: r, tags: make(map[string][]string, len(r.Tags))}
	for key, value := range r.Tags {
		lower := strings.ToLower(key)
		g.tags[lower] = append(g.tags[lower], value)
	}
	return g
}

// values are those of a key by its lower-case name; none: the question does not have the key.
func (f *facts) values(name string) []string {
	for _, prefix := range [...]string{keyResourceTag, keyResourceTagEC2} {
		if tag, ok := strings.CutPrefix(name, strings.ToLower(prefix)); ok {
			return f.tags[tag]
		}
	}
	if name == strings.ToLower(keyResourceAccount) {
		if account := accountOf(f.resource.ARN); account != "" {
			return []string{account}
		}
		return nil
	}
	return f.context[name]
}
