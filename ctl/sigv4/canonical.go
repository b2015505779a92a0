package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// canonicalRequest is what is hashed and signed: method, path, query, signed headers, and the hash
// of the body in hexadecimal.
func canonicalRequest(r *http.Request, signed []string, bodyHash string) ([]byte, *Error) {
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(r.Method + "\n" + canonicalPath(r) + "\n" + query + "\n")
	for _, name := range signed {
		value, ok := headerValue(r, name)
		if !ok {
			return nil, mismatch
		}
		b.WriteString(name + ":" + value + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + bodyHash)
	return b.Bytes(), nil
}

// canonicalPath encodes the path as it was sent once more, as all services but S3 do. Paths that
// clients would normalise first do not match: no service here has any.
func canonicalPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if path == "" {
		return "/"
	}
	return escape(path, "/")
}

// canonicalQuery decodes names and values and encodes them anew, sorted. A raw plus sign means a
// plus sign here and a space to form decoders, so it is refused, as is what is no encoding at all.
func canonicalQuery(raw string) (string, *Error) {
	if raw == "" {
		return "", nil
	}
	type pair struct{ name, value string }
	var pairs []pair
	for _, part := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, okName := unescape(name)
		value, okValue := unescape(value)
		if !okName || !okValue {
			return "", refuse(Incomplete, "The query string is not percent-encoded")
		}
		if presigned(name) {
			return "", refuse(Incomplete, "Presigned requests are not accepted; sign with an Authorization header")
		}
		pairs = append(pairs, pair{escape(name, ""), escape(value, "")})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if n := strings.Compare(a.name, b.name); n != 0 {
			return n
		}
		return strings.Compare(a.value, b.value)
	})
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.name + "=" + p.value
	}
	return strings.Join(texts, "&"), nil
}

// presigned reports whether a query parameter is one of a presigned request.
func presigned(name string) bool {
	return len(name) > 6 && strings.EqualFold(name[:6], "X-Amz-")
}

// headerValue returns what a signed header's line holds: repeated headers joined, outer spaces cut,
// runs of spaces made one. Go keeps Host apart from the others.
func headerValue(r *http.Request, name string) (string, bool) {
	values := r.Header[textproto.CanonicalMIMEHeaderKey(name)]
	if name == "host" {
		values = []string{r.Host}
	}
	if len(values) == 0 {
		return "", false
	}
	folded := make([]string, len(values))
	for i, value := range values {
		folded[i] = fold(value)
	}
	return strings.Join(folded, ","), true
}

func fold(value string) string {
	value = strings.TrimSpace(value)
	for strings.Contains(value, "  ") {
		value = strings.ReplaceAll(value, "  ", " ")
	}
	return value
}

const upperHex = "0123456789ABCDEF"

// escape encodes all but the unreserved characters of RFC 3986 section 2.3, and those in keep.
func escape(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0, strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// unescape decodes %XX. A raw plus sign is refused.
func unescape(text string) (string, bool) {
	if !strings.ContainsAny(text, "%+") {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			return "", false
		case text[i] != '%':
			b.WriteByte(text[i])
		case i+2 >= len(text):
			return "", false
		default:
			decoded, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", false
			}
			b.Write(decoded)
			i += 2
		}
	}
	return b.String(), true
}

// hashHex is the SHA-256 of data in lower-case hexadecimal.
func hashHex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
