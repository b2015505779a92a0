package query

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"mirrorgw/ctl/aws"
)

// MaxIndex is the highest index that a list may have on the wire: more than any list of these APIs
// may have members.
const MaxIndex = 10000

// Reader reads the parameters of a request, or of one structure in them. It remembers what was
// read, and the first fault; methods go on after a fault, so that a handler asks for Fault once.
// It is used by one goroutine.
type Reader struct {
	shared *readerState
	prefix string // "" or "Filter.1."
}

type readerState struct {
	values url.Values
	names  []string // of values, sorted: a list or a structure is a run of them
	used   map[string]bool
	fault  *aws.Fault
}

// NewReader reads the parameters of a call, which it leaves as they are.
func NewReader(params url.Values) *Reader {
	names := slices.Sorted(maps.Keys(params))
	return &Reader{shared: &readerState{values: params, names: names, used: map[string]bool{}}}
}

// Name is a parameter's whole name on the wire: in a structure it has the structure's before it.
func (r *Reader) Name(name string) string { return r.prefix + name }

// Has says whether a parameter is there, even if empty. It does not count as read by that.
func (r *Reader) Has(name string) bool { return r.shared.values.Has(r.prefix + name) }

// Text returns a parameter, and whether it is there.
func (r *Reader) Text(name string) (string, bool) {
	list, ok := r.shared.values[r.prefix+name]
	if !ok {
		return "", false
	}
	r.shared.used[r.prefix+name] = true
	if len(list) > 1 {
		r.Failf("InvalidParameterCombination", "The parameter %s may only be specified once.", r.prefix+name)
	}
	return list[0], true
}

// Required is Text of a parameter that must be there and not be empty: else MissingParameter.
func (r *Reader) Required(name string) string {
	text, _ := r.Text(name)
	if text == "" {
		r.Failf("MissingParameter", "The request must contain the parameter %s", r.prefix+name)
	}
	return text
}

// Int returns a parameter that is a whole number of 64 bits; what is none is InvalidParameterValue.
func (r *Reader) Int(name string) (int64, bool) {
	text, ok := r.Text(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.Failf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. It must be an integer.", text, r.prefix+name)
	}
	return n, true
}

// Bool returns a parameter that is true or false, in any case; what is neither is InvalidParameterValue.
func (r *Reader) Bool(name string) (value, ok bool) {
	text, ok := r.Text(name)
	if !ok {
		return false, false
	}
	switch strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	r.Failf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. It must be true or false.", text, r.prefix+name)
	return false, true
}

// Texts returns the members of a list of texts, Name.1, Name.2 and so on in the order of their
// indexes, which may have gaps. For CloudWatch and STS give the name as "Statistics.member".
func (r *Reader) Texts(name string) []string {
	var list []string
	for _, i := range r.indexes(name) {
		if text, ok := r.Text(name + "." + i); ok {
			list = append(list, text)
		}
	}
	return list
}

// Structs returns a reader for each member of a list of structures, Name.1.…, in the order of
// their indexes.
func (r *Reader) Structs(name string) []*Reader {
	var list []*Reader
	for _, i := range r.indexes(name) {
		list = append(list, &Reader{shared: r.shared, prefix: r.prefix + name + "." + i + "."})
	}
	return list
}

// Struct returns a reader for a structure and whether any of its members is there.
func (r *Reader) Struct(name string) (*Reader, bool) {
	s := &Reader{shared: r.shared, prefix: r.prefix + name + "."}
	return s, len(r.shared.run(s.prefix)) > 0
}

// run returns the names that begin with prefix. Its cost does not grow with what else there is, so
// that lists in lists cost no more than there is to read.
func (s *readerState) run(prefix string) []string {
	first, _ := slices.BinarySearch(s.names, prefix)
	rest := s.names[first:]
	n := sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i], prefix) })
	return rest[:n]
}

// indexes returns the indexes that a list has, as they are written, ascending. Others than 1 to
// MaxIndex are left to Unknown.
func (r *Reader) indexes(name string) []string {
	var numbers []int
	prefix := r.prefix + name + "."
	for _, key := range r.shared.run(prefix) {
		digits, _, _ := strings.Cut(key[len(prefix):], ".")
		if n, err := strconv.Atoi(digits); err == nil && 1 <= n && n <= MaxIndex && strconv.Itoa(n) == digits {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var list []string
	for _, n := range slices.Compact(numbers) {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

// Unknown returns the names of the parameters of the whole request that nobody has read, sorted.
func (r *Reader) Unknown() []string {
	var names []string
	for _, name := range r.shared.names {
		if !r.shared.used[name] {
			names = append(names, name)
		}
	}
	return names
}

// Failf notes a fault of status 400, unless there is one.
func (r *Reader) Failf(code, format string, args ...any) {
	if r.shared.fault == nil {
		r.shared.fault = &aws.Fault{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
	}
}

// Fault is the first fault, or UnknownParameter where something was not read; nil: all is well.
func (r *Reader) Fault() *aws.Fault {
	if r.shared.fault != nil {
		return r.shared.fault
	}
	if names := r.Unknown(); len(names) > 0 {
		r.Failf("UnknownParameter", "The parameter %s is not recognized", names[0])
	}
	return r.shared.fault
}
