package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mirrorgw/ctl/iam"
)

// sign is an independent client: it shares no code with the verifier. Headers are all signed.
func sign(v *vector, id, secret, date, region, service string) {
	lines := map[string]string{"host": v.host}
	for name, values := range v.header {
		lines[strings.ToLower(name)] = strings.Join(strings.Fields(strings.Join(values, ",")), " ")
	}
	names := slices.Sorted(maps.Keys(lines))
	path, query, _ := strings.Cut(v.target, "?")
	request := v.method + "\n" + strings.ReplaceAll(quote(path), "%2F", "/") + "\n" + sortedQuery(query) + "\n"
	for _, name := range names {
		request += name + ":" + lines[name] + "\n"
	}
	hash := v.header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		hash = fmt.Sprintf("%x", sha256.Sum256(v.body))
	}
	request += "\n" + strings.Join(names, ";") + "\n" + hash
	scope := strings.Join([]string{date, region, service, "aws4_request"}, "/")
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", v.header.Get("X-Amz-Date"), scope, sha256.Sum256([]byte(request)))
	key := "AWS4" + secret
	for _, part := range []string{date, region, service, "aws4_request", text} {
		mac := hmac.New(sha256.New, []byte(key))
		fmt.Fprint(mac, part)
		key = string(mac.Sum(nil))
	}
	v.header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", id, scope, strings.Join(names, ";"), key))
}

func sortedQuery(query string) string {
	values, _ := url.ParseQuery(query)
	encoded := map[string][]string{}
	for name, list := range values {
		for _, value := range list {
			encoded[quote(name)] = append(encoded[quote(name)], quote(value))
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		for _, value := range slices.Sorted(slices.Values(encoded[name])) {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, "&")
}

func quote(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

var signedAt = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func plain(body string) *vector {
	return &vector{method: "POST", target: "/", host: "gateway:8788", body: []byte(body), header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "X-Amz-Date": {signedAt.Format(timeForm)}}}
}

var oneKey = keyring{"AKIA1": {ID: "AKIA1", Secret: "secret", Principal: iam.Principal{Account: "1", User: "u"}}}

// TestSignerAgrees: what the independent signer signs verifies, and the captured signatures are
// those that it makes.
func TestSignerAgrees(t *testing.T) {
	for _, v := range signedVectors(t) {
		a, _ := Parse(v.header)
		c := v.clone()
		for name := range c.header {
			if !a.signs(strings.ToLower(name)) {
				c.header.Del(name)
			}
		}
		sign(c, vectorID, vectorSecret, a.Date, a.Region, a.Service)
		if b, err := Parse(c.header); err != nil || a.signature != b.signature {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestAnySignedRequest(t *testing.T) {
	text := rapid.StringN(0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		v := plain(text.Draw(t, "body"))
		v.method = rapid.SampledFrom([]string{"POST", "GET", "DELETE"}).Draw(t, "method")
		v.target = "/" + url.PathEscape(text.Draw(t, "path"))
		for i := range rapid.IntRange(0, 5).Draw(t, "parameters") {
			v.target += map[bool]string{true: "?", false: "&"}[i == 0] + quote(text.Draw(t, "name")) + "=" + quote(text.Draw(t, "value"))
		}
		v.header.Set("X-Amz-Target", rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "target"))
		v.header.Set("Amz-Sdk-Request", rapid.StringMatching(`[a-z ]{0,9}`).Draw(t, "request"))
		sign(v, "AKIA1", "secret", "20261122", rapid.StringMatching(`[a-z0-9-]{0,9}`).Draw(t, "region"), "ec2")
		if strings.Contains(strings.ToLower(v.target), "x-amz-") {
			t.Skip("presigned")
		}
		if key, err := v.verify(oneKey, signedAt); err != nil || key.ID != "AKIA1" {
			t.Fatalf("%v: %v", v, err)
		}
	})
}

func TestSignedButRefused(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*vector) // and then it is signed
		after  func(*vector)
		reason Reason // 0: accepted
	}{
		"as it should be":        {},
		"right hash":             {before: func(v *vector) { v.header.Set("X-Amz-Content-Sha256", hashHex(v.body)) }},
		"hash of another body":   {func(v *vector) { v.header.Set("X-Amz-Content-Sha256", hashHex([]byte("other"))) }, nil, Mismatch},
		"hash, body replaced":    {func(v *vector) { v.header.Set("X-Amz-Content-Sha256", hashHex(v.body)) }, func(v *vector) { v.body = []byte("Action=Other") }, Mismatch},
		"unsigned payload":       {func(v *vector) { v.header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }, nil, Incomplete},
		"streamed payload":       {func(v *vector) { v.header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") }, nil, Incomplete},
		"unsigned x-amz header":  {nil, func(v *vector) { v.header.Set("X-Amz-Target", "Other.Action") }, Incomplete},
		"unsigned token":         {nil, func(v *vector) { v.header.Set("X-Amz-Security-Token", "T") }, Incomplete},
		"unsigned content type":  {func(v *vector) { v.header.Del("Content-Type") }, func(v *vector) { v.header.Set("Content-Type", "application/json") }, Incomplete},
		"token of another key":   {func(v *vector) { v.header.Set("X-Amz-Security-Token", "T") }, nil, Token},
		"date twice":             {nil, func(v *vector) { v.header.Add("X-Amz-Date", signedAt.Format(timeForm)) }, Incomplete},
		"content type twice":     {func(v *vector) { v.header.Add("Content-Type", "b") }, nil, Incomplete},
		"authorization twice":    {nil, func(v *vector) { v.header.Add("Authorization", v.header.Get("Authorization")) }, Incomplete},
		"presigned as well":      {func(v *vector) { v.target = "/?X-Amz-Signature=0" }, nil, Incomplete},
		"presigned, lower case":  {func(v *vector) { v.target = "/?x-amz-credential=0" }, nil, Incomplete},
		"presigned alone":        {func(v *vector) { v.target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0" }, func(v *vector) { v.header.Del("Authorization") }, Missing},
		"plus sign in the query": {func(v *vector) { v.target = "/?a=b+c" }, nil, Incomplete},
		"bad percent-encoding":   {func(v *vector) { v.target = "/?a=%zz" }, nil, Incomplete},
		"many headers": {nil, func(v *vector) {
			for i := range 70 {
				v.header.Set(fmt.Sprintf("A%d", i), "b")
			}
		}, Incomplete},
		"large headers":   {nil, func(v *vector) { v.header.Set("Cookie", strings.Repeat("c", 17<<10)) }, Incomplete},
		"no date":         {func(v *vector) { v.header.Del("X-Amz-Date"); v.header.Set("Date", signedAt.Format(http.TimeFormat)) }, nil, Incomplete},
		"date unsigned":   {nil, reorder("x-amz-date", ""), Incomplete},
		"host unsigned":   {nil, reorder(";host;", ";"), Incomplete},
		"names unsorted":  {nil, reorder("content-type;host", "host;content-type"), Incomplete},
		"a name twice":    {nil, reorder(";host;", ";host;host;"), Incomplete},
		"upper case name": {nil, reorder(";host;", ";Host;"), Incomplete},
	} {
		t.Run(name, func(t *testing.T) {
			v := plain("Action=GetCallerIdentity")
			if test.before != nil {
				test.before(v)
			}
			sign(v, "AKIA1", "secret", "20261122", "here", "sts")
			if test.after != nil {
				test.after(v)
			}
			_, err := v.verify(oneKey, signedAt)
			if test.reason == 0 && err != nil || test.reason != 0 && (err == nil || err.Reason != test.reason) {
				t.Errorf("%v, want reason %d", err, test.reason)
			}
		})
	}
}

// reorder alters the Authorization header of a signed request.
func reorder(from, to string) func(*vector) {
	return func(v *vector) {
		v.header.Set("Authorization", strings.Replace(v.header.Get("Authorization"), from, to, 1))
	}
}
