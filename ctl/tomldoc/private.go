package tomldoc

import (
	"strings"
	"time"
)

// Private has Done not repeat keys that resemble no known one: where secrets are written, a slip makes a
// key of one.
func (t *Table) Private() { t.private = true }

// Secret is String for a value that no error may repeat.
func (t *Table) Secret(key string) (string, bool) {
	value, ok := t.take(key)
	if !ok {
		return "", false
	}
	text, ok := value.(string)
	if !ok {
		t.Errorf(key, "%s is %s, not text; write it in double quotes", key, kind(value))
	}
	return text, ok
}

// Time reads a moment: a date and a time with its zone (RFC 3339), without quotes. The zero time is
// returned when it is absent or wrong.
func (t *Table) Time(key string) time.Time {
	value, ok := t.take(key)
	if !ok {
		return time.Time{}
	}
	moment, ok := value.(time.Time)
	if !ok || strings.HasSuffix(moment.Location().String(), "-local") {
		t.Errorf(key, "%s is not a date and a time with its zone; write %s = 2027-01-31T12:00:00Z, without quotes", key, key)
		return time.Time{}
	}
	return moment
}
