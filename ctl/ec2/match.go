package ec2

import (
	"slices"
	"strings"
)

// condition is one filter of a Describe: the attribute has one of the values.
type condition[R any] struct {
	attribute func(R) []string
	patterns  []string
}

// conditions reads the filters of a request. A resource must meet all of them.
func conditions[R any](x *request, k *kind[R]) ([]condition[R], error) {
	var all []condition[R]
	for _, f := range x.in.list("Filter") {
		name := f.str("Name")
		attribute := k.attribute(name)
		if attribute == nil {
			return nil, invalid("InvalidParameterValue", "The filter %s is invalid", quoted(name))
		}
		all = append(all, condition[R]{attribute, f.texts("Value")})
	}
	return all, nil
}

// attribute finds what a filter looks at; nil: there is no such filter.
func (k *kind[R]) attribute(name string) func(R) []string {
	if attribute := k.attributes[name]; attribute != nil {
		return attribute
	}
	if k.tags == nil {
		return nil
	}
	if name == "tag-key" {
		return func(r R) []string { return keysOf(k.tags(r)) }
	}
	key, isTag := strings.CutPrefix(name, "tag:")
	if !isTag || key == "" {
		return nil
	}
	return func(r R) []string {
		if value, ok := k.tags(r)[key]; ok {
			return []string{value}
		}
		return nil
	}
}

func keysOf(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func meets[R any](r R, all []condition[R]) bool {
	for i := range all {
		if !all[i].met(r) {
			return false
		}
	}
	return true
}

func (c *condition[R]) met(r R) bool {
	for _, value := range c.attribute(r) {
		if slices.ContainsFunc(c.patterns, func(pattern string) bool { return matches(pattern, value) }) {
			return true
		}
	}
	return false
}

// matches compares a value with a pattern: * is any characters, ? is one, and a backslash makes
// the next one plain. Case matters. It takes at most len(pattern) * len(text) steps.
func matches(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	star, mark := -1, 0 // the last *, and what of the text comes after it
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
			continue
		case i < len(p) && p[i] == '?':
			i, j = i+1, j+1
			continue
		case i+1 < len(p) && p[i] == '\\' && p[i+1] == t[j]:
			i, j = i+2, j+1
			continue
		case i < len(p) && p[i] == t[j] && (p[i] != '\\' || i+1 == len(p)):
			i, j = i+1, j+1
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		i, j = star+1, mark
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// some is the value of an attribute that may be unset.
func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
