package query

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/aws"
)

func TestEC2Response(t *testing.T) {
	w := EC2Response(&aws.Call{RequestID: "id-1", Action: "DescribeThings"})
	w.List("thingSet", 2, func(i int) {
		w.Int("number", int64(i))
		w.Text("description", "a<&>\x01b")
		w.TextIf("unset", "")
		w.Texts("serviceSet", nil)
	})
	w.Bool("return", true)
	reply := w.Reply()
	const item = `<description>a&lt;&amp;&gt;` + "\uFFFD" + `b</description><serviceSet></serviceSet></item>`
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<DescribeThingsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id-1</requestId><thingSet>` +
		`<item><number>0</number>` + item + `<item><number>1</number>` + item + `</thingSet><return>true</return></DescribeThingsResponse>`
	if string(reply.Body) != want || reply.Status != 200 || reply.Code != "" {
		t.Errorf("%d %q\n%s\nwant\n%s", reply.Status, reply.Code, reply.Body, want)
	}
	if got := reply.Header.Get("Content-Type"); got != "text/xml;charset=UTF-8" {
		t.Errorf("content type %q", got)
	}
}

func TestQueryResponse(t *testing.T) {
	w := Response(&aws.Call{RequestID: "id-2", Action: "ListMetrics"}, CloudWatchNamespace)
	w.Texts("Values", []string{"a", "b"})
	w.Float("Sum", 0.1)
	want := `<ListMetricsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ListMetricsResult><Values><member>a</member><member>b</member></Values>` +
		`<Sum>0.1</Sum></ListMetricsResult><ResponseMetadata><RequestId>id-2</RequestId></ResponseMetadata></ListMetricsResponse>`
	if got := string(w.Reply().Body); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestFaults(t *testing.T) {
	call := &aws.Call{RequestID: "id-3"}
	fault := &aws.Fault{Status: 400, Code: "InvalidThing.NotFound", Message: "The thing 'a<b' does not exist"}
	reply := EC2Fault(call, fault)
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Response><Errors><Error><Code>InvalidThing.NotFound</Code><Message>The thing &#39;a&lt;b&#39; does not exist</Message></Error></Errors><RequestID>id-3</RequestID></Response>`
	if string(reply.Body) != want || reply.Status != 400 || reply.Code != fault.Code {
		t.Errorf("%d %s\n%s\nwant\n%s", reply.Status, reply.Code, reply.Body, want)
	}
	reply = QueryFault(call, &aws.Fault{Status: 500, Code: "InternalFailure", Message: "m"}, STSNamespace)
	want = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>m</Message></Error><RequestId>id-3</RequestId></ErrorResponse>`
	if string(reply.Body) != want || reply.Status != 500 {
		t.Errorf("%d\n%s\nwant\n%s", reply.Status, reply.Body, want)
	}
}

func params(t *testing.T, text string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestReader(t *testing.T) {
	r := NewReader(params(t, "Id.10=c&Id.2=b&Id.1=a&Filter.1.Name=n&Filter.1.Value.1=x&Filter.1.Value.2=y&"+
		"Port.From=5&DryRun=True&Max=7&Empty=&Id.01=no&Id.0=no&Id.99999=no"))
	if got := r.Texts("Id"); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("list %q", got)
	}
	filters := r.Structs("Filter")
	if len(filters) != 1 || filters[0].Required("Name") != "n" || !slices.Equal(filters[0].Texts("Value"), []string{"x", "y"}) {
		t.Errorf("%d filters", len(filters))
	}
	if port, ok := r.Struct("Port"); !ok {
		t.Error("no port")
	} else if n, ok := port.Int("From"); n != 5 || !ok || port.Name("From") != "Port.From" {
		t.Errorf("port %d %v", n, ok)
	}
	if _, ok := r.Struct("Max"); ok {
		t.Error("a text is a structure")
	}
	dry, _ := r.Bool("DryRun")
	most, _ := r.Int("Max")
	if text, ok := r.Text("Empty"); !dry || most != 7 || !ok || text != "" {
		t.Errorf("%v %d %q %v", dry, most, text, ok)
	}
	if want := []string{"Id.0", "Id.01", "Id.99999"}; !slices.Equal(r.Unknown(), want) {
		t.Errorf("unread %q, want %q", r.Unknown(), want)
	}
	if f := r.Fault(); f == nil || f.Code != "UnknownParameter" || !strings.Contains(f.Message, "Id.0") {
		t.Errorf("fault %v", f)
	}
}

func TestReaderFaults(t *testing.T) {
	for _, test := range []struct {
		text, code string
		read       func(*Reader)
	}{
		{"A=1&A=2", "InvalidParameterCombination", func(r *Reader) { r.Text("A") }},
		{"", "MissingParameter", func(r *Reader) { r.Required("A") }},
		{"A=", "MissingParameter", func(r *Reader) { r.Required("A") }},
		{"A=x", "InvalidParameterValue", func(r *Reader) { r.Int("A") }},
		{"A=9223372036854775808", "InvalidParameterValue", func(r *Reader) { r.Int("A") }},
		{"A=yes", "InvalidParameterValue", func(r *Reader) { r.Bool("A") }},
		{"A=1&B=2", "UnknownParameter", func(r *Reader) { r.Text("A") }},
		{"A=yes&B=x", "InvalidParameterValue", func(r *Reader) { r.Bool("A"); r.Required("C") }},
	} {
		r := NewReader(params(t, test.text))
		test.read(r)
		if f := r.Fault(); f == nil || f.Code != test.code || f.Status != 400 {
			t.Errorf("%s: fault %v, want %s", test.text, f, test.code)
		}
	}
}
