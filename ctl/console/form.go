package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
)

// fieldKind says how a field is typed, and what JSON is made of it.
type fieldKind string

// Kinds of fields. The empty one is a text.
const (
	kindText     fieldKind = ""
	kindPassword fieldKind = "password"
	kindNumber   fieldKind = "number"  // a whole number
	kindArea     fieldKind = "area"    // a text of several lines
	kindList     fieldKind = "list"    // texts, with blanks or commas between
	kindChoice   fieldKind = "choice"  // one of Options
	kindSuggest  fieldKind = "suggest" // a text; Options are proposals
	kindCheck    fieldKind = "check"   // true or false
	kindSome     fieldKind = "some"    // none, some or all of Options; Value has blanks between them
)

// field is one input of a form. Its name is the JSON name of the API's field, so that the API's
// errors find it.
type field struct {
	Name, Label  string
	Hint         string // a sentence under the label
	Kind         fieldKind
	Value        string // what the user typed, kept whatever was wrong with it
	Options      []option
	Required     bool
	Min, Max     int64 // of a number; 0: none
	Autocomplete string
	Error        string
	Suffix       string // of the ID, in the row of an editor
}

// Choices are the options, and what was asked for without being one: the API says what is wrong with it.
func (f *field) Choices() []option {
	options := slices.Clone(f.Options)
	for _, value := range strings.Fields(f.Value) {
		if !slices.ContainsFunc(options, func(o option) bool { return o.Value == value }) {
			options = append(options, option{value, value})
		}
	}
	return options
}

// Has tells whether an option of several is chosen.
func (f *field) Has(value string) bool { return slices.Contains(strings.Fields(f.Value), value) }

// take reads what the user gave.
func (f *field) take(values url.Values) {
	f.Value = values.Get(f.Name)
	if f.Kind == kindSome {
		f.Value = strings.Join(values[f.Name], " ")
	}
}

// option is a value that may be chosen.
type option struct{ Value, Label string }

// ID is that of the input.
func (f *field) ID() string { return "field-" + strings.ReplaceAll(f.Name, ".", "-") + f.Suffix }

// DescribedBy lists the elements that tell more about the input.
func (f *field) DescribedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ID()+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	return strings.Join(ids, " ")
}

// Type is that of the HTML input.
func (f *field) Type() string {
	if f.Kind == kindPassword {
		return "password"
	}
	return "text"
}

// form is what a page asks for.
type form struct {
	Fields  []field
	Groups  []*rowEditor
	Tags    *tagEditor // nil: there is none
	Submit  string     // label of the button
	Cancel  string     // path to go to instead; empty: no such link
	Danger  bool       // the button destroys something
	Faults  []fault    // all of them, for the summary on top
	Hidden  []hidden
	Changed *conflict // somebody else changed it meanwhile; nil: nobody did
	Also    []action  // what else can be done to it
}

// fault is one thing that is wrong, and where.
type fault struct {
	Field string // ID of the input; empty: it is of the whole
	Text  string
}

type hidden struct{ Name, Value string }

// fault adds a fault to the field with a name, or to the whole.
func (f *form) fault(name, text string) {
	text = sentence(text)
	base, _, _ := strings.Cut(name, ".")
	base, _, _ = strings.Cut(base, "[")
	for i := range f.Fields {
		one := &f.Fields[i]
		if one.Name != base {
			continue
		}
		if one.Error != "" {
			one.Error += " "
		}
		one.Error += text
		f.Faults = append(f.Faults, fault{one.ID(), text})
		return
	}
	for _, group := range f.Groups {
		if group.Name == base {
			f.Faults = append(f.Faults, fault{group.fault(name, text), text})
			return
		}
	}
	if f.Tags != nil && base == "tags" {
		f.Tags.Error = text
		f.Faults = append(f.Faults, fault{f.Tags.ID(), text})
		return
	}
	f.Faults = append(f.Faults, fault{"", text})
}

// refused shows what the API says is wrong, at the fields; aliases are form fields by API fields. It
// returns what is no fault of the form.
func (f *form) refused(err error, aliases map[string]string) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Status >= http.StatusInternalServerError && e.Code != api.CodeDataPathRefused && e.Code != api.CodeStorageFailed {
		return err
	}
	for _, one := range append([]api.Error{*e}, e.Details...) {
		name := one.Field
		if alias, ok := aliases[name]; ok {
			name = alias
		}
		f.fault(name, f.labelled(forPeople(one.Message), one.Field, name))
	}
	return nil
}

// offer puts values into the fields that they name; the others keep what they propose.
func (f *form) offer(values url.Values) {
	for i := range f.Fields {
		if one := &f.Fields[i]; values.Has(one.Name) {
			one.take(values)
		}
	}
}

// fill puts values into the fields.
func (f *form) fill(values url.Values) {
	for i := range f.Fields {
		f.Fields[i].take(values)
	}
	for _, group := range f.Groups {
		group.read(values)
	}
}

// edit does what a button of an editor asks for, and reports whether one did.
func (f *form) edit(do string) bool {
	for _, group := range f.Groups {
		if group.edit(do) {
			return true
		}
	}
	return f.Tags != nil && f.Tags.edit(do)
}

// group finds an editor by its name.
func (f *form) group(name string) *rowEditor {
	for _, group := range f.Groups {
		if group.Name == name {
			return group
		}
	}
	return nil
}

// hide adds a hidden input.
func (f *form) hide(name, value string) { f.Hidden = append(f.Hidden, hidden{name, value}) }

// body makes of the fields what the API takes: what is empty is left out.
func (f *form) body() map[string]any {
	body := map[string]any{}
	for i := range f.Fields {
		if value := f.Fields[i].json(); value != nil {
			body[f.Fields[i].Name] = value
		}
	}
	return body
}

// json is the value of a field; nil: it is empty. A number that is none goes to the API as it is: the
// API says what is wrong with it.
func (f *field) json() any {
	text := strings.TrimSpace(f.Value)
	switch f.Kind {
	case kindCheck:
		return text != ""
	case kindArea, kindText:
		text = strings.ReplaceAll(f.Value, "\r\n", "\n")
	}
	if text == "" {
		return nil
	}
	switch f.Kind {
	case kindNumber:
		if number, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number
		}
	case kindSome:
		return strings.Fields(text)
	case kindList:
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	}
	return text
}

// Hidden inputs of forms that change or make a resource.
const (
	hiddenRevision = "revision" // of all resources when the form was made
	hiddenWas      = "was"      // the fields as they were then, JSON
	hiddenOnce     = "once"     // client token: the same form sent twice makes one resource
	fieldDo        = "do"       // the button that was pressed
)

// texts are the values of the fields by name.
func (f *form) texts() map[string]string {
	texts := map[string]string{}
	for i := range f.Fields {
		texts[f.Fields[i].Name] = f.Fields[i].Value
	}
	for _, group := range f.Groups {
		texts[group.Name] = group.text()
	}
	return texts
}

// remember hides what the fields are now, to tell later who changed what.
func (f *form) remember(revision uint64) {
	text, _ := json.Marshal(f.texts()) // texts always can
	f.hide(hiddenWas, string(text))
	f.hide(hiddenRevision, strconv.FormatUint(revision, 10))
}

// remembered reads what remember has hidden.
func remembered(values url.Values) (was map[string]string, revision uint64, ok bool) {
	revision, err := strconv.ParseUint(values.Get(hiddenRevision), 10, 64)
	if err != nil || json.Unmarshal([]byte(values.Get(hiddenWas)), &was) != nil {
		return nil, 0, false
	}
	return was, revision, true
}
