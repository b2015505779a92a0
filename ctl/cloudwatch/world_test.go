package cloudwatch

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/iam"
)

const account, stranger = "000000000000", "111111111111"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// instances are a basic one and two detailed ones of a group, one that came later, and a stranger's.
var instances = []history.Key{
	{Kind: history.Instance, Step: 5, Account: account, Name: "i-1", Group: "web"},
	{Kind: history.Instance, Step: 1, Account: account, Name: "i-2", Group: "web", Image: "ami-1", Type: "m5.large"},
	{Kind: history.Instance, Step: 1, Account: account, Name: "i-3", Group: "web", Image: "ami-1", Type: "c5.large"},
	{Kind: history.Instance, Step: 5, Account: stranger, Name: "i-9", Group: "web"},
}

// counted is what an instance counts of a metric in a minute.
func counted(instance, metric, minute int) int64 {
	return int64((instance+1)*1000 + metric*100 + minute%7)
}

const seeded = 130 // minutes

// allow is an authorizer that allows everything, or only some actions.
type allow struct{ only []string }

func (a allow) Authorize(q *iam.Question) iam.Decision {
	if a.only == nil {
		return iam.Decision{Allowed: true}
	}
	for _, action := range a.only {
		if action == q.Action {
			return iam.Decision{Allowed: true}
		}
	}
	return iam.Decision{Reason: "No policy allows it."}
}

// world is a service over a history of seeded minutes from noon on.
type world struct {
	*Service
	t       testing.TB
	history *history.Store
	account string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	h, err := history.Open(history.Options{Dir: t.TempDir(), Days: 15})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	w := &world{New(h, allow{}), t, h, account}
	w.seed(noon)
	return w
}

// seed fills the minutes from a moment on.
func (w *world) seed(begin time.Time) {
	w.t.Helper()
	for minute := range seeded {
		m := history.Minute{Time: begin.Add(time.Duration(minute) * time.Minute)}
		for i, k := range instances {
			values := make([]int64, len(history.Metrics))
			for metric := range published(&k) {
				values[metric] = counted(i, metric, minute)
			}
			m.Rows = append(m.Rows, history.Row{Key: k, Values: values})
		}
		if err := w.history.Add(m); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) call(action string) *aws.Call {
	request, err := http.NewRequest(http.MethodPost, "http://localhost/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &aws.Call{RequestID: "r-1", Time: after(seeded), Principal: iam.Principal{Account: w.account, User: "ann"}, Region: "local",
		Service: aws.CloudWatch, Action: action, Request: request}
}

// form asks by the query protocol: "Name=value&…", as a person writes it.
func (w *world) form(action, params string) aws.Reply {
	w.t.Helper()
	values, err := url.ParseQuery(params)
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.call(action)
	c.Params, c.Version = values, Version
	return w.Serve(c)
}

// json asks by JSON.
func (w *world) json(action, body string) aws.Reply {
	c := w.call(action)
	c.Body = []byte(body)
	c.Request.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+action)
	return w.Serve(c)
}

// cbor asks by CBOR for what a JSON text says.
func (w *world) cbor(action, body string) aws.Reply {
	c := w.call(action)
	c.Request.URL.Path = "/service/GraniteServiceVersion20100801/operation/" + action
	c.Body = cborOfJSON([]byte(body))
	return w.Serve(c)
}

// document is what the XML answers have.
type document struct {
	Metrics []struct {
		Namespace, MetricName string
		Dimensions            []metricDimension `xml:"Dimensions>member"`
	} `xml:"ListMetricsResult>Metrics>member"`
	ListToken  string `xml:"ListMetricsResult>NextToken"`
	Label      string `xml:"GetMetricStatisticsResult>Label"`
	Datapoints []struct {
		Timestamp                                   time.Time
		SampleCount, Average, Sum, Minimum, Maximum *float64
		Unit                                        string
	} `xml:"GetMetricStatisticsResult>Datapoints>member"`
	Results []struct {
		Id, Label, StatusCode string
		Timestamps            []time.Time `xml:"Timestamps>member"`
		Values                []float64   `xml:"Values>member"`
	} `xml:"GetMetricDataResult>MetricDataResults>member"`
	DataToken string `xml:"GetMetricDataResult>NextToken"`
	RequestID string `xml:"ResponseMetadata>RequestId"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	Type      string `xml:"Error>Type"`
}

func (w *world) xml(reply aws.Reply) document {
	w.t.Helper()
	var d document
	if err := xml.Unmarshal(reply.Body, &d); err != nil {
		w.t.Fatalf("%v\n%s", err, reply.Body)
	}
	return d
}

// ask is form of a request that is answered.
func (w *world) ask(action, params string) document {
	w.t.Helper()
	reply := w.form(action, params)
	if reply.Status != 200 {
		w.t.Fatalf("%s %s: %d %s", action, params, reply.Status, reply.Body)
	}
	return w.xml(reply)
}

func decode[T any](t testing.TB, body []byte) (value T) {
	t.Helper()
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return value
}

func statisticsOf(metric, dimension, value, more string) string {
	return "Namespace=AWS/EC2&MetricName=" + metric + "&Dimensions.member.1.Name=" + dimension + "&Dimensions.member.1.Value=" + value +
		"&Statistics.member.1=Sum&StartTime=2026-11-20T12:00:00Z&EndTime=2026-11-20T15:00:00Z&" + strings.TrimPrefix(more, "&")
}
