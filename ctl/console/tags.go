package console

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// tagEditor is the rows of a form in which tags are edited. Without scripts, buttons send the form to
// have a row added or removed.
type tagEditor struct {
	Rows  []tagRow
	Error string
}

// tagRow is a tag as it is typed.
type tagRow struct{ Key, Value string }

// maxTags is what the API allows; one row more shows that.
const maxTags = 50

// ID is that of the group of inputs.
func (t *tagEditor) ID() string { return "tags" }

func newTagEditor(tags map[string]string) *tagEditor {
	t := &tagEditor{}
	for key, value := range tags {
		t.Rows = append(t.Rows, tagRow{key, value})
	}
	sort.Slice(t.Rows, func(i, j int) bool { return t.Rows[i].Key < t.Rows[j].Key })
	return t
}

// readTags takes the rows of a form.
func readTags(values url.Values) *tagEditor {
	t := &tagEditor{}
	keys, texts := values["tagKey"], values["tagValue"]
	for i := range min(len(keys), len(texts), 2*maxTags) {
		t.Rows = append(t.Rows, tagRow{keys[i], texts[i]})
	}
	return t
}

// edit does what a button of the editor asks for, and reports whether one did.
func (t *tagEditor) edit(do string) bool {
	if do == "add-tag" {
		t.Rows = append(t.Rows, tagRow{})
		return true
	}
	text, removes := strings.CutPrefix(do, "remove-tag-")
	if i, err := strconv.Atoi(text); removes && err == nil && i >= 0 && i < len(t.Rows) {
		t.Rows = slices.Delete(t.Rows, i, i+1)
	}
	return removes
}

// tags are the rows that have a key or a value. A key that is there twice is a fault.
func (t *tagEditor) tags() (map[string]string, string) {
	tags := map[string]string{}
	for _, row := range t.Rows {
		if row.Key == "" && row.Value == "" {
			continue
		}
		if _, twice := tags[row.Key]; twice {
			return nil, "The key " + strconv.Quote(row.Key) + " is there twice; keep one of the two"
		}
		tags[row.Key] = row.Value
	}
	return tags, ""
}
