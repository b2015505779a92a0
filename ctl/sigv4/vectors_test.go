package sigv4

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/iam"
)

// Requests that aws 2.9.19, aws 1.45.11, aws-sdk-go-v2 and curl were seen to send, the last one unsigned.
//
//go:embed testdata/requests.log
var captured []byte

// What the captured requests were signed with.
const (
	vectorID     = "AKIDEXAMPLE"
	vectorSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// vector is one captured request.
type vector struct {
	method, target string
	header         http.Header
	host           string
	body           []byte
}

func (v *vector) signed() bool { return v.header.Get("Authorization") != "" }

func (v *vector) String() string { return fmt.Sprintf("%s %s %.60s", v.method, v.target, v.body) }

// request makes what an HTTP server would hand over; an error: it would refuse by itself.
func (v *vector) request() (*http.Request, error) {
	u, err := url.ParseRequestURI(v.target)
	if err != nil {
		return nil, err
	}
	return &http.Request{Method: v.method, URL: u, Host: v.host, Header: v.header}, nil
}

func (v *vector) clone() *vector {
	c := *v
	c.header = v.header.Clone()
	c.body = bytes.Clone(v.body)
	return &c
}

// when is the time at which it was signed.
func (v *vector) when() time.Time {
	t, err := time.Parse(timeForm, v.header.Get("X-Amz-Date"))
	if err != nil {
		return time.Date(2026, 11, 22, 22, 34, 0, 0, time.UTC)
	}
	return t
}

// keys are those of a vector: its access key has the session token that the request has.
func (v *vector) keys() keyring {
	return keyring{vectorID: {ID: vectorID, Secret: vectorSecret, SessionToken: v.header.Get("X-Amz-Security-Token"), Principal: iam.Principal{Account: "000000000001"}}}
}

// verify does what a server does, at the time of signing unless told otherwise.
func (v *vector) verify(keys iam.Keys, now time.Time) (iam.Key, *Error) {
	verifier := New(Options{Keys: keys, Now: func() time.Time { return now }})
	return v.verifyBy(verifier)
}

func (v *vector) verifyBy(verifier *Verifier) (iam.Key, *Error) {
	r, err := v.request()
	if err != nil {
		return iam.Key{}, refuse(Incomplete, "%v", err)
	}
	a, refusal := verifier.Check(r)
	if refusal != nil {
		return iam.Key{}, refusal
	}
	return verifier.Verify(r, v.body, a)
}

type keyring map[string]iam.Key

func (k keyring) Key(id string) (iam.Key, bool) {
	key, ok := k[id]
	return key, ok
}

// vectors reads the capture: "--- METHOD TARGET", headers, an empty line, the body.
func vectors(t testing.TB) (all []*vector) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(captured))
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "--- "); ok {
			all = append(all, readVector(t, rest, in))
		}
	}
	if len(all) != 58 {
		t.Fatalf("%d requests captured, want 58", len(all))
	}
	return all
}

func readVector(t testing.TB, first string, in *bufio.Reader) *vector {
	t.Helper()
	v := &vector{header: http.Header{}}
	v.method, v.target, _ = strings.Cut(first, " ")
	for {
		line, err := in.ReadString('\n')
		name, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		if err != nil || !ok {
			break
		}
		if name == "Host" {
			v.host = value
		} else {
			v.header.Add(name, value)
		}
	}
	length, _ := strconv.Atoi(v.header.Get("Content-Length")) // absent: curl's GET
	v.body = make([]byte, length)
	for i := range v.body {
		c, err := in.ReadByte()
		if err != nil {
			t.Fatalf("%s: the body is cut off", first)
		}
		v.body[i] = c
	}
	return v
}

func signedVectors(t testing.TB) (all []*vector) {
	for _, v := range vectors(t) {
		if v.signed() {
			all = append(all, v)
		}
	}
	return all
}

func TestVectorsVerify(t *testing.T) {
	all := signedVectors(t)
	if len(all) != 56 {
		t.Fatalf("%d signed requests, want 56", len(all))
	}
	regions := map[string]int{}
	for _, v := range all {
		key, err := v.verify(v.keys(), v.when())
		if err != nil || key.ID != vectorID || key.Principal.Account != "000000000001" {
			t.Errorf("%v: key %q, %v", v, key.ID, err)
		}
		a, _ := Parse(v.header)
		regions[a.Region]++
	}
	if regions[""] != 1 || regions["moon-base-1"] != 1 || regions["us-east-1"] != 54 {
		t.Errorf("regions %v", regions)
	}
}

func TestUnsignedVectors(t *testing.T) {
	for _, v := range vectors(t) {
		if v.signed() {
			continue
		}
		if _, err := v.verify(v.keys(), v.when()); err == nil || err.Reason != Missing {
			t.Errorf("%v: %v", v, err)
		}
	}
}
