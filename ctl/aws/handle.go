package aws

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"

	"mirrorgw/ctl/door"
	"mirrorgw/ctl/sigv4"
	"mirrorgw/ctl/tally"
)

const maxUserAgent = 256 // bytes

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{RequestID: newRequestID(), Time: s.Now(), SourceIP: sourceIP(r), TLS: r.TLS != nil,
		UserAgent: cut(r.UserAgent(), maxUserAgent), Region: s.Region, Request: r}
	one := &handling{Server: s, call: c, writer: w}
	defer one.release()
	reply := one.answer()
	header := w.Header()
	for name, values := range reply.Header {
		header[name] = values
	}
	header.Set("X-Amzn-Requestid", c.RequestID)
	header.Set("Content-Length", strconv.Itoa(len(reply.Body)))
	one.tell(reply)
	w.WriteHeader(reply.Status)
	w.Write(reply.Body) // a client that is gone has its answer in the audit log
}

func sourceIP(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}

// handling is one request on its way to an answer. One goroutine has it.
type handling struct {
	*Server
	call   *Call
	writer http.ResponseWriter
	scope  sigv4.Credential // as the request has it; zero where it has none
	large  bool             // holds a place among the large bodies
	known  bool             // the signature is good
	silent bool             // the audit log is not told: it would be filled by who has no key
}

// answer goes from the cheap questions to the dear ones. What a client without a key can make the
// door do is read one body and hash it.
func (h *handling) answer() Reply {
	c := h.call
	auth, refusal := h.verifier.Check(c.Request)
	if parsed, err := sigv4.Parse(c.Request.Header); err == nil {
		h.scope = parsed.Credential
	}
	c.Service, c.Action = addressed(c.Request)
	if !h.failed.Left(door.Source(c.SourceIP), c.Time) {
		h.guess()
		h.silent = true
		return h.refuse(throttled(h.render().Name()))
	}
	if fault := h.readBody(); fault != nil {
		h.guess()
		if !h.silent {
			h.failed.Take(door.Source(c.SourceIP), c.Time)
		}
		return h.refuse(fault)
	}
	var formFault *Fault
	if isForm(c.Request) {
		formFault = c.readForm()
		c.Service = versions[c.Version]
	}
	h.guess()
	if refusal == nil {
		refusal = h.authenticate(auth)
	}
	if refusal != nil {
		h.failed.Take(door.Source(c.SourceIP), c.Time)
		return h.refuse(authFault(h.render().Name(), refusal))
	}
	if !h.byKey.Take(c.AccessKey, c.Time) {
		return h.refuse(throttled(h.render().Name()))
	}
	if formFault != nil {
		return h.refuse(formFault)
	}
	return h.serve()
}

// guess goes by the signature where the request itself does not tell its service.
func (h *handling) guess() {
	if h.call.Service == "" {
		h.call.Service = h.scope.Service
	}
}

// authenticate makes the request somebody's, or says why not.
func (h *handling) authenticate(a *sigv4.Authorization) *sigv4.Error {
	c := h.call
	if _, known := h.services[c.Service]; !known || a.Service != c.Service {
		return &sigv4.Error{Reason: sigv4.Scope, Message: fmt.Sprintf("Credential should be scoped to correct service: '%s'.", h.render().Name())}
	}
	if a.Region != "" && a.Region != h.Region && !h.AnyRegion {
		return &sigv4.Error{Reason: sigv4.Scope, Message: fmt.Sprintf("Credential should be scoped to a valid region: '%s'.", h.Region)}
	}
	key, refusal := h.verifier.Verify(c.Request, c.Body, a)
	if refusal != nil {
		return refusal
	}
	h.known = true
	c.AccessKey, c.Principal = key.ID, key.Principal
	return nil
}

// readBody reads the whole body. Large ones need a place, so that clients without a key cannot fill
// the memory.
func (h *handling) readBody() *Fault {
	r := h.call.Request
	tooLarge := &Fault{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("The body of a request may have at most %d bytes.", h.Limits.BodyBytes)}
	if r.ContentLength > h.Limits.BodyBytes {
		return tooLarge
	}
	if r.ContentLength > smallBody || r.ContentLength < 0 {
		select {
		case h.Server.large <- struct{}{}:
			h.large = true
		default:
			h.guess()
			h.silent = true
			return throttled(h.render().Name())
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(h.writer, r.Body, h.Limits.BodyBytes))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge
	case err != nil:
		return &Fault{http.StatusBadRequest, "RequestTimeout", "The body did not arrive whole."}
	}
	h.call.Body = body
	return nil
}

func (h *handling) release() {
	if h.large {
		<-h.Server.large
	}
}

// render is the service that answers, refusals at least.
func (h *handling) render() Service {
	if service, ok := h.services[h.call.Service]; ok {
		return service
	}
	return h.Services[0]
}

func (h *handling) refuse(f *Fault) Reply { return h.render().Refuse(h.call, f) }

// serve has the service answer. One that panics has answered nothing yet.
func (h *handling) serve() (reply Reply) {
	defer func() {
		if fault := recover(); fault != nil {
			h.Log.Error("a request could not be carried out: this is a defect of the gateway, please report it", "request", h.call.RequestID,
				"service", h.call.Service, "action", cut(h.call.Action, 128), "fault", fault, "stack", string(debug.Stack()))
			reply = h.refuse(failed(h.render().Name()))
		}
	}()
	if h.Ready != nil && !h.call.reads() {
		if err := h.Ready(); err != nil {
			return h.refuse(unseen(h.render().Name(), err))
		}
	}
	return h.render().Serve(h.call)
}

// tell counts the answer and has it recorded. Of clients without a key no more is recorded than their
// failed authentications, which are limited.
func (h *handling) tell(reply Reply) {
	c := h.call
	counted := tally.NoAction
	if _, ok := h.services[c.Service]; ok {
		counted = c.Service
	}
	h.Tally.Answer(counted, reply.Status)
	if h.Audit == nil || h.silent {
		return
	}
	accessKey := c.AccessKey
	if !h.known {
		accessKey = h.scope.AccessKey
	}
	var body []byte
	if c.Params == nil {
		body = c.Body
	}
	h.Audit(Record{Time: c.Time, Took: h.Now().Sub(c.Time), Door: Door, RequestID: c.RequestID, Principal: c.Principal, AccessKey: accessKey,
		SourceIP: c.SourceIP, UserAgent: c.UserAgent, Region: cut(h.scope.Region, 128), Service: cut(c.Service, 128), Action: cut(c.Action, 128),
		Params: recorded(c), Body: body, Resources: c.Audit.Resources, Status: reply.Status, Code: reply.Code})
}
