package cloudwatch

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/history"
)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestListMetrics(t *testing.T) {
	w := newWorld(t)
	count := func(params string) map[string]int {
		t.Helper()
		got := map[string]int{}
		for _, m := range w.ask("ListMetrics", params).Metrics {
			if m.Namespace != "AWS/EC2" || len(m.Dimensions) != 1 {
				t.Fatalf("%+v", m)
			}
			got[m.Dimensions[0].Name+"="+m.Dimensions[0].Value]++
		}
		return got
	}
	everything := map[string]int{"InstanceId=i-1": 8, "InstanceId=i-2": 4, "InstanceId=i-3": 4, "AutoScalingGroupName=web": 8,
		"ImageId=ami-1": 4, "InstanceType=m5.large": 4, "InstanceType=c5.large": 4}
	same(t, "all", count(""), everything)
	same(t, "of the namespace", count("Namespace=AWS/EC2"), everything)
	same(t, "recently active", count("RecentlyActive=PT3H"), everything)
	same(t, "of another namespace", count("Namespace=AWS/S3"), map[string]int{})
	same(t, "by dimension", count("Dimensions.member.1.Name=InstanceType"), map[string]int{"InstanceType=m5.large": 4, "InstanceType=c5.large": 4})
	same(t, "by value", count("Dimensions.member.1.Name=InstanceId&Dimensions.member.1.Value=i-1"), map[string]int{"InstanceId=i-1": 8})
	same(t, "packets, which are basic", count("MetricName=NetworkPacketsSkipMirrorIn"), map[string]int{"InstanceId=i-1": 1, "AutoScalingGroupName=web": 1})
	w.account = stranger
	same(t, "of the stranger", count(""), map[string]int{"InstanceId=i-9": 8, "AutoScalingGroupName=web": 8})
	w.account = "222222222222"
	same(t, "of nobody", count(""), map[string]int{})
}

func TestListMetricsPages(t *testing.T) {
	w := newWorld(t)
	var rows []history.Row
	for i := range 200 {
		rows = append(rows, history.Row{Key: history.Key{Kind: history.Instance, Step: 5, Account: account, Name: fmt.Sprintf("i-many-%d", i)}, Values: []int64{1}})
	}
	if err := w.history.Add(history.Minute{Time: after(seeded), Rows: rows}); err != nil {
		t.Fatal(err)
	}
	seen, pages, token := map[string]bool{}, 0, ""
	for {
		page := w.ask("ListMetrics", "Namespace=AWS/EC2"+token)
		pages++
		for _, m := range page.Metrics {
			name := m.MetricName + m.Dimensions[0].Name + m.Dimensions[0].Value
			if seen[name] {
				t.Fatalf("%s is there twice", name)
			}
			seen[name] = true
		}
		if len(page.Metrics) > 500 {
			t.Fatalf("a page of %d", len(page.Metrics))
		}
		if page.ListToken == "" {
			break
		}
		token = "&NextToken=" + url.QueryEscape(page.ListToken)
	}
	if len(seen) != 200*8+36 || pages != 4 {
		t.Errorf("%d metrics on %d pages", len(seen), pages)
	}
	reply := w.form("ListMetrics", "Namespace=AWS/EC2&MetricName=NetworkMirrorIn"+token)
	same(t, "a token of another request", reply.Code, "InvalidNextToken")
}

// naive are the values of a metric with one dimension, by minute after noon, from the seed alone.
func naive(name, value string, metric, periodMinutes int) map[int][]float64 {
	got := map[int][]float64{}
	for i, k := range instances[:3] {
		of := map[string]string{"InstanceId": k.Name, "AutoScalingGroupName": k.Group, "ImageId": k.Image, "InstanceType": k.Type}
		if of[name] != value || k.Step == 1 && metric >= basicOnly {
			continue
		}
		for first := 0; first+k.Step <= seeded; first += k.Step {
			sum := 0.0
			for minute := first; minute < first+k.Step; minute++ {
				sum += float64(counted(i, metric, minute))
			}
			begin := first / periodMinutes * periodMinutes
			got[begin] = append(got[begin], sum)
		}
	}
	return got
}

func TestStatistics(t *testing.T) {
	w := newWorld(t)
	all := "&Statistics.member.2=SampleCount&Statistics.member.3=Average&Statistics.member.4=Minimum&Statistics.member.5=Maximum"
	for _, test := range []struct{ name, value string }{{"InstanceId", "i-1"}, {"InstanceId", "i-2"}, {"AutoScalingGroupName", "web"}, {"ImageId", "ami-1"},
		{"InstanceType", "m5.large"}, {"InstanceType", "none"}} {
		for metric, metricName := range history.Metrics {
			for _, period := range []int{1, 5, 60} {
				got := map[int][]float64{}
				d := w.ask("GetMetricStatistics", statisticsOf(metricName, test.name, test.value, fmt.Sprintf("Period=%d%s", period*60, all)))
				for _, p := range d.Datapoints {
					got[int(p.Timestamp.Sub(noon)/time.Minute)] = []float64{*p.SampleCount, *p.Sum, *p.Average, *p.Minimum, *p.Maximum}
					if want := map[bool]string{false: "Bytes", true: "Count"}[metric >= basicOnly]; p.Unit != want {
						t.Errorf("%s in %s", metricName, p.Unit)
					}
				}
				want := map[int][]float64{}
				for begin, values := range naive(test.name, test.value, metric, period) {
					sum := 0.0
					for _, v := range values {
						sum += v
					}
					want[begin] = []float64{float64(len(values)), sum, sum / float64(len(values)), slices.Min(values), slices.Max(values)}
				}
				same(t, fmt.Sprintf("%s %s=%s by %d", metricName, test.name, test.value, period), got, want)
			}
		}
	}
}

func TestStatisticsRanges(t *testing.T) {
	w := newWorld(t)
	times := func(more string) (list []string) {
		t.Helper()
		params := "Namespace=AWS/EC2&MetricName=NetworkMirrorIn&Dimensions.member.1.Name=InstanceId&Dimensions.member.1.Value=i-2&Statistics.member.1=Sum&" + more
		for _, p := range w.ask("GetMetricStatistics", params).Datapoints {
			list = append(list, p.Timestamp.Format("15:04:05"))
		}
		slices.Sort(list)
		return list
	}
	same(t, "the end is not part of it", times("Period=60&StartTime=2026-11-20T12:10:00Z&EndTime=2026-11-20T12:12:00Z"), []string{"12:10:00", "12:11:00"})
	same(t, "the beginning is rounded down", times("Period=60&StartTime=2026-11-20T12:10:59Z&EndTime=2026-11-20T12:12:01Z"), []string{"12:10:00", "12:11:00", "12:12:00"})
	same(t, "periods begin with the range", times("Period=300&StartTime=2026-11-20T12:02:00Z&EndTime=2026-11-20T12:12:00Z"), []string{"12:02:00", "12:07:00"})
	same(t, "an offset", times("Period=60&StartTime=2026-11-20T13:10:00%2B01:00&EndTime=2026-11-20T12:11:00"), []string{"12:10:00"})
	same(t, "a wrong unit", times("Period=60&Unit=Count&StartTime=2026-11-20T12:10:00Z&EndTime=2026-11-20T12:12:00Z"), []string(nil))
	same(t, "two dimensions were never published", times("Period=60&Dimensions.member.2.Name=ImageId&Dimensions.member.2.Value=ami-1&StartTime=2026-11-20T12:10:00Z&EndTime=2026-11-20T12:12:00Z"), []string(nil))
}

// TestStillBeingCounted: a slot of five minutes that is not over is not published.
func TestStillBeingCounted(t *testing.T) {
	w := newWorld(t)
	last := func() string {
		d := w.ask("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=60"))
		return d.Datapoints[len(d.Datapoints)-1].Timestamp.Format("15:04")
	}
	same(t, "whole", last(), "14:05")
	w.history.Add(history.Minute{Time: after(seeded), Rows: []history.Row{{Key: instances[0], Values: []int64{7}}}})
	same(t, "one of five", last(), "14:05")
	w.history.Add(history.Minute{Time: after(seeded + 4), Rows: []history.Row{{Key: instances[0], Values: []int64{7}}}})
	same(t, "all five", last(), "14:10")
}

func dataOf(more string, queries ...string) string {
	params := "StartTime=2026-11-20T12:00:00Z&EndTime=2026-11-20T15:00:00Z" + more
	for i, q := range queries {
		id, rest, _ := strings.Cut(q, " ")
		instance, stat, _ := strings.Cut(rest, " ")
		m := fmt.Sprintf("&MetricDataQueries.member.%d.", i+1)
		params += m + "Id=" + id + m + "MetricStat.Metric.Namespace=AWS/EC2" + m + "MetricStat.Metric.MetricName=NetworkMirrorIn" +
			m + "MetricStat.Metric.Dimensions.member.1.Name=InstanceId" + m + "MetricStat.Metric.Dimensions.member.1.Value=" + instance +
			m + "MetricStat.Period=300" + m + "MetricStat.Stat=" + stat
	}
	return params
}

func TestData(t *testing.T) {
	w := newWorld(t)
	d := w.ask("GetMetricData", dataOf("", "a i-1 Sum", "b i-2 Average", "c i-none Sum"))
	same(t, "results", len(d.Results), 3)
	for i, id := range []string{"a", "b", "c"} {
		if r := d.Results[i]; r.Id != id || r.Label != "NetworkMirrorIn" || r.StatusCode != "Complete" || len(r.Values) != len(r.Timestamps) {
			t.Errorf("%+v", r)
		}
	}
	got := map[int]float64{}
	for i, at := range d.Results[0].Timestamps {
		got[int(at.Sub(noon)/time.Minute)] = d.Results[0].Values[i]
	}
	want := map[int]float64{}
	for begin, values := range naive("InstanceId", "i-1", 0, 5) {
		want[begin] = values[0]
	}
	same(t, "values", got, want)
	if first := d.Results[0].Timestamps[0]; !first.Equal(after(125)) {
		t.Errorf("the youngest does not come first: %v", first)
	}
	d = w.ask("GetMetricData", dataOf("&ScanBy=TimestampAscending&LabelOptions.Timezone=%2B0130", "a i-1 Sum"))
	if first := d.Results[0].Timestamps[0]; !first.Equal(noon) {
		t.Errorf("the oldest does not come first: %v", first)
	}
	d = w.ask("GetMetricData", dataOf("&MetricDataQueries.member.1.ReturnData=false&MetricDataQueries.member.2.Label=mine", "a i-1 Sum", "b i-2 Sum"))
	if len(d.Results) != 1 || d.Results[0].Label != "mine" {
		t.Errorf("%+v", d.Results)
	}
	same(t, "empty", len(w.ask("GetMetricData", dataOf("", "c i-none Sum")).Results[0].Values), 0)
}

// TestDataPages: any size of pages has all of it, in order, and each point once.
func TestDataPages(t *testing.T) {
	w := newWorld(t)
	for _, scan := range []string{"TimestampAscending", "TimestampDescending"} {
		whole := w.ask("GetMetricData", dataOf("&ScanBy="+scan, "a i-1 Sum", "b i-2 Maximum", "c i-none Sum", "d i-3 Minimum"))
		for _, size := range []int{1, 7, 26, 27, 52, 78, 1000} {
			values, token, pages := map[string][]float64{}, "", 0
			for {
				more := fmt.Sprintf("&ScanBy=%s&MaxDatapoints=%d%s", scan, size, token)
				page := w.ask("GetMetricData", dataOf(more, "a i-1 Sum", "b i-2 Maximum", "c i-none Sum", "d i-3 Minimum"))
				n := 0
				for _, r := range page.Results {
					values[r.Id] = append(values[r.Id], r.Values...)
					n += len(r.Values)
				}
				if pages++; n > size || pages > 100 {
					t.Fatalf("page %d has %d points of at most %d", pages, n, size)
				}
				if page.DataToken == "" {
					break
				}
				token = "&NextToken=" + url.QueryEscape(page.DataToken)
			}
			for _, r := range whole.Results {
				if !slices.Equal(values[r.Id], r.Values) {
					t.Errorf("%s, pages of %d: %s has %v, not %v", scan, size, r.Id, values[r.Id], r.Values)
				}
			}
		}
	}
}

func TestNobodySeesAnothersMetrics(t *testing.T) {
	w := newWorld(t)
	w.account = stranger
	for _, d := range []struct{ name, value string }{{"InstanceId", "i-1"}, {"ImageId", "ami-1"}, {"InstanceType", "m5.large"}} {
		if n := len(w.ask("GetMetricStatistics", statisticsOf("NetworkMirrorIn", d.name, d.value, "Period=300")).Datapoints); n != 0 {
			t.Errorf("%v: %d points of another account", d, n)
		}
	}
	group := w.ask("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "AutoScalingGroupName", "web", "Period=300&Statistics.member.2=SampleCount"))
	for _, p := range group.Datapoints {
		if *p.SampleCount != 1 {
			t.Errorf("a group of the same name has %v instances of the other account", *p.SampleCount-1)
		}
	}
	same(t, "data", len(w.ask("GetMetricData", dataOf("", "a i-1 Sum")).Results[0].Values), 0)
	w.account = ""
	same(t, "nobody", len(w.ask("ListMetrics", "").Metrics)+len(w.ask("GetMetricData", dataOf("", "a i-1 Sum")).Results[0].Values), 0)
}

func TestAuthorization(t *testing.T) {
	w := newWorld(t)
	w.Service.authorizer = allow{only: []string{"cloudwatch:ListMetrics"}}
	w.ask("ListMetrics", "")
	reply := w.form("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=300"))
	d := w.xml(reply)
	if reply.Status != 403 || d.Code != "AccessDenied" || !strings.Contains(d.Message, "arn:aws:iam::000000000000:user/ann is not authorized to perform: cloudwatch:GetMetricStatistics") {
		t.Errorf("%d %+v", reply.Status, d)
	}
}

func TestWithoutHistory(t *testing.T) {
	w := &world{Service: New(nil, allow{}), t: t, account: account}
	same(t, "metrics", len(w.ask("ListMetrics", "").Metrics), 0)
	same(t, "statistics", len(w.ask("GetMetricStatistics", statisticsOf("NetworkMirrorIn", "InstanceId", "i-1", "Period=300")).Datapoints), 0)
	same(t, "data", len(w.ask("GetMetricData", dataOf("", "a i-1 Sum")).Results), 1)
}

// TestProtocolsAgree: the same question has the same answer in XML, JSON and CBOR.
func TestProtocolsAgree(t *testing.T) {
	w := newWorld(t)
	body := `{"Namespace": "AWS/EC2", "MetricName": "NetworkMirrorOut", "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
		"StartTime": 1795176000, "EndTime": 1795186800.5, "Period": 300, "Statistics": ["Sum", "Average"], "Unit": "Bytes"}`
	fromXML := map[int64][]float64{}
	for _, p := range w.ask("GetMetricStatistics", statisticsOf("NetworkMirrorOut", "AutoScalingGroupName", "web", "Period=300&Statistics.member.2=Average")).Datapoints {
		fromXML[p.Timestamp.Unix()] = []float64{*p.Sum, *p.Average}
	}
	fromJSON := map[int64][]float64{}
	reply := w.json("GetMetricStatistics", body)
	answer := decode[struct {
		Label      string
		Datapoints []struct {
			Timestamp    int64
			Sum, Average float64
			Unit         string
		}
	}](t, reply.Body)
	for _, p := range answer.Datapoints {
		fromJSON[p.Timestamp] = []float64{p.Sum, p.Average}
	}
	if len(fromXML) != 26 || reply.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		t.Errorf("%d points, %v", len(fromXML), reply.Header)
	}
	same(t, "JSON and XML", fromJSON, fromXML)
	fromCBOR := map[int64][]float64{}
	reply = w.cbor("GetMetricStatistics", body)
	value, err := decodeCBOR(reply.Body)
	if err != nil || reply.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		t.Fatal(err, reply.Header)
	}
	for _, p := range value.(map[string]any)["Datapoints"].([]any) {
		p := p.(map[string]any)
		fromCBOR[int64(p["Timestamp"].(float64))] = []float64{p["Sum"].(float64), p["Average"].(float64)}
	}
	same(t, "CBOR and XML", fromCBOR, fromXML)
	list := decode[map[string]any](t, w.json("ListMetrics", `{"Namespace": "AWS/EC2"}`).Body)
	same(t, "metrics in JSON", len(list["Metrics"].([]any)), len(w.ask("ListMetrics", "").Metrics))
	data := w.json("GetMetricData", `{"MetricDataQueries": [{"Id": "a", "MetricStat": {"Metric": {"Namespace": "AWS/EC2", "MetricName": "NetworkMirrorIn",
		"Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]}, "Period": 300, "Stat": "Sum"}}], "StartTime": 1795176000, "EndTime": 1795186800}`)
	got := decode[dataAnswerJSON](t, data.Body)
	want := w.ask("GetMetricData", dataOf("", "a i-1 Sum"))
	same(t, "data in JSON", got.MetricDataResults[0].Values, want.Results[0].Values)
	same(t, "keys", slices.Sorted(maps.Keys(decode[map[string]any](t, data.Body))), []string{"Messages", "MetricDataResults"})
}

type dataAnswerJSON struct {
	MetricDataResults []struct {
		Id         string
		Timestamps []int64
		Values     []float64
	}
}

// TestAPageGoesOnWithoutItsLastPoint: the last point of a page has left the history before the next is asked
// for, and no point is told twice or left out.
func TestAPageGoesOnWithoutItsLastPoint(t *testing.T) {
	at := func(minutes ...int) (list []bucket) {
		for _, m := range minutes {
			list = append(list, bucket{time: after(m)})
		}
		return list
	}
	for scan, c := range map[string]struct{ points, want []bucket }{
		"TimestampAscending":  {at(10, 15, 25, 30), at(25, 30)},
		"TimestampDescending": {at(30, 25, 15, 10), at(15, 10)},
	} {
		r := &dataRequest{ScanBy: &scan}
		if got := r.behind(c.points, after(20).Unix()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v comes after the point that has gone, want %v", scan, got, c.want)
		}
	}
}
