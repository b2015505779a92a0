package sigv4

import (
	"crypto/hmac"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"mirrorgw/ctl/iam"
)

// DefaultWindow is how far a request's clock may be from ours, in either direction.
const DefaultWindow = 15 * time.Minute

// timeForm is that of X-Amz-Date, in UTC.
const timeForm = "20060102T150405Z"

// Options say against what requests are verified.
type Options struct {
	Keys   iam.Keys
	Now    func() time.Time // nil: time.Now
	Window time.Duration    // 0: DefaultWindow
}

// Verifier verifies requests. It is safe for concurrent use.
type Verifier struct {
	keys   iam.Keys
	now    func() time.Time
	window time.Duration
	cache  keyCache
}

// New makes a verifier.
func New(o Options) *Verifier {
	v := &Verifier{keys: o.Keys, now: o.Now, window: o.Window}
	if v.now == nil {
		v.now = time.Now
	}
	if v.window == 0 {
		v.window = DefaultWindow
	}
	return v
}

// Check judges what needs neither body nor key: the form of the headers, what is signed, the scope
// and the clock. Refusals are cheap here; Verify needs what Check returns.
func (v *Verifier) Check(r *http.Request) (*Authorization, *Error) {
	if err := checkSize(r.Header); err != nil {
		return nil, err
	}
	a, err := Parse(r.Header)
	if err != nil {
		return nil, err
	}
	if err := a.checkSigned(r); err != nil {
		return nil, err
	}
	return a, v.checkTime(a, r.Header.Get("X-Amz-Date"))
}

// checkSize bounds the headers for those that got past the HTTP server's own bound.
func checkSize(h http.Header) *Error {
	count, size := 0, 0
	for name, values := range h {
		for _, value := range values {
			count++
			size += len(name) + len(value)
		}
	}
	if count > maxHeaders || size > maxHeaderBytes {
		return refuse(Incomplete, "The request has %d headers of %d bytes; send at most %d of %d bytes", count, size, maxHeaders, maxHeaderBytes)
	}
	return nil
}

// checkSigned refuses a request that leaves open what must be signed: host, the date, the type of
// the body, and every x-amz- header, which must moreover be there once, as must the date.
func (a *Authorization) checkSigned(r *http.Request) *Error {
	for _, name := range []string{"host", "x-amz-date"} {
		if !a.signs(name) {
			return refuse(Incomplete, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	if len(r.Header["X-Amz-Date"]) == 0 {
		return refuse(Incomplete, "Authorization header requires existence of a 'X-Amz-Date' header.")
	}
	for name, values := range r.Header {
		lower := strings.ToLower(name)
		if lower != "content-type" && !strings.HasPrefix(lower, "x-amz-") {
			continue
		}
		if !a.signs(lower) {
			return refuse(Incomplete, "'%s' must be a 'SignedHeader' in the AWS Authorization.", printableName(lower))
		}
		if len(values) > 1 {
			return refuse(Incomplete, "The request has the header '%s' %d times; send it once", printableName(lower), len(values))
		}
	}
	return nil
}

// printableName cuts what a client made up to what a sentence can hold.
func printableName(name string) string { return name[:min(len(name), 64)] }

func (v *Verifier) checkTime(a *Authorization, text string) *Error {
	signed, err := time.Parse(timeForm, text)
	if err != nil {
		return refuse(Incomplete, "Date in X-Amz-Date must be in ISO-8601 'basic format', like %s", timeForm)
	}
	if !strings.HasPrefix(text, a.Date) {
		return refuse(Scope, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.", a.Date, text[:8])
	}
	now := v.now()
	if age := now.Sub(signed); age > v.window || age < -v.window {
		return refuse(Expired, "Request has expired: signed at %s, and it is %s here, more than %v apart; set the clock",
			text, now.UTC().Format(timeForm), v.window)
	}
	return nil
}

// Verify says whose request this is. Body is what was received of it, whole; a is what Check
// returned for it. What a wrong signature takes does not depend on whether the key exists.
func (v *Verifier) Verify(r *http.Request, body []byte, a *Authorization) (iam.Key, *Error) {
	bodyHash := hashHex(body)
	if stated := r.Header.Get("X-Amz-Content-Sha256"); stated != "" {
		if len(stated) != len(bodyHash) {
			return iam.Key{}, refuse(Incomplete, "x-amz-content-sha256 is not the SHA-256 of the body in hexadecimal; unsigned and streamed payloads are not accepted")
		}
		if stated != bodyHash {
			return iam.Key{}, mismatch
		}
	}
	canonical, err := canonicalRequest(r, a.Signed, bodyHash)
	if err != nil {
		return iam.Key{}, err
	}
	toSign := algorithm + "\n" + r.Header.Get("X-Amz-Date") + "\n" + a.scope() + "\n" + hashHex(canonical)
	key, ok := v.match(a, toSign)
	if !ok {
		return iam.Key{}, mismatch
	}
	token := r.Header.Get(textproto.CanonicalMIMEHeaderKey("x-amz-security-token"))
	if subtle.ConstantTimeCompare([]byte(token), []byte(key.SessionToken)) != 1 {
		return iam.Key{}, refuse(Token, "The security token included in the request is invalid")
	}
	return key, nil
}

// match looks the key up and compares signatures. Whenever they differ, five HMACs have been made.
func (v *Verifier) match(a *Authorization, toSign string) (iam.Key, bool) {
	key, known := v.keys.Key(a.AccessKey)
	signing, hit := v.cache.find(key.Secret, &a.Credential)
	if !hit {
		signing = derive(key.Secret, &a.Credential)
	}
	want := hex.EncodeToString(sum(signing, toSign))
	same := hmac.Equal([]byte(want), []byte(a.signature))
	if !same || !known || key.Secret == "" {
		if hit {
			derive(key.Secret, &a.Credential)
		}
		return iam.Key{}, false
	}
	if !hit {
		v.cache.keep(key.Secret, &a.Credential, signing)
	}
	return key, true
}
