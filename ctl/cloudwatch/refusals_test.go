package cloudwatch

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"mirrorgw/ctl/aws"
)

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	good := statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=300")
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	data := dataOf("", "a i-1 Sum")
	for _, test := range []struct{ action, params, code, message string }{
		{"", "", "MissingAction", "must name an action"},
		{"PutMetricData", "", "InvalidAction", "Could not find operation PutMetricData"},
		{"ListMetrics", "Bogus=1", "UnknownParameter", "Bogus"},
		{"ListMetrics", "Namespace=", "InvalidParameterValue", "Namespace must have 1 to 255"},
		{"ListMetrics", "Namespace=:x", "InvalidParameterValue", "colon"},
		{"ListMetrics", "RecentlyActive=PT4H", "InvalidParameterValue", "PT3H is the only one"},
		{"ListMetrics", "NextToken=x", "InvalidNextToken", "NextToken"},
		{"ListMetrics", "NextToken=", "InvalidNextToken", "NextToken"},
		{"ListMetrics", "Dimensions.member.1.Value=x", "MissingParameter", "Dimensions.member.1.Name is required"},
		{"ListMetrics", "IncludeLinkedAccounts=maybe", "InvalidParameterValue", "true or false"},
		{"ListMetrics", "OwningAccount=" + stranger, "InvalidParameterValue", "no linked accounts"},
		{"GetMetricStatistics", "", "MissingParameter", "Namespace is required"},
		{"GetMetricStatistics", with("MetricName=NetworkMirrorIn&", ""), "MissingParameter", "MetricName is required"},
		{"GetMetricStatistics", with("StartTime=2026-11-20T12:00:00Z", "StartTime=yesterday"), "InvalidParameterValue", "ISO 8601"},
		{"GetMetricStatistics", with("StartTime=2026-11-20T12:00:00Z&", ""), "MissingParameter", "StartTime is required"},
		{"GetMetricStatistics", with("EndTime=2026-11-20T15:00:00Z", "EndTime=2026-11-20T12:00:00Z"), "InvalidParameterValue", "StartTime must be less than"},
		{"GetMetricStatistics", with("Period=300", ""), "MissingParameter", "Period is required"},
		{"GetMetricStatistics", with("Period=300", "Period=90"), "InvalidParameterValue", "multiple of 60"},
		{"GetMetricStatistics", with("Period=300", "Period=0"), "InvalidParameterValue", "multiple of 60"},
		{"GetMetricStatistics", with("Period=300", "Period=-60"), "InvalidParameterValue", "multiple of 60"},
		{"GetMetricStatistics", with("Period=300", "Period=x"), "InvalidParameterValue", "integer"},
		{"GetMetricStatistics", with("Period=300", "Period=999999999960"), "InvalidParameterValue", "longer than"},
		{"GetMetricStatistics", with("Period=300", "Period=60&Period=60"), "InvalidParameterCombination", "only be specified once"},
		{"GetMetricStatistics", with("EndTime=2026-11-20T15:00:00Z&Period=300", "EndTime=2026-11-21T12:01:00Z&Period=60"), "InvalidParameterCombination", "up to 1441 datapoints, which exceeds the limit of 1440"},
		{"GetMetricStatistics", with("StartTime=2026-11-20T12:00:00Z", "StartTime=0001-01-01"), "InvalidParameterCombination", "exceeds the limit of 1440"},
		{"GetMetricStatistics", with("EndTime=2026-11-20T15:00:00Z", "EndTime=9999-12-31"), "InvalidParameterCombination", "exceeds the limit of 1440"},
		{"GetMetricStatistics", with("Statistics.member.1=Sum", ""), "MissingParameter", "Must specify either Statistics or ExtendedStatistics"},
		{"GetMetricStatistics", with("Statistics.member.1=Sum", "Statistics.member.1=p99"), "InvalidParameterValue", "SampleCount, Average, Sum, Minimum, Maximum"},
		{"GetMetricStatistics", with("Statistics.member.1=Sum", "ExtendedStatistics.member.1=p99"), "InvalidParameterValue", "not available here"},
		{"GetMetricStatistics", good + "&ExtendedStatistics.member.1=p99", "InvalidParameterCombination", "not both"},
		{"GetMetricStatistics", good + "&Unit=Furlongs", "InvalidParameterValue", "Furlongs"},
		{"GetMetricStatistics", with("Dimensions.member.1.Value=i-1&", ""), "MissingParameter", "Dimensions.member.1.Value is required"},
		{"GetMetricStatistics", good + "&Dimensions.member.2.Name=InstanceId&Dimensions.member.2.Value=i-2", "InvalidParameterValue", "twice"},
		{"GetMetricStatistics", good + "&Dimensions=x", "InvalidParameterValue", "is a list"},
		{"GetMetricData", "", "MissingParameter", "MetricDataQueries is required"},
		{"GetMetricData", dataOf("", "A i-1 Sum"), "InvalidParameterValue", "lowercase"},
		{"GetMetricData", dataOf("", "a i-1 Sum", "a i-2 Sum"), "InvalidParameterValue", "there twice"},
		{"GetMetricData", dataOf("", "a i-1 p99"), "InvalidParameterValue", "p99"},
		{"GetMetricData", data + "&MetricDataQueries.member.1.Expression=1", "InvalidParameterCombination", "both"},
		{"GetMetricData", data + "&MetricDataQueries.member.2.Id=e&MetricDataQueries.member.2.Expression=SUM(METRICS())", "InvalidParameterValue", "neither metric math nor Metrics Insights"},
		{"GetMetricData", data + "&MetricDataQueries.member.2.Id=e", "MissingParameter", "MetricStat is required"},
		{"GetMetricData", data + "&MetricDataQueries.member.2.Label=e", "MissingParameter", "MetricDataQueries.member.2.Id is required"},
		{"GetMetricData", data + "&ScanBy=Sideways", "InvalidParameterValue", "ScanBy"},
		{"GetMetricData", data + "&MaxDatapoints=0", "InvalidParameterValue", "between 1 and 100800"},
		{"GetMetricData", data + "&MaxDatapoints=100801", "InvalidParameterValue", "between 1 and 100800"},
		{"GetMetricData", data + "&LabelOptions.Timezone=CET", "InvalidParameterValue", "offset"},
		{"GetMetricData", data + "&NextToken=e30", "InvalidNextToken", "NextToken"},
		{"GetMetricData", data + "&MetricDataQueries.member.1.AccountId=" + stranger, "InvalidParameterValue", "no linked accounts"},
	} {
		reply := w.form(test.action, test.params)
		d := w.xml(reply)
		if reply.Status != 400 || d.Code != test.code || reply.Code != test.code || !strings.Contains(d.Message, test.message) || d.Type != "Sender" {
			t.Errorf("%s %s: %d %s: %s\nwant %s with %q", test.action, test.params, reply.Status, d.Code, d.Message, test.code, test.message)
		}
	}
	c := w.call("ListMetrics")
	c.Params, c.Version = map[string][]string{}, "2009-05-15"
	if reply := w.Serve(c); reply.Code != "NoSuchVersion" {
		t.Errorf("another version: %s", reply.Body)
	}
}

func TestTooMany(t *testing.T) {
	w := newWorld(t)
	queries := make([]string, 501)
	for i := range queries {
		queries[i] = fmt.Sprintf("q%d i-1 Sum", i)
	}
	if reply := w.form("GetMetricData", dataOf("", queries...)); reply.Code != "InvalidParameterValue" || !strings.Contains(string(reply.Body), "has 501 members; it may have 500") {
		t.Errorf("%s", reply.Body)
	}
	if n := len(w.ask("GetMetricData", dataOf("", queries[:500]...)).Results); n != 500 {
		t.Errorf("%d results of 500 queries", n)
	}
	var dimensions strings.Builder
	for i := range 31 {
		fmt.Fprintf(&dimensions, "&Dimensions.member.%d.Name=n%d&Dimensions.member.%d.Value=v", i+2, i, i+2)
	}
	if reply := w.form("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=300"+dimensions.String())); reply.Code != "InvalidParameterValue" {
		t.Errorf("%s", reply.Body)
	}
}

// TestRefusalsInJSON: a client in query mode finds the query protocol's code in the header.
func TestRefusalsInJSON(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ action, body, code, shape string }{
		{"ListMetrics", `{"NextToken": "x"}`, "InvalidNextToken", "InvalidNextToken"},
		{"ListMetrics", `{"Bogus": 1}`, "UnknownParameter", "UnknownParameter"},
		{"ListMetrics", `{"Namespace": 7}`, "SerializationException", "SerializationException"},
		{"ListMetrics", `{"Namespace": "x"`, "SerializationException", "SerializationException"},
		{"ListMetrics", `{} {}`, "SerializationException", "SerializationException"},
		{"ListMetrics", ``, "SerializationException", "SerializationException"},
		{"GetMetricStatistics", `{}`, "MissingParameter", "MissingRequiredParameterException"},
		{"GetMetricData", `{"MetricDataQueries": [{"Id": "X"}]}`, "InvalidParameterValue", "InvalidParameterValueException"},
		{"GetMetricData", `{"MetricDataQueries": [{"Id": "x", "Expression": "1", "MetricStat": {}}]}`, "InvalidParameterCombination", "InvalidParameterCombinationException"},
		{"GetMetricData", `{"StartTime": "yesterday"}`, "SerializationException", "SerializationException"},
		{"GetMetricData", `{"StartTime": 1e300}`, "SerializationException", "SerializationException"},
	} {
		for protocol, reply := range map[string]aws.Reply{"JSON": w.json(test.action, test.body)} {
			fault := decode[map[string]string](t, reply.Body)
			if reply.Status != 400 || reply.Header.Get("X-Amzn-Query-Error") != test.code+";Sender" || !strings.HasSuffix(fault["__type"], "#"+test.shape) || fault["message"] == "" {
				t.Errorf("%s %s in %s: %d %v %v", test.action, test.body, protocol, reply.Status, reply.Header, fault)
			}
		}
	}
	reply := w.cbor("GetMetricStatistics", `{"Namespace": "AWS/EC2"}`)
	fault, err := decodeCBOR(reply.Body)
	if err != nil || fault.(map[string]any)["__type"] != "com.amazonaws.cloudwatch#MissingRequiredParameterException" || reply.Code != "MissingParameter" {
		t.Errorf("%v %v", fault, err)
	}
	c := w.call("ListMetrics")
	c.Request.URL.Path, c.Body = "/service/GraniteServiceVersion20100801/operation/ListMetrics", []byte{0x41, 0}
	if reply := w.Serve(c); reply.Code != "SerializationException" {
		t.Errorf("bytes in CBOR: %v", reply)
	}
}

func FuzzCBOR(f *testing.F) {
	f.Add(cborOfJSON([]byte(`{"Namespace": "AWS/EC2", "Period": 60, "Dimensions": [{"Name": "x"}]}`)))
	f.Add([]byte{0xbf, 0x7f, 0x61, 'a', 0xff, 0xc1, 0xfb, 0x41, 0xda, 0, 0, 0, 0, 0, 0, 0xff})
	f.Add([]byte{0x9f, 0x01, 0x20, 0xf5, 0xf6, 0xff})
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for action := range actions {
			c := w.call(action)
			c.Request.URL.Path, c.Body = "/service/GraniteServiceVersion20100801/operation/"+action, data
			if reply := w.Serve(c); reply.Status != 200 && reply.Status != 400 {
				t.Fatalf("%d %s", reply.Status, reply.Body)
			}
		}
	})
}

func FuzzRequests(f *testing.F) {
	f.Add("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=300"), `{"Namespace": "AWS/EC2"}`)
	f.Add("GetMetricData", dataOf("&MaxDatapoints=3", "a i-1 Sum"), `{"MetricDataQueries": [{"Id": "a"}], "StartTime": 1}`)
	f.Add("ListMetrics", "Dimensions.member.1.Name=InstanceId&NextToken=e30", `{"Dimensions": [{"Name": null}]}`)
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, action, params, body string) {
		c := w.call(action)
		if values, err := url.ParseQuery(params); err == nil {
			c.Params, c.Version = values, Version
			w.Serve(c)
		}
		if reply := w.json(action, body); reply.Status != 200 && reply.Status != 400 {
			t.Fatalf("%d %s", reply.Status, reply.Body)
		}
	})
}
