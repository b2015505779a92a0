package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mirrorgw/ctl/api"
)

const (
	shownChanges  = 10  // on the page of a resource
	lookedChanges = 100 // back at most, for who has changed what a form is about
)

// changesSections lists the last changes of a resource; none where they cannot be told.
func (v *visit) changesSections(id string) []section {
	page, err := v.api.Changes(v.ctx, id, shownChanges, "")
	if err != nil {
		return nil
	}
	s := section{ID: "changes", Heading: "Last changes", Table: &table{Caption: "Last changes", Empty: "None of its changes is kept any more.",
		Headings: []heading{{Label: "Time"}, {Label: "By"}, {Label: "Through"}, {Label: "Change"}}}}
	for i := range page.Items {
		e := &page.Items[i]
		door := ""
		if e.Actor != nil {
			door = e.Actor.Door
		}
		s.Table.Rows = append(s.Table.Rows, []cell{{Text: e.Time.UTC().Format("2006-01-02 15:04:05 UTC")}, {Text: dash(e.Actor.Words(v.account()))}, {Text: dash(door)}, {Text: changeWords(e, id)}})
	}
	return []section{s}
}

// changedBy tells who has changed a resource after a revision, the last one first, and when.
func (v *visit) changedBy(id string, revision uint64) string {
	page, err := v.api.Changes(v.ctx, id, lookedChanges, "")
	if err != nil {
		return ""
	}
	var all []string
	told := map[string]bool{}
	for i := range page.Items {
		e := &page.Items[i]
		who := e.Actor.Words(v.account())
		if e.Revision <= revision || who == "" || told[who] {
			continue
		}
		told[who] = true
		all = append(all, who+", "+ago(time.Since(e.Time)))
	}
	return strings.Join(all, "; by ")
}

// ago is how long ago something was, for people.
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s ago"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min ago"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h ago"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " d ago"
}

var actionWords = map[string]string{"create": "created", "modify": "changed", "delete": "deleted"}

// changeWords says what an event did, on the page about the resource with an identifier.
func changeWords(e *api.Event, id string) string {
	before, after := membersOf(e.Before), membersOf(e.After)
	text := actionWords[e.Action]
	if e.ID != id { // a rule of the filter
		rule := after
		if rule == nil {
			rule = before
		}
		text = directionWords[textOf(rule["trafficDirection"])] + " rule " + textOf(rule["ruleNumber"]) + " " + text
	}
	if names := differing(before, after); e.Action == "modify" && len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	return text
}

func membersOf(record json.RawMessage) (members map[string]json.RawMessage) {
	json.Unmarshal(record, &members) // nothing is known of what cannot be read
	return members
}

func textOf(value json.RawMessage) string { return strings.Trim(string(value), `"`) }

// differing names what two records do not have alike; nothing where one of them is not told.
func differing(before, after map[string]json.RawMessage) (names []string) {
	if before == nil || after == nil {
		return nil
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(before[name], after[name]) {
			names = append(names, spaced(name))
		}
	}
	return names
}

// spaced writes a JSON name as words: rateLimitPps is rate limit pps.
func spaced(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
