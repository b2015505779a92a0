package iam_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/iam"
)

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
}

// naiveAllows is an evaluator of its own: generic JSON, regular expressions, no compilation. It
// takes only documents that the parser has accepted.
func naiveAllows(t fataler, documents []string, q *iam.Question) bool {
	t.Helper()
	resources := q.Resources
	if len(resources) == 0 {
		resources = []iam.Resource{{ARN: "*"}}
	}
	for _, r := range resources {
		allowed := false
		for _, document := range documents {
			var policy map[string]any
			if err := json.Unmarshal([]byte(document), &policy); err != nil {
				t.Fatal(err)
			}
			for _, s := range listOf(policy["Statement"]) {
				s := s.(map[string]any)
				holds := naiveApplies(s, q, r)
				if s["Effect"] == "Deny" && holds != "no" {
					return false
				}
				allowed = allowed || s["Effect"] == "Allow" && holds == "yes"
			}
		}
		if !allowed {
			return false
		}
	}
	return true
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// The answers are "yes", "no" and "maybe".
func naiveAnd(answers ...string) string {
	switch {
	case slices.Contains(answers, "no"):
		return "no"
	case slices.Contains(answers, "maybe"):
		return "maybe"
	}
	return "yes"
}

func naiveOr(answers ...string) string {
	switch {
	case slices.Contains(answers, "yes"):
		return "yes"
	case slices.Contains(answers, "maybe"):
		return "maybe"
	}
	return "no"
}

func naiveNot(a string) string {
	return map[string]string{"yes": "no", "no": "yes", "maybe": "maybe"}[a]
}

func naiveBool(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func naiveApplies(s map[string]any, q *iam.Question, r iam.Resource) string {
	var actions, resources []string
	for _, a := range append(listOf(s["Action"]), listOf(s["NotAction"])...) {
		actions = append(actions, naiveBool(naiveGlob("(?i)", a.(string)).MatchString(q.Action)))
	}
	for _, p := range append(listOf(s["Resource"]), listOf(s["NotResource"])...) {
		resources = append(resources, naiveARN(p.(string), r.ARN, q, r))
	}
	action, resource := naiveOr(actions...), naiveOr(resources...)
	if s["NotAction"] != nil {
		action = naiveNot(action)
	}
	if s["NotResource"] != nil {
		resource = naiveNot(resource)
	}
	answers := []string{action, resource}
	conditions, _ := s["Condition"].(map[string]any)
	for operator, keys := range conditions {
		for key, wanted := range keys.(map[string]any) {
			answers = append(answers, naiveCondition(operator, key, listOf(wanted), q, r))
		}
	}
	return naiveAnd(answers...)
}

func naiveGlob(flags, pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(text, `\*`, `.*`)
	text = strings.ReplaceAll(text, `\?`, `.`)
	return regexp.MustCompile(flags + `(?s)^` + text + `$`)
}

var naiveVariable = regexp.MustCompile(`\$\{([^},]*)(?:,\s*'([^']*)')?\s*\}`)

// naiveExpand makes a regular expression of a text with variables, or says that one has no value.
func naiveExpand(pattern string, wild bool, star string, q *iam.Question, r iam.Resource) (string, bool) {
	text, known := "", true
	glob := func(part string) {
		part = regexp.QuoteMeta(part)
		if wild {
			part = strings.ReplaceAll(strings.ReplaceAll(part, `\*`, star+"*"), `\?`, star)
		}
		text += part
	}
	for pattern != "" {
		at := naiveVariable.FindStringSubmatchIndex(pattern)
		if at == nil {
			break
		}
		glob(pattern[:at[0]])
		name := strings.TrimSpace(pattern[at[2]:at[3]])
		switch values := naiveValues(name, q, r); {
		case name == "*" || name == "?" || name == "$":
			text += regexp.QuoteMeta(name)
		case len(values) == 1:
			text += regexp.QuoteMeta(values[0])
		case len(values) == 0 && at[4] >= 0:
			text += regexp.QuoteMeta(pattern[at[4]:at[5]])
		default:
			known = false
			text += `[^:]*` // for an ARN whose other parts may differ anyway
		}
		pattern = pattern[at[1]:]
	}
	glob(pattern)
	return "(?s)^" + text + "$", known
}

func naiveARN(pattern, arn string, q *iam.Question, r iam.Resource) string {
	if pattern == "*" {
		return "yes"
	}
	// Inside a part no wildcard matches a colon; in the last one it does.
	protected := naiveVariable.ReplaceAllStringFunc(pattern, func(v string) string { return strings.ReplaceAll(v, ":", "\x00") })
	parts := strings.SplitN(protected, ":", 6)
	answers := []string{}
	texts := strings.SplitN(arn, ":", len(parts))
	if len(texts) != len(parts) {
		return "no"
	}
	for i := range parts {
		part := strings.ReplaceAll(parts[i], "\x00", ":")
		expression, known := naiveExpand(part, true, ".", q, r)
		if !known {
			answers = append(answers, "maybe")
			continue
		}
		answers = append(answers, naiveBool(regexp.MustCompile(expression).MatchString(texts[i])))
	}
	return naiveAnd(answers...)
}

// naiveValues searches all that is known of a question.
func naiveValues(name string, q *iam.Question, r iam.Resource) (values []string) {
	lower := strings.ToLower(name)
	switch lower {
	case "aws:username":
		if q.Principal.User == "" {
			return nil
		}
		return []string{q.Principal.User}
	case "aws:principalaccount":
		return []string{q.Principal.Account}
	case "aws:principalarn":
		return []string{q.Principal.ARN()}
	case "aws:principaltype":
		if q.Principal.User == "" {
			return []string{"Account"}
		}
		return []string{"User"}
	case "aws:resourceaccount":
		if parts := strings.Split(r.ARN, ":"); len(parts) > 5 && parts[4] != "" {
			return parts[4:5]
		}
		return nil
	}
	if prefix, tag, found := strings.Cut(lower, "/"); found && (prefix == "aws:resourcetag" || prefix == "ec2:resourcetag") {
		for key, value := range r.Tags {
			if strings.ToLower(key) == tag {
				values = append(values, value)
			}
		}
		return values
	}
	for key, all := range q.Context {
		if strings.ToLower(key) == lower {
			values = append(values, all...)
		}
	}
	return values
}

func naiveCondition(operator, key string, wanted []any, q *iam.Question, r iam.Resource) string {
	values := naiveValues(key, q, r)
	if operator == "Null" {
		return naiveBool((len(values) == 0) == (fmt.Sprint(wanted[0]) == "true"))
	}
	base := operator[strings.Index(operator, ":")+1:]
	base, exists := strings.CutSuffix(base, "IfExists")
	negated := strings.Contains(base, "Not")
	forAll, forAny := strings.HasPrefix(operator, "ForAllValues:"), strings.HasPrefix(operator, "ForAnyValue:")
	if len(values) == 0 {
		return naiveBool(exists || forAll || negated && !forAny)
	}
	if len(values) > 1 && !forAll && !forAny {
		return "maybe"
	}
	var answers []string
	for _, value := range values {
		var equal []string
		for _, want := range wanted {
			equal = append(equal, naiveCompare(strings.Replace(base, "Not", "", 1), value, fmt.Sprint(want), q, r))
		}
		answer := naiveOr(equal...)
		if negated {
			answer = naiveNot(answer)
		}
		answers = append(answers, answer)
	}
	if forAny {
		return naiveOr(answers...)
	}
	return naiveAnd(answers...)
}

// naiveCompare compares by an operator that is not negated.
func naiveCompare(operator, value, want string, q *iam.Question, r iam.Resource) string {
	switch operator {
	case "StringEquals", "StringLike", "StringEqualsIgnoreCase":
		expression, known := naiveExpand(want, operator == "StringLike", ".", q, r)
		if !known {
			return "maybe"
		}
		if operator == "StringEqualsIgnoreCase" {
			expression = "(?i)" + expression
		}
		return naiveBool(regexp.MustCompile(expression).MatchString(value))
	case "ArnEquals", "ArnLike":
		return naiveARN(want, value, q, r)
	case "Bool":
		if !regexp.MustCompile(`(?i)^(true|false)$`).MatchString(value) {
			return "maybe"
		}
		return naiveBool(strings.EqualFold(value, want))
	case "IpAddress":
		return naiveAddress(value, want)
	}
	if order, isDate := strings.CutPrefix(operator, "Date"); isDate {
		v, w := naiveTime(value), naiveTime(want)
		if v == nil {
			return "maybe"
		}
		return naiveOrder(order, v.Cmp(w))
	}
	v, ok := new(big.Rat).SetString(value)
	w, _ := new(big.Rat).SetString(want)
	if !ok {
		return "maybe"
	}
	return naiveOrder(strings.TrimPrefix(operator, "Numeric"), v.Cmp(w))
}

// IpAddress loses its Not in front, so that it is looked at by name.
func naiveAddress(value, want string) string {
	ip := net.ParseIP(value)
	if ip == nil {
		return "maybe"
	}
	if !strings.Contains(want, "/") {
		return naiveBool(ip.Equal(net.ParseIP(want)))
	}
	_, network, err := net.ParseCIDR(want)
	return naiveBool(err == nil && network.Contains(ip))
}

func naiveTime(text string) *big.Rat {
	if regexp.MustCompile(`^[0-9]{5,12}$`).MatchString(text) {
		r, _ := new(big.Rat).SetString(text)
		return r
	}
	for _, form := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if at, err := time.Parse(form, text); err == nil {
			return new(big.Rat).SetInt64(at.Unix())
		}
	}
	return nil
}

func naiveOrder(order string, c int) string {
	return naiveBool(map[string]bool{"Equals": c == 0, "LessThan": c < 0, "LessThanEquals": c <= 0, "GreaterThan": c > 0, "GreaterThanEquals": c >= 0}[order])
}
