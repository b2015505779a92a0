package aws

import (
	"net/url"
	"strings"
)

// maxParams bounds the parameters of a form: ten times what the largest request here has.
const maxParams = 10000

// parseForm reads what a form says, from a body or from a query string.
func parseForm(text string) (url.Values, *Fault) {
	if strings.Count(text, "&") >= maxParams {
		return nil, &Fault{400, "MalformedQueryString", "The request has more parameters than any action takes."}
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, &Fault{400, "MalformedQueryString", "The query string contains a syntax error."}
	}
	return values, nil
}
