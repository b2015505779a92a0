package tomldoc

import (
	"fmt"
	"sort"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// Table is one table of a document. A method that reads a key returns false when the key is
// absent or wrong; what is wrong has then been added to the problems. Every key that is read is
// a known key; Done refuses the others. A nil Table has no keys and no position.
type Table struct {
	src     *source
	path    string
	subject string
	values  map[string]any
	known   []string
	missing []missing
	private bool // see Private
}

// missing is a key that should be there, and the sentence that says so.
type missing struct{ key, text string }

// SetSubject says what error sentences call the table from now on, for example `port "wire0"`.
func (t *Table) SetSubject(format string, args ...any) { t.subject = fmt.Sprintf(format, args...) }

// Subject is what error sentences call the table.
func (t *Table) Subject() string {
	if t == nil {
		return ""
	}
	return t.subject
}

// Position returns where key stands, or the table when key is absent.
func (t *Table) Position(key string) problem.Position {
	if t == nil {
		return problem.Position{}
	}
	return problem.Position{File: t.src.name, Line: t.src.lines.find(join(t.path, key))}
}

// Errorf adds a problem of key (or of the whole table when key is empty).
func (t *Table) Errorf(key, format string, args ...any) {
	t.add(api.CodeInvalidValue, key, fmt.Sprintf(format, args...))
}

func (t *Table) add(code, key, text string) {
	t.src.problems.Add(problem.Problem{Position: t.Position(key), Subject: t.subject, Key: key, Text: text, Code: code})
}

// Missing says that a key should be there. It is said by Done, and only if no unknown key looks
// like a misspelling of it, so that one slip makes one sentence.
func (t *Table) Missing(key, format string, args ...any) {
	t.know(key)
	t.missing = append(t.missing, missing{key, fmt.Sprintf(format, args...)})
}

// Known names keys that are read later, for a Done before that.
func (t *Table) Known(keys ...string) {
	for _, key := range keys {
		t.know(key)
	}
}

// Has reports whether the key is present, whatever its type.
func (t *Table) Has(key string) bool {
	if t == nil {
		return false
	}
	t.know(key)
	_, ok := t.values[key]
	return ok
}

// Table returns the sub-table key, or an empty one that stands for its absence.
func (t *Table) Table(key string) *Table {
	sub := &Table{src: t.src, path: join(t.path, key), subject: "[" + key + "]"}
	value, ok := t.take(key)
	if !ok {
		return sub
	}
	values, ok := value.(map[string]any)
	if !ok {
		t.Errorf(key, "%s is %s, not a section; write it under a line [%s]", key, kind(value), sub.header())
		return sub
	}
	sub.values = values
	return sub
}

// Tables returns the entries of the array of tables key, in order.
func (t *Table) Tables(key string) []*Table {
	value, ok := t.take(key)
	if !ok {
		return nil
	}
	entries, ok := tables(value)
	if !ok {
		sub := &Table{path: join(t.path, key)}
		t.Errorf(key, "%s is %s, not a list of sections; write each one under a line [[%s]]",
			key, kind(value), sub.header())
		return nil
	}
	list := make([]*Table, len(entries))
	for i, values := range entries {
		list[i] = &Table{src: t.src, path: fmt.Sprintf("%s[%d]", join(t.path, key), i), values: values}
		list[i].SetSubject("%s %d", key, i+1)
	}
	return list
}

// Keys returns all keys of a table whose keys are the user's own, sorted; all become known.
func (t *Table) Keys() []string {
	keys := make([]string, 0, len(t.values))
	for key := range t.values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	t.known = append(t.known, keys...)
	return keys
}

// Done refuses every key that nobody asked for and says which keys are missing.
func (t *Table) Done() {
	meant := map[string]bool{}
	for _, key := range t.unknown() {
		near := Nearest(key, t.known)
		meant[near] = true
		if t.private && near == "" {
			t.add(api.CodeUnknownField, key, "there is an unknown key; remove it or use one of: "+strings.Join(t.known, ", "))
			continue
		}
		if near != "" && !t.Has(near) {
			t.add(api.CodeUnknownField, key, fmt.Sprintf("unknown key %q; did you mean %q?", key, near))
		} else {
			t.add(api.CodeUnknownField, key, fmt.Sprintf("unknown key %q; remove it or use one of: %s", key, strings.Join(t.known, ", ")))
		}
	}
	for _, m := range t.missing {
		if !meant[m.key] {
			t.add(api.CodeMissingValue, "", m.text)
		}
	}
	t.missing = nil
}

// unknown returns the keys that nobody asked for, sorted.
func (t *Table) unknown() []string {
	known := map[string]bool{}
	for _, key := range t.known {
		known[key] = true
	}
	var keys []string
	for key := range t.values {
		if !known[key] {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

func (t *Table) know(key string) {
	for _, k := range t.known {
		if k == key {
			return
		}
	}
	t.known = append(t.known, key)
}

func (t *Table) take(key string) (any, bool) {
	t.know(key)
	value, ok := t.values[key]
	return value, ok
}

// header is the path as it stands in a section header: without the indexes of array tables.
func (t *Table) header() string {
	var b strings.Builder
	inside := false
	for _, c := range t.path {
		switch {
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case !inside:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// tables accepts both spellings of an array of tables: [[x]] sections and x = [{…}, {…}].
func tables(value any) ([]map[string]any, bool) {
	switch v := value.(type) {
	case []map[string]any:
		return v, true
	case []any:
		list := make([]map[string]any, 0, len(v))
		for _, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				return nil, false
			}
			list = append(list, m)
		}
		return list, true
	}
	return nil, false
}
