package ram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/problem"
)

func fault(status int, code, format string, args ...any) *aws.Fault {
	return &aws.Fault{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// refused is a fault of the request; all of these have the status 400.
func refused(code, format string, args ...any) *aws.Fault {
	return fault(http.StatusBadRequest, code, format, args...)
}

func invalid(format string, args ...any) *aws.Fault {
	return refused("InvalidParameterException", format, args...)
}

func missing(parameter string) *aws.Fault {
	return refused("MissingRequiredParameterException", "The request must contain the parameter %s.", parameter)
}

func unknown(arn string) *aws.Fault {
	return refused(unknownResource, "The resource %s could not be found.", clip(arn))
}

const unknownResource = "UnknownResourceException"

func isUnknown(err error) bool {
	var f *aws.Fault
	return errors.As(err, &f) && f.Code == unknownResource
}

// translations say which exception a problem of the store is. The first that fits counts.
var translations = []struct {
	code, key string // of ctl/api and of the problem; an empty key is any
	status    int    // 0: 400
	as        string
}{
	{api.CodeTokenMismatch, "", 0, "IdempotentParameterMismatchException"},
	{api.CodeQuotaExceeded, "", 0, "ResourceShareLimitExceededException"},
	{api.CodeInvalidValue, "principal", 0, "OperationNotPermittedException"},
	{api.CodeInvalidValue, "tags", 0, "InvalidParameterException"},
	{api.CodeInvalidValue, "", 0, "InvalidParameterException"},
	{api.CodeMissingValue, "", 0, "MissingRequiredParameterException"},
	{api.CodeNotFound, "", 0, unknownResource},
	{api.CodeInUse, "", 0, "InvalidStateTransitionException"},
	{api.CodeAlreadyExists, "", 0, "InvalidStateTransitionException"},
	{api.CodeDataPathRefused, "", 0, "OperationNotPermittedException"}, // it does not pass by itself: no 5xx, which clients repeat
	{api.CodeStorageFailed, "", http.StatusServiceUnavailable, "ServiceUnavailableException"},
	{api.CodeLcoreStalled, "", http.StatusServiceUnavailable, "ServiceUnavailableException"},
	{api.CodeUnavailable, "", http.StatusServiceUnavailable, "ServiceUnavailableException"},
}

// faultOf is what an error is told as.
func faultOf(err error) *aws.Fault {
	var f *aws.Fault
	var problems *problem.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, ctl.ErrStalled):
		return fault(http.StatusServiceUnavailable, "ServiceUnavailableException", "The change is made and on disk, but %v.", ctl.ErrStalled)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault(http.StatusServiceUnavailable, "ServiceUnavailableException", "The request was given up before the change was begun; repeat it.")
	case errors.As(err, &problems) && len(problems.Problems) > 0:
		p := &problems.Problems[0]
		for _, t := range translations {
			if t.code == p.Code && (t.key == "" || t.key == p.Key) {
				return fault(max(t.status, http.StatusBadRequest), t.as, "%s", p.Error())
			}
		}
	}
	return fault(http.StatusInternalServerError, "ServerInternalException", "%v; this is a defect of the gateway.", err)
}

// clip shortens what an error repeats.
func clip(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
