package cli

import (
	"regexp"
	"strings"
)

// kind is one kind of resource: where the API has it and what it consists of.
type kind struct {
	word    string // of the command line: load-balancer
	path    string // of the API
	idKey   string // JSON member with the identifier
	prefix  string // of identifiers; empty: they are UUIDs
	short   string // what it is, for people
	example string // of its creation
	unnamed bool   // a rule is known by its identifier, or by FILTER/DIRECTION/NUMBER
	fields  []*field
}

// field is one property of a kind.
type field struct {
	flag    string // the word for people: of the flag, --unset and --where
	json    string // dotted path of the JSON member
	value   value
	usage   string
	choices []string // all values there are
	refers  string   // word of the kind that this names; "port" for ports
	needed  bool     // a create without it is refused here
	fixed   bool     // never changes after the create
	shown   bool     // the daemon says it and takes no such flag
	column  string   // header in lists; "": not listed
	number  bool     // a number in lists
}

// kindOf returns the kind of a word of the command line, nil for none.
func kindOf(word string) *kind {
	for _, k := range kinds {
		if k.word == word {
			return k
		}
	}
	return nil
}

// field returns the field that a flag or a JSON member names, nil for none.
func (k *kind) field(word string) *field {
	for _, f := range k.allFields() {
		if word == f.flag || word == f.json {
			return f
		}
	}
	return nil
}

// allFields are those of the kind and those that all kinds have.
func (k *kind) allFields() []*field {
	if k.unnamed {
		return append([]*field{describing}, k.fields...)
	}
	return append([]*field{naming, describing}, k.fields...)
}

// plural is for sentences: load balancers.
func (k *kind) plural() string { return strings.ReplaceAll(k.word, "-", " ") + "s" }

// hasID reports whether a reference is an identifier of this kind.
func (k *kind) hasID(ref string) bool {
	if k.prefix == "" {
		return uuid.MatchString(ref)
	}
	return strings.HasPrefix(ref, k.prefix)
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// name is what people call a record: its name, or for a rule its identifier.
func (k *kind) name(r record) string {
	if k.unnamed {
		return plain(r[k.idKey])
	}
	return plain(r["name"])
}

// Fields of every kind.
var (
	naming     = &field{flag: "name", json: "name", value: word("NAME"), usage: "a new name"}
	describing = &field{flag: "description", json: "description", value: word("TEXT"), usage: "what it is for"}
)

// article is the kind for sentences: an interface.
func (k *kind) article() string {
	if k.word == "interface" {
		return "an interface"
	}
	return "a " + strings.ReplaceAll(k.word, "-", " ")
}
