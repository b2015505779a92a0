package console

import (
	"strconv"
	"strings"
	"unicode"
)

// ruleAliases are columns of rules by fields of the API, where these are called otherwise.
var ruleAliases = map[string]string{"sourcePortRange": "sourcePorts", "destinationPortRange": "destinationPorts"}

// place finds the row and the column that a field of the API is about, such as
// ingressFilterRules[0].sourceCidrBlock. The API does not count rows in which nothing was typed.
func (e *rowEditor) place(path string) (row, column int, found bool) {
	text, has := strings.CutPrefix(path, e.Name+"[")
	number, rest, hasColumn := strings.Cut(text, "].")
	n, err := strconv.Atoi(number)
	if !has || !hasColumn || err != nil {
		return 0, 0, false
	}
	name, _, _ := strings.Cut(rest, ".")
	if alias, has := ruleAliases[name]; has {
		name = alias
	}
	for i := range e.Columns {
		if e.Columns[i].Name == name {
			column, found = i, true
		}
	}
	for row = range e.Rows {
		if !e.isEmpty(row) {
			n--
		}
		if n < 0 {
			return row, column, found
		}
	}
	return 0, 0, false
}

// fault shows what is wrong at the field of a row, or at the group, and returns the ID of what has it.
func (e *rowEditor) fault(path, text string) (id string) {
	row, column, found := e.place(path)
	if !found {
		e.Error = strings.TrimSpace(e.Error + " " + text)
		return e.ID()
	}
	if e.errors == nil {
		e.errors = map[[2]int]string{}
	}
	at := [2]int{row, column}
	e.errors[at] = strings.TrimSpace(e.errors[at] + " " + text)
	return e.Fields()[row][column].ID()
}

// labelOf is what people call a field; empty: the form has none such.
func (f *form) labelOf(name string) string {
	base, _, _ := strings.Cut(name, ".")
	base, _, _ = strings.Cut(base, "[")
	for i := range f.Fields {
		if f.Fields[i].Name == base {
			return f.Fields[i].Label
		}
	}
	for _, group := range f.Groups {
		if row, column, found := group.place(name); found {
			return group.Legend + ", " + group.Noun + " " + strconv.Itoa(row+1) + ": " + group.Columns[column].Label
		}
	}
	return ""
}

// labelled calls a field in a message of the API as the form does: path is the API's name of it, name the form's.
func (f *form) labelled(message, path, name string) string {
	label := f.labelOf(name)
	if label == "" || path == "" {
		return message
	}
	if rest, begins := strings.CutPrefix(strings.TrimPrefix(message, "field "), path+" "); begins {
		return label + " " + rest
	}
	if strings.ContainsFunc(path, unicode.IsUpper) { // else it may be a word
		return strings.ReplaceAll(message, path, label)
	}
	return message
}
