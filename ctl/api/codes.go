package api

import "net/http"

// Codes of errors. They are stable: programs may rely on them.
const (
	CodeMalformedRequest     = "malformed-request"     // 400 not JSON, or not the JSON that is expected
	CodeUnknownField         = "unknown-field"         // 400
	CodeMissingValue         = "missing-value"         // 400
	CodeInvalidValue         = "invalid-value"         // 400
	CodeNotFound             = "not-found"             // 404 no such resource, or a reference to none
	CodeNoSuchPath           = "no-such-path"          // 404
	CodeMethod               = "method-not-allowed"    // 405
	CodeForbidden            = "forbidden"             // 403 the peer's groups do not allow it
	CodeAlreadyExists        = "already-exists"        // 409 name, number or key is taken
	CodeInUse                = "in-use"                // 409 others refer to it
	CodeQuotaExceeded        = "quota-exceeded"        // 409
	CodeTokenMismatch        = "token-mismatch"        // 409 client token used before with other parameters
	CodeRevisionMismatch     = "revision-mismatch"     // 412 If-Match names a revision that is not the last
	CodeTooLarge             = "too-large"             // 413
	CodeRevisionGone         = "revision-gone"         // 410 the change stream no longer has that revision
	CodeDataPathRefused      = "data-path-refused"     // 507 the data path has no room for the change; nothing changed
	CodeStorageFailed        = "storage-failed"        // 507 the state could not be written; nothing changed
	CodeLcoreStalled         = "lcore-stalled"         // 503 in force but for an lcore that does not run
	CodeConfigurationRefused = "configuration-refused" // 422 the configuration file is no good, or cannot be put in force; nothing changed
	CodeUnavailable          = "unavailable"           // 503 shutting down, starting or overloaded
	CodeInternal             = "internal"              // 500 a defect of the gateway
)

// ContentType of requests and responses with a body.
const ContentType = "application/json"

// ContentTypeTOML is that of a resource document.
const ContentTypeTOML = "application/toml"

// HeaderClientToken makes a create idempotent: at most 64 ASCII characters, remembered for 24 h.
const HeaderClientToken = "Client-Token"

// HeaderHealth is on every answer of /v1/health and /v1/ready that holds a Health, whatever its
// status: ok or failing.
const HeaderHealth = "Mirrorgw-Health"

// statuses are those of HTTP (RFC 9110 section 15) that go with the codes.
var statuses = map[string]int{
	CodeMalformedRequest:     http.StatusBadRequest,
	CodeUnknownField:         http.StatusBadRequest,
	CodeMissingValue:         http.StatusBadRequest,
	CodeInvalidValue:         http.StatusBadRequest,
	CodeNotFound:             http.StatusNotFound,
	CodeNoSuchPath:           http.StatusNotFound,
	CodeMethod:               http.StatusMethodNotAllowed,
	CodeForbidden:            http.StatusForbidden,
	CodeAlreadyExists:        http.StatusConflict,
	CodeInUse:                http.StatusConflict,
	CodeQuotaExceeded:        http.StatusConflict,
	CodeTokenMismatch:        http.StatusConflict,
	CodeRevisionMismatch:     http.StatusPreconditionFailed,
	CodeTooLarge:             http.StatusRequestEntityTooLarge,
	CodeRevisionGone:         http.StatusGone,
	CodeDataPathRefused:      http.StatusInsufficientStorage,
	CodeStorageFailed:        http.StatusInsufficientStorage,
	CodeLcoreStalled:         http.StatusServiceUnavailable,
	CodeConfigurationRefused: http.StatusUnprocessableEntity,
	CodeUnavailable:          http.StatusServiceUnavailable,
	CodeInternal:             http.StatusInternalServerError,
}

// StatusOf is the HTTP status that goes with a code; 500 for one that is not known.
func StatusOf(code string) int {
	if status, known := statuses[code]; known {
		return status
	}
	return http.StatusInternalServerError
}
