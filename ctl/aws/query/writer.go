package query

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"

	"mirrorgw/ctl/aws"
)

// Writer writes one XML answer. What is unset is to be left out by not calling: an empty element
// means an empty text, list or structure to clients. It is used by one goroutine.
type Writer struct {
	call *aws.Call
	buf  bytes.Buffer
	ends []string // elements of the frame that are open, outermost first
	item string   // what members of a list are called
	tail func()   // writes what comes before the root is closed; nil: nothing
}

// EC2Response begins the answer to an EC2 action: the root element and the request's ID.
func EC2Response(c *aws.Call) *Writer {
	w := &Writer{call: c, item: "item"}
	w.buf.WriteString(header)
	w.open(c.Action+"Response", EC2Namespace)
	w.Text("requestId", c.RequestID)
	return w
}

// Response begins the answer to an action of STS or CloudWatch: the root and its Result element.
// The request's ID comes at the end, by itself.
func Response(c *aws.Call, namespace string) *Writer {
	w := &Writer{call: c, item: "member"}
	w.open(c.Action+"Response", namespace)
	w.open(c.Action+"Result", "")
	w.tail = func() {
		w.Element("ResponseMetadata", func() { w.Text("RequestId", c.RequestID) })
	}
	return w
}

// Text writes an element that holds a text, the empty one included. Characters that XML cannot
// hold become U+FFFD.
func (w *Writer) Text(name, value string) {
	w.buf.WriteString("<" + name + ">")
	xml.EscapeText(&w.buf, []byte(value)) // a bytes.Buffer does not fail
	w.buf.WriteString("</" + name + ">")
}

// TextIf is Text that leaves the empty text out.
func (w *Writer) TextIf(name, value string) {
	if value != "" {
		w.Text(name, value)
	}
}

// Int writes an element that holds a number.
func (w *Writer) Int(name string, value int64) { w.Text(name, strconv.FormatInt(value, 10)) }

// Float writes a number with as many digits as it takes to read the same one back.
func (w *Writer) Float(name string, value float64) {
	w.Text(name, strconv.FormatFloat(value, 'f', -1, 64))
}

// Bool writes true or false.
func (w *Writer) Bool(name string, value bool) { w.Text(name, strconv.FormatBool(value)) }

// Element writes an element; fill writes what is in it, and nil leaves it empty.
func (w *Writer) Element(name string, fill func()) {
	w.buf.WriteString("<" + name + ">")
	if fill != nil {
		fill()
	}
	w.buf.WriteString("</" + name + ">")
}

// List writes a list of n members, called item in EC2 and member elsewhere; fill writes what is in
// member i, from 0. A list of none is there and empty.
func (w *Writer) List(name string, n int, fill func(i int)) {
	w.Element(name, func() {
		for i := range n {
			w.Element(w.item, func() { fill(i) })
		}
	})
}

// Texts writes a list whose members are texts.
func (w *Writer) Texts(name string, values []string) {
	w.Element(name, func() {
		for _, value := range values {
			w.Text(w.item, value)
		}
	})
}

// Reply ends the answer: status 200. The Writer is not to be used after that.
func (w *Writer) Reply() aws.Reply { return w.finish(http.StatusOK, "") }

// open begins an element of the frame, which finish ends.
func (w *Writer) open(name, namespace string) {
	w.buf.WriteString("<" + name)
	if namespace != "" {
		w.buf.WriteString(` xmlns="` + namespace + `"`)
	}
	w.buf.WriteString(">")
	w.ends = append(w.ends, name)
}

func (w *Writer) finish(status int, code string) aws.Reply {
	for i := len(w.ends) - 1; i >= 0; i-- {
		if i == 0 && w.tail != nil {
			w.tail()
		}
		w.buf.WriteString("</" + w.ends[i] + ">")
	}
	return aws.Reply{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: w.buf.Bytes(), Code: code}
}
