package iam

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is how a value compares with a condition: it may be that nobody can tell, because a
// variable has no value or a value is not of the kind that it should be. What cannot be told never
// gives rights: see statement.applies.
type answer int

const (
	no answer = iota
	yes
	unknown
)

func answerOf(holds bool) answer {
	if holds {
		return yes
	}
	return no
}

func (a answer) not() answer {
	switch a {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// operand is a value of a condition as its operator reads it once.
type operand func(value string, f *facts) answer

// operator is a comparison of conditions.
type operator struct {
	name    string
	negated bool // it holds where none of the values compares equal
	kinds   []valueKind
	parse   func(text string, variables bool) (operand, error)
}

var (
	textKinds   = []valueKind{textValue, arnValue, addressValue, timeValue, boolValue, numberValue, tagValue}
	arnKinds    = []valueKind{arnValue, tagValue}
	timeKinds   = []valueKind{timeValue, tagValue}
	numberKinds = []valueKind{numberValue, tagValue}
)

// operators are all but Null (IAM User Guide, "IAM JSON policy elements: Condition operators").
var operators = []operator{
	{"StringEquals", false, textKinds, textOperand(plain, false)},
	{"StringNotEquals", true, textKinds, textOperand(plain, false)},
	{"StringEqualsIgnoreCase", false, textKinds, textOperand(plain, true)},
	{"StringNotEqualsIgnoreCase", true, textKinds, textOperand(plain, true)},
	{"StringLike", false, textKinds, textOperand(wildcards, false)},
	{"StringNotLike", true, textKinds, textOperand(wildcards, false)},
	{"ArnEquals", false, arnKinds, arnOperand},
	{"ArnNotEquals", true, arnKinds, arnOperand},
	{"ArnLike", false, arnKinds, arnOperand},
	{"ArnNotLike", true, arnKinds, arnOperand},
	{"Bool", false, []valueKind{boolValue, tagValue}, boolOperand},
	{"IpAddress", false, []valueKind{addressValue, tagValue}, addressOperand},
	{"NotIpAddress", true, []valueKind{addressValue, tagValue}, addressOperand},
	{"DateEquals", false, timeKinds, timeOperand(func(c int) bool { return c == 0 })},
	{"DateNotEquals", true, timeKinds, timeOperand(func(c int) bool { return c == 0 })},
	{"DateLessThan", false, timeKinds, timeOperand(func(c int) bool { return c < 0 })},
	{"DateLessThanEquals", false, timeKinds, timeOperand(func(c int) bool { return c <= 0 })},
	{"DateGreaterThan", false, timeKinds, timeOperand(func(c int) bool { return c > 0 })},
	{"DateGreaterThanEquals", false, timeKinds, timeOperand(func(c int) bool { return c >= 0 })},
	{"NumericEquals", false, numberKinds, numberOperand(func(v, w float64) bool { return v == w })},
	{"NumericNotEquals", true, numberKinds, numberOperand(func(v, w float64) bool { return v == w })},
	{"NumericLessThan", false, numberKinds, numberOperand(func(v, w float64) bool { return v < w })},
	{"NumericLessThanEquals", false, numberKinds, numberOperand(func(v, w float64) bool { return v <= w })},
	{"NumericGreaterThan", false, numberKinds, numberOperand(func(v, w float64) bool { return v > w })},
	{"NumericGreaterThanEquals", false, numberKinds, numberOperand(func(v, w float64) bool { return v >= w })},
}

func findOperator(name string) (*operator, error) {
	var known []string
	for i := range operators {
		if operators[i].name == name {
			return &operators[i], nil
		}
		known = append(known, operators[i].name)
	}
	known = append(known, operatorNull)
	return nil, fmt.Errorf("there is no condition operator %q; %s", name, didYouMean(name, known, strings.Join(known, ", ")))
}

func (o *operator) fits(key *conditionKey) bool { return slices.Contains(o.kinds, key.kind) }

func textOperand(read func(string) glyphs, ignoreCase bool) func(string, bool) (operand, error) {
	return func(text string, variables bool) (operand, error) {
		t, err := parseTemplate(text, read, variables)
		if err != nil {
			return nil, err
		}
		return func(value string, f *facts) answer {
			g, ok := t.resolve(f)
			if !ok {
				return unknown
			}
			if want, fixed := g.text(); fixed && ignoreCase {
				return answerOf(strings.EqualFold(want, value))
			}
			return answerOf(g.matches(value))
		}, nil
	}
}

func arnOperand(text string, variables bool) (operand, error) {
	p, err := parseARN(text, variables)
	if err != nil {
		return nil, err
	}
	return func(value string, f *facts) answer {
		match, decided := p.matches(value, f)
		if !decided {
			return unknown
		}
		return answerOf(match)
	}, nil
}

func boolOperand(text string, _ bool) (operand, error) {
	want, ok := readBool(text)
	if !ok {
		return nil, fmt.Errorf("%q is neither true nor false", text)
	}
	return func(value string, _ *facts) answer {
		got, ok := readBool(value)
		if !ok {
			return unknown
		}
		return answerOf(got == want)
	}, nil
}

func readBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func addressOperand(text string, _ bool) (operand, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		address, addressErr := netip.ParseAddr(text)
		if addressErr != nil || address.Zone() != "" {
			return nil, fmt.Errorf("%q is not an IP address or network; write it like 203.0.113.0/24 or 2001:db8::1", text)
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	if prefix.Addr().Is4In6() {
		return nil, fmt.Errorf("%q is an IPv4 address in IPv6 form; write the IPv4 address", text)
	}
	prefix = prefix.Masked()
	return func(value string, _ *facts) answer {
		address, err := netip.ParseAddr(value)
		if err != nil {
			return unknown
		}
		return answerOf(prefix.Contains(address.WithZone("").Unmap()))
	}, nil
}

func timeOperand(holds func(int) bool) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		want, err := readTime(text)
		if err != nil {
			return nil, err
		}
		return func(value string, _ *facts) answer {
			got, err := readTime(value)
			if err != nil {
				return unknown
			}
			return answerOf(holds(got.Compare(want)))
		}, nil
	}
}

// timeForms are those of ISO 8601 that the W3C's note on dates and times has.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02"}

// readTime reads a date, a time or seconds since 1970.
func readTime(text string) (time.Time, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	if seconds, err := strconv.ParseUint(text, 10, 40); err == nil && len(text) > len("2026") {
		return time.Unix(int64(seconds), 0), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write it like 2026-12-31T23:59:59Z, or in seconds since 1970", text)
}

func numberOperand(holds func(value, want float64) bool) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		want, err := readNumber(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number; write it like 42 or 0.5", text)
		}
		return func(value string, _ *facts) answer {
			got, err := readNumber(value)
			if err != nil {
				return unknown
			}
			return answerOf(holds(got, want))
		}, nil
	}
}

func readNumber(text string) (float64, error) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(number, 0) || math.IsNaN(number) || strings.ContainsAny(text, "xX_") {
		return 0, errors.New("not a number")
	}
	return number, nil
}
