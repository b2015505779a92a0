package server

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
)

// selection is the filters of a list: the values of one field are alternatives, all fields must
// hold.
type selection struct {
	fields     map[string][]string // JSON name -> patterns
	tags       map[string][]string // key -> patterns
	needsState bool                // a field is asked for that records do not have
}

func (s selection) isEmpty() bool { return len(s.fields) == 0 && len(s.tags) == 0 }

const tagPrefix = "tag:"

// listParameters are those of a list of wire type t: its plain fields, tags, and the page.
func listParameters(t reflect.Type) []parameter {
	parameters := slices.Clone(listed)
	for _, name := range strictjson.Fields(t) {
		field := strictjson.Field(t, name)
		if isPlain(field) {
			parameters = append(parameters, parameter{name: name, many: true,
				about: "only resources whose " + name + " is one of these; * and ? are wildcards"})
		}
	}
	return append(parameters, parameter{name: tagPrefix, prefix: true, many: true,
		about: "tag:KEY: only resources whose tag KEY has one of these values; * and ? are wildcards"})
}

// isPlain tells fields that have one text or a list of texts.
func isPlain(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer && t.Elem() == reflect.TypeFor[api.Protocol]() {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int64, reflect.Bool:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return false
}

// stateFields are those that records do not have.
var stateFields = []string{"state", "stateReason", "delivery", "deliveryReason", "creationTime", "lastUpdatedTime"}

func readSelection[W any](query url.Values) (selection, error) {
	s := selection{fields: map[string][]string{}, tags: map[string][]string{}}
	for name, values := range query {
		switch key, isTag := strings.CutPrefix(name, tagPrefix); {
		case isTag:
			s.tags[key] = values
		case isListed(name):
		default:
			s.fields[name] = values
			s.needsState = s.needsState || slices.Contains(stateFields, name)
		}
	}
	protocols, err := protocolNumbers(s.fields["protocol"])
	if err == nil && protocols != nil {
		s.fields["protocol"] = protocols
	}
	return s, err
}

// protocolNumbers makes numbers of names, since that is what responses have.
func protocolNumbers(patterns []string) ([]string, error) {
	var numbers []string
	for _, pattern := range patterns {
		if strings.ContainsAny(pattern, "*?") {
			numbers = append(numbers, pattern)
			continue
		}
		number, err := ctl.ParseProtocol(pattern)
		if err != nil {
			return nil, fault(api.CodeInvalidValue, "protocol", "%v", err)
		}
		numbers = append(numbers, strconv.Itoa(number))
	}
	return numbers, nil
}

// holds reports whether a resource, by pointer to its wire type, is selected.
func (s selection) holds(resource any) bool {
	value := reflect.ValueOf(resource).Elem()
	for name, patterns := range s.fields {
		if !matchAny(patterns, texts(strictjson.Value(value, name))) {
			return false
		}
	}
	if len(s.tags) == 0 {
		return true
	}
	tags, _ := strictjson.Value(value, "tags").Interface().(map[string]string)
	for key, patterns := range s.tags {
		text, has := tags[key]
		if !has || !matchAny(patterns, []string{text}) {
			return false
		}
	}
	return true
}

// texts are the values of a plain field as a list filter compares them.
func texts(v reflect.Value) []string {
	switch value := v.Interface().(type) {
	case string:
		return []string{value}
	case int:
		return []string{strconv.Itoa(value)}
	case int64:
		return []string{strconv.FormatInt(value, 10)}
	case bool:
		return []string{strconv.FormatBool(value)}
	case []string:
		return value
	case *api.Protocol:
		if value == nil {
			return []string{"-1"}
		}
		return []string{value.Text}
	}
	return nil
}

func matchAny(patterns, values []string) bool {
	for _, pattern := range patterns {
		for _, value := range values {
			if match(pattern, value) {
				return true
			}
		}
	}
	return false
}

// match compares a text with a pattern: * is any number of characters, ? is one, and a backslash
// takes away what the next character means. It goes back to the last * only, so that no pattern
// takes more than the product of the two lengths.
func match(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
			continue
		case p < len(pattern) && pattern[p] == '?':
			p++
			t++
			continue
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == text[t]:
			p += 2
			t++
			continue
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == text[t]:
			p++
			t++
			continue
		case star < 0:
			return false
		}
		from++
		p, t = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}
