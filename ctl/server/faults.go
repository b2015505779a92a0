package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

// fault makes an error of the API.
func fault(code, field, format string, args ...any) *api.Error {
	return &api.Error{Status: api.StatusOf(code), Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// faults collects what is wrong with one request.
type faults struct{ items []api.Error }

func (f *faults) add(code, field, format string, args ...any) {
	f.items = append(f.items, *fault(code, field, format, args...))
}

// err is the first fault with the others as its details, or nil.
func (f *faults) err() error {
	if len(f.items) == 0 {
		return nil
	}
	first := f.items[0]
	first.Details = f.items[1:]
	return &first
}

// apiError makes an error of the API of any error. kind says whose fields a problem names; empty
// for a document.
func apiError(err error, kind store.Kind) *api.Error {
	var known *api.Error
	var problems *problem.Error
	var syntax *strictjson.Error
	switch {
	case errors.Is(err, ctl.ErrStalled):
		return fault(api.CodeLcoreStalled, "", "the change is made and on disk, but %v", ctl.ErrStalled)
	case errors.As(err, &known):
		return known
	case errors.As(err, &problems):
		return problemError(problems, kind)
	case errors.As(err, &syntax):
		return syntaxError(syntax)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fault(api.CodeUnavailable, "", "the request was given up before the change was begun; repeat it with the same client token")
	}
	return fault(api.CodeInternal, "", "%v; this is a defect of the gateway, its log has more", err)
}

func problemError(problems *problem.Error, kind store.Kind) *api.Error {
	var f faults
	for i, p := range problems.Problems {
		if i == problem.Max {
			break
		}
		code := p.Code
		if code == "" {
			code = api.CodeInvalidValue
		}
		f.add(code, fieldOf(kind, p), "%s", p.Error())
	}
	if len(f.items) == 0 {
		return fault(api.CodeInternal, "", "an error without a reason; this is a defect of the gateway")
	}
	return f.err().(*api.Error)
}

func syntaxError(e *strictjson.Error) *api.Error {
	codes := map[strictjson.Kind]string{strictjson.Malformed: api.CodeMalformedRequest,
		strictjson.UnknownField: api.CodeUnknownField, strictjson.InvalidValue: api.CodeInvalidValue}
	var f faults
	for _, item := range e.Faults {
		f.add(codes[item.Kind], item.Field, "%s", item.Text)
	}
	return f.err().(*api.Error)
}

// writeError answers with an error.
func writeError(w http.ResponseWriter, e *api.Error) {
	if e.Status == 0 {
		e.Status = api.StatusOf(e.Code)
	}
	if e.Code == api.CodeUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, e.Status, api.ErrorBody{Error: *e})
}

// writeJSON answers with a value of ctl/api. An error of writing is the client's loss.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("an answer cannot be written as JSON: %v", err))
	}
	w.Header().Set("Content-Type", api.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// kindOfSubject finds whose fields a problem of a document names: subjects begin with the kind.
func kindOfSubject(subject string) store.Kind {
	switch word, rest, _ := strings.Cut(subject, " "); {
	case word == "filter" && strings.Contains(rest, " rule "):
		return store.KindRule
	case word == "load" && strings.HasPrefix(rest, "balancer"), word == "load_balancer", word == "load-balancer":
		return store.KindLoadBalancer
	default:
		return store.Kind(word)
	}
}
