package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested. The deepest request, a document, needs 5.
const MaxDepth = 16

// member is a field of an object.
type member struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

// object is a JSON object in the order of the text.
type object []member

// without leaves out the fields at some indexes.
func (o object) without(indexes map[int]bool) object {
	if len(indexes) == 0 {
		return o
	}
	rest := object{}
	for i := range o {
		if !indexes[i] {
			rest = append(rest, o[i])
		}
	}
	return rest
}

// parse reads one JSON value.
func parse(data []byte) (any, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, malformed("", "the request has no body; send a JSON object")
	}
	if !utf8.Valid(data) {
		return nil, malformed("", "the body is not UTF-8; encode it so (RFC 8259 section 8.1)")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, syntaxError(data, err)
	}
	p := parser{json.NewDecoder(bytes.NewReader(data))}
	p.UseNumber()
	return p.value(nil, 0)
}

// syntaxError says where the text stops being JSON.
func syntaxError(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return malformed("", "the body is not JSON (%v); send one JSON object", err)
	}
	offset := min(max(int(syntax.Offset)-1, 0), len(data))
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	column := offset - bytes.LastIndexByte(data[:offset], '\n')
	return malformed("", "the body is not JSON: %v at line %d, column %d; send one JSON object", syntax, line, column)
}

// parser builds the tree from the tokens of a text that is known to be valid.
type parser struct{ *json.Decoder }

func (p parser) value(at *place, depth int) (any, error) {
	token, err := p.Token()
	if err != nil {
		return nil, malformed(at.String(), "the body is not JSON (%v); send one JSON object", err)
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth >= MaxDepth {
		return nil, malformed(at.String(), "the body is nested deeper than %d objects and arrays; no request is", MaxDepth)
	}
	if delimiter == '{' {
		return p.object(at, depth)
	}
	list, here := []any{}, &place{in: at, isItem: true}
	for p.More() {
		here.item = len(list)
		item, err := p.value(here, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, p.end()
}

func (p parser) object(at *place, depth int) (any, error) {
	o, here := object{}, &place{in: at}
	seen := map[string]bool{}
	for p.More() {
		token, err := p.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, malformed(at.String(), "the body is not JSON (%v); send one JSON object", err)
		}
		here.name = name
		if seen[name] {
			return nil, malformed(here.String(), "field %s is there twice; keep one of the two", here)
		}
		seen[name] = true
		value, err := p.value(here, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, value})
	}
	return o, p.end()
}

// place is where a value stands. It is put into words only for the sentence that needs it: names may be as long as
// the body. nil is the body itself.
type place struct {
	in     *place
	name   string // of a field
	item   int    // of a list
	isItem bool
}

// String is like "targets[3].name".
func (p *place) String() string {
	switch {
	case p == nil:
		return ""
	case p.isItem:
		return fmt.Sprintf("%s[%d]", p.in, p.item)
	}
	return join(p.in.String(), p.name)
}

// end takes the closing bracket.
func (p parser) end() error {
	if _, err := p.Token(); err != nil && err != io.EOF {
		return malformed("", "the body is not JSON (%v); send one JSON object", err)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
