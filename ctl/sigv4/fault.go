package sigv4

import "fmt"

// Reason says why a request is refused; services have a code of their own for each.
type Reason int

// The reasons, in the order in which they are looked for.
const (
	Missing    Reason = iota + 1 // there is no Authorization header
	Incomplete                   // what must be in it or beside it is not, or is malformed
	Scope                        // the credential is for another day, service, region or terminator
	Expired                      // outside of the clock window
	Mismatch                     // unknown access key, wrong signature, or a body that differs from its hash
	Token                        // the session token is not the access key's
)

// Error is a refusal. Its sentence may be told to the client: it holds nothing that the client did
// not send, but for the time of the server.
type Error struct {
	Reason  Reason
	Message string
}

func (e *Error) Error() string { return e.Message }

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{reason, fmt.Sprintf(format, args...)}
}

// mismatch is one value, so that nobody can tell its causes apart.
var mismatch = &Error{Mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
