package aws_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// FuzzUnsigned: whatever arrives is answered with a refusal and recorded once; no service sees it.
func FuzzUnsigned(f *testing.F) {
	for _, q := range []request{
		form("ec2", "Action=A&Version=2016-11-15"), form("sts", "Action=GetCallerIdentity"),
		{service: "ram", method: "DELETE", path: "/deleteresourceshare?a=b%20c"},
		{service: "monitoring", body: "{}", header: map[string]string{"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}},
	} {
		q.secret = "not that"
		var text strings.Builder
		if err := q.http("").Write(&text); err != nil {
			f.Fatal(err)
		}
		f.Add(text.String())
	}
	refusals := []int{400, 401, 403, 413, 503}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		d, w := newDoor(nil), httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if !slices.Contains(refusals, w.Code) || len(d.records) != 1 || d.last(t).Code == "" || d.last(t).Principal.Account != "" {
			t.Fatalf("%q: %d %s, %+v", text, w.Code, w.Body, d.records)
		}
	})
}

// FuzzForm: whatever a client with a key signs is answered, never with a fault of ours.
func FuzzForm(f *testing.F) {
	f.Add("Action=A&Version=2016-11-15&Filter.1.Name=x", "ec2", "/")
	f.Add("Action=GetCallerIdentity&Version=2011-06-15", "sts", "/")
	f.Add("{}", "ram", "/createresourceshare")
	f.Fuzz(func(t *testing.T, body, service, path string) {
		if !slices.Contains([]string{"ec2", "sts", "ram", "monitoring"}, service) || strings.Trim(path, "abcdefghijklmnopqrstuvwxyz/") != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			return
		}
		d := newDoor(nil)
		q := form(service, body)
		q.path = path
		status, answer := d.ask(q)
		if status >= 500 || len(d.records) != 1 {
			t.Fatalf("%d %s", status, answer)
		}
		if r := d.last(t); (r.Code == "") != (status == 200) {
			t.Fatalf("%d recorded as %q", status, r.Code)
		}
	})
}
