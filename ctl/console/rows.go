package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// rowEditor is a part of a form with any number of rows of the same fields, such as the rules of a
// filter. Without scripts, buttons send the form to have a row added or removed.
type rowEditor struct {
	Name    string  // of the group, as the API has it
	Legend  string  // over it
	Noun    string  // what a row is: "rule"
	Columns []field // of a row, as in an empty one; their names are those of the inputs too
	Rows    [][]string
	Error   string
	errors  map[[2]int]string // by row and column
}

// maxRows is how many rows a form may have.
const maxRows = 1000

// ID is that of the group.
func (e *rowEditor) ID() string { return e.Name }

// Add and Remove are the values of the buttons; of Remove without the number of the row.
func (e *rowEditor) Add() string    { return "add-" + e.Name }
func (e *rowEditor) Remove() string { return "remove-" + e.Name + "-" }

// Blank is a row that scripts add; rowNumber stands for its number.
func (e *rowEditor) Blank() []field { return e.fields(rowNumber, e.empty()) }

const rowNumber = "NUMBER"

// Fields are the rows as fields.
func (e *rowEditor) Fields() (rows [][]field) {
	for i, row := range e.Rows {
		fields := e.fields(strconv.Itoa(i), row)
		for column := range fields {
			fields[column].Error = e.errors[[2]int{i, column}]
		}
		rows = append(rows, fields)
	}
	return rows
}

func (e *rowEditor) fields(number string, values []string) []field {
	fields := slices.Clone(e.Columns)
	for i := range fields {
		fields[i].Value, fields[i].Suffix = values[i], "-"+number
		fields[i].Name = e.Name + "." + fields[i].Name
	}
	return fields
}

// empty is a row that nobody has typed in.
func (e *rowEditor) empty() []string {
	values := make([]string, len(e.Columns))
	for i := range e.Columns {
		values[i] = e.Columns[i].Value
	}
	return values
}

// read takes the rows of a form.
func (e *rowEditor) read(values url.Values) {
	e.Rows = nil
	for i := range e.Columns {
		column := values[e.Name+"."+e.Columns[i].Name]
		for n, text := range column[:min(len(column), maxRows)] {
			if n == len(e.Rows) {
				e.Rows = append(e.Rows, e.empty())
			}
			e.Rows[n][i] = text
		}
	}
}

// edit does what a button of the editor asks for, and reports whether one did.
func (e *rowEditor) edit(do string) bool {
	if do == e.Add() {
		e.Rows = append(e.Rows, e.empty())
		return true
	}
	text, removes := strings.CutPrefix(do, e.Remove())
	if i, err := strconv.Atoi(text); removes && err == nil && i >= 0 && i < len(e.Rows) {
		e.Rows = slices.Delete(e.Rows, i, i+1)
	}
	return removes
}

// text is the rows as the form remembers them.
func (e *rowEditor) text() string {
	if len(e.Rows) == 0 {
		return ""
	}
	text, _ := json.Marshal(e.Rows) // texts always can
	return string(text)
}

// take puts in the rows that text has written.
func (e *rowEditor) take(text string) {
	e.Rows = nil
	var rows [][]string
	if json.Unmarshal([]byte(text), &rows) != nil {
		return
	}
	for _, row := range rows {
		if len(row) == len(e.Columns) {
			e.Rows = append(e.Rows, row)
		}
	}
}

// words are the rows for people.
func (e *rowEditor) words(text string) string {
	one := *e
	one.take(text)
	var words []string
	for _, row := range one.Rows {
		words = append(words, strings.Join(strings.Fields(strings.Join(row, " ")), " "))
	}
	return strings.Join(words, "; ")
}

// isEmpty says whether nothing was typed in a row.
func (e *rowEditor) isEmpty(row int) bool { return slices.Equal(e.Rows[row], e.empty()) }

// typedRows are the rows but for those in which nothing was typed.
func (e *rowEditor) typedRows() [][]string {
	return slices.DeleteFunc(slices.Clone(e.Rows), func(row []string) bool { return slices.Equal(row, e.empty()) })
}

// bodies are what the API takes of the rows: objects by the names of the columns. Rows in which
// nothing was typed are left out.
func (e *rowEditor) bodies() (bodies []map[string]any) {
	for _, row := range e.typedRows() {
		body := map[string]any{}
		for i, column := range e.Columns {
			column.Value = row[i]
			if value := column.json(); value != nil {
				body[column.Name] = value
			}
		}
		bodies = append(bodies, body)
	}
	return bodies
}
