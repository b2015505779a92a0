package aws_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	doors "mirrorgw/ctl/door"
)

// TestLateRequestsRefillNothing: the time of a request is that of its head, and its body may come
// half a minute later, after requests that are younger.
func TestLateRequestsRefillNothing(t *testing.T) {
	at := now
	d := newDoor(func(o *aws.Options) {
		o.Now = func() time.Time { return at }
		o.Rates = aws.Rates{Key: doors.Rate{PerSecond: 1, Burst: 2}}
	})
	for i, test := range []struct {
		after time.Duration
		want  int
	}{{10 * time.Second, 200}, {10 * time.Second, 200}, {0, 503}, {10 * time.Second, 503}, {11 * time.Second, 200}} {
		at = now.Add(test.after)
		if status, body := d.ask(form("ec2", "Action=A")); status != test.want {
			t.Errorf("request %d: %d %s, want %d", i, status, body, test.want)
		}
	}
}

// TestStrangersCannotFloodTheAuditLog: what clients without a key send fills it no faster than
// their authentication may fail, so that they cannot have older lines rotated away.
func TestStrangersCannotFloodTheAuditLog(t *testing.T) {
	unsigned, large := form("", "Action=A&Version=2016-11-15"), form("", strings.Repeat("a", 1<<20+1))
	for name, q := range map[string]request{"unsigned": unsigned, "large": large} {
		d := newDoor(func(o *aws.Options) { o.Rates = aws.Rates{Failed: doors.Rate{PerSecond: 1, Burst: 5}} })
		for range 50 {
			d.ask(q)
		}
		if n := len(d.records); n != 5 {
			t.Errorf("%s: 50 requests made %d records, want 5", name, n)
		}
	}
}

// TestReadsWhileTheAuditLogFails: only changes wait for it, of every service.
func TestReadsWhileTheAuditLogFails(t *testing.T) {
	d := newDoor(func(o *aws.Options) { o.Ready = func() error { return errors.New("the disk is full") } })
	ram := func(method, path string) request { return request{service: "ram", method: method, path: path} }
	for _, test := range []struct {
		q    request
		want int
	}{
		{form("ec2", "Action=DescribeTags"), 200}, {form("ec2", "Action=CreateTags"), 503},
		{ram("POST", "/getresourceshares"), 200}, {ram("POST", "/listresources"), 200}, {ram("POST", "/createresourceshare"), 503},
		{ram("DELETE", "/deleteresourceshare"), 503}, {ram("POST", "/tagresource"), 503}, {form("ec2", ""), 503},
	} {
		if status, body := d.ask(test.q); status != test.want {
			t.Errorf("%+v: %d %s, want %d", test.q, status, body, test.want)
		}
	}
}

// TestWholeDocumentIsRecorded: of requests in JSON as well as of forms that have a parameter body.
func TestWholeDocumentIsRecorded(t *testing.T) {
	d := newDoor(nil)
	document := fmt.Sprintf(`{"name": %q}`, strings.Repeat("n", 10000))
	d.ask(request{service: "ram", path: "/createresourceshare", body: document, header: map[string]string{"Content-Type": "application/json"}})
	if r := d.last(t); string(r.Body) != document || r.Params != nil {
		t.Errorf("recorded %d bytes of %d, and %d parameters", len(r.Body), len(document), len(r.Params))
	}
	d.ask(form("ec2", "Action=A&Id=tmt-1&body=%7B%7D"))
	if r := d.last(t); r.Body != nil || r.Params.Get("Id") != "tmt-1" {
		t.Errorf("recorded %+v", r)
	}
}
