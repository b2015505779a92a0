package strictjson

import (
	"fmt"
	"strings"
)

// Kind says what sort of fault it is.
type Kind int

// The kinds of faults.
const (
	Malformed    Kind = iota // not JSON, or not the JSON that is expected
	UnknownField             // a field that the request does not have
	InvalidValue             // a value that the field cannot have
)

// Fault is one thing wrong with a request.
type Fault struct {
	Kind  Kind
	Field string // path of the field, such as sourcePortRange.fromPort or rules[2].ruleNumber; empty: the whole
	Text  string // what is wrong and what would be right, without a full stop
}

// maxFaults is how many faults of one request are reported.
const maxFaults = 20

// Error is one fault or more.
type Error struct {
	Faults []Fault
}

// Error returns one sentence a line.
func (e *Error) Error() string {
	var lines []string
	for _, f := range e.Faults {
		lines = append(lines, f.Text)
	}
	return strings.Join(lines, "\n")
}

func malformed(field, format string, args ...any) error {
	return &Error{[]Fault{{Malformed, field, fmt.Sprintf(format, args...)}}}
}
