package cli

import (
	"encoding/json"
	"fmt"
	"reflect"

	"mirrorgw/ctl/api"
)

// difference tells one change for people: a line with + - or ~, and for a modification one line
// for each field.
func difference(event api.Event) []string {
	sign := map[string]string{"create": "+", "delete": "-", "modify": "~"}[event.Action]
	lines := []string{fmt.Sprintf("%s %s %s", sign, event.Kind, subject(event))}
	if event.Action != "modify" {
		return lines
	}
	for _, change := range fieldChanges(event) {
		lines = append(lines, "    "+change)
	}
	return lines
}

// subject names the resource of an event.
func subject(event api.Event) string {
	if event.Name != "" {
		return printable(event.Name)
	}
	r := decodeOr(event.After, event.Before)
	if k := kindOf(event.Kind); k == ruleKind && r != nil {
		return fmt.Sprintf("%s (%s %s of %s)", event.ID, plain(r["trafficDirection"]), plain(r["ruleNumber"]), plain(r["trafficMirrorFilterId"]))
	}
	return event.ID
}

// decodeOr returns the first of two records that is there.
func decodeOr(first, second json.RawMessage) record {
	for _, text := range []json.RawMessage{first, second} {
		var r record
		if len(text) > 0 && decode(text, &r) == nil && r != nil {
			return r
		}
	}
	return nil
}

// fieldChanges lists what differs between before and after, in the words of the flags.
func fieldChanges(event api.Event) []string {
	before, after := decodeOr(event.Before, nil), decodeOr(event.After, nil)
	k := kindOf(event.Kind)
	if k == nil {
		return nil
	}
	var changes []string
	for _, f := range k.allFields() {
		old, now := before.at(f.json), after.at(f.json)
		if !reflect.DeepEqual(old, now) {
			changes = append(changes, fmt.Sprintf("%s: %s -> %s", f.flag, orDash(f.value.text(old)), orDash(f.value.text(now))))
		}
	}
	if old, now := before["tags"], after["tags"]; !reflect.DeepEqual(old, now) {
		changes = append(changes, fmt.Sprintf("tags: %s -> %s", orDash(plain(old)), orDash(plain(now))))
	}
	return changes
}
