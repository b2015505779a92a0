package server

import (
	"errors"
	"net/http"
	"reflect"
	"slices"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
)

const (
	actionAudit       = "mirrorgw:GetAuditLog"
	pathOneAudit      = api.PathAudit + "/{id}"
	defaultAuditLimit = 100
)

func (s *Server) auditRoutes() []*route {
	return []*route{
		{method: http.MethodGet, path: api.PathAudit, summary: "Read the audit log, the newest entry first", role: Admin,
			response: reflect.TypeFor[api.AuditLog](), status: http.StatusOK, ofGateway: true, handle: s.readAudit, codes: []string{api.CodeNotFound},
			query: []parameter{
				{name: "limit", about: "most entries of one page, 1 to 1000; absent: 100", number: true},
				{name: "before", about: "only entries that stand before this position, from next of the page before"},
				{name: "user", about: "only of this one: user name, ARN, account, access key, or number of a user of this machine"},
				{name: "action", about: "only of this name; * stands for any characters"},
				{name: "resource", about: "only those that touched or named this identifier or ARN"},
				{name: "outcome", about: "success, failure, or denied for lack of rights"},
				{name: "door", about: "aws, socket or console"},
				{name: "search", about: "only those with all of these words somewhere"}}},
		{method: http.MethodGet, path: pathOneAudit, summary: "Get an entry of the audit log by its position", role: Admin,
			response: reflect.TypeFor[api.AuditEntry](), status: http.StatusOK, ofGateway: true, codes: []string{api.CodeNotFound}, handle: s.oneAudit},
	}
}

// readAudit reads no more of the files than audit.Log.Read does; the page says where to go on.
func (s *Server) readAudit(x *exchange) (*answer, error) {
	q, err := auditQuery(x)
	if err != nil {
		return nil, err
	}
	if s.Audit == nil {
		return nil, errNoAudit()
	}
	page, err := s.Audit.Read(q)
	if err != nil {
		return nil, auditError(err)
	}
	w := api.AuditLog{Items: []api.AuditEntry{}, Unreadable: page.Unreadable}
	for i := range page.Entries {
		w.Items = append(w.Items, auditWire(&page.Entries[i]))
	}
	if page.Next != nil {
		w.Next = page.Next.String()
	}
	return &answer{value: w}, nil
}

func auditWire(e *audit.Entry) api.AuditEntry {
	return api.AuditEntry{Position: e.Position.String(), Record: e.Record}
}

func auditQuery(x *exchange) (*audit.Query, error) {
	get := x.query.Get
	q := &audit.Query{User: get("user"), Action: get("action"), Resource: get("resource"), Outcome: get("outcome"), Door: get("door"), Words: get("search")}
	var err error
	if q.Limit, err = readNumber(x, "limit", defaultAuditLimit, audit.MaxEntries); err != nil {
		return nil, err
	}
	var f faults
	if text := get("before"); text != "" {
		p, err := audit.ParsePosition(text)
		if err != nil {
			f.add(api.CodeInvalidValue, "before", "before: %v; give it next of the page before", err)
		}
		q.Before = &p
	}
	if !slices.Contains([]string{"", audit.OutcomeSuccess, audit.OutcomeFailure, audit.OutcomeDenied}, q.Outcome) {
		f.add(api.CodeInvalidValue, "outcome", "outcome is %q; give it success, failure or denied", q.Outcome)
	}
	return q, f.err()
}

func (s *Server) oneAudit(x *exchange) (*answer, error) {
	if s.Audit == nil {
		return nil, errNoAudit()
	}
	p, err := audit.ParsePosition(x.r.PathValue("id"))
	if err != nil {
		return nil, fault(api.CodeNotFound, "", "%v; GET %s lists them", err, api.PathAudit)
	}
	e, err := s.Audit.At(p)
	if err != nil {
		return nil, auditError(err)
	}
	return &answer{value: auditWire(e)}, nil
}

func errNoAudit() error {
	return fault(api.CodeNotFound, "", "this gateway writes no audit log; add [audit] with a path to its configuration")
}

func auditError(err error) error {
	if errors.Is(err, audit.ErrGone) {
		return fault(api.CodeNotFound, "", "%v; begin again with the newest entry", err)
	}
	return fault(api.CodeUnavailable, "", "%v", err)
}
