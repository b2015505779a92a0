package ec2

import (
	"fmt"
	"net/http"
	"strings"

	"mirrorgw/ctl/aws"
)

// invalid is a fault of the request, which it does not help to repeat.
func invalid(code, format string, args ...any) *aws.Fault {
	return &aws.Fault{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func missing(name string) *aws.Fault {
	return invalid("MissingParameter", "The request must contain the parameter %s", name)
}

func badValue(value, name, format string, args ...any) *aws.Fault {
	return invalid("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", clip(value), name, fmt.Sprintf(format, args...))
}

// unavailable is a fault of the gateway that passes: clients try again by themselves.
func unavailable(format string, args ...any) *aws.Fault {
	return &aws.Fault{Status: http.StatusServiceUnavailable, Code: "Unavailable", Message: fmt.Sprintf(format, args...)}
}

func internal(format string, args ...any) *aws.Fault {
	return &aws.Fault{Status: http.StatusInternalServerError, Code: "InternalError", Message: fmt.Sprintf(format, args...)}
}

// dryRunPassed is the answer to a dry run of what would have been done.
func dryRunPassed() *aws.Fault {
	return &aws.Fault{Status: http.StatusPreconditionFailed, Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set."}
}

// clip shortens what an error repeats.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
