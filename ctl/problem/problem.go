package problem

import (
	"fmt"
	"sort"
	"strings"
)

// Max is how many problems one error prints; the rest are counted in its last line.
const Max = 20

// Position is a place in a text file. The zero Position means that the input has no text, as
// for a record that came over the API.
type Position struct {
	File string // as the user named it
	Line int    // 1-based; 0: the file as a whole
}

// String returns "file:line: ", "file: " or nothing, ready to be put before a sentence.
func (p Position) String() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", p.File, p.Line)
}

// Problem is one fault of the input.
type Problem struct {
	Position
	Subject string // the resource or section, for example `port "wire0"`; may be empty
	Key     string // the key at fault, for a caller that reports it as a field; may be empty
	Text    string // the fault and its remedy, without a full stop
	Code    string // stable code of the kind of fault, one of those of ctl/api; empty: invalid-value
}

// Error returns the sentence: place, subject, fault, remedy.
func (p Problem) Error() string {
	if p.Subject == "" {
		return p.Position.String() + p.Text
	}
	return p.Position.String() + p.Subject + ": " + p.Text
}

// List collects problems. Its zero value is empty and ready; it is not safe for concurrent use.
type List struct {
	items []Problem
}

// Add appends a problem.
func (l *List) Add(p Problem) { l.items = append(l.items, p) }

// Rename gives the problems from index from on another subject.
func (l *List) Rename(from int, subject string) {
	for i := from; i < len(l.items); i++ {
		l.items[i].Subject = subject
	}
}

// Len is the number of problems.
func (l *List) Len() int { return len(l.items) }

// Err returns nil when there is no problem, else an error of type *Error.
func (l *List) Err() error {
	if len(l.items) == 0 {
		return nil
	}
	sorted := append([]Problem(nil), l.items...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Line < sorted[j].Line })
	return &Error{Problems: sorted}
}

// Error is one or more problems, in the order of their lines.
type Error struct {
	Problems []Problem
}

// Of makes an error of one problem without a position.
func Of(code, subject, key, format string, args ...any) *Error {
	return &Error{Problems: []Problem{{Subject: subject, Key: key, Text: fmt.Sprintf(format, args...), Code: code}}}
}

// Code is that of the first problem.
func (e *Error) Code() string {
	if len(e.Problems) == 0 {
		return ""
	}
	return e.Problems[0].Code
}

// Error returns one sentence a line, at most Max of them.
func (e *Error) Error() string {
	lines := make([]string, 0, Max+1)
	for i, p := range e.Problems {
		if i == Max {
			lines = append(lines, fmt.Sprintf("and %d more; correct these first", len(e.Problems)-Max))
			break
		}
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}
