package aws

import (
	"net/netip"
	"net/url"
	"time"

	"mirrorgw/ctl/iam"
)

// Record is what the audit log is told of one request, once it is answered. It holds no secrets:
// neither signatures nor session tokens, and parameters whose names promise a secret have their
// values left out.
type Record struct {
	Time      time.Time // when the head of the request had been read
	Took      time.Duration
	Door      string        // which door: Door here; the others are named by those who open them
	RequestID string        // as told in the reply
	Principal iam.Principal // zero: the request was not authenticated
	AccessKey string        // ID as the request names it, cut to 128 bytes; known or not
	SourceIP  netip.Addr    // invalid where the door has none
	UserAgent string        // cut to 256 bytes
	Region    string        // of the credential scope

	Service string     // signing name; empty: unknown
	Action  string     // as asked for; empty: unknown
	Params  url.Values // form parameters without Action and Version; nil in JSON protocols
	Body    []byte     // the document in JSON protocols, whole; nil: there are Params

	Resources []string // identifiers or ARNs touched, as the service tells them

	Status int    // of HTTP
	Code   string // error code of the answer; empty: success
}
