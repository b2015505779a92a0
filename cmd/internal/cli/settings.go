package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// settings are the fields of a resource that the command line gives.
type settings struct {
	kind  *kind
	given map[*field]*setting
	tags  tagList
	unset []string
}

// setting is the flag of one field.
type setting struct {
	field *field
	texts []string
	read  []any
}

// Set reads one occurrence of the flag.
func (s *setting) Set(text string) error {
	parts := []string{text}
	if s.field.value.many {
		parts = strings.Split(text, ",")
	} else {
		s.texts, s.read = nil, nil
	}
	for _, part := range parts {
		v, err := s.field.value.parse(part)
		if err != nil {
			return err
		}
		s.texts, s.read = append(s.texts, part), append(s.read, v)
	}
	return nil
}

// String is what was given.
func (s *setting) String() string { return strings.Join(s.texts, ",") }

// Type is how usage names the value.
func (s *setting) Type() string { return s.field.value.hint }

// addSettings gives a command the flags of a kind's fields: all for a create, those that may
// change for a modify.
func (a *app) addSettings(cmd *cobra.Command, k *kind, modify bool) *settings {
	s := &settings{kind: k, given: map[*field]*setting{}}
	flags := cmd.Flags()
	flags.SortFlags = false
	for _, f := range k.settable(modify) {
		one := &setting{field: f}
		s.given[f] = one
		usage := f.usage
		if f.needed && !modify {
			usage += " (required)"
		}
		flags.Var(one, f.flag, usage)
		if f.value.toggle {
			flags.Lookup(f.flag).NoOptDefVal = "true"
		}
		_ = cmd.RegisterFlagCompletionFunc(f.flag, a.completeField(f))
	}
	flags.Var(&s.tags, "tag", "a tag, `KEY=VALUE`; may be repeated")
	if modify {
		flags.StringSliceVar(&s.unset, "unset", nil, "remove the value of a `FIELD`, named like its flag; all tags: tags, one: tag:KEY")
		_ = cmd.RegisterFlagCompletionFunc("unset", completeWords(k.unsettable()...))
	}
	return s
}

// settable are the fields with a flag.
func (k *kind) settable(modify bool) []*field {
	var fields []*field
	for _, f := range append(k.fields, describing) {
		if !f.shown && !(modify && f.fixed) {
			fields = append(fields, f)
		}
	}
	if modify && !k.unnamed {
		fields = append(fields, naming)
	}
	return fields
}

// unsettable are the words that --unset takes.
func (k *kind) unsettable() []string {
	var words []string
	for _, f := range k.settable(true) {
		if !f.needed && f != naming {
			words = append(words, f.flag)
		}
	}
	return append(words, "tags")
}

// missing names the required flags that were not given.
func (s *settings) missing() error {
	var flags []string
	for _, f := range s.kind.fields {
		if f.needed && s.given[f].read == nil {
			flags = append(flags, "--"+f.flag)
		}
	}
	if flags == nil {
		return nil
	}
	return usagef("%s needs %s", s.kind.article(), strings.Join(flags, ", "))
}

// body is a record of what was given, and null for what is to be removed.
func (s *settings) body() (record, error) {
	body := record{}
	for f, one := range s.given {
		switch {
		case one.read == nil:
		case f.value.many:
			body.put(f.json, one.read)
		default:
			body.put(f.json, one.read[0])
		}
	}
	for key, value := range s.tags {
		body.put("tags", with(body["tags"], key, value))
	}
	for _, word := range s.unset {
		if err := s.remove(body, word); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// remove puts a null where --unset says.
func (s *settings) remove(body record, word string) error {
	if key, ok := strings.CutPrefix(word, "tag:"); ok {
		if _, both := s.tags[key]; both {
			return usagef("tag %s is both set and removed; do one of them", key)
		}
		body.put("tags", with(body["tags"], key, nil))
		return nil
	}
	path := "tags"
	if word != "tags" {
		f := s.kind.field(word)
		if f == nil || s.given[f] == nil || f.needed || f == naming {
			return usagef("--unset %s: %s has no such field that could be removed; there are %s",
				word, s.kind.article(), strings.Join(s.kind.unsettable(), ", "))
		}
		path = f.json
	}
	if body.at(path) != nil {
		return usagef("%s is both set and removed; do one of them", word)
	}
	body.put(path, nil)
	return nil
}

// with adds one member to an object, which may not exist yet. Keys of tags may have dots.
func with(object any, key string, v any) map[string]any {
	m, ok := object.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	m[key] = v
	return m
}

// tagList is the value of --tag.
type tagList map[string]string

// Set reads KEY=VALUE.
func (t *tagList) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return usagef("give KEY=VALUE, as team=netops")
	}
	if *t == nil {
		*t = tagList{}
	}
	(*t)[key] = value
	return nil
}

// String is what was given.
func (t *tagList) String() string {
	var parts []string
	for _, key := range sortedKeys(*t) {
		parts = append(parts, key+"="+(*t)[key])
	}
	return strings.Join(parts, ",")
}

// Type is how usage names the value.
func (t *tagList) Type() string { return "KEY=VALUE" }
