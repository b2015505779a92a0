package cloudwatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/aws/query"
)

// protocol is how a request is read and an answer is written.
type protocol interface {
	read(c *aws.Call, a action) (any, *aws.Fault)
	reply(c *aws.Call, a answer) aws.Reply
	refuse(c *aws.Call, f *aws.Fault) aws.Reply
}

// protocolOf is the one that a request came in.
func protocolOf(c *aws.Call) protocol {
	switch {
	case c.Request != nil && c.Request.Header.Get("X-Amz-Target") != "":
		return jsonProtocol{}
	case c.Request != nil && strings.HasPrefix(c.Request.URL.Path, "/service/"):
		return cborProtocol{}
	}
	return formProtocol{}
}

// formProtocol is the query protocol: forms and XML.
type formProtocol struct{}

func (formProtocol) read(c *aws.Call, a action) (any, *aws.Fault) { return readForm(c, a) }

func (formProtocol) reply(c *aws.Call, a answer) aws.Reply {
	w := &xmlWriter{query.Response(c, query.CloudWatchNamespace)}
	a.xml(w)
	return w.Reply()
}

func (formProtocol) refuse(c *aws.Call, f *aws.Fault) aws.Reply {
	return query.QueryFault(c, f, query.CloudWatchNamespace)
}

type xmlWriter struct{ *query.Writer }

func (w *xmlWriter) time(name string, at moment) { w.Text(name, at.UTC().Format(time.RFC3339)) }

// moment is a whole minute, which JSON has as seconds since 1970.
type moment struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, m.Unix(), 10), nil }

// jsonProtocol is AWS JSON 1.0, with the errors of the query protocol in a header.
type jsonProtocol struct{}

const jsonType = "application/x-amz-json-1.0"

func (jsonProtocol) read(c *aws.Call, a action) (any, *aws.Fault) { return readJSON(c.Body, a) }

func (jsonProtocol) reply(_ *aws.Call, a answer) aws.Reply {
	body, err := json.Marshal(a)
	if err != nil {
		panic(err) // answers have strings and finite numbers only; the door tells of it
	}
	return aws.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {jsonType}}, Body: body}
}

func (jsonProtocol) refuse(_ *aws.Call, f *aws.Fault) aws.Reply {
	body, _ := json.Marshal(faultBody(f, "com.amazonaws.cloudwatch.v2010_08_01#"))
	header := http.Header{"Content-Type": {jsonType}, "X-Amzn-Query-Error": {queryError(f)}}
	return aws.Reply{Status: f.Status, Header: header, Body: body, Code: f.Code}
}

type faultDocument struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func faultBody(f *aws.Fault, space string) faultDocument {
	shape, ok := shapes[f.Code]
	if !ok {
		shape = f.Code
	}
	return faultDocument{space + shape, f.Message}
}

// queryError is the code that the fault has in the query protocol, and whose fault it is.
func queryError(f *aws.Fault) string {
	if f.Status >= http.StatusInternalServerError {
		return f.Code + ";Receiver"
	}
	return f.Code + ";Sender"
}

// readJSON reads a request. What it has that the API does not is refused, as in a form.
func readJSON(body []byte, a action) (any, *aws.Fault) {
	request := a.request()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(request)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after the request")
		}
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return request, nil
	case errors.As(err, &wrong):
		return nil, bad("SerializationException", "The parameter %s is a %s and should be a %s.", clip(wrong.Field), wrong.Value, wrong.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return nil, bad("UnknownParameter", "The parameter %s is not recognized", clip(strings.TrimPrefix(err.Error(), "json: unknown field ")))
	}
	return nil, bad("SerializationException", "The body is not a request in JSON: %s.", clip(err.Error()))
}

// UnmarshalJSON implements json.Unmarshaler: seconds since 1970.
func (t *timestamp) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > maxSeconds {
		return errors.New("a time is a number of seconds since 1970")
	}
	whole, fraction := math.Modf(seconds)
	t.Time = time.Unix(int64(whole), int64(fraction*1e9)).UTC()
	return nil
}

// maxSeconds is beyond the year 9999.
const maxSeconds = 253402300800

// MarshalJSON is for the identity of a request.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, t.UnixMilli(), 10), nil
}
