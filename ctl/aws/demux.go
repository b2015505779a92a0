package aws

import (
	"net/http"
	"net/url"
	"strings"
)

// Signing names of the services.
const (
	EC2        = "ec2"
	STS        = "sts"
	CloudWatch = "monitoring"
	RAM        = "ram"
)

// versions tells by the Version parameter which service a form is for. EC2 has had many; those
// that are not here go by the scope of the signature, and the service judges them.
var versions = map[string]string{
	"2016-11-15": EC2,
	"2011-06-15": STS,
	"2010-08-01": CloudWatch,
}

// CloudWatch's name in the protocols JSON (the header X-Amz-Target) and CBOR (the path).
const granite = "GraniteServiceVersion20100801"

const rpcPath = "/service/" + granite + "/operation/"

// addressed says by all but the signature which service a request is for, and which action, as far
// as its head tells; a form tells more.
func addressed(r *http.Request) (service, action string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name, action, _ := strings.Cut(target, ".")
		if name == granite {
			return CloudWatch, action
		}
		return "", ""
	}
	if action, ok := strings.CutPrefix(r.URL.Path, rpcPath); ok {
		return CloudWatch, action
	}
	if r.URL.Path != "/" && r.URL.Path != "" {
		return RAM, "" // and RAM tells the action by its path
	}
	return "", ""
}

// isForm reports whether a request is one of the query protocols, whose parameters are a form in
// the body, or in the query string of a GET.
func isForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return (r.URL.Path == "/" || r.URL.Path == "") && r.Header.Get("X-Amz-Target") == "" &&
		(kind == "application/x-www-form-urlencoded" || kind == "" && r.Method == http.MethodGet)
}

// readForm fills in what a form says of a call. A form of which a part is in the query string is
// refused: what the one half says must not change what the other means.
func (c *Call) readForm() *Fault {
	text := string(c.Body)
	if c.Request.Method == http.MethodGet {
		text = c.Request.URL.RawQuery
	}
	if c.Request.Method != http.MethodGet && c.Request.URL.RawQuery != "" || c.Request.Method == http.MethodGet && len(c.Body) > 0 {
		return &Fault{400, "MalformedQueryString", "The parameters must all be in the body of a POST, or all in the query string of a GET."}
	}
	params, fault := parseForm(text)
	if fault != nil {
		return fault
	}
	for name, to := range map[string]*string{"Action": &c.Action, "Version": &c.Version} {
		if len(params[name]) > 1 {
			return &Fault{400, "MalformedQueryString", "The parameter " + name + " is there twice."}
		}
		*to = params.Get(name)
		params.Del(name)
	}
	c.Params = params
	return nil
}

// secretWords make a parameter one whose value nobody else is told.
var secretWords = []string{"secret", "password", "signature", "securitytoken", "sessiontoken", "credential"}

// Bounds of what the audit log is told of a request.
const (
	maxRecordedParams = 200
	maxRecordedValue  = 1024 // bytes
)

// recorded is what the audit log is told of parameters.
func recorded(c *Call) url.Values {
	if c.Params == nil {
		return nil
	}
	told := url.Values{}
	for name, values := range c.Params {
		if len(told) == maxRecordedParams {
			told.Set("more", "left out")
			break
		}
		if lower := strings.ToLower(name); containsAny(lower, secretWords) {
			told.Set(cut(name, maxRecordedValue), "left out")
			continue
		}
		for _, value := range values[:min(len(values), maxRecordedParams)] {
			told.Add(cut(name, maxRecordedValue), cut(value, maxRecordedValue))
		}
	}
	return told
}

func containsAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// cut keeps the beginning of a text that is a client's, without half a character at the end.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}
