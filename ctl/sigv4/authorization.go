package sigv4

import (
	"net/http"
	"slices"
	"strings"
)

const algorithm = "AWS4-HMAC-SHA256"

// Limits of what is read of a request before anybody is known to have sent it.
const (
	maxAuthorization = 4096     // bytes of the Authorization header
	maxHeaders       = 64       // values
	maxHeaderBytes   = 16 << 10 // names and values together
	maxSigned        = 64       // names in SignedHeaders
	maxAccessKey     = 128      // bytes of an access key's ID
)

// Credential is the scope of a signature and the ID of the access key that made it.
type Credential struct {
	AccessKey string
	Date      string // eight digits
	Region    string // may be empty
	Service   string // signing name
}

// scope is what the string to sign and the key are made with.
func (c *Credential) scope() string {
	return c.Date + "/" + c.Region + "/" + c.Service + "/" + terminator
}

// Authorization is a well-formed Authorization header. Nothing in it has been verified.
type Authorization struct {
	Credential
	Signed    []string // names of the signed headers: lower case, sorted, each once
	signature string   // 64 lower-case hexadecimal digits
}

// Parse reads the Authorization header of a request: who signed what, by its own account. It does
// not look at a key. The error's reason is Missing, Incomplete or Scope.
func Parse(h http.Header) (*Authorization, *Error) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return nil, refuse(Missing, "Request is missing Authentication Token")
	case len(values) > 1:
		return nil, refuse(Incomplete, "The request has %d Authorization headers; send one", len(values))
	case len(values[0]) > maxAuthorization:
		return nil, refuse(Incomplete, "The Authorization header is longer than %d bytes", maxAuthorization)
	}
	return parseAuthorization(values[0])
}

func parseAuthorization(text string) (*Authorization, *Error) {
	rest, ok := strings.CutPrefix(text, algorithm+" ")
	if !ok {
		return nil, refuse(Incomplete, "The Authorization header does not begin with %s", algorithm)
	}
	fields, err := splitFields(rest)
	if err != nil {
		return nil, err
	}
	a := &Authorization{signature: fields["Signature"]}
	if a.Credential, err = parseCredential(fields["Credential"]); err != nil {
		return nil, err
	}
	if a.Signed, err = parseSigned(fields["SignedHeaders"]); err != nil {
		return nil, err
	}
	if len(a.signature) != 64 || strings.Trim(a.signature, "0123456789abcdef") != "" {
		return nil, refuse(Incomplete, "Signature in the Authorization header is not 64 lower-case hexadecimal digits")
	}
	return a, nil
}

// splitFields reads Credential=…, SignedHeaders=…, Signature=…: each once, in any order.
func splitFields(text string) (map[string]string, *Error) {
	fields := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
		switch name {
		case "Credential", "SignedHeaders", "Signature":
		default:
			return nil, refuse(Incomplete, "The Authorization header holds something that is neither Credential, SignedHeaders nor Signature")
		}
		if _, twice := fields[name]; twice {
			return nil, refuse(Incomplete, "The Authorization header holds %s twice", name)
		}
		fields[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, refuse(Incomplete, "Authorization header requires '%s' parameter.", name)
		}
	}
	return fields, nil
}

// parseCredential splits AKID/YYYYMMDD/REGION/SERVICE/aws4_request.
func parseCredential(text string) (Credential, *Error) {
	parts := strings.Split(text, "/")
	if len(parts) != 5 {
		return Credential{}, refuse(Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term")
	}
	c := Credential{AccessKey: parts[0], Date: parts[1], Region: parts[2], Service: parts[3]}
	switch {
	case c.AccessKey == "" || len(c.AccessKey) > maxAccessKey || !printable(c.AccessKey):
		return Credential{}, refuse(Incomplete, "The access key ID in Credential is empty, longer than %d bytes or not printable", maxAccessKey)
	case !printable(c.Region + c.Service):
		return Credential{}, refuse(Incomplete, "Credential holds bytes that are not printable ASCII")
	case len(c.Date) != 8 || strings.Trim(c.Date, "0123456789") != "":
		return Credential{}, refuse(Incomplete, "Date in Credential is not of the form YYYYMMDD")
	case parts[4] != terminator:
		return Credential{}, refuse(Scope, "Credential should be scoped with a valid terminator: '%s'.", terminator)
	}
	return c, nil
}

func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// parseSigned splits a list of header names, which must be in the order of the canonical request.
func parseSigned(text string) ([]string, *Error) {
	names := strings.Split(text, ";")
	if len(names) > maxSigned {
		return nil, refuse(Incomplete, "SignedHeaders names %d headers, more than %d", len(names), maxSigned)
	}
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || !printable(name) {
			return nil, refuse(Incomplete, "SignedHeaders holds a name that is empty or not lower case")
		}
		if i > 0 && names[i-1] >= name {
			return nil, refuse(Incomplete, "SignedHeaders is not sorted, or names a header twice")
		}
	}
	return names, nil
}

// signs reports whether a header, in lower case, is signed.
func (a *Authorization) signs(name string) bool {
	_, found := slices.BinarySearch(a.Signed, name)
	return found
}
