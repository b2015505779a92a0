package server

import (
	"net/http"
	"net/url"
	"reflect"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// route is one thing the API can do: what the OpenAPI document says of it and who does it.
type route struct {
	method, path string // with {ref} or {id}
	summary      string
	role         Role         // at least this one may
	request      reflect.Type // of the body; nil: there is none
	patch        bool         // the body is a JSON merge patch of request
	toml         bool         // the body, or the answer where there is no body, may be TOML too
	response     reflect.Type // of the answer; nil: it is a stream
	stream       string       // content type of such a stream
	status       int          // of an answer that is no error
	query        []parameter
	headers      []parameter
	codes        []string   // of errors besides commonCodes
	kind         store.Kind // whose fields errors name; empty: none's
	handle       func(*exchange) (*answer, error)
	action       string // operationID, which requests are counted by
	ofGateway    bool   // it shows what is of all accounts, resources or frames: only users of the gateway's own may
	recorded     bool   // the audit log is told though nothing changes
}

// parameter is a query parameter or a header.
type parameter struct {
	name, about string
	number      bool // a whole number
	many        bool // may be given more than once
	prefix      bool // name is only how such parameters begin, as tag:
}

// changes says whether the route takes If-Match, needs an admin, and stands in the audit log.
func (r *route) changes() bool { return r.role == Admin && r.method != http.MethodGet }

// exchange is one request being answered.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	body  []byte
	route *route
	peer  peer
	place places // that it has taken; nil: none
	who   caller
	trail trail
}

// account is the owner that names in the path belong to; empty: the default account.
func (x *exchange) account() string {
	if account := x.query.Get("ownerId"); account != "" {
		return account
	}
	return x.who.Account
}

// answer is what a handler returns; nil: the handler has answered by itself.
type answer struct {
	status      int    // 0: the route's
	value       any    // of ctl/api
	revision    uint64 // for ETag; 0: none
	raw         []byte // instead of value
	contentType string // of raw
	header      map[string]string
}

// statusOf is the HTTP status of an answer.
func (r *route) statusOf(a *answer) int {
	if a.status != 0 {
		return a.status
	}
	return r.status
}

// commonCodes are errors that every route may answer with.
var commonCodes = []string{api.CodeMalformedRequest, api.CodeForbidden, api.CodeNoSuchPath, api.CodeMethod,
	api.CodeInternal, api.CodeUnavailable, api.CodeUnknownField, api.CodeInvalidValue}

// changeCodes are errors of every change besides.
var changeCodes = []string{api.CodeMissingValue, api.CodeNotFound, api.CodeAlreadyExists, api.CodeInUse, api.CodeQuotaExceeded,
	api.CodeRevisionMismatch, api.CodeTooLarge, api.CodeDataPathRefused, api.CodeStorageFailed, api.CodeLcoreStalled}

var (
	ownerParameter  = parameter{name: "ownerId", about: "account that the name in the path belongs to; absent: the default account"}
	limitParameter  = parameter{name: "limit", about: "most resources of one page, 1 to 1000; absent: 100", number: true}
	tokenParameter  = parameter{name: "nextToken", about: "where the page begins, from the answer with the page before"}
	dryRunParameter = parameter{name: "dryRun", about: "only say whether it could be made: true or false; absent: false"}
	ifMatchHeader   = parameter{name: "If-Match", about: "revision in quotes, as ETag has it: the change is refused unless it is still the last one"}
	clientTokenHead = parameter{name: api.HeaderClientToken, about: "up to 64 printable ASCII characters; the same create with the same token within 24 hours happens once"}
)

// allRoutes is everything there is. No handler exists outside this table.
func (s *Server) allRoutes() []*route {
	var all []*route
	all = append(all, resourceRoutes(s, interfaceKind)...)
	all = append(all, resourceRoutes(s, targetKind)...)
	all = append(all, resourceRoutes(s, filterKind)...)
	all = append(all, resourceRoutes(s, ruleKind)...)
	all = append(all, resourceRoutes(s, sessionKind)...)
	all = append(all, resourceRoutes(s, balancerKind)...)
	all = append(all, resourceRoutes(s, shareKind)...)
	all = append(all, s.invitationRoutes()...)
	all = append(all, s.tagRoutes()...)
	all = append(all, s.documentRoutes()...)
	all = append(all, s.accessRoutes()...)
	all = append(all, s.captureRoutes()...)
	all = append(all, s.auditRoutes()...)
	all = append(all, s.reloadRoutes()...)
	return append(all, s.gatewayRoutes()...)
}
