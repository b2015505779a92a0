package tomldoc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// source is what all tables of one document share.
type source struct {
	name     string
	lines    lineIndex
	problems *problem.List
}

// Parse reads a document. name is what error sentences call the file. Everything that is wrong
// with it is added to problems, now and by the methods of the tables; a document that is not
// TOML yields an empty root table.
func Parse(name string, data []byte, problems *problem.List) *Table {
	src := &source{name: name, lines: lineIndex{}, problems: problems}
	root := &Table{src: src, values: map[string]any{}}
	if _, err := toml.Decode(string(data), &root.values); err != nil {
		problems.Add(syntaxProblem(name, err))
		root.values = map[string]any{}
		return root
	}
	src.lines = indexLines(string(data))
	return root
}

// syntaxProblem turns a parser error into our kind of sentence.
func syntaxProblem(name string, err error) problem.Problem {
	p := problem.Problem{Position: problem.Position{File: name}, Code: api.CodeMalformedRequest}
	message := strings.TrimPrefix(err.Error(), "toml: ")
	var parse toml.ParseError
	if errors.As(err, &parse) {
		p.Line, p.Key, message = parse.Position.Line, parse.LastKey, parse.Message
	}
	if strings.HasSuffix(message, `but got '\n' instead`) {
		p.Line-- // the parser has read the end of the line that lacks something
	}
	message = strings.TrimSuffix(strings.ReplaceAll(message, "\n", " "), ".")
	remedy := `write key = value, [section] or [[section]], with text in double quotes`
	if strings.Contains(message, "already been defined") || strings.Contains(message, "already created") {
		remedy = "keep one of the two"
		if p.Key != "" && !strings.Contains(p.Key, ".") {
			remedy = fmt.Sprintf("keep one of the two, or write [[%s]] if there may be several", p.Key)
		}
	}
	p.Text = fmt.Sprintf("this is not valid TOML (%s); %s", message, remedy)
	return p
}
