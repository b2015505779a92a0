package ec2

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mirrorgw/ctl/aws"
)

// value is a parameter as it was sent, and as it was understood once it was checked.
type value struct {
	text   string
	number int
	flag   bool
	items  map[int]*value    // of a list, by its index as it was sent
	order  []*value          // of a list, by ascending index
	fields map[string]*value // of a structure
}

// maxPieces is more than the name of any parameter has between its dots: one of nothing but dots
// would take sixteen times its memory.
const maxPieces = 16

// decode reads parameters by the fields that there may be. What it does not know is an error, and
// so is what is there twice.
func decode(params url.Values, fields []field) (*value, *aws.Fault) {
	root, whole := &value{}, structure("", fields...)
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if len(params[name]) != 1 {
			return nil, invalid("InvalidParameterCombination", "The parameter %s is there %d times; give it once", clip(name), len(params[name]))
		}
		if fault := root.place(&whole, strings.SplitN(name, ".", maxPieces), name, params[name][0]); fault != nil {
			return nil, fault
		}
	}
	return root, root.check(&whole, "")
}

func unknown(name string) *aws.Fault {
	return invalid("UnknownParameter", "The parameter %s is not recognized", clip(name))
}

// place puts a parameter where its name says. name is the whole of it, path what is left of it.
func (v *value) place(f *field, path []string, name, text string) *aws.Fault {
	switch {
	case f.form == formRefused:
		return invalid("UnsupportedOperation", "The parameter %s is not supported: the gateway has nothing like it", clip(name))
	case f.form == formList && len(path) > 0:
		index, ok := parseIndex(path[0])
		if !ok {
			return unknown(name)
		}
		if v.items == nil {
			v.items = map[int]*value{}
		}
		if v.items[index] == nil {
			v.items[index] = &value{}
		}
		return v.items[index].place(f.item, path[1:], name, text)
	case f.form == formStructure && len(path) > 0:
		member := f.member(path[0])
		if member == nil {
			return unknown(name)
		}
		if v.fields == nil {
			v.fields = map[string]*value{}
		}
		if v.fields[member.name] == nil {
			v.fields[member.name] = &value{}
		}
		return v.fields[member.name].place(member, path[1:], name, text)
	case f.form == formList || f.form == formStructure || len(path) > 0:
		return unknown(name)
	}
	v.text = text
	return nil
}

func (f *field) member(name string) *field {
	for i := range f.fields {
		if f.fields[i].name == name {
			return &f.fields[i]
		}
	}
	return nil
}

// parseIndex reads an index of a list. They begin at 1; there may be gaps between them.
func parseIndex(text string) (int, bool) {
	if len(text) == 0 || len(text) > 6 || text[0] == '0' || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	index, err := strconv.Atoi(text)
	return index, err == nil
}

// check judges a value, and everything in it, in the order of the tables. at is its name.
func (v *value) check(f *field, at string) *aws.Fault {
	switch f.form {
	case formStructure:
		return v.checkFields(f, at)
	case formList:
		return v.checkItems(f, at)
	}
	return v.checkLeaf(f, at)
}

func (v *value) checkFields(f *field, at string) *aws.Fault {
	for i := range f.fields {
		member := &f.fields[i]
		name := member.name
		if at != "" {
			name = at + "." + name
		}
		given := v.fields[member.name]
		if given.absent() && member.required {
			return missing(name)
		}
		if given == nil {
			continue
		}
		if fault := given.check(member, name); fault != nil {
			return fault
		}
	}
	return nil
}

// absent reports whether nothing was said; an empty text says nothing either.
func (v *value) absent() bool {
	return v == nil || v.text == "" && len(v.items) == 0 && len(v.fields) == 0
}

func (v *value) checkItems(f *field, at string) *aws.Fault {
	if len(v.items) > f.most {
		code := f.tooMany
		if code == "" {
			code = "InvalidParameterValue"
		}
		return invalid(code, "The parameter %s has %d members; give at most %d", at, len(v.items), f.most)
	}
	indexes := make([]int, 0, len(v.items))
	for index := range v.items {
		indexes = append(indexes, index)
	}
	slices.Sort(indexes)
	for _, index := range indexes {
		item := v.items[index]
		if fault := item.check(f.item, at+"."+strconv.Itoa(index)); fault != nil {
			return fault
		}
		v.order = append(v.order, item)
	}
	return nil
}

func (v *value) checkLeaf(f *field, at string) *aws.Fault {
	switch f.form {
	case formNumber:
		n, err := strconv.ParseInt(v.text, 10, 32)
		if err != nil || v.text[0] == '+' {
			return badValue(v.text, at, "Write an integer from %d to %d", f.low, f.top)
		}
		if v.number = int(n); v.number < f.low || v.number > f.top {
			return badValue(v.text, at, "Use a number from %d to %d", f.low, f.top)
		}
	case formFlag:
		if v.text != "true" && v.text != "false" {
			return badValue(v.text, at, "Write true or false")
		}
		v.flag = v.text == "true"
	case formChoice:
		if !slices.Contains(f.choices, v.text) {
			return badValue(v.text, at, "Use one of: %s", strings.Join(f.choices, ", "))
		}
	default:
		if !isXMLText(v.text) {
			return badValue(strings.ToValidUTF8(v.text, "?"), at, "Use UTF-8 without control characters")
		}
		if n := utf8.RuneCountInString(v.text); n > f.top {
			return badValue(v.text, at, "It has %d characters; use at most %d", n, f.top)
		}
	}
	return nil
}
