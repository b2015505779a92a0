package audit

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// has tells whether a query chooses a line.
func (q *Query) has(line []byte, r *Record) bool {
	if q.User != "" && !r.Identity.is(q.User) || q.Action != "" && !like(q.Action, r.Action) || q.Door != "" && q.Door != r.Door {
		return false
	}
	if q.Resource != "" && !slices.Contains(r.Resources, q.Resource) && !bytes.Contains(line, []byte(strconv.Quote(q.Resource))) {
		return false
	}
	failed := r.Code != "" || r.Status >= http.StatusBadRequest
	switch q.Outcome {
	case OutcomeSuccess:
		if failed {
			return false
		}
	case OutcomeFailure:
		if !failed {
			return false
		}
	case OutcomeDenied:
		if r.Status != http.StatusForbidden && r.Status != http.StatusUnauthorized {
			return false
		}
	}
	lower := bytes.ToLower(line)
	for _, word := range strings.Fields(strings.ToLower(q.Words)) {
		if !bytes.Contains(lower, []byte(word)) {
			return false
		}
	}
	return true
}

// is tells whether somebody is meant by a text.
func (i *Identity) is(text string) bool {
	return slices.Contains([]string{i.User, i.ARN, i.Account, i.AccessKey}, text) || i.UID != nil && strconv.Itoa(*i.UID) == text
}

// like compares without regard to case; * in the pattern stands for any characters.
func like(pattern, text string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	rest, ok := strings.CutPrefix(strings.ToLower(text), parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
