package ec2

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"unicode/utf8"
)

// namespace is that of every answer but errors.
const namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// document writes XML. Elements are written as they come; what is unset is left out by its writer.
type document struct {
	bytes.Buffer
}

func (d *document) open(name string) {
	d.WriteByte('<')
	d.WriteString(name)
	d.WriteByte('>')
}

func (d *document) close(name string) {
	d.WriteString("</")
	d.WriteString(name)
	d.WriteByte('>')
}

// text writes an element with text. Characters that XML cannot hold become U+FFFD.
func (d *document) text(name, text string) {
	d.open(name)
	if err := xml.EscapeText(d, []byte(text)); err != nil {
		panic(err) // a buffer takes everything
	}
	d.close(name)
}

// maybe writes an element with text if there is any.
func (d *document) maybe(name, text string) {
	if text != "" {
		d.text(name, text)
	}
}

func (d *document) number(name string, n int) {
	d.open(name)
	d.WriteString(strconv.Itoa(n))
	d.close(name)
}

func (d *document) flag(name string, flag bool) {
	d.open(name)
	d.WriteString(strconv.FormatBool(flag))
	d.close(name)
}

// each writes a list with an item for each of its members; a list without any is written too.
func each[T any](d *document, name string, list []T, item func(T)) {
	d.open(name)
	for _, member := range list {
		d.open("item")
		item(member)
		d.close("item")
	}
	d.close(name)
}

// isXMLText reports whether XML can hold a text as it is (XML 1.0, section 2.2).
func isXMLText(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return false
		}
	}
	return true
}
