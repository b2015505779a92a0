package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/tally"
	"mirrorgw/ctl/tomldoc"
)

// Handler is the API without its socket. Requests need a peer in their context to be allowed
// anything, which http.Server gets from ConnContext.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range s.routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, request *http.Request) { s.serve(r, w, request) })
		methods[r.path] = append(methods[r.path], r.method)
	}
	for pattern, allowed := range methods {
		slices.Sort(allowed)
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			writeError(s.tallied(w, tally.NoAction), fault(api.CodeMethod, "", "%s does not take %s; use %s", r.URL.Path, r.Method, strings.Join(allowed, " or ")))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { noSuchPath(s.tallied(w, tally.NoAction), r, methods) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Limits.WriteTime)) // for answers not by a route
		// The mux would redirect such paths to where they do not mean the same.
		if escaped := r.URL.EscapedPath(); r.Method == http.MethodConnect || escaped == "" || path.Clean(escaped) != escaped {
			noSuchPath(s.tallied(w, tally.NoAction), r, methods)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func noSuchPath(w http.ResponseWriter, r *http.Request, patterns map[string][]string) {
	var known []string
	for pattern := range patterns {
		known = append(known, pattern)
	}
	slices.Sort(known)
	remedy := api.PathOpenAPI + " lists what there is"
	if near := tomldoc.Nearest(r.URL.Path, known); near != "" {
		remedy = "did you mean " + near + "?"
	}
	writeError(w, fault(api.CodeNoSuchPath, "", "there is no %s; %s", r.URL.Path, remedy))
}

// serve answers one request by its route.
func (s *Server) serve(r *route, w http.ResponseWriter, request *http.Request) {
	x := &exchange{w: w, r: request, route: r, peer: peerFrom(request.Context())}
	x.trail.began, x.who = time.Now(), s.callerOf(x.peer)
	if c := CallerOf(request.Context()); c != nil {
		x.who = c.inProcess()
	}
	began := s.tallied(w, r.action)
	x.w = began
	defer x.leave()
	defer s.recoverPanic(x, began)
	a, err := s.try(x)
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Limits.WriteTime))
	switch {
	case err != nil:
		e := apiError(err, r.kind)
		s.logError(x, e)
		s.record(x, e.Status, e)
		writeError(began, e)
	case a != nil:
		s.record(x, r.statusOf(a), nil)
		s.write(x, a)
	}
	if r.changes() {
		s.Log.Debug("change asked for", "door", x.who.door(), "uid", x.peer.uid, "pid", x.peer.pid, "method", request.Method, "path", request.URL.Path, "done", err == nil)
	}
}

func (s *Server) logError(x *exchange, e *api.Error) {
	if e.Code == api.CodeInternal {
		s.Log.Error("request failed by a defect", "method", x.r.Method, "path", x.r.URL.Path, "error", e.Message)
	}
}

// try does everything that may end in an error.
func (s *Server) try(x *exchange) (*answer, error) {
	if err := s.admit(x); err != nil {
		return nil, err
	}
	query, err := readQuery(x)
	if err != nil {
		return nil, err
	}
	x.query = query
	if x.body, err = s.readBody(x); err != nil {
		return nil, err
	}
	return x.route.handle(x)
}

func (s *Server) forbidden(x *exchange, role Role) error {
	if x.who.through != nil {
		return fault(api.CodeForbidden, "", "this log-in may read and not change; log in as somebody who may")
	}
	if role == Nobody {
		return fault(api.CodeForbidden, "", "the user with uid %d is in none of the groups that may use this socket; join [ctl] reader_group or admin_group, or use root", x.peer.uid)
	}
	return fault(api.CodeForbidden, "", "the user with uid %d may read and not change; join [ctl] admin_group, or use root", x.peer.uid)
}

// readQuery refuses parameters that the route does not have.
func readQuery(x *exchange) (url.Values, error) {
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return nil, fault(api.CodeMalformedRequest, "", "the query cannot be read (%v); percent-encode it (RFC 3986 section 2.1)", err)
	}
	var f faults
	for _, name := range sortedKeys(query) {
		p := x.route.parameter(name)
		switch {
		case p == nil:
			f.add(api.CodeUnknownField, name, "query parameter %s is not known here; %s", name, x.route.remedy(name))
		case !p.many && len(query[name]) > 1:
			f.add(api.CodeInvalidValue, name, "query parameter %s is there %d times; keep one", name, len(query[name]))
		}
	}
	return query, f.err()
}

func (r *route) parameter(name string) *parameter {
	for i := range r.query {
		if p := &r.query[i]; p.name == name || p.prefix && strings.HasPrefix(name, p.name) && name != p.name {
			return p
		}
	}
	return nil
}

func (r *route) remedy(name string) string {
	var known []string
	for _, p := range r.query {
		known = append(known, p.name)
	}
	if near := tomldoc.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "remove it, there are none"
	}
	return "there are " + strings.Join(known, ", ")
}

// readBody reads no more than the route allows, and only once it may be asked for at all.
func (s *Server) readBody(x *exchange) ([]byte, error) {
	limit := s.Limits.BodyBytes
	switch {
	case x.route.request == nil:
		limit = 0
	case x.route.toml:
		limit = s.Limits.DocumentBytes
	}
	if x.r.ContentLength > limit {
		return nil, s.tooLarge(x, limit)
	}
	if err := s.takeRoom(x, limit); err != nil {
		return nil, err
	}
	body, err := readAll(http.MaxBytesReader(x.w, x.r.Body, limit), x.r.ContentLength, limit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, s.tooLarge(x, limit)
	case err != nil:
		x.w.Header().Set("Connection", "close")
		return nil, fault(api.CodeMalformedRequest, "", "the body ended early or came too slowly (%v); send it within %v", err, s.Limits.BodyTime)
	}
	// The handler may take longer than the body might. Where the body is at fault the deadline
	// stays: net/http reads what is left of it.
	http.NewResponseController(x.w).SetReadDeadline(time.Time{})
	return body, nil
}

func (s *Server) tooLarge(x *exchange, limit int64) error {
	x.w.Header().Set("Connection", "close") // the rest of the body is not read
	if limit == 0 {
		return fault(api.CodeMalformedRequest, "", "%s %s takes no body; send none", x.r.Method, x.r.URL.Path)
	}
	return fault(api.CodeTooLarge, "", "the body is longer than %d bytes; send less at once", limit)
}

// write answers what a handler found.
func (s *Server) write(x *exchange, a *answer) {
	for name, value := range a.header {
		x.w.Header().Set(name, value)
	}
	if a.revision != 0 {
		x.w.Header().Set("ETag", etag(a.revision))
	}
	status := x.route.statusOf(a)
	if a.raw == nil {
		writeJSON(x.w, status, a.value)
		return
	}
	x.w.Header().Set("Content-Type", a.contentType)
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.WriteHeader(status)
	x.w.Write(a.raw)
}

func etag(revision uint64) string { return fmt.Sprintf("%q", strconv.FormatUint(revision, 10)) }

// startedWriter remembers whether an answer has begun, and counts it when it does.
type startedWriter struct {
	http.ResponseWriter
	started bool
	action  string
	tally   *tally.Control
}

// tallied counts the answer to a request for an action.
func (s *Server) tallied(w http.ResponseWriter, action string) *startedWriter {
	return &startedWriter{ResponseWriter: w, action: action, tally: s.Tally}
}

// WriteHeader is called once an answer, whatever the way it takes.
func (w *startedWriter) WriteHeader(status int) {
	if !w.started {
		w.tally.Answer(w.action, status)
	}
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *startedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recoverPanic keeps a defect of one handler from the other clients.
func (s *Server) recoverPanic(x *exchange, w *startedWriter) {
	reason := recover()
	if reason == nil {
		return
	}
	s.Log.Error("handler panicked", "method", x.r.Method, "path", x.r.URL.Path, "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
	e := fault(api.CodeInternal, "", "this is a defect of the gateway; its log has more")
	s.record(x, e.Status, e)
	if w.started {
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
	writeError(w, e)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
