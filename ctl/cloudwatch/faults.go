package cloudwatch

import (
	"fmt"
	"net/http"
	"strings"

	"mirrorgw/ctl/aws"
)

// Codes of CloudWatch's own faults, with the names that they have as JSON types.
const (
	invalidValue       = "InvalidParameterValue"
	missing            = "MissingParameter"
	invalidCombination = "InvalidParameterCombination"
	invalidToken       = "InvalidNextToken"
	internal           = "InternalServiceError"
)

// shapes are the names of faults in the service's model, where these are others than the codes.
var shapes = map[string]string{
	invalidValue: "InvalidParameterValueException", missing: "MissingRequiredParameterException",
	invalidCombination: "InvalidParameterCombinationException", internal: "InternalServiceFault",
}

func bad(code, format string, args ...any) *aws.Fault {
	return &aws.Fault{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func required(name string) *aws.Fault { return bad(missing, "The parameter %s is required.", name) }

// clip makes a client's text fit for a sentence.
func clip(text string) string {
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
