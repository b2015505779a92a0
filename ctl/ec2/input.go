package ec2

import "fmt"

// The accessors of a structure. A name that its table of fields does not have is a defect of an
// action, which the tests find by calling each of them.

func (v *value) get(name string) (*value, bool) {
	if v == nil {
		return nil, false
	}
	f, ok := v.fields[name]
	return f, ok
}

// has reports whether a parameter was sent.
func (v *value) has(name string) bool { _, ok := v.get(name); return ok }

// str is a text; empty if it was not sent.
func (v *value) str(name string) string {
	if f, ok := v.get(name); ok {
		return f.text
	}
	return ""
}

// num is a number, or what it is where it was not sent.
func (v *value) num(name string, absent int) int {
	if f, ok := v.get(name); ok {
		return f.number
	}
	return absent
}

// is is a flag; false if it was not sent.
func (v *value) is(name string) bool {
	f, ok := v.get(name)
	return ok && f.flag
}

// list has the members of a list in their order.
func (v *value) list(name string) []*value {
	if f, ok := v.get(name); ok {
		return f.order
	}
	return nil
}

// texts are the members of a list of texts.
func (v *value) texts(name string) []string {
	var all []string
	for _, item := range v.list(name) {
		all = append(all, item.text)
	}
	return all
}

// in is a structure; nil if it was not sent, which has nothing either.
func (v *value) in(name string) *value {
	f, _ := v.get(name)
	return f
}

func quoted(id string) string { return fmt.Sprintf("'%s'", clip(id)) }
