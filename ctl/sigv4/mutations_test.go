package sigv4

import (
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// change is one byte of a request changed, and why it must be refused (0: for whatever reason).
type change struct {
	place  string
	vector *vector
	reason Reason
}

// changes makes every change of one byte in what is signed, and in the Authorization header.
func changes(v *vector) (all []change) {
	add := func(place string, reason Reason, alter func(*vector)) {
		c := v.clone()
		alter(c)
		all = append(all, change{place, c, reason})
	}
	add("method", Mismatch, func(c *vector) { c.method = "PUT" })
	for i := 1; i < len(v.target); i++ {
		// Some of these are no URL any more, or no percent-encoding.
		add("target", 0, func(c *vector) { c.target = flip(c.target, i) })
	}
	add("longer target", Mismatch, func(c *vector) { c.target = strings.Replace(c.target+"?", "?", "x?", 1) })
	for i := range v.body {
		add("body", Mismatch, func(c *vector) { c.body[i] ^= 1 })
	}
	add("longer body", Mismatch, func(c *vector) { c.body = append(c.body, '&') })
	a, _ := Parse(v.header)
	for _, name := range a.Signed {
		all = append(all, headerChanges(v, name)...)
	}
	return append(all, authorizationChanges(v, a)...)
}

func headerChanges(v *vector, name string) (all []change) {
	if name == "host" {
		for i := range v.host {
			c := v.clone()
			c.host = flip(c.host, i)
			all = append(all, change{"host", c, Mismatch})
		}
		return all
	}
	key := textproto.CanonicalMIMEHeaderKey(name)
	for i := range v.header.Get(key) {
		c := v.clone()
		c.header.Set(key, flip(c.header.Get(key), i))
		reason := Mismatch
		if key == "X-Amz-Date" {
			reason = dateReason(v.header.Get(key), c.header.Get(key))
		}
		all = append(all, change{key, c, reason})
	}
	return all
}

// dateReason is why a changed date must be refused at the time of the true one.
func dateReason(truth, text string) Reason {
	then, _ := time.Parse(timeForm, truth)
	when, err := time.Parse(timeForm, text)
	switch {
	case err != nil:
		return Incomplete
	case truth[:8] != text[:8]:
		return Scope
	case when.Sub(then).Abs() > DefaultWindow:
		return Expired
	}
	return Mismatch
}

func authorizationChanges(v *vector, a *Authorization) (all []change) {
	text := v.header.Get("Authorization")
	for i := range text {
		c := v.clone()
		c.header.Set("Authorization", flip(text, i))
		all = append(all, change{"Authorization", c, 0})
	}
	replaced := func(place, from, to string, reason Reason) {
		c := v.clone()
		c.header.Set("Authorization", strings.Replace(text, from, to, 1))
		all = append(all, change{place, c, reason})
	}
	replaced("signature", "Signature="+a.signature[:1], "Signature="+otherDigit(a.signature[0]), Mismatch)
	replaced("service", "/"+a.Service+"/", "/s3/", Mismatch)
	replaced("region", "/"+a.Region+"/"+a.Service, "/elsewhere-1/"+a.Service, Mismatch)
	replaced("day", "/"+a.Date+"/", "/20261121/", Scope)
	replaced("terminator", "aws4_request", "aws5_request", Scope)
	replaced("access key", vectorID, "AKIDEXAMPLF", Mismatch)
	return all
}

func otherDigit(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

func flip(text string, i int) string { return text[:i] + string(rune(text[i]^1)) + text[i+1:] }

func TestOneByteChanged(t *testing.T) {
	count := 0
	for _, v := range signedVectors(t) {
		now, verifier := v.when(), New(Options{Keys: v.keys(), Now: v.when})
		if _, err := v.verifyBy(verifier); err != nil { // and the cache is warm
			t.Fatalf("%v: %v", v, err)
		}
		for _, c := range changes(v) {
			count++
			if _, err := c.vector.verifyBy(verifier); err == nil || c.reason != 0 && err.Reason != c.reason {
				t.Errorf("%v: %s changed at %v: %v, want reason %d\n%v", v, c.place, now, err, c.reason, c.vector)
			}
		}
	}
	t.Logf("%d changes", count)
	if count < 20000 {
		t.Errorf("only %d changes made", count)
	}
}

// TestHeaderMissing: each signed header taken away. What the rules name is Incomplete, everything
// else does not match.
func TestHeaderMissing(t *testing.T) {
	for _, v := range signedVectors(t) {
		a, _ := Parse(v.header)
		for _, name := range a.Signed {
			c, want := v.clone(), Mismatch
			switch name {
			case "host":
				c.host = ""
			case "x-amz-date":
				want = Incomplete
			}
			c.header.Del(name)
			if _, err := c.verify(v.keys(), v.when()); err == nil || err.Reason != want {
				t.Errorf("%v without %s: %v, want reason %d", v, name, err, want)
			}
		}
	}
}

func TestClockWindow(t *testing.T) {
	for _, v := range signedVectors(t) {
		for _, test := range []struct {
			off  time.Duration
			good bool
		}{
			{DefaultWindow, true}, {-DefaultWindow, true}, {DefaultWindow + time.Second, false}, {-DefaultWindow - time.Second, false},
			{24 * time.Hour, false}, {-24 * time.Hour, false}, {100 * 365 * 24 * time.Hour, false},
		} {
			_, err := v.verify(v.keys(), v.when().Add(test.off))
			if good := err == nil; good != test.good || !good && err.Reason != Expired {
				t.Errorf("%v, clock off by %v: %v", v, test.off, err)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	for _, v := range signedVectors(t) {
		right := v.keys()[vectorID]
		for _, test := range []struct {
			name   string
			change func(k keyring)
			reason Reason
		}{
			{"unknown", func(k keyring) { delete(k, vectorID) }, Mismatch},
			{"other secret", func(k keyring) { key := right; key.Secret += "x"; k[vectorID] = key }, Mismatch},
			{"no secret", func(k keyring) { key := right; key.Secret = ""; k[vectorID] = key }, Mismatch},
			{"other token", func(k keyring) { key := right; key.SessionToken += "x"; k[vectorID] = key }, Token},
		} {
			keys := keyring{vectorID: right}
			test.change(keys)
			if _, err := v.verify(keys, v.when()); err == nil || err.Reason != test.reason {
				t.Errorf("%v, %s: %v", v, test.name, err)
			}
		}
	}
}

// TestSecretChanges: a cached key does not outlive its secret.
func TestSecretChanges(t *testing.T) {
	v := signedVectors(t)[0]
	keys := v.keys()
	verifier := New(Options{Keys: keys, Now: v.when})
	for range 2 {
		if _, err := v.verifyBy(verifier); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(verifier.cache.keys); n != 1 {
		t.Errorf("%d keys cached", n)
	}
	key := keys[vectorID]
	key.Secret = "another"
	keys[vectorID] = key
	if _, err := v.verifyBy(verifier); err != mismatch {
		t.Errorf("the old secret: %v", err)
	}
	delete(keys, vectorID)
	if _, err := v.verifyBy(verifier); err != mismatch {
		t.Errorf("no key: %v", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	var cache keyCache
	for i := range 3 * maxCached {
		cache.keep("secret", &Credential{Region: strings.Repeat("x", i%7), AccessKey: string(rune(i + 0x100))}, nil)
		if len(cache.keys) > maxCached {
			t.Fatalf("%d keys cached", len(cache.keys))
		}
	}
}
