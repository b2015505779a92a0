package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// record is one resource as the API writes it. Numbers are json.Number, so that none loses digits.
type record map[string]any

// decode reads JSON that the API sent.
func decode(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the daemon's answer cannot be read (%w); mirrorctl and mirrorgw may be of different versions", err)
	}
	return nil
}

// into fills one of the API's types.
func (r record) into(resource any) error {
	text, err := encode(r)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(resource)
	}
	return err
}

// at returns the value at a dotted path, nil where there is none.
func (r record) at(path string) any {
	var v any = map[string]any(r)
	for _, key := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// put sets the value at a dotted path and makes the objects on the way.
func (r record) put(path string, v any) {
	keys := strings.Split(path, ".")
	m := map[string]any(r)
	for _, key := range keys[:len(keys)-1] {
		inner, ok := m[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[key] = inner
		}
		m = inner
	}
	m[keys[len(keys)-1]] = v
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
