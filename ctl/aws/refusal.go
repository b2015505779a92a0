package aws

import (
	"net/http"
	"strings"

	"mirrorgw/ctl/sigv4"
)

// authFault is what a service calls a refusal of the signature (AWS guide, "Common errors"; EC2
// answers AuthFailure where others tell more).
func authFault(service string, err *sigv4.Error) *Fault {
	switch err.Reason {
	case sigv4.Missing:
		return &Fault{http.StatusForbidden, "MissingAuthenticationToken", err.Message}
	case sigv4.Incomplete:
		return &Fault{http.StatusBadRequest, "IncompleteSignature", err.Message}
	case sigv4.Expired:
		return &Fault{http.StatusBadRequest, "RequestExpired", err.Message}
	}
	switch {
	case service == EC2 && err.Reason == sigv4.Scope:
		return &Fault{http.StatusUnauthorized, "AuthFailure", err.Message}
	case service == EC2:
		return &Fault{http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	case err.Reason == sigv4.Token:
		return &Fault{http.StatusForbidden, "InvalidClientTokenId", err.Message}
	}
	return &Fault{http.StatusForbidden, "SignatureDoesNotMatch", err.Message}
}

// throttled is what a service calls too many requests: codes that the SDKs try again on.
func throttled(service string) *Fault {
	switch service {
	case EC2:
		return &Fault{http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded."}
	case RAM:
		return &Fault{http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded"}
	}
	return &Fault{http.StatusBadRequest, "Throttling", "Rate exceeded"}
}

// unseen refuses a change while the audit log cannot be written, and why. Clients try again.
func unseen(service string, why error) *Fault {
	message := "Nothing is changed while nobody can see it: " + why.Error() + "."
	switch service {
	case EC2:
		return &Fault{http.StatusServiceUnavailable, "Unavailable", message}
	case RAM:
		return &Fault{http.StatusServiceUnavailable, "ServiceUnavailableException", message}
	}
	return &Fault{http.StatusServiceUnavailable, "ServiceUnavailable", message}
}

// reads tells actions that change nothing, by their names.
func reads(action string) bool {
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(action, verb) {
			return true
		}
	}
	return false
}

// failed is what a service calls a fault of its own.
func failed(service string) *Fault {
	const message = "The request could not be carried out because of a defect of the gateway; its log has more under the request's ID."
	switch service {
	case EC2:
		return &Fault{http.StatusInternalServerError, "InternalError", message}
	case RAM:
		return &Fault{http.StatusInternalServerError, "ServerInternalException", message}
	case CloudWatch:
		return &Fault{http.StatusInternalServerError, "InternalServiceError", message}
	}
	return &Fault{http.StatusInternalServerError, "InternalFailure", message}
}
