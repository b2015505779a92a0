package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonKind is what a JSON value is.
type jsonKind int

const (
	jsonNull jsonKind = iota
	jsonText
	jsonNumber
	jsonBool
	jsonList
	jsonObject
)

func (k jsonKind) String() string {
	return [...]string{"null", "a string", "a number", "true or false", "a list", "an object"}[k]
}

// jsonValue is a JSON value with its place. Objects keep the order of their members.
type jsonValue struct {
	kind    jsonKind
	text    string // of a string; a number or a bool as written
	items   []*jsonValue
	members []jsonMember
	line    int // from 1, where the value begins
}

type jsonMember struct {
	name  string
	value *jsonValue
}

// jsonReader reads one value, strictly: encoding/json alone would take the last of two equal keys
// and invalid UTF-8.
type jsonReader struct {
	decoder *json.Decoder
	data    []byte
}

// readJSON reads a document that is one value and nothing after it, at most depth values deep.
func readJSON(data []byte, depth int) (*jsonValue, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the document is not UTF-8; save it as UTF-8")
	}
	r := &jsonReader{decoder: json.NewDecoder(bytes.NewReader(data)), data: data}
	r.decoder.UseNumber()
	v, err := r.value(depth)
	if err != nil {
		return nil, err
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line %d: something follows the document; keep one JSON object", r.line())
	}
	return v, nil
}

// line is where the reader stands, from 1.
func (r *jsonReader) line() int {
	return 1 + bytes.Count(r.data[:min(int(r.decoder.InputOffset()), len(r.data))], []byte("\n"))
}

func (r *jsonReader) value(depth int) (*jsonValue, error) {
	if depth == 0 {
		return nil, fmt.Errorf("line %d: the document is nested deeper than policies are; remove what does not belong there", r.line())
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, r.syntax(err)
	}
	v := &jsonValue{line: r.line()}
	switch t := token.(type) {
	case string:
		v.kind, v.text = jsonText, t
	case json.Number:
		v.kind, v.text = jsonNumber, t.String()
	case bool:
		v.kind, v.text = jsonBool, fmt.Sprint(t)
	case json.Delim:
		if t == '[' {
			return r.list(v, depth-1)
		}
		return r.object(v, depth-1)
	}
	return v, nil
}

func (r *jsonReader) syntax(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d: the document ends too early; close what is open", r.line())
	}
	return fmt.Errorf("line %d: this is not JSON (%w); see RFC 8259", r.line(), err)
}

func (r *jsonReader) list(v *jsonValue, depth int) (*jsonValue, error) {
	v.kind = jsonList
	for r.decoder.More() {
		item, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
	}
	if _, err := r.decoder.Token(); err != nil { // the bracket
		return nil, r.syntax(err)
	}
	return v, nil
}

func (r *jsonReader) object(v *jsonValue, depth int) (*jsonValue, error) {
	v.kind = jsonObject
	seen := map[string]bool{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, r.syntax(err)
		}
		name := token.(string) // the decoder takes nothing else here
		if seen[name] {
			return nil, fmt.Errorf("line %d: %q is there twice; keep one", r.line(), name)
		}
		seen[name] = true
		value, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, jsonMember{name, value})
	}
	if _, err := r.decoder.Token(); err != nil {
		return nil, r.syntax(err)
	}
	return v, nil
}
