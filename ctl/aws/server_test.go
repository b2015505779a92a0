package aws_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	doors "mirrorgw/ctl/door"
	"mirrorgw/ctl/tally"
)

func TestServicesAreToldApart(t *testing.T) {
	d := newDoor(nil)
	for _, test := range []struct {
		q    request
		want string
	}{
		{form("ec2", "Action=CreateTags&Version=2016-11-15&A=b+c"), "ec2 CreateTags 2016-11-15 A=b+c ann"},
		{form("ec2", "Action=CreateTags&Version=2014-10-01"), "ec2 CreateTags 2014-10-01  ann"},
		{form("monitoring", "Action=ListMetrics&Version=2010-08-01"), "monitoring ListMetrics 2010-08-01  ann"},
		{form("sts", "Action=GetCallerIdentity&Version=2011-06-15"), "<Arn>arn:aws:iam::123456789012:user/ann</Arn>"},
		{request{service: "ec2", method: "GET", path: "/?Action=CreateTags&Version=2016-11-15"}, "ec2 CreateTags 2016-11-15  ann"},
		{request{service: "monitoring", body: "{}", header: map[string]string{"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics", "Content-Type": "application/x-amz-json-1.0"}},
			"monitoring ListMetrics   ann"},
		{request{service: "monitoring", path: "/service/GraniteServiceVersion20100801/operation/ListMetrics"}, "monitoring ListMetrics   ann"},
		{request{service: "ram", path: "/createresourceshare", body: "{}", header: map[string]string{"Content-Type": "application/json"}}, "ram    ann"},
		{request{service: "ram", method: "DELETE", path: "/deleteresourceshare"}, "ram    ann"},
		{request{service: "ec2", key: "B", secret: "b", body: "Action=A", header: map[string]string{"Content-Type": formType}}, "ec2 A   bob"},
	} {
		status, body := d.ask(test.q)
		if status != 200 || !strings.Contains(body, test.want) {
			t.Errorf("%+v: %d %s, want %s", test.q, status, body, test.want)
		}
	}
}

// TestRefusals: each service says the same in its own words, and the record has the code.
func TestRefusals(t *testing.T) {
	d := newDoor(nil)
	with := func(q request, change func(*request)) request { change(&q); return q }
	ec2 := form("ec2", "Action=A&Version=2016-11-15")
	sts := form("sts", "Action=GetCallerIdentity&Version=2011-06-15")
	for _, test := range []struct {
		name   string
		q      request
		status int
		code   string
	}{
		{"unsigned", with(ec2, func(q *request) { q.service = "" }), 403, "MissingAuthenticationToken"},
		{"unsigned", with(sts, func(q *request) { q.service = "" }), 403, "MissingAuthenticationToken"},
		{"wrong secret", with(ec2, func(q *request) { q.secret = "x" }), 401, "AuthFailure"},
		{"wrong secret", with(sts, func(q *request) { q.secret = "x" }), 403, "SignatureDoesNotMatch"},
		{"unknown key", with(ec2, func(q *request) { q.key = "C" }), 401, "AuthFailure"},
		{"unknown key", with(sts, func(q *request) { q.key = "C" }), 403, "SignatureDoesNotMatch"},
		{"old", with(ec2, func(q *request) { q.at = now.Add(-16 * time.Minute) }), 400, "RequestExpired"},
		{"future", with(sts, func(q *request) { q.at = now.Add(16 * time.Minute) }), 400, "RequestExpired"},
		{"for another service", with(ec2, func(q *request) { q.service = "sts" }), 401, "AuthFailure"},
		{"for another service", with(sts, func(q *request) { q.service = "ec2" }), 403, "SignatureDoesNotMatch"},
		{"for no service here", with(sts, func(q *request) { q.service = "s3"; q.body = "Action=A" }), 401, "AuthFailure"},
		{"for another region", with(ec2, func(q *request) { q.region = "us-east-1" }), 401, "AuthFailure"},
		{"for another region", with(sts, func(q *request) { q.region = "us-east-1" }), 403, "SignatureDoesNotMatch"},
		{"malformed header", with(ec2, func(q *request) { q.service = ""; q.header = map[string]string{"Authorization": "Basic x"} }), 400, "IncompleteSignature"},
		{"bad form", with(ec2, func(q *request) { q.body = "Action=%zz" }), 400, "MalformedQueryString"},
		{"action twice", with(ec2, func(q *request) { q.body = "Action=A&Action=B" }), 400, "MalformedQueryString"},
		{"form in halves", with(ec2, func(q *request) { q.path = "/?Action=A" }), 400, "MalformedQueryString"},
		{"many parameters", with(ec2, func(q *request) { q.body = strings.Repeat("a=b&", 10000) }), 400, "MalformedQueryString"},
		{"large", with(ec2, func(q *request) { q.body = strings.Repeat("a", 1<<20+1) }), 413, "RequestEntityTooLarge"},
	} {
		status, body := d.ask(test.q)
		if status != test.status || !strings.Contains(body, "<Code>"+test.code+"</Code>") {
			t.Errorf("%s, %s: %d %s, want %d %s", test.name, test.q.service, status, body, test.status, test.code)
		}
		query := strings.Contains(test.q.body, "2011-06-15")
		if strings.HasPrefix(body, "<ErrorResponse") != query {
			t.Errorf("%s: the form of the answer is that of another service: %s", test.name, body)
		}
		if r := d.last(t); r.Code != test.code || r.Status != test.status || r.Principal.Account != "" && test.status != 400 {
			t.Errorf("%s: recorded %+v", test.name, r)
		}
	}
}

func TestRegions(t *testing.T) {
	var region string
	d := newDoor(func(o *aws.Options) {
		o.AnyRegion = true
		o.Services = []aws.Service{echo{aws.EC2, func(c *aws.Call) { region = c.Region }}}
	})
	q := form("ec2", "Action=A")
	q.region = "moon-base-1"
	if status, body := d.ask(q); status != 200 || region != "local-1" {
		t.Errorf("%d %s, region %q", status, body, region)
	}
	if r := d.last(t); r.Region != "moon-base-1" {
		t.Errorf("recorded region %q", r.Region)
	}
}

func TestRecord(t *testing.T) {
	d := newDoor(func(o *aws.Options) {
		o.Services = []aws.Service{echo{aws.EC2, func(c *aws.Call) { c.Audit.Resources = []string{"tmt-1"} }}}
	})
	q := form("ec2", "Action=Act&Version=2016-11-15&A=1&A=2&SecretThing=s3cr3t&Long="+strings.Repeat("é", 1000))
	q.header["User-Agent"] = "x"
	d.ask(q)
	r := d.last(t)
	if len(d.records) != 1 || r.Door != "aws" || r.Service != "ec2" || r.Action != "Act" || r.AccessKey != "A" || r.Principal.User != "ann" || r.Status != 200 || r.Code != "" ||
		r.SourceIP.String() != "192.0.2.1" || r.UserAgent != "test/1" || !r.Time.Equal(now) || len(r.RequestID) != 36 || !slices.Equal(r.Resources, []string{"tmt-1"}) {
		t.Errorf("%d records: %+v", len(d.records), r)
	}
	if got := r.Params; got.Get("SecretThing") != "left out" || !slices.Equal(got["A"], []string{"1", "2"}) || got.Get("Long") != strings.Repeat("é", 512) {
		t.Errorf("parameters %v", got)
	}
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "s3cr3t") || strings.Contains(text, "Signature") {
		t.Errorf("a secret is recorded: %s", text)
	}
}

func TestPanicIsAnswered(t *testing.T) {
	d := newDoor(func(o *aws.Options) {
		o.Services = []aws.Service{echo{aws.EC2, func(c *aws.Call) { panic("no") }}}
	})
	status, body := d.ask(form("ec2", "Action=A"))
	if status != 500 || !strings.Contains(body, "<Code>InternalError</Code>") || d.last(t).Code != "InternalError" {
		t.Errorf("%d %s", status, body)
	}
}

func TestKeyRate(t *testing.T) {
	at := now
	counts := &tally.Control{}
	d := newDoor(func(o *aws.Options) {
		o.Now = func() time.Time { return at }
		o.Rates = aws.Rates{Key: doors.Rate{PerSecond: 2, Burst: 3}}
		o.Tally = counts
	})
	ask := func(service, key string) int {
		q := request{service: service, key: key, secret: strings.ToLower(key), header: map[string]string{"Content-Type": formType}}
		status, body := d.ask(q)
		for want, code := range map[int]string{503: "RequestLimitExceeded", 429: "ThrottlingException"} {
			if status == want && !strings.Contains(body, code) {
				t.Errorf("%d %s", status, body)
			}
		}
		return status
	}
	for i, want := range []int{200, 200, 200, 503, 503} {
		if got := ask("ec2", "A"); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if got := ask("ec2", "B"); got != 200 {
		t.Errorf("another key: %d", got)
	}
	q := form("sts", "Action=GetCallerIdentity&Version=2011-06-15")
	if status, body := d.ask(q); status != 400 || !strings.Contains(body, "<Code>Throttling</Code>") {
		t.Errorf("sts: %d %s", status, body)
	}
	q = request{service: "ram", path: "/listresources"}
	if status, body := d.ask(q); status != 429 || !strings.Contains(body, "ThrottlingException") {
		t.Errorf("ram: %d %s", status, body)
	}
	at = at.Add(time.Second)
	for i, want := range []int{200, 200, 503} {
		if got := ask("ec2", "A"); got != want {
			t.Errorf("a second later, request %d: %d, want %d", i, got, want)
		}
	}
	d.SetRates(aws.Rates{})
	if got := ask("ec2", "A"); got != 200 {
		t.Errorf("without limits: %d", got)
	}
	want := []tally.Answered{{Action: "ec2", Status: 200, Count: 7}, {Action: "ec2", Status: 503, Count: 3}, {Action: "ram", Status: 429, Count: 1}, {Action: "sts", Status: 400, Count: 1}}
	if got := counts.Answers(); !slices.Equal(got, want) {
		t.Errorf("counted %v", got)
	}
}

func TestFailedAuthenticationRate(t *testing.T) {
	d := newDoor(func(o *aws.Options) { o.Rates = aws.Rates{Failed: doors.Rate{PerSecond: 1, Burst: 2}} })
	bad, good := form("ec2", "Action=A"), form("ec2", "Action=A")
	bad.secret = "x"
	for i, test := range []struct {
		q    request
		want int
	}{{good, 200}, {bad, 401}, {good, 200}, {bad, 401}, {bad, 503}, {good, 503}} {
		if status, body := d.ask(test.q); status != test.want {
			t.Errorf("request %d: %d %s, want %d", i, status, body, test.want)
		}
	}
	r := good.http("")
	r.RemoteAddr = "192.0.2.2:99"
	if status := serveOnly(d, r); status != 200 {
		t.Errorf("another address: %d", status)
	}
}

func serveOnly(d *door, r *http.Request) int {
	w := &statusWriter{header: http.Header{}}
	d.ServeHTTP(w, r)
	return w.status
}

type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header         { return w.header }
func (w *statusWriter) WriteHeader(status int)      { w.status = status }
func (w *statusWriter) Write(b []byte) (int, error) { return len(b), nil }
