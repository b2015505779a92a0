package iam

import (
	"fmt"
	"strings"
)

// operatorNull asks whether the question has a key at all.
const operatorNull = "Null"

// setMode says how the values that a question has for a key count.
type setMode int

const (
	oneValue   setMode = iota // there must be one
	everyone                  // ForAllValues: each must hold; none does too
	atLeastOne                // ForAnyValue: one must hold
)

const ifExists = "IfExists"

// condition is one key of one operator of a Condition element.
type condition struct {
	words    string // "ForAnyValue:StringLike aws:TagKeys"
	operator *operator
	null     bool // operatorNull instead; absent says which way
	absent   bool
	set      setMode
	ifExists bool
	key      string // lower case
	operands []operand
}

// holds tells whether the question meets the condition.
func (c *condition) holds(f *facts) answer {
	values := f.values(c.key)
	switch {
	case c.null:
		return answerOf((len(values) == 0) == c.absent)
	case len(values) == 0:
		return answerOf(c.ifExists || c.set == everyone || c.set == oneValue && c.operator.negated)
	case c.set == everyone:
		return every(values, func(v string) answer { return c.one(v, f) })
	case c.set == atLeastOne:
		return some(values, func(v string) answer { return c.one(v, f) })
	case len(values) > 1:
		return unknown
	}
	return c.one(values[0], f)
}

// one compares one value of the question with all of the condition's.
func (c *condition) one(value string, f *facts) answer {
	a := some(c.operands, func(o operand) answer { return o(value, f) })
	if c.operator.negated {
		return a.not()
	}
	return a
}

// some is yes if one is, else unknown if one is.
func some[T any](list []T, ask func(T) answer) answer {
	found := no
	for _, item := range list {
		switch ask(item) {
		case yes:
			return yes
		case unknown:
			found = unknown
		}
	}
	return found
}

// every is no if one is, else unknown if one is.
func every[T any](list []T, ask func(T) answer) answer {
	return some(list, func(item T) answer { return ask(item).not() }).not()
}

// parseConditions reads a Condition element.
func parseConditions(v *jsonValue, variables bool) ([]*condition, error) {
	if v.kind != jsonObject {
		return nil, fmt.Errorf("element Condition is %v; write an object like {\"IpAddress\": {\"aws:SourceIp\": \"203.0.113.0/24\"}}", v.kind)
	}
	var all []*condition
	for _, m := range v.members {
		if m.value.kind != jsonObject || len(m.value.members) == 0 {
			return nil, fmt.Errorf("condition operator %q has no condition keys; write {%q: {\"KEY\": \"VALUE\"}}", m.name, m.name)
		}
		for _, k := range m.value.members {
			c, err := parseCondition(m.name, k.name, k.value, variables)
			if err != nil {
				return nil, fmt.Errorf("condition %s: %w", m.name, err)
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func parseCondition(operatorName, keyName string, v *jsonValue, variables bool) (*condition, error) {
	c := &condition{words: operatorName + " " + keyName, key: strings.ToLower(keyName)}
	key, err := findKey(keyName)
	if err != nil {
		return nil, err
	}
	texts, err := conditionTexts(keyName, v)
	if err != nil {
		return nil, err
	}
	if operatorName == operatorNull {
		c.null = true
		c.absent, err = parseNull(keyName, texts)
		return c, err
	}
	if err := c.parseOperator(operatorName); err != nil {
		return nil, err
	}
	if !c.operator.fits(key) {
		return nil, fmt.Errorf("%s is %v, which %s does not compare; use another operator", keyName, key.kind, c.operator.name)
	}
	if key.many && c.set == oneValue {
		return nil, fmt.Errorf("%s may have several values; write ForAllValues:%s or ForAnyValue:%s", keyName, operatorName, operatorName)
	}
	for _, text := range texts {
		o, err := c.operator.parse(text, variables)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", keyName, err)
		}
		c.operands = append(c.operands, o)
	}
	return c, nil
}

// parseOperator reads a name with its prefix and suffix.
func (c *condition) parseOperator(name string) (err error) {
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch prefix {
		case "ForAllValues":
			c.set = everyone
		case "ForAnyValue":
			c.set = atLeastOne
		default:
			return fmt.Errorf("there is no prefix %q; write ForAllValues: or ForAnyValue: before the operator", prefix)
		}
		name = rest
	}
	if rest, found := strings.CutSuffix(name, ifExists); found {
		c.ifExists, name = true, rest
	}
	if name == operatorNull {
		return fmt.Errorf("%s takes neither prefix nor suffix; it asks whether the key is there", operatorNull)
	}
	c.operator, err = findOperator(name)
	return err
}

// conditionTexts are the values of a key, one or a list.
func conditionTexts(key string, v *jsonValue) ([]string, error) {
	items := []*jsonValue{v}
	if v.kind == jsonList {
		items = v.items
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s has an empty list of values; give it one", key)
	}
	var texts []string
	for _, item := range items {
		switch item.kind {
		case jsonText, jsonNumber, jsonBool:
			texts = append(texts, item.text)
		default:
			return nil, fmt.Errorf("a value of %s is %v; write a string", key, item.kind)
		}
	}
	return texts, nil
}

func parseNull(key string, texts []string) (absent bool, err error) {
	if len(texts) == 1 {
		if absent, ok := readBool(texts[0]); ok {
			return absent, nil
		}
	}
	return false, fmt.Errorf("%s of %s takes \"true\", the key is absent, or \"false\", it is there", key, operatorNull)
}
