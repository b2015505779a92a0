package store

import "fmt"

// maxInspected bounds what Inspect lists.
const maxInspected = 20

// Inspect says which saved records, events and tokens cannot be read, at most 20. What the records
// mean to each other is found by Open.
func Inspect(saved *Saved) (problems []string) {
	add := func(format string, args ...any) {
		if len(problems) < maxInspected {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	for kind, records := range saved.Records {
		for _, r := range records {
			if _, _, err := decodeRecord(kind, r.Value); err != nil {
				add("%s %s cannot be read (%v)", kind.word(), r.ID, err)
			}
		}
	}
	for _, e := range saved.Events {
		if _, err := decodeEvent(e.Value); err != nil {
			add("event %d cannot be read (%v)", e.Sequence, err)
		}
	}
	for _, t := range saved.Tokens {
		if _, err := decodeToken(t); err != nil {
			add("client token %q cannot be read (%v)", t.Key, err)
		}
	}
	return problems
}
