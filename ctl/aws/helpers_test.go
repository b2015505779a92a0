package aws_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/aws/query"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/sts"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// keyring has the keys "A" of ann and "B" of bob, with the secrets "a" and "b".
type keyring struct{}

func (keyring) Key(id string) (iam.Key, bool) {
	users := map[string]string{"A": "ann", "B": "bob"}
	user, ok := users[id]
	return iam.Key{ID: id, Secret: strings.ToLower(id), Principal: iam.Principal{Account: "123456789012", User: user, Groups: []string{"g"}}}, ok
}

// echo is a service that tells what it was called with, and refuses as EC2 does.
type echo struct {
	name  string
	serve func(c *aws.Call) // nil: nothing besides
}

func (e echo) Name() string { return e.name }

func (e echo) Serve(c *aws.Call) aws.Reply {
	if e.serve != nil {
		e.serve(c)
	}
	return aws.Reply{Status: 200, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: fmt.Appendf(nil, "%s %s %s %s %s", c.Service, c.Action, c.Version, c.Params.Encode(), c.Principal.User)}
}

func (e echo) Refuse(c *aws.Call, f *aws.Fault) aws.Reply { return query.EC2Fault(c, f) }

// door is a server under test with all four services, and what it has told the audit log.
type door struct {
	*aws.Server
	mu      sync.Mutex
	records []aws.Record
}

func newDoor(change func(o *aws.Options)) *door {
	d := &door{}
	o := aws.Options{Keys: keyring{}, Region: "local-1", Now: func() time.Time { return now },
		Services: []aws.Service{echo{name: aws.EC2}, sts.Service{}, echo{name: aws.CloudWatch}, echo{name: aws.RAM}},
		Audit: func(r aws.Record) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.records = append(d.records, r)
		}}
	if change != nil {
		change(&o)
	}
	d.Server = aws.New(o)
	return d
}

func (d *door) last(t *testing.T) aws.Record {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.records) == 0 {
		t.Fatal("nothing was recorded")
	}
	return d.records[len(d.records)-1]
}

// request is a request to be signed.
type request struct {
	method, path    string // "": POST, /
	body            string
	header          map[string]string
	key, secret     string // "": A and a
	region, service string // "": local-1; "": not signed
	at              time.Time
}

const formType = "application/x-www-form-urlencoded; charset=utf-8"

func form(service, body string) request {
	return request{service: service, body: body, header: map[string]string{"Content-Type": formType}}
}

// http makes the request, signing all its headers; url is the server's, or empty for a handler.
func (q request) http(url string) *http.Request {
	r := httptest.NewRequest(or(q.method, "POST"), or(url, "http://gateway:8788")+or(q.path, "/"), bytes.NewReader([]byte(q.body)))
	r.RemoteAddr = "192.0.2.1:1234"
	r.RequestURI = ""
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	r.Header.Set("User-Agent", "test/1")
	if q.service != "" {
		q.sign(r)
	}
	return r
}

func (q request) sign(r *http.Request) {
	at := q.at
	if at.IsZero() {
		at = now
	}
	date := at.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", date)
	lines, names := "", []string{}
	for _, name := range []string{"content-type", "host", "x-amz-date", "x-amz-target"} {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		if value != "" {
			names, lines = append(names, name), lines+name+":"+value+"\n"
		}
	}
	signed := strings.Join(names, ";")
	canonical := fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%x", r.Method, r.URL.Path, r.URL.RawQuery, lines, signed, sha256.Sum256([]byte(q.body)))
	scope := []string{date[:8], q.region, q.service, "aws4_request"}
	if q.region == "" {
		scope[1] = "local-1"
	}
	key := []byte("AWS4" + or(q.secret, "a"))
	for _, part := range append(scope, fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, strings.Join(scope, "/"), sha256.Sum256([]byte(canonical)))) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", or(q.key, "A"), strings.Join(scope, "/"), signed, key))
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// ask has the handler answer, without a network.
func (d *door) ask(q request) (status int, body string) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, q.http(""))
	return w.Code, w.Body.String()
}

// fetch asks over the network.
func fetch(t *testing.T, client *http.Client, r *http.Request) (int, string) {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
