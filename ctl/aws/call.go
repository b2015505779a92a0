package aws

import (
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"mirrorgw/ctl/iam"
)

// Door is what the audit log and the actors of changes call this way into the gateway.
const Door = "aws"

// Call is one request whose signature is good. A Service reads it and may fill in Audit.
type Call struct {
	RequestID string // a UUID, told in the reply and in the audit log
	Time      time.Time
	Principal iam.Principal
	AccessKey string // its ID
	SourceIP  netip.Addr
	TLS       bool   // the condition key aws:SecureTransport
	UserAgent string // as sent, cut to 256 bytes
	Region    string // the gateway's own, which clients sign for unless it takes any region or they name none

	Service string // signing name: ec2, sts, monitoring, ram
	Action  string // "CreateTrafficMirrorSession"; empty where the request has none
	Version string // of the API; empty in JSON protocols

	// Params are the form's parameters, except for Action and Version; nil in JSON protocols.
	Params url.Values

	// Request has method, path, query and headers; its body was read. Body is at most 1 MiB.
	Request *http.Request
	Body    []byte

	// Audit is what the audit log tells besides: identifiers of resources touched.
	Audit struct{ Resources []string }
}

// Reply is what a Service answers.
type Reply struct {
	Status int
	Header http.Header // Content-Type at least
	Body   []byte

	// Code is the error code that the body tells, for the audit log and the metrics; empty: success.
	Code string
}

// Fault is an error as AWS APIs have them. Each service has its own rendering (Service.Refuse).
type Fault struct {
	Status  int    // 400, 401, 403, 412, 500, 503
	Code    string // "InvalidTrafficMirrorTargetId.NotFound"
	Message string // one sentence
}

func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// Service is one of the APIs behind the door. Implementations are safe for concurrent use.
type Service interface {
	// Name is the signing name.
	Name() string

	// Serve carries out a call and always answers.
	Serve(c *Call) Reply

	// Refuse renders a fault that came up before Serve: signature, rate, an unknown action.
	Refuse(c *Call, f *Fault) Reply
}
