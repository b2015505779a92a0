package tomldoc

import (
	"fmt"
	"strconv"
	"strings"
)

// String reads text.
func (t *Table) String(key string) (string, bool) {
	value, ok := t.take(key)
	if !ok {
		return "", false
	}
	text, ok := value.(string)
	if !ok {
		t.Errorf(key, "%s is %s, not text; write %s = %s", key, kind(value), key, quoted(value))
	}
	return text, ok
}

// Required reads text that must be present and not empty; example is the remedy's value.
func (t *Table) Required(key, example string) (string, bool) {
	if !t.Has(key) {
		t.Missing(key, "%s is missing; add a line like %s = %q", key, key, example)
		return "", false
	}
	text, ok := t.String(key)
	if ok && text == "" {
		t.Errorf(key, "%s is empty; write a value like %s = %q", key, key, example)
		return "", false
	}
	return text, ok
}

// OneOf reads text that must be one of choices; fallback is returned when it is absent or wrong.
func (t *Table) OneOf(key, fallback string, choices ...string) string {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	text, ok := value.(string)
	if !ok {
		t.Errorf(key, "%s is %s, not text; write one of these in double quotes: %s", key, kind(value), strings.Join(choices, ", "))
		return fallback
	}
	for _, choice := range choices {
		if text == choice {
			return text
		}
	}
	t.Errorf(key, "%s %q is not known; use one of: %s", key, text, strings.Join(choices, ", "))
	return fallback
}

// Int reads a whole number from low to high.
func (t *Table) Int(key string, low, high int) (int, bool) {
	value, ok := t.take(key)
	if !ok {
		return 0, false
	}
	number, ok := value.(int64)
	if !ok {
		t.Errorf(key, "%s is %s, not a whole number; write a number from %d to %d without quotes",
			key, kind(value), low, high)
		return 0, false
	}
	if number < int64(low) || number > int64(high) {
		t.Errorf(key, "%s = %d is out of range; use a number from %d to %d", key, number, low, high)
		return 0, false
	}
	return int(number), true
}

// Number reads a whole number of any size and returns fallback when it is absent or wrong.
func (t *Table) Number(key string, fallback int) int {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	number, ok := value.(int64)
	if !ok {
		t.Errorf(key, "%s is %s, not a whole number; write a number without quotes", key, kind(value))
		return fallback
	}
	return int(number)
}

// IntOr reads a whole number from low to high and returns fallback when it is absent or wrong.
func (t *Table) IntOr(key string, fallback, low, high int) int {
	if number, ok := t.Int(key, low, high); ok {
		return number
	}
	return fallback
}

// BoolOr reads true or false and returns fallback when it is absent or wrong.
func (t *Table) BoolOr(key string, fallback bool) bool {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	b, ok := value.(bool)
	if !ok {
		t.Errorf(key, "%s is %s, not true or false; write %s = true or %s = false", key, kind(value), key, key)
		return fallback
	}
	return b
}

// Strings reads a list of texts.
func (t *Table) Strings(key string) ([]string, bool) {
	value, ok := t.take(key)
	if !ok {
		return nil, false
	}
	items, ok := value.([]any)
	if !ok {
		t.Errorf(key, "%s is %s, not a list; write %s = [%s]", key, kind(value), key, quoted(value))
		return nil, false
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := item.(string)
		if !ok {
			t.Errorf(key, "%s holds %s, not text; write each entry in double quotes", key, kind(item))
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

// TextOrInt reads text or a whole number and returns either as text, so that both
// destination_ports = 80 and destination_ports = "80-443" can be written.
func (t *Table) TextOrInt(key string) (string, bool) {
	value, ok := t.take(key)
	if !ok {
		return "", false
	}
	switch v := value.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	t.Errorf(key, "%s is %s, not text or a whole number; write a value in double quotes", key, kind(value))
	return "", false
}

// kind names the TOML type of a value in words.
func kind(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case int64:
		return "a whole number"
	case float64:
		return "a fraction"
	case bool:
		return "true or false"
	case map[string]any:
		return "a section"
	case []any, []map[string]any:
		return "a list"
	}
	return "a date"
}

// quoted is the value as text, as the remedy shows it.
func quoted(value any) string {
	switch v := value.(type) {
	case string, int64, bool, float64:
		return strconv.Quote(fmt.Sprint(v))
	}
	return `"..."`
}
